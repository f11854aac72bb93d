"""Notices of an incident through the API: proposed, refused, approved by another, filed."""

import hashlib
from base64 import b64decode, b64encode
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.clock import rfc3339
from chalicelib.incidents.book import incident_entity
from chalicelib.incidents.models import Recipient
from chalicelib.services import Services
from chalicelib.tables.transactions import Action
from tests.contract.moto_tables import SESSION
from tests.contract.policies import Uses
from tests.contract.responding import FACTS, INCIDENTS, NAME, OFFICER, SECURITY, Responding
from tests.contract.test_tables import at_once
from tests.fakes import START, FixedClock
from tests.gateway import Answer, Gateway

HOUR = timedelta(hours=1)
PDF = b"%PDF-1.7 receipt of the portal " + bytes(range(256)) * 3000  # of several sealed pieces
BOTH = {"en": "we are still counting", "id": "masih kami hitung"}
LATE = {"en": "the portal was away", "id": "portal tidak dapat diakses"}
REFERENCE = "KOMDIGI-2026-1177"

type Started = list[tuple[str, str, Recipient, bool]]


@pytest.fixture
def started(services: Services, monkeypatch: pytest.MonkeyPatch) -> Started:
    """What telling was asked to start."""
    told: Started = []

    def start(incident_id: str, notice_id: str, recipient: Recipient, drill: bool) -> list[Action]:
        told.append((incident_id, notice_id, recipient, drill))
        return services.outbox.work("told", notice_id).actions

    monkeypatch.setattr(services, "_start_telling", start)
    return told


@pytest.fixture
def responding(services: Services, gateway: Gateway, started: Started) -> Responding:
    assert started == []
    return Responding(services, gateway)


def propose(
    here: Responding, incident_id: str, recipient: str = "authority", **said: Any
) -> Answer:
    body = {"recipient": recipient, **said}
    return here.act(incident_id, "notices", body, role="security", who=SECURITY)


def proposed(here: Responding, incident_id: str, recipient: str = "authority", **said: Any) -> str:
    """The id of a new notice."""
    answer = propose(here, incident_id, recipient, **said)
    assert answer.status == 201, answer.body
    return str(answer.json()["notice_id"])


def approve(here: Responding, incident_id: str, notice_id: str, **how: Any) -> Answer:
    return here.act(incident_id, f"notices/{notice_id}/approve", **how)


def approved(here: Responding, incident_id: str, recipient: str = "authority", **said: Any) -> str:
    notice_id = proposed(here, incident_id, recipient, **said)
    assert approve(here, incident_id, notice_id).status == 200
    return notice_id


def filing(here: Responding, **said: Any) -> dict[str, Any]:
    proof = {"media_type": "application/pdf", "content": b64encode(PDF).decode()}
    made = {"filed_at": here.in_hours(0), "means": "portal", "reference": REFERENCE, "proof": proof}
    return {name: each for name, each in (made | said).items() if each is not None}


def file(here: Responding, incident_id: str, notice_id: str, **said: Any) -> Answer:
    return here.act(incident_id, f"notices/{notice_id}/filing", filing(here, **said))


def shown(here: Responding, incident_id: str, notice_id: str, part: str = "") -> Any:
    answer = here.call("GET", f"{INCIDENTS}/{incident_id}/notices/{notice_id}{part}")
    assert answer.status == 200, answer.body
    return answer.json()


def trail(services: Services, incident_id: str) -> list[str]:
    return [each.action for each in services.trail.history(incident_entity(incident_id))]


# --- proposing ----------------------------------------------------------------------------------


def test_a_notice_is_proposed_read_and_listed(responding: Responding, services: Services) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = proposed(responding, incident_id)
    read = shown(responding, incident_id, notice_id)
    assert read["duties"] == ["eu.breach-authority", "id.breach-agency"]
    assert (read["state"], read["drill"], read["follows"]) == ("proposed", False, [])
    for language, said in (("en", "From a parked car"), ("id", "Dari mobil yang diparkir")):
        written = read["texts"][language]
        assert said in written["text"]
        assert said in written["html"]
        assert written["sha256"] == read["sha256"][language]
    listed = responding.call("GET", f"{INCIDENTS}/{incident_id}/notices", role="engineer").json()
    assert [each["notice_id"] for each in listed["notices"]] == [notice_id]
    assert NAME not in str(listed)
    assert trail(services, incident_id)[-2:] == ["notice.proposed", "personal_data.read"]


