"""After a restore from backup one command makes true again what the erasure ledger says."""

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.export import Exporter
from chalicelib.audit.verifier import verify
from chalicelib.clock import rfc3339
from chalicelib.connectors.places import PlaceUnavailable
from chalicelib.retention.__main__ import main
from chalicelib.services import Services
from chalicelib.tables.transactions import Contended
from chalicelib.vault.keys import Scope
from chalicelib.vault.ledger import ErasureLedger
from tests.contract.asking import make, withdraw
from tests.contract.killing import Killed, Killer
from tests.contract.people import EMAIL, current, signed_in
from tests.contract.restoring import (
    PLENTY,
    Backup,
    Signer,
    cold,
    left_of,
    lines,
    signed_locally,
    state,
)
from tests.contract.retaining import YEAR, Retained
from tests.contract.test_fulfilment import decide
from tests.contract.working import opened, work
from tests.fakes import FixedClock
from tests.gateway import Gateway

BUDI = "budi@example.test"
SAID = {"name": "Siti Rahma", "details": "all of it"}
HOUR = timedelta(hours=1)
TESTER = Actor("operator", "test")
RESTORES: list[tuple[str, ...]] = [(), ("records",), ("keys",)]


@pytest.fixture
def signer(services: Services) -> Signer:
    return signed_locally(services)


@dataclass
class Disaster:
    """What was there at the backup, and is gone since."""

    services: Services
    office: Retained
    backup: Backup
    subject_id: str
    token: str
    requests: list[str]
    record_id: str

    def restore(self, *logical: str) -> None:
        self.backup.restore(*logical)
        self.office.put("c2")  # as if its place had been restored too

    def nobody_is_revived(self) -> None:
        services = self.services
        scopes = [Scope.person(self.subject_id), *map(Scope.request, self.requests)]
        assert all(map(services.keyring.is_destroyed, scopes))
        assert services.subjects.holder_of(EMAIL) is None
        assert services.subjects.names(self.subject_id) == []
        assert left_of(services, self.subject_id) == []
        assert current(self.office.gateway, self.token).status == 401
        for request_id in self.requests:
            request = services.request_book.get(request_id)
            assert (request.forgotten, request.content.email) == (True, "")
        assert "c2" not in self.office.customers()
        shown = self.office.shown(self.record_id)
        (line,) = [each for each in lines(services) if each.id == self.record_id]
        assert (shown["state"], shown["disposed_by"], shown["means"], shown["disposed_at"]) == (
            "disposed",
            line.rule,
            line.means,
            rfc3339(line.moment),
        )
        assert self.office.register("c2")[0]["problem"] == "record_gone"

    def chains_go_on(self) -> None:
        self.office.later(HOUR)
        assert self.services.erasing.run(lambda: PLENTY).lines == 2  # the record's, the session's
        entities = [
            Entity("subject", self.subject_id),
            *(Entity("request", each) for each in self.requests),
            Entity("record", self.record_id),
        ]
        for entity in entities:
            self.services.run_command(
                lambda entity=entity: self.services.trail.actions(  # type: ignore[misc]
                    entity, TESTER, "test.noted", {}
                )
            )


@pytest.fixture
def disaster(services: Services, gateway: Gateway, clock: FixedClock, signer: Signer) -> Disaster:
    """A backup; then Siti is erased, Budi's request forgotten, a record disposed of."""
    office = Retained(services, gateway, clock)
    token = signed_in(gateway, services)
    (kept,) = office.register("c2", client="acme")
    access = opened(gateway, services, type="access", **SAID)
    erasure = opened(gateway, services, type="deletion")
    unproved = make(gateway, email=BUDI, **SAID)
    hers = make(gateway, **SAID)
    work(services, clock)
    subject_id = services.subjects.holder_of(EMAIL)
    assert subject_id is not None
    services.seal(lambda: PLENTY)
    office.hold("client", "acme")  # which is active in the backup
    backup = Backup(services)
    office.release(str(office.staff("GET", "/v1/staff/holds").json()["holds"][0]["hold_id"]))
    assert decide(gateway, erasure, "approve").status == 200
    withdraw(gateway, unproved, unproved.json()["tracking_token"])
    work(services, clock)
    clock.advance(HOUR)
    services.seal(lambda: PLENTY)
    office.later(YEAR)
    office.swept()
    assert office.customers() == []
    cold(services)
    ids = [each.json()["request_id"] for each in (access, erasure, unproved, hers)]
    made = Disaster(services, office, backup, subject_id, token, ids, kept["record_id"])
    made.nobody_is_revived()
    return made


