"""Notices as version 1 wrote them: today's code reads and writes the same."""

from dataclasses import replace
from typing import Any, cast

import pytest

from chalicelib.incidents.notices.filing_store import Filing, FilingStore
from chalicelib.incidents.notices.models import State
from chalicelib.incidents.notices.proofs import Proof
from chalicelib.incidents.notices.store import BREACH_NOTICE_LINE, BreachNoticeStore
from chalicelib.tables.transactions import Put, Update
from chalicelib.vault.errors import SealBroken
from chalicelib.vault.keys import DataKey, Scope
from chalicelib.vault.sealing import SealContext, open_sealed, seal
from chalicelib.vault.vault import Vault
from tests.contract.noticing import INCIDENT, NOTICE, a_notice
from tests.fakes import START
from tests.unit.connectors.test_frozen_items import frozen, records

KEY = DataKey(bytes(range(32)))


class FrozenVault(Vault):
    """Seals and opens under one key what belongs to the scope of the fixture."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None))

    def seal_first(
        self, scope: Scope, context: SealContext, plaintext: bytes
    ) -> tuple[bytes, list[Any]]:
        assert scope == Scope.breach_notice(NOTICE)
        return seal(KEY, plaintext, context), []

    def open(self, scope: Scope, context: SealContext, sealed: bytes) -> bytes:
        assert scope == Scope.breach_notice(NOTICE)
        return open_sealed(KEY, sealed, context)


def test_breach_notice_1() -> None:
    item = frozen("breach_notice")
    store = BreachNoticeStore(records(item), FrozenVault())
    notice = a_notice(revision=1)
    assert store.get(NOTICE) == notice
    seen = store.seen(NOTICE)
    assert seen == replace(notice, texts={}, in_phases_because={})
    assert store.get("BREACHNOTICE#" + NOTICE) is None
    written, _ = store.addition(notice)
    assert isinstance(written, Put)
    assert {**written.item, "sealed": item["sealed"]} == item
    moved = store.change(replace(notice, state=State.WITHDRAWN, decided_by="01JOTHER"))
    assert isinstance(moved, Update)
    assert moved.changes.put == {"state": "withdrawn", "decided_by": "01JOTHER"}


def test_breach_notice_line_1() -> None:
    item = frozen("breach_notice_line")
    assert BREACH_NOTICE_LINE.lift(item)["sk"] == NOTICE
    _, line = BreachNoticeStore(records(item), FrozenVault()).addition(a_notice())
    assert isinstance(line, Put)
    assert line.item == item
    assert item["pk"] == f"BREACHNOTICES#{INCIDENT}"


class VaultOfIncident(FrozenVault):
    """Seals and opens under one key what belongs to the incident."""

    def seal(self, scope: Scope, context: SealContext, plaintext: bytes, *_rest: Any) -> bytes:
        assert scope == Scope.incident(INCIDENT)
        return seal(KEY, plaintext, context)

    def open(self, scope: Scope, context: SealContext, sealed: bytes) -> bytes:
        assert scope == Scope.incident(INCIDENT)
        return open_sealed(KEY, sealed, context)


FILING = Filing(
    NOTICE,
    INCIDENT,
    "01JFILER",
    START,
    "portal",
    "KOMDIGI-2026-1177",
    {"en": "the portal was away", "id": "portal tidak dapat diakses"},
    Proof(INCIDENT, "01JPR00F000000000000000000", "application/pdf", "ab" * 32),
)


def test_notice_filing_1() -> None:
    item = frozen("notice_filing")
    store = FilingStore(records(item), VaultOfIncident())
    assert store.get(NOTICE) == FILING
    written = store.addition(FILING)
    assert isinstance(written, Put)
    assert {**written.item, "sealed": item["sealed"]} == item
    drill = store.addition(replace(FILING, proof=None))
    assert isinstance(drill, Put)
    assert item.keys() - drill.item.keys() == {"proof", "media_type", "sha256"}


@pytest.mark.parametrize(("name", "value"), [("filed", 1), ("sha256", "cd" * 32)])
def test_a_filing_opens_for_nothing_else(name: str, value: str | int) -> None:
    item = {**frozen("notice_filing"), name: value}
    with pytest.raises(SealBroken):
        FilingStore(records(item), VaultOfIncident()).get(NOTICE)
