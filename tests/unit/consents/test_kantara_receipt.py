"""Receipts by Kantara's specification 1.1.0, held to its published JSON schema and categories."""

import json
from typing import Any

import pytest
from jsonschema import Draft4Validator

from chalicelib.consents.models import VALID, State
from chalicelib.consents.receipts.kantara import kantara_receipt
from chalicelib.inventory.consenting import consent_purposes, consent_terms
from chalicelib.notices.models import LANGUAGES, Language
from tests.fakes import START
from tests.unit.consents.samples import PURPOSE, RECEIPT, SECRETS, event_of, terms
from tests.vectors.shared import shared

POLICY = "https://www.jutsoo.com/privacy"

# The lists that Kantara's working group published with the specification. Number 11 of the purposes
# ends in an ellipsis there, for everybody to fill in.
PII_CATEGORIES = {
    "1 - Biographical",
    "2 - Contact",
    "3 - Biometric",
    "4 - Communications/Social",
    "5 - Network/Service",
    "6 - Health",
    "7 - Financial",
    "8 - Official/Government Identifiers",
    "9 - Social Services/Welfare",
    "10 - Judicial",
    "11 - Property/Asset",
    "12 - Human Resources",
    "13 - Psychological/Attitudinal",
    "14 - Membership",
    "15 - Behavioural",
    "16 - Profile",
}
PURPOSE_CATEGORIES = {
    "1 - Core Function",
    "2 - Contracted Service",
    "3 - Delivery",
    "4 - Contact Requested",
    "5 - Personalize Experience",
    "6 - Marketing",
    "7 - Marketing Third Parties",
    "8 - Sharing for Delivery",
    "9 - Sharing for Marketing",
    "10 - 3rd Party Sharing for Core Function",
    "12 - Legally Required Data Retention",
    "13 - Required by Law Enforcement or Government",
    "14 - Protecting Your Health",
    "15 - Protecting Our Interests",
    "16 - Improve Performance",
}

every_state = pytest.mark.parametrize("state", State)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def kantara_schema() -> dict[str, Any]:
    """The published schema, without its lines of // comment, which JSON does not know."""
    text = (shared("kantara") / "consent-receipt-v1_1-schema.json").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("//")]
    schema: dict[str, Any] = json.loads("\n".join(lines))
    Draft4Validator.check_schema(schema)
    return schema


@pytest.fixture(scope="module")
def validator() -> Draft4Validator:
    return Draft4Validator(kantara_schema())


def receipt_of(state: State, language: Language = "id", **changed: Any) -> dict[str, Any]:
    return kantara_receipt(
        event_of(state, **changed), terms(), language, RECEIPT, policy_url=POLICY
    )


def purpose_of(receipt: dict[str, Any]) -> dict[str, Any]:
    (service,) = receipt["services"]
    (purpose,) = service["purposes"]
    return dict(purpose)


def test_the_published_example_fits_the_schema(validator: Draft4Validator) -> None:
    example = json.loads((shared("kantara") / "consent-receipt-v1_1-example.json").read_text())
    validator.validate(example)
    purposes = [purpose for service in example["services"] for purpose in service["purposes"]]
    assert {each for purpose in purposes for each in purpose["piiCategory"]} <= PII_CATEGORIES
    assert {each for purpose in purposes for each in purpose["purposeCategory"]} <= (
        PURPOSE_CATEGORIES
    )


@every_state
@every_language
def test_a_receipt_fits_the_schema(
    validator: Draft4Validator, state: State, language: Language
) -> None:
    receipt = receipt_of(state, language)
    validator.validate(receipt)
    for field in kantara_schema()["required"]:
        left = {name: value for name, value in receipt.items() if name != field}
        assert not validator.is_valid(left)


@every_state
@every_language
def test_header_and_parties(state: State, language: Language) -> None:
    receipt = receipt_of(state, language)
    assert receipt["version"] == "KI-CR-v1.1.0"
    assert receipt["jurisdiction"] == "ID"
    assert receipt["consentReceiptID"] == RECEIPT
    assert receipt["language"] == language
    assert receipt["piiPrincipalId"] == event_of(state).subject_id
    assert receipt["policyUrl"] == POLICY
    assert receipt["piiControllers"] == [
        {
            "piiController": "Jutsoo",
            "contact": "Data Protection Officer",
            "address": {"addressCountry": "ID"},
            "email": "privacy@jutsoo.com",
            "phone": "not published; write to privacy@jutsoo.com",
            "piiControllerUrl": "https://www.jutsoo.com",
        }
    ]


