"""The archive: moved there sealed and locked, read by the staff alone, ended with its key."""

import contextlib
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.clock import rfc3339
from chalicelib.http.permissions import Role
from chalicelib.notices.consumer import Later
from chalicelib.retention.archiving.copies import Copies, Row
from chalicelib.retention.archiving.objects import ArchiveBucket, CopyExists, CopyMissing
from chalicelib.retention.records.models import HeldRecord
from chalicelib.retention.schedule.text import standard
from chalicelib.retention.sweeping.disposal import Stale
from chalicelib.services import Services
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keys import Scope
from tests.contract.killing import Killed, Killer
from tests.contract.people import records
from tests.contract.policies import Uses
from tests.contract.retaining import ARCHIVE, HOURLY, YEAR, Retained, archiving
from tests.contract.schedules import SCHEDULE
from tests.contract.shop import SITI
from tests.contract.working import waiting, work
from tests.fakes import FixedClock
from tests.gateway import Gateway

MILLISECOND = timedelta(milliseconds=1)
THREE_DAYS = timedelta(hours=72)


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    return Retained(services, gateway, clock)


class AllVersions(ArchiveBucket):
    """The bucket of somebody who gets at what lies under the markers of deletions."""

    def read(self, key: str) -> bytes:
        (version,) = self._s3.list_object_versions(Bucket=self._bucket, Prefix=key)["Versions"]
        found = self._s3.get_object(Bucket=self._bucket, Key=key, VersionId=version["VersionId"])
        return found["Body"].read()


class Archived:
    """The archive's bucket, past the code, and what it opens to for somebody who comes anew."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.s3, self.bucket = services.s3, services.settings.archive_bucket

    def keys(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [each["Key"] for each in listed]

    def versions(self) -> list[Any]:
        return list(self.s3.list_object_versions(Bucket=self.bucket).get("Versions", []))

    def rows(self, record_id: str) -> list[dict[str, Any]]:
        """What the record's noted copy holds, with keys that are read anew."""
        record = self.services._held_records.get(record_id)
        assert record is not None
        here = self.services
        fresh = Services(here.settings, clock=here.clock, create_client=here._create_client)
        copies = Copies(AllVersions(here.s3, self.bucket), fresh.vault)
        return [dict(each) for each in copies.read(record)]


@pytest.fixture
def archive(services: Services) -> Archived:
    return Archived(services)


def read(office: Retained, record_id: str, role: Role = Role.DPO) -> Any:
    return office.staff("GET", f"{ARCHIVE}/{record_id}", role=role)


def at_take(services: Services, act: Callable[[], object]) -> None:
    """Somebody else does `act` after the copy was noted, right before the row is taken away."""
    others = [act]

    def before_call(params: Any, **_rest: Any) -> None:
        if others and "shop-customers" in str(params["body"]):
            others.pop()()

    events = services.dynamodb.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", before_call)


def test_what_is_archived_is_gone_from_its_place(office: Retained, archive: Archived) -> None:
    (record_id,) = office.archived("c1", client="acme")
    assert office.customers() == ["c2"]
    shown = office.shown(record_id)
    assert (shown["state"], shown["readable"], shown["usable"]) == ("archived", False, False)
    assert shown["archived_until"] == shown["expiry"]["expires_at"] == "2029-11-24T17:00:00.000Z"
    assert (shown["expiry"]["limit"]["rule"], shown["expiry"]["means"]) == (
        "technical_unused",
        "destroy_key",
    )
    assert not office.readable("c1")
    assert office.runs()[0]["counts"] == {"done": 1}
    (row,) = archive.rows(record_id)
    assert (row["id"], row["email"], row["logins"]) == ("c1", SITI, 7)


def test_the_object_is_locked_and_says_nothing(office: Retained, archive: Archived) -> None:
    (record_id,) = office.archived("c1")
    (key,) = archive.keys()
    assert key.startswith(f"records/{record_id}/")
    answer = archive.s3.get_object(Bucket=archive.bucket, Key=key)
    assert answer["ObjectLockMode"] == "COMPLIANCE"
    assert answer["ObjectLockRetainUntilDate"] == datetime.fromisoformat(
        office.shown(record_id)["archived_until"]
    )
    body = answer["Body"].read()
    for canary in (SITI, "Siti", "siti", "c1"):
        assert canary.encode() not in body
        assert canary not in key


