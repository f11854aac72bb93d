"""What the tables promise on any DynamoDB: conditions, races, pages, refusals in order."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from chalicelib.errors import Conflict, DomainError
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, PRESENT, Condition, revision_is
from chalicelib.tables.keys import Key
from chalicelib.tables.table import ReadIncomplete, Table
from chalicelib.tables.transactions import (
    Action,
    Check,
    Delete,
    Moved,
    Put,
    Update,
    run_command,
    transact,
)
from chalicelib.tables.updates import Changes
from tests.contract.moto_tables import Tables


class Stale(Conflict):
    code = "stale"


class Taken(Conflict):
    code = "taken"


class Gone(Conflict):
    code = "gone"


def no_sleep(seconds: float) -> None:
    assert seconds >= 0


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    """What `count` threads return who all start together; a failure is returned as itself."""
    together = threading.Barrier(count)
    results: list[object] = [None] * count

    def run(number: int) -> None:
        together.wait()
        try:
            results[number] = act(number)
        except Exception as failure:  # noqa: BLE001  # the test looks at it
            results[number] = failure

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# --- single items ------------------------------------------------------------------------------


def test_every_type_comes_back_as_it_went(tables: Tables, fresh: str) -> None:
    item: Item = {
        "pk": fresh,
        "sk": "é",
        "text": "",
        "whole": -(10**37),
        "octets": b"\x00\xff",
        "none": None,
        "yes": True,
        "list": [1, "a", b"b", [None], {"x": False}],
        "map": {"deep": {"deeper": []}},
    }
    assert tables.records.put_new(item) is None
    assert tables.records.get(Key(fresh, "é")) == item
    assert tables.records.get(Key(fresh, "é"), consistent=True) == item


def test_an_update_happens_only_under_its_condition(tables: Tables, fresh: str) -> None:
    key = Key(fresh, "counter")
    below_two = Condition("attribute_not_exists(#n) OR #n < :two", {"#n": "n"}, {":two": 2})
    first = tables.records.update(key, below_two, put={"state": "on"}, add={"n": 1})
    assert first == {"pk": fresh, "sk": "counter", "state": "on", "n": 1}
    assert tables.records.update(key, below_two, add={"n": 1}) == {**first, "n": 2}
    assert tables.records.update(key, below_two, put={"state": "off"}, add={"n": 1}) is None
    assert tables.records.get(key, consistent=True) == {**first, "n": 2}


def test_an_update_takes_attributes_away(tables: Tables, fresh: str) -> None:
    key = Key(fresh, "1")
    tables.records.put_new({"pk": fresh, "sk": "1", "due_pk": fresh, "due_sk": "1", "kept": 1})
    changed = {"pk": fresh, "sk": "1", "kept": 2}
    for _ in range(2):  # what is not there may be taken away
        took = tables.records.update(key, PRESENT, put={"kept": 2}, remove=("due_pk", "due_sk"))
        assert took == changed
    assert tables.records.get(key, consistent=True) == changed
    assert list(tables.records.due(fresh)) == []


def test_an_update_counts_on_under_the_revision_that_was_read(tables: Tables, fresh: str) -> None:
    key = Key(fresh, "1")
    tables.records.put_new({"pk": fresh, "sk": "1", "rev": 7})
    changed = tables.records.update(key, revision_is(7), put={"by": "one"}, add={"rev": 1})
    assert changed == {"pk": fresh, "sk": "1", "rev": 8, "by": "one"}
    assert tables.records.update(key, revision_is(7), put={"by": "other"}, add={"rev": 1}) is None


def test_a_counter_with_a_limit_never_passes_it(tables: Tables, fresh: str) -> None:
    key = Key(fresh, "counter")
    below_five = Condition("attribute_not_exists(#n) OR #n < :five", {"#n": "n"}, {":five": 5})
    counted = at_once(20, lambda _: tables.records.update(key, below_five, add={"n": 1}))
    assert sorted(cast("int", each["n"]) for each in counted if isinstance(each, dict)) == [
        *range(1, 6)
    ]
    assert counted.count(None) == 15


def test_an_item_that_is_not_there(tables: Tables, fresh: str) -> None:
    assert tables.records.get(Key(fresh, "1")) is None


def test_put_new_tells_the_loser_what_the_winner_stored(tables: Tables, fresh: str) -> None:
    first: Item = {"pk": fresh, "sk": "1", "by": "first"}
    assert tables.records.put_new(first) is None
    assert tables.records.put_new({"pk": fresh, "sk": "1", "by": "second"}) == first
    assert tables.records.get(Key(fresh, "1"), consistent=True) == first


def test_of_many_creators_one_wins(tables: Tables, fresh: str) -> None:
    def create(number: int) -> Item | None:
        return tables.records.put_new({"pk": fresh, "sk": "1", "by": number})

    results = at_once(16, create)

    assert results.count(None) == 1
    winner = {"pk": fresh, "sk": "1", "by": results.index(None)}
    assert all(result == winner for result in results if result is not None)


# --- optimistic locking ------------------------------------------------------------------------


def change(tables: Tables, fresh: str, revision: int, by: str) -> Put:
    item: Item = {"pk": fresh, "sk": "1", "rev": revision + 1, "by": by}
    return Put(tables.records, item, revision_is(revision), Stale)


def test_a_stale_revision_is_refused(tables: Tables, fresh: str) -> None:
    tables.records.put_new({"pk": fresh, "sk": "1", "rev": 1})
    transact(tables.records.client, [change(tables, fresh, 1, "one")])
    with pytest.raises(Stale):
        transact(tables.records.client, [change(tables, fresh, 1, "other")])
    stored = tables.records.get(Key(fresh, "1"), consistent=True)
    assert stored == {"pk": fresh, "sk": "1", "rev": 2, "by": "one"}


def test_a_revision_of_nothing_is_refused(tables: Tables, fresh: str) -> None:
    with pytest.raises(Stale):
        transact(tables.records.client, [change(tables, fresh, 1, "one")])


def test_no_increment_is_lost(tables: Tables, fresh: str) -> None:
    tables.records.put_new({"pk": fresh, "sk": "1", "rev": 0, "sum": 0})

    def increment(number: int) -> None:
        def build() -> Sequence[Action]:
            stored = tables.records.get(Key(fresh, "1"), consistent=True)
            assert stored is not None
            revision, total = stored["rev"], stored["sum"]
            assert isinstance(revision, int)
            assert isinstance(total, int)
            item: Item = {**stored, "rev": revision + 1, "sum": total + number}
            return [Put(tables.records, item, revision_is(revision), Moved)]

        run_command(tables.records.client, build, sleep=no_sleep, attempts=200)

    assert at_once(12, increment) == [None] * 12
    stored = tables.records.get(Key(fresh, "1"), consistent=True)
    assert stored is not None
    assert (stored["rev"], stored["sum"]) == (12, sum(range(12)))


# --- transactions ------------------------------------------------------------------------------


def three(tables: Tables, fresh: str) -> list[Action]:
    """Create 1, delete 2, check 3: all hold when 2 and 3 are there and 1 is not."""
    is_open = Condition("#state = :open", {"#state": "state"}, {":open": "open"})
    return [
        Put(tables.records, {"pk": fresh, "sk": "1"}, ABSENT, Taken),
        Delete(tables.records, Key(fresh, "2"), PRESENT, Gone),
        Check(tables.audit, Key(fresh, "3"), is_open, Stale),
    ]


def prepare(tables: Tables, fresh: str, *, taken: bool, gone: bool, closed: bool) -> None:
    if taken:
        tables.records.put_new({"pk": fresh, "sk": "1"})
    if not gone:
        tables.records.put_new({"pk": fresh, "sk": "2"})
    tables.audit.put_new({"pk": fresh, "sk": "3", "state": "closed" if closed else "open"})


def test_all_of_it_happens(tables: Tables, fresh: str) -> None:
    prepare(tables, fresh, taken=False, gone=False, closed=False)
    transact(tables.records.client, three(tables, fresh))
    assert [item["sk"] for item in tables.records.query(fresh, consistent=True).items] == ["1"]


@pytest.mark.parametrize(
    ("taken", "gone", "closed", "expected"),
    [
        (True, False, False, Taken),
        (False, True, False, Gone),
        (False, False, True, Stale),
        (True, True, True, Taken),
        (False, True, True, Gone),
    ],
)
def test_or_nothing_with_the_first_failed_condition_s_word(
    tables: Tables,
    fresh: str,
    taken: bool,
    gone: bool,
    closed: bool,
    expected: type[DomainError],
) -> None:
    prepare(tables, fresh, taken=taken, gone=gone, closed=closed)
    before = tables.records.query(fresh, consistent=True).items
    with pytest.raises(expected):
        transact(tables.records.client, three(tables, fresh))
    assert tables.records.query(fresh, consistent=True).items == before


# --- many items --------------------------------------------------------------------------------


def fill(tables: Tables, fresh: str, count: int, size: int = 1) -> list[Key]:
    for number in range(count):
        tables.records.put_new({"pk": fresh, "sk": f"{number:04}", "fill": "x" * size})
    return [Key(fresh, f"{number:04}") for number in range(count)]


def test_batch_get_takes_more_than_one_round_trip(tables: Tables, fresh: str) -> None:
    keys = fill(tables, fresh, 130)
    absent = Key(fresh, "absent")
    found = tables.records.batch_get([*keys, absent, keys[0]], consistent=True)
    assert set(found) == set(keys)
    assert all(found[key]["sk"] == key.sk for key in keys)
    assert tables.records.batch_get([]) == {}


class Miserly:
    """A client that leaves all but `generosity` keys of each batch unprocessed."""

    def __init__(self, client: Any, generosity: int) -> None:
        self._client = client
        self._generosity = generosity
        self.calls = 0

    def batch_get_item(self, RequestItems: dict[str, Any]) -> Any:  # noqa: N803  # AWS's name
        self.calls += 1
        ((name, request),) = RequestItems.items()
        keys = request["Keys"]
        served, left = keys[: self._generosity], keys[self._generosity :]
        if not served:
            return {"Responses": {}, "UnprocessedKeys": {name: {**request, "Keys": left}}}
        answer = self._client.batch_get_item(RequestItems={name: {**request, "Keys": served}})
        unprocessed = {name: {**request, "Keys": left}} if left else {}
        return {**answer, "UnprocessedKeys": unprocessed}


def test_unprocessed_keys_are_asked_for_again(tables: Tables, fresh: str) -> None:
    keys = fill(tables, fresh, 9)
    client = Miserly(tables.records.client, 3)
    table = Table(cast("Any", client), "records", tables.records.name)
    assert set(table.batch_get(keys)) == set(keys)
    assert client.calls == 3


def test_a_table_that_gives_nothing_is_given_up(tables: Tables, fresh: str) -> None:
    client = Miserly(tables.records.client, 0)
    table = Table(cast("Any", client), "records", tables.records.name)
    with pytest.raises(ReadIncomplete):
        table.batch_get([Key(fresh, "1")])
    assert client.calls == 5


# --- queries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_join_into_the_whole(
    tables: Tables, fresh: str, limit: int, newest_first: bool
) -> None:
    keys = fill(tables, fresh, 7)
    seen: list[str] = []
    start: Key | None = None
    for _ in range(20):
        page = tables.records.query(
            fresh, limit=limit, start=start, newest_first=newest_first, consistent=True
        )
        assert len(page.items) <= limit
        seen += [str(item["sk"]) for item in page.items]
        start = page.last
        if start is None:
            break
    assert start is None
    assert seen == sorted((key.sk for key in keys), reverse=newest_first)


@pytest.mark.parametrize(
    ("sk_from", "sk_to", "expected"),
    [
        (None, None, ["0000", "0001", "0002", "0003"]),
        ("0001", None, ["0001", "0002", "0003"]),
        (None, "0002", ["0000", "0001", "0002"]),
        ("0001", "0002", ["0001", "0002"]),
        ("0002", "0002", ["0002"]),
        ("0004", None, []),
    ],
)
def test_both_ends_of_a_range_are_inclusive(
    tables: Tables, fresh: str, sk_from: str | None, sk_to: str | None, expected: list[str]
) -> None:
    fill(tables, fresh, 4)
    page = tables.records.query(fresh, sk_from=sk_from, sk_to=sk_to, consistent=True)
    assert [item["sk"] for item in page.items] == expected
    assert page.last is None


def test_query_all_goes_past_the_page_of_a_megabyte(tables: Tables, fresh: str) -> None:
    keys = fill(tables, fresh, 12, size=200_000)
    assert tables.records.query(fresh).last is not None
    assert [item["sk"] for item in tables.records.query_all(fresh)] == [key.sk for key in keys]
    later = tables.records.query_all(fresh, sk_from="0005", consistent=True)
    assert [item["sk"] for item in later] == [key.sk for key in keys[5:]]


def test_the_sparse_index_lists_what_is_due(tables: Tables, fresh: str) -> None:
    bucket = f"DUE#{fresh}"
    for number in range(5):
        item: Item = {"pk": fresh, "sk": str(number)}
        if number % 2:
            item |= {"due_pk": bucket, "due_sk": str(9 - number)}
        tables.records.put_new(item)
    assert list(tables.records.due(bucket)) == [Key(fresh, "3"), Key(fresh, "1")]
    assert list(tables.records.due("DUE#nothing")) == []
    assert list(tables.records.due(bucket, before="8")) == [Key(fresh, "3")]
    assert list(tables.records.due(bucket, before="6")) == []


def test_an_update_in_a_transaction_changes_what_it_names(tables: Tables, fresh: str) -> None:
    tables.records.put_new({"pk": fresh, "sk": "1", "rev": 1, "gone": 1, "sealed": b"kept"})

    def update(revision: int) -> Update:
        return Update(
            tables.records,
            Key(fresh, "1"),
            Changes(put={"alerts": 2}, add={"rev": 1}, remove=("gone",)),
            revision_is(revision),
            Moved,
        )

    beside = Put(tables.records, {"pk": fresh, "sk": "2"}, ABSENT)
    with pytest.raises(Moved):
        transact(tables.records.client, [beside, update(2)])
    assert tables.records.get(Key(fresh, "2")) is None
    transact(tables.records.client, [beside, update(1)])
    assert tables.records.get(Key(fresh, "1")) == {
        "pk": fresh,
        "sk": "1",
        "rev": 2,
        "alerts": 2,
        "sealed": b"kept",
    }