def test_the_time_is_the_decision_s_in_whole_seconds() -> None:
    assert receipt_of(State.GIVEN)["consentTimestamp"] == int(START.timestamp())


@every_state
@every_language
def test_what_was_consented_to(state: State, language: Language) -> None:
    asked, receipt = terms(), receipt_of(state, language)
    assert receipt["services"][0]["service"] == asked["label"][language]
    assert purpose_of(receipt) == {
        "purpose": asked["description"][language],
        "purposeCategory": ["2 - Contracted Service", "10 - 3rd Party Sharing for Core Function"],
        "consentType": "EXPLICIT" if state in VALID else "N/A",
        "piiCategory": ["1 - Biographical", "12 - Human Resources", "2 - Contact", "7 - Financial"],
        "primaryPurpose": False,
        "termination": asked["retention"][language],
        "thirdPartyDisclosure": True,
        "thirdPartyName": asked["recipients"][language],
    }
    assert (receipt["sensitive"], receipt["spiCat"]) == (True, ["7 - Financial"])


def test_the_state_stands_first() -> None:
    """Kantara knows consent that was given alone: nobody may take a refusal for one."""
    for language in LANGUAGES:
        said = {receipt_of(state, language)["collectionMethod"].split(":")[0] for state in State}
        assert len(said) == len(State)
    assert receipt_of(State.REFUSED, "en")["collectionMethod"] == (
        "Consent refused: box ticked, on the platform"
    )
    assert receipt_of(State.GIVEN, "id", relationship="parent")["collectionMethod"] == (
        "Persetujuan diberikan: kotak dicentang, di platform, oleh orang tua"
    )


def test_without_specific_data_nothing_is_sensitive(validator: Draft4Validator) -> None:
    plain = {**terms(), "data": [item for item in terms()["data"] if not item["specific"]]}
    receipt = kantara_receipt(event_of(State.GIVEN), plain, "en", RECEIPT, policy_url=POLICY)
    validator.validate(receipt)
    assert (receipt["sensitive"], receipt["spiCat"]) == (False, [])


def test_without_recipients_nothing_is_disclosed(validator: Draft4Validator) -> None:
    kept = {**terms(), "recipients": {"en": "", "id": ""}}
    receipt = kantara_receipt(event_of(State.GIVEN), kept, "en", RECEIPT, policy_url=POLICY)
    validator.validate(receipt)
    assert purpose_of(receipt)["thirdPartyDisclosure"] is False


@pytest.mark.parametrize("purpose", consent_purposes())
def test_all_that_is_asked_today_has_a_published_category(purpose: str) -> None:
    receipt = kantara_receipt(
        event_of(State.GIVEN), consent_terms(purpose), "en", RECEIPT, policy_url=POLICY
    )
    assert set(purpose_of(receipt)["purposeCategory"]) <= PURPOSE_CATEGORIES
    assert set(purpose_of(receipt)["piiCategory"]) <= PII_CATEGORIES
    assert set(receipt["spiCat"]) <= PII_CATEGORIES


def test_what_was_asked_long_ago_is_called_by_its_label() -> None:
    old = terms()
    old["purpose"], old["data"][0]["id"] = "horoscopes", "star"
    receipt = kantara_receipt(event_of(State.GIVEN), old, "en", RECEIPT, policy_url=POLICY)
    assert purpose_of(receipt)["purposeCategory"] == ["Third-party integrations"]
    assert purpose_of(receipt)["piiCategory"][0] == "Names of authorised personnel"


def test_the_key_is_named_when_there_is_one(validator: Draft4Validator) -> None:
    thumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    signed = kantara_receipt(
        event_of(State.GIVEN),
        terms(),
        "id",
        RECEIPT,
        policy_url=POLICY,
        key_thumbprint=thumbprint,
    )
    validator.validate(signed)
    assert signed == {**receipt_of(State.GIVEN), "publicKey": thumbprint}
    assert "publicKey" not in receipt_of(State.GIVEN)


@every_state
@every_language
def test_no_personal_data_but_the_opaque_id(state: State, language: Language) -> None:
    receipt = receipt_of(state, language, relationship="guardian")
    text = json.dumps(receipt, ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret in text]
    assert text.count(event_of(state).subject_id) == 1
    assert receipt == receipt_of(state, language, relationship="guardian")
    assert PURPOSE not in text  # our own ids mean nothing to the reader of this form
