"""Rows as CSV: RFC 4180, UTF-8 with a byte order mark.

With the mark Excel reads UTF-8; without it every "é" would be two wrong letters, and people open
the file by clicking it. Whoever reads it by program takes `utf-8-sig`, or the JSON beside it, which
holds the values as they are.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from chalicelib.connectors.places import Json
from chalicelib.requests.copies.cells import cell, flattened, neutral

MARK = "\ufeff".encode()
MORE = "…"
"""The column for what a row has beyond the known columns, as JSON."""

_PIECE_CHARACTERS = 128 * 1024


def sheet(columns: Sequence[str], lines: Iterable[bytes], *, more: bool = False) -> Iterator[bytes]:
    """The CSV of `lines`, objects of JSON, in pieces. With `more` there is a column `MORE`."""
    known = frozenset(columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    yield MARK
    writer.writerow([neutral(each) for each in columns] + ([MORE] if more else []))
    for line in lines:
        values = dict(flattened(json.loads(line)))
        writer.writerow(_cells(values, columns, known, more=more))
        if text.tell() > _PIECE_CHARACTERS:
            yield _taken(text)
    yield _taken(text)


def _cells(
    values: dict[str, Json], columns: Sequence[str], known: frozenset[str], *, more: bool
) -> list[str]:
    cells = [cell(values.get(column)) for column in columns]
    if more:
        beyond: Json = {name: value for name, value in values.items() if name not in known}
        cells.append(cell(beyond) if beyond else "")
    return cells


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue()
    text.seek(0)
    text.truncate()
    return piece.encode("utf-8", "backslashreplace")
