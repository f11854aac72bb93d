"""Single records end: deleted or anonymised, never under a hold, never so that one stands alone."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.connectors.disposals import (
    Disposal,
    NotAddressable,
    NotAnonymous,
    UnknownCollection,
)
from chalicelib.connectors.places import Outcome, PlaceUnavailable
from chalicelib.connectors.remote.place import AnswersLater, RemotePlace
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Contended
from infra.rules.document import as_list
from infra.template import merged_template
from tests.contract.moto_tables import Tables
from tests.contract.registers import (
    BUCKET,
    CALLS,
    GUESTS,
    BucketRegister,
    Held,
    Register,
    TableRegister,
    guard,
    hold,
)
from tests.contract.test_dynamodb_place import Interposed
from tests.contract.test_rights import recorded
from tests.contract.test_s3_place import once
from tests.maps import register

DELETE, ANONYMISE = Disposal.DELETE, Disposal.ANONYMISE
ANONYMOUS = {"id": 1, "born": "1990-01-01", "city": "Sur", "room": 12}


@pytest.fixture(params=["dynamodb", "s3"])
def there(request: pytest.FixtureRequest, tables: Tables) -> Register:
    """The register in each kind of store, filled."""
    filled: Register = (
        TableRegister(tables.records.client)
        if request.param == "dynamodb"
        else BucketRegister(tables.s3)
    )
    filled.put("guests", *GUESTS)
    filled.put("calls", *CALLS)
    return filled


class Counting:
    """The client, and how often each of its calls was made."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return getattr(self._client, name)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_record_is_deleted_and_no_other(there: Register, tables: Tables, guarded: bool) -> None:
    under = guard(tables) if guarded else ()
    assert there.place().dispose("guests", "1", DELETE, under, rehearse=False) == Outcome(1, 1)
    assert there.rows("guests") == GUESTS[1:]
    assert there.place().dispose("guests", "1", DELETE, under, rehearse=False) == Outcome(0, 0)
    assert there.rows("guests") == GUESTS[1:]


@pytest.mark.parametrize("means", Disposal)
def test_what_is_not_there_is_done(there: Register, tables: Tables, means: Disposal) -> None:
    outcome = there.place().dispose("guests", "99", means, guard(tables), rehearse=False)
    assert outcome == Outcome(0, 0)
    assert there.rows("guests") == GUESTS


def test_a_record_among_its_like_is_anonymised(there: Register, tables: Tables) -> None:
    place = there.place()
    assert place.dispose("guests", "1", ANONYMISE, guard(tables), rehearse=False) == Outcome(1, 1)
    assert there.rows("guests") == [ANONYMOUS, *GUESTS[1:]]
    assert place.dispose("guests", "1", ANONYMISE, guard(tables), rehearse=False) == Outcome(1, 0)
    assert there.rows("guests") == [ANONYMOUS, *GUESTS[1:]]


def test_a_record_that_would_stand_out_stays_as_it_is(there: Register, tables: Tables) -> None:
    for rehearse in (True, False):
        with pytest.raises(NotAnonymous) as refused:
            there.place().dispose("guests", "4", ANONYMISE, guard(tables, "4"), rehearse=rehearse)
        assert refused.value.code == "not_anonymous"
        assert refused.value.args == ()
    assert there.rows("guests") == GUESTS
    # With somebody else of the year gone, the others are too few as well.
    there.place().dispose("guests", "2", DELETE, guard(tables, "2"), rehearse=False)
    with pytest.raises(NotAnonymous):
        there.place().dispose("guests", "1", ANONYMISE, guard(tables), rehearse=False)


def test_the_key_of_a_hash_is_of_one_deed(there: Register, tables: Tables) -> None:
    place = there.place()
    first = {"1": guard(tables, "1"), "2": guard(tables, "2")}
    came = dict(place.dispose_many("calls", first, ANONYMISE, rehearse=False))
    assert came == {"1": Outcome(1, 1), "2": Outcome(1, 1)}
    one, two, three = there.rows("calls")
    assert one["phone"] == two["phone"] != "0811"
    assert (one["seconds"], two["seconds"]) == (60, 0)
    assert "note" not in one
    assert three == CALLS[2]
    there.put("calls", CALLS[0] | {"id": 4})
    place.dispose("calls", "4", ANONYMISE, guard(tables, "4"), rehearse=False)
    assert there.rows("calls")[3]["phone"] not in {"0811", one["phone"]}


@pytest.mark.parametrize("means", Disposal)
def test_under_a_hold_nothing_happens(there: Register, tables: Tables, means: Disposal) -> None:
    hold(tables)
    with pytest.raises(Held):
        there.place().dispose("guests", "1", means, guard(tables), rehearse=False)
    assert there.rows("guests") == GUESTS


@pytest.mark.parametrize("means", Disposal)
def test_a_hold_that_begins_after_the_row_was_read_counts(
    there: Register, tables: Tables, means: Disposal
) -> None:
    """In a table up to the very write; in a bucket until the object is read for the last time."""
    begins = once(lambda: hold(tables))
    last = "transact_write_items" if there.kind == "dynamodb" else "get_object"
    interposed = Interposed(there.client, last, begins)
    with pytest.raises(Held):
        there.place(interposed).dispose("guests", "1", means, guard(tables), rehearse=False)
    assert there.rows("guests") == GUESTS


