"""What a closed or dismissed incident said ends by the schedule, with its keys."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.audit.entry import Actor
from chalicelib.clock import from_millis, rfc3339
from chalicelib.incidents.book import incident_entity
from chalicelib.incidents.errors import IncidentOver
from chalicelib.incidents.models import Facts, Incident, Source, Status
from chalicelib.incidents.register import Report
from chalicelib.incidents.telling.models import State
from chalicelib.retention.__main__ import main
from chalicelib.retention.own.place import OwnCollection
from chalicelib.services import Services
from chalicelib.tables.codec import encode
from chalicelib.vault.keys import Scope
from chalicelib.vault.ledger import KEY
from tests.contract.closing import Ending
from tests.contract.found import drafts, take
from tests.contract.keeping import own
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.moto_tables import SESSION, another_container
from tests.contract.people import mails, records
from tests.contract.policies import Uses
from tests.contract.responding import FACTS, INCIDENTS, SECURITY
from tests.contract.restoring import Backup, lines, signed_locally
from tests.contract.retaining import Retained
from tests.contract.sqs import record
from tests.contract.test_breach_journey import everybody, pack, put
from tests.contract.test_breach_notices import approved
from tests.contract.test_breach_telling import post_of
from tests.fakes import FixedClock
from tests.findings import guardduty, guardduty_finding
from tests.gateway import Gateway

ASKED = {"place": "shop", "collection": "customers"}
WRITES: dict[str, Any] = {
    "reopen": {"reasons": "look again"},
    "recipients": {"recipients": [{"kind": "subjects", "email": "dini@client.test"}]},
    "recipients/subjects-" + "0" * 32 + "/remove": {"reason": "not affected"},
    "recipients/compute": ASKED,
}
YEARS = timedelta(days=1826)
"""Five years from the clock's first day on, or a day more."""
INSTANT = timedelta(milliseconds=1)
PLENTY = 300_000
LIMIT = "incidents_closed"


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    return Retained(services, gateway, clock)


@pytest.fixture
def ending(services: Services, gateway: Gateway) -> Ending:
    return Ending(services, gateway)


def closed(ending: Ending) -> str:
    """The id of a closed incident with a handler and a report to clients."""
    incident_id = ending.complete()
    handler = {"handler": SECURITY, "email": "guard@jutsoo.test"}
    answer = ending.call("PUT", f"{INCIDENTS}/{incident_id}/handler", handler)
    assert answer.status == 200, answer.body
    assert ending.close(incident_id).status == 200
    return incident_id


def dismissed(ending: Ending) -> str:
    """The id of a draft that was dismissed."""
    report = Report(Source.STAFF, Facts(title="Noise"))
    draft, writes = ending.services.incidents.draft(report, Actor("system", "findings"))
    ending.services.run_command(lambda: writes)
    answer = ending.act(draft.incident_id, "dismiss", {"reasons": "a test of ours"})
    assert answer.status == 200, answer.body
    return draft.incident_id


def sealed(services: Services, incident_id: str) -> list[str]:
    """Types of the incident's own items that still hold something sealed."""
    pk = f"INCIDENT#{incident_id}"
    return [
        str(item["et"])
        for item in records(services)
        if item["pk"] == pk and item.keys() & {"sealed", "mailbox"}
    ]


def scopes(services: Services, incident_id: str) -> list[Scope]:
    """The keys of the incident and of its notices that there are."""
    notices = [each.notice_id for each in services._breach_notices.of_incident(incident_id)]
    every = [
        *(make(incident_id) for make in (Scope.incident, Scope.handler, Scope.affected)),
        *map(Scope.breach_notice, notices),
    ]
    return [each for each in every if services.keyring.has_key(each)]


