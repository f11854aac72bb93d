"""From a file's text to its rows, each as JSON or with what is wrong with its shape. Pure.

CSV (RFC 4180): a header names the columns, which are the fields of `CollectedIn`, the guardian's
as `guardian_relationship`, `guardian_name`, `guardian_verified_by`. An empty cell is an absent
field. JSON lines: an object in each line. Blank lines are no rows, a byte order mark is no text.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence

from chalicelib.consents.imports.models import Format
from chalicelib.consents.wire import CollectedIn, GuardianIn
from chalicelib.errors import FieldError, InvalidInput

_GUARDIAN = "guardian_"
_COLUMNS = {
    *(CollectedIn.model_fields.keys() - {"guardian"}),
    *(f"{_GUARDIAN}{name}" for name in GuardianIn.model_fields),
}


class UnreadableFile(InvalidInput):
    """The file as a whole is none of ours; the field's code says why."""

    code = "unreadable_file"

    def __init__(self, reason: str) -> None:
        super().__init__(FieldError("content", reason))


def rows_of(format_: Format, content: str) -> Iterator[str | FieldError]:
    """The rows of `content`, in order. Raises `UnreadableFile`, on the way too."""
    text = content.removeprefix("\ufeff")
    return _json_lines(text) if format_ is Format.JSON_LINES else _csv_rows(text)


def _json_lines(text: str) -> Iterator[str]:
    # Not `splitlines`: JSON may hold what Unicode counts as the end of a line.
    return (line for line in text.split("\n") if line.strip())


def _csv_rows(text: str) -> Iterator[str | FieldError]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if not set(header) <= _COLUMNS:
            raise UnreadableFile("unknown_column")
        if len(set(header)) < len(header):
            raise UnreadableFile("column_twice")
        for cells in reader:
            if cells:
                yield _as_json(header, cells)
    except csv.Error:  # from here on nobody knows where a row begins
        raise UnreadableFile("malformed_csv") from None


def _as_json(header: Sequence[str], cells: Sequence[str]) -> str | FieldError:
    if len(cells) != len(header):
        return FieldError("row", "wrong_number_of_cells")
    given = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    guardian = {
        name.removeprefix(_GUARDIAN): given.pop(name)
        for name in list(given)
        if name.startswith(_GUARDIAN)
    }
    return json.dumps({**given, "guardian": guardian} if guardian else given)
