"""What anonymising makes of single values and of rows."""

from typing import Any

import pytest

from chalicelib.connectors.anonymising import anonymiser_for, shared_by, transform_for
from chalicelib.connectors.datamap.models import Anonymising, Anonymity, Collection, Field, Strategy
from chalicelib.connectors.places import Json
from tests.maps import register

KEY = bytes(32)
YEAR = Anonymising(Strategy.GENERALISE, to="year")
MONTH = Anonymising(Strategy.GENERALISE, to="month")
THOUSAND = Anonymising(Strategy.GENERALISE, step=1_000)
TENTH = Anonymising(Strategy.GENERALISE, step=0.1)
PREFIX = Anonymising(Strategy.GENERALISE, prefix=3)
AGES = Anonymising(Strategy.BUCKET, edges=(0, 18, 65))
HASH = Anonymising(Strategy.KEYED_HASH)
GUESTS = register("dynamodb").collections["guests"]
GUEST: dict[str, Json] = {
    "id": 1,
    "name": "Siti",
    "born": "1990-05-17",
    "city": "Surabaya",
    "room": 12,
}


def become(value: Any, how: Anonymising | None, **field: Any) -> Json:
    transform = transform_for(Field("f", ("user",), anonymising=how, **field), KEY)
    return transform(value)


@pytest.mark.parametrize(
    ("how", "value", "left"),
    [
        (None, "Siti", None),
        (Anonymising(Strategy.DROP), "Siti", None),
        (None, "", ""),
        (YEAR, "1990-05-17", "1990-01-01"),
        (MONTH, "1990-05-17", "1990-05-01"),
        (YEAR, "1990-05-17T20:00:00", "1990-01-01T00:00:00"),
        (MONTH, "1990-06-01T03:00:00+07:00", "1990-05-01T00:00:00+00:00"),
        (YEAR, "2026-01-01T20:04:05.123456Z", "2026-01-01T00:00:00+00:00"),
        (YEAR, "May 1990", None),
        (YEAR, "0001-01-01T00:00:00+07:00", None),  # before the calendar begins, in UTC
        (YEAR, 1990, None),
        (THOUSAND, 12_499, 12_000),
        (THOUSAND, 12_501, 13_000),
        (THOUSAND, -700.5, -1_000),
        (THOUSAND, "12499.75", "12000"),
        (TENTH, 106.8456, 106.8),
        (TENTH, "106.8456", "106.8"),
        (TENTH, 3, 3),
        (THOUSAND, 10**18, None),
        (THOUSAND, True, None),
        (THOUSAND, "many", None),
        (THOUSAND, "1e999999999", None),
        (THOUSAND, "1e-999999999", None),
        (THOUSAND, "NaN", None),
        (THOUSAND, float("inf"), None),
        (THOUSAND, 10**500, None),
        (PREFIX, "Surabaya", "Sur"),
        (PREFIX, "NY", "NY"),
        (PREFIX, 60_111, None),
        (AGES, 0, 0),
        (AGES, 17.9, 0),
        (AGES, 18, 18),
        (AGES, "64", "18"),
        (AGES, 120, 65),
        (AGES, -1, None),
        (AGES, "old", None),
        (AGES, {"years": 3}, None),
    ],
)
def test_what_becomes_of_a_value(how: Anonymising | None, value: Any, left: Json) -> None:
    became = become(value, how)
    assert (became, type(became)) == (left, type(left))


def test_a_hash_is_alike_under_its_key_alone() -> None:
    first, again = become("081", HASH), become("081", HASH)
    assert first == again != become("082", HASH)
    other = transform_for(Field("f", anonymising=HASH), bytes(31) + b"\1")("081")
    assert first != other
    assert len(str(first)) == 64
    assert len(str(become("081", HASH, length=20))) == 20


def test_a_row_keeps_its_key_and_what_is_not_personal() -> None:
    anonymiser = anonymiser_for(GUESTS, KEY)
    assert anonymiser.changes(GUEST) == {"name": None, "born": "1990-01-01", "city": "Sur"}
    assert anonymiser.changes(GUEST | anonymiser.changes(GUEST)) == {}


def test_a_declared_key_or_read_only_field_stays() -> None:
    fields = {
        "id": Field("id", ("user",), primary_key=True, anonymising=HASH),
        "by": Field("by", ("user",), read_only=True),
        "made": Field("made", ("system.operations",), anonymising=MONTH),
    }
    anonymiser = anonymiser_for(Collection("c", fields), KEY)
    row = {"id": "a", "by": "b", "made": "2020-02-02"}
    assert anonymiser.changes(row) == {"made": "2020-02-01"}


def test_fields_are_anonymised_through_lists() -> None:
    fields = {
        "trips.to": Field("trips.to", ("user",), anonymising=PREFIX),
        "trips.on": Field("trips.on", ("user",), anonymising=YEAR),
    }
    collection = Collection("c", fields, anonymity=Anonymity(2, ("trips.to",)))
    row: dict[str, Json] = {"trips": [{"to": "Bandung", "on": "2020-02-02", "km": 1}, {"km": 2}]}
    anonymiser = anonymiser_for(collection, KEY)
    assert anonymiser.changes(row) == {
        "trips": [{"to": "Ban", "on": "2020-01-01", "km": 1}, {"km": 2}]
    }
    assert anonymiser.combination(row) == ('["Ban"]',)


def test_rows_are_alike_as_they_will_be() -> None:
    anonymiser = anonymiser_for(GUESTS, KEY)
    same = GUEST | {"born": "1990-12-31", "city": "Sura", "name": "Ani", "room": 1}
    other = GUEST | {"born": "1991-01-01"}
    assert anonymiser.combination(GUEST) == anonymiser.combination(same)
    assert anonymiser.combination(GUEST) != anonymiser.combination(other)
    emptied = GUEST | {"born": ""}
    absent = {name: value for name, value in GUEST.items() if name != "born"}
    assert anonymiser.combination(emptied) == anonymiser.combination(absent)


def test_one_record_many_times_is_not_many() -> None:
    anonymiser = anonymiser_for(GUESTS, KEY)
    wanted = {anonymiser.combination(GUEST)}
    assert not shared_by(3, wanted, [GUEST] * 5 + [GUEST | {"id": 2}], "id", anonymiser)
    three = [GUEST | {"id": number} for number in range(3)]
    assert shared_by(3, wanted, three, "id", anonymiser) == wanted
    assert not shared_by(3, wanted, [*three[:2], {**GUEST, "id": None}], "id", anonymiser)


def test_no_more_is_read_than_it_takes() -> None:
    anonymiser = anonymiser_for(GUESTS, KEY)
    rows = iter([GUEST | {"id": number} for number in range(10)])
    assert shared_by(3, {anonymiser.combination(GUEST)}, rows, "id", anonymiser)
    assert len(list(rows)) == 7
    assert not shared_by(3, (), rows, "id", anonymiser)


def test_a_list_of_keys_counts_beyond_k_once() -> None:
    anonymiser = anonymiser_for(GUESTS, KEY)
    other = GUEST | {"city": "Medan"}
    wanted = {anonymiser.combination(GUEST), anonymiser.combination(other)}
    many = GUEST | {"id": [1, 2, 3, 4]}
    rows = [many, many, *(other | {"id": number} for number in range(3))]
    assert shared_by(3, wanted, rows, "id", anonymiser) == wanted
