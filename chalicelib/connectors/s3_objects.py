"""Rows in an S3 object: a JSON object a line (NDJSON), or CSV with a header; plain or gzip.

Read and written as streams: memory does not grow with the object. What is not a row of its format
may be anybody's data and cannot be judged: the object counts as unreadable.
"""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO, Any, cast

from botocore.exceptions import BotoCoreError

from chalicelib.connectors.places import Json, PlaceUnavailable
from chalicelib.connectors.stores import Values

_LONGEST_LINE = 8 * 1024 * 1024  # bytes
_MARK = "\ufeff"

type Change = Callable[[Values], Values | None]
"""The row as it is to be: the same object where it stays, None where it goes."""


def read_rows(
    body: Any, layout: str, *, zipped: bool, columns: frozenset[str] = frozenset()
) -> Iterator[Values]:
    """The rows of an object whose stream is `body`. A CSV's header has to have the `columns`.

    Raises `PlaceUnavailable`.
    """
    with _readable(body, zipped=zipped) as lines:
        reader = _from_csv(lines, columns) if layout == "csv" else map(_parsed, _lines(lines))
        try:
            yield from reader
        except _UNREADABLE as error:
            raise PlaceUnavailable from error


def rewrite(
    body: Any,
    into: IO[bytes],
    layout: str,
    change: Change,
    *,
    zipped: bool,
    columns: frozenset[str] = frozenset(),
) -> None:
    """Writes the rows of `body` into `into` as `change` wants them. Raises `PlaceUnavailable`.

    NDJSON rows that stay, stay byte by byte; CSV is written anew, its byte order mark included.
    """
    try:
        with _readable(body, zipped=zipped) as lines, _writable(into, zipped=zipped) as out:
            if layout == "csv":
                _rewrite_csv(lines, out, change, columns)
            else:
                out.writelines(_rewritten(_lines(lines), change))
    except _UNREADABLE as error:
        raise PlaceUnavailable from error


# A stream that broke off, what is not gzip, what is not UTF-8, JSON or CSV.
_UNREADABLE = (BotoCoreError, OSError, EOFError, ValueError, csv.Error)


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


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            raise ValueError("a line is too long")
        if not line.isspace():
            yield line


def _parsed(line: bytes) -> dict[str, Json]:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("a line is no JSON object")  # noqa: TRY004  # what json raises, too
    return row


def _rewritten(lines: Iterable[bytes], change: Change) -> Iterator[bytes]:
    for line in lines:
        row = _parsed(line)
        wanted = change(row)
        if wanted is row:
            yield line if line.endswith(b"\n") else line + b"\n"
        elif wanted is not None:
            yield json.dumps(wanted, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _from_csv(stream: IO[bytes], columns: frozenset[str]) -> Iterator[Values]:
    with io.TextIOWrapper(stream, "utf-8", newline="") as text:
        _, lines = _without_mark(text)
        yield from _checked(_headed(csv.DictReader(lines, strict=True), columns))


def _without_mark(lines: Iterator[str]) -> tuple[str, Iterator[str]]:
    """The byte order mark that Excel begins a file with, empty without one, and the lines."""
    first = next(lines, "")
    text = first.removeprefix(_MARK)
    return first[: len(first) - len(text)], chain([text] if text else [], lines)


def _headed(reader: csv.DictReader[str], columns: frozenset[str]) -> csv.DictReader[str]:
    """Where a column has another name, or all are one because something else separates them,
    nobody would be found: that is not the same as nobody being there."""
    names = reader.fieldnames
    if names is not None and not columns <= set(names):
        raise ValueError("the header lacks a column")
    return reader


def _checked(rows: Iterable[Any]) -> Iterator[Values]:
    for row in rows:
        if None in row or None in row.values():
            raise ValueError("a line has other columns than the header")
        yield {name: value or None for name, value in row.items()}  # CSV has no other nothing


def _rewrite_csv(
    stream: IO[bytes], into: IO[bytes], change: Change, columns: frozenset[str]
) -> None:
    with io.TextIOWrapper(stream, "utf-8", newline="") as text:
        mark, lines = _without_mark(text)
        reader = _headed(csv.DictReader(lines, strict=True), columns)
        anew = io.TextIOWrapper(into, "utf-8", newline="")
        anew.write(mark)
        writer = csv.DictWriter(anew, reader.fieldnames or [], lineterminator="\n")
        writer.writeheader()
        wanted = map(change, _checked(reader))
        writer.writerows(row for row in wanted if row is not None)
        anew.detach()  # flushed, and `into` stays open
