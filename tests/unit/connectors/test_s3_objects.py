"""Objects are read and written anew as streams."""

import gzip
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.connectors.places import PlaceUnavailable, UnreadableObject
from chalicelib.connectors.s3_objects import read_rows, rewrite

ROWS = 6_000
PADDING = "x" * 2_000
MEBIBYTE = 1024 * 1024


def ndjson(number: int) -> bytes:
    return json.dumps({"user": number % 2, "text": f"{number}{PADDING}"}).encode() + b"\n"


def csv(number: int) -> bytes:
    return f"{number % 2},{number}{PADDING}\n".encode()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(("layout", "line"), [("ndjson", ndjson), ("csv", csv)])
def test_memory_does_not_grow_with_the_object(
    tmp_path: Path, layout: str, line: Callable[[int], bytes], zipped: bool
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    with gzip.open(before, "wb", 1) if zipped else before.open("wb") as body:
        if layout == "csv":
            body.write(b"user,text\n")
        body.writelines(map(line, range(ROWS)))
    tracemalloc.start()
    with before.open("rb", buffering=0) as body, after.open("wb") as into:
        rewrite(body, into, layout, _without_one, zipped=zipped)
    with after.open("rb", buffering=0) as body:
        left = sum(1 for _ in read_rows(body, layout, zipped=zipped))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left == ROWS // 2
    assert ROWS * len(PADDING) > 10 * MEBIBYTE
    assert peak < MEBIBYTE


def _without_one(row: Any) -> Any:
    return None if str(row["user"]) == "1" else row


@pytest.mark.parametrize(
    ("layout", "lines", "line"),
    [
        ("ndjson", [b'{"a": 1}', b"", b'{"a": 2', b'{"a": 3}'], 3),
        ("ndjson", [b"[]"], 1),
        ("csv", [b"a,b", b"1,2", b"1,2,3"], 3),
    ],
)
def test_the_line_that_is_no_row_is_named(layout: str, lines: list[bytes], line: int) -> None:
    body = io.BytesIO(b"\n".join(lines))
    with pytest.raises(UnreadableObject) as unreadable:
        list(read_rows(body, layout, zipped=False))
    assert unreadable.value.line == line


class BrokenOff(io.RawIOBase):
    """A stream that its sender left."""

    def readable(self) -> bool:
        return True

    def readinto(self, _into: Any) -> int:
        raise ConnectionResetError


def test_a_stream_that_breaks_off_is_tried_again_and_nobody_has_to_look() -> None:
    with pytest.raises(PlaceUnavailable) as unavailable:
        list(read_rows(BrokenOff(), "ndjson", zipped=False))
    assert unavailable.value.code == "place_unavailable"