def test_a_row_that_changed_meanwhile_is_decided_on_anew(there: Register, tables: Tables) -> None:
    changed = GUESTS[0] | {"name": "Rahma", "city": "Surakarta", "room": 99}
    interposed = Interposed(there.client, there.write, once(lambda: there.put("guests", changed)))
    place = there.place(interposed)
    assert place.dispose("guests", "1", ANONYMISE, guard(tables), rehearse=False) == Outcome(1, 1)
    assert there.rows("guests")[0] == ANONYMOUS | {"room": 99}


def test_a_row_that_came_to_stand_out_is_left_to_another_try(
    there: Register, tables: Tables
) -> None:
    changed = GUESTS[0] | {"city": "Medan"}
    interposed = Interposed(there.client, there.write, once(lambda: there.put("guests", changed)))
    with pytest.raises(PlaceUnavailable):
        there.place(interposed).dispose("guests", "1", ANONYMISE, guard(tables), rehearse=False)
    assert there.rows("guests") == [changed, *GUESTS[1:]]
    with pytest.raises(NotAnonymous):
        there.place().dispose("guests", "1", ANONYMISE, guard(tables), rehearse=False)


def test_a_row_that_never_stands_still_is_left_to_another_try(
    there: Register, tables: Tables
) -> None:
    rooms = iter(range(100, 200))

    def move() -> None:
        there.put("guests", GUESTS[0] | {"room": next(rooms)})

    interposed = Interposed(there.client, there.write, move)
    with pytest.raises(PlaceUnavailable):
        there.place(interposed).dispose("guests", "1", DELETE, guard(tables), rehearse=False)
    assert len(there.rows("guests")) == 4


def test_what_holds_one_back_holds_no_other(there: Register, tables: Tables) -> None:
    hold(tables, "2")
    guards = {each: guard(tables, each) for each in ("4", "2", "99", "1")}
    came = there.place().dispose_many("guests", guards, ANONYMISE, rehearse=False)
    assert [(reference, getattr(each, "code", each)) for reference, each in came] == [
        ("4", "not_anonymous"),
        ("2", "held"),
        ("99", Outcome(0, 0)),
        ("1", Outcome(1, 1)),
    ]
    assert there.rows("guests") == [ANONYMOUS, *GUESTS[1:]]


def test_others_are_counted_once_for_all(there: Register, tables: Tables) -> None:
    guards = {str(number): guard(tables, str(number)) for number in (1, 2, 3)}
    client = Counting(there.client)
    came = dict(there.place(client).dispose_many("guests", guards, ANONYMISE, rehearse=False))
    assert set(came.values()) == {Outcome(1, 1)}
    if there.kind == "dynamodb":
        assert client.calls.count("scan") == 1
    else:  # to find all, to count, and twice for each to rewrite it
        assert client.calls.count("get_object") == 2 + 2 * 3


@pytest.mark.parametrize("means", Disposal)
def test_a_rehearsal_tells_the_same_and_changes_nothing(
    there: Register, tables: Tables, means: Disposal
) -> None:
    guards = {each: guard(tables, each) for each in ("1", "99")}
    rehearsed = dict(there.place().dispose_many("guests", guards, means, rehearse=True))
    assert there.rows("guests") == GUESTS
    assert rehearsed == {"1": Outcome(1, 1), "99": Outcome(0, 0)}
    assert dict(there.place().dispose_many("guests", guards, means, rehearse=False)) == rehearsed


@pytest.mark.parametrize("means", Disposal)
def test_what_cannot_be_meant_alone_is_refused(there: Register, means: Disposal) -> None:
    with pytest.raises(UnknownCollection):
        there.place().dispose_many("strangers", {"1": ()}, means, rehearse=False)
    with pytest.raises(NotAddressable):
        there.place().dispose("pairs", "1", means, (), rehearse=False)


def test_a_system_that_answers_later_ends_nothing_at_once() -> None:
    place = RemotePlace(register("s3"))
    with pytest.raises(AnswersLater):
        place.dispose("guests", "1", DELETE, (), rehearse=False)
    with pytest.raises(AnswersLater):
        place.dispose_many("guests", {"1": ()}, DELETE, rehearse=False)


@pytest.fixture
def table(tables: Tables) -> TableRegister:
    filled = TableRegister(tables.records.client)
    filled.put("guests", *GUESTS)
    return filled


@pytest.mark.parametrize("means", Disposal)
def test_the_guard_and_the_write_are_one_transaction(
    table: TableRegister, tables: Tables, means: Disposal
) -> None:
    client = Counting(table.client)
    table.place(client).dispose("guests", "1", means, guard(tables), rehearse=False)
    assert client.calls.count("transact_write_items") == 1
    assert not {"delete_item", "update_item", "put_item"} & set(client.calls)


