"""Receipts in DPV's profile of ISO/IEC TS 27560, read as RDF by processors that others wrote.

Fields are asked for by the names that ISO gives them, on the paths of the guide's tables.
"""

import json
from datetime import timedelta

import pytest
from rdflib import DCTERMS, RDF, SKOS, XSD, Graph, Literal, URIRef
from rdflib.compare import isomorphic

from chalicelib.consents.models import VALID, Channel, Evidence, Method, State
from chalicelib.consents.receipts import vocabulary
from chalicelib.consents.receipts.dpv import consent_receipt
from chalicelib.consents.receipts.wording import how_it_came, what_happened
from chalicelib.inventory.consenting import consent_purposes, consent_terms
from chalicelib.notices.models import LANGUAGES, Language
from tests.unit.consents.linked import (
    DPV,
    LOC,
    PD,
    SCHEMA,
    SCHEMAS,
    Reader,
    expanded,
    graph,
    graph_by_rdflib,
    published_terms,
    terms_of,
)
from tests.unit.consents.samples import (
    DECIDED,
    HEARD,
    PURPOSE,
    RECEIPT,
    SECRETS,
    SHOWN,
    event_of,
    terms,
)
from tests.vectors.shared import shared

# The controller's own IRI is an id in the receipt, so it needs no path.
CONTROLLER = URIRef("https://www.jutsoo.com")
DESK = URIRef("mailto:privacy@jutsoo.com")

STATUS = {
    State.UNKNOWN: DPV.ConsentUnknown,
    State.REQUESTED: DPV.ConsentRequested,
    State.REFUSED: DPV.ConsentRefused,
    State.GIVEN: DPV.ConsentGiven,
    State.RENEWED_GIVEN: DPV.RenewedConsentGiven,
    State.WITHDRAWN: DPV.ConsentWithdrawn,
    State.EXPIRED: DPV.ConsentExpired,
    State.TERMINATED: DPV.ConsentRevoked,
    State.INVALIDATED: DPV.ConsentInvalidated,
}

IN_THE_VOCABULARY = {
    # dpv, consent status: the states that the guide's examples do not show.
    "dpv:RenewedConsentGiven",  # "Renewed Consent Given": given anew while or after it was valid
    "dpv:ConsentUnknown",  # "Consent Unknown": nothing is known
    "dpv:ConsentExpired",  # "Consent Expired": its time has passed
    "dpv:ConsentRevoked",  # "Consent Revoked": ended by an entity other than the data subject
    "dpv:ConsentInvalidated",  # "Consent Invalidated": deemed to be invalid
    # dpv, purposes
    "dpv:RequestedServiceProvision",  # "Requested Service Provision": as the user asked
    # dpv, entities
    "dpv:GuardianOfDataSubject",  # "Guardian(s) of Data Subject", beside ParentOfDataSubject
    "dpv:ThirdParty",  # "Third Party": ISO's recipient_third_parties
    # dpv, processing context: ISO's collection_method (the guide's 8.3.4.1, in broken JSON)
    "dpv:hasDataSource",  # "has data source"
    "dpv:ThirdPartyDataSource",  # "Third Party as Data Source"
    # pd, extended
    "pd:BankAccount",  # "Bank Account"
    "pd:Contact",  # "Contact"
    "pd:EmailAddressWork",  # "Email Address Work": email used in professional capacity
    "pd:Financial",  # "Financial"
    "pd:Job",  # "Job"
    "pd:TelephoneNumber",  # "Telephone Number"
    "pd:Transaction",  # "Transaction": financial transactions
    "pd:Transactional",  # "Transactional": purchasing, spending or income
    # loc
    "loc:ID",  # "Indonesia"
}

every_state = pytest.mark.parametrize("state", State)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def receipt_of(state: State, language: Language = "id", **changed: object) -> Graph:
    return graph(consent_receipt(event_of(state, **changed), terms(), language, RECEIPT))


def reader(statements: Graph) -> Reader:
    (receipt,) = statements.subjects(RDF.type, DPV.ConsentReceipt)
    return Reader(statements, receipt)


def record_of(state: State, language: Language = "id", **changed: object) -> Reader:
    return reader(receipt_of(state, language, **changed)).at(DPV.hasRecordOfActivity)


@every_state
@every_language
def test_receipt_fields(state: State, language: Language) -> None:
    receipt = reader(receipt_of(state, language))
    schema_version = receipt.one(DCTERMS.conformsTo)
    assert schema_version == SCHEMAS.receipt
    for receipt_id in (receipt.one(DCTERMS.identifier), receipt.one(DPV.hasIdentifier)):
        assert receipt_id == Literal(RECEIPT)
    assert receipt.one(DCTERMS.language) == Literal(language)
    assert receipt.one(DCTERMS.publisher) == CONTROLLER
    assert receipt.one(DCTERMS.created) == Literal(HEARD)


