"""Consents through the API: given, refused, withdrawn, asked about."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.audit.canonical import digest
from chalicelib.audit.entry import Entity
from chalicelib.clock import rfc3339
from chalicelib.consents.models import Channel, Decision, Evidence, Method
from chalicelib.services import Services
from chalicelib.tables.codec import encode
from chalicelib.vault.errors import SealBroken
from tests.contract.consenting import PURPOSE, Office
from tests.contract.killing import meanwhile
from tests.contract.people import EMAIL, records
from tests.contract.stopping import Stops, put_client
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.tokens import platform_token


@pytest.fixture
def office(services: Services, gateway: Gateway) -> Office:
    return Office(services, gateway)


def test_a_person_gives_and_withdraws_and_the_gate_changes_its_answer_at_once(
    office: Office,
) -> None:
    siti = office.person()
    subject = siti.subject_id
    assert (siti.consent()["state"], siti.consent()["allowed"]) == ("unknown", False)
    assert office.check(subject)["why"] == "no_consent"
    given = siti.decide("given", language="id", notice_sha256=office.shown("id")["notice_sha256"])
    assert given.status == 201, given.body
    record = given.json()["record"]
    assert (record["state"], record["before"], record["language"]) == ("given", "unknown", "id")
    allowed = office.check(subject)
    assert (allowed["allowed"], allowed["basis"], allowed["why"]) == (True, "consent", "consent")
    assert allowed["record_id"] == record["record_id"]
    assert siti.decide("withdrawn").json()["record"]["state"] == "withdrawn"
    refused = office.check(subject)
    assert (refused["allowed"], refused["state"], refused["why"]) == (
        False,
        "withdrawn",
        "no_consent",
    )
    assert [each["state"] for each in siti.history()] == ["withdrawn", "given"]


def test_to_say_the_same_again_changes_nothing(office: Office, services: Services) -> None:
    siti = office.person()
    first = siti.decide("given")
    before = len(records(services))
    again = siti.decide("given")
    assert (again.status, again.json()["record"]) == (200, first.json()["record"])
    assert len(records(services)) == before


def test_a_yes_in_another_language_is_a_renewal(office: Office) -> None:
    siti = office.person()
    siti.decide("given")
    renewed = siti.decide("given", **office.shown("id"))
    assert renewed.json()["record"]["state"] == "renewed_given"
    assert renewed.json()["record"]["previous_record_id"]


@pytest.mark.parametrize(
    ("states", "code"),
    [
        (["withdrawn"], "nothing_to_withdraw"),
        (["refused", "withdrawn"], "nothing_to_withdraw"),
        (["given", "refused"], "withdraw_instead"),
    ],
)
def test_what_cannot_be_said_is_refused(office: Office, states: list[str], code: str) -> None:
    siti = office.person()
    answers = [siti.decide(state) for state in states]
    assert (answers[-1].status, answers[-1].code) == (409, code)
    assert len(siti.history()) == len(states) - 1


def test_silence_is_neither_a_yes_nor_a_no(office: Office) -> None:
    siti = office.person()
    assert office.check(siti.subject_id)["state"] == "unknown"
    siti.decide("refused")
    assert office.check(siti.subject_id)["state"] == "refused"


def test_a_late_repeat_of_a_yes_does_not_undo_a_withdrawal(office: Office) -> None:
    siti = office.person()
    first = siti.decide("given", key="one")
    siti.decide("withdrawn")
    late = siti.decide("given", key="one")
    assert (late.status, late.json()["record"]) == (200, first.json()["record"])
    assert siti.consent()["state"] == "withdrawn"


def test_a_late_repeat_of_what_was_said_before_undoes_no_withdrawal(office: Office) -> None:
    siti = office.person()
    first = siti.decide("given", key="one")
    assert siti.decide("given", key="two").json()["record"] == first.json()["record"]
    siti.decide("withdrawn")
    late = siti.decide("given", key="two")
    assert (late.status, late.json()["record"]) == (200, first.json()["record"])
    assert siti.consent()["state"] == "withdrawn"


def test_a_yes_to_the_same_text_renews_once_the_end_is_near(
    office: Office, clock: FixedClock
) -> None:
    first = office.person().decide("given").json()["record"]
    clock.advance(timedelta(days=699))
    assert office.person().decide("given").status == 200
    clock.advance(timedelta(days=1))
    renewed = office.person().decide("given")
    assert (renewed.status, renewed.json()["record"]["state"]) == (201, "renewed_given")
    assert renewed.json()["record"]["expires_at"] > first["expires_at"]


def test_nobody_is_allowed_about_somebody_unknown(office: Office) -> None:
    for purpose in (PURPOSE, "service_delivery", "regulatory_compliance"):
        answer = office.check(26 * "Z", purpose)
        assert (answer["allowed"], answer["why"]) == (False, "unknown_subject")


def test_a_no_is_never_refused_for_a_clock(office: Office, services: Services) -> None:
    siti = office.person()
    siti.decide("given")
    standing = services.consents.standing(siti.subject_id)
    entry = standing.entries[PURPOSE]
    ahead = replace(entry, at=services.clock.now() + timedelta(milliseconds=5))
    moved = replace(standing, entries={PURPOSE: ahead})
    services.run_command(lambda: [services._standings.change(moved)])
    assert siti.decide("withdrawn").status == 201


def test_a_history_that_was_collected_is_recorded_in_its_order(
    office: Office, clock: FixedClock
) -> None:
    moments = [clock.now() - timedelta(days=days) for days in (90, 60, 30)]
    for state, moment in zip(("given", "withdrawn", "given"), moments, strict=True):
        answer = office.collect(state=state, occurred_at=rfc3339(moment))
        assert answer.status == 201, answer.body
    assert office.check(answer.json()["subject_id"])["allowed"]


def test_consent_ends_to_the_second_without_anybody_s_help(
    office: Office, clock: FixedClock
) -> None:
    siti = office.person()
    siti.decide("given")
    subject = siti.subject_id
    clock.advance(timedelta(days=730) - timedelta(milliseconds=1))
    assert office.check(subject)["allowed"]
    clock.advance(timedelta(milliseconds=1))
    over = office.check(subject)
    assert (over["allowed"], over["state"], over["why"]) == (False, "expired", "expired")


def test_an_answer_says_until_when_it_may_be_kept(office: Office, clock: FixedClock) -> None:
    siti = office.person()
    record = siti.decide("given").json()["record"]
    subject = siti.subject_id
    clock.advance(timedelta(days=730) - timedelta(seconds=30))
    assert office.check(subject)["valid_until"] == record["expires_at"]


@pytest.mark.parametrize(
    ("purpose", "allowed", "basis"),
    [("service_delivery", True, "contract"), ("security", True, "legal_obligation")],
)
def test_what_does_not_rest_on_consent_is_answered_by_its_basis(
    office: Office, purpose: str, allowed: bool, basis: str
) -> None:
    answer = office.check(office.person().subject_id, purpose)
    assert (answer["allowed"], answer["basis"], answer["why"]) == (allowed, basis, "basis")


def test_the_platform_records_what_it_collected_and_learns_whom_to_ask_about(
    office: Office,
) -> None:
    answer = office.collect(guardian=GUARDIAN)
    assert answer.status == 201, answer.body
    subject = answer.json()["subject_id"]
    assert office.check(subject)["allowed"]
    record = answer.json()["record"]
    assert (record["method"], record["channel"]) == ("checkbox", "platform")
    assert record["guardian"] == GUARDIAN
    assert office.person().subject_id == subject
    again = office.collect(guardian=GUARDIAN)
    assert (again.status, again.json()["record"]) == (200, record)


GUARDIAN = {"relationship": "parent", "name": "Canary Guardian", "verified_by": "identity card"}


def test_nothing_of_the_person_or_the_evidence_stands_in_clear(
    office: Office, services: Services
) -> None:
    office.collect(guardian=GUARDIAN, evidence="canary evidence")
    stored = repr(records(services))
    for canary in (EMAIL, "user-1", "Canary Guardian", "identity card", "canary evidence"):
        assert canary not in stored


def test_what_was_decided_later_stands(office: Office, clock: FixedClock) -> None:
    siti = office.person()
    siti.decide("refused")
    late = office.collect()
    assert (late.status, late.code) == (409, "superseded")
    assert siti.consent()["state"] == "refused"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"notice_sha256": "0" * 64}, "notice_sha256", "unknown_notice"),
        ({"purpose": "service_delivery"}, "notice_sha256", "does_not_ask_for_this"),
        ({"occurred_at": "2126-01-01T00:00:00Z"}, "occurred_at", "in_the_future"),
        ({"occurred_at": "2020-01-01T00:00:00Z"}, "occurred_at", "before_the_notice"),
        ({"user_id": None, "email": None}, "body", "invalid_value"),
        ({"state": "expired"}, "state", "not_allowed"),
    ],
)
def test_a_bad_record_stores_nothing(
    office: Office, services: Services, changes: dict[str, str], field: str, code: str
) -> None:
    office.shown()
    before = len(records(services))
    answer = office.collect(**changes)
    assert answer.status == 422, answer.body
    assert {"field": field, "code": code} in answer.json()["errors"]
    assert len(records(services)) == before


def test_a_hundred_people_are_asked_about_in_one_read(office: Office, services: Services) -> None:
    siti = office.person()
    siti.decide("given")
    others = [f"{number:026d}" for number in range(99)]
    token = platform_token(services.clock, "consents:check")
    body = {"purpose": PURPOSE, "subjects": [siti.subject_id, *others]}
    answer = office.call("POST", "/v1/consents/check", token, body)
    checks = answer.json()["checks"]
    assert [each["subject"] for each in checks] == body["subjects"]
    assert [each["allowed"] for each in checks] == [True] + 99 * [False]
    body["subjects"] = [*others, *others[:2]]
    assert office.call("POST", "/v1/consents/check", token, body).status == 422


def test_the_receipt_is_of_the_record_in_both_forms(office: Office) -> None:
    siti = office.person()
    record_id = siti.decide("given").json()["record"]["record_id"]
    path = f"/v1/consents/{PURPOSE}/{record_id}/receipt"
    dpv = siti.call("GET", path).json()
    kantara = siti.call("GET", f"{path}?format=kantara").json()
    assert record_id in json.dumps(dpv["content"])
    assert kantara["content"]["consentReceiptID"] == record_id
    assert siti.call("GET", f"{path}?format=xml").status == 422
    budi = office.person("budi@example.test")
    assert (budi.call("GET", path).status, budi.call("GET", path).code) == (404, "unknown_record")


def test_to_withdraw_twice_is_to_withdraw_once(office: Office) -> None:
    siti = office.person()
    siti.decide("given")
    first = siti.decide("withdrawn")
    again = siti.decide("withdrawn")
    assert (again.status, again.json()["record"]) == (200, first.json()["record"])


def test_a_no_in_another_language_is_a_record_of_its_own(office: Office) -> None:
    siti = office.person()
    siti.decide("refused")
    assert siti.decide("refused", **office.shown("id")).status == 201
    assert [each["language"] for each in siti.history()] == ["id", "en"]


def test_consent_runs_from_when_it_was_said(office: Office, clock: FixedClock) -> None:
    said = clock.now() - timedelta(days=300)
    record = office.collect(occurred_at=rfc3339(said)).json()["record"]
    assert record["expires_at"] == rfc3339(said + timedelta(days=730))


def test_a_yes_after_an_end_that_nobody_noted_is_a_renewal_and_a_no_stops_processors(
    office: Office, services: Services, clock: FixedClock
) -> None:
    stops = Stops(services, office.gateway)
    stops.processor()
    siti, budi = office.person(), office.person("budi@example.test")
    siti.decide("given")
    budi.decide("given")
    clock.advance(timedelta(days=731))
    assert office.person().decide("given").json()["record"]["state"] == "renewed_given"
    refused = office.person("budi@example.test").decide("refused").json()["record"]
    assert stops.waiting() == [refused["record_id"]]


def test_an_unknown_purpose_is_refused(office: Office, services: Services) -> None:
    token = platform_token(services.clock, "consents:check")
    path = f"/v1/consents/check?subject={26 * '0'}&purpose=made_up"
    one = office.call("GET", path, token)
    body = {"purpose": "made_up", "subjects": [26 * "0"]}
    many = office.call("POST", "/v1/consents/check", token, body)
    for answer in (one, many):
        assert answer.json()["errors"] == [{"field": "purpose", "code": "unknown_purpose"}]


def test_an_answer_may_be_kept_for_a_minute(office: Office, services: Services) -> None:
    siti = office.person()
    siti.decide("given")
    token = platform_token(services.clock, "consents:check")
    path = f"/v1/consents/check?subject={siti.subject_id}&purpose={PURPOSE}"
    answer = office.call("GET", path, token)
    assert answer.headers["cache-control"] == "private, max-age=60"
    assert answer.json()["valid_until"] == rfc3339(services.clock.now() + timedelta(minutes=1))


def test_of_two_decisions_at_once_the_second_sees_the_first(
    office: Office, services: Services
) -> None:
    siti = office.person()
    siti.decide("given")
    subject, shown = siti.subject_id, office.shown("id")
    put_client(services, services.dynamodb)
    meanwhile(services, lambda: siti.decide("withdrawn"))
    evidence = Evidence(Method.BUTTON, Channel.PRIVACY_OFFICE)
    services.consents.decide(
        subject, PURPOSE, Decision.GIVEN, (shown["notice_sha256"], "id"), evidence
    )
    assert {(each["before"], each["state"]) for each in siti.history()} == {
        ("withdrawn", "given"),
        ("given", "withdrawn"),
        ("unknown", "given"),
    }
    assert siti.consent()["state"] == "given"


def test_the_chain_holds_the_hash_of_what_is_stored(office: Office, services: Services) -> None:
    siti = office.person()
    siti.decide("given")
    subject = siti.subject_id
    (item,) = services.records.query_all(f"CONSENTS#{subject}")
    (entry,) = services.trail.history(Entity("consent", f"{subject}.{PURPOSE}"))
    assert entry.action == "consent.given"
    assert entry.facts["event_sha256"] == digest("jaga.consent.v1", item).hex()


@pytest.mark.parametrize(
    ("name", "value"),
    [("state", "refused"), ("language", "id"), ("site", "other"), ("before", "given"), ("at", 1)],
)
def test_what_stands_in_clear_is_bound_to_the_seal(
    office: Office, services: Services, name: str, value: str | int
) -> None:
    siti = office.person()
    siti.decide("given")
    (item,) = services.records.query_all(f"CONSENTS#{siti.subject_id}")
    services.dynamodb.put_item(
        TableName=services.settings.records_table, Item=encode({**item, name: value})
    )
    with pytest.raises(SealBroken):
        services.consents.history(siti.subject_id, PURPOSE, 10, None)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/consents/A%23B",
        "/v1/consents/a#b",
        f"/v1/consents/{PURPOSE}/a#b/receipt",
        "/v1/notices/a#b",
        "/v1/notices/privacy-policy/versions/a#b",
        "/v1/notice-texts/zz?language=en",
    ],
)
def test_a_path_that_names_nothing_is_refused(office: Office, path: str) -> None:
    answer = office.call("GET", path, office.person().token)
    assert (answer.status, answer.code) == (422, "invalid_input")
    assert answer.json()["errors"][0]["code"] == "wrong_format"