def test_the_worker_has_the_rights_that_it_takes(table: TableRegister, tables: Tables) -> None:
    """On the tables that are connected those of its policy; on ours it needs one more."""
    resources = merged_template()["Resources"]
    allowed = {
        (action.removeprefix("dynamodb:"), "connected")
        for name in ("ConnectedTables", "ScannedTables")
        for statement in resources[name]["Properties"]["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
    }
    connected = Table(table.client, "connected", "register-guests")
    with recorded(table.client, tables.records, connected) as used:
        place = table.place()
        place.dispose("guests", "1", ANONYMISE, guard(tables), rehearse=False)
        place.dispose("guests", "2", DELETE, guard(tables), rehearse=False)
    assert {("DeleteItem", "connected"), ("UpdateItem", "connected")} <= used
    assert used - allowed == {("ConditionCheckItem", "records")}


def refusing(client: Any, times: int, code: str) -> Interposed:
    """The client, of which others hold the items at the first so many writes."""
    left = iter(range(times))

    def refuse() -> None:
        if next(left, None) is not None:
            reasons = [{"Code": "None"}, {"Code": code}]
            error: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": reasons,
            }
            raise ClientError(error, "TransactWriteItems")

    class Refusing(Interposed):
        def __getattr__(self, name: str) -> Any:
            call = getattr(client, name)
            if name != "transact_write_items":
                return call

            def refused(**given: Any) -> Any:
                refuse()
                return call(**given)

            return refused

    return Refusing(client, "", lambda: None)


def test_a_transaction_that_others_stand_in_the_way_of_is_tried_again(
    table: TableRegister, tables: Tables
) -> None:
    few = refusing(table.client, 3, "TransactionConflict")
    assert table.place(few).dispose("guests", "1", DELETE, guard(tables), rehearse=False).changed
    many = refusing(table.client, 100, "TransactionConflict")
    with pytest.raises(Contended):
        table.place(many).dispose("guests", "2", DELETE, guard(tables, "2"), rehearse=False)
    assert len(table.rows("guests")) == 3


def test_a_table_that_is_not_there_is_unavailable(table: TableRegister, tables: Tables) -> None:
    table.client.delete_table(TableName="register-guests")
    with pytest.raises(PlaceUnavailable):
        table.place().dispose("guests", "1", DELETE, guard(tables), rehearse=False)


def test_exact_forms_survive_an_anonymisation(table: TableRegister, tables: Tables) -> None:
    odd: Any = {"codes": {"SS": ["x", "y"]}, "raw": {"B": b"\0"}, "price": {"N": "1.10"}}
    key = {"id": {"N": "1"}}
    item = table.client.get_item(TableName="register-guests", Key=key)["Item"]
    table.client.put_item(TableName="register-guests", Item=item | odd)
    table.place().dispose("guests", "1", ANONYMISE, guard(tables), rehearse=False)
    left = table.client.get_item(TableName="register-guests", Key=key)["Item"]
    assert "name" not in left
    assert (set(left["codes"]["SS"]), left["raw"]["B"]) == ({"x", "y"}, b"\0")


@pytest.fixture
def bucket(tables: Tables) -> BucketRegister:
    filled = BucketRegister(tables.s3, versions=True)
    filled.put("guests", *GUESTS)
    filled.put("guests", GUESTS[0] | {"city": "Medan", "born": "1900-01-01"})
    filled.put("guests", GUESTS[0])
    return filled


@pytest.mark.parametrize(("means", "left"), [(DELETE, GUESTS[1:]), (ANONYMISE, None)])
def test_older_versions_go_as_well(
    bucket: BucketRegister, tables: Tables, means: Disposal, left: Any
) -> None:
    """Also those in which the record stood out: nobody is to be among its like there."""
    bucket.place().dispose("guests", "1", means, guard(tables), rehearse=False)
    assert bucket.versions() == 1
    assert bucket.rows("guests") == (left or [ANONYMOUS, *GUESTS[1:]])


def test_a_hold_that_begins_before_older_versions_go_keeps_them(
    bucket: BucketRegister, tables: Tables
) -> None:
    begins: Callable[[], None] = once(lambda: hold(tables))
    interposed = Interposed(bucket.client, "list_object_versions", begins)
    with pytest.raises(Held):
        bucket.place(interposed).dispose("guests", "1", DELETE, guard(tables), rehearse=False)
    assert bucket.versions() == 4


class Killed(BaseException):
    """The worker's process ends here."""


def test_what_a_killed_worker_left_is_finished_by_the_next(
    bucket: BucketRegister, tables: Tables
) -> None:
    def die() -> None:
        raise Killed

    for call in ("put_object", "list_object_versions", "delete_object"):
        with pytest.raises(Killed):
            bucket.place(Interposed(bucket.client, call, die)).dispose(
                "guests", "1", DELETE, guard(tables), rehearse=False
            )
    again = bucket.place().dispose("guests", "1", DELETE, guard(tables), rehearse=False)
    assert again.found
    assert bucket.rows("guests") == GUESTS[1:]
    listed = bucket.client.list_object_versions(Bucket=BUCKET)["Versions"]
    assert len(listed) == 1
