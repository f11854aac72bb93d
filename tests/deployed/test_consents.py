"""Consent on the deployed stack: given, withdrawn, obeyed, told of, proved offline."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import joserfc.jwk
import joserfc.jws
import pytest
import standardwebhooks

from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
from chalicelib.consents.asking import NOTICE
from chalicelib.consents.models import Channel, Decision, Evidence, Method
from chalicelib.notices.publishing import Draft
from chalicelib.services import Services
from infra.local.stack import Stack
from tests.deployed.conftest import invoke
from tests.deployed.mailbox import mails_to, wait_until
from tests.deployed.sign_in import platform_token, staff_token
from tests.deployed.test_proof import SCHEDULED
from tests.deployed.test_sessions import bearer, signed_in
from tests.receiver import Receiver, receiving

PURPOSE = "third_party_integration"
CONSENT = f"/v1/consents/{PURPOSE}"
A_DAY = timedelta(hours=25)


@dataclass
class Ago:
    """The machine's clock, set back."""

    real: Any
    by: timedelta

    def now(self) -> datetime:
        moment: datetime = self.real.now() - self.by
        return moment


def in_the_past(stack: Stack, by: timedelta) -> Services:
    """The deployed services as they were then."""
    here = stack.services
    clock = Ago(here.clock, by)
    return Services(stack.settings, clock=clock, create_client=here._create_client)


@pytest.fixture
def email(fresh: str) -> str:
    return f"{fresh.lower()}@example.test"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def shown(http: httpx.Client, language: str = "id") -> dict[str, str]:
    notice = http.get(f"/v1/notices/{NOTICE}").raise_for_status().json()
    return {"notice_sha256": notice["sha256"][language], "language": language}


def check(stack: Stack, http: httpx.Client, subject: str, purpose: str = PURPOSE) -> httpx.Response:
    token = platform_token(stack, "consents:check")
    asked = {"subject": subject, "purpose": purpose}
    return http.get("/v1/consents/check", params=asked, headers=bearer(token))


def test_a_person_gives_and_withdraws_and_proves_it_offline(
    stack: Stack, http: httpx.Client, email: str
) -> None:
    person = signed_in(stack, http, email)
    subject = http.get("/v1/consents", headers=person).raise_for_status().json()["subject_id"]
    given = http.put(CONSENT, json={"state": "given", **shown(http)}, headers=person)
    assert given.status_code == 201, given.text
    keys = joserfc.jwk.KeySet.import_key_set(http.get("/.well-known/jwks.json").json())
    proved = joserfc.jws.deserialize_compact(given.json()["receipt"], keys, algorithms=["ES256"])
    assert given.json()["record"]["record_id"] in proved.payload.decode()
    answer = check(stack, http, subject)
    assert answer.json()["allowed"], answer.text
    assert answer.headers["cache-control"] == "private, max-age=60"
    withdrawn = http.put(CONSENT, json={"state": "withdrawn", **shown(http)}, headers=person)
    assert withdrawn.status_code == 201, withdrawn.text
    assert not check(stack, http, subject).json()["allowed"]
    history = http.get(
        f"/v1/staff/subjects/{subject}/consents/{PURPOSE}",
        headers=bearer(staff_token(stack, "auditor")),
    ).raise_for_status()
    assert [each["state"] for each in history.json()["records"]] == ["withdrawn", "given"]
    (text,) = history.json()["texts"]
    assert text["sha256"] == shown(http)["notice_sha256"]


def processor(stack: Stack, http: httpx.Client, url: str) -> tuple[str, str]:
    """Id and secret of a processor that is told at `url`."""
    engineer, dpo = bearer(staff_token(stack, "engineer")), bearer(staff_token(stack, "dpo"))
    endpoint = http.post(
        "/v1/staff/webhooks", json={"url": url, "events": ["consent.stop"]}, headers=engineer
    ).raise_for_status()
    body = {"name": "Acme", "purposes": [PURPOSE], "endpoint_id": endpoint.json()["endpoint_id"]}
    made = http.post("/v1/staff/processors", json=body, headers=dpo).raise_for_status()
    return made.json()["processor_id"], endpoint.json()["secret"]


def test_a_processor_that_never_acknowledges_is_alerted_on(
    stack: Stack, http: httpx.Client, receiver: Receiver, email: str
) -> None:
    processor_id, secret = processor(stack, http, receiver.url)
    past = in_the_past(stack, A_DAY)
    dpo = bearer(staff_token(stack, "dpo"))
    try:
        subject, made = past.subjects.having(email, "id")
        past.run_command(lambda: made)
        text = shown(http)
        evidence = Evidence(Method.BUTTON, Channel.PRIVACY_OFFICE)
        for decision in (Decision.GIVEN, Decision.WITHDRAWN):
            recorded = past.consents.decide(
                subject, PURPOSE, decision, (text["notice_sha256"], "id"), evidence
            )
        order = recorded.event.record_id
        asked_to_stop = wait_until(lambda: receiver.received[-1] if receiver.received else None)
        event = standardwebhooks.Webhook(secret).verify(asked_to_stop.body, asked_to_stop.headers)
        assert (event["type"], event["data"]["subject_id"]) == ("consent.stop", subject)
        for _ in range(2):
            invoke(stack, "WatchConsents", SCHEDULED)
        address = stack.settings.alert_address
        alert = wait_until(
            lambda: [each for each in mails_to(stack, address) if order in each.text]
        )
        assert len(alert) == 1
        standing = http.get(f"/v1/staff/stop-orders/{order}", headers=dpo).raise_for_status()
        assert [each["state"] for each in standing.json()["receivers"]] == ["asked"]
    finally:
        http.delete(f"/v1/staff/processors/{processor_id}", headers=dpo).raise_for_status()