@pytest.mark.parametrize("restored", RESTORES)
def test_one_command_and_nobody_is_revived(
    disaster: Disaster, restored: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    services = disaster.services
    disaster.restore(*restored)
    if not restored:
        assert services.subjects.own(disaster.subject_id).email == EMAIL
        assert services.subjects.holder_of(EMAIL) == disaster.subject_id
    before = state(services)
    assert main(["replay"]) == 1  # says what is left, and changes nothing
    assert state(services) == before
    assert main(["replay", "--do", "--places"]) == 0
    said = capsys.readouterr().out
    assert "0 failed" in said
    assert "went on until request.forgotten" in said or restored == ("keys",)
    assert not any(each in said for each in (EMAIL, disaster.subject_id))
    cold(services)
    if restored != ("keys",):
        disaster.nobody_is_revived()
        disaster.chains_go_on()
    else:
        assert services.keyring.is_destroyed(Scope.person(disaster.subject_id))
    before = state(services)
    assert main(["replay", "--do", "--places"]) == 0
    assert main(["replay"]) == 0
    assert state(services) == before


def test_without_it_chains_are_stuck_and_with_it_they_verify(
    disaster: Disaster, clock: FixedClock, signer: Signer
) -> None:
    services = disaster.services
    unsealed = Entity("incident", "7")
    services.run_command(lambda: services.trail.actions(unsealed, TESTER, "test.noted", {}))
    disaster.restore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", lambda _: None)
        with pytest.raises(Contended):
            services.run_command(
                lambda: services.trail.actions(
                    Entity("subject", disaster.subject_id), TESTER, "test.noted", {}
                )
            )
    for _ in range(2):  # the hourly function does not wait for the replay
        clock.advance(HOUR)
        services.checkpoints.run(lambda: PLENTY)
    assert main(["replay", "--do", "--places"]) == 0
    clock.advance(HOUR)
    services.seal(lambda: PLENTY)
    exporter = Exporter(
        services.records, services.audit, services.s3, services.settings.trail_bucket, clock
    )
    bundle = exporter.export([signer.jwk()])
    assert verify(bundle, [signer.public]).findings == ()
    assert str(unsealed) in bundle.chains
    (entry,) = services.trail.history(Entity("ledger", "replay"))
    assert entry.facts["records"] == 2  # the row's, and that of the session of who was erased


def test_lines_that_only_the_documents_have_are_enough(
    disaster: Disaster, clock: FixedClock
) -> None:
    services = disaster.services
    clock.advance(HOUR)
    services.erasing.run(lambda: PLENTY)
    everything = lines(services)
    disaster.restore()
    for line in everything:
        key = {"pk": {"S": str(line.item()["pk"])}, "sk": {"S": str(line.item()["sk"])}}
        services.dynamodb.delete_item(TableName=services.audit.name, Key=key)
    assert main(["replay", "--do", "--places"]) == 0
    for line in everything:
        services.audit.put_new(line.item())
    cold(services)
    disaster.nobody_is_revived()


def test_a_new_row_of_a_place_that_was_not_restored_stays(disaster: Disaster) -> None:
    disaster.restore("records")  # and the shop has a row of the same key since
    assert main(["replay", "--do"]) == 0
    assert "c2" in disaster.office.customers()
    assert disaster.office.shown(disaster.record_id)["state"] == "disposed"
    assert main(["replay"]) == 0


@pytest.mark.parametrize("restored", RESTORES[:2])
@pytest.mark.parametrize("is_archived_in_it", [False, True])
def test_what_was_archived_and_ended_ends_again(
    services: Services,
    gateway: Gateway,
    clock: FixedClock,
    signer: Signer,
    restored: tuple[str, ...],
    is_archived_in_it: bool,
) -> None:
    office = Retained(services, gateway, clock)
    office.archives()
    (made,) = office.register("c1", client="acme")
    backup = Backup(services)
    office.later(YEAR)
    office.swept()
    if is_archived_in_it:
        backup = Backup(services)
    office.later(2 * YEAR + timedelta(days=2))
    office.swept()
    assert office.shown(made["record_id"])["means"] == "destroy_key"
    backup.restore(*restored)
    office.put("c1")  # as if its place had been restored too
    assert main(["replay", "--do", "--places"]) == 0
    assert office.shown(made["record_id"])["state"] == "disposed"
    assert not services.keyring.has_key(Scope.archive(made["record_id"]))
    assert ("c1" in office.customers()) == is_archived_in_it


def test_a_copy_that_the_restored_record_does_not_note_is_kept_for_somebody_to_look(
    services: Services, gateway: Gateway, clock: FixedClock, signer: Signer
) -> None:
    office = Retained(services, gateway, clock)
    office.archives()
    (made,) = office.register("c1", client="acme")
    backup = Backup(services)
    office.later(YEAR)
    office.swept()
    backup.restore("records")
    assert main(["replay", "--do"]) == 0
    office.swept()
    assert office.shown(made["record_id"])["state"] == "failed"  # somebody must look
    assert services.keyring.has_key(Scope.archive(made["record_id"]))


@pytest.mark.parametrize("scope", [Scope.mac("records", 1), Scope.holdings("acme")], ids=str)
def test_a_forged_line_destroys_nothing_that_nobody_destroys(
    disaster: Disaster, scope: Scope, capsys: pytest.CaptureFixture[str]
) -> None:
    services = disaster.services
    services.keyring.key_to_seal(scope)
    forged = ErasureLedger(services.records, services.audit, services.clock)
    services.run_command(lambda: forged.key_actions(scope, "forged")[1:])
    services.audit.put_new({"pk": "LEDGER#2026-11-23T10", "sk": "none", "et": "erasure_line"})
    disaster.restore()
    assert main(["replay", "--do", "--places"]) == 1
    assert "FOUND 2 lines" in capsys.readouterr().out
    assert services.subjects.holder_of(EMAIL) == disaster.subject_id  # nothing was done
    assert main(["replay", "--do", "--places", "--despite-findings"]) == 1
    assert services.keyring.has_key(scope)
    assert services.subjects.holder_of(EMAIL) is None


def test_a_record_that_the_backup_does_not_know_is_never_registered_again(
    services: Services, gateway: Gateway, clock: FixedClock, signer: Signer
) -> None:
    office = Retained(services, gateway, clock)
    backup = Backup(services)
    (made,) = office.register("c1", client="acme")
    office.later(YEAR)
    office.swept()
    backup.restore("records")
    assert main(["replay", "--do", "--places"]) == 0
    assert office.shown(made["record_id"])["state"] == "disposed"
    assert office.register("c1", client="acme")[0]["problem"] == "record_gone"


def test_a_place_that_is_down_keeps_none_of_the_others_and_is_done_later(
    disaster: Disaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    disaster.restore()

    class Down:
        def dispose(self, *_: object, **__: object) -> None:
            raise PlaceUnavailable

    monkeypatch.setattr(disaster.services.places, "at", lambda _: Down())
    assert main(["replay", "--do", "--places"]) == 1
    assert disaster.office.shown(disaster.record_id)["state"] == "kept"
    assert disaster.services.subjects.holder_of(EMAIL) is None
    monkeypatch.undo()
    assert main(["replay", "--do", "--places"]) == 0
    cold(disaster.services)
    disaster.nobody_is_revived()


def test_whoever_began_anew_with_the_same_address_stays(
    disaster: Disaster, gateway: Gateway, clock: FixedClock
) -> None:
    services = disaster.services
    signed_in(gateway, services)
    anew = services.subjects.holder_of(EMAIL)
    Backup(services).restore()  # nothing is lost
    assert main(["replay"]) == 0
    assert anew not in {None, disaster.subject_id}
    assert services.subjects.holder_of(EMAIL) == anew


@pytest.mark.parametrize("seed", range(4))
def test_killed_anywhere_it_is_run_again(disaster: Disaster, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
    disaster.restore(*chance.choice(RESTORES[:2]))
    killer = Killer(_decided(chance))
    killer.watch(disaster.services)
    killer.armed = True
    for _ in range(100):
        with contextlib.suppress(Killed):
            if main(["replay", "--do", "--places"]) == 0:
                break
    else:
        raise AssertionError("it never came to its end")
    killer.armed = False
    assert killer.kills
    cold(disaster.services)
    disaster.nobody_is_revived()
    disaster.chains_go_on()


def _decided(chance: random.Random) -> Callable[[int], str | None]:
    return lambda _: chance.choice([None] * 6 + ["before", "after"])
