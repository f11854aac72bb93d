"""An incident on the deployed stack: reported, its clocks, an alarm in the mailbox, once."""

from datetime import UTC, datetime, timedelta

import httpx

from chalicelib.clock import rfc3339
from infra.local.stack import Stack
from tests.contract.responding import FACTS, INCIDENTS
from tests.deployed.conftest import invoke
from tests.deployed.mailbox import mails_to, wait_until
from tests.deployed.sign_in import staff_token
from tests.deployed.test_proof import SCHEDULED
from tests.deployed.test_sessions import bearer

HOURS_AGO = timedelta(hours=30)


def test_an_incident_s_clocks_run_and_its_alarm_arrives_once(
    stack: Stack, http: httpx.Client
) -> None:
    security, dpo = (bearer(staff_token(stack, role)) for role in ("security", "dpo"))
    made = http.post(INCIDENTS, json=FACTS, headers=security)
    assert made.status_code == 201, made.text
    incident = made.json()["incident_id"]
    aware_at = datetime.now(UTC) - HOURS_AGO
    http.post(
        f"{INCIDENTS}/{incident}/awareness",
        json={"aware_at": rfc3339(aware_at), "reasons": "the owner called"},
        headers=dpo,
    ).raise_for_status()
    dates = http.get(f"{INCIDENTS}/{incident}/dates", headers=security).raise_for_status().json()
    due = {each["due_at"] for each in dates["duties"] if each["due_at"]}
    assert due == {rfc3339(aware_at + timedelta(hours=72))}
    for _ in range(2):
        invoke(stack, "WatchIncidents", SCHEDULED)
    address = stack.settings.alert_address

    def about_it() -> list[str]:
        return [each.subject for each in mails_to(stack, address) if incident in each.text]

    alarm = "Incident: 42 hours left to tell"
    wait_until(lambda: alarm in about_it())
    assert sorted(about_it()) == [alarm, "Incident: reported, somebody has to look"]
    read = http.get(f"{INCIDENTS}/{incident}", headers=dpo).raise_for_status().json()
    assert read["facts"]["title"] == FACTS["title"]
    assert {each["alarms"] for each in read["duties"] if each["due_at"]} == {1}


def test_the_schedule_starts_the_watcher_every_five_minutes(stack: Stack) -> None:
    events = stack.session.client("events")
    name = stack.deployment.outputs["WatchIncidentsName"]
    started = {
        rule["ScheduleExpression"]
        for rule in events.list_rules()["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        if name in target["Arn"]
    }
    assert started == {"rate(5 minutes)"}
