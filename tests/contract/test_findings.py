"""Findings on moto: one draft each, mailed about once, whatever comes twice, together or again."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
from chalicelib.incidents.findings import reading
from chalicelib.incidents.models import Kind, Source, Status
from chalicelib.notices import consumer
from chalicelib.services import Services
from tests.contract.found import drafts, take
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.moto_tables import SESSION, another_container
from tests.contract.people import mails
from tests.contract.policies import Uses
from tests.contract.sqs import record
from tests.contract.test_rights import Rights, granted, recorded
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.findings import (
    BUCKET,
    NAMED,
    asff_finding,
    asff_of_macie,
    asff_of_table,
    guardduty,
    imported,
    macie,
)
from tests.gateway import Answer, Gateway
from tests.maps import SHOP
from tests.tokens import bearer, platform_token, staff_token

STAFF = "/v1/staff/incidents"
PLATFORM = "/v1/incidents"
TEAM = ["dpo@jutsoo.test", "privacy@jutsoo.test"]


def told(services: Services) -> list[dict[str, Any]]:
    return [mail for mail in mails(services) if "provider" in mail["values"]]


def look(gateway: Gateway, services: Services, incident_id: str, role: str = "security") -> Answer:
    headers = bearer(staff_token(services.clock, role))
    return gateway.call("GET", f"{STAFF}/{incident_id}/finding", headers=headers)


def everything(services: Services) -> str:
    """What stands in the tables, as text."""
    client = SESSION.client("dynamodb")
    tables = (services.records, services.audit, services.keys)
    return repr([client.scan(TableName=each.name)["Items"] for each in tables])


# --- drafts ------------------------------------------------------------------------------------


def test_a_finding_becomes_a_draft_with_what_is_known(services: Services) -> None:
    services.data_maps.publish(Actor("operator", "ops"), SHOP)
    take(services, imported(asff_of_table()))
    (draft,) = drafts(services)
    assert (draft.status, draft.source, draft.drill) == (Status.DRAFT, Source.FINDING, False)
    assert draft.reported_by == "system/findings"
    assert (draft.awareness, draft.duties) == (None, ())
    facts = draft.facts
    assert facts.title == "Security Hub: finding (high)"
    assert facts.systems == ("shop",)
    assert [each.id for each in facts.categories] == ["business"]


def test_its_type_suggests_what_failed_and_when(services: Services) -> None:
    take(services, guardduty())
    (draft,) = drafts(services)
    facts = draft.facts
    assert facts.title == "GuardDuty: Exfiltration (high)"
    assert facts.kinds == {Kind.CONFIDENTIALITY}
    assert facts.systems == (f"bucket {BUCKET}",)
    assert facts.occurred_from is not None
    assert facts.occurred_until is not None
    assert rfc3339(facts.occurred_from) == "2026-11-22T21:10:00.000Z"
    assert rfc3339(facts.occurred_until) == "2026-11-22T23:40:00.000Z"
    # What a provider words reaches no notice by itself.
    assert (facts.nature, facts.how, facts.consequences) == ({}, {}, {})


def test_a_moment_to_come_is_no_reason_to_lose_a_finding(services: Services) -> None:
    service = {"eventFirstSeen": "2027-01-01T00:00:00Z", "eventLastSeen": "2027-01-01T00:00:00Z"}
    take(services, guardduty(service=service))
    (draft,) = drafts(services)
    assert draft.facts.occurred_until == services.clock.now()


def test_the_team_is_mailed_once_without_what_happened(services: Services) -> None:
    take(services, guardduty(), imported(asff_finding()), guardduty("4"))
    (draft,) = drafts(services)
    assert sorted(mail["to"] for mail in told(services)) == TEAM
    for mail in told(services):
        assert mail["values"] == {
            "incident_id": draft.incident_id,
            "provider": "GuardDuty",
            "severity": "high",
        }


def test_what_is_below_the_threshold_leaves_nothing(services: Services) -> None:
    before = everything(services)
    take(
        services,
        guardduty(severity=2),
        macie(sample=True),
        imported(
            asff_of_table(
                Types=["Software and Configuration Checks/Industry and Regulatory Standards"]
            )
        ),
    )
    assert everything(services) == before


def test_several_in_one_event_are_several_drafts(services: Services) -> None:
    take(services, imported(asff_finding(), asff_of_macie(), asff_of_table()))
    assert len(drafts(services)) == 3


# --- the same again ----------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    "ways",
    [(guardduty(), imported(asff_finding())), (macie(), imported(asff_of_macie()))],
    ids=["guardduty", "macie"],
)
def test_security_hub_and_its_source_make_one_draft(
    services: Services, gateway: Gateway, ways: tuple[str, str], first: int
) -> None:
    take(services, ways[first], ways[1 - first])
    (draft,) = drafts(services)
    assert look(gateway, services, draft.incident_id).json()["seen"] == 2


def test_an_event_that_comes_again_changes_nothing(services: Services) -> None:
    take(services, guardduty())
    before = everything(services)
    take(services, guardduty(), guardduty())
    assert everything(services) == before


def test_an_event_of_several_that_comes_again_after_half_of_it_failed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "log_failure", lambda _error, _: None)
    take(services, macie())  # keys are made in transactions of their own
    body = imported(asff_finding(), asff_of_table())
    calls: list[str] = []

    def second_fails(**_rest: Any) -> None:
        calls.append("")
        if len(calls) == 2:
            raise RuntimeError

    events = services.dynamodb.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", second_fails)
    assert services.findings_consumer.run(record(body))["batchItemFailures"]
    assert len(drafts(services)) == 2
    take(services, body)
    assert (len(drafts(services)), len(told(services))) == (3, 6)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(3))
def test_a_consumer_that_dies_is_followed_by_one_that_ends_it(
    services: Services, number: int, when: str
) -> None:
    killer = Killer(lambda seen: when if seen == number else None)
    killer.watch(services)
    killer.armed = True
    for _ in range(3):
        try:
            take(services, guardduty())
        except Killed:
            continue
    assert (len(drafts(services)), len(told(services))) == (1, 2)


def test_two_at_once_make_one_draft(racing: Services) -> None:
    bodies = [guardduty(str(number)) for number in range(6)]
    assert at_once(6, lambda number: take(racing, bodies[number])) == [None] * 6
    (draft,) = drafts(racing)
    found = racing.looking_at_findings.read(draft.incident_id, "dpo-1")
    assert (found[0].count, len(told(racing))) == (6, 2)


def dismiss(services: Services, incident_id: str) -> None:
    services.incidents.dismiss(incident_id, "dpo-1", "A test of our own.")


def test_what_was_dismissed_stays_dismissed(services: Services, gateway: Gateway) -> None:
    take(services, guardduty())
    (draft,) = drafts(services)
    dismiss(services, draft.incident_id)
    take(services, guardduty("5"), imported(asff_finding()))
    (same,) = drafts(services)
    assert same.status is Status.DISMISSED
    assert look(gateway, services, same.incident_id).json()["seen"] == 3
    assert len(told(services)) == 2


def test_what_is_worse_than_what_was_dismissed_is_another_draft(
    services: Services, gateway: Gateway
) -> None:
    take(services, guardduty())
    (first,) = drafts(services)
    dismiss(services, first.incident_id)
    take(services, guardduty("5", severity=9.5), guardduty("6", severity=9.5))
    dismissed, draft = drafts(services)
    assert (dismissed.status, draft.status) == (Status.DISMISSED, Status.DRAFT)
    assert draft.facts.title == "GuardDuty: Exfiltration (critical)"
    shown = look(gateway, services, draft.incident_id).json()
    assert shown["earlier_incident_id"] == first.incident_id
    assert (shown["severity"], shown["seen"]) == ("critical", 3)
    old = look(gateway, services, first.incident_id).json()
    assert old["newest_incident_id"] == draft.incident_id
    assert old["earlier_incident_id"] is None
    assert len(told(services)) == 4


def test_what_was_taken_up_is_no_second_draft_when_it_worsens(services: Services) -> None:
    take(services, guardduty())
    (draft,) = drafts(services)
    services.incidents.take_up(draft.incident_id, "dpo-1")
    take(services, guardduty("5", severity=9.5))
    assert [each.status for each in drafts(services)] == [Status.OPEN]


def test_what_worsens_while_it_is_dismissed_is_another_draft(services: Services) -> None:
    take(services, guardduty())
    (draft,) = drafts(services)
    meanwhile(services, lambda: dismiss(services, draft.incident_id))
    take(services, guardduty("5", severity=9.5))
    assert [each.status for each in drafts(services)] == [Status.DISMISSED, Status.DRAFT]


# --- what stands where -------------------------------------------------------------------------


def test_the_providers_words_stand_nowhere_in_clear(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    take(services, guardduty(), macie(), imported(asff_finding(), asff_of_table()))
    take(services, guardduty("5", severity=9.5))
    there = everything(services) + capsys.readouterr().out
    for said in (NAMED, BUCKET, "malicious", "MaliciousIPCaller", "46ba0ac2845071e23", "393dd542a"):
        assert said not in there


MARK = "Zz9_Zz9"
"""Part of every text that hypothesis puts somewhere below, in the alphabet of names and of ids."""
MEMBERS = ["id", "type", "title", "description", "arn", "accountId", "region", "newer"]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    members=st.dictionaries(st.sampled_from(MEMBERS), st.text(max_size=40), max_size=8),
    bucket=st.from_regex(r"\A[a-z0-9.-]{0,20}\Z"),
)
def test_whatever_a_provider_says_stands_nowhere_in_clear(
    services: Services, members: dict[str, str], bucket: str
) -> None:
    said = {name: f"{text}{MARK}" for name, text in members.items()}
    resource = {
        "resourceType": MARK,
        "s3BucketDetails": [{"name": bucket + MARK}],
        "accessKeyDetails": {"userName": MARK},
    }
    take(services, guardduty(MARK, **{"id": MARK, **said, "resource": resource}))
    assert MARK not in everything(services)


def test_an_event_that_cannot_be_read_comes_again_and_is_not_quoted(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = guardduty(severity=NAMED)
    answer = services.findings_consumer.run(record(broken))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    with pytest.raises(reading.UnreadableFinding):
        reading.read_event(broken)
    assert NAMED not in capsys.readouterr().out + everything(services)


# --- the staff ---------------------------------------------------------------------------------


def test_the_staff_reads_what_the_provider_says_and_the_trail_knows(
    services: Services, gateway: Gateway
) -> None:
    take(services, guardduty())
    (draft,) = drafts(services)
    answer = look(gateway, services, draft.incident_id)
    assert answer.status == 200
    shown = answer.json()
    assert shown["type"] == "Exfiltration:S3/MaliciousIPCaller"
    assert NAMED in shown["description"]
    assert shown["resources"] == [{"kind": "bucket", "name": BUCKET}]
    assert (shown["provider"], shown["severity"], shown["seen"]) == ("guardduty", "high", 1)
    assert shown["first_seen"] == "2026-11-22T21:10:00.000Z"
    entity = f"ENTITY#incident#{draft.incident_id}"
    actions = [str(item["action"]) for item in services.audit.query_all(entity)]
    assert actions == ["incident.drafted", "personal_data.read"]


def test_an_engineer_does_not_read_it(services: Services, gateway: Gateway) -> None:
    take(services, guardduty())
    (draft,) = drafts(services)
    assert look(gateway, services, draft.incident_id, "engineer").status == 403


def test_there_is_none_behind_what_others_reported(services: Services, gateway: Gateway) -> None:
    incident_id = report(gateway, services.clock).json()["incident_id"]
    for each in (incident_id, "0" * 26):
        answer = look(gateway, services, each)
        assert (answer.status, answer.code) == (404, "no_finding")


def test_a_draft_is_handled_with_what_it_starts_with(services: Services, gateway: Gateway) -> None:
    take(services, guardduty())
    (draft,) = drafts(services)
    headers = bearer(staff_token(services.clock, "security"))
    path = f"{STAFF}/{draft.incident_id}"
    assert gateway.call("POST", f"{path}/take-up", headers=headers).status == 200
    facts = gateway.call("GET", path, headers=headers).json()["facts"]
    known = {name: value for name, value in facts.items() if value}
    known["categories"] = [each["id"] for each in facts["categories"]]
    body = json.dumps(known).encode()
    headers["content-type"] = "application/json"
    assert gateway.call("PUT", f"{path}/facts", body=body, headers=headers).status == 200


# --- the platform ------------------------------------------------------------------------------

REPORT: dict[str, Any] = {
    "title": "A wrong file was sent",
    "nature": {"en": "A file of one client went to another.", "id": "Berkas salah kirim."},
    "kinds": ["confidentiality"],
    "systems": ["portal"],
    "occurred_from": "2026-11-22T08:00:00Z",
    "occurred_until": "2026-11-22T08:05:00Z",
    "clients": ["pt-maju"],
    "people": 40,
    "records": 41,
}


def report(
    gateway: Gateway, clock: Any, scope: str = "incidents:write", key: str = "", **changes: Any
) -> Answer:
    headers = {**bearer(platform_token(clock, scope)), "content-type": "application/json"}
    if key:
        headers["idempotency-key"] = key
    body = json.dumps(REPORT | changes)
    return gateway.call("POST", PLATFORM, body=body, headers=headers)


def test_the_platform_reports(services: Services, gateway: Gateway, clock: FixedClock) -> None:
    answer = report(gateway, clock)
    assert answer.status == 201
    (incident,) = drafts(services)
    assert answer.json() == {
        "incident_id": incident.incident_id,
        "recorded_at": rfc3339(clock.now()),
    }
    assert (incident.source, incident.status) == (Source.PLATFORM, Status.OPEN)
    assert incident.reported_by == "platform/platform-client"
    facts = incident.facts
    assert facts.title == REPORT["title"]
    assert facts.kinds == {Kind.CONFIDENTIALITY}
    assert (facts.people, facts.records, facts.clients) == (40, 41, ("pt-maju",))
    assert dict(facts.nature) == REPORT["nature"]
    assert facts.occurred_until is not None
    assert incident.awareness is None


def test_a_report_that_comes_twice_is_one_incident(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    first, again = (report(gateway, clock, key="key-1") for _ in range(2))
    assert (first.status, first.json()) == (again.status, again.json())
    assert len(drafts(services)) == 1


def test_another_scope_reports_nothing(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    assert report(gateway, clock, "consents:write").status == 403
    assert drafts(services) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"occurred_from": "2027-01-01T00:00:00Z", "occurred_until": None}, "occurred_from"),
        ({"occurred_until": "2026-11-01T00:00:00Z"}, "occurred_until"),
        ({"kinds": ["theft"]}, "kinds.0"),
        ({"drill": True}, "body"),
        ({"role": "processor"}, "body"),
        ({"title": ""}, "title"),
        ({"people": -1}, "people"),
    ],
)
def test_a_report_that_cannot_be(
    gateway: Gateway, clock: FixedClock, changes: dict[str, Any], field: str
) -> None:
    answer = report(gateway, clock, **changes)
    assert answer.status == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


# --- what the functions may ---------------------------------------------------------------------


@pytest.fixture
def uses(services: Services) -> Uses:
    watching = Uses()
    watching.watch(services)
    return watching


def test_the_function_may_do_what_it_does(services: Services, uses: Uses) -> None:
    take(services, guardduty(), guardduty("5", severity=9.5), macie())
    first, _ = drafts(services)
    dismiss(services, first.incident_id)
    uses.seen.clear()
    take(services, guardduty("6", severity=9.7), imported(asff_of_table(), asff_of_macie()))
    assert uses.refused_by("take_findings") == set()


def test_the_function_uses_every_right_that_it_has(services: Services) -> None:
    services.data_maps.publish(Actor("operator", "ops"), SHOP)
    used: Rights = set()
    # One that makes the keys, and one that finds them.
    for bodies in ([guardduty(), macie()], [guardduty("5", severity=9.5), macie("6")]):
        cold = another_container(services)
        with recorded(cold.dynamodb, cold.records, cold.audit, cold.keys) as uses:
            take(cold, *bodies)
        used |= uses
    assert used == granted("take_findings")


def test_the_api_may_show_what_was_found(services: Services, gateway: Gateway, uses: Uses) -> None:
    take(services, guardduty())
    (draft,) = drafts(services)
    fresh = another_container(services)
    uses.seen.clear()
    uses.watch(fresh)
    fresh.looking_at_findings.read(draft.incident_id, "dpo-1")
    assert report(gateway, services.clock).status == 201
    assert uses.refused_by("api_handler") == set()
