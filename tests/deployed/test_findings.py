"""What AWS finds, from the rule's queue into the register; and what the platform reports."""

import json
import time
from typing import Any

import httpx
import pytest

from infra.local.deploy import STACK
from infra.local.stack import Stack
from tests.deployed.mailbox import mails_to, wait_until
from tests.deployed.sign_in import platform_token, staff_token
from tests.deployed.test_sessions import bearer
from tests.findings import NAMED, asff_finding, guardduty, guardduty_finding, imported, macie

INCIDENTS = "/v1/staff/incidents"


def rule(stack: Stack) -> dict[str, Any]:
    """The deployed rule."""
    name = stack.session.client("cloudformation").describe_stack_resource(
        StackName=STACK, LogicalResourceId="FindingsRule"
    )["StackResourceDetail"]["PhysicalResourceId"]
    found: dict[str, Any] = stack.session.client("events").describe_rule(
        Name=name.rpartition("/")[2]
    )
    return found


def queue_url(stack: Stack) -> str:
    return stack.deployment.outputs["FindingsQueueUrl"]


@pytest.mark.parametrize(
    ("body", "matches"),
    [
        (guardduty(), True),
        (macie(), True),
        (macie().replace("aws.macie", "aws.macie2"), True),
        (imported(asff_finding()), True),
        (guardduty().replace("GuardDuty Finding", "GuardDuty Runtime Protection Healthy"), False),
        (guardduty().replace("aws.guardduty", "aws.s3"), False),
    ],
)
def test_the_rule_takes_what_is_read(stack: Stack, body: str, *, matches: bool) -> None:
    answer = stack.session.client("events").test_event_pattern(
        EventPattern=rule(stack)["EventPattern"], Event=body
    )
    assert answer["Result"] is matches


def test_the_rule_sends_into_the_queue_that_the_function_works(stack: Stack) -> None:
    (target,) = stack.session.client("events").list_targets_by_rule(Rule=rule(stack)["Name"])[
        "Targets"
    ]
    attributes = stack.session.client("sqs").get_queue_attributes(
        QueueUrl=queue_url(stack), AttributeNames=["QueueArn"]
    )
    assert target["Arn"] == attributes["Attributes"]["QueueArn"]
    assert rule(stack)["State"] == "ENABLED"


def drafts(http: httpx.Client, stack: Stack) -> dict[str, dict[str, Any]]:
    headers = bearer(staff_token(stack, "security"))
    listed = http.get(f"{INCIDENTS}?limit=100", headers=headers).raise_for_status()
    return {
        each["incident_id"]: each
        for each in listed.json()["incidents"]
        if each["source"] == "finding"
    }


def test_a_finding_is_a_draft_once_and_the_team_is_mailed(stack: Stack, http: httpx.Client) -> None:
    before = drafts(http, stack)
    finding_id = f"{time.time_ns():032x}"
    arn = guardduty_finding()["arn"].rpartition("/")[0] + f"/{finding_id}"
    sqs = stack.session.client("sqs")
    bodies = [
        guardduty(f"{time.time_ns()}", id=finding_id),
        imported(asff_finding(Id=arn), event_id=f"{time.time_ns()}"),
    ]
    for body in (*bodies, bodies[0]):
        sqs.send_message(QueueUrl=queue_url(stack), MessageBody=body)
    headers = bearer(staff_token(stack, "security"))

    def found() -> dict[str, Any] | None:
        for incident_id in drafts(http, stack).keys() - before.keys():
            answer = http.get(f"{INCIDENTS}/{incident_id}/finding", headers=headers)
            if answer.raise_for_status().json()["seen"] == len(bodies):
                return {"incident_id": incident_id, **answer.json()}
        return None

    shown = wait_until(found)
    assert len(drafts(http, stack).keys() - before.keys()) == 1
    draft = drafts(http, stack)[shown["incident_id"]]
    assert (draft["status"], draft["aware_at"]) == ("draft", None)
    assert NAMED in shown["description"]

    def mailed() -> bool | None:
        said = str(mails_to(stack, stack.settings.alert_address))
        return shown["incident_id"] in said or None

    assert wait_until(mailed)


def test_the_platform_reports(stack: Stack, http: httpx.Client) -> None:
    headers = bearer(platform_token(stack, "incidents:write"))
    body = {"title": "A wrong file was sent", "kinds": ["confidentiality"], "people": 3}
    answer = http.post("/v1/incidents", json=body, headers=headers)
    assert answer.status_code == 201, json.dumps(answer.json())
    incident_id = answer.json()["incident_id"]
    reader = bearer(staff_token(stack, "security"))
    shown = http.get(f"{INCIDENTS}/{incident_id}", headers=reader).raise_for_status().json()
    assert (shown["source"], shown["status"]) == ("platform", "open")
    assert shown["facts"]["people"] == 3