def test_what_a_notice_says_stands_nowhere_in_clear(
    responding: Responding, services: Services
) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = approved(responding, incident_id)
    assert file(responding, incident_id, notice_id).status == 200
    client = SESSION.client("dynamodb")
    names = (services.settings.records_table, services.settings.audit_table)
    stored = repr([client.scan(TableName=name)["Items"] for name in names])
    bucket, s3 = services.settings.trail_bucket, SESSION.client("s3")
    for each in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        stored += repr(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read())
    for secret in (NAME, "parked car", REFERENCE, "receipt of the portal"):
        assert secret not in stored


@pytest.mark.parametrize(
    ("fact", "field", "code"),
    [
        ("measures", "measures", "missing"),
        ("people", "people", "missing"),
        ("categories", "categories", "missing"),
        ("occurred_from", "occurred_from", "missing"),
    ],
)
def test_a_notice_that_lacks_something_is_refused(
    responding: Responding, services: Services, fact: str, field: str, code: str
) -> None:
    known = {"occurred_from": rfc3339(START - HOUR)}
    changes: dict[str, Any] = {**known, fact: [] if fact == "categories" else None}
    incident_id = responding.known(**changes)
    answer = propose(responding, incident_id)
    assert (answer.status, answer.code) == (409, "notice_incomplete")
    assert answer.json()["errors"] == [{"field": field, "code": code}]
    assert services.breach_notices.listed(incident_id) == []
    body = {"recipient": "authority"}
    preview = responding.act(incident_id, "notices/preview", body).json()
    assert [(each["field"], each["code"]) for each in preview["missing"]][:1] == [(field, code)]
    assert preview["missing"][0]["article"]


def test_what_is_not_known_follows_in_a_supplement(
    responding: Responding, services: Services
) -> None:
    incident_id = responding.known(people=None, occurred_from=rfc3339(START - HOUR))
    assert propose(responding, incident_id, phase="supplement").code == "nothing_to_supplement"
    first = approved(responding, incident_id, in_phases_because=BOTH)
    read = shown(responding, incident_id, first)
    assert read["follows"] == ["people"]
    assert BOTH["id"] in read["texts"]["id"]["text"]
    assert file(responding, incident_id, first).status == 200
    facts = {**FACTS, "people": 4321, "occurred_from": rfc3339(START - HOUR)}
    revised = responding.call("PUT", f"{INCIDENTS}/{incident_id}/facts", facts)
    assert revised.status == 200, revised.body
    second = approved(responding, incident_id, phase="supplement")
    read = shown(responding, incident_id, second)
    assert (read["supplements"], read["follows"]) == (first, [])
    assert "4,321" in read["texts"]["en"]["text"]
    assert first in read["texts"]["en"]["text"]


def test_people_are_told_everything_at_once(responding: Responding) -> None:
    incident_id = responding.known(consequences=None, occurred_from=rfc3339(START - HOUR))
    assert propose(responding, incident_id, "authority", in_phases_because=BOTH).status == 201
    answer = propose(responding, incident_id, "subjects", in_phases_because=BOTH)
    assert (answer.status, answer.code) == (409, "notice_incomplete")
    assert answer.json()["errors"] == [{"field": "consequences", "code": "missing"}]


def test_what_was_frozen_stays(responding: Responding) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = proposed(responding, incident_id)
    before = shown(responding, incident_id, notice_id)["texts"]
    facts = {**FACTS, "people": 1, "occurred_from": rfc3339(START - HOUR)}
    assert responding.call("PUT", f"{INCIDENTS}/{incident_id}/facts", facts).status == 200
    assert shown(responding, incident_id, notice_id)["texts"] == before


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"recipient": "public"}, 409, "nobody_to_tell"),
        ({"recipient": "controllers"}, 409, "nobody_to_tell"),
        ({"recipient": "subjects", "duties": ["id.breach-agency"]}, 422, "invalid_input"),
        ({"recipient": "authority", "duties": ["id.breach-nobody"]}, 422, "invalid_input"),
        ({"recipient": "everybody"}, 422, "invalid_input"),
    ],
)
def test_who_need_not_be_told_is_refused(
    responding: Responding, said: dict[str, Any], status: int, code: str
) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    answer = responding.act(incident_id, "notices", said)
    assert (answer.status, answer.code) == (status, code)


