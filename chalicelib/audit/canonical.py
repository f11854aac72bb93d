"""One byte form for whatever is hashed, so that equal values and only equal values hash alike.

Layout; every length is 4 bytes, big-endian, and counts bytes (of a list or map: members):

    value  := tag (1 byte) length body
    "S"    body is the text in UTF-8             "B"  body is the octets
    "N"    body is the decimal digits, ASCII     "T" / "F" / "0"  true, false, null: length 0
    "L"    body is that many values
    "M"    body is that many pairs of a name (length, UTF-8) and a value, ascending by the name
    digest := SHA-256( length domain "M"-value )  where domain is ASCII and names what is hashed

Nothing is delimited by a character, so no value can be shifted into its neighbour; the domain keeps
a digest of one kind from standing for one of another. The types are those that tables hold.
"""

import hashlib
from collections.abc import Mapping

from chalicelib.tables.codec import Value


def digest(domain: str, value: Mapping[str, Value]) -> bytes:
    """The 32 bytes of SHA-256 over `domain` and the canonical form of `value`."""
    return hashlib.sha256(_sized(domain.encode("ascii")) + canonical(value)).digest()


def canonical(value: Mapping[str, Value]) -> bytes:
    """The canonical form of a map. `TypeError` for a type outside the closed set."""
    parts: list[bytes] = []
    _write(parts, dict(value))
    return b"".join(parts)


def _write(parts: list[bytes], value: Value) -> None:
    match value:
        case str():
            parts += (b"S", _sized(value.encode()))
        case bool():
            parts.append(b"T\0\0\0\0" if value else b"F\0\0\0\0")
        case int():
            parts += (b"N", _sized(str(value).encode("ascii")))
        case bytes():
            parts += (b"B", _sized(value))
        case None:
            parts.append(b"0\0\0\0\0")
        case list():
            parts += (b"L", len(value).to_bytes(4))
            for each in value:
                _write(parts, each)
        case dict():
            parts += (b"M", len(value).to_bytes(4))
            for name, each in sorted((name.encode(), each) for name, each in value.items()):
                parts.append(_sized(name))
                _write(parts, each)
        case _:
            raise TypeError(f"no canonical form for {type(value).__name__}")


def _sized(octets: bytes) -> bytes:
    return len(octets).to_bytes(4) + octets
