"""Statistics: what is counted, and under what."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MOST_CELLS = 2

_WORD = re.compile(r"[a-z0-9_-]{1,48}")
_RECORD_ID = re.compile(r"[0-9A-Z]{26}")


class Source(StrEnum):
    """Whose decisions are counted: known people's consents, anonymous visitors' cookie choices."""

    CONSENTS = "consents"
    COOKIES = "cookies"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is counted together. `day` is a UTC day; `site` is `-` where no page was used."""

    day: date
    source: Source
    purpose: str
    state: str
    language: str
    site: str

    def __post_init__(self) -> None:
        """`ValueError` for what no key is made of."""
        if not all(map(_WORD.fullmatch, self.words)):
            raise ValueError("a cell is named by words")

    @property
    def words(self) -> tuple[str, ...]:
        """All but the day."""
        return self.source.value, self.purpose, self.state, self.language, self.site


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One record and the cells, `MOST_CELLS` at most, in which it counts once."""

    record_id: str
    cells: tuple[Cell, ...]

    def __post_init__(self) -> None:
        """`ValueError` for an id that none of ours is, or for more cells."""
        if not _RECORD_ID.fullmatch(self.record_id) or not 1 <= len(self.cells) <= MOST_CELLS:
            raise ValueError("not an occurrence")


@dataclass(frozen=True, slots=True)
class Group:
    """A cell as it is told: without its count where that is too small to be told."""

    cell: Cell
    count: int | None
