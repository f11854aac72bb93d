"""The SQL that is sent: values beside it, never in it; identifiers quoted or refused."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.connectors.sql.client import PlaceMisfit, Statement
from chalicelib.connectors.sql.statements import deletion, page, probe, update
from chalicelib.connectors.sql.tables import Column, Table, quoted

ID = Column("id", "uuid", nullable=False)
DAY = Column("day", "date", nullable=False)
NAME = Column("name", "text")
TAGS = Column("tags", "text[]")
TABLE = Table('"public"."people"', {each.name: each for each in (ID, DAY, NAME, TAGS)}, (ID, DAY))
VALUES = st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Z"]), min_size=4)


@given(name=st.text(max_size=80))
def test_a_name_is_quoted_as_it_is_spelt_or_refused(name: str) -> None:
    try:
        sql = quoted(name)
    except PlaceMisfit:
        assert not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name)
    else:
        assert sql == f'"{name}"'
        assert re.fullmatch(r'"[A-Za-z_][A-Za-z0-9_$]*"', sql)


def parts(statement: Statement) -> None:
    """The statement has a parameter for each value, and quotes only identifiers."""
    named = re.findall(r"(?<!:):(\w+)", statement.text)
    assert sorted(named) == sorted(statement.values)
    assert len(set(named)) == len(named)
    assert "'" not in statement.text
    assert set(re.findall(r'"([^"]*)"', statement.text)) <= {"public", "people", *TABLE.columns}


@given(values=st.lists(VALUES, min_size=1, max_size=5), key=st.tuples(VALUES, VALUES))
def test_no_value_is_in_the_text(values: list[str], key: tuple[str, str]) -> None:
    lookup = {"name": values, "tags": values, "id": values}
    for statement in (
        probe(values, "uuid"),
        page(TABLE, ["name"], lookup, None, lock=False),
        page(TABLE, ["name"], lookup, key, lock=True),
        deletion(TABLE, [key, key]),
        update(TABLE, {"name": values[0], "tags": None}, key),
    ):
        parts(statement)
        assert set(statement.values.values()) <= {*values, *key}


@pytest.mark.parametrize("lock", [False, True])
def test_rows_are_locked_only_to_be_changed(lock: bool) -> None:
    statement = page(TABLE, ["name"], {"name": ["x"]}, None, lock=lock)
    assert ("FOR UPDATE" in statement.text) == lock


def test_a_page_begins_after_the_last_key() -> None:
    text = page(TABLE, [], {"name": ["x"]}, ("u", "d"), lock=False).text
    assert '("id", "day") > (CAST(:p1 AS uuid), CAST(:p2 AS date))' in text.replace(", ", ", ")
    assert 'ORDER BY "id", "day" LIMIT' in text


def test_statements_for_the_same_columns_are_the_same() -> None:
    one = update(TABLE, {"name": "a", "tags": None}, ("u", "d"))
    other = update(TABLE, {"name": "b", "tags": None}, ("v", "e"))
    assert one.text == other.text
    assert "NULL" in one.text
    assert update(TABLE, {"name": None, "tags": None}, ("u", "d")).text != one.text


@pytest.mark.parametrize("make", [lambda t: page(t, ["x"], {"name": ["a"]}, None, lock=False)])
def test_a_column_that_is_not_there_is_a_misfit(make: Any) -> None:
    with pytest.raises(PlaceMisfit):
        make(TABLE)


def test_no_statement_shows_its_values() -> None:
    assert "canary" not in repr(update(TABLE, {"name": "canary"}, ("u", "d")))
