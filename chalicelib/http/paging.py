"""`limit` and `cursor` of lists."""

from collections.abc import Mapping

from chalicelib.errors import FieldError, InvalidInput

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
LIMIT_SCHEMA = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}


def page_limit(query: Mapping[str, str]) -> int:
    """`limit` from the query string, 1 to 100, 20 without one. Raises `InvalidInput`."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise InvalidInput(FieldError("limit", "out_of_range"))
    return int(text)
