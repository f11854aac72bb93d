"""Primary keys. Every table has the same two key attributes, `pk` and `sk`."""

from dataclasses import dataclass

SEPARATOR = "#"


@dataclass(frozen=True, slots=True)
class Key:
    """One item's primary key. Keys hold opaque ids and constants, never personal data."""

    pk: str
    sk: str


def compose(*parts: str) -> str:
    """Joins `parts` into one key attribute: `compose("SITE", "jutsoo")` is `SITE#jutsoo`.

    A part that holds the separator is a `ValueError`: two tuples must never share a key.
    """
    if any(SEPARATOR in part or not part for part in parts):
        raise ValueError("a key part is empty or holds the separator")
    return SEPARATOR.join(parts)
