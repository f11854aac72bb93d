"""The register of incidents on moto: who reports, who decides, which clocks run, what is kept."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.audit.jws import Jws
from chalicelib.clock import rfc3339
from chalicelib.incidents.book import incident_entity
from chalicelib.incidents.statements import KIND
from chalicelib.law.explain import catalogue
from chalicelib.services import Services
from tests.contract.moto_tables import SESSION
from tests.contract.people import mails
from tests.contract.policies import Uses
from tests.contract.responding import (
    FACTS,
    INCIDENTS,
    NAME,
    OFFICER,
    SCORES,
    SECURITY,
    Responding,
)
from tests.contract.restoring import Signer
from tests.contract.stopping import put_client
from tests.contract.test_tables import at_once
from tests.fakes import START, FixedClock
from tests.gateway import Gateway

HOUR = timedelta(hours=1)
JAKARTA = "(Asia/Jakarta, UTC+07:00)"
IN_72 = rfc3339(START + 72 * HOUR)
CLOCKS = {
    "eu.breach-authority": ("open", IN_72),
    "eu.breach-subjects": ("open", IN_72),
    "id.breach-agency": ("open", IN_72),
    "id.breach-public": ("not_required", None),
    "id.breach-subjects": ("open", IN_72),
    "policy.breach-clients": ("open", IN_72),
}
"""Of the facts, before anybody assessed them."""


@pytest.fixture
def responding(services: Services, gateway: Gateway) -> Responding:
    return Responding(services, gateway)


def everything(services: Services) -> str:
    """What stands in the tables of records and of the trail, as text."""
    client = SESSION.client("dynamodb")
    names = (services.settings.records_table, services.settings.audit_table)
    return repr([client.scan(TableName=name)["Items"] for name in names])


def entries(services: Services, incident_id: str) -> list[tuple[str, str]]:
    """Who did what, by the trail."""
    chain = services.trail.history(incident_entity(incident_id))
    return [(str(each.actor), each.action) for each in chain]


# --- the register -------------------------------------------------------------------------------


def test_an_incident_is_reported_read_and_listed(
    responding: Responding, services: Services
) -> None:
    incident_id = responding.report()
    read = responding.shown(incident_id)
    assert read["facts"]["title"] == FACTS["title"]
    assert read["facts"]["nature"] == FACTS["nature"]
    assert read["facts"]["categories"] == [
        {"id": "email_addresses", "specific": False},
        {"id": "financial", "specific": True},
    ]
    assert (read["source"], read["status"], read["nature"]) == ("staff", "open", "undecided")
    assert read["recorded_at"] == rfc3339(START)
    assert read["aware_at"] is None
    assert read["duties"] == []
    listed = responding.call("GET", INCIDENTS, role="engineer").json()["incidents"]
    assert [each["incident_id"] for each in listed] == [incident_id]
    assert responding.call("GET", f"{INCIDENTS}?year=2025").json()["incidents"] == []
    assert entries(services, incident_id) == [
        (f"staff/{SECURITY}", "incident.reported"),
        (f"staff/{OFFICER}", "personal_data.read"),
    ]


def test_what_happened_stands_nowhere_in_clear(responding: Responding, services: Services) -> None:
    incident_id = responding.known()
    responding.act(incident_id, "assessment", {**SCORES, "reasons": f"{NAME} knows"})
    responding.act(incident_id, "nature", {"nature": "breach", "reasons": f"{NAME} said so"})
    assert NAME in responding.shown(incident_id)["nature_because"]
    stored = everything(services)
    for said in (NAME, "laptop-17", "pt-maju", "parked car"):
        assert said not in stored


def test_pages_of_the_register_are_newest_first(responding: Responding) -> None:
    made = [responding.report() for _ in range(3)]
    first = responding.call("GET", f"{INCIDENTS}?limit=2").json()
    rest = responding.call("GET", f"{INCIDENTS}?limit=2&cursor={first['cursor']}").json()
    ids = [each["incident_id"] for page in (first, rest) for each in page["incidents"]]
    assert ids == made[::-1]


def test_whoever_has_to_look_hears_of_a_report(responding: Responding, services: Services) -> None:
    incident_id = responding.report(drill=True)
    sent = mails(services)
    assert {each["to"] for each in sent} == {
        "dpo@jutsoo.test",
        "privacy@jutsoo.test",
        "officer@jutsoo.test",
    }
    assert sent[0]["values"] == {"incident_id": incident_id, "drill": "yes"}


def test_a_repeat_reports_nothing_twice(responding: Responding) -> None:
    first = responding.call("POST", INCIDENTS, FACTS, "the-same-key")
    again = responding.call("POST", INCIDENTS, FACTS, "the-same-key")
    assert first.json()["incident_id"] == again.json()["incident_id"]
    assert len(responding.call("GET", INCIDENTS).json()["incidents"]) == 1


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"categories": ["financial", "favourite_colour"]}, "categories.1", "unknown_category"),
        ({"occurred_from": rfc3339(START + HOUR)}, "occurred_from", "in_the_future"),
        (
            {
                "occurred_from": rfc3339(START - HOUR),
                "occurred_until": rfc3339(START - 2 * HOUR),
            },
            "occurred_until",
            "before_occurred_from",
        ),
    ],
)
def test_facts_that_cannot_be_are_refused(
    responding: Responding, changes: dict[str, Any], field: str, code: str
) -> None:
    answer = responding.call("POST", INCIDENTS, FACTS | changes)
    assert (answer.status, answer.json()["errors"]) == (422, [{"field": field, "code": code}])
    assert responding.call("GET", INCIDENTS).json()["incidents"] == []


def test_who_may_not_is_refused(responding: Responding) -> None:
    incident_id = responding.known()
    refused = [
        ("GET", f"{INCIDENTS}/{incident_id}", None, "engineer"),
        ("POST", INCIDENTS, FACTS, "auditor"),
        (
            "POST",
            f"{INCIDENTS}/{incident_id}/nature",
            {"nature": "breach", "reasons": "x"},
            "agent",
        ),
        (
            "POST",
            f"{INCIDENTS}/{incident_id}/awareness/correct",
            {"aware_at": rfc3339(START), "reasons": "x", "deadlines": "move"},
            "security",
        ),
    ]
    for method, path, body, role in refused:
        assert responding.call(method, path, body, role=role).status == 403, path


def test_of_an_unknown_incident_there_is_nothing(responding: Responding) -> None:
    for stranger in ("01JAGA00000000000000099999",):
        answer = responding.call("GET", f"{INCIDENTS}/{stranger}")
        assert (answer.status, answer.code) == (404, "unknown_incident")
        assert responding.aware(stranger).code == "unknown_incident"


# --- awareness ----------------------------------------------------------------------------------


def test_no_clock_runs_before_awareness_and_all_run_from_it(responding: Responding) -> None:
    incident_id = responding.report()
    assert responding.dates(incident_id) == {}
    assert responding.aware(incident_id).status == 200
    assert responding.dates(incident_id) == CLOCKS


def test_the_clocks_run_from_awareness_whenever_it_is_recorded(
    responding: Responding, clock: FixedClock
) -> None:
    incident_id = responding.report()
    clock.advance(30 * HOUR)
    responding.aware(incident_id, START - 5 * HOUR)
    due = {date for _, date in responding.dates(incident_id).values() if date}
    assert due == {rfc3339(START + 67 * HOUR)}
    read = responding.shown(incident_id)
    assert read["awareness"]["decided_at"] == rfc3339(clock.now())
    assert read["awareness"]["decided_by"] == OFFICER


def test_each_date_has_its_explanation(responding: Responding) -> None:
    incident_id = responding.known()
    read = responding.shown(incident_id)
    agency = next(each for each in read["duties"] if each["id"] == "id.breach-agency")
    assert agency["explanation"]["en"] == [
        f"The clock started when it became known: Monday, 23 November 2026 at 17:00 {JAKARTA}.",
        "The law gives 72 hours (UU PDP 27/2022, Article 46(1)).",
        catalogue("en")["sentences"]["hours"],
        f"It is due by Thursday, 26 November 2026 at 17:00 {JAKARTA}.",
    ]
    assert agency["explanation"]["id"]
    assert agency["because"] == ["no_threshold"]
    promised = next(each for each in read["duties"] if each["id"] == "policy.breach-clients")
    assert "We promised 72 hours (Privacy Policy, section 10)." in promised["explanation"]["en"]


def test_the_decision_is_signed(responding: Responding, services: Services) -> None:
    signer = Signer()
    services.__dict__["receipt_signer"] = signer
    incident_id = responding.known()
    jws = Jws.parse(responding.shown(incident_id)["awareness"]["statement"])
    assert jws.kind == KIND
    assert jws.is_signed_by([signer.public])
    assert jws.payload == {
        "incident_id": incident_id,
        "aware_at": rfc3339(START),
        "decided_by": OFFICER,
        "decided_at": rfc3339(START),
    }


def test_awareness_is_decided_once_and_not_of_the_future(responding: Responding) -> None:
    incident_id = responding.report()
    answer = responding.aware(incident_id, START + HOUR)
    assert (answer.status, answer.code) == (422, "invalid_input")
    assert responding.aware(incident_id).status == 200
    assert responding.aware(incident_id).code == "already_aware"


def correction(responding: Responding, incident_id: str, at: datetime, deadlines: str) -> Any:
    body = {"aware_at": rfc3339(at), "reasons": "the log says so", "deadlines": deadlines}
    return responding.act(incident_id, "awareness/correct", body)


def test_a_correction_moves_dates_only_if_told_to(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known()
    clock.advance(10 * HOUR)
    assert correction(responding, incident_id, START + HOUR, "keep").status == 200
    assert responding.dates(incident_id) == CLOCKS
    assert responding.shown(incident_id)["aware_at"] == rfc3339(START + HOUR)
    assert correction(responding, incident_id, START + 2 * HOUR, "move").status == 200
    due = {date for _, date in responding.dates(incident_id).values() if date}
    assert due == {rfc3339(START + 74 * HOUR)}
    last = list(services.trail.history(incident_entity(incident_id)))[-1]
    assert last.facts["was_aware_at"] == rfc3339(START + HOUR)
    assert last.facts["duty.id.breach_agency"] == f"open,{rfc3339(START + 74 * HOUR)}"


def test_what_was_decided_before_is_kept(responding: Responding) -> None:
    incident_id = responding.known()
    first = responding.shown(incident_id)["awareness"]
    correction(responding, incident_id, START - HOUR, "move")
    for severity in ("very_high", "medium"):
        body = SCORES | {"severity": severity, "reasons": f"held {severity}"}
        assert responding.act(incident_id, "assessment", body).status == 200
    for nature in ("no_breach", "breach"):
        body = {"nature": nature, "reasons": f"held {nature}"}
        assert responding.act(incident_id, "nature", body).status == 200
    read = responding.shown(incident_id)
    assert read["earlier_awareness"] == [first]
    assert [each["reasons"] for each in read["earlier_assessments"]] == ["held very_high"]
    assert read["earlier_judgements"] == [{"nature": "no_breach", "because": "held no_breach"}]


def test_facts_that_somebody_else_changed_are_not_overwritten(responding: Responding) -> None:
    incident_id = responding.known()
    read = responding.shown(incident_id)["revision"]
    path = f"{INCIDENTS}/{incident_id}/facts"
    assert responding.call("PUT", path, FACTS | {"revision": read}).status == 200
    answer = responding.call("PUT", path, FACTS | {"revision": read})
    assert (answer.status, answer.code) == (409, "incident_moved")


def test_who_knew_earlier_has_less_time(responding: Responding) -> None:
    incident_id = responding.known()
    answer = correction(responding, incident_id, START - HOUR, "keep")
    assert (answer.status, answer.code) == (409, "dates_would_be_late")
    assert correction(responding, incident_id, START - HOUR, "move").status == 200
    due = {date for _, date in responding.dates(incident_id).values() if date}
    assert due == {rfc3339(START + 71 * HOUR)}


def test_everybody_whom_alarms_go_to_hears_of_a_correction(
    responding: Responding, services: Services
) -> None:
    incident_id = responding.known()
    before = len(mails(services))
    correction(responding, incident_id, START - HOUR, "move")
    sent = mails(services)[before:]
    assert {each["to"] for each in sent} == {
        "dpo@jutsoo.test",
        "privacy@jutsoo.test",
        "officer@jutsoo.test",
        "legal@jutsoo.test",
    }
    assert sent[0]["values"]["was"] == rfc3339(START)
    assert sent[0]["values"]["now"] == rfc3339(START - HOUR)
    assert sent[0]["values"]["dates"] != sent[0]["values"]["dates_were"]


# --- what follows from the facts ------------------------------------------------------------------


def states(responding: Responding, incident_id: str) -> dict[str, str]:
    return {key: state for key, (state, _) in responding.dates(incident_id).items()}


def test_the_assessment_decides_where_the_law_looks_at_risk(responding: Responding) -> None:
    incident_id = responding.known()
    low = SCORES | {"context": 1, "ease": 25, "malicious": False}
    assert responding.act(incident_id, "assessment", low).status == 200
    found = states(responding, incident_id)
    assert found["eu.breach-authority"] == found["eu.breach-subjects"] == "not_required"
    assert found["id.breach-agency"] == found["id.breach-subjects"] == "open"
    assert responding.act(incident_id, "assessment", SCORES).status == 200
    found = states(responding, incident_id)
    assert found["eu.breach-authority"] == found["eu.breach-subjects"] == "open"
    assert responding.shown(incident_id)["assessment"]["score"] == 425


def test_another_severity_than_the_score_s_needs_reasons(responding: Responding) -> None:
    incident_id = responding.known()
    overruled = SCORES | {"severity": "medium"}
    assert responding.act(incident_id, "assessment", overruled).code == "reasons_missing"
    with_reasons = overruled | {"reasons": "the disk was encrypted"}
    assert responding.act(incident_id, "assessment", with_reasons).status == 200
    assert states(responding, incident_id)["eu.breach-subjects"] == "not_required"


def test_facts_that_come_later_keep_the_dates_that_run(
    responding: Responding, clock: FixedClock
) -> None:
    incident_id = responding.known()
    clock.advance(20 * HOUR)
    later = FACTS | {"countries": ["ID", "GB"], "public_interest": True}
    answer = responding.call("PUT", f"{INCIDENTS}/{incident_id}/facts", later)
    assert answer.status == 200, answer.body
    found = responding.dates(incident_id)
    assert found["id.breach-agency"] == ("open", IN_72)
    assert found["uk.breach-authority"] == ("open", IN_72)
    assert found["id.breach-public"] == ("open", None)
    assert found["eu.breach-authority"][0] == "not_required"


def test_a_processor_tells_the_controllers(responding: Responding) -> None:
    incident_id = responding.known(role="processor")
    read = responding.shown(incident_id)
    told = {(each["id"], each["recipient"], each["due_at"]) for each in read["duties"]}
    assert told == {
        ("id.processor", "controllers", IN_72),
        ("eu.processor", "controllers", IN_72),
        ("policy.breach-clients", "controllers", IN_72),
    }


def test_what_is_no_breach_has_nobody_to_tell_and_stays(responding: Responding) -> None:
    incident_id = responding.known()
    body = {"nature": "no_breach", "reasons": "the laptop was empty"}
    assert responding.act(incident_id, "nature", body).status == 200
    assert set(states(responding, incident_id).values()) == {"not_required"}
    assert responding.shown(incident_id)["nature_because"] == "the laptop was empty"
    body = {"nature": "breach", "reasons": "it was not"}
    assert responding.act(incident_id, "nature", body).status == 200
    assert responding.dates(incident_id) == CLOCKS


def test_of_two_who_change_an_incident_at_once_neither_is_lost(
    racing: Services, gateway: Gateway
) -> None:
    responding = Responding(racing, gateway)
    incident_id = responding.known()
    acts = (
        ("assessment", SCORES),
        ("nature", {"nature": "breach", "reasons": "yes"}),
    )
    answers = at_once(2, lambda number: responding.act(incident_id, *acts[number]).status)
    assert answers == [200, 200]
    read = responding.shown(incident_id)
    assert (read["nature"], read["severity"]) == ("breach", "very_high")


def test_the_api_calls_what_its_policy_allows_and_nothing_else(
    responding: Responding, services: Services
) -> None:
    put_client(services, SESSION.client("dynamodb"))
    uses = Uses()
    uses.watch(services)
    incident_id = responding.known()
    responding.call(
        "PUT",
        f"{INCIDENTS}/{incident_id}/handler",
        {"handler": SECURITY, "email": "guard@jutsoo.test"},
    )
    correction(responding, incident_id, START - HOUR, "move")
    responding.act(incident_id, "assessment", SCORES)
    responding.call("PUT", f"{INCIDENTS}/{incident_id}/facts", FACTS)
    responding.shown(incident_id)
    responding.call("GET", INCIDENTS)
    assert uses.refused_by("api_handler") == set()
