"""The store of SQL rows on a real PostgreSQL, through the Data API."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.connectors.datamap.models import Collection, Field
from chalicelib.connectors.places import PlaceUnavailable, Sighting
from chalicelib.connectors.sql.client import DataApi, Database, PlaceMisfit
from chalicelib.connectors.sql.store import SqlStore
from chalicelib.connectors.stores import Decision, Lookup, Values
from tests.contract.databases import PEOPLE, World, people, postgres

MIRA = "00000000-0000-4000-8000-000000000001"
DEWI = "00000000-0000-4000-8000-000000000002"


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with postgres() as world:
        yield world


@pytest.fixture
def world(running: World) -> World:
    """With the table `people`, and two people in it."""
    running.sql("DROP TABLE IF EXISTS people")
    running.sql(PEOPLE)
    running.sql(
        "INSERT INTO people VALUES "
        f"('{MIRA}', 1, 'mira@client.test', 'mira', 'ab', 12345678901234567.80, 1.5, true, "
        "'1990-02-28', '2026-01-02T03:04:05+07:00', '{a,\"b c\"}', '{\"city\": \"Depok\"}', 'x'),"
        f"('{DEWI}', 2, 'dewi@client.test', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " 'y')"
    )
    return running


@pytest.fixture
def store(world: World) -> SqlStore:
    return SqlStore(world.api)


def looking(**values: str) -> Lookup:
    return {name: frozenset(each.split("|")) for name, each in values.items()}


def find(store: SqlStore, **values: str) -> list[Values]:
    return list(store.find(people(), looking(**values)))


def behind(store: SqlStore, position: str = "", *primary: str) -> list[Sighting]:
    """The people behind the position, in a map with these primary keys: `id`, if none is named."""
    collection = people()
    keys = {name: Field(name, primary_key=True) for name in primary or ("id",)}
    described = replace(collection, fields={"seen": collection.fields["seen"], **keys})
    return list(store.enumerate(described, position))


def change(store: SqlStore, decision: Decision, **values: str) -> list[Decision]:
    return list(store.change(people(), looking(**values), lambda _row: decision, erases=False))


def test_a_row_is_read_as_the_database_has_it(store: SqlStore) -> None:
    (row,) = find(store, email="mira@client.test")
    assert row == {
        "id": MIRA,
        "number": 1,
        "email": "mira@client.test",
        "nickname": "mira",
        "code": "ab  ",
        "balance": "12345678901234567.80",
        "score": 1.5,
        "active": True,
        "born": "1990-02-28",
        "seen": "2026-01-01T20:04:05+00:00",
        "tags": ["a", "b c"],
        "extra": {"city": "Depok"},
    }


def test_rows_are_listed_in_the_order_of_their_keys_with_what_is_asked_for(
    store: SqlStore,
) -> None:
    first, second = behind(store)
    assert first.values == {"id": MIRA, "seen": "2026-01-01T20:04:05+00:00"}
    assert second.values == {"id": DEWI, "seen": None}
    assert behind(store, first.position) == [second]
    assert behind(store, second.position) == []


def test_a_long_table_is_listed_page_by_page_each_row_once(world: World, store: SqlStore) -> None:
    world.sql(
        "INSERT INTO people (id, number, email) "
        "SELECT gen_random_uuid(), n, 'x' FROM generate_series(10, 1309) n"
    )
    found = behind(store)
    keys = [each.values["id"] for each in found if each.values]
    assert len(set(keys)) == len(keys) == 1302
    assert behind(store, found[700].position) == found[701:]


@pytest.mark.parametrize("primary", [("number",), ("id", "number")])
def test_what_is_not_the_tables_own_key_lists_nothing(
    store: SqlStore, primary: tuple[str, ...]
) -> None:
    with pytest.raises(PlaceMisfit):
        behind(store, "", *primary)


def test_what_is_absent_is_null(store: SqlStore) -> None:
    (row,) = find(store, number="2")
    absent = {"nickname", "code", "balance", "score", "active", "born", "seen", "tags", "extra"}
    assert {name for name, value in row.items() if value is None} == absent


@pytest.mark.parametrize(
    "where",
    [
        {"id": MIRA},
        {"number": "1"},
        {"nickname": "mira"},
        {"code": "ab  "},
        {"balance": "12345678901234567.8"},
        {"active": "true"},
        {"born": "1990-02-28"},
        {"seen": "2026-01-01T20:04:05Z"},
        {"tags": "b c"},
        {"email": "nobody@client.test|mira@client.test", "number": "1"},
    ],
)
def test_a_row_is_found_by_a_value_of_any_type(store: SqlStore, where: dict[str, str]) -> None:
    assert [row["id"] for row in find(store, **where)] == [MIRA]


@pytest.mark.parametrize(
    "where",
    [
        {"id": "no uuid"},
        {"number": "one"},
        {"number": "99999999999999999999999"},
        {"born": "1990-02-30"},
        {"balance": "much"},
        {"email": "nul\0"},
        {"nickname": "mira but longer than the column"},
        {"code": "ab and more"},
        {"tags": "a,b c"},
    ],
)
def test_a_value_that_no_row_can_have_finds_nothing(store: SqlStore, where: dict[str, str]) -> None:
    assert find(store, **where) == []


def test_unfit_values_hide_no_fit_one(store: SqlStore) -> None:
    assert [row["number"] for row in find(store, number="x|2|y|1|z")] == [1, 2]


def test_a_row_that_several_values_name_comes_once(store: SqlStore) -> None:
    many = "|".join(f"{n}@client.test" for n in range(450))
    found = find(store, email=f"mira@client.test|{many}", number="1|2", id=MIRA)
    assert [row["id"] for row in found] == [MIRA, DEWI]


@pytest.mark.parametrize("name", ['people"; DROP TABLE people; --', "pe ople", "", "x" * 64])
def test_no_name_becomes_sql(world: World, store: SqlStore, name: str) -> None:
    with pytest.raises(PlaceMisfit):
        list(store.find(Collection(name, people().fields), looking(email="x")))
    with pytest.raises(PlaceMisfit):
        list(store.find(people(), {name: frozenset({"x"})}))
    with pytest.raises(PlaceMisfit):
        change(store, Decision(changes={name: "x"}), number="1")
    assert len(world.sql("SELECT email FROM people")) == 2


SETTINGS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SETTINGS
@given(value=st.text(max_size=40))
def test_no_value_becomes_sql(store: SqlStore, value: str) -> None:
    found = list(store.find(people(), {"email": frozenset({value}), "number": frozenset({value})}))
    assert found == ([] if value not in {"1", "2"} else found)
    assert len(find(store, number="1|2")) == 2


@SETTINGS
@given(value=st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8"), max_size=40))
def test_any_text_is_written_as_it_is(store: SqlStore, value: str) -> None:
    change(store, Decision(changes={"email": value, "extra": {"city": value}}), number="1")
    (row,) = find(store, number="1")
    assert (row["email"], row["extra"]) == (value, {"city": value})


def test_columns_of_all_types_are_changed(store: SqlStore) -> None:
    new = {
        "nickname": "m",
        "balance": "-0.01",
        "score": 2.25,
        "active": False,
        "born": "2000-02-29",
        "seen": "2026-05-05T00:00:00+00:00",
        "tags": ["x", 'y"z', "ä,b"],
        "extra": {"city": None, "n": [1, "2"]},
    }
    (done,) = change(store, Decision(changes=cast("Values", new)), number="1")
    assert done.alters
    (row,) = find(store, number="1")
    assert {name: row[name] for name in new} == new


def test_emptying_is_null_where_it_may_be(store: SqlStore) -> None:
    change(store, Decision(changes={"nickname": None, "tags": None, "email": None}), number="1")
    (row,) = find(store, number="1")
    assert (row["nickname"], row["tags"], row["email"]) == (None, None, "")
    with pytest.raises(PlaceMisfit):
        change(store, Decision(changes={"number": None}), number="1")


def test_rows_are_deleted_and_others_stay(world: World, store: SqlStore) -> None:
    change(store, Decision(delete=True), email="mira@client.test")
    assert world.sql("SELECT number::text FROM people") == [["2"]]
    assert change(store, Decision(delete=True), email="mira@client.test") == []


def test_a_row_without_a_change_is_reported_and_left(world: World, store: SqlStore) -> None:
    before = world.sql("SELECT xmin::text FROM people ORDER BY number")
    assert change(store, Decision(), number="1|2") == [Decision(), Decision()]
    assert world.sql("SELECT xmin::text FROM people ORDER BY number") == before


def test_what_the_map_does_not_speak_of_is_not_read(store: SqlStore) -> None:
    (row,) = find(store, number="1")
    assert row.keys().isdisjoint({"secret", "restricted"})


def fill(world: World, rows: int, size: int = 1) -> None:
    world.sql(
        "INSERT INTO people (id, number, email, nickname) SELECT gen_random_uuid(), 10 + n, "
        f"repeat('\"', {size}), 'many' FROM generate_series(1, {rows}) n"
    )


@pytest.mark.parametrize(("rows", "size"), [(499, 1), (500, 1), (501, 1), (1203, 1), (90, 20_000)])
def test_pages_leave_nothing_out(world: World, store: SqlStore, rows: int, size: int) -> None:
    fill(world, rows, size)
    numbers = [cast("int", row["number"]) for row in find(store, nickname="many")]
    assert sorted(numbers) == list(range(11, 11 + rows))
    assert len(change(store, Decision(changes={"nickname": "done"}), nickname="many")) == rows
    assert len(change(store, Decision(delete=True), nickname="done")) == rows
    assert len(find(store, number="1|2")) == 2


class Dies(Exception):
    """The worker, in the middle."""


def test_a_deed_on_a_collection_is_all_or_nothing(world: World, store: SqlStore) -> None:
    fill(world, 700)
    decided = 0

    def decide(_row: Values) -> Decision:
        nonlocal decided
        decided += 1
        if decided > 600:
            raise Dies
        return Decision(delete=True)

    with pytest.raises(Dies):
        list(store.change(people(), looking(nickname="many"), decide, erases=True))
    assert world.sql("SELECT count(*)::text FROM people") == [["702"]]
    assert len(change(store, Decision(delete=True), nickname="many")) == 700


def test_a_worker_that_vanished_leaves_no_lock_for_long(world: World, store: SqlStore) -> None:
    begun = world.client.begin_transaction(
        resourceArn=world.database.cluster_arn,
        secretArn=world.database.secret_arn,
        database="postgres",
    )
    world.client.execute_statement(
        resourceArn=world.database.cluster_arn,
        secretArn=world.database.secret_arn,
        database="postgres",
        sql="UPDATE people SET nickname = 'half'",
        transactionId=begun["transactionId"],
    )
    (done,) = change(store, Decision(changes={"nickname": "whole"}), number="1")
    assert done.alters
    assert world.sql("SELECT nickname FROM people ORDER BY number") == [["whole"], [""]]


def test_a_row_that_changes_meanwhile_is_decided_on_as_it_is_then(
    world: World, store: SqlStore
) -> None:
    """The deed waits for the other writer, and sees what that one wrote."""
    seen: list[Values] = []

    def decide(row: Values) -> Decision:
        seen.append(row)
        return Decision(changes={"nickname": "ours"})

    with world.api.transaction() as other:
        world.api.run_each("UPDATE people SET email = 'new' WHERE number = 1", [{}], other)
        deed = threading.Thread(
            target=lambda: list(store.change(people(), looking(number="1"), decide, erases=False))
        )
        deed.start()
        deed.join(0.5)
        assert deed.is_alive()
    deed.join(20)
    assert [row["email"] for row in seen] == ["new"]
    assert world.sql("SELECT email, nickname FROM people WHERE number = 1") == [["new", "ours"]]


def test_a_broken_constraint_is_a_misfit_and_changes_nothing(world: World, store: SqlStore) -> None:
    with pytest.raises(PlaceMisfit):
        change(store, Decision(changes={"number": 7}), number="1|2")
    assert world.sql("SELECT number::text FROM people ORDER BY number") == [["1"], ["2"]]


@pytest.mark.parametrize("name", ["keyless", "view", "absent"])
def test_a_table_without_a_primary_key_is_a_misfit(
    world: World, store: SqlStore, name: str
) -> None:
    world.sql("CREATE TABLE IF NOT EXISTS keyless (id int)")
    world.sql('CREATE OR REPLACE VIEW "view" AS SELECT 1 AS id')
    with pytest.raises(PlaceMisfit):
        list(store.find(Collection(name, {}), looking(id="1")))


def test_a_key_of_several_columns_is_paged_and_deleted(world: World, store: SqlStore) -> None:
    world.sql("DROP TABLE IF EXISTS logins")
    world.sql('CREATE TABLE logins ("User" text, at timestamptz, n int, PRIMARY KEY ("User", at))')
    world.sql(
        "INSERT INTO logins SELECT 'u' || n % 3, to_timestamp(n / 7.0), n "
        "FROM generate_series(1, 1800) n"
    )
    logins = Collection("logins", {})
    found = list(store.find(logins, looking(User="u1|u2")))
    assert len({(row["User"], row["at"]) for row in found}) == len(found) == 1200
    gone = store.change(logins, looking(User="u1"), lambda _: Decision(delete=True), erases=True)
    assert len(list(gone)) == 600
    assert world.sql("SELECT count(*)::text FROM logins WHERE \"User\" = 'u1'") == [["0"]]


@pytest.mark.parametrize(
    "elsewhere",
    [{"cluster_arn": "arn:aws:rds:x:0:cluster:none"}, {"secret_arn": "none"}, {"name": "none"}],
)
def test_a_database_that_is_not_there_is_unavailable(
    world: World, elsewhere: dict[str, Any]
) -> None:
    here = world.database
    there = {
        "cluster_arn": here.cluster_arn,
        "secret_arn": here.secret_arn,
        "name": here.name,
        **elsewhere,
    }
    with pytest.raises(PlaceUnavailable):
        find(SqlStore(DataApi(world.client, Database(**there))), number="1")


def test_no_failure_quotes_a_value(world: World, store: SqlStore) -> None:
    with pytest.raises(PlaceMisfit) as raised:
        change(store, Decision(changes={"born": "canary"}), number="1")
    chain: BaseException | None = raised.value
    while chain is not None:
        assert "canary" not in f"{chain!r}{chain.__cause__!r}"
        chain = None if chain.__suppress_context__ else chain.__context__


def test_rows_of_one_value_are_listed_behind_a_position(store: SqlStore, world: World) -> None:
    world.sql(
        "INSERT INTO people (id, number, email) SELECT gen_random_uuid(), n, 'mira@client.test'"
        " FROM generate_series(10, 15) n"
    )
    wanted = looking(email="mira@client.test|nobody@client.test")
    described = replace(people(), fields={**people().fields, "id": Field("id", primary_key=True)})
    seen = list(store.enumerate(described, "", wanted))
    assert {cast("Any", each.values)["email"] for each in seen} == {"mira@client.test"}
    assert len(seen) == 7
    assert list(store.enumerate(described, seen[2].position, wanted)) == seen[3:]
    assert list(store.enumerate(described, "", looking(number="no number"))) == []
