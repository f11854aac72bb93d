"""What a database says of its own tables: columns, types, the primary key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.connectors.sql.client import DataApi, PlaceMisfit, Statement

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")
_TEXTUAL = frozenset({"text", "character varying", "bpchar", "citext"})
# The type without its length: a value cast to varchar(5) would be cut to five characters, and
# could then be somebody else's. (-1 and not NULL, with which char is char(1).)
_COLUMNS = """
SELECT a.attname::text, format_type(a.atttypid, -1), a.attnotnull::text,
       array_position(i.indkey::int2[], a.attnum)::text
FROM pg_attribute a
LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = to_regclass(:p0) AND a.attnum > 0 AND NOT a.attisdropped
""".strip()


@dataclass(frozen=True, slots=True)
class Column:
    """A column and its type, in PostgreSQL's words, ready to be cast to."""

    name: str
    type: str
    nullable: bool = True

    @property
    def is_text(self) -> bool:
        return self.type in _TEXTUAL

    @property
    def is_array(self) -> bool:
        return self.type.endswith("[]")

    @property
    def member_type(self) -> str:
        """The type of a value that is looked for in it."""
        return self.type.removesuffix("[]")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: as it is written in SQL, its columns, those of its primary key in their order."""

    reference: str
    columns: Mapping[str, Column]
    key: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Raises `PlaceMisfit` when there is none of that name."""
        if name not in self.columns:
            raise PlaceMisfit
        return self.columns[name]


def is_identifier(name: str) -> bool:
    """Whether `name` may stand in SQL, quoted."""
    return bool(_IDENTIFIER.fullmatch(name))


def quoted(name: str) -> str:
    """`name` as an identifier in SQL: as it is spelt. Raises `PlaceMisfit` for anything odd."""
    if not is_identifier(name):
        raise PlaceMisfit
    return f'"{name}"'


def describe_table(api: DataApi, schema: str, name: str) -> Table:
    """The table as it is now. Raises `PlaceMisfit` without one, or without a primary key."""
    reference = f"{quoted(schema)}.{quoted(name)}"
    columns: dict[str, Column] = {}
    key: list[tuple[int, Column]] = []
    for column, type_, not_null, position in api.run(Statement(_COLUMNS, {"p0": reference})):
        columns[column] = Column(column, type_, nullable=not_null != "true")
        if position:
            key.append((int(position), columns[column]))
    if not key:
        raise PlaceMisfit
    return Table(reference, columns, tuple(column for _, column in sorted(key, key=lambda e: e[0])))