@every_state
@every_language
def test_header_fields(state: State, language: Language) -> None:
    event, record = event_of(state), record_of(state, language)
    assert record.one(RDF.type) == DPV.ConsentRecord
    schema_version = record.one(DCTERMS.conformsTo)
    assert schema_version == SCHEMAS.record
    for record_id in (record.one(DCTERMS.identifier), record.one(DPV.hasIdentifier)):
        assert record_id == Literal(event.record_id)
    pii_principal_id = record.one(DPV.hasDataSubject, DCTERMS.identifier)
    assert pii_principal_id == Literal(event.subject_id)
    assert record.one(DPV.hasDataSubject, RDF.type) == DPV.DataSubject


@every_state
@every_language
def test_notice_fields(state: State, language: Language) -> None:
    """The text that was shown, whatever language its receipt is in."""
    record = record_of(state, language)
    privacy_notice = record.at(DPV.hasNotice)
    assert privacy_notice.one(RDF.type) == DPV.ConsentNotice
    assert privacy_notice.one(DCTERMS.identifier) == Literal("privacy")
    assert privacy_notice.one(SCHEMA.version) == Literal("3")
    assert privacy_notice.one(SCHEMA.sha256) == Literal(SHOWN.sha256)
    assert privacy_notice.one(DCTERMS.language) == Literal("id")
    assert record.one(DCTERMS.source, SCHEMA.sha256) == Literal(SHOWN.terms_sha256)


@every_state
@every_language
def test_processing_fields(state: State, language: Language) -> None:
    asked, process = terms(), record_of(state, language).at(DPV.hasProcess)

    def text(name: str) -> Literal:
        return Literal(asked[name][language], lang=language)

    purpose = process.at(DPV.hasPurpose)
    assert purpose.one(RDF.type) == DPV.Purpose
    assert purpose.one(SKOS.broader) == DPV.RequestedServiceProvision
    assert purpose.one(DCTERMS.identifier) == Literal(PURPOSE)
    assert purpose.one(DCTERMS.title) == text("label")
    assert purpose.one(DCTERMS.description) == text("description")
    lawful_basis = process.one(DPV.hasLegalBasis)
    assert lawful_basis == DPV.ExplicitlyExpressedConsent
    pii_controllers = process.one(DPV.hasDataController)
    assert pii_controllers == CONTROLLER
    recipient_third_parties = process.at(DPV.hasRecipient)
    assert set(recipient_third_parties.all(RDF.type)) == {DPV.Recipient, DPV.ThirdParty}
    assert recipient_third_parties.one(DCTERMS.description) == text("recipients")
    jurisdiction = process.one(DPV.hasJurisdiction)
    assert jurisdiction == LOC.ID
    withdrawal_method = process.at(DPV.hasConsentControl)
    assert withdrawal_method.one(RDF.type) == DPV.WithdrawConsent
    assert withdrawal_method.one(DCTERMS.description) == text("withdrawal")
    assert withdrawal_method.one(DPV.isExercisedAt) == DESK
    collection_method = process.at(DPV.hasDataSource)
    assert collection_method.one(RDF.type) == DPV.ThirdPartyDataSource
    (method,) = asked["methods"]
    assert collection_method.one(DCTERMS.identifier) == Literal(method["id"])
    assert collection_method.one(DCTERMS.title) == Literal(method["label"][language], lang=language)
    privacy_rights = process.each(DPV.hasRight)
    assert {(str(r.one(DCTERMS.identifier)), r.one(DCTERMS.title)) for r in privacy_rights} == {
        (right["id"], Literal(right["label"][language], lang=language)) for right in asked["rights"]
    }
    assert {right.one(DPV.isExercisedAt) for right in privacy_rights} == {DESK}


@every_state
@every_language
def test_storage_locations_and_retention_period(state: State, language: Language) -> None:
    conditions = {
        condition.one(RDF.type): condition
        for condition in record_of(state, language).each(DPV.hasProcess, DPV.hasStorageCondition)
    }
    assert conditions.keys() == {DPV.StorageLocation, DPV.StorageDuration, DPV.StorageDeletion}
    assert conditions[DPV.StorageLocation].one(DPV.hasLocation) == LOC.ID
    kept = conditions[DPV.StorageDuration].at(DPV.hasDuration)
    assert kept.one(RDF.type) == DPV.UntilEventDuration
    assert kept.one(RDF.value) == Literal(terms()["retention"][language], lang=language)
    deleted = conditions[DPV.StorageDeletion].at(DPV.hasDuration)
    assert deleted.one(RDF.type) == DPV.TemporalDuration
    assert deleted.one(RDF.value) == Literal("P3D", datatype=XSD.duration)


