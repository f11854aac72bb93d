"""What rows say of people, and where their addresses are looked up: never somebody else's."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.connectors.datamap.models import DataMap
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.incidents.affected.addresses import address_books
from chalicelib.incidents.affected.models import Person, Question
from chalicelib.incidents.affected.sighting import (
    PersonFields,
    fits,
    in_time,
    people_in,
    person_fields,
)
from chalicelib.incidents.models import Recipient
from tests.maps import data_map

FIELDS = PersonFields("id", "email", "language")
NOVEMBER = Question(
    "shop",
    "visits",
    time_field="at",
    since=datetime(2026, 11, 1, tzinfo=UTC),
    until=datetime(2026, 12, 1, tzinfo=UTC),
)

COMPANY = """
dataset:
  - fides_key: hr
    meta:
      jaga:
        kind: dynamodb
        collections:
          staff: {table: staff, key: [id]}
          companies: {table: companies, key: [id], indexes: {director: by-director}}
          badges: {table: badges, key: [id], indexes: {person: by-person}}
          pairs: {table: pairs, key: [id]}
    collections:
      - name: staff
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta:
              primary_key: true
              references: [{dataset: hr, field: badges.person, direction: to}]
          - name: manager
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: hr, field: badges.person, direction: to}]}
          - name: company
            data_categories: [user.workplace]
            fides_meta: {references: [{dataset: hr, field: companies.id, direction: to}]}
      - name: companies
        fields:
          - {name: id, data_categories: [user.workplace], fides_meta: {primary_key: true}}
          - {name: contact, data_categories: [user.contact.email]}
          - name: director
            data_categories: [user.workplace]
            fides_meta: {references: [{dataset: hr, field: staff.id, direction: from}]}
      - name: badges
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: person, data_categories: [user.unique_id.pseudonymous]}
          - {name: mail, data_categories: [user.contact.email]}
      - name: pairs
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: one, data_categories: [user.unique_id]}
          - {name: other, data_categories: [user.unique_id]}
"""


def books(map_: DataMap, place: str, collection: str) -> list[tuple[str, str]]:
    return [(each.place, each.collection) for each in address_books(map_, place, collection)]


def test_the_address_is_where_the_same_persons_id_is() -> None:
    assert books(data_map(), "shop", "orders") == [("shop", "customers")]
    assert books(data_map(), "shop_logs", "visits") == [("shop", "customers")]
    assert books(data_map(), "shop", "tickets") == []


def test_neither_the_employers_nor_the_managers_address_is_taken() -> None:
    assert books(read_map(COMPANY), "hr", "staff") == [("hr", "badges")]
    (book,) = address_books(read_map(COMPANY), "hr", "staff")
    assert book.fields.user_id == "person"


def test_a_place_that_reads_all_for_an_id_is_no_address_book() -> None:
    assert (
        books(read_map(COMPANY.replace(", indexes: {person: by-person}", "")), "hr", "staff") == []
    )


def test_of_two_ids_nobody_knows_whose_row_it_is() -> None:
    collections = read_map(COMPANY).datasets["hr"].collections
    assert person_fields(collections["pairs"]) == PersonFields("", "", "")
    assert person_fields(collections["staff"]).user_id == "id"


def person(user_id: str = "", email: str = "", language: Any = None, client: str = "") -> Person:
    return Person(Recipient.SUBJECTS, email, user_id, client, language)


@pytest.mark.parametrize(
    ("row", "people"),
    [
        ({"id": "u1", "email": "Dini@Client.test"}, [person("u1", "dini@client.test")]),
        ({"id": 7, "email": ""}, [person("7")]),
        ({"email": "dini@client.test"}, [person("", "dini@client.test")]),
        ({"id": "u1", "email": "none", "language": "id-ID"}, [person("u1", "", "id")]),
        ({"id": "u1", "language": "fr"}, [person("u1")]),
        ({"id": ["u1", "u2", "u1"], "email": "d@c.test"}, [person("u1"), person("u2")]),
        ({"id": None, "email": "nobody"}, []),
        ({"id": True}, []),
        ({}, []),
    ],
)
def test_whom_a_row_is_about(row: dict[str, Any], people: list[Person]) -> None:
    assert people_in(row, FIELDS, "") == people


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        ("2026-11-01T00:00:00Z", True),
        ("2026-11-30T23:59:59.999Z", True),
        ("2026-12-01T00:00:00Z", False),
        ("2026-12-01T06:59:00+07:00", True),
        ("2026-10-31T23:59:59Z", False),
        ("2026-10-31T23:59:59", True),  # west of Greenwich that is November
        ("2026-10-31T08:00:00", False),
        ("2026-12-01T13:59:00", True),  # east of it, it is November still
        ("2026-12-01T14:00:00", False),
        ("2026-10-31", True),
        ("2026-10-30", False),
        ("20261115", True),
        (1793491200, True),
        (1793491199, False),
        ("1793491200", True),
        (1793491200000, True),
        (1793491200.5, True),
        (["2026-01-01T00:00:00Z", "2026-11-11T00:00:00Z"], True),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
        (float("inf"), None),
        (10**30, None),
        ({"a": 1}, None),
        ("9999-12-31T23:59:59-12:00", None),
    ],
)
def test_whether_a_moment_is_in_the_range(value: Any, inside: bool | None) -> None:
    assert in_time({"at": value}, NOVEMBER) is inside


def test_a_filter_wants_all_its_fields_and_any_of_their_values() -> None:
    question = Question(
        "shop", "visits", {"tags.name": frozenset({"a", "b"}), "n": frozenset({"7"})}
    )
    assert fits({"tags": [{"name": "x"}, {"name": "b"}], "n": 7}, question)
    assert not fits({"tags": [{"name": "x"}], "n": 7}, question)
    assert not fits({"tags": [{"name": "b"}]}, question)
