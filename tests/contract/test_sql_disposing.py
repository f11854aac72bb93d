"""Single records of a PostgreSQL end: in one transaction, whose guard is checked last."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from chalicelib.connectors.disposals import Disposal, Guard, NotAnonymous
from chalicelib.connectors.places import Outcome, PlaceUnavailable
from chalicelib.connectors.sql.client import DataApi
from chalicelib.connectors.sql.store import SqlStore
from chalicelib.connectors.stored_place import StoredPlace
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Check
from tests.contract.databases import World, postgres
from tests.contract.registers import Held
from tests.contract.test_dynamodb_place import Interposed
from tests.contract.test_s3_place import once
from tests.contract.test_sql_place import Killed, Mortal
from tests.fakes import FixedClock
from tests.maps import register

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DELETE, ANONYMISE = Disposal.DELETE, Disposal.ANONYMISE
TABLES = """
DROP TABLE IF EXISTS guests, calls;
CREATE TABLE guests (id int PRIMARY KEY, name text NOT NULL, born date, city varchar(9), room int);
CREATE TABLE calls (id int PRIMARY KEY, phone text, seconds numeric(9, 2), note text);
INSERT INTO guests VALUES (1, 'Siti', '1990-05-17', 'Surabaya', 12), (2, 'Ani', '1990-01-30',
  'Surakarta', 7), (3, 'Budi', '1990-11-02', 'Surabaya', 7), (4, 'Dewi', '1971-08-17', 'Medan', 1);
INSERT INTO calls VALUES (1, '0811', 75.5, 'about the room'), (2, '0822', 5, 'breakfast')
"""
GUESTS = [
    ["1", "Siti", "1990-05-17", "Surabaya"],
    ["2", "Ani", "1990-01-30", "Surakarta"],
    ["3", "Budi", "1990-11-02", "Surabaya"],
    ["4", "Dewi", "1971-08-17", "Medan"],
]
ANONYMOUS = ["1", "", "1990-01-01", "Sur"]


class Holds:
    """Our own table's client: a hold is `on`, or begins when told."""

    def __init__(self, *, on: bool = False) -> None:
        self.on = on
        self.asked: Callable[[], object] = lambda: None

    def transact_write_items(self, **_: Any) -> None:
        self.asked()
        if self.on:
            error: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "ConditionalCheckFailed"}],
            }
            raise ClientError(error, "TransactWriteItems")

    def guard(self) -> Guard:
        records = Table(cast("DynamoDBClient", self), "records", "jaga-records")
        return [Check(records, Key("HOLD#1", "HOLD"), ABSENT, Held)]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with postgres() as running:
        yield running


@pytest.fixture
def place(world: World) -> Callable[..., StoredPlace]:
    """Makes the place, on fresh rows."""
    for statement in TABLES.split(";"):
        world.sql(statement)

    def make(client: Any = None) -> StoredPlace:
        api = DataApi(client or world.client, world.database)
        return StoredPlace(register("rds"), SqlStore(api), dict, FixedClock())

    return make


def guests(world: World) -> list[list[str]]:
    return world.sql("SELECT id::text, name, born::text, city FROM guests ORDER BY id")


def test_a_record_is_deleted(world: World, place: Callable[..., StoredPlace]) -> None:
    guard = Holds().guard()
    assert place().dispose("guests", "1", DELETE, guard, rehearse=True) == Outcome(1, 1)
    assert guests(world) == GUESTS
    assert place().dispose("guests", "1", DELETE, guard, rehearse=False) == Outcome(1, 1)
    assert guests(world) == GUESTS[1:]
    assert place().dispose("guests", "1", DELETE, guard, rehearse=False) == Outcome(0, 0)
    assert place().dispose("guests", "one", DELETE, guard, rehearse=False) == Outcome(0, 0)


def test_columns_of_every_type_take_what_is_left(
    world: World, place: Callable[..., StoredPlace]
) -> None:
    guard = Holds().guard()
    for changed in (1, 0):
        outcome = place().dispose("guests", "1", ANONYMISE, guard, rehearse=False)
        assert outcome == Outcome(1, changed)
        assert guests(world) == [ANONYMOUS, *GUESTS[1:]]
    place().dispose("calls", "1", ANONYMISE, guard, rehearse=False)
    ((phone, seconds, note),) = world.sql(
        "SELECT phone, seconds::text, note FROM calls WHERE id = 1"
    )
    assert (len(phone), seconds, note) == (64, "60.00", "")


