"""Rows in CSV (RFC 4180) with a header and commas, read as a stream of text lines.

What is none raises `ValueError` or `csv.Error`, and so does a header without a column of the map.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO, Any

from chalicelib.connectors.stores import Values

_MARK = "\ufeff"


def csv_rows(lines: Iterator[str], columns: frozenset[str]) -> Iterator[Values]:
    """The rows; the header has to have the `columns`."""
    _, unmarked = _without_mark(lines)
    yield from _checked(_headed(unmarked, columns))


def rewrite_csv(
    lines: Iterator[str],
    into: IO[bytes],
    change: Callable[[Values], Values | None],
    columns: frozenset[str],
) -> None:
    """Writes the rows into `into` as `change` wants them. A byte order mark stays."""
    mark, unmarked = _without_mark(lines)
    reader = _headed(unmarked, columns)
    anew = io.TextIOWrapper(into, "utf-8", newline="")
    anew.write(mark)
    writer = csv.DictWriter(anew, reader.fieldnames or [], lineterminator="\n")
    writer.writeheader()
    wanted = map(change, _checked(reader))
    writer.writerows(row for row in wanted if row is not None)
    anew.detach()  # flushed, and `into` stays open


def _without_mark(lines: Iterator[str]) -> tuple[str, Iterator[str]]:
    """The byte order mark that Excel begins a file with, empty without one, and the lines."""
    first = next(lines, "")
    text = first.removeprefix(_MARK)
    return first[: len(first) - len(text)], chain([text] if text else [], lines)


def _headed(lines: Iterator[str], columns: frozenset[str]) -> csv.DictReader[str]:
    """A reader that is through with the header.

    Where a column has another name, or all are one because something else separates them, nobody
    would be found: that is not the same as nobody being there.
    """
    reader = csv.DictReader(lines, strict=True)
    names = reader.fieldnames
    if names is not None and not columns <= set(names):
        raise ValueError("the header lacks a column")
    return reader


def _checked(rows: Iterable[Any]) -> Iterator[Values]:
    for row in rows:
        if None in row or None in row.values():
            raise ValueError("a line has other columns than the header")
        yield {name: value or None for name, value in row.items()}  # CSV has no other nothing
