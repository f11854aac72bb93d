"""`limit` and `cursor` of lists."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.tables.cursors import Cursors
from chalicelib.tables.keys import Key

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
LIMIT_SCHEMA = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}


@dataclass(frozen=True, slots=True)
class PageAsked:
    """How many members at most, and the key that they come after; None for the first page."""

    limit: int
    start: Key | None


def page_asked(query: Mapping[str, str], listing: str, cursors: Cursors) -> PageAsked:
    """The page of the list called `listing` that the query string asks for.

    Raises `InvalidInput` for a bad `limit` or `cursor`.
    """
    start = cursors.decode(listing, query["cursor"]) if "cursor" in query else None
    return PageAsked(page_limit(query), start)


def page_limit(query: Mapping[str, str]) -> int:
    """`limit` from the query string, 1 to 100, 20 without one. Raises `InvalidInput`."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise InvalidInput(FieldError("limit", "out_of_range"))
    return int(text)