@every_state
@every_language
def test_pii_fields(state: State, language: Language) -> None:
    """pii_type is a category of pd:, and a specific item (UU PDP 4(2)) is marked as sensitive."""
    pii_information = {
        str(item.one(DCTERMS.identifier)): item
        for item in record_of(state, language).each(DPV.hasProcess, DPV.hasPersonalData)
    }
    assert pii_information.keys() == {item["id"] for item in terms()["data"]}
    for item in terms()["data"]:
        shown = pii_information[item["id"]]
        assert str(shown.one(SKOS.broader)).startswith(str(PD))
        assert shown.one(DCTERMS.title) == Literal(item["label"][language], lang=language)
        sensitive = shown.one(RDF.type) == DPV.SensitivePersonalData
        assert sensitive is item["specific"]


@every_state
@every_language
def test_party_fields(state: State, language: Language) -> None:
    party = record_of(state, language).at(DPV.hasEntity)
    assert party.node == CONTROLLER
    for party_id in (party.one(DPV.hasIdentifier), party.one(DCTERMS.identifier)):
        assert party_id == Literal(str(CONTROLLER))
    assert party.one(DPV.hasName) == Literal("Jutsoo")
    address = party.at(SCHEMA.address)
    assert address.one(RDF.type) == SCHEMA.PostalAddress
    assert address.one(SCHEMA.addressCountry) == Literal("ID")
    contact = party.at(SCHEMA.contactPoint)
    assert contact.one(SCHEMA.contactType) == Literal("Data Protection Officer")
    assert contact.one(SCHEMA.email) == Literal("privacy@jutsoo.com")
    party_type, role = DPV.Organisation, DPV.DataController
    assert set(party.all(RDF.type)) == {party_type, role}
    assert party.one(SCHEMA.url) == CONTROLLER


@every_state
@every_language
def test_event_fields(state: State, language: Language) -> None:
    record = record_of(state, language)
    event = record.at(DCTERMS.hasPart)
    event_time = event.one(DPV.isIndicatedAtTime)
    assert event_time == Literal(DECIDED)
    for event_state in (record.one(DPV.hasConsentStatus), event.one(RDF.type)):
        assert event_state == STATUS[state]
    event_type = event.one(DPV.hasLegalBasis)
    assert event_type == DPV.ExplicitlyExpressedConsent
    assert event.text(DCTERMS.title).language == language
    assert event.text(DPV.hasIndicationMethod).language == language
    validity_duration = {each.one(RDF.type): each for each in event.each(DPV.hasDuration)}
    if state in VALID:
        assert validity_duration.keys() == {DPV.TemporalDuration, DPV.UntilTimeDuration}
        lasting = validity_duration[DPV.TemporalDuration].one(RDF.value)
        assert lasting == Literal("P730D", datatype=XSD.duration)
        until = validity_duration[DPV.UntilTimeDuration].one(RDF.value)
        assert until == Literal(DECIDED + timedelta(days=730))
    else:
        assert validity_duration.keys() == {DPV.UntilEventDuration}
        assert event.at(DPV.hasDuration).text(RDF.value).language == language


@every_state
def test_entity_id_is_who_brought_it_about(state: State) -> None:
    record = record_of(state)
    person = record.one(DPV.hasDataSubject)
    by_the_person = {State.GIVEN, State.RENEWED_GIVEN, State.REFUSED, State.WITHDRAWN}
    entity_id = record.one(DCTERMS.hasPart, DPV.isIndicatedBy)
    assert entity_id == (person if state in by_the_person else CONTROLLER)


@every_state
@every_language
@pytest.mark.parametrize(
    ("relationship", "term", "words"),
    [
        ("parent", DPV.ParentOfDataSubject, {"en": "by a parent", "id": "oleh orang tua"}),
        ("guardian", DPV.GuardianOfDataSubject, {"en": "by a guardian", "id": "oleh wali"}),
    ],
)
def test_a_guardian_is_a_relationship_and_nobody(
    state: State, language: Language, relationship: str, term: URIRef, words: dict[Language, str]
) -> None:
    statements = receipt_of(state, language, relationship=relationship)
    event = reader(statements).at(DPV.hasRecordOfActivity, DCTERMS.hasPart)
    guardian = event.one(DPV.isIndicatedBy)
    assert list(statements.predicate_objects(guardian)) == [(RDF.type, term)]
    assert str(event.one(DPV.hasIndicationMethod)).endswith(words[language])


