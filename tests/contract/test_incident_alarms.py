"""Alarms of incidents on moto: each once, at its moment or caught up, to whom it has to go."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.clock import rfc3339
from chalicelib.incidents import watching
from chalicelib.incidents.alarms import WATCHER
from chalicelib.incidents.book import incident_entity
from chalicelib.incidents.watching import Report
from chalicelib.notices.outbox import message_context, message_scope
from chalicelib.services import Services
from tests.contract.hooks import URL, Hooks
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.moto_tables import SESSION, another_container
from tests.contract.people import mails, records
from tests.contract.policies import Uses
from tests.contract.responding import FACTS, INCIDENTS, SCORES, SECURITY, Responding
from tests.contract.stopping import put_client
from tests.contract.test_tables import at_once
from tests.fakes import START, FixedClock
from tests.gateway import Gateway

HOUR = timedelta(hours=1)
TEAM = {"dpo@jutsoo.test", "privacy@jutsoo.test"}
OFFICER, SECOND = "officer@jutsoo.test", "legal@jutsoo.test"
OPEN = 5
"""Duties with a date of the facts, before anybody assessed them."""


@pytest.fixture
def responding(services: Services, gateway: Gateway) -> Responding:
    return Responding(services, gateway)


def watch(services: Services, remaining_ms: int = 60_000) -> Report:
    return services.incident_watcher.run(lambda: remaining_ms)


def alarm_mails(services: Services) -> list[dict[str, Any]]:
    """The mails of alarms, oldest first."""
    return [each for each in mails(services) if "waiting" in each["values"]]


def told(services: Services, hours: int) -> set[str]:
    """To whom the alarm went that said how many hours are left."""
    return {
        each["to"] for each in alarm_mails(services) if each["values"].get("hours") == str(hours)
    }


def alarmed(services: Services, incident_id: str) -> list[str]:
    """From which alarm to which the trail says that they were raised, of one duty."""
    chain = services.trail.history(incident_entity(incident_id))
    facts = (each.facts for each in chain if each.action == "incident.alarmed")
    return [str(each["alarm.id.breach_agency"]) for each in facts]


def test_alarms_come_at_their_moments_and_escalate(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known()
    assert watch(services) == Report()
    for hours, to in (
        (48, TEAM),
        (24, TEAM),
        (12, TEAM | {OFFICER}),
        (6, TEAM | {OFFICER}),
        (3, TEAM | {OFFICER, SECOND}),
        (1, TEAM | {OFFICER, SECOND}),
        (0, TEAM | {OFFICER, SECOND}),
        (-6, TEAM | {OFFICER, SECOND}),
        (-12, TEAM | {OFFICER, SECOND}),
    ):
        clock.set(START + (72 - hours) * HOUR - timedelta(milliseconds=1))
        assert watch(services) == Report(), hours
        clock.advance(timedelta(milliseconds=1))
        overdue = OPEN if hours <= 0 else 0
        assert watch(services) == Report(alarmed=1, alarms=OPEN, overdue=overdue), hours
        assert told(services, hours) == to, hours
        assert watch(services) == Report(), hours
    assert alarmed(services, incident_id)[:3] == [
        "48h_before,48h_before",
        "24h_before,24h_before",
        "12h_before,12h_before",
    ]


def test_a_mail_says_who_waits_and_not_what_happened(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known()
    clock.advance(24 * HOUR)
    watch(services)
    mail = alarm_mails(services)[0]
    assert mail["values"]["incident_id"] == incident_id
    assert (
        "the authority (UU PDP 27/2022 46(1)): 2026-11-26T10:00:00.000Z"
        in (mail["values"]["waiting"])
    )
    assert "the affected clients (Privacy Policy section 10)" in mail["values"]["waiting"]
    assert "laptop" not in json.dumps(mail).lower()


def test_the_handler_is_alarmed_first(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known()
    body = {"handler": SECURITY, "email": "Guard@jutsoo.test"}
    path = f"{INCIDENTS}/{incident_id}/handler"
    assert responding.call("PUT", path, body).status == 200
    clock.advance(24 * HOUR)
    watch(services)
    assert told(services, 48) == {"guard@jutsoo.test"}
    assert "guard@jutsoo.test" not in repr(records(services))


def test_what_was_missed_is_caught_up_once(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    """Eight hours without a run, over two alarms: one mail tells of both."""
    incident_id = responding.known()
    clock.advance(62 * HOUR)
    watch(services)
    before = len(alarm_mails(services))
    clock.advance(8 * HOUR)
    assert watch(services) == Report(alarmed=1, alarms=2 * OPEN)
    assert watch(services) == Report()
    clock.advance(2 * HOUR)
    assert watch(services) == Report(alarmed=1, alarms=2 * OPEN, overdue=OPEN)
    assert alarmed(services, incident_id) == [
        "48h_before,12h_before",
        "6h_before,3h_before",
        "1h_before,at",
    ]
    assert len(alarm_mails(services)) - before == 4 + 4


def test_two_runs_at_once_raise_each_alarm_once(
    racing: Services, gateway: Gateway, clock: FixedClock
) -> None:
    responding = Responding(racing, gateway)
    for _ in range(3):
        responding.known()
    clock.advance(24 * HOUR)
    reports = at_once(2, lambda _: watch(racing))
    assert all(isinstance(each, Report) and not each.failed for each in reports)
    assert len(alarm_mails(racing)) == 3 * len(TEAM)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_dies_between_alarm_and_record_did_all_or_nothing(
    responding: Responding, services: Services, clock: FixedClock, when: str
) -> None:
    responding.known()
    clock.advance(24 * HOUR)
    killer = Killer(lambda number: when if number == 0 else None)
    dying = another_container(services)
    killer.watch(dying)
    keys_made(dying)
    killer.armed = True
    with pytest.raises(Killed):
        watch(dying)
    assert len(alarm_mails(services)) == (0 if when == "before" else len(TEAM))
    clock.advance(timedelta(minutes=5))
    assert watch(services).alarms == (OPEN if when == "before" else 0)
    assert len(alarm_mails(services)) == len(TEAM)


def keys_made(services: Services) -> None:
    """The day's key of mails is there, so that the next write is that of the alarm."""
    services.outbox.mail("sign_in_code", "a@jutsoo.test", "en", {"code": "271828", "minutes": "10"})


