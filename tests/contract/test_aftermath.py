"""What follows an incident on moto: causes, remedies, the report to clients, closing, reopening."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.aftermath.aftercare import Found
from chalicelib.incidents.book import incident_entity
from chalicelib.incidents.errors import IncidentNotOpen
from chalicelib.services import Services
from tests.contract.closing import ENCRYPT, FOUND, OWNER, Ending
from tests.contract.people import mails
from tests.contract.policies import Uses
from tests.contract.responding import INCIDENTS, OFFICER, SECURITY
from tests.contract.test_incidents import entries, everything
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Gateway

WEEK = timedelta(weeks=1)
HANDLER = "handler@example.test"


@pytest.fixture
def ending(services: Services, gateway: Gateway) -> Ending:
    return Ending(services, gateway)


def run(services: Services) -> Any:
    return services.remedy_reminders.run(lambda: 300_000)


def reminders_sent(services: Services) -> list[dict[str, Any]]:
    return [each for each in mails(services) if "actions" in each["values"]]


# --- what is kept --------------------------------------------------------------------------------


def test_what_was_found_is_read_again(ending: Ending, services: Services) -> None:
    incident_id = ending.known()
    assert ending.found(incident_id).status == 200
    action_id = ending.planned(incident_id, hours=48)
    read = ending.followed(incident_id)
    assert read["containment"]["measures"] == FOUND["containment"]["measures"]
    assert read["root_cause"] == FOUND["root_cause"]
    assert read["lessons"] == FOUND["lessons"]
    (action,) = read["actions"]
    assert (action["action_id"], action["what"], action["owner"], action["state"]) == (
        action_id,
        ENCRYPT,
        OWNER,
        "open",
    )
    assert entries(services, incident_id)[-3:] == [
        (f"staff/{SECURITY}", "incident.aftermath_revised"),
        (f"staff/{SECURITY}", "incident.action_planned"),
        (f"staff/{OFFICER}", "personal_data.read"),
    ]


def test_nothing_of_it_stands_in_clear(ending: Ending, services: Services) -> None:
    incident_id = ending.complete()
    action_id = ending.planned(incident_id)
    ending.after(incident_id, f"actions/{action_id}/drop", {"reasons": f"{OWNER} left"})
    assert ending.close(incident_id).status == 200
    stored = everything(services)
    for said in (OWNER, "Encrypt every", "not encrypted", "wiped from afar", "handed out"):
        assert said not in stored


def test_what_is_left_out_is_not_known_any_more(ending: Ending) -> None:
    incident_id = ending.known()
    ending.found(incident_id)
    ending.planned(incident_id)
    assert ending.found(incident_id, lessons=None, root_cause=None).status == 200
    read = ending.followed(incident_id)
    assert (read["lessons"], read["root_cause"], len(read["actions"])) == ({}, None, 1)


def test_nobody_contains_in_the_future(ending: Ending) -> None:
    incident_id = ending.known()
    contained = {**FOUND["containment"], "contained_at": ending.in_hours(1)}
    answer = ending.found(incident_id, containment=contained)
    assert answer.json()["errors"] == [
        {"field": "containment.contained_at", "code": "in_the_future"}
    ]


def test_an_action_ends_once(ending: Ending) -> None:
    incident_id = ending.known()
    done, dropped = (ending.planned(incident_id) for _ in range(2))
    assert ending.after(incident_id, f"actions/{done}/done").status == 200
    reasons = {"reasons": "no laptops any more"}
    assert ending.after(incident_id, f"actions/{dropped}/drop", reasons).status == 200
    states = {each["action_id"]: each for each in ending.followed(incident_id)["actions"]}
    assert (states[done]["state"], states[done]["ended_at"]) == ("done", ending.now())
    assert states[dropped]["dropped_because"] == "no laptops any more"
    for action_id, verb, body in ((done, "drop", reasons), (dropped, "done", None)):
        answer = ending.after(incident_id, f"actions/{action_id}/{verb}", body)
        assert (answer.status, answer.json()["code"]) == (409, "action_ended")
    answer = ending.after(incident_id, f"actions/{'0' * 26}/done")
    assert (answer.status, answer.json()["code"]) == (404, "unknown_action")


def test_a_repeat_plans_nothing_twice(ending: Ending) -> None:
    incident_id = ending.known()
    body = {"what": ENCRYPT, "owner": OWNER, "due_at": ending.in_hours(1)}
    first, again = (ending.after(incident_id, "actions", body, key="the-same-key") for _ in "12")
    assert first.json()["action_id"] == again.json()["action_id"]
    assert len(ending.followed(incident_id)["actions"]) == 1


# --- the report to clients -----------------------------------------------------------------------


def test_the_report_is_composed_in_both_languages(ending: Ending) -> None:
    incident_id = ending.known()
    ending.found(incident_id)
    ending.planned(incident_id)
    said = {"texts": {"en": "We lost a laptop."}}
    assert ending.after(incident_id, "report", said).status == 200
    texts = ending.followed(incident_id)["client_report"]["texts"]
    assert texts["en"] == "We lost a laptop."
    for expected in ("Diskanya tidak dienkripsi", "- Enkripsi semua laptop (paling lambat 2026-"):
        assert expected in texts["id"]
    assert OWNER not in texts["id"]


def test_without_a_cause_there_is_nothing_to_compose(ending: Ending) -> None:
    incident_id = ending.known()
    answer = ending.after(incident_id, "report", {})
    assert (answer.status, answer.json()["code"]) == (409, "nothing_to_report")
    both = {"texts": {"en": "We lost a laptop.", "id": "Laptop kami hilang."}}
    assert ending.after(incident_id, "report", both).status == 200


def test_another_than_its_author_approves_the_report_that_was_read(ending: Ending) -> None:
    incident_id = ending.known()
    ending.found(incident_id)
    approve = "aftermath/report/approve"
    nobody = ending.act(incident_id, approve, {"report_id": "0" * 26})
    assert (nobody.status, nobody.json()["code"]) == (404, "no_report")
    ending.after(incident_id, "report", {}, role="dpo", who=OFFICER)
    read = {"report_id": ending.followed(incident_id)["client_report"]["report_id"]}
    own = ending.act(incident_id, approve, read, role="dpo", who=OFFICER)
    assert (own.status, own.json()["code"]) == (409, "own_report")
    ending.after(incident_id, "report", {})
    replaced = ending.act(incident_id, approve, read)
    assert (replaced.status, replaced.json()["code"]) == (409, "report_replaced")
    assert ending.reported(incident_id).status == 200
    report = ending.followed(incident_id)["client_report"]
    assert (report["author"], report["approved_by"]) == (SECURITY, OFFICER)
    again = ending.act(incident_id, approve, {"report_id": report["report_id"]})
    assert (again.status, again.json()["code"]) == (409, "report_approved")
    # Another text is another report: the approval is not its.
    ending.after(incident_id, "report", {})
    assert ending.followed(incident_id)["client_report"]["approved_at"] is None


# --- closing -------------------------------------------------------------------------------------


def test_a_complete_breach_is_closed(ending: Ending, services: Services) -> None:
    incident_id = ending.complete()
    assert ending.missing(incident_id) == set()
    answer = ending.close(incident_id)
    assert (answer.status, answer.json()["status"]) == (200, "closed")
    assert answer.json()["closed_at"] == ending.now()
    assert entries(services, incident_id)[-1] == (f"staff/{OFFICER}", "incident.closed")
    (turn,) = ending.followed(incident_id)["turns"]
    assert (turn["step"], turn["by"], turn["reasons"]) == ("closed", OFFICER, "all was done")


def test_an_incomplete_one_says_what_is_missing(ending: Ending) -> None:
    incident_id = ending.known(consequences=None, people=None)
    answer = ending.close(incident_id)
    assert (answer.status, answer.json()["code"]) == (409, "incident_incomplete")
    said = {(each["field"], each["code"]) for each in answer.json()["errors"]}
    assert said == ending.missing(incident_id)
    assert said >= {
        ("nature", "undecided"),
        ("assessment", "missing"),
        ("facts.consequences", "missing"),
        ("facts.people", "missing"),
        ("duties.id.breach-agency", "open"),
        ("containment", "missing"),
        ("client_report", "missing"),
    }
    assert ending.shown(incident_id)["status"] == "open"


def test_what_was_taken_away_again_is_missing(ending: Ending) -> None:
    incident_id = ending.complete()
    ending.found(incident_id, lessons=None)
    assert ending.missing(incident_id) == {("lessons", "missing")}
    assert ending.close(incident_id).status == 409


def test_no_breach_is_closed_with_its_reasons_alone(ending: Ending) -> None:
    incident_id = ending.known()
    ending.act(incident_id, "nature", {"nature": "no_breach", "reasons": "it was found again"})
    assert ending.missing(incident_id) == set()
    assert ending.close(incident_id).status == 200


def test_a_closed_incident_raises_no_alarms_and_takes_no_facts(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known()
    ending.act(incident_id, "nature", {"nature": "no_breach", "reasons": "it was found again"})
    ending.close(incident_id)
    clock.advance(timedelta(hours=80))
    assert services.incident_watcher.run(lambda: 300_000).alarms == 0
    for answer in (
        ending.found(incident_id),
        ending.after(incident_id, "report", {}),
        ending.close(incident_id),
    ):
        assert (answer.status, answer.json()["code"]) == (409, "incident_not_open")


def test_a_closed_incident_is_opened_again_with_reasons(ending: Ending) -> None:
    incident_id = ending.complete()
    refused = ending.act(incident_id, "reopen", {"reasons": "there is more"})
    assert (refused.status, refused.json()["code"]) == (409, "incident_not_closed")
    ending.close(incident_id)
    answer = ending.act(incident_id, "reopen", {"reasons": "there is more"})
    assert (answer.json()["status"], answer.json()["closed_at"]) == ("open", None)
    assert ending.found(incident_id).status == 200
    assert ending.close(incident_id).status == 200
    steps = [each["step"] for each in ending.followed(incident_id)["turns"]]
    assert steps == ["closed", "reopened", "closed"]


def test_only_the_officer_closes(ending: Ending) -> None:
    incident_id = ending.complete()
    assert ending.close(incident_id, role="security", who=SECURITY).status == 403


def test_nothing_is_written_into_what_was_closed_meanwhile(
    ending: Ending, services: Services
) -> None:
    """Whichever of the two is read first: somebody closes the incident right after that."""
    incident_id = ending.complete()
    aftercare = services.aftercare
    for room, name in ((aftercare._store, "get"), (aftercare._book, "get")):
        read = getattr(room, name)

        def closing_after(its_id: str, read: Any = read, room: object = room) -> Any:
            del vars(room)["get"]  # once
            found = read(its_id)
            ending.close(incident_id)
            return found

        vars(room)["get"] = closing_after
        with pytest.raises(IncidentNotOpen):
            aftercare.find(incident_id, SECURITY, Found())
        assert ending.followed(incident_id)["lessons"] == FOUND["lessons"]
        ending.act(incident_id, "reopen", {"reasons": "there is more"})


def test_of_those_who_close_at_once_one_does(racing: Services, gateway: Gateway) -> None:
    ending = Ending(racing, gateway)
    incident_id = ending.complete()
    answers = at_once(
        4, lambda _: racing.closing_incidents.close(incident_id, OFFICER, "all was done")
    )
    assert sum(answer is None for answer in answers) == 1
    assert len(ending.followed(incident_id)["turns"]) == 1


# --- reminders -----------------------------------------------------------------------------------


def test_an_overdue_action_is_reminded_of_at_its_date_and_weekly(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known()
    action_id = ending.planned(incident_id, hours=24)
    assert run(services).reminded == 0
    clock.advance(timedelta(hours=24))
    report = run(services)
    assert (report.reminded, report.actions, report.failed) == (1, 1, 0)
    assert run(services).reminded == 0
    clock.advance(WEEK)
    assert run(services).reminded == 1
    clock.advance(2 * WEEK)
    assert run(services).reminded == 1  # two whose moments passed are one mail
    (action,) = ending.followed(incident_id)["actions"]
    assert action["reminders"] == 4
    sent = reminders_sent(services)
    assert [each["to"] for each in sent] == services.settings.alert_address.split(",") * 3
    assert action_id in sent[0]["values"]["actions"]
    assert OWNER not in str(sent)


def test_whoever_handles_it_is_reminded_instead(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known()
    body = {"handler": SECURITY, "email": HANDLER}
    assert ending.call("PUT", f"{INCIDENTS}/{incident_id}/handler", body).status == 200
    ending.planned(incident_id, hours=1)
    ending.planned(incident_id, hours=2)
    clock.advance(timedelta(hours=3))
    assert run(services).actions == 2
    (sent,) = reminders_sent(services)
    assert (sent["to"], sent["values"]["count"]) == (HANDLER, "2")


@pytest.mark.parametrize("verb", ["done", "drop", "later"])
def test_what_ended_or_was_put_off_is_not_reminded_of(
    ending: Ending, services: Services, clock: FixedClock, verb: str
) -> None:
    incident_id = ending.complete()
    (action,) = ending.followed(incident_id)["actions"]
    assert ending.close(incident_id).status == 200  # what is left open goes on
    path = f"actions/{action['action_id']}"
    if verb == "later":
        plan = {"owner": "Dewi", "due_at": ending.in_hours(300)}
        answer = ending.call("PUT", f"{INCIDENTS}/{incident_id}/aftermath/{path}", plan)
    else:
        body = {"reasons": "no need"} if verb == "drop" else None
        answer = ending.after(incident_id, f"{path}/{verb}", body)
    assert answer.status == 200, answer.body
    clock.advance(timedelta(hours=25))
    assert run(services).reminded == 0
    clock.advance(2 * WEEK)
    assert run(services).reminded == (verb == "later")


def test_a_run_that_dies_reminds_of_all_or_nothing(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known()
    ending.planned(incident_id, hours=1)
    clock.advance(timedelta(hours=1))
    reminders = services.remedy_reminders

    def dies(_: object) -> None:
        raise RuntimeError

    kept, reminders._run_command = reminders._run_command, dies
    assert run(services).failed == 1
    reminders._run_command = kept
    assert run(services).reminded == 1
    chain = services.trail.history(incident_entity(incident_id))
    assert [each.action for each in chain].count("incident.action_due") == 1


# --- rights --------------------------------------------------------------------------------------


def test_the_policies_allow_what_is_done(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    api = Uses()
    api.watch(services)
    incident_id = ending.complete(clients=[])
    assert ending.close(incident_id).status == 200
    ending.act(incident_id, "reopen", {"reasons": "there is more"})
    assert api.refused_by("api_handler") == set()
    api.seen.clear()
    clock.advance(WEEK)
    assert run(services).reminded == 1
    assert api.refused_by("watch_incidents") == set()
