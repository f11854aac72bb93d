"""Rows in an S3 object: a JSON object a line (NDJSON), or CSV with a header; plain or gzip.

Read and written as streams: memory does not grow with the object. What is not a row of its format
may be anybody's data and cannot be judged: the object counts as unreadable. The log says at which
line; the object's name may be a person's.
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

from botocore.exceptions import BotoCoreError

from chalicelib.connectors.places import Json, PlaceUnavailable, UnreadableObject
from chalicelib.connectors.s3_csv import csv_rows, rewrite_csv
from chalicelib.connectors.stores import Values

_LONGEST_LINE = 8 * 1024 * 1024  # bytes
_DEEPEST = 100  # levels of lists and objects in a row: whoever goes through it has a stack, too

type Change = Callable[[Values], Values | None]
"""The row as it is to be: the same object where it stays, None where it goes."""


@dataclass(slots=True)
class _Position:
    """Of the line that is being read, from 1."""

    line: int = 1

    def follow[Line](self, lines: Iterable[Line]) -> Iterator[Line]:
        """`lines`, counted: while one is fetched or worked on, it is the one."""
        for each in lines:
            yield each
            self.line += 1


def read_rows(
    body: Any, layout: str, *, zipped: bool, columns: frozenset[str] = frozenset()
) -> Iterator[Values]:
    """The rows of an object whose stream is `body`. A CSV's header has to have the `columns`.

    Raises `UnreadableObject`, and `PlaceUnavailable` where the stream breaks off.
    """
    position = _Position()
    with _judged(position), _readable(body, zipped=zipped) as stream:
        if layout == "csv":
            with _text(stream) as text:
                yield from csv_rows(position.follow(text), columns)
        else:
            yield from map(_parsed, _lines(stream, position))


def rewrite(
    body: Any,
    into: IO[bytes],
    layout: str,
    change: Change,
    *,
    zipped: bool,
    columns: frozenset[str] = frozenset(),
) -> None:
    """Writes the rows of `body` into `into` as `change` wants them. Raises as `read_rows`.

    NDJSON rows that stay, stay byte by byte; CSV is written anew, its byte order mark included.
    """
    position = _Position()
    with (
        _judged(position),
        _readable(body, zipped=zipped) as stream,
        _writable(into, zipped=zipped) as out,
    ):
        if layout == "csv":
            with _text(stream) as text:
                rewrite_csv(position.follow(text), out, change, columns)
        else:
            out.writelines(_rewritten(_lines(stream, position), change))


@contextmanager
def _judged(position: _Position) -> Iterator[None]:
    try:
        yield
    # What is not gzip, ends too early, is not UTF-8, JSON or CSV, or goes too deep.
    except (gzip.BadGzipFile, zlib.error, EOFError, ValueError, csv.Error, RecursionError) as error:
        raise UnreadableObject(position.line) from error
    except (BotoCoreError, OSError) as error:  # a stream that broke off
        raise PlaceUnavailable from error


@contextmanager
def _readable(body: Any, *, zipped: bool) -> Iterator[IO[bytes]]:
    with gzip.open(body) if zipped else io.BufferedReader(body) as stream:
        yield cast("IO[bytes]", stream)


@contextmanager
def _writable(into: IO[bytes], *, zipped: bool) -> Iterator[IO[bytes]]:
    if not zipped:
        yield into
        return
    # No time in it: the same rows give the same bytes.
    with gzip.GzipFile(fileobj=into, mode="wb", mtime=0) as stream:
        yield cast("IO[bytes]", stream)


def _text(stream: IO[bytes]) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, "utf-8", newline="")


def _lines(stream: IO[bytes], position: _Position) -> Iterator[bytes]:
    for line in position.follow(iter(lambda: stream.readline(_LONGEST_LINE), b"")):
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            raise ValueError("a line is too long")
        if not line.isspace():
            yield line


def _parsed(line: bytes) -> dict[str, Json]:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("a line is no JSON object")  # noqa: TRY004  # what json raises, too
    if line.count(b"[") + line.count(b"{") > _DEEPEST and _is_deep(row):
        raise ValueError("a line is nested too deeply")
    return row


def _is_deep(row: dict[str, Json]) -> bool:
    level: list[dict[str, Json] | list[Json]] = [row]
    for _ in range(_DEEPEST):
        inside = (each.values() if isinstance(each, dict) else each for each in level)
        level = [one for each in inside for one in each if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _rewritten(lines: Iterable[bytes], change: Change) -> Iterator[bytes]:
    for line in lines:
        row = _parsed(line)
        wanted = change(row)
        if wanted is row:
            yield line if line.endswith(b"\n") else line + b"\n"
        elif wanted is not None:
            yield json.dumps(wanted, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
