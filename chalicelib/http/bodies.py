"""Request bodies: media type, size, JSON and types, in this order, each refused with its own code.

A pydantic model is the contract (parsing.py).
"""

from collections.abc import Collection

from chalicelib.errors import TooLarge, UnsupportedMedia
from chalicelib.parsing import parse_json
from chalicelib.wire import Wire

MAX_BODY_BYTES = 4096
"""Of an operation that says nothing else."""


def parse_body[T: Wire](
    model: type[T],
    raw: bytes,
    media_type: str,
    accepted: Collection[str],
    longest: int = MAX_BODY_BYTES,
) -> T:
    """`raw` as a `model`.

    `media_type` is the Content-Type header's value (its parameters are ignored).
    Raises `UnsupportedMedia`, `TooLarge` (over `longest` bytes), `MalformedJson`, `InvalidInput`.
    """
    if media_type.partition(";")[0].strip().lower() not in accepted:
        raise UnsupportedMedia
    if len(raw) > longest:
        raise TooLarge
    return parse_json(model, raw)
