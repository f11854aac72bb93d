"""A whole place in PostgreSQL: deeds through two tables, killed at every call and done again."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from chalicelib.connectors.datamap.models import Dataset
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.places import Outcome, Seeds, Verdict
from chalicelib.connectors.sql.client import DataApi
from chalicelib.connectors.sql.store import SqlStore
from chalicelib.connectors.stored_place import StoredPlace
from chalicelib.inventory.service import mandates
from tests.contract.databases import World, postgres
from tests.fakes import FixedClock

BANK = """
dataset:
  - fides_key: bank
    meta:
      jaga:
        kind: rds
        cluster: "arn:aws:rds:x:0:cluster:x"
        secret: x
        database: postgres
        collections:
          customers: {erase: delete}
          payments:
            erase: delete
            keep: [{rule: tax_books, from: paid_on, fields: [id, customer, amount, paid_on]}]
            restriction: {field: restricted}
    collections:
      - name: customers
        fields:
          - name: id
            fides_meta:
              primary_key: true
              references: [{dataset: bank, field: payments.customer, direction: to}]
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: name, data_categories: [user.name]}
      - name: payments
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: customer, data_categories: [user.unique_id], fides_meta: {read_only: true}}
          - {name: amount, data_categories: [user.financial]}
          - {name: paid_on, data_categories: [user.financial]}
          - {name: note, data_categories: [user.content]}
          - {name: restricted}
"""
TABLES = """
CREATE TABLE customers (id int PRIMARY KEY, email text, name text);
CREATE TABLE payments (id int PRIMARY KEY, customer int, amount numeric, paid_on date, note text,
                       restricted boolean DEFAULT false);
INSERT INTO customers VALUES (1, 'mira@client.test', 'Mira'), (2, 'dewi@client.test', 'Dewi');
INSERT INTO payments SELECT n, 1 + n % 2, n, CASE WHEN n <= 4 THEN date '2014-03-01'
                            ELSE date '2025-03-01' END, 'note' FROM generate_series(1, 8) n
"""
MIRA = Seeds({"customers.email": ("mira@client.test",)})
LEFT = [("1", "2"), ("3", "2"), ("5", "2"), ("6", "1"), ("7", "2"), ("8", "1")]
AFTER = (
    [["2", "Dewi"]],
    [[number, customer, "note" if customer == "2" else ""] for number, customer in LEFT],
)
"""Customers and payments once Mira is erased: hers of 2025 are kept, without the note."""


class Killed(BaseException):
    """The worker's process ends here."""


class Mortal:
    """A client whose process dies at its nth call, `before` or after the service carried it out.

    What the service then does by itself, after three minutes, comes at once: the rollback.
    """

    def __init__(self, client: Any, at: int, *, before: bool) -> None:
        self._client = client
        self._left = at
        self._before = before
        self.died = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._client, name)

        def mortal(**given: Any) -> Any:
            if name == "rollback_transaction":
                return call(**given)
            self._left -= 1
            if self._left != 0:
                return call(**given)
            self.died = True
            if not self._before:
                call(**given)
            raise Killed

        return mortal


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_map(BANK).datasets["bank"]


@pytest.fixture
def place(world: World, dataset: Dataset) -> Callable[..., StoredPlace]:
    """Makes the place anew, on fresh rows if `refill`."""

    def make(client: Any = None, *, refill: bool = False) -> StoredPlace:
        if refill:
            for statement in ("DROP TABLE IF EXISTS customers, payments", *TABLES.split(";")):
                world.sql(statement)
        api = DataApi(client or world.client, world.database)
        return StoredPlace(dataset, SqlStore(api), mandates, FixedClock())

    return make


def rows(world: World) -> tuple[list[list[str]], list[list[str]]]:
    return (
        world.sql("SELECT id::text, name FROM customers ORDER BY id"),
        world.sql("SELECT id::text, customer::text, note FROM payments ORDER BY payments.id"),
    )


def test_an_erasure_keeps_what_the_law_wants(
    world: World, place: Callable[..., StoredPlace]
) -> None:
    rehearsed = place(refill=True).erase(MIRA, rehearse=True)
    before = rows(world)
    assert place().erase(MIRA, rehearse=True) == rehearsed
    assert rows(world) == before
    assert place().erase(MIRA, rehearse=False) == rehearsed
    assert (rehearsed.found, rehearsed.verdict) == (5, Verdict.RETAINED)
    assert rows(world) == AFTER


@pytest.mark.parametrize("before", [True, False], ids=["before a call", "after a call"])
def test_a_worker_killed_anywhere_leaves_what_another_finishes(
    world: World, place: Callable[..., StoredPlace], before: bool
) -> None:
    for at in range(1, 100):
        mortal = Mortal(world.client, at, before=before)
        try:
            place(mortal, refill=True).erase(MIRA, rehearse=False)
        except Killed:
            pass
        else:
            assert not mortal.died
            break
        again = place().erase(MIRA, rehearse=False)
        assert rows(world) == AFTER, at
        # The customer goes last: until then another worker finds the payments through them.
        assert again.kept or again == Outcome(0, 0), at
    assert at > 8


def test_a_correction_reaches_every_table(world: World, place: Callable[..., StoredPlace]) -> None:
    new = {"user.name": "Mira Kusuma", "user.content": "corrected"}
    place(refill=True).correct(MIRA, new, rehearse=False)
    customers, payments = rows(world)
    assert customers == [["1", "Mira Kusuma"], ["2", "Dewi"]]
    assert {note for _, customer, note in payments if customer == "1"} == {"corrected"}
    assert {note for _, customer, note in payments if customer == "2"} == {"note"}


def test_a_restriction_marks_what_the_map_names(
    world: World, place: Callable[..., StoredPlace]
) -> None:
    for changed in (4, 0):
        outcome = place(refill=changed > 0).restrict(MIRA, rehearse=False)
        assert (outcome.found, outcome.changed) == (5, changed)
    marked = world.sql("SELECT DISTINCT customer::text FROM payments WHERE restricted")
    assert marked == [["1"]]


def test_other_datasets_are_led_on(place: Callable[..., StoredPlace]) -> None:
    found = place(refill=True).leads(MIRA, ["customers.id", "payments.id"])
    assert found == {"customers.id": ("1",), "payments.id": ("2", "4", "6", "8")}
    assert cast("Any", place()).description.store == "rds"
