"""What a part is made of: sealed frames, and an index of them at its end.

    frame 0 || frame 1 || … || index || length of the index (4 bytes, big endian)

A frame is a sealed (vault/sealing.py) gzip member with up to 256 KB of one collection's lines of
JSON (NDJSON); a line may go on in the collection's next frame. Collections may take turns. The
index is sealed JSON: the write's id, the lengths of the frames in their order, and for each
collection its rows, its bytes as lines, its columns and which frames hold it. Every frame is bound
to the part, to the write and to its number: none opens elsewhere, and a missing one is noticed.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from chalicelib.connectors.places import Json, Row
from chalicelib.requests.copies.cells import columns_of

FRAME_BYTES = 256 * 1024
LENGTH_BYTES = 4
MOST_COLUMNS = 500
"""Of a collection; what a row has beyond them shares one column (sheets.py)."""

_LEVEL = 1  # gzip's fastest: the sealed part is read a few times and then deleted
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_AT_ONCE = 32  # frames a read

type Seal = Callable[[bytes, str], bytes]
"""Seals, or opens, bytes under a label that binds them to their place in the part."""
type Read = Callable[[int, int], bytes]


@dataclass(slots=True)
class Summary:
    """One collection of a part: its rows, its bytes as lines of JSON, its columns."""

    rows: int = 0
    size: int = 0
    columns: dict[str, None] = field(default_factory=dict)
    frames: list[int] = field(default_factory=list)


class FrameWriter:
    """Cuts rows into frames and writes them; `finish` writes the index."""

    def __init__(self, write_id: str, seal: Seal, write: Callable[[bytes], object]) -> None:
        self._write_id = write_id
        self._seal = seal
        self._write = write
        self._waiting: dict[str, bytearray] = {}
        self._lengths: list[int] = []
        self._summaries: dict[str, Summary] = {}

    def add(self, row: Row) -> None:
        """Adds a row. Raises `ValueError` for a number that JSON has not."""
        line = json_line(row.values)
        summary = self._summaries.setdefault(row.collection, Summary())
        summary.rows += 1
        summary.size += len(line)
        if len(summary.columns) < MOST_COLUMNS:
            summary.columns |= dict.fromkeys(columns_of(row.values))
        waiting = self._waiting.setdefault(row.collection, bytearray())
        waiting += line
        while len(waiting) >= FRAME_BYTES:
            self._cut(row.collection, bytes(waiting[:FRAME_BYTES]))
            del waiting[:FRAME_BYTES]

    def finish(self) -> None:
        """Writes what waits, and the index."""
        for collection, waiting in self._waiting.items():
            if waiting:
                self._cut(collection, bytes(waiting))
        index = {
            "write": self._write_id,
            "lengths": self._lengths,
            "collections": {
                name: {
                    "rows": each.rows,
                    "size": each.size,
                    "columns": list(each.columns)[:MOST_COLUMNS],
                    "frames": each.frames,
                }
                for name, each in self._summaries.items()
            },
        }
        sealed = self._seal(gzip.compress(_json(index), mtime=0), "index")
        self._write(sealed + len(sealed).to_bytes(LENGTH_BYTES))

    def _cut(self, collection: str, lines: bytes) -> None:
        number = len(self._lengths)
        member = gzip.compress(lines, _LEVEL, mtime=0)
        sealed = self._seal(member, _label(self._write_id, number))
        self._summaries[collection].frames.append(number)
        self._lengths.append(len(sealed))
        self._write(sealed)


class FrameReader:
    """Reads a part by its index."""

    def __init__(self, index: Mapping[str, Any], unseal: Seal, read: Read) -> None:
        self._write_id = str(index["write"])
        self._lengths: list[int] = index["lengths"]
        self._unseal = unseal
        self._read = read
        self._starts = [0]
        for length in self._lengths:
            self._starts.append(self._starts[-1] + length)
        self.collections = {
            name: Summary(
                each["rows"], each["size"], dict.fromkeys(each["columns"]), each["frames"]
            )
            for name, each in index["collections"].items()
        }

    @classmethod
    def of(cls, sealed_index: bytes, unseal: Seal, read: Read) -> Self:
        """The reader of a part with this index. Raises `SealBroken`."""
        return cls(json.loads(gzip.decompress(unseal(sealed_index, "index"))), unseal, read)

    def lines(self, collection: str) -> Iterator[bytes]:
        """The collection's lines of JSON, each with its line end, in their order.

        Raises `SealBroken` for what is not as it was written.
        """
        rest = b""
        for piece in self._pieces(collection):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line + b"\n"

    def _pieces(self, collection: str) -> Iterator[bytes]:
        for first, last in _runs(self.collections[collection].frames):
            start = self._starts[first]
            read = self._read(start, self._starts[last + 1] - 1)
            for number in range(first, last + 1):
                at = self._starts[number] - start
                sealed = read[at : at + self._lengths[number]]
                yield gzip.decompress(self._unseal(sealed, _label(self._write_id, number)))


def json_line(values: Mapping[str, Json]) -> bytes:
    """`values` as a line of JSON in UTF-8. Raises `ValueError` for a number that JSON has not."""
    text = _ENCODER.encode(values)
    # A lone surrogate, which JSON can spell and UTF-8 cannot, stays spelt: \ud800.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of neighbours, short enough to be read at once."""
    first = last = numbers[0] if numbers else 0
    for number in numbers[1:]:
        if number != last + 1 or number - first >= _AT_ONCE:
            yield first, last
            first = number
        last = number
    if numbers:
        yield first, last


def _label(write_id: str, number: int) -> str:
    return f"{write_id}/{number}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
