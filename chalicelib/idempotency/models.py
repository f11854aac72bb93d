"""A call that may come again."""

from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class KeyedCall:
    """An unsafe call under the key that its caller repeats it with.

    A key counts for one caller (a kind and an opaque id) and one `operation`. `request` is all that
    is asked for, in one spelling: the same text is the same request.
    """

    caller_kind: str
    caller_id: str
    operation: str
    key: str = field(repr=False)
    request: str = field(repr=False)

    def of(self, caller_id: str) -> Self:
        """The call as one of `caller_id`: for callers whom the edge does not know."""
        return replace(self, caller_id=caller_id)
