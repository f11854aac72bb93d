"""Commands under a key: carried out once in 24 hours, whoever repeats them when (docs/adr/0011)."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.errors import Conflict
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.idempotency.store import KEPT, IdempotencyConflict, ResultStore
from chalicelib.services import Services
from chalicelib.tables.codec import Item, decode
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Action, Put
from tests.contract.hooks import Hooks
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock

SECOND = timedelta(seconds=1)
CALL = KeyedCall("staff", "01JDPO", "POST /v1/things", "canary-key", '["canary", 1]')
OTHERS = [
    replace(CALL, caller_kind="platform"),
    replace(CALL, caller_id="01JOTHER"),
    replace(CALL, operation="POST /v1/others"),
    replace(CALL, key="another"),
]


class Refused(Conflict):
    code = "refused"


class Things:
    """A capability that makes things."""

    def __init__(self, services: Services) -> None:
        Hooks(services)  # its tables meet threads
        self._services = services
        self.idempotency = Idempotency(
            ResultStore(services.records, services.clock, lambda: b"\x01" * 32),
            services.run_command,
        )

    def make(self, call: KeyedCall | None, name: str, *, known: bool = True) -> Item | None:
        """Makes the thing `name`; gives what an earlier call made instead.

        As one whose repeat arrives at the same moment when not `known`.
        """
        if known and (earlier := self.idempotency.earlier(call)):
            return earlier
        return self.idempotency.run(call, {"name": name}, lambda: self._writes(name))

    def made(self) -> set[str]:
        return {str(each["sk"]) for each in self.items() if each["pk"] == "THINGS"}

    def notes(self) -> list[Item]:
        return [each for each in self.items() if str(each["pk"]).startswith("IDEMPOTENCY#")]

    def items(self) -> list[Item]:
        here = self._services
        items = here.dynamodb.scan(TableName=here.settings.records_table)["Items"]
        return [decode(each) for each in items]

    def _writes(self, name: str) -> list[Action]:
        return [Put(self._services.records, {"pk": "THINGS", "sk": name}, ABSENT, Refused)]


@pytest.fixture
def things(services: Services) -> Things:
    return Things(services)


@pytest.mark.parametrize("known", [True, False])
def test_a_repeat_changes_nothing_and_learns_what_was_done(things: Things, known: bool) -> None:
    assert things.make(CALL, "one") is None
    assert things.make(CALL, "two", known=known) == {"name": "one"}
    assert things.made() == {"one"}


@pytest.mark.parametrize("known", [True, False])
def test_a_key_is_for_one_request(things: Things, known: bool) -> None:
    things.make(CALL, "one")
    with pytest.raises(IdempotencyConflict):
        things.make(replace(CALL, request='["canary", 2]'), "two", known=known)
    assert things.made() == {"one"}


@pytest.mark.parametrize("other", OTHERS, ids=["kind", "caller", "operation", "key"])
def test_a_key_is_for_one_caller_and_operation(things: Things, other: KeyedCall) -> None:
    things.make(CALL, "one")
    assert things.make(other, "two") is None
    assert things.made() == {"one", "two"}


def test_calls_without_a_key_are_no_repeats(things: Things) -> None:
    assert things.make(None, "one") is None
    assert things.make(None, "two") is None
    assert things.made() == {"one", "two"}
    assert things.notes() == []


@pytest.mark.parametrize("known", [True, False])
def test_after_a_day_a_key_is_free_though_nothing_was_swept(
    things: Things, clock: FixedClock, known: bool
) -> None:
    things.make(CALL, "one")
    clock.advance(KEPT - SECOND)
    assert things.make(CALL, "two", known=known) == {"name": "one"}
    clock.advance(SECOND)
    assert things.make(CALL, "two", known=known) is None
    clock.advance(KEPT - SECOND)
    assert things.make(CALL, "three", known=known) == {"name": "two"}
    assert things.made() == {"one", "two"}


def test_what_was_refused_leaves_the_key_free(things: Things) -> None:
    things.make(None, "one")
    with pytest.raises(Refused):
        things.make(CALL, "one")
    assert things.notes() == []
    assert things.make(replace(CALL, request="mended"), "two") is None


def test_a_repeat_is_one_even_where_the_first_call_changed_what_it_builds_on(
    things: Things,
) -> None:
    things.make(CALL, "one")
    assert things.make(CALL, "one", known=False) == {"name": "one"}


def test_of_ten_at_once_one_is_carried_out(things: Things) -> None:
    results = at_once(10, lambda number: things.make(CALL, str(number)))
    (made,) = things.made()
    assert results.count(None) == 1
    assert results.count({"name": made}) == 9


def test_neither_key_nor_request_can_be_read_or_guessed(things: Things) -> None:
    things.make(CALL, "one")
    (note,) = things.notes()
    stored = repr(note)
    assert "canary" not in stored
    for text in (CALL.key, CALL.request):
        digest = hashlib.sha256(text.encode())
        assert digest.hexdigest() not in stored
        assert note["request"] != digest.digest()
    assert "canary" not in repr(CALL)


def test_what_is_noted_names_the_caller_and_the_end(things: Things, clock: FixedClock) -> None:
    things.make(CALL, "one")
    (note,) = things.notes()
    assert str(note["pk"]).startswith("IDEMPOTENCY#staff#01JDPO#POST /v1/things#")
    assert note["ttl"] == int((clock.now() + KEPT).timestamp())
    assert note["result"] == {"name": "one"}


def test_the_application_has_a_key_of_its_own_for_this(services: Services) -> None:
    services.idempotency.run(
        CALL, {"name": "one"}, lambda: [Put(services.records, {"pk": "THINGS", "sk": "one"})]
    )
    assert services.keys.get(Key("SCOPE#mac/idempotency/v1", "KEY")) is not None
    assert services.idempotency.earlier(CALL) == {"name": "one"}
