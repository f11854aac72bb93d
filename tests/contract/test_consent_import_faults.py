"""Imports whose workers die at any write, meet each other, or run out of time: each row once."""

import random
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import moto.dynamodb.models as moto_models
import pytest

from chalicelib.clock import rfc3339
from chalicelib.consents.imports import part_store
from chalicelib.consents.imports.applying import SHIFT
from chalicelib.notices.messages import Message, State
from chalicelib.services import Services
from tests.contract.consenting import Office
from tests.contract.importing import Importer, csv_of
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.moto_tables import another_container
from tests.contract.people import records
from tests.contract.test_tables import at_once
from tests.contract.working import step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Gateway


@pytest.fixture
def importer(services: Services, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Importer:
    monkeypatch.setattr(part_store, "_MOST_ROWS", 2)
    return Importer(Office(services, gateway))


def some_rows(importer: Importer, count: int = 3) -> list[dict[str, str]]:
    """Rows of people, each of whom decides once; the last one's does not count."""
    rows = [importer.row(number) for number in range(count)]
    return [*rows, importer.row(count, state="withdrawn")]


def check_done(importer: Importer, import_id: str, count: int = 3) -> None:
    done = importer.look(import_id)
    assert (done["status"], done["created"], done["unchanged"]) == ("done", count, 0)
    assert done["refused"] == {"nothing_to_withdraw": 1}
    assert done["refusals"] == [{"row": count + 1, "code": "nothing_to_withdraw"}]
    assert sorted(importer.recorded().values()) == [1] * count
    gone = f"ERASURE#import/{import_id}"
    assert [item["pk"] for item in records(importer.services)].count(gone) == 1
    assert waiting(importer.services) == []


# As many as taking in four rows makes, in two parts, and no fewer than applying them makes, with
# what follows from a consent; the test below says so if there are more.
WRITES_OF_INTAKE = 7
WRITES_OF_WORK = 16


def test_those_are_all_its_writes(importer: Importer, clock: FixedClock) -> None:
    killer = Killer(lambda _: None)
    killer.watch(importer.services)
    killer.armed = True
    import_id = importer.take(some_rows(importer), key="k")
    assert killer.seen == WRITES_OF_INTAKE
    work(importer.services, clock)
    assert killer.seen <= WRITES_OF_INTAKE + WRITES_OF_WORK
    check_done(importer, import_id)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(WRITES_OF_INTAKE))
def test_a_call_that_dies_at_any_write_leaves_nothing_half_done_and_can_be_repeated(
    importer: Importer, clock: FixedClock, number: int, when: str
) -> None:
    killer = Killer(lambda each: when if each == number else None)
    killer.watch(importer.services)
    killer.armed = True
    content = csv_of(some_rows(importer))
    with pytest.raises(Killed):
        importer.send(content, key="k")
    killer.armed = False
    made = (number, when) == (WRITES_OF_INTAKE - 1, "after")
    assert len(waiting(importer.services)) == made
    stored = [each for each in records(importer.services) if each["et"].startswith("consent_imp")]
    assert all("ttl" in each for each in stored)
    assert {each["et"] for each in stored} <= {"consent_import_part"} or made
    answer = importer.send(content, key="k")
    assert answer.status == 202, answer.body
    work(importer.services, clock)
    check_done(importer, answer.json()["import_id"])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(WRITES_OF_WORK))
def test_a_worker_that_dies_at_any_write_is_followed_by_one_that_goes_on(
    importer: Importer, clock: FixedClock, number: int, when: str
) -> None:
    import_id = importer.take(some_rows(importer))
    killer = Killer(lambda each: when if each == number else None)
    killer.watch(importer.services)
    killer.armed = True
    work(importer.services, clock)
    killer.armed = False
    assert killer.kills == ([number] if number < killer.seen else [])
    check_done(importer, import_id)


