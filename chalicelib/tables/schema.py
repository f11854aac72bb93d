"""Item types and their versions.

Every item names its type in `et` and its schema version in `v`. Old versions stay readable: a pure
function per step lifts version n to n+1 on read, and every version ever written is frozen as a
fixture in `tests/unit/tables/fixtures`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.errors import Internal
from chalicelib.tables.codec import Item

type Upcaster = Callable[[Item], Item]


class UnreadableItem(Internal):
    """The item is of another type or of a version that this code cannot lift."""

    code = "unreadable_item"


@dataclass(frozen=True, slots=True)
class Schema:
    """One item type at its current version; `upcasters[n]` lifts version n to n+1."""

    item_type: str
    version: int = 1
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if sorted(self.upcasters) != list(range(1, self.version)):
            raise ValueError(f"{self.item_type}: one upcaster for each version before the current")

    def stamp(self, item: Item) -> Item:
        """`item` with its type and version."""
        return {**item, "et": self.item_type, "v": self.version}

    def lift(self, item: Item) -> Item:
        """`item`, read from a table, at the current version. Raises `UnreadableItem`."""
        version = item.get("v")
        # A bool is an int to isinstance, and True would pass for version 1.
        if item.get("et") != self.item_type or type(version) is not int:
            raise UnreadableItem(self.item_type)
        if not 1 <= version <= self.version:
            raise UnreadableItem(self.item_type)
        for step in range(version, self.version):
            item = {**self.upcasters[step](item), "v": step + 1}
        return item
