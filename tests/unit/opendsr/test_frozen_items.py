"""The items of OpenDSR as version 1 wrote them: today's code reads them."""

import json
from typing import Any, cast

import pytest

from chalicelib.opendsr.callback_store import CALLBACK, Callback, CallbackStore
from chalicelib.opendsr.certificate_store import CERTIFICATE, CertificateStore
from chalicelib.opendsr.rules import SubmissionConflict
from chalicelib.opendsr.submission_store import SUBMISSION, SubmissionStore
from chalicelib.opendsr.wire import SubmissionIn
from chalicelib.vault.vault import Vault
from tests.contract.partners import CALLBACK_URL, ID, submission
from tests.fakes import START
from tests.unit.identity.test_frozen_items import OneKey, fixture, records


def submitted(**changes: Any) -> SubmissionIn:
    return SubmissionIn.model_validate_json(json.dumps(submission(**changes)))


def test_opendsr_submission_1() -> None:
    item = fixture("opendsr_submission")
    store = SubmissionStore(records(item), lambda: bytes(32))
    assert SUBMISSION.lift(item) == store.add_action("partner", submitted(), "01JREQUEST").item
    assert store.find("partner", ID) == store.repeated("partner", submitted()) == "01JREQUEST"
    with pytest.raises(SubmissionConflict):
        store.repeated("partner", submitted(subject_request_type="access"))


def test_opendsr_callback_1() -> None:
    item = fixture("opendsr_callback")
    assert CALLBACK.lift(item) == item
    store = CallbackStore(records(item), cast("Vault", OneKey()))
    read = store.get("01JREQUEST", "01JREQUEST")
    assert read == Callback("01JREQUEST", "01JREQUEST", "partner", ID, "pending", 1, 1, item=item)
    assert store.urls(read) == [CALLBACK_URL]


def test_opendsr_certificate_1() -> None:
    item = fixture("opendsr_certificate")
    store = CertificateStore(records(item))
    assert CERTIFICATE.lift(item) == store.put_action("-----BEGIN CERTIFICATE-----\n", START).item
    assert store.get() == "-----BEGIN CERTIFICATE-----\n"