def test_the_staff_reads_it_and_that_is_in_the_trail(office: Retained) -> None:
    (record_id,) = office.archived("c1")
    for role in (Role.DPO, Role.AGENT, Role.AUDITOR):
        answer = read(office, record_id, role)
        assert answer.status == 200, answer.body
        (row,) = answer.json()["rows"]
        assert (row["email"], row["name"]) == (SITI, "Siti")
    for role in (Role.ENGINEER, Role.SECURITY):
        assert read(office, record_id, role).status == 403
    entries = office.staff("GET", f"/v1/staff/audit/record/{record_id}").json()["entries"]
    assert [each["action"] for each in entries] == ["record.archived", *3 * ["personal_data.read"]]


def test_what_is_not_in_the_archive_is_not_read(office: Retained) -> None:
    answer = read(office, 32 * "A")
    assert (answer.status, answer.code) == (404, "unknown_held_record")
    (made,) = office.register("c1")
    answer = read(office, made["record_id"])
    assert (answer.status, answer.code) == (404, "not_archived")


def test_it_ends_in_the_millisecond_of_its_date(office: Retained, archive: Archived) -> None:
    (record_id,) = office.archived("c1")
    until = datetime.fromisoformat(office.shown(record_id)["archived_until"])
    office.clock.set(until - MILLISECOND)
    assert office.swept().due == 0
    assert read(office, record_id).status == 200
    office.clock.set(until)
    answer = read(office, record_id)  # whenever the sweep comes
    assert (answer.status, answer.code) == (410, "archive_ended")
    assert office.swept().handed == 1
    with pytest.raises(KeyDestroyed):
        archive.rows(record_id)
    shown = office.shown(record_id)
    assert (shown["state"], shown["disposed_by"], shown["means"]) == (
        "disposed",
        "technical_unused",
        "destroy_key",
    )
    answer = read(office, record_id)
    assert (answer.status, answer.code) == (410, "archive_ended")
    # Its version is left to its lock and the bucket's lifecycle.
    assert (archive.keys(), len(archive.versions())) == ([], 1)


@pytest.mark.parametrize("interrupted", ["dead", "held"])
def test_a_copy_that_nobody_noted_ends_with_its_record(
    office: Retained, archive: Archived, services: Services, interrupted: str
) -> None:
    office.archives()
    (made,) = office.register("c1", client="acme")
    office.later(YEAR)
    real = services.archived_copies.put

    def put_and_no_more(record: HeldRecord, rows: Sequence[Row]) -> None:
        real(record, rows)
        if interrupted == "dead":
            raise Killed
        office.hold("client", "acme")

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed, Stale):
        patch.setattr(services.archived_copies, "put", put_and_no_more)
        services._disposal.settle(made["record_id"], "01JRUN")
    assert office.customers() == ["c1", "c2"]
    assert len(archive.keys()) == 1
    office.puts_in_force(standard())
    for hold in office.staff("GET", "/v1/staff/holds").json()["holds"]:
        office.release(hold["hold_id"])
    office.register("c1", client="acme", triggers={"request": rfc3339(office.clock.now())})
    office.later(timedelta(days=4))
    office.swept()
    assert office.shown(made["record_id"])["means"] == "delete"
    assert not services.keyring.has_key(Scope.archive(made["record_id"]))
    assert archive.keys() == []


def test_a_copy_whose_key_went_before_ends_all_the_same(
    office: Retained, services: Services
) -> None:
    (record_id,) = office.archived("c1")
    services.run_command(lambda: services.vault.destroy_actions(Scope.archive(record_id)))
    office.later(2 * YEAR + timedelta(days=2))
    office.swept()
    assert office.shown(record_id)["means"] == "destroy_key"


@pytest.mark.parametrize("trigger", ["request", "consent_withdrawn", "end_of_engagement"])
def test_another_limit_ends_it_earlier(office: Retained, archive: Archived, trigger: str) -> None:
    (record_id,) = office.archived("c1")
    (told,) = office.register("c1", triggers={trigger: rfc3339(office.clock.now())})
    assert told["outcome"] == "updated"
    assert office.shown(record_id)["state"] == "archived"
    office.later(THREE_DAYS - MILLISECOND)
    assert office.swept().due == 0
    office.later(MILLISECOND)
    assert read(office, record_id).status == 410
    office.swept()
    with pytest.raises(KeyDestroyed):
        archive.rows(record_id)
    assert office.shown(record_id)["means"] == "destroy_key"
    assert archive.keys() == []
    (version,) = archive.versions()
    which = {"Key": version["Key"], "VersionId": version["VersionId"]}
    locked = archive.s3.head_object(Bucket=archive.bucket, **which)
    assert locked["ObjectLockRetainUntilDate"] > office.clock.now()