def test_a_record_that_would_stand_out_stays(
    world: World, place: Callable[..., StoredPlace]
) -> None:
    with pytest.raises(NotAnonymous):
        place().dispose("guests", "4", ANONYMISE, Holds().guard(), rehearse=False)
    assert guests(world) == GUESTS


def test_more_rows_than_a_page_are_counted(world: World, place: Callable[..., StoredPlace]) -> None:
    world.sql(
        "INSERT INTO guests SELECT n, 'x', date '1950-01-01' + n, 'Kediri', 1"
        " FROM generate_series(5, 1200) n"
    )
    world.sql("INSERT INTO guests VALUES (1300, 'x', '1971-01-01', 'Medan', 1)")
    guards = {"4": Holds().guard()}
    came = dict(place().dispose_many("guests", guards, ANONYMISE, rehearse=False))
    assert isinstance(came["4"], NotAnonymous)  # two of them
    world.sql("INSERT INTO guests VALUES (1301, 'x', '1971-01-02', 'Medan', 1)")
    came = dict(place().dispose_many("guests", guards, ANONYMISE, rehearse=False))
    assert came == {"4": Outcome(1, 1)}


@pytest.mark.parametrize("means", Disposal)
def test_a_hold_is_honoured_when_all_is_written_and_nothing_committed(
    world: World, place: Callable[..., StoredPlace], means: Disposal
) -> None:
    holds = Holds()
    calls: list[str] = []

    class Told(Interposed):
        def __getattr__(self, name: str) -> Any:
            calls.append(name)
            return getattr(world.client, name)

    def begin() -> None:
        calls.append("guard")
        holds.on = True

    holds.asked = begin
    told = place(Told(world.client, "", lambda: None))
    with pytest.raises(Held):
        told.dispose("guests", "1", means, holds.guard(), rehearse=False)
    assert calls[-2:] == ["guard", "rollback_transaction"]
    assert guests(world) == GUESTS
    holds.asked = lambda: calls.append("guard")
    holds.on = False
    told.dispose("guests", "1", means, holds.guard(), rehearse=False)
    assert calls[-2:] == ["guard", "commit_transaction"]
    assert guests(world) != GUESTS


def test_a_row_that_came_to_stand_out_is_left_to_another_try(
    world: World, place: Callable[..., StoredPlace]
) -> None:
    """It moves after the others were counted, before it is locked."""
    move = once(lambda: world.sql("UPDATE guests SET city = 'Medan' WHERE id = 1"))
    interposed = place(Interposed(world.client, "begin_transaction", move))
    with pytest.raises(PlaceUnavailable):
        interposed.dispose("guests", "1", ANONYMISE, Holds().guard(), rehearse=False)
    assert guests(world)[0] == ["1", "Siti", "1990-05-17", "Medan"]
    with pytest.raises(NotAnonymous):
        place().dispose("guests", "1", ANONYMISE, Holds().guard(), rehearse=False)


@pytest.mark.parametrize("before", [True, False], ids=["before a call", "after a call"])
def test_a_worker_killed_anywhere_leaves_what_another_finishes(
    world: World, place: Callable[..., StoredPlace], before: bool
) -> None:
    for at in range(1, 100):
        mortal = Mortal(world.client, at, before=before)
        try:
            place(mortal).dispose("guests", "1", ANONYMISE, Holds().guard(), rehearse=False)
        except Killed:
            assert guests(world)[0] in (GUESTS[0], ANONYMOUS)
        else:
            break
        place().dispose("guests", "1", ANONYMISE, Holds().guard(), rehearse=False)
        assert guests(world) == [ANONYMOUS, *GUESTS[1:]]
        world.sql(
            "UPDATE guests SET name = 'Siti', born = '1990-05-17', city = 'Surabaya' WHERE id = 1"
        )
    assert at > 6
