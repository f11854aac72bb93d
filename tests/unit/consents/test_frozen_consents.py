"""Consents as version 1 wrote them: today's code reads and writes the same."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from chalicelib.consents.attachment_store import Attachment, AttachmentStore
from chalicelib.consents.event_store import CONSENT_EVENT, EventStore
from chalicelib.consents.models import Entry, Standing, State
from chalicelib.consents.standing_store import StandingStore
from chalicelib.tables.transactions import Put
from chalicelib.vault.vault import Vault
from tests.fakes import START
from tests.unit.connectors.test_frozen_items import frozen, records
from tests.unit.consents.samples import event_of
from tests.unit.identity.test_frozen_items import OneKey

EVENT = event_of(
    State.RENEWED_GIVEN,
    record_id="01JAGARECORD00000000000001",
    before=State.GIVEN,
    relationship="parent",
    previous="01JAGARECORD00000000000000",
)
STANDING = Standing(
    "01JAGA000000000000000PERSON",
    {
        "third_party_integration": Entry(
            State.RENEWED_GIVEN,
            "01JAGARECORD00000000000001",
            START,
            "privacy-policy",
            64 * "5",
            64 * "7",
            "id",
            START + timedelta(days=730),
            64 * "6",
            START + timedelta(days=30),
            "2027-01",
            START + timedelta(days=1),
            START + timedelta(days=9),
        )
    },
    restricted_by="01JREQUEST",
    objected_by="01JOBJECTION",
    reminded={"third_party_integration": "01JAGARECORD00000000000000"},
    revision=4,
)
ATTACHMENT = Attachment(32 * "a", "jutsoo", "01JVISITOR")


def events(item: dict[str, Any]) -> EventStore:
    return EventStore(records(item), cast("Vault", OneKey()))


def test_consent_event_1() -> None:
    item = frozen("consent_event")
    read = events(item).get(EVENT.subject_id, EVENT.purpose, EVENT.record_id)
    assert read == EVENT
    written, _ = events(item).addition(EVENT)
    clear = {name: value for name, value in written.item.items() if name != "sealed"}
    assert CONSENT_EVENT.lift(item).items() >= clear.items()


def test_consent_standing_1() -> None:
    item = frozen("consent_standing")
    store = StandingStore(records(item))
    assert store.get(STANDING.subject_id) == STANDING
    written = store.change(replace(STANDING, revision=3))
    assert isinstance(written, Put)
    assert written.item == item


def test_attached_browser_1() -> None:
    item = frozen("attached_browser")
    store = AttachmentStore(records(item), cast("Vault", OneKey()), lambda: bytes(32))
    assert store.of("01JSUBJECT") == [ATTACHMENT]
    written, _ = store.addition("01JSUBJECT", ATTACHMENT)
    assert isinstance(written, Put)
    clear = {name: value for name, value in written.item.items() if name != "sealed"}
    assert item.items() >= clear.items()