def test_the_public_may_be_told_in_place_of_each_person(responding: Responding) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = approved(responding, incident_id, "public", duties=["eu.breach-subjects"])
    assert file(responding, incident_id, notice_id).status == 200
    assert responding.dates(incident_id)["eu.breach-subjects"][0] == "done"


def test_nobody_is_told_before_awareness(responding: Responding) -> None:
    assert propose(responding, responding.report()).code == "nobody_to_tell"


def test_a_repeat_proposes_nothing_twice(responding: Responding) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    body = {"recipient": "clients"}
    one, two = (responding.act(incident_id, "notices", body, key="k" * 16) for _ in range(2))
    assert one.json()["notice_id"] == two.json()["notice_id"]


# --- approving ----------------------------------------------------------------------------------


@pytest.mark.parametrize("recipient", ["subjects", "clients"])
@pytest.mark.parametrize("drill", [False, True])
def test_approval_starts_the_telling(
    responding: Responding, services: Services, started: Started, recipient: str, drill: bool
) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR), drill=drill)
    notice_id = proposed(responding, incident_id, recipient)
    assert started == []
    answer = approve(responding, incident_id, notice_id, key="k" * 16)
    assert answer.json()["state"] == "approved"
    assert approve(responding, incident_id, notice_id, key="k" * 16).status == 200
    assert started == [(incident_id, notice_id, Recipient(recipient), drill)]
    assert trail(services, incident_id)[-1] == "notice.approved"
    assert file(responding, incident_id, notice_id).code == "not_to_be_filed"


def test_an_authority_is_not_told_by_mail(responding: Responding, started: Started) -> None:
    approved(responding, responding.known(occurred_from=rfc3339(START - HOUR)))
    assert started == []


def test_who_proposes_does_not_approve(responding: Responding) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    answer = responding.act(incident_id, "notices", {"recipient": "subjects"}, who=OFFICER)
    notice_id = answer.json()["notice_id"]
    assert approve(responding, incident_id, notice_id).code == "same_notice_proposer"
    assert approve(responding, incident_id, notice_id, role="security", who=SECURITY).status == 403
    assert approve(responding, incident_id, notice_id, who=SECURITY).status == 200


def test_a_notice_is_decided_once(responding: Responding) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = proposed(responding, incident_id, "clients")
    withdraw = f"notices/{notice_id}/withdraw"
    assert responding.act(incident_id, withdraw).json()["state"] == "withdrawn"
    assert approve(responding, incident_id, notice_id).code == "notice_decided"
    assert responding.act(incident_id, withdraw).code == "notice_decided"
    assert [each["state"] for each in _listed(responding, incident_id)] == ["withdrawn"]


def test_nobody_is_told_the_same_twice(responding: Responding, started: Started) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    one, other = (proposed(responding, incident_id, "subjects") for _ in range(2))
    assert approve(responding, incident_id, one).status == 200
    assert approve(responding, incident_id, other).code == "already_told"
    assert len(started) == 1


