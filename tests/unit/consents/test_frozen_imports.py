"""The items of imports as version 1 wrote them: today's code reads them."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

from chalicelib.consents.imports.models import Fault, Import, Refusal, Row
from chalicelib.consents.imports.part_store import IMPORT_PART, PartStore
from chalicelib.consents.imports.store import ImportStore
from chalicelib.tables.transactions import Put
from chalicelib.vault.vault import Vault
from tests.fakes import START, FixedClock
from tests.unit.identity.test_frozen_items import OneKey, fixture, records

IMPORT = Import(
    import_id="01JIMPORT",
    client_id="platform-client",
    valid=3,
    invalid=2,
    accepted_at=START,
    outcomes={"created": 1, "unchanged": 1, "superseded": 1},
    ended_at=START + timedelta(minutes=1),
    revision=5,
)
FAULTS = [Fault(2, "email", "malformed"), Fault(4, "row", "duplicate")]
REFUSAL = Refusal(5, "superseded")


def test_consent_import_1() -> None:
    item = fixture("consent_import")
    store = ImportStore(records(item), FixedClock())
    assert store.get("01JIMPORT") == IMPORT
    assert cast("Put", store.addition(IMPORT, [])[0]).item == item


def test_consent_import_faults_1() -> None:
    item = fixture("consent_import_faults")
    store = ImportStore(records(item), FixedClock())
    assert store.faults("01JIMPORT") == FAULTS
    assert cast("Put", store.addition(IMPORT, FAULTS)[1]).item == item


def test_consent_import_refusal_1() -> None:
    item = fixture("consent_import_refusal")
    store = ImportStore(records(item), FixedClock())
    assert store.refusals("01JIMPORT") == [REFUSAL]
    assert cast("Put", store.refusal(IMPORT, REFUSAL)).item == item


def test_consent_import_part_1() -> None:
    item = fixture("consent_import_part")
    assert IMPORT_PART.lift(item) == item
    parts = PartStore(records(item), cast("Vault", OneKey()))
    begun = replace(IMPORT, outcomes={"created": 1})
    assert list(parts.rows(begun)) == [Row(3, '{"user_id":"u-2"}'), Row(5, '{"user_id":"u-3"}')]
