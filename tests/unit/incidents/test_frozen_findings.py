"""Findings of version 1, frozen: today's code reads and writes the same."""

from datetime import timedelta
from typing import Any, cast

import pytest

from chalicelib.incidents.findings.models import (
    Level,
    Noted,
    Provider,
    Resource,
    ResourceKind,
    Words,
)
from chalicelib.incidents.findings.store import FindingStore
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put, Update
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keys import DataKey, Scope
from chalicelib.vault.sealing import SealContext, open_sealed
from chalicelib.vault.vault import Vault
from tests.fakes import START
from tests.unit.connectors.test_frozen_items import frozen

KEY = "ab" * 32
DRAFT, EARLIER = "01JDRAFT000000000000000000", "01JEARLIER0000000000000000"
NOTED = Noted(
    KEY,
    DRAFT,
    Provider.GUARDDUTY,
    Level.CRITICAL,
    3,
    START - timedelta(hours=2),
    START - timedelta(hours=1),
    ("cd" * 16, "ef" * 16),
    (Resource(ResourceKind.BUCKET, "acme-uploads"), Resource(ResourceKind.OTHER, "AccessKey")),
    Words("Exfiltration:S3/MaliciousIPCaller", "A title", "A description"),
    2,
)


STILL_THERE = cast("Action", object())


class FrozenVault(Vault):
    """Opens under one key what belongs to the scope of the fixture; seals what it is told to."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None))

    def open(self, scope: Scope, context: SealContext, sealed: bytes) -> bytes:
        if scope != Scope.finding(KEY):
            raise KeyDestroyed
        return open_sealed(DataKey(bytes(range(32))), sealed, context)

    def seal_first(
        self, scope: Scope, context: SealContext, plaintext: bytes
    ) -> tuple[bytes, list[Action]]:
        return cast("bytes", frozen("finding")["sealed"]), []

    def seal(self, scope: Scope, context: SealContext, plaintext: bytes, *_: Any) -> bytes:
        return cast("bytes", frozen("finding")["sealed"])

    def still_there(self, scope: Scope) -> Action:
        assert scope == Scope.finding(KEY)
        return STILL_THERE


class FrozenTable(Table):
    """Holds these items."""

    def __init__(self, *items: Item) -> None:
        super().__init__(cast("Any", None), "records", "records-1")
        self._items = {Key(str(item["pk"]), str(item["sk"])): item for item in items}

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        return self._items.get(key)


def store(**changes: Any) -> FindingStore:
    finding = {**frozen("finding"), **changes}
    return FindingStore(FrozenTable(finding, frozen("incident_finding")), FrozenVault())


def test_finding_1_and_incident_finding_1() -> None:
    assert store().of_incident(DRAFT) == (NOTED, EARLIER)
    assert store().of_incident(EARLIER) is None
    noted = store().seen(KEY)
    assert noted is not None
    assert (noted.level, noted.words, noted.resources) == (Level.CRITICAL, Words(""), ())


def test_what_is_written_is_what_is_frozen() -> None:
    added, pointed = store().additions(NOTED)
    assert isinstance(added, Put)
    assert added.item == {**frozen("finding"), "rev": 1}
    changed, kept, named = store().drafted_again(NOTED, EARLIER)
    assert isinstance(changed, Update)
    written = {name: value for name, value in frozen("finding").items() if name not in _KEPT}
    assert changed.changes.put == written
    assert kept == STILL_THERE
    assert isinstance(named, Put)
    assert named.item == frozen("incident_finding")
    assert isinstance(pointed, Put)
    assert pointed.item == {
        name: value for name, value in frozen("incident_finding").items() if name != "earlier"
    }


_KEPT = {"pk", "sk", "rev"}


@pytest.mark.parametrize("changes", [{"et": "incident"}, {"v": 2}, {"count": "3"}, {"events": ""}])
def test_what_is_no_finding_is_not_read(changes: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"^finding$"):
        store(**changes).seen(KEY)


def test_words_of_another_finding_do_not_open() -> None:
    other = {**frozen("finding"), "pk": f"FINDING#{'00' * 32}"}
    pointer = {**frozen("incident_finding"), "finding": "00" * 32}
    with pytest.raises((KeyDestroyed, SealBroken)):
        FindingStore(FrozenTable(other, pointer), FrozenVault()).of_incident(DRAFT)