def test_of_two_approvals_at_once_one_tells(racing: Services, responding: Responding) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notices = [proposed(responding, incident_id, "subjects") for _ in range(2)]
    outcomes = at_once(
        2, lambda number: racing.breach_notices.approve(incident_id, notices[number], OFFICER)
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["AlreadyTold", "NoneType"]
    told = [each["state"] for each in _listed(responding, incident_id)]
    assert sorted(told) == ["approved", "proposed"]


def test_what_became_late_before_it_was_approved_says_why(
    responding: Responding, clock: FixedClock
) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = proposed(responding, incident_id)
    clock.advance(73 * HOUR)
    answer = approve(responding, incident_id, notice_id)
    assert (answer.status, answer.code) == (409, "notice_incomplete")
    assert answer.json()["errors"] == [{"field": "late_because", "code": "reasons_missing"}]
    assert propose(responding, incident_id).json()["errors"][0]["field"] == "late_because"
    notice_id = approved(responding, incident_id, late_because=LATE)
    assert LATE["en"] in shown(responding, incident_id, notice_id)["texts"]["en"]["text"]
    assert file(responding, incident_id, notice_id).status == 200
    late = responding.shown(incident_id)["late_because"]
    assert late
    assert all(each == LATE for each in late.values())


@pytest.mark.parametrize("why", ["late_because", "in_phases_because"])
@pytest.mark.parametrize("language", ["en", "id"])
def test_reasons_in_one_language_are_none(responding: Responding, why: str, language: str) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    said: dict[str, Any] = {why: {language: BOTH[language]}}
    answer = propose(responding, incident_id, **said)
    assert (answer.status, answer.code) == (409, "notice_incomplete")
    assert answer.json()["errors"] == [{"field": why, "code": "untranslated"}]


# --- filing -------------------------------------------------------------------------------------


def test_a_filing_ends_the_duties_and_its_proof_comes_back(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = approved(responding, incident_id)
    clock.advance(2 * HOUR)
    filed_at = responding.in_hours(-1)
    answer = file(responding, incident_id, notice_id, filed_at=filed_at)
    assert answer.status == 200, answer.body
    assert (answer.json()["state"], answer.json()["filed_at"]) == ("filed", filed_at)
    duties = {each["id"]: each for each in responding.shown(incident_id)["duties"]}
    for each in ("id.breach-agency", "eu.breach-authority"):
        assert (duties[each]["state"], duties[each]["done_at"]) == ("done", filed_at)
    assert duties["id.breach-subjects"]["state"] == "open"
    digest = hashlib.sha256(PDF).hexdigest()
    noted = shown(responding, incident_id, notice_id)["filing"]
    assert (noted["reference"], noted["means"], noted["sha256"]) == (REFERENCE, "portal", digest)
    proof = shown(responding, incident_id, notice_id, "/proof")
    assert (b64decode(proof["content"]), proof["sha256"]) == (PDF, digest)
    (told,) = (
        each
        for each in services.trail.history(incident_entity(incident_id))
        if each.action == "incident.told"
    )
    assert told.facts["proof_sha256"] == digest
    assert file(responding, incident_id, notice_id).code == "not_to_be_filed"


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"proof": None}, "proof", "missing"),
        ({"proof": ("application/pdf", b"")}, "proof", "missing"),
        ({"proof": ("application/pdf", b"GIF89a")}, "proof", "not_of_its_type"),
        ({"proof": ("image/png", PDF)}, "proof", "not_of_its_type"),
        ({"proof": ("application/pdf", b"%PDF-" + bytes(3_000_000))}, "proof", "too_long"),
        ({"filed_at": rfc3339(START + HOUR)}, "filed_at", "in_the_future"),
        ({"filed_at": rfc3339(START - HOUR)}, "filed_at", "before_approval"),
    ],
)
def test_a_filing_without_proof_or_of_no_possible_time_is_refused(
    responding: Responding, services: Services, said: dict[str, Any], field: str, code: str
) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = approved(responding, incident_id)
    if isinstance(said.get("proof"), tuple):
        media_type, content = said["proof"]
        said = {"proof": {"media_type": media_type, "content": b64encode(content).decode()}}
    answer = file(responding, incident_id, notice_id, **said)
    assert answer.status == 422, answer.body
    assert answer.json()["errors"] == [{"field": field, "code": code}]
    assert responding.dates(incident_id)["id.breach-agency"][0] == "open"