def test_a_row_that_is_used_again_is_another_one(office: Retained) -> None:
    (record_id,) = office.archived("c1")
    (told,) = office.register("c1")
    assert told["problem"] == "record_gone"
    assert office.shown(record_id)["state"] == "archived"


def test_a_hold_stops_it_before_anything_is_copied(office: Retained, archive: Archived) -> None:
    office.archives()
    (made,) = office.register("c1", client="acme")
    hold = office.hold("client", "acme")
    office.later(YEAR)
    office.swept()
    assert (office.customers(), archive.versions()) == (["c1", "c2"], [])
    assert office.shown(made["record_id"])["state"] == "held"
    office.release(hold)
    office.swept()
    assert office.customers() == ["c2"]
    assert len(archive.rows(made["record_id"])) == 1


def test_a_hold_stops_the_end_of_what_was_archived(office: Retained, archive: Archived) -> None:
    (record_id,) = office.archived("c1", client="acme")
    hold = office.hold("client", "acme")
    office.clock.set(datetime.fromisoformat(office.shown(record_id)["archived_until"]))
    office.swept()
    assert office.shown(record_id)["state"] == "held"
    assert len(archive.rows(record_id)) == 1
    assert read(office, record_id).status == 410  # a hold keeps it; it opens it for nobody
    office.release(hold)
    assert office.shown(record_id)["state"] == "archived"
    office.swept()
    with pytest.raises(KeyDestroyed):
        archive.rows(record_id)


def test_a_hold_at_the_last_moment_stops_the_destruction(
    office: Retained, archive: Archived
) -> None:
    (record_id,) = office.archived("c1", client="acme")
    office.clock.set(datetime.fromisoformat(office.shown(record_id)["archived_until"]))
    office.sweep()
    others: list[Callable[[], object]] = [lambda: office.hold("client", "acme")]

    def before_call(params: Any, **_rest: Any) -> None:
        if others and "ERASURE#archive" in str(params["body"]):
            others.pop()()

    events = office.services.dynamodb.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", before_call)
    work(office.services, office.clock)
    assert not others
    assert office.shown(record_id)["state"] == "held"
    assert len(archive.rows(record_id)) == 1
    assert office.runs()[0]["counts"] == {"held": 1}


def test_a_hold_that_comes_between_copy_and_taking_keeps_the_row(
    office: Retained, archive: Archived
) -> None:
    office.archives()
    (made,) = office.register("c1", client="acme")
    office.later(YEAR)
    office.sweep()
    at_take(office.services, lambda: holds.append(office.hold("client", "acme")))
    holds: list[str] = []
    work(office.services, office.clock)
    assert office.customers() == ["c1", "c2"]
    assert office.shown(made["record_id"])["state"] == "held"
    # Years later it is archived anew: for its whole time, as it is then.
    office.later(3 * YEAR)
    office.release(holds[0])
    office.swept()
    assert office.customers() == ["c2"]
    assert len(archive.versions()) == 2
    until = datetime.fromisoformat(office.shown(made["record_id"])["archived_until"])
    assert until - office.clock.now() > 2 * YEAR - timedelta(days=1)
    assert len(archive.rows(made["record_id"])) == 1


def test_a_row_that_changes_between_copy_and_taking_is_copied_anew(
    office: Retained, archive: Archived
) -> None:
    office.archives()
    (made,) = office.register("c1")
    office.later(YEAR)
    office.sweep()
    changed = {"id": {"S": "c1"}, "email": {"S": "new@example.test"}}
    at_take(office.services, lambda: office.shop.put("customers", changed))
    work(office.services, office.clock)
    assert (office.customers(), len(archive.versions())) == (["c2"], 2)
    assert archive.rows(made["record_id"]) == [{"id": "c1", "email": "new@example.test"}]


def test_a_row_that_is_gone_already_leaves_nothing(office: Retained, archive: Archived) -> None:
    (record_id,) = office.archived("never-there")
    shown = office.shown(record_id)
    assert (shown["state"], shown["means"], shown["archived_at"]) == ("disposed", "archive", None)
    assert archive.versions() == []


def test_a_copy_whose_record_is_used_again_ends_with_it(
    office: Retained, archive: Archived
) -> None:
    office.archives()
    (made,) = office.register("c1")
    office.later(YEAR)
    office.sweep()
    at_take(office.services, die)
    with contextlib.suppress(Killed):
        step(office)
    office.register("c1")  # used again, with a copy noted
    work(office.services, office.clock)
    assert office.shown(made["record_id"])["state"] == "kept"
    answer = read(office, made["record_id"])
    assert (answer.status, answer.code) == (404, "not_archived")
    office.register("c1", triggers={"request": rfc3339(office.clock.now())})
    office.later(THREE_DAYS)
    office.swept()
    assert office.customers() == ["c2"]
    assert office.shown(made["record_id"])["means"] == "delete"
    with pytest.raises(KeyDestroyed):
        archive.rows(made["record_id"])


