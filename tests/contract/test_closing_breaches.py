"""A breach is not closed while anybody still has something to be told of it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.aftermath.describing import found_from
from chalicelib.incidents.aftermath.items import said_of
from chalicelib.incidents.aftermath.rules import MOST_REMEDIES, MOST_TURNS
from chalicelib.incidents.aftermath.wire import MAX_FOUND_BYTES, AftermathIn
from chalicelib.services import Services
from chalicelib.vault.sealing import LONGEST_PLAINTEXT
from tests.contract.closing import Ending
from tests.contract.post import Post
from tests.contract.responding import SECURITY
from tests.contract.test_breach_approvals import DINI, put, revise
from tests.contract.test_breach_journey import everybody
from tests.contract.test_breach_notices import BOTH, LATE, approved, file
from tests.contract.test_breach_telling import post_of
from tests.fakes import FixedClock
from tests.gateway import Gateway

OKA = {"kind": "subjects", "email": "oka@client.test"}
TOO_LATE = timedelta(hours=80)
PEOPLE = "id.breach-subjects"


@pytest.fixture
def ending(services: Services, gateway: Gateway) -> Ending:
    return Ending(services, gateway)


@pytest.fixture
def post(services: Services) -> Post:
    return post_of(services)


def delay(here: Ending, incident_id: str, duty: str) -> int:
    body = {"duty": duty, "reasons": LATE}
    return here.act(incident_id, "delay", body).status


def test_what_a_notice_announced_is_missing_until_it_was_filed(ending: Ending) -> None:
    incident_id = ending.known(people=None, clients=[])
    first = approved(ending, incident_id, "authority", in_phases_because=BOTH)
    assert file(ending, incident_id, first).status == 200
    ending.finish(incident_id)
    announced = ("duties.eu.breach-authority.people", "supplement_missing")
    assert ending.missing(incident_id) == {("facts.people", "missing"), announced}
    revise(ending, incident_id, people=4321, clients=[])
    assert ending.missing(incident_id) == {announced}
    assert ending.close(incident_id).code == "incident_incomplete"
    supplement = approved(ending, incident_id, "authority", phase="supplement")
    assert ending.missing(incident_id) == {announced}  # approved, not filed
    assert file(ending, incident_id, supplement).status == 200
    assert ending.missing(incident_id) == set()
    assert ending.close(incident_id).status == 200


def test_nobody_on_the_list_is_left_untold(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"])
    put(ending, incident_id, DINI)
    ending.finish(incident_id)
    untold = {("recipients.subjects", "untold")}
    assert ending.missing(incident_id) == untold
    assert ending.close(incident_id).code == "incident_incomplete"
    approved(ending, incident_id, "subjects", duties=[PEOPLE])
    assert ending.missing(incident_id) == untold
    everybody(post, services, clock)
    assert ending.missing(incident_id) == set()
    put(ending, incident_id, OKA)
    assert ending.missing(incident_id) == untold
    everybody(post, services, clock)
    assert ending.close(incident_id).status == 200


@pytest.mark.parametrize("kind", ["clients", "controllers"])
def test_clients_on_the_list_start_their_clock(ending: Ending, kind: str) -> None:
    role = "controller" if kind == "clients" else "processor"
    incident_id = ending.known(clients=[], role=role)
    assert "policy.breach-clients" not in ending.dates(incident_id)
    for client in ("pt-maju", "pt-jaya"):
        put(ending, incident_id, {"kind": kind, "email": "dpo@maju.test", "client": client})
    assert list(ending.stored(incident_id).facts.clients) == ["pt-maju", "pt-jaya"]
    state, due_at = ending.dates(incident_id)["policy.breach-clients"]
    assert (state, due_at) == ("open", ending.in_hours(72))
    revise(
        ending, incident_id, clients=[], role=role, revision=ending.shown(incident_id)["revision"]
    )
    assert ("facts.clients", "missing") in ending.missing(incident_id)


def test_who_was_told_in_public_is_not_left(ending: Ending) -> None:
    incident_id = ending.known(countries=["ID"])
    put(ending, incident_id, DINI)
    word = approved(ending, incident_id, "public", duties=[PEOPLE])
    assert file(ending, incident_id, word).status == 200
    ending.finish(incident_id)
    assert ending.missing(incident_id) == set()


def test_what_was_told_late_says_why(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, DINI)
    approved(ending, incident_id, "subjects")
    assert delay(ending, incident_id, PEOPLE) == 422  # it is not done yet
    clock.advance(TOO_LATE)
    everybody(post, services, clock)
    ending.finish(incident_id)
    late = {PEOPLE, "id.breach-agency"}
    assert ending.missing(incident_id) == {(f"duties.{each}", "reasons_missing") for each in late}
    assert ending.close(incident_id).code == "incident_incomplete"
    half = {"duty": PEOPLE, "reasons": {"en": LATE["en"]}}
    answer = ending.act(incident_id, "delay", half)
    assert answer.json()["errors"] == [{"field": "reasons", "code": "untranslated"}]
    for each in late:
        assert delay(ending, incident_id, each) == 200
    assert ending.shown(incident_id)["late_because"] == dict.fromkeys(late, LATE)
    assert ending.close(incident_id).status == 200
    assert delay(ending, incident_id, PEOPLE) == 409


def test_a_notice_that_says_why_it_is_late_is_enough(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, DINI)
    clock.advance(TOO_LATE)
    approved(ending, incident_id, "subjects", late_because=LATE)
    everybody(post, services, clock)
    ending.finish(incident_id)
    assert ending.missing(incident_id) == {("duties.id.breach-agency", "reasons_missing")}


def test_as_much_as_the_wire_lets_through_is_sealed_together(ending: Ending) -> None:
    def text(length: int) -> dict[str, str]:
        return dict.fromkeys(("en", "id"), "字" * length)  # three bytes each

    found = {
        "containment": {"measures": text(3000), "contained_at": ending.in_hours(0)},
        "root_cause": {
            "method": "five_whys",
            "analysis": text(3000),
            "contributing": [text(250)] * 8,
        },
        "lessons": text(2700),
    }
    incident_id = ending.known(nature=text(8000))
    body = json.dumps(found, ensure_ascii=False)
    assert MAX_FOUND_BYTES - 1500 < len(body.encode()) < MAX_FOUND_BYTES
    said = found_from(AftermathIn.model_validate_json(body))
    ending.services.aftercare.find(incident_id, SECURITY, said)
    assert ending.found(incident_id, **found | {"lessons": text(8000)}).status == 413
    action: dict[str, Any] = {"what": text(300), "owner": "字" * 120, "due_at": ending.in_hours(9)}
    longer = ending.after(incident_id, "actions", action | {"what": text(301)})
    assert (longer.status, longer.code) == (422, "invalid_input")
    for _ in range(MOST_REMEDIES):
        answer = ending.after(incident_id, "actions", action)
        assert answer.status == 201, answer.body
    dropped = {"reasons": "字" * 300}
    verb = f"actions/{answer.json()['action_id']}/drop"
    assert ending.after(incident_id, verb, dropped).status == 200
    one_more = ending.after(incident_id, "actions", action)
    assert (one_more.status, one_more.code) == (409, "too_many_actions")
    assert ending.after(incident_id, "report", {}).code == "report_too_long"
    assert ending.after(incident_id, "report", {"texts": text(8000)}).status == 200
    read = {"report_id": ending.followed(incident_id)["client_report"]["report_id"]}
    assert ending.act(incident_id, "aftermath/report/approve", read).status == 200
    false_alarm = {"nature": "no_breach", "reasons": "it was none"}
    assert ending.act(incident_id, "nature", false_alarm).status == 200
    why = {"reasons": "字" * 1000}
    for _ in range(MOST_TURNS // 2 - 1):
        assert ending.act(incident_id, "close", why).status == 200
        assert ending.act(incident_id, "reopen", why).status == 200
    assert ending.act(incident_id, "close", why).status == 200
    once_more = ending.act(incident_id, "reopen", why)
    assert (once_more.status, once_more.code) == (409, "too_many_turns")
    assert len(said_of(ending.services._aftermath_store.get(incident_id))) < LONGEST_PLAINTEXT
