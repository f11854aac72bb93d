"""A breach from its report to the last person told, all rooms together, on moto."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.models import Recipient
from chalicelib.incidents.pack.models import evidence_key
from chalicelib.services import Services
from tests.contract.affected import list_many
from tests.contract.closing import Ending
from tests.contract.moto_tables import SESSION, another_container
from tests.contract.people import mails, records
from tests.contract.policies import Uses
from tests.contract.post import Post, parsed
from tests.contract.responding import INCIDENTS, SECURITY, Responding
from tests.contract.stopping import put_client
from tests.contract.test_breach_notices import PDF, approved, file
from tests.contract.test_breach_telling import post_of
from tests.contract.test_incident_alarms import watch
from tests.fakes import FixedClock
from tests.gateway import Gateway

HOUR = timedelta(hours=1)
PLENTY = 300_000
SUBJECTS, CLIENTS = Recipient.SUBJECTS, Recipient.CLIENTS
DINI, OKA, MAJU = "dini@client.test", "oka@client.test", "dpo@maju.test"
LISTED = [
    {"kind": "subjects", "email": DINI, "language": "id"},
    {"kind": "subjects", "email": OKA, "language": "en"},
    {"kind": "subjects", "user_id": "user-without-address"},
    {"kind": "clients", "email": MAJU, "client": "pt-maju", "language": "en"},
]


@pytest.fixture
def responding(services: Services, gateway: Gateway) -> Responding:
    return Responding(services, gateway)


@pytest.fixture
def post(services: Services) -> Post:
    return post_of(services)


def listed(here: Responding, *, drill: bool = False) -> str:
    """The id of a known incident with people on its list."""
    incident_id = here.known(drill=drill, countries=["ID"])
    answer = here.act(
        incident_id, "recipients", {"recipients": LISTED}, role="security", who=SECURITY
    )
    assert answer.status == 200, answer.body
    return incident_id


def rounds(services: Services, clock: FixedClock, count: int = 3) -> None:
    """What the schedule does in so many runs."""
    for _ in range(count):
        counts = services.incident_rounds.run(lambda: PLENTY)
        assert (counts["broken"], counts["telling_failed"], counts["alarms_failed"]) == (0, 0, 0)
        clock.advance(timedelta(minutes=5))


def sent(post: Post, services: Services) -> dict[str, Any]:
    """By address what whoever waits for a mail about a notice gets."""
    for item in records(services):
        if item["et"] == "outbox_message" and item["kind"] == "breach_notice":
            post.deliver(str(item["pk"]).removeprefix("OUTBOX#"))
    return {
        each["Destinations"][0]: parsed(each["RawMessage"]["Data"]) for each in post.client.taken
    }


def states(here: Responding, incident_id: str) -> dict[str, str]:
    return {key: state for key, (state, _) in here.dates(incident_id).items()}


def test_everyone_who_must_know_is_told_in_time_and_the_alarms_fall_silent(
    responding: Responding, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = listed(responding)
    clock.advance(25 * HOUR)
    assert watch(services).alarms
    authority = approved(responding, incident_id, "authority")
    assert file(responding, incident_id, authority).status == 200
    subjects, _ = (approved(responding, incident_id, kind) for kind in ("subjects", "clients"))
    rounds(services, clock)
    mailed = sent(post, services)
    assert set(mailed) == {DINI, OKA, MAJU}
    assert "dicuri" in mailed[DINI].get_body(("plain",)).get_content()
    assert "was stolen" in mailed[OKA].get_body(("plain",)).get_content()
    rounds(services, clock)
    assert states(responding, incident_id)["id.breach-subjects"] == "open"
    by_letter(responding, incident_id, subjects)
    rounds(services, clock)
    assert set(states(responding, incident_id).values()) == {"done", "not_required"}
    clock.advance(24 * HOUR)
    assert watch(services).alarms == 0


def test_nobody_leaves_the_list_once_they_are_told(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = listed(responding)
    page = responding.call("GET", f"{INCIDENTS}/{incident_id}/recipients/list?kind=subjects")
    someone = page.json()["recipients"][0]["recipient_id"]
    approved(responding, incident_id, "clients")
    (wrong,) = put(responding, incident_id, {"email": "wrong@client.test"})
    path = f"recipients/{wrong['recipient_id']}/remove"
    assert responding.act(incident_id, path, {"reason": "of another kind"}).status == 200
    approved(responding, incident_id, "subjects")
    answer = responding.act(incident_id, f"recipients/{someone}/remove", {"reason": "not affected"})
    assert (answer.status, answer.code) == (409, "recipients_final")


def test_a_drill_exercises_everything_and_nothing_leaves(
    responding: Responding, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = listed(responding, drill=True)
    subjects, _ = (approved(responding, incident_id, kind) for kind in ("subjects", "clients"))
    rounds(services, clock, 6)
    by_letter(responding, incident_id, subjects)
    rounds(services, clock)
    assert sent(post, services) == {}
    outside = {DINI, OKA, MAJU}
    assert not outside & {each["to"] for each in mails(services)}
    found = states(responding, incident_id)
    assert (found["id.breach-subjects"], found["policy.breach-clients"]) == ("done", "done")


def test_the_watcher_calls_what_its_policy_allows_and_nothing_else(
    responding: Responding, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = listed(responding)
    notice = approved(responding, incident_id, "subjects")
    clock.advance(24 * HOUR)
    put_client(services, SESSION.client("dynamodb"))
    container, uses = another_container(services), Uses()
    uses.watch(container)
    rounds(container, clock)
    sent(post, services)
    rounds(container, clock)
    by_letter(responding, incident_id, notice)
    rounds(container, clock)
    assert states(responding, incident_id)["id.breach-subjects"] == "done"
    assert any(key.startswith("AFFECTED#") for _, _, key in uses.seen)
    assert uses.refused_by("watch_incidents") == set()


def test_the_watcher_may_end_what_was_said_in_public(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = responding.known(countries=["ID"])
    put(responding, incident_id, {"user_id": "user-without-address"})
    notice = approved(responding, incident_id, "subjects")
    rounds(services, clock)
    said = {"at": responding.in_hours(0), "where": "Kompas"}
    assert responding.act(incident_id, f"notices/{notice}/told-publicly", said).status == 200
    container, uses = another_container(services), Uses()
    uses.watch(container)
    rounds(container, clock)
    assert states(responding, incident_id)["id.breach-subjects"] == "done"
    assert uses.refused_by("watch_incidents") == set()


def test_the_report_on_causes_goes_to_the_affected_clients(
    responding: Responding, services: Services, clock: FixedClock, post: Post
) -> None:
    here = Ending(services, responding.gateway)
    incident_id = listed(here)
    assert here.found(incident_id).status == 200
    here.planned(incident_id)
    assert here.reported(incident_id).status == 200
    rounds(services, clock)
    mailed = sent(post, services)
    assert set(mailed) == {MAJU}
    said = mailed[MAJU].get_body(("plain",)).get_content()
    assert "Its disk was not encrypted" in said
    assert "Encrypt every laptop" in said
    # It is no notice that a duty asks for, and none is done by it.
    assert states(here, incident_id)["policy.breach-clients"] == "open"
    approved(here, incident_id, "clients")


def test_the_pack_holds_every_text_its_proof_and_who_was_told(
    responding: Responding, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = listed(responding)
    authority = approved(responding, incident_id, "authority")
    assert file(responding, incident_id, authority).status == 200
    told = approved(responding, incident_id, "subjects")
    rounds(services, clock)
    sent(post, services)
    rounds(services, clock)
    assert responding.act(incident_id, "evidence").status == 202
    worker, uses = another_container(services), Uses()
    uses.watch(worker)
    packed = pack(worker, incident_id)
    assert uses.refused_by("fulfil_requests") == set()
    of_authority = {
        name.rpartition("/")[2] for name in packed if name.startswith(f"notices/{authority}/")
    }
    assert of_authority == {"notice.json", "document.html", "document.pdf", "proof.pdf"}
    assert packed[f"notices/{authority}/proof.pdf"] == PDF
    frozen = json.loads(packed[f"notices/{told}/notice.json"])
    assert "dicuri" in frozen["texts"]["id"]["text"]
    ledger = list(csv.DictReader(packed[f"notices/{told}/ledger.csv"].decode().splitlines()))
    assert sorted(each["outcome"] for each in ledger) == ["no_address", "sent", "sent"]
    whole = b"".join(packed.values())
    assert DINI.encode() not in whole


def pack(services: Services, incident_id: str) -> dict[str, bytes]:
    """The files of the pack once the worker has built it."""
    services.evidence_builder.carry_on(incident_id)
    evidence = services._evidence_store.get(incident_id)
    assert evidence is not None
    assert evidence.built is not None
    key = evidence_key(incident_id, evidence.built.object_id)
    body = services.s3.get_object(Bucket=services.settings.exports_bucket, Key=key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_who_is_on_the_list_and_not_reached_is_known_by_kind(
    responding: Responding, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = listed(responding)
    assert set(services.tellings_standing.untold(incident_id)) == set()  # their duties are open
    for kind in ("subjects", "clients"):
        approved(responding, incident_id, kind)
    assert set(services.tellings_standing.untold(incident_id)) == {SUBJECTS, CLIENTS}
    rounds(services, clock)
    sent(post, services)
    assert services.tellings_standing.untold(incident_id) == {SUBJECTS: 1}


def test_how_long_it_takes_to_tell_a_list_is_known_before(
    responding: Responding, services: Services, clock: FixedClock
) -> None:
    incident_id = listed(responding)
    list_many(services, incident_id, 97)
    now = clock.now()
    ends = {
        each: services.tellings_standing.expected_end(incident_id, each, now) - now
        for each in Recipient
    }
    assert ends == {
        Recipient.AUTHORITY: timedelta(),
        Recipient.SUBJECTS: timedelta(seconds=10),
        Recipient.PUBLIC: timedelta(),
        Recipient.CONTROLLERS: timedelta(),
        Recipient.CLIENTS: timedelta(milliseconds=100),
    }
    approved(responding, incident_id, "subjects")
    later = services.tellings_standing.expected_end(incident_id, CLIENTS, clock.now())
    assert later - clock.now() == timedelta(seconds=10, milliseconds=100)


def everybody(post: Post, services: Services, clock: FixedClock) -> set[str]:
    """Whom notices went to in the end."""
    rounds(services, clock)
    sent(post, services)
    rounds(services, clock, 4)
    return set(sent(post, services))


@pytest.mark.parametrize("when", ["running", "leaving", "done"])
def test_who_comes_onto_the_list_late_is_told_whenever_that_is(
    responding: Responding, services: Services, clock: FixedClock, post: Post, when: str
) -> None:
    incident_id = responding.known(countries=["ID"])
    put(responding, incident_id, *({"email": f"first-{each}@client.test"} for each in range(20)))
    approved(responding, incident_id, "subjects")
    if when != "running":
        rounds(services, clock)
    if when == "done":
        everybody(post, services, clock)
        assert states(responding, incident_id)["id.breach-subjects"] == "done"
    late = {f"late-{each}@client.test" for each in range(5)}
    put(responding, incident_id, *({"email": each} for each in sorted(late)))
    assert set(services.tellings_standing.untold(incident_id)) == {SUBJECTS}
    assert late < everybody(post, services, clock)
    assert set(services.tellings_standing.untold(incident_id)) == set()
    assert states(responding, incident_id)["id.breach-subjects"] == "done"


def test_whose_address_is_found_after_all_is_mailed(
    responding: Responding, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = listed(responding)
    approved(responding, incident_id, "subjects")
    assert everybody(post, services, clock) == {DINI, OKA}
    assert states(responding, incident_id)["id.breach-subjects"] == "open"
    put(responding, incident_id, {"user_id": "user-without-address", "email": "found@client.test"})
    assert "found@client.test" in everybody(post, services, clock)
    assert states(responding, incident_id)["id.breach-subjects"] == "done"


def by_letter(here: Responding, incident_id: str, notice_id: str) -> None:
    """Notes that whoever has no address was told by letter."""
    assert here.tell_otherwise(incident_id, notice_id, "letter")


def test_the_same_person_by_address_and_by_user_id_gets_one_mail(
    responding: Responding, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = responding.known(countries=["ID"])
    put(responding, incident_id, {"email": DINI}, {"user_id": "u1", "email": DINI})
    approved(responding, incident_id, "subjects")
    rounds(services, clock)
    assert [each["to"] for each in mails(services) if "notice_id" in each["values"]] == [DINI]
    everybody(post, services, clock)
    assert states(responding, incident_id)["id.breach-subjects"] == "done"


def test_mails_that_leave_late_do_their_duty_late(
    responding: Responding, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = responding.known(countries=["ID"])
    put(responding, incident_id, {"email": DINI})
    approved(responding, incident_id, "subjects")
    rounds(services, clock)
    clock.advance(100 * HOUR)
    left_at = clock.now()
    everybody(post, services, clock)
    duty = responding.stored(incident_id).duty("id.breach-subjects")
    assert duty is not None
    assert duty.deadline is not None
    assert duty.done_at is not None
    assert duty.done_at > left_at > duty.deadline.due_at


def put(here: Responding, incident_id: str, *people: dict[str, str]) -> list[dict[str, str]]:
    """What came of putting people on the list, of the kind `subjects` where they say none."""
    body = {"recipients": [{"kind": "subjects", **each} for each in people]}
    answer = here.act(incident_id, "recipients", body, role="security", who=SECURITY)
    assert answer.status == 200, answer.body
    return list(answer.json()["recipients"])