def die() -> None:
    raise Killed


def step(office: Retained) -> None:
    """One round of the workers, each of which may die."""
    for message_id in waiting(office.services):
        with contextlib.suppress(Later, Killed):
            office.services.worker.deliver(f'{{"id": "{message_id}"}}')


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(9))
def test_a_worker_killed_at_a_write_loses_nothing(
    office: Retained, archive: Archived, number: int, when: str
) -> None:
    office.archives()
    (made,) = office.register("c1")
    office.later(YEAR)
    office.sweep()
    killer = Killer(lambda seen: when if seen == number else None)
    killer.watch(office.services)
    killer.armed = True
    for _ in range(4):
        step(office)
        assert is_safe(office, archive, made["record_id"], "c1", {"c1": SITI})
        office.later(HOURLY)
    killer.armed = False
    assert killer.kills
    office.swept()
    (row,) = archive.rows(made["record_id"])
    assert (row["email"], office.customers()) == (SITI, ["c2"])
    assert office.shown(made["record_id"])["state"] == "archived"
    assert [each["counts"] for each in office.runs()] == [{"done": 1}]


def is_safe(
    office: Retained, archive: Archived, record_id: str, name: str, mails: dict[str, str]
) -> bool:
    """Whether the row is at its place, or in the copy that its record notes."""
    if name in office.customers():
        return True
    return mails[name] in [each["email"] for each in archive.rows(record_id)]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_nothing_is_lost_and_nothing_counted_twice(
    office: Retained, archive: Archived, seed: int
) -> None:
    """Workers die, rows change, holds come and go: each row is there or archived as it was last."""
    chance = random.Random(seed)  # noqa: S311  # a test's course, to be repeated
    names = [f"n{each}" for each in range(6)]
    mails = {name: f"{name}@example.test" for name in names}
    office.put(*names)
    office.archives()
    ids = {
        name: office.register(name, client=chance.choice(["acme", "beta"]))[0]["record_id"]
        for name in names
    }
    office.later(YEAR)
    killer = Killer(lambda _number: chance.choice([None] * 5 + ["before", "after"]))
    killer.watch(office.services)
    held = ""
    for _ in range(8):
        killer.armed = True
        with contextlib.suppress(Killed):
            office.sweep()
        step(office)
        killer.armed = False
        for name in names:
            assert is_safe(office, archive, ids[name], name, mails)
        there = [each for each in office.customers() if each in mails]
        if there and chance.random() < 0.4:
            name = chance.choice(there)
            mails[name] = f"{name}.{len(mails[name])}@example.test"
            office.shop.put("customers", {"id": {"S": name}, "email": {"S": mails[name]}})
        if chance.random() < 0.5:
            if held:
                office.services.holds.release(held, "01JDPO", "over")
            held = "" if held else office.hold("client", "acme")
        office.later(HOURLY)
    if held:
        office.release(held)
    for _ in range(6):
        work(office.services, office.clock)
        office.later(4 * HOURLY)
        office.sweep()
    assert office.customers() == ["c1", "c2"]
    for name, record_id in ids.items():
        assert [each["email"] for each in archive.rows(record_id)] == [mails[name]]
        assert office.shown(record_id)["state"] == "archived"
    batches = [each for each in records(office.services) if each["et"] == "sweep_batch"]
    assert sum(each["counts"].get("done", 0) for each in batches) == len(names)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(4))
def test_a_worker_killed_at_the_end_ends_it_once(
    office: Retained, archive: Archived, number: int, when: str
) -> None:
    (record_id,) = office.archived("c1")
    office.clock.set(datetime.fromisoformat(office.shown(record_id)["archived_until"]))
    office.sweep()
    killer = Killer(lambda seen: when if seen == number else None)
    killer.watch(office.services)
    killer.armed = True
    for _ in range(3):
        step(office)
        office.later(HOURLY)
    killer.armed = False
    assert killer.kills
    work(office.services, office.clock)
    with pytest.raises(KeyDestroyed):
        archive.rows(record_id)
    assert archive.keys() == []
    assert [each["counts"] for each in office.runs()] == [{"done": 1}, {"done": 1}]


def test_a_schedule_that_archives_longer_says_nothing_of_what_is_archived(
    office: Retained,
) -> None:
    (record_id,) = office.archived("c1")
    until = office.shown(record_id)["archived_until"]
    office.puts_in_force(archiving(30))
    assert office.shown(record_id)["expiry"]["expires_at"] == until