def test_a_significant_change_reaches_people_and_the_ledger(
    stack: Stack, http: httpx.Client, fresh: str, email: str
) -> None:
    signed_in(stack, http, email)
    past, notice_id = in_the_past(stack, timedelta(minutes=30)), f"terms-{fresh.lower()}"
    for version in ("1", "2"):
        draft = Draft(
            notice_id=notice_id,
            version=version,
            texts={"en": {"1": f"Text {version}"}, "id": {"1": f"Teks {version}"}},
            summary={"en": f"News {fresh}", "id": f"Berita {fresh}"},
            significant=True,
            effective_at=past.clock.now() + timedelta(days=8),
        )
        past.publishing.publish(draft, Actor("operator", "test"))
    invoke(stack, "WatchConsents", SCHEDULED)
    told = wait_until(
        lambda: [each for each in mails_to(stack, email) if f"Berita {fresh}" in each.text]
    )
    assert len(told) == 1
    assert told[0].subject == "Kebijakan privasi kami akan berubah"
    auditor = bearer(staff_token(stack, "auditor"))
    path = f"/v1/staff/notices/{notice_id}/versions/2/telling"
    subject = stack.services.subjects.holder_of(email)

    def line() -> dict[str, Any] | None:
        ledger: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            asked = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
            page = http.get(path, params=asked, headers=auditor).raise_for_status().json()
            ledger += page["ledger"]
            cursor = page["cursor"]
        found = [each for each in ledger if each["subject_id"] == subject]
        return found[0] if found and found[0]["outcome"] == "sent" else None

    assert wait_until(line)["language"] == "id"


def test_events_reach_whoever_subscribes_without_personal_data(
    stack: Stack, http: httpx.Client, email: str, fresh: str
) -> None:
    events, sqs = stack.session.client("events"), stack.session.client("sqs")
    queue = sqs.create_queue(QueueName=f"subscriber-{fresh}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    rule = {"Name": f"consents-{fresh}", "EventBusName": stack.settings.event_bus}
    events.put_rule(**rule, EventPattern=json.dumps({"detail-type": ["consent.changed"]}))
    events.put_targets(
        Rule=rule["Name"],
        EventBusName=rule["EventBusName"],
        Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}],
    )
    person = signed_in(stack, http, email)
    given = http.put(CONSENT, json={"state": "given", **shown(http)}, headers=person)
    record_id = given.raise_for_status().json()["record"]["record_id"]

    def arrived() -> dict[str, Any] | None:
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", []):
            event: dict[str, Any] = json.loads(message["Body"])
            if event["detail"]["record_id"] == record_id:
                return event
        return None

    event = wait_until(arrived)
    assert (event["source"], event["detail"]["state"]) == ("jaga", "given")
    assert email not in json.dumps(event)


def test_an_import_ends_in_consents_that_count(
    stack: Stack, http: httpx.Client, fresh: str
) -> None:
    text = shown(http)
    moment = rfc3339(stack.services.clock.now() - timedelta(days=1))
    columns = "user_id,purpose,state,notice_sha256,language,method,channel,evidence,occurred_at"
    rows = [
        f"{fresh}-{number},{PURPOSE},given,{text['notice_sha256']},id,signature,paper,"
        f"sheet {number},{moment}"
        for number in range(20)
    ]
    content = "\n".join([columns, *rows])
    token = bearer(platform_token(stack, "consents:write"))
    body = {"format": "csv", "content": content, "on_invalid": "refuse"}
    taken = http.post("/v1/consents/imports", json=body, headers=token)
    assert taken.status_code == 202, taken.text
    path = f"/v1/consents/imports/{taken.json()['import_id']}"

    def ended() -> dict[str, Any] | None:
        report: dict[str, Any] = http.get(path, headers=token).raise_for_status().json()
        return report if report["status"] == "done" else None

    report = wait_until(ended)
    assert report["created"] == 20


def test_the_schedule_starts_the_round_every_five_minutes(stack: Stack) -> None:
    events = stack.session.client("events")
    name = stack.deployment.outputs["WatchConsentsName"]
    started = {
        rule["ScheduleExpression"]
        for rule in events.list_rules()["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        if name in target["Arn"]
    }
    assert started == {"rate(5 minutes)"}