def test_what_was_filed_late_says_why(responding: Responding, clock: FixedClock) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = approved(responding, incident_id)
    clock.advance(73 * HOUR)
    answer = file(responding, incident_id, notice_id)
    assert answer.json()["errors"] == [{"field": "late_because", "code": "reasons_missing"}]
    # In time, noted too late: nothing to explain.
    in_time = responding.in_hours(-2)
    assert file(responding, incident_id, notice_id, filed_at=in_time).status == 200
    assert responding.shown(incident_id)["late_because"] == {}


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_late_filing_says_why_in_both_languages(
    responding: Responding, clock: FixedClock, language: str
) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = approved(responding, incident_id)
    clock.advance(73 * HOUR)
    half = {language: LATE[language]}
    answer = file(responding, incident_id, notice_id, late_because=half)
    assert (answer.status, answer.code) == (409, "notice_incomplete")
    assert answer.json()["errors"] == [{"field": "late_because", "code": "untranslated"}]
    assert file(responding, incident_id, notice_id, late_because=LATE).status == 200


def test_a_drill_needs_no_proof_and_keeps_none(responding: Responding, services: Services) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR), drill=True)
    notice_id = approved(responding, incident_id)
    assert file(responding, incident_id, notice_id, proof=None).status == 200
    assert responding.dates(incident_id)["id.breach-agency"][0] == "done"
    answer = responding.call("GET", f"{INCIDENTS}/{incident_id}/notices/{notice_id}/proof")
    assert (answer.status, answer.code) == (404, "unknown_proof")
    found = SESSION.client("s3").list_objects_v2(
        Bucket=services.settings.trail_bucket, Prefix="proofs/"
    )
    assert found["KeyCount"] == 0


def test_a_proof_is_never_written_over(responding: Responding, services: Services) -> None:
    incident_id = responding.known()
    proofs = services.notice_filings._proofs
    proofs.keep(incident_id, "01JPR00F", "message/rfc822", b"one")
    with pytest.raises(SESSION.client("s3").exceptions.ClientError, match="PreconditionFailed"):
        proofs.keep(incident_id, "01JPR00F", "message/rfc822", b"two")


# --- documents, rights --------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "begins"), [("html", b"<!DOCTYPE html>"), ("pdf", b"%PDF-1.7")])
def test_a_notice_is_handed_out_as_a_document(
    responding: Responding, asked: str, begins: bytes
) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = approved(responding, incident_id)
    got = shown(responding, incident_id, notice_id, f"/document?format={asked}")
    content = b64decode(got["content"])
    assert content.startswith(begins)
    assert hashlib.sha256(content).hexdigest() == got["sha256"]
    assert got["name"] == f"{incident_id}-{notice_id}.{asked}"


def test_another_format_is_refused(responding: Responding) -> None:
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    notice_id = proposed(responding, incident_id)
    path = f"{INCIDENTS}/{incident_id}/notices/{notice_id}/document?format=docx"
    assert responding.call("GET", path).status == 422


def test_a_notice_of_another_incident_is_not_there(responding: Responding) -> None:
    incident_id, other = responding.known(occurred_from=rfc3339(START - HOUR)), responding.known()
    notice_id = proposed(responding, incident_id)
    for verb in ("approve", "withdraw"):
        answer = responding.act(other, f"notices/{notice_id}/{verb}")
        assert (answer.status, answer.code) == (404, "unknown_breach_notice")
    assert file(responding, other, notice_id).status == 404
    for part in ("", "/document", "/proof"):
        path = f"{INCIDENTS}/{other}/notices/{notice_id}{part}"
        assert responding.call("GET", path).code == "unknown_breach_notice"


def test_the_api_calls_what_its_policy_allows_and_nothing_else(
    responding: Responding, services: Services
) -> None:
    uses = Uses()
    uses.watch(services)
    incident_id = responding.known(occurred_from=rfc3339(START - HOUR))
    responding.act(incident_id, "notices/preview", {"recipient": "public"})
    notice_id = approved(responding, incident_id)
    approved(responding, incident_id, "subjects")
    assert (
        responding.act(
            incident_id, f"notices/{proposed(responding, incident_id, 'clients')}/withdraw"
        ).status
        == 200
    )
    assert file(responding, incident_id, notice_id).status == 200
    shown(responding, incident_id, notice_id)
    shown(responding, incident_id, notice_id, "/proof")
    _listed(responding, incident_id)
    assert uses.refused_by("api_handler") == set()


def _listed(here: Responding, incident_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = here.call("GET", f"{INCIDENTS}/{incident_id}/notices").json()[
        "notices"
    ]
    return found