@pytest.mark.parametrize("end", [closed, dismissed])
def test_it_is_readable_until_its_millisecond_and_gone_after_the_sweep(
    office: Retained, ending: Ending, services: Services, end: Callable[[Ending], str]
) -> None:
    incident_id = end(ending)
    (record,) = own(services, OwnCollection.INCIDENTS)
    ends = from_millis(int(str(record["due_sk"]).partition("#")[0]))
    office.later(ends - office.clock.now() - INSTANT)
    assert office.swept().due == 0
    assert ending.call("GET", f"{INCIDENTS}/{incident_id}").status == 200
    had = scopes(services, incident_id)
    assert had
    office.later(INSTANT)
    for path in (
        "",
        "/aftermath",
        "/missing",
        "/evidence",
        "/notices",
        "/recipients",
        "/recipients/list?kind=subjects",
    ):
        answer = ending.call("GET", f"{INCIDENTS}/{incident_id}{path}")
        assert (answer.status, answer.code) == (410, "incident_over"), path
    for verb, body in WRITES.items():
        assert ending.act(incident_id, verb, body).code == "incident_over", verb
    handler = {"handler": SECURITY, "email": "guard@jutsoo.test"}
    path = f"{INCIDENTS}/{incident_id}/handler"
    assert ending.call("PUT", path, handler).code == "incident_over"
    assert ending.dates(incident_id) is not None
    assert scopes(services, incident_id) == had  # the sweep has not been there
    assert office.swept().handed == 1
    assert scopes(services, incident_id) == []
    assert sealed(services, incident_id) == []
    keys = [line for line in lines(services) if line.kind == KEY]
    assert {line.id for line in keys} == {each.value for each in had}
    assert {line.rule for line in keys} == {LIMIT}
    with pytest.raises(IncidentOver):
        services.incident_book.get(incident_id)
    trail = [*services.trail.history(incident_entity(incident_id))]
    assert trail[-1].action == "incident.forgotten"
    listed = ending.call("GET", f"{INCIDENTS}?year=2026").json()["incidents"]
    assert [each["incident_id"] for each in listed] == [incident_id]


def test_an_open_one_costs_no_read_more_and_what_opens_again_goes_on(
    office: Retained, ending: Ending, services: Services
) -> None:
    incident_id = closed(ending)
    office.later(YEARS - timedelta(days=30))
    assert ending.act(incident_id, "reopen", {"reasons": "there was more"}).status == 200
    office.later(timedelta(days=60))
    assert office.swept().handed == 0
    container, uses = another_container(services), Uses()
    uses.watch(container)
    assert container.incident_book.get(incident_id).facts.title
    assert not any(key.startswith("HELD#") for _, _, key in uses.seen)
    assert ending.close(incident_id).status == 200
    office.later(YEARS - timedelta(days=30))
    assert office.swept().handed == 0
    assert ending.call("GET", f"{INCIDENTS}/{incident_id}").status == 200


@pytest.mark.parametrize("kind", ["case", "category"])
def test_a_hold_keeps_the_key_and_nothing_is_read(
    office: Retained, ending: Ending, services: Services, kind: str
) -> None:
    incident_id = closed(ending)
    value = incident_id if kind == "case" else "own.incidents"
    hold_id = office.hold(kind, value)
    office.later(YEARS + timedelta(days=1))
    office.swept()
    assert Scope.incident(incident_id) in scopes(services, incident_id)
    assert ending.call("GET", f"{INCIDENTS}/{incident_id}").code == "incident_over"
    office.release(hold_id)
    office.later(timedelta(hours=2))
    office.swept()
    assert scopes(services, incident_id) == []


def test_the_list_and_the_notices_of_it_go_too(
    office: Retained, ending: Ending, services: Services
) -> None:
    incident_id = ending.known(countries=["ID"])
    put(ending, incident_id, {"email": "dini@client.test"})
    notice_id = approved(ending, incident_id, "subjects")
    services.run_command(
        lambda: services.incident_book.turned(
            replace(
                services.incident_book.get(incident_id),
                status=Status.CLOSED,
                closed_at=office.clock.now(),
            ),
            Actor("system", "test"),
            "incident.closed",
            {},
        )
    )
    purposes = {each.purpose for each in scopes(services, incident_id)}
    assert purposes == {"incident", "affected", "breach-notice"}
    office.later(YEARS + timedelta(days=1))
    of_notice = f"{INCIDENTS}/{incident_id}/notices/{notice_id}"
    assert ending.call("GET", f"{of_notice}/ledger").code == "incident_over"
    assert ending.call("POST", f"{of_notice}/tell-rest").code == "incident_over"
    said = {"at": ending.in_hours(0), "where": "in the paper"}
    assert ending.call("POST", f"{of_notice}/told-publicly", said).code == "incident_over"
    watcher, uses = another_container(services), Uses()
    uses.watch(watcher)
    assert watcher.incident_rounds.run(lambda: PLENTY)["telling_failed"] == 0
    assert uses.refused_by("watch_incidents") == set()
    telling = services._breach_tellings.get(notice_id)
    assert telling is not None
    assert telling.state is State.STOPPED
    assert mails(services) == []
    office.swept()
    assert scopes(services, incident_id) == []
    for _ in range(3):
        assert services.incident_rounds.run(lambda: PLENTY)["telling_failed"] == 0
        office.later(timedelta(hours=1))


