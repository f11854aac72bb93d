"""Nested values as the cells of a table, and cells that no spreadsheet takes for a formula.

A nested object becomes columns by its path: `{"name": {"first": "Ani"}}` has `name.first`. A dot or
backslash within a name is escaped with a backslash, so that no two paths share a column. A list is
one cell with its JSON, an empty object too; null is an empty cell.
"""

import json
import re
from collections.abc import Iterator, Mapping

from chalicelib.connectors.places import Json

_FORMULA = re.compile(r"(^|[;\t\r\n])((?:(?![\t\r\n])[\s\"])*[=+\-@＝＋－＠])")  # noqa: RUF001  # Excel takes the full-width ones too


def columns_of(values: Mapping[str, Json]) -> Iterator[str]:
    """The names of the columns that `values` needs, in their order."""
    return (column for column, _ in flattened(values))


def flattened(values: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, Json]]:
    """Column and value of every leaf."""
    for name, value in values.items():
        column = prefix + _escaped(name)
        if isinstance(value, dict) and value:
            yield from flattened(value, f"{column}.")
        else:
            yield column, value


def cell(value: Json) -> str:
    """`value` as the text of a cell. Numbers stay numbers; only texts can be formulas."""
    match value:
        case None:
            return ""
        case str():
            return neutral(value)
        case bool() | int() | float():
            return json.dumps(value)
    return neutral(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def neutral(text: str) -> str:
    """`text` with an apostrophe before whatever a spreadsheet would take for a formula.

    OWASP's triggers (`=`, `+`, `-`, `@`, tab, carriage return), at the start and wherever a
    spreadsheet may see a cell begin: where lists are separated by `;`, as in Indonesia, Excel cuts
    a line of ours there, quotes or not; tabs and line ends are taken for such borders too.
    """
    safe = _FORMULA.sub(r"\1'\2", text)
    return f"'{safe}" if safe[:1] in {"\t", "\r", "\n"} else safe


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.") if "." in name or "\\" in name else name
