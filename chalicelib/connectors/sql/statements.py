"""The SQL that is sent, in PostgreSQL's dialect. Pure: values go beside it, identifiers in it.

Rows come as one text of JSON each, so that PostgreSQL, and not a driver, says how a date, an array
or a null is written, and types that the Data API refuses do not matter. Numbers of arbitrary
precision come as text: JSON's are floating-point in most readers.

A page ends after so many rows, or before it grows beyond what the Data API answers (1 MiB, and 64
KB a row, JSON inside JSON): the database itself adds up the lengths.
"""

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.connectors.sql.client import Statement
from chalicelib.connectors.sql.tables import Column, Table, quoted

PAGE_ROWS = 500
_PAGE_BYTES = 300_000
type Key = tuple[str, ...]
"""The values of a row's primary key, as text."""


class _Values:
    """Names parameters in the order in which their values come."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}

    def cast(self, value: str, type_: str) -> str:
        """The SQL of `value` as `type_`, a name that the database itself gave."""
        name = f"p{len(self.given)}"
        self.given[name] = value
        return f"CAST(:{name} AS {type_})"


def probe(values: Sequence[str], type_: str) -> Statement:
    """Fails when one of `values` is none of the type."""
    parameters = _Values()
    casts = " AND ".join(f"{parameters.cast(each, type_)} IS NOT NULL" for each in values)
    return Statement(f"SELECT CAST({casts} AS text)", parameters.given)


def page(
    table: Table,
    fields: Iterable[str],
    lookup: Mapping[str, Sequence[str]] | None,
    after: Key | None,
    *,
    lock: bool,
) -> Statement:
    """The rows that have in any column of `lookup` any of its values, in the key's order.

    Without a `lookup` all rows.

    Of each the columns `fields` and those of the key. With `lock` they stay as they are until the
    transaction ends.
    """
    values = _Values()
    columns = [table.column(each) for each in fields]
    asked = dict.fromkeys([*columns, *table.key])
    conditions = "TRUE"
    if lookup is not None:
        conditions = " OR ".join(
            _matching(table.column(name), among, values) for name, among in lookup.items()
        )
    order = ", ".join(quoted(each.name) for each in table.key)
    following = f" AND ({order}) > ({_key(table, after, values)})" if after else ""
    return Statement(
        "SELECT line FROM ("
        "SELECT line, place, sum(octet_length(line)) OVER (ORDER BY place) AS size FROM ("
        f"SELECT to_json(r)::text AS line, row_number() OVER (ORDER BY {order}) AS place FROM ("
        f"SELECT {', '.join(map(_selected, asked))} FROM {table.reference} "
        f"WHERE ({conditions}){following} ORDER BY {order} LIMIT {PAGE_ROWS}"
        f"{' FOR UPDATE' if lock else ''}"
        f") r) l) p WHERE size <= {_PAGE_BYTES} OR place = 1 ORDER BY place",
        values.given,
    )


def deletion(table: Table, keys: Iterable[Key]) -> Statement:
    """Deletes the rows with these keys."""
    values = _Values()
    order = ", ".join(quoted(each.name) for each in table.key)
    rows = ", ".join(f"({_key(table, key, values)})" for key in keys)
    return Statement(f"DELETE FROM {table.reference} WHERE ({order}) IN ({rows})", values.given)


def update(table: Table, changes: Mapping[str, str | None], key: Key) -> Statement:
    """Gives one row new values, as `written` made them; None empties a column."""
    values = _Values()
    assignments = ", ".join(
        f"{quoted(name)} = {_assigned(table.column(name), value, values)}"
        for name, value in changes.items()
    )
    order = ", ".join(quoted(each.name) for each in table.key)
    return Statement(
        f"UPDATE {table.reference} SET {assignments} "
        f"WHERE ({order}) = ({_key(table, key, values)})",
        values.given,
    )


def _matching(column: Column, among: Sequence[str], values: _Values) -> str:
    casts = ", ".join(values.cast(each, column.member_type) for each in among)
    operator = f"&& ARRAY[{casts}]" if column.is_array else f"IN ({casts})"
    return f"{quoted(column.name)} {operator}"


def _selected(column: Column) -> str:
    name = quoted(column.name)
    return f"{name}::text AS {name}" if column.type == "numeric" else name


def _key(table: Table, key: Key, values: _Values) -> str:
    casts = (values.cast(text, column.type) for text, column in zip(key, table.key, strict=True))
    return ", ".join(casts)


def _assigned(column: Column, value: str | None, values: _Values) -> str:
    if value is None:
        return "NULL"
    if column.is_array:
        members = f"json_array_elements_text({values.cast(value, 'json')})"
        return f"CAST(ARRAY(SELECT {members}) AS {column.type})"
    return values.cast(value, column.type)