def test_nobody_is_reminded_of_what_is_over_and_held(
    office: Retained, ending: Ending, services: Services
) -> None:
    incident_id = closed(ending)
    office.later(timedelta(days=3))
    assert services.remedy_reminders.run(lambda: PLENTY).reminded == 1
    office.hold("case", incident_id)
    office.later(YEARS)
    office.swept()
    watcher, uses = another_container(services), Uses()
    uses.watch(watcher)
    report = watcher.remedy_reminders.run(lambda: PLENTY)
    assert (report.reminded, report.failed) == (0, 0)
    assert uses.refused_by("watch_incidents") == set()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 6))
def test_a_worker_that_dies_is_followed_by_one_that_does_the_rest(
    office: Retained, ending: Ending, services: Services, number: int, when: str
) -> None:
    incident_id = closed(ending)
    office.later(YEARS + timedelta(days=1))
    killer = Killer(lambda write: when if write == number else None)
    killer.watch(services)
    killer.armed = True
    with contextlib.suppress(Killed):
        office.swept()
    killer.armed = False
    for _ in range(3):
        office.later(timedelta(hours=2))
        office.swept()
    assert scopes(services, incident_id) == []
    (record,) = own(services, OwnCollection.INCIDENTS)
    assert record["state"] == "disposed"


def test_a_restored_backup_is_made_true_again(
    office: Retained, ending: Ending, services: Services
) -> None:
    signed_locally(services)
    incident_id = closed(ending)
    backup = Backup(services)
    office.later(YEARS + timedelta(days=1))
    office.swept()
    backup.restore()
    assert scopes(services, incident_id)
    assert main(["replay", "--do"]) == 0
    assert scopes(services, incident_id) == []
    assert ending.call("GET", f"{INCIDENTS}/{incident_id}").status == 410


def test_the_backfill_registers_what_ended_before(
    office: Retained, ending: Ending, services: Services
) -> None:
    ids = {closed(ending), dismissed(ending)}
    ending.report()
    before = own(services, OwnCollection.INCIDENTS)
    client = SESSION.client("dynamodb")
    for item in before:
        key = encode({"pk": item["pk"], "sk": item["sk"]})
        client.delete_item(TableName=services.records.name, Key=key)
    assert services.own_backfill.run()[OwnCollection.INCIDENTS] == len(ids)
    after = own(services, OwnCollection.INCIDENTS)
    assert {(each["pk"], each["due_sk"]) for each in after} == {
        (each["pk"], each["due_sk"]) for each in before
    }
    assert services.own_backfill.run()[OwnCollection.INCIDENTS] == 0


def found(ending: Ending, clock: FixedClock) -> str:
    """The id of a closed incident that a finding made, with a list, notices and a pack."""
    take(ending.services, guardduty())
    (draft,) = drafts(ending.services)
    incident_id = draft.incident_id
    assert ending.act(incident_id, "take-up", role="security", who=SECURITY).status == 200
    seen = {"revision": ending.shown(incident_id)["revision"]}
    assert ending.call("PUT", f"{INCIDENTS}/{incident_id}/facts", FACTS | seen).status == 200
    assert ending.aware(incident_id).status == 200
    put(ending, incident_id, {"email": "dini@client.test"})
    approved(ending, incident_id, "subjects")
    everybody(post_of(ending.services), ending.services, clock)
    ending.finish(incident_id)
    assert ending.act(incident_id, "evidence").status == 202
    pack(ending.services, incident_id)
    assert ending.close(incident_id).status == 200
    return incident_id


def registered(services: Services) -> list[Incident]:
    return services.incidents.page(2026, 100, None)[0] + services.incidents.page(2031, 100, None)[0]


def packs(services: Services) -> list[str]:
    listed = services.s3.list_objects_v2(Bucket=services.settings.exports_bucket)
    return [each["Key"] for each in listed.get("Contents", [])]


def test_its_finding_and_its_pack_go_with_it(
    office: Retained, ending: Ending, services: Services
) -> None:
    incident_id = found(ending, office.clock)
    (finding,) = (each for each in records(services) if each["et"] == "finding")
    scope = Scope.finding(str(finding["pk"]).partition("#")[2])
    assert services.keyring.has_key(scope)
    assert len(packs(services)) == 1
    office.later(YEARS + timedelta(days=1))
    worker, uses = another_container(services), Uses()
    uses.watch(worker)
    worker.incident_ending.end(incident_id, LIMIT, [])
    assert uses.refused_by("fulfil_requests") == set()
    assert packs(services) == []
    assert not services.keyring.has_key(scope)


