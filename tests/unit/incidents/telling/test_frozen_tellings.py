"""Tellings and ledgers as version 1 wrote them: today's code reads and writes the same."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from chalicelib.incidents.models import Recipient
from chalicelib.incidents.telling.ledger_store import BREACH_ADDRESS, LedgerStore, line_name
from chalicelib.incidents.telling.models import (
    BreachTelling,
    Holder,
    Line,
    Means,
    Otherwise,
    PublicWord,
    Slot,
)
from chalicelib.incidents.telling.store import BreachTellingStore
from chalicelib.notices.telling.models import Channel, Outcome, Place, Told
from chalicelib.tables.transactions import Put, Update
from chalicelib.vault.keys import DataKey, Scope
from chalicelib.vault.sealing import SealContext, open_sealed, seal
from chalicelib.vault.vault import Vault
from tests.contract.noticing import INCIDENT, NOTICE
from tests.fakes import START
from tests.unit.connectors.test_frozen_items import frozen, records

KEY = DataKey(bytes(range(32)))
RECIPIENT = "subjects-30000000000000000000000000000000"
ADDRESS = "7" * 32
TELLING = BreachTelling(
    NOTICE,
    INCIDENT,
    Recipient.SUBJECTS,
    drill=False,
    started_at=START,
    place=Place(START + timedelta(minutes=10), 3, RECIPIENT, 7, 1),
    round=2,
    again=True,
    unreached=2,
    reached_at=START + timedelta(minutes=4),
    done_at=START + timedelta(minutes=5),
    revision=4,
)
LINE = Line(
    Told(
        RECIPIENT,
        Channel.EMAIL,
        "id",
        "01JMESSAGE",
        START,
        Outcome.BOUNCED,
        START + timedelta(seconds=1),
        "permanent_general",
    ),
    Otherwise(Means.LETTER, START + timedelta(seconds=2), "01JAGENT"),
    START + timedelta(milliseconds=500),
)
WORD = PublicWord(START, "01JOFFICER", "our page")


class FrozenVault(Vault):
    """Seals and opens under one key what belongs to the scope of the fixture."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None))

    def seal(
        self, scope: Scope, context: SealContext, plaintext: bytes, *_: Any, **__: Any
    ) -> bytes:
        assert scope == Scope.breach_notice(NOTICE)
        return seal(KEY, plaintext, context)

    def open(self, scope: Scope, context: SealContext, sealed: bytes) -> bytes:
        assert scope == Scope.breach_notice(NOTICE)
        return open_sealed(KEY, sealed, context)


def test_breach_telling_1() -> None:
    item = frozen("breach_telling")
    store = BreachTellingStore(records(item), FrozenVault())
    assert store.get(NOTICE) == TELLING
    written = store.change(replace(TELLING, revision=3))
    assert isinstance(written, Put)
    assert written.item == item


def test_breach_told_1() -> None:
    item = frozen("breach_told")
    store = LedgerStore(records(item))
    assert store.line(NOTICE, RECIPIENT) == LINE
    assert LINE.outcome is Outcome.BY_OTHER_MEANS
    added, left, noted = (
        store.keeping(NOTICE, Line(LINE.told), None),
        store.outcome(
            line_name(NOTICE, RECIPIENT), Outcome.SENT, cast("datetime", LINE.sent_at), ""
        ),
        store.told_otherwise(NOTICE, RECIPIENT, cast("Otherwise", LINE.otherwise)),
    )
    assert isinstance(added, Put)
    assert isinstance(left, Update)
    assert isinstance(noted, Update)
    assert {**left.changes.put, **added.item, **noted.changes.put} == item


def test_breach_address_1() -> None:
    item = frozen("breach_address")
    assert BREACH_ADDRESS.lift(item) == item
    written = LedgerStore(records(item)).holding(NOTICE, ADDRESS, Holder(RECIPIENT, None))
    assert isinstance(written, Put)
    assert written.item == item


def test_breach_slot_1() -> None:
    item = frozen("breach_slot")
    store = BreachTellingStore(records(item), FrozenVault())
    slot = store.slot()
    assert slot == Slot(START, 2)
    written = store.take(Slot(START, 1), START)
    assert isinstance(written, Put)
    assert written.item == item


def test_breach_public_word_1() -> None:
    item = frozen("breach_public_word")
    store = BreachTellingStore(records(item), FrozenVault())
    assert store.public_word(NOTICE) == WORD
    written = store.add_public_word(NOTICE, WORD)
    assert isinstance(written, Put)
    assert {**written.item, "sealed": item["sealed"]} == item
