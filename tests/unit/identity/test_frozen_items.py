"""The items of sessions as version 1 wrote them: today's code reads them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from chalicelib.audit.digests import item_from_json
from chalicelib.identity.codes import ONE_TIME_CODE, CodePlace, Codes, InvalidCode
from chalicelib.identity.limits import COUNTER, Limit, Limits
from chalicelib.identity.models import Session, Subject
from chalicelib.identity.session_store import SessionStore
from chalicelib.identity.subject_store import (
    ADDRESS,
    KNOWN_AS,
    PROFILE,
    SubjectStore,
)
from chalicelib.identity.vouching import VOUCHED
from chalicelib.tables.codec import Item, encode
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Moved, Put
from chalicelib.vault.keys import DataKey, Scope
from chalicelib.vault.sealing import SealContext, open_sealed, seal
from chalicelib.vault.vault import Vault
from tests.fakes import FixedClock

FIXTURES = Path(__file__).parents[1] / "tables" / "fixtures"
KEY = DataKey(bytes(range(32)))
ADDRESS_INDEX = "v1.cT4fKUw0e0Qb0v1Tn4XQp7h1d8mO3bq2Jr5s6t7u8vA"
PLACE = CodePlace("self", ADDRESS_INDEX)
TOKEN = "jgs_frozen"
SUBJECT = Subject(
    "01JSUBJECT", "siti@example.test", "id", datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
)


class OneKey:
    """A vault whose every scope has the same key, written down here."""

    def seal(self, _scope: Scope, context: SealContext, plaintext: bytes) -> bytes:
        return seal(KEY, plaintext, context)

    def seal_first(
        self, _scope: Scope, context: SealContext, plaintext: bytes
    ) -> tuple[bytes, list[Any]]:
        return seal(KEY, plaintext, context), []

    def open(self, _scope: Scope, context: SealContext, sealed: bytes) -> bytes:
        return open_sealed(KEY, sealed, context)

    def still_there(self, _scope: Scope) -> Any:
        return None

    def destroy_actions(self, _scope: Scope, _rule: str) -> list[Any]:
        return []

    def forget(self, _scope: Scope) -> None:
        """It keeps nothing."""


class Stored:
    """A client that holds one item and counts additions to it."""

    def __init__(self, item: Item) -> None:
        self.item = encode(item)

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": self.item}

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": [self.item]}

    def update_item(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": self.item}


def fixture(name: str) -> Item:
    return item_from_json(json.loads((FIXTURES / f"{name}.1.json").read_text()))


def records(item: Item) -> Table:
    return Table(cast("Any", Stored(item)), "records", "jaga-records")


def test_one_time_code_1() -> None:
    item = fixture("one_time_code")
    assert ONE_TIME_CODE.lift(item) == item
    codes = Codes(records(item), FixedClock(), lambda: bytes(32))
    assert codes.spend(PLACE, "123456").language == "id"
    assert codes.issue(PLACE, "01JCODE", "123456", "id").item == item | {"tries": 0}
    with pytest.raises(InvalidCode):
        codes.spend(PLACE, "123457")


def test_session_1() -> None:
    item = fixture("session")
    store = SessionStore(records(item), FixedClock())
    session = Session("01JSUBJECT", "self", datetime(2026, 11, 23, 10, 30, tzinfo=UTC))
    assert store.find(TOKEN) == session
    # DynamoDB ended it by its `ttl`, which no session has any more.
    assert {**store.add_action(TOKEN, session).item, "ttl": item["ttl"]} == item


def test_subject_profile_1() -> None:
    item = fixture("subject_profile")
    assert PROFILE.lift(item) == item
    assert SubjectStore(records(item), cast("Vault", OneKey())).get("01JSUBJECT") == SUBJECT


def test_subject_address_1() -> None:
    item = fixture("subject_address")
    store = SubjectStore(records(item), cast("Vault", OneKey()))
    assert store.id_of([ADDRESS_INDEX]) == "01JSUBJECT"
    first, *_ = store.add_actions([ADDRESS_INDEX], SUBJECT)
    assert isinstance(first, Put)
    assert ADDRESS.lift(first.item) == item


def test_subject_known_as_1() -> None:
    item = fixture("subject_known_as")
    store = SubjectStore(records(item), cast("Vault", OneKey()))
    *_, alias = store.link_actions([ADDRESS_INDEX], "01JSUBJECT")
    assert isinstance(alias, Put)
    assert KNOWN_AS.lift(alias.item) == item
    assert list(store.known_as("01JSUBJECT")) == [ADDRESS_INDEX]


def test_limit_counter_1() -> None:
    item = fixture("limit_counter")
    assert COUNTER.lift(item)["count"] == 3
    limits, limit = Limits(records(item), FixedClock()), Limit("codes_address", 5)
    assert limits.allows(limit, ADDRESS_INDEX)
    turn = limits.turn(limit, ADDRESS_INDEX, Moved)
    assert (turn.key.pk, turn.changes.put) == (
        item["pk"],
        {"ttl": item["ttl"], "et": item["et"], "v": 1},
    )


def test_vouched_token_1() -> None:
    item = fixture("vouched_token")
    assert VOUCHED.lift(item) == item