def test_a_finding_that_comes_again_as_its_incident_ends_keeps_its_key(
    office: Retained, ending: Ending, services: Services
) -> None:
    incident_id = found(ending, office.clock)
    office.later(YEARS + timedelta(days=1))
    worker = another_container(services)
    service = guardduty_finding()["service"] | {"eventLastSeen": rfc3339(office.clock.now())}
    meanwhile(worker, lambda: take(services, guardduty("2", service=service)))
    worker.incident_ending.end(incident_id, LIMIT, [])
    (draft,) = (each for each in registered(services) if each.status is Status.DRAFT)
    assert draft.incident_id != incident_id
    shown = ending.call("GET", f"{INCIDENTS}/{draft.incident_id}/finding")
    assert shown.status == 200, shown.body
    with pytest.raises(IncidentOver):
        services.incident_book.get(incident_id)


def test_the_policies_allow_what_is_done(
    office: Retained, ending: Ending, services: Services
) -> None:
    incident_id = closed(ending)
    office.later(YEARS + timedelta(days=1))
    reader, seen = another_container(services), Uses()
    seen.watch(reader)
    with pytest.raises(IncidentOver):
        reader.incident_book.get(incident_id)
    assert seen.refused_by("api_handler") == set()


def test_a_finding_that_comes_again_after_its_incident_was_forgotten_is_a_new_one(
    office: Retained, ending: Ending, services: Services
) -> None:
    forgotten = found(ending, office.clock)
    office.later(YEARS + timedelta(days=1))
    services.incident_ending.end(forgotten, LIMIT, [])
    service = guardduty_finding()["service"] | {"eventLastSeen": rfc3339(office.clock.now())}
    for event in ("2", "2", "3"):
        take(services, guardduty(event, service=service))
    (draft,) = (each for each in registered(services) if each.status is Status.DRAFT)
    shown = ending.call("GET", f"{INCIDENTS}/{draft.incident_id}/finding").json()
    assert shown["seen"] == 2
    assert ending.act(draft.incident_id, "dismiss", {"reasons": "noise"}).status == 200
    office.later(YEARS + timedelta(days=1))
    services.incident_ending.end(draft.incident_id, LIMIT, [])
    take(services, guardduty("4", service=service))
    noted = [each for each in records(services) if each["et"] == "finding"]
    assert len({each["pk"] for each in noted}) == len(noted) == 3


def test_a_pack_that_is_built_while_its_incident_ends_stays_nowhere(
    office: Retained, ending: Ending, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident_id = closed(ending)
    office.later(YEARS - timedelta(days=1))
    assert ending.act(incident_id, "evidence").status == 202
    worker, uses = another_container(services), Uses()
    uses.watch(worker)
    packer = worker.evidence_builder._packer
    whole = packer.pack

    def ends_before_the_last_byte(*said: Any) -> None:
        whole(*said)
        office.later(timedelta(days=2))
        services.incident_ending.end(incident_id, LIMIT, [])

    monkeypatch.setattr(packer, "pack", ends_before_the_last_byte)
    worker.evidence_builder.carry_on(incident_id)
    assert packs(services) == []
    services.evidence_builder.carry_on(incident_id)
    assert packs(services) == []
    assert uses.refused_by("fulfil_requests") == set()


def test_a_finding_is_not_noted_under_a_key_that_goes_meanwhile(
    office: Retained, ending: Ending, services: Services
) -> None:
    forgotten = found(ending, office.clock)
    office.later(YEARS + timedelta(days=1))
    service = guardduty_finding()["service"] | {"eventLastSeen": rfc3339(office.clock.now())}
    take(services, guardduty("warm"))
    other = another_container(services)
    meanwhile(services, lambda: other.incident_ending.end(forgotten, LIMIT, []))
    brought = record(guardduty("2", service=service))
    assert services.findings_consumer.run(brought)["batchItemFailures"]  # the queue brings it again
    taker, uses = another_container(services), Uses()
    uses.watch(taker)
    for event in ("2", "3"):
        take(taker, guardduty(event, service=service))
    assert uses.refused_by("take_findings") == set()
    (draft,) = (each for each in registered(services) if each.status is Status.DRAFT)
    shown = ending.call("GET", f"{INCIDENTS}/{draft.incident_id}/finding").json()
    assert shown["seen"] == 2
