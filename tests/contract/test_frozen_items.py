"""Sealed items with the keys above them, frozen: today's code opens what version 1 wrote."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from chalicelib.audit.digests import item_from_json
from chalicelib.cookies.models import Action, Choices, Preference
from chalicelib.cookies.store import PreferenceStore
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.tables.codec import Item, encode
from chalicelib.vault.errors import KeyDestroyed
from chalicelib.vault.keyring import Keyring
from chalicelib.vault.keys import BranchKey, DataKey, Scope
from chalicelib.vault.kms import Branch, KeyService
from chalicelib.vault.ledger import ErasureLedger
from chalicelib.vault.vault import Vault
from tests.contract.moto_tables import Tables
from tests.fakes import FixedClock, SequentialIds

FIXTURES = Path(__file__).parents[1] / "unit" / "tables" / "fixtures"
WRAPPED = b"branch key wrapped by KMS"


class FrozenKms(KeyService):
    """Unwraps the one branch key of the fixtures."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None), "arn:aws:kms:::key/frozen", "frozen")

    def unwrap(self, branch: Branch, wrapped: bytes) -> BranchKey:
        assert (branch, wrapped) == (Branch("visitors", "01JBRANCH"), WRAPPED)
        return BranchKey(bytes(range(32)))


def frozen(name: str) -> Item:
    return item_from_json(json.loads((FIXTURES / f"{name}.1.json").read_text()))


@pytest.fixture
def keyring(tables: Tables) -> Keyring:
    clock = FixedClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    ledger = ErasureLedger(tables.records, tables.audit, clock)
    return Keyring(tables.keys, ledger, FrozenKms(), clock, SequentialIds())


def put(tables: Tables, table: str, name: str) -> None:
    target = getattr(tables, table)
    target.client.put_item(TableName=target.name, Item=encode(frozen(name)))


def test_a_preference_of_version_1_opens(tables: Tables, keyring: Keyring) -> None:
    put(tables, "keys", "branch_key")
    put(tables, "keys", "data_key")
    put(tables, "preferences", "preference")
    store = PreferenceStore(tables.preferences, Vault(keyring), lambda *_: [])
    (recorded,) = store.history("jutsoo", "01JVISITOR", consistent=False).recorded
    moment = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert recorded.preference == Preference(
        record_id="01JRECORD",
        event_id="01JEVENT",
        visitor_id="01JVISITOR",
        site="jutsoo",
        action=Action.SAVE,
        choices=Choices(performance=True, functional=False),
        notice_sha256="a" * 64,
        language="id",
        gpc_script=False,
        gpc_header=True,
        origin="https://www.jutsoo.com",
        source="button",
        banner_build="1",
        occurred_at=moment - timedelta(seconds=1),
        recorded_at=moment,
    )


def test_an_erasure_of_version_1_still_forbids_the_scope(tables: Tables, keyring: Keyring) -> None:
    put(tables, "keys", "branch_key")
    put(tables, "records", "erasure")
    with pytest.raises(KeyDestroyed):
        keyring.key_to_seal(Scope.visitors("jutsoo", datetime(2026, 11, 23, tzinfo=UTC).date()))


class FrozenKeys(Keyring):
    """Holds the key of the frozen message's day."""

    def __init__(self) -> None:
        pass  # nothing is looked up

    def key_to_open(self, scope: Scope) -> DataKey:
        assert scope == Scope.messages("mail", date(2026, 11, 23))
        return DataKey(bytes(range(32)))


def test_a_message_of_version_1_is_claimed_opened_and_found_by_its_receipt(tables: Tables) -> None:
    put(tables, "records", "outbox_message")
    put(tables, "records", "mail_receipt")
    clock = FixedClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    store = OutboxStore(tables.records, Vault(FrozenKeys()), clock, lambda _: None)
    message_id = store.message_of_receipt("ses-1")
    assert message_id == "01JMESSAGE"
    message = store.claim(message_id)
    assert message is not None
    assert (message.channel, message.kind, message.about) == ("mail", "sign_in_code", "01JREQUEST")
    mail = store.open_mail(message)
    assert (mail.to, mail.language) == ("ani@example.test", "id")
    assert mail.values == {"code": "271828", "minutes": "10"}