@every_state
@every_language
def test_no_personal_data_but_the_opaque_id(state: State, language: Language) -> None:
    event = event_of(state, relationship="parent")
    text = json.dumps(consent_receipt(event, terms(), language, RECEIPT), ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret in text]
    assert text.count(event.subject_id) == 2  # dct:identifier and dpv:hasIdentifier


def test_states_methods_and_channels_have_words_of_their_own_in_each_language() -> None:
    ways = [Evidence(method, channel) for method in Method for channel in Channel]
    words = {
        language: {part for way in ways for part in how_it_came(way, language).split(", ")}
        | {what_happened(state, language) for state in State}
        for language in LANGUAGES
    }
    for said in words.values():
        assert len(said) == len(Method) + len(Channel) + len(State)
    assert not words["en"] & words["id"]


def test_the_record_before_is_replaced() -> None:
    record = record_of(State.RENEWED_GIVEN, previous="01JAGA000000000000000000FIRST")
    assert record.one(DCTERMS.replaces, DCTERMS.identifier) == Literal(
        "01JAGA000000000000000000FIRST"
    )
    assert record_of(State.GIVEN).all(DCTERMS.replaces) == []


@every_state
@every_language
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_two_processors_read_the_same(state: State, language: Language) -> None:
    document = consent_receipt(event_of(state, relationship="guardian"), terms(), language, RECEIPT)
    assert isomorphic(graph(document), graph_by_rdflib(document))


def test_expansion_loses_nothing() -> None:
    """What a context does not know, a processor drops without a word."""
    document = consent_receipt(event_of(State.GIVEN, previous="1"), terms(), "id", RECEIPT)
    assert leaves(expanded(document)) == leaves(document)


def leaves(value: object) -> int:
    """How many values stand in JSON-LD, beside its own keywords."""
    if isinstance(value, dict):
        left_out = {"@context", "@language", "@type"}
        return sum(leaves(each) for name, each in value.items() if name not in left_out)
    return sum(map(leaves, value)) if isinstance(value, list) else 1


@pytest.mark.parametrize("relationship", ["parent", "guardian"])
def test_every_term_is_a_published_one(relationship: str) -> None:
    published = published_terms(shared("dpv27560")) | IN_THE_VOCABULARY
    used: set[str] = set()
    for state in State:
        used |= terms_of(receipt_of(state)) | terms_of(receipt_of(state, relationship=relationship))
    assert {"dpv:ConsentReceipt", "pd:Name", "loc:ID", "schema/dpv-27560:receipt"} <= used
    assert used <= published, used - published


def test_the_explicit_list_holds_no_more_than_is_used() -> None:
    used = set[str]().union(
        *(terms_of(receipt_of(state, relationship="guardian")) for state in State)
    )
    assert used >= IN_THE_VOCABULARY
    assert not published_terms(shared("dpv27560")) & IN_THE_VOCABULARY


@pytest.mark.parametrize("purpose", consent_purposes())
def test_all_that_is_asked_today_has_a_term_of_its_own(purpose: str) -> None:
    asked = consent_terms(purpose)
    assert asked["purpose"] in vocabulary.PURPOSE
    assert {item["id"] for item in asked["data"]} <= vocabulary.PERSONAL_DATA.keys()
    assert {method["id"] for method in asked["methods"]} <= vocabulary.SOURCE.keys()


def test_what_was_asked_long_ago_falls_back_on_its_class() -> None:
    old = terms()
    old["purpose"], old["data"][0]["id"], old["methods"][0]["id"] = "horoscopes", "star", "oracle"
    statements = graph(consent_receipt(event_of(State.GIVEN), old, "en", RECEIPT))
    process = reader(statements).at(DPV.hasRecordOfActivity, DPV.hasProcess)
    assert process.one(DPV.hasPurpose, SKOS.broader) == DPV.Purpose
    assert DPV.PersonalData in process.all(DPV.hasPersonalData, SKOS.broader)
    assert process.one(DPV.hasDataSource, RDF.type) == DPV.DataSource


def test_equal_inputs_give_equal_receipts() -> None:
    one, other = (
        json.dumps(consent_receipt(event_of(State.GIVEN), terms(), "en", RECEIPT)) for _ in "12"
    )
    assert one == other
