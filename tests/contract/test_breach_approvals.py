"""Approval looks at the incident of now: its duties, its facts, and when the last one is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.clock import rfc3339
from chalicelib.incidents.book import incident_entity
from chalicelib.incidents.models import DutyState
from chalicelib.services import Services
from tests.contract.affected import list_many
from tests.contract.closing import Ending
from tests.contract.people import mails
from tests.contract.responding import FACTS, INCIDENTS, SECURITY
from tests.contract.test_breach_journey import rounds, states
from tests.contract.test_breach_notices import (
    LATE,
    approve,
    approved,
    file,
    propose,
    proposed,
)
from tests.fakes import FixedClock
from tests.gateway import Gateway

HOUR = timedelta(hours=1)
DINI = {"kind": "subjects", "email": "dini@client.test"}


@pytest.fixture
def ending(services: Services, gateway: Gateway) -> Ending:
    return Ending(services, gateway)


def put(here: Ending, incident_id: str, *people: dict[str, str]) -> None:
    body = {"recipients": list(people)}
    answer = here.act(incident_id, "recipients", body, role="security", who=SECURITY)
    assert answer.status == 200, answer.body


def revise(here: Ending, incident_id: str, **changes: Any) -> None:
    path = f"{INCIDENTS}/{incident_id}/facts"
    assert here.call("PUT", path, FACTS | changes).status == 200


def told(services: Services) -> set[str]:
    return {each["to"] for each in mails(services) if "notice_id" in each["values"]}


def test_what_is_no_breach_any_more_is_not_told(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known()
    put(ending, incident_id, DINI)
    notice_id = proposed(ending, incident_id, "subjects")
    false_alarm = {"nature": "no_breach", "reasons": "a false alarm"}
    assert ending.act(incident_id, "nature", false_alarm).status == 200
    answer = approve(ending, incident_id, notice_id)
    assert (answer.status, answer.code) == (409, "facts_changed")
    rounds(services, clock, 2)
    assert told(services) == set()


def test_it_is_late_if_the_last_one_is_told_late(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known(countries=["ID"])
    due_at = ending.dates(incident_id)["id.breach-subjects"][1]
    assert due_at
    list_many(services, incident_id, 100)
    clock.advance(datetime.fromisoformat(due_at) - clock.now() - timedelta(seconds=11))
    in_time = proposed(ending, incident_id, "subjects")
    clock.advance(timedelta(seconds=2))
    body = {"recipient": "subjects"}
    preview = ending.act(incident_id, "notices/preview", body).json()
    assert preview["expected_end"] == rfc3339(clock.now() + timedelta(seconds=10))
    missing = [(each["field"], each["code"]) for each in preview["missing"]]
    assert missing == [("late_because", "reasons_missing")]
    answer = approve(ending, incident_id, in_time)
    assert (answer.status, answer.code) == (409, "notice_incomplete")
    assert propose(ending, incident_id, "subjects").code == "notice_incomplete"
    approved(ending, incident_id, "subjects", late_because=LATE)
    authority = ending.act(incident_id, "notices/preview", {"recipient": "authority"}).json()
    assert (authority["expected_end"], authority["missing"]) == (None, [])


def test_a_telling_stops_once_it_is_no_breach_and_goes_on_when_it_is_one_again(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known(countries=["ID"])
    people = [{"kind": "subjects", "email": f"person-{each}@client.test"} for each in range(40)]
    put(ending, incident_id, *people)
    notice_id = approved(ending, incident_id, "subjects")
    times = iter([300_000, 300_000, 0])
    services.breach_teller.run(lambda: next(times))  # two steps
    first = told(services)
    assert 0 < len(first) < 40
    judge(ending, incident_id, "no_breach")
    for _ in range(2):
        rounds(services, clock)
        assert told(services) == first
    telling = f"{INCIDENTS}/{incident_id}/notices/{notice_id}/telling"
    seen = ending.call("GET", telling).json()
    assert (seen["state"], seen["outcomes"]) == ("stopped", {"queued": len(first)})
    trail = services.trail.history(incident_entity(incident_id))
    assert [each.action for each in trail].count("incident.telling_stopped") == 1
    assert not list(services._breach_tellings.due(clock.now() + 900 * HOUR))
    judge(ending, incident_id, "breach")
    assert ending.act(incident_id, f"notices/{notice_id}/tell-rest").status == 200
    rounds(services, clock, 4)
    assert len(told(services)) == 40
    mailed = [each["to"] for each in mails(services) if "notice_id" in each["values"]]
    assert len(mailed) == 40  # nobody twice


def judge(here: Ending, incident_id: str, nature: str) -> None:
    body = {"nature": nature, "reasons": "as it looks now"}
    assert here.act(incident_id, "nature", body).status == 200


def test_who_is_told_in_another_role_is_not_told_in_this_one(ending: Ending) -> None:
    incident_id = ending.known()
    notice_id = proposed(ending, incident_id, "clients")
    revise(ending, incident_id, role="processor")
    assert approve(ending, incident_id, notice_id).code == "facts_changed"


@pytest.mark.parametrize(
    "changes",
    [
        {"categories": ["email_addresses"]},
        {"nature": {"en": "Quite another", "id": "Lain sekali"}},
        {"measures": None},
    ],
)
def test_what_is_not_true_any_more_is_proposed_anew(
    ending: Ending, changes: dict[str, Any]
) -> None:
    incident_id = ending.known()
    notice_id = proposed(ending, incident_id, "subjects")
    revise(ending, incident_id, **changes)
    assert approve(ending, incident_id, notice_id).code == "facts_changed"


def test_what_the_notice_does_not_say_may_change(ending: Ending) -> None:
    incident_id = ending.known()
    notice_id = proposed(ending, incident_id, "subjects")
    revise(ending, incident_id, title="Another word for it", systems=["laptop-18"])
    assert approve(ending, incident_id, notice_id).status == 200


def test_a_supplement_and_a_late_notice_are_what_was_proposed(
    ending: Ending, clock: FixedClock
) -> None:
    why = {"en": "we are still counting", "id": "masih kami hitung"}
    incident_id = ending.known(people=None)
    clock.advance(80 * HOUR)
    first = approved(ending, incident_id, in_phases_because=why, late_because=why)
    assert file(ending, incident_id, first).status == 200
    revise(ending, incident_id, people=5)
    approved(ending, incident_id, phase="supplement")


def test_a_filing_makes_no_duty_of_what_is_not_required(ending: Ending) -> None:
    incident_id = ending.known()
    notice_id = approved(ending, incident_id)
    false_alarm = {"nature": "no_breach", "reasons": "a false alarm"}
    assert ending.act(incident_id, "nature", false_alarm).status == 200
    assert file(ending, incident_id, notice_id).status == 200
    found = ending.stored(incident_id).duties
    assert {each.state for each in found} == {DutyState.NOT_REQUIRED}


# --- supplements ---------------------------------------------------------------------------------


def test_nothing_is_added_to_what_was_not_filed(ending: Ending) -> None:
    incident_id = ending.known()
    approved(ending, incident_id)
    answer = propose(ending, incident_id, phase="supplement")
    assert (answer.status, answer.code) == (409, "nothing_to_supplement")


def test_a_supplement_fulfils_no_duty(ending: Ending, clock: FixedClock) -> None:
    incident_id = ending.known(countries=["ID"])
    first = approved(ending, incident_id)
    assert file(ending, incident_id, first).status == 200
    revise(ending, incident_id)  # in France, too
    second = approved(ending, incident_id, phase="supplement")
    assert file(ending, incident_id, second).status == 200
    found = states(ending, incident_id)
    assert (found["id.breach-agency"], found["eu.breach-authority"]) == ("done", "open")
    third = approved(ending, incident_id)
    assert file(ending, incident_id, third).status == 200
    assert states(ending, incident_id)["eu.breach-authority"] == "done"


def test_a_mailed_supplement_fulfils_no_duty(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known(countries=["ID"])
    put(ending, incident_id, DINI)
    for phase in ("initial", "supplement"):
        last = approved(ending, incident_id, "subjects", phase=phase)
    telling = services._breach_tellings.get(last)
    assert telling is not None
    duties = services._duties_done(telling, clock.now())
    services.run_command(lambda: duties)
    assert states(ending, incident_id)["id.breach-subjects"] == "open"


def test_what_is_not_filed_yet_is_withdrawn_and_told_anew(ending: Ending) -> None:
    incident_id = ending.known()
    first = approved(ending, incident_id)
    answer = ending.act(incident_id, f"notices/{first}/withdraw")
    assert (answer.status, answer.json()["state"]) == (200, "withdrawn")
    assert file(ending, incident_id, first).code == "not_to_be_filed"
    second = approved(ending, incident_id)
    assert file(ending, incident_id, second).status == 200
    assert ending.act(incident_id, f"notices/{second}/withdraw").code == "notice_decided"


def test_what_is_told_one_by_one_is_not_withdrawn(ending: Ending) -> None:
    incident_id = ending.known()
    notice_id = approved(ending, incident_id, "subjects")
    assert ending.act(incident_id, f"notices/{notice_id}/withdraw").code == "notice_decided"