@pytest.mark.parametrize("seed", range(6))
def test_workers_killed_at_random_and_short_of_time_apply_each_row_once(
    importer: Importer, clock: FixedClock, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # which workers die, nothing secret
    import_id = importer.take(some_rows(importer, 12))
    killer = Killer(lambda _: chance.choice(["before", "after"]) if chance.random() < 0.2 else None)
    killer.watch(importer.services)
    slow_down(importer.services, clock)
    killer.armed = True
    work(importer.services, clock, most=500)
    killer.armed = False
    for message in buried(importer.services):
        queue_anew(importer.services, message)
    work(importer.services, clock, most=500)
    assert len(killer.kills) > 3
    check_done(importer, import_id, 12)


def slow_down(services: Services, clock: FixedClock, step: timedelta = SHIFT / 4) -> None:
    """From now on each transaction takes time."""

    def before_call(**_rest: Any) -> None:
        clock.advance(step)

    services.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", before_call)


def test_a_worker_ends_in_time_and_another_goes_on(importer: Importer, clock: FixedClock) -> None:
    import_id = importer.take(some_rows(importer, 12))
    slow_down(importer.services, clock)
    begun = clock.now()
    (first,) = waiting(importer.services)
    step(importer.services, first)
    assert SHIFT <= clock.now() - begun < 2 * SHIFT
    running = importer.look(import_id)
    assert running["status"] == "running"
    assert 0 < running["created"] < 12
    (second,) = waiting(importer.services)
    assert second != first
    work(importer.services, clock)
    check_done(importer, import_id, 12)


@pytest.mark.parametrize("rows", [1, 3, 4])
def test_a_worker_that_was_overtaken_stops(
    importer: Importer, clock: FixedClock, rows: int
) -> None:
    """The other applies so many rows, or all, between what the first read and what it writes."""
    import_id = importer.take(some_rows(importer))
    other = another_container(importer.services)
    slow_down(other, clock, SHIFT / (2 * rows))  # a person's key is a transaction of its own
    meanwhile(importer.services, lambda: other.applying.carry_on(import_id))
    importer.services.applying.carry_on(import_id)
    work(importer.services, clock)
    check_done(importer, import_id)


def test_workers_at_once_do_not_double(
    racing: Services, gateway: Gateway, clock: FixedClock
) -> None:
    importer = Importer(Office(racing, gateway))
    import_id = importer.take(some_rows(importer, 12))
    at_once(4, lambda _: racing.applying.carry_on(import_id))
    work(racing, clock)
    check_done(importer, import_id, 12)


def test_a_thousand_rows_are_applied_in_time(
    importer: Importer, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of fifty people, who each decide once and then say the same again."""
    # moto copies its tables for each action of a transaction, to undo it: here none is undone.
    monkeypatch.setattr(moto_models, "copy", SimpleNamespace(deepcopy=lambda tables: tables))
    monkeypatch.setattr(part_store, "_MOST_ROWS", 200)
    moments = [rfc3339(importer.decided_at + timedelta(minutes=each)) for each in range(20)]
    rows = [importer.row(each, occurred_at=at) for at in moments for each in range(50)]
    begun = perf_counter()
    import_id = importer.take(rows)
    work(importer.services, clock)
    seconds = perf_counter() - begun
    done = importer.look(import_id)
    assert (done["status"], done["created"], done["unchanged"]) == ("done", 50, 950)
    assert seconds < SHIFT.total_seconds()


def test_what_fails_unexpectedly_waits_and_goes_on_when_it_is_queued_anew(
    importer: Importer, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = importer.take(some_rows(importer))
    services = importer.services
    with monkeypatch.context() as patched:
        patched.setattr(
            services.consents, "recording", _fails_after(1, services.consents.recording)
        )
        (message_id,) = waiting(services)
        work(services, clock)
    (dead,) = buried(services)
    assert dead.id == message_id
    shown = importer.look(import_id)
    assert (shown["status"], shown["created"]) == ("running", 1)
    queue_anew(services, dead)
    work(services, clock)
    check_done(importer, import_id)


def buried(services: Services) -> list[Message]:
    """The work that was given up."""
    dead = (each for each in records(services) if each.get("state") == State.DEAD)
    found = (services.outbox_store.get(each["pk"].removeprefix("OUTBOX#")) for each in dead)
    return [each for each in found if each is not None]


def queue_anew(services: Services, message: Message) -> None:
    """As an operator does who mended what was wrong."""
    again = services.outbox_actions.resurrection(message, services.ids.new())
    services.run_command(lambda: again)


def _fails_after(calls: int, carry_out: Callable[..., Any]) -> Callable[..., Any]:
    left = [None] * calls

    def fails(*given: Any) -> Any:
        if not left:
            raise RuntimeError("something else is wrong")
        left.pop()
        return carry_out(*given)

    return fails
