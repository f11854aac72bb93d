"""Nested values as cells, and no cell that a spreadsheet carries out."""

import csv
import io
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.connectors.places import Json
from chalicelib.requests.copies.cells import cell, flattened, neutral
from chalicelib.requests.copies.frames import json_line
from chalicelib.requests.copies.sheets import MARK, MORE, sheet

TRIGGERS = "=+-@＝＋－＠"  # noqa: RUF001  # the full-width ones count
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ROWS = st.dictionaries(st.text(), VALUES, max_size=5)
RISKY = st.text(alphabet="=+-@\t\r\n;,\" 'a1＝", max_size=12)  # noqa: RUF001  # see above


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet may take `text` for a formula, quotes and blanks aside."""
    return text.lstrip(' \t\r\n\f\v"\u00a0')[:1] in set(TRIGGERS) - {""}


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+62 812", "'+62 812"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t'=1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("＝1", "'＝1"),  # noqa: RUF001  # see above
        ("a;=1", "a;'=1"),
        ("a\n-b", "a\n'-b"),
        ("plain", "plain"),
        ("a-b=c@d", "a-b=c@d"),
        ("", ""),
    ],
)
def test_what_could_be_a_formula_gets_an_apostrophe(text: str, safe: str) -> None:
    assert neutral(text) == safe


@given(RISKY | st.text())
@example(';"=1')
@example("\r\r=1")
def test_no_text_begins_a_formula_wherever_a_cell_may_begin(text: str) -> None:
    safe = neutral(text)
    for piece in re.split(r"[;\t\r\n]", safe):
        assert not begins_formula(piece), safe
    assert safe[:1] not in {"\t", "\r", "\n"}
    assert safe.replace("'", "") == text.replace("'", "")  # nothing else was changed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (-3, "-3"),
        (1.5, "1.5"),
        ([], "[]"),
        ({}, "{}"),
        (["=1", 2], '["=1",2]'),
        (["a;=1"], '["a;\'=1"]'),
    ],
)
def test_other_values_as_cells(value: Json, text: str) -> None:
    assert cell(value) == text


def test_nested_objects_become_columns_by_their_path() -> None:
    values: dict[str, Json] = {"name": {"first": "Siti", "more": {}}, "a.b": 1, "a": {"b": 2}}
    assert list(flattened(values)) == [
        ("name.first", "Siti"),
        ("name.more", {}),
        ("a\\.b", 1),
        ("a.b", 2),
    ]


@given(ROWS)
def test_no_two_values_share_a_column(values: dict[str, Json]) -> None:
    columns = [column for column, _ in flattened(values)]
    assert len(columns) == len(set(columns))


@given(st.lists(ROWS, max_size=5))
def test_a_sheet_is_read_back_by_any_reader_of_csv(rows: list[dict[str, Json]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column, _ in flattened(row)))
    content = b"".join(sheet(columns, map(json_line, rows)))
    assert content.startswith(MARK)
    text = content.decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(text, newline="")))
    # A sheet without columns has empty lines only, which no reader gives as rows.
    assert [[neutral(each) for each in columns]] == found[:1] or not columns
    for row, cells in zip(rows, found[1:], strict=False):
        flat = dict(flattened(json.loads(json_line(row))))
        assert cells == [_spelt(cell(flat.get(column))) for column in columns]


def _spelt(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def test_line_ends_and_quotes_are_those_of_rfc_4180() -> None:
    lines = [json_line({"a": 'say "x", y', "b": "two\nlines"})]
    assert b"".join(sheet(["a", "b"], lines))[3:] == b'a,b\r\n"say ""x"", y","two\nlines"\r\n'


def test_what_has_no_column_of_its_own_shares_one() -> None:
    lines = [json_line({"a": 1, "b": {"c": 2}}), json_line({"a": 3})]
    text = b"".join(sheet(["a"], lines, more=True)).decode("utf-8-sig")
    assert list(csv.DictReader(io.StringIO(text))) == [
        {"a": "1", MORE: '{"b.c":2}'},
        {"a": "3", MORE: ""},
    ]


def test_a_lone_surrogate_stays_spelt() -> None:
    line = json_line({"text": "\ud800"})
    assert line == b'{"text":"\\ud800"}\n'
    assert json.loads(line) == {"text": "\ud800"}
    assert b"".join(sheet(["text"], [line])).endswith(b"\\ud800\r\n")


def test_numbers_that_json_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_line({"number": float("nan")})