def test_a_schedule_that_deletes_instead_ends_what_is_archived_and_says_so_first(
    office: Retained, archive: Archived
) -> None:
    (record_id,) = office.archived("c1")
    number = office.puts_in_force(standard())
    preview = office.staff("GET", f"{SCHEDULE}/versions/{number}/preview").json()
    assert preview["total"]["over_at_once"] == 1
    office.later(HOURLY)
    assert office.swept().handed == 1
    with pytest.raises(KeyDestroyed):
        archive.rows(record_id)


def test_an_engagement_ends_with_what_was_archived(office: Retained) -> None:
    office.archived("c1", client="acme", category="authentication")
    path = "/v1/staff/clients/acme"
    office.staff("POST", path + "/end", {"ended_at": rfc3339(office.clock.now())})
    work(office.services, office.clock)
    (line,) = office.staff("GET", path + "/end").json()["plan"]
    assert (line["rule"], line["means"], line["kept_by"]) == ("on_termination", "destroy_key", [])


def test_the_functions_may_do_what_they_do_to_the_archive_and_its_keys(
    office: Retained, archive: Archived
) -> None:
    services, calls = office.services, set[str]()
    office.archives()
    (made,) = office.register("c1")
    office.later(YEAR)
    office.sweep()

    def note(params: Any, model: Any, **_rest: Any) -> None:
        if params["Bucket"] == services.settings.archive_bucket:
            calls.add(model.name)

    services.s3.meta.events.register("provide-client-params.s3", note)
    uses = Uses()
    uses.watch(services)
    work(services, office.clock)
    assert calls == {"PutObject"}
    office.clock.set(datetime.fromisoformat(office.shown(made["record_id"])["archived_until"]))
    office.swept()
    assert calls == {"DeleteObject", "ListObjectsV2", "PutObject"}
    # What else it does to records, every means does.
    assert {each for each in uses.refused_by("fulfil_requests") if "archive" in each[2]} == set()
    assert {action for action, _, key in uses.seen if "#archive/" in key} == {
        "ConditionCheckItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
    }


def test_the_api_may_do_what_it_does_to_read_the_archive(office: Retained) -> None:
    (record_id,) = office.archived("c1")
    office.services.vault.forget(Scope.archive(record_id))
    uses = Uses()
    uses.watch(office.services)
    assert read(office, record_id).status == 200
    assert ("BatchGetItem", "keys", f"SCOPE#archive/{record_id}") in uses.seen
    assert {each for each in uses.refused_by("api_handler") if "archive" in each[2]} == set()


class TestCopies:
    """Copies by themselves."""

    @pytest.fixture
    def record(self, office: Retained) -> Any:
        (record_id,) = office.archived("c1")
        return office.services._held_records.get(record_id)

    def renamed(self, record: Any) -> Any:
        return replace(record, copy=replace(record.copy, name="another"))

    def test_long_rows_come_in_pieces(self, services: Services, record: Any) -> None:
        rows = [{"id": "c1", "note": "x" * 900_000}, {"id": "c1", "mark": "\ud800"}]
        services.archived_copies.put(self.renamed(record), rows)
        assert services.archived_copies.read(self.renamed(record)) == rows

    def test_nothing_is_written_over(self, services: Services, record: Any) -> None:
        with pytest.raises(CopyExists):
            services.archived_copies.put(record, [])

    def test_what_is_not_there_is_missed(self, services: Services, record: Any) -> None:
        with pytest.raises(CopyMissing):
            services.archived_copies.read(self.renamed(record))

    @pytest.mark.parametrize(
        "edit",
        [
            lambda body: body[: 380 * 1024],
            lambda body: body[380 * 1024 :] + body[: 380 * 1024],
            lambda body: body[:-1] + bytes([body[-1] ^ 1]),
        ],
    )
    def test_what_was_touched_does_not_open(
        self, services: Services, record: Any, edit: Callable[[bytes], bytes]
    ) -> None:
        renamed = self.renamed(record)
        services.archived_copies.put(renamed, [{"note": "x" * 700_000}])
        bucket = services.settings.archive_bucket
        key = f"records/{record.record_id}/another"
        body = services.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        services.s3.put_object(Bucket=bucket, Key=key, Body=edit(body))
        with pytest.raises(SealBroken):
            services.archived_copies.read(renamed)

    def test_a_copy_is_of_its_record(self, services: Services, record: Any) -> None:
        other = replace(record, facts=replace(record.facts, client="other"))
        with pytest.raises(SealBroken):
            services.archived_copies.read(other)