def test_a_decision_in_between_is_seen(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    """Nobody is alarmed of what was decided to be none a moment ago."""
    incident_id = responding.known()
    clock.advance(24 * HOUR)
    body = {"nature": "no_breach", "reasons": "the laptop was found"}
    meanwhile(services, lambda: responding.act(incident_id, "nature", body))
    assert watch(services) == Report()
    assert alarm_mails(services) == []


def test_what_is_done_is_not_alarmed_of(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known()
    done = [each.id for each in responding.stored(incident_id).duties]
    services.run_command(
        lambda: services.incident_book.duties_done(incident_id, done[1:], clock.now(), WATCHER)
    )
    clock.advance(24 * HOUR)
    assert watch(services) == Report(alarmed=1, alarms=1)


def test_a_moved_date_has_alarms_of_its_own(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known()
    clock.advance(24 * HOUR)
    assert watch(services).alarms == OPEN
    body = {"aware_at": responding.in_hours(-1), "reasons": "the log", "deadlines": "move"}
    assert responding.act(incident_id, "awareness/correct", body).status == 200
    assert watch(services) == Report()
    clock.advance(23 * HOUR)
    assert watch(services) == Report(alarmed=1, alarms=OPEN)


def test_dates_that_do_not_move_have_no_alarm_twice(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known()
    clock.advance(24 * HOUR)
    assert watch(services).alarms == OPEN
    body = {"aware_at": rfc3339(START), "reasons": "said better", "deadlines": "move"}
    assert responding.act(incident_id, "awareness/correct", body).status == 200
    assert watch(services) == Report()


def test_nobody_forgets_what_nobody_decided_on(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.report()
    nudged = []
    for hours in (3, 4, 12, 24, 47, 48):
        clock.set(START + hours * HOUR)
        if watch(services).nudged:
            said = (each for each in mails(services) if each["values"].get("hours") == str(hours))
            nudged.append((hours, {each["to"] for each in said}))
    both = TEAM | {OFFICER}
    assert nudged == [(4, TEAM), (12, both), (24, both), (48, both)]
    responding.aware(incident_id)
    clock.advance(24 * HOUR)
    assert watch(services).nudged == 0


def test_what_is_no_breach_is_forgotten(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.report()
    body = {"nature": "no_breach", "reasons": "the laptop was empty"}
    assert responding.act(incident_id, "nature", body).status == 200
    clock.advance(48 * HOUR)
    assert watch(services) == Report()


def test_the_officers_hear_when_somebody_need_not_be_told_any_more(
    responding: Responding, services: Services
) -> None:
    incident_id = responding.known()
    fewer = {name: each for name, each in FACTS.items() if name not in {"countries", "clients"}}
    fewer["revision"] = responding.shown(incident_id)["revision"]
    path = f"{INCIDENTS}/{incident_id}/facts"
    assert responding.call("PUT", path, fewer, role="agent").status == 200
    sent = [each for each in mails(services) if "released" in each["values"]]
    assert {each["to"] for each in sent} == {OFFICER, SECOND}
    assert "GDPR 33(1)" in sent[0]["values"]["released"]
    assert "Privacy Policy section 10" in sent[0]["values"]["released"]


def test_a_drill_alarms_the_staff_and_nobody_outside(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    hooks = Hooks(services)
    hooks.register(URL, "incident.deadline")
    responding.known(drill=True)
    clock.advance(24 * HOUR)
    watch(services)
    assert {each["values"]["drill"] for each in alarm_mails(services)} == {"yes"}
    assert events(services) == []
    responding.known()
    clock.advance(24 * HOUR)
    watch(services)
    (event,) = events(services)
    assert event["type"] == "incident.deadline"
    assert event["data"]["hours_left"] == 48
    assert {each["recipient"] for each in event["data"]["duties"]} == {
        "authority",
        "subjects",
        "clients",
    }


def events(services: Services) -> list[dict[str, Any]]:
    """What goes out to webhooks, opened."""
    found = []
    for item in records(services):
        if item["et"] == "outbox_message" and item["channel"] == "webhook":
            scope, context = message_scope(item), message_context(services.records, item)
            found.append(json.loads(services.vault.open(scope, context, item["sealed"])))
    return found


def test_a_run_out_of_time_leaves_the_rest_and_says_since_when(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    responding.known()
    clock.advance(25 * HOUR)
    assert watch(services, watching.RESERVE - 1) == Report(watch_lag_seconds=3600)
    assert watch(services) == Report(alarmed=1, alarms=OPEN)


def test_the_watcher_calls_what_its_policy_allows_and_nothing_else(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known()
    path = f"{INCIDENTS}/{incident_id}/handler"
    responding.call("PUT", path, {"handler": SECURITY, "email": "guard@jutsoo.test"})
    responding.act(incident_id, "assessment", SCORES)
    clock.advance(24 * HOUR)
    put_client(services, SESSION.client("dynamodb"))
    uses = Uses()
    uses.watch(services)
    assert watch(services).alarms == OPEN
    assert ("UpdateItem", "records", f"INCIDENT#{incident_id}") in uses.seen
    assert uses.refused_by("watch_incidents") == set()
