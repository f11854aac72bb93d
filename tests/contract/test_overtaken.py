"""Who was overtaken between reading and writing begins anew, or changes nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.connectors.places import Deed, Outcome, Verdict
from chalicelib.connectors.remote.models import Answered, RemoteTask
from chalicelib.connectors.remote.task_store import AlreadyAnswered
from chalicelib.requests.fulfilment.models import Plan, Progress, Stage, Task
from chalicelib.requests.lapsing import Lapsing
from chalicelib.requests.models import DataRequest
from chalicelib.requests.register import end_actions
from chalicelib.requests.watching_terms import terms
from chalicelib.services import Services
from chalicelib.tables.transactions import Action, Moved, transact
from tests.contract.asking import code_of, look, make, opened, prove, withdraw
from tests.contract.handled import MEMBER, by_staff
from tests.contract.killing import meanwhile
from tests.contract.partners import Partner
from tests.contract.people import EMAIL, records
from tests.contract.working import MemoryPlace, equip, step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway


def id_of(made: Answer) -> str:
    return str(made.json()["request_id"])


def read(services: Services, made: Answer) -> DataRequest:
    return services.request_book.get(id_of(made))


def progress(services: Services, made: Answer) -> Progress:
    found = services.deciding.progress(id_of(made))
    assert found is not None
    return found


def write(services: Services, actions: Sequence[Action]) -> None:
    transact(services.dynamodb, actions)


@pytest.fixture
def crm(services: Services) -> MemoryPlace:
    place = MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]})
    equip(services, place, MemoryPlace("ledger", {EMAIL: [{"paid": 1}]}))
    return place


def test_of_two_plans_of_a_round_one_stands(services: Services) -> None:
    plans, plan = services._plans, Plan("01JREQUEST", Deed.ERASE, Stage.PREPARING)
    write(services, [plans.new_plan(plan)])
    with pytest.raises(Moved):
        write(services, [plans.new_plan(replace(plan, stage=Stage.CONCLUDING))])
    again = replace(plan, round=2, revision=2)
    write(services, [plans.new_plan(again)])
    with pytest.raises(Moved):
        write(services, [plans.new_plan(plan)])
    found = plans.get("01JREQUEST")
    assert found is not None
    assert found.plan == again


def test_who_changes_a_plan_or_a_task_saw_it_as_it_is(services: Services) -> None:
    plans = services._plans
    plan = Plan("01JREQUEST", Deed.ERASE, Stage.PREPARING)
    task = Task("01JREQUEST", "crm", Deed.ERASE)
    write(services, [plans.new_plan(plan), plans.new_task(task)])
    write(services, [plans.change_plan(replace(plan, stage=Stage.DECIDING))])
    write(services, [plans.change_task(replace(task, failure="worker_died"))])
    with pytest.raises(Moved):
        write(services, [plans.change_plan(plan)])
    with pytest.raises(Moved):
        write(services, [plans.change_task(task)])
    found = plans.get("01JREQUEST")
    assert found is not None
    assert (found.plan.stage, found.tasks[0].failure) == (Stage.DECIDING, "worker_died")


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.CARRYING_OUT])
def test_of_two_tasks_that_finish_at_once_the_second_moves_the_plan_on(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace, stage: Stage
) -> None:
    made = opened(gateway, services, type="deletion")
    step(services, waiting(services)[0])  # planned
    if stage is Stage.CARRYING_OUT:
        work(services, clock)
        assert by_staff(gateway, made, "approve").status == 200
        step(services, waiting(services)[0])  # located
    request_id, code = id_of(made), "place_unavailable"
    fail = services.fulfilment_tasks.fail  # the shortest way in which a task finishes
    meanwhile(services, lambda: fail(request_id, "ledger", stage, code))
    fail(request_id, "crm", stage, code)
    found = progress(services, made)
    assert [task.failure for task in found.tasks] == [code] * 2
    if stage is Stage.PREPARING:
        assert found.plan.stage is Stage.DECIDING
        assert look(gateway, made).json()["status"] == "awaiting_approval"


def test_who_changes_a_request_saw_it_as_it_is(gateway: Gateway, services: Services) -> None:
    request = read(services, made := opened(gateway, services))
    store = services._request_store
    write(services, [store.change_action(replace(request, extended=True))])
    with pytest.raises(Moved):
        write(services, [store.change_action(request)])
    assert read(services, made).extended


def test_a_refusal_and_an_approval_at_once_are_one_decision(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    deciding = services.deciding
    meanwhile(services, lambda: deciding.approve(id_of(made), MEMBER))
    assert by_staff(gateway, made, "refuse", {"ground": "id/defence"}).code == "impossible_now"
    now = read(services, made)
    assert (now.status, now.decided_by, now.closing) == ("in_progress", MEMBER, None)


def test_a_withdrawal_at_the_moment_of_approval_is_the_last_word(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    meanwhile(services, lambda: withdraw(gateway, made, made.json()["tracking_token"]))
    assert by_staff(gateway, made, "approve").code == "impossible_now"
    work(services, clock)
    assert (look(gateway, made).json()["status"], crm.erasures) == ("withdrawn", 0)


def test_what_ends_while_another_joins_it_is_joined_by_nobody(
    gateway: Gateway, services: Services
) -> None:
    first = opened(gateway, services)
    second = make(gateway)
    code, token = code_of(services), first.json()["tracking_token"]
    meanwhile(services, lambda: withdraw(gateway, first, token))
    assert prove(gateway, second, code).json()["status"] == "open"
    assert look(gateway, second).json()["joined_to"] is None


def test_only_a_living_request_is_joined(gateway: Gateway, services: Services) -> None:
    first = opened(gateway, services)
    request = read(services, first)
    assert request.subject_id is not None
    assert request.open_as is not None
    still = services._request_register.still_living(
        request.subject_id, request.open_as, request.request_id
    )
    write(services, [still])
    withdraw(gateway, first, first.json()["tracking_token"])
    with pytest.raises(Moved):
        write(services, [still])
    opened(gateway, services)  # another one of its kind
    with pytest.raises(Moved):
        write(services, [still])


def test_who_ends_takes_nobody_elses_place(gateway: Gateway, services: Services) -> None:
    made = opened(gateway, services)
    other = replace(read(services, made), request_id="01JOTHER")
    with pytest.raises(Moved):
        write(services, end_actions(services.records, other))
    (marker,) = [each for each in records(services) if each["et"] == "open_request"]
    assert marker["request"] == id_of(made)


def test_a_place_that_was_not_asked_answers_nothing(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    assert by_staff(gateway, made, "approve").status == 200
    step(services, waiting(services)[0])  # located
    before = progress(services, made)
    services.fulfilment_tasks.answer(id_of(made), "crm", Deed.ERASE, Outcome(9, 9), [])
    services.fulfilment_tasks.answer(id_of(made), "nowhere", Deed.ERASE, Outcome(9, 9), [])
    assert progress(services, made) == before
    work(services, clock)
    assert look(gateway, made).json()["status"] == "completed"
    assert crm.rows_of[EMAIL] == []


@pytest.mark.parametrize("when", ["rehearsing", "deciding", "carrying out", "ended"])
def test_nothing_is_said_to_be_done_by_hand_that_a_worker_does(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace, when: str
) -> None:
    made = opened(gateway, services, type="deletion")
    step(services, waiting(services)[0])  # planned
    if when != "rehearsing":
        crm.down = 10_000 if when == "deciding" else 0  # what failed is tried again as approved
        work(services, clock)
    if when in {"carrying out", "ended"}:
        assert by_staff(gateway, made, "approve").status == 200
    if when == "ended":
        work(services, clock)
    before = progress(services, made)
    said = {"found": 1, "changed": 1}
    assert by_staff(gateway, made, "places/crm/resolve", said).code == "impossible_now"
    assert progress(services, made) == before


def test_a_request_that_changed_since_it_was_read_does_not_lapse(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = make(gateway)
    seen = read(services, made).revision
    lapsing = Lapsing(services._request_store, services.outbox, services.trail)
    clock.advance(timedelta(days=29))
    assert lapsing.actions(id_of(made), seen, clock.now(), terms())
    book = services.request_book
    services.run_command(lambda: [services._request_store.change_action(book.get(id_of(made)))])
    with pytest.raises(Moved):
        lapsing.actions(id_of(made), seen, clock.now(), terms())


def test_what_is_withdrawn_at_the_moment_of_lapsing_stays_so(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = make(gateway)
    clock.advance(timedelta(days=29))
    caller = f"request/{id_of(made)}"
    meanwhile(services, lambda: services.requests.withdraw(id_of(made), caller))
    services.watcher.run(lambda: 60_000)
    assert look(gateway, made).json()["status"] == "withdrawn"
    kinds = [each["kind"] for each in records(services) if each.get("channel") == "mail"]
    assert "request_lapsed" not in kinds


def test_of_two_answers_of_a_place_at_once_the_first_counts(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    request_id = id_of(opened(gateway, services))
    tasks, by = services.remote_tasks, clock.now() + timedelta(hours=1)
    task = RemoteTask("01JTASK", request_id, "crm", "01JENDPOINT", Deed.ERASE, by)
    write(services, [tasks.addition(task)])
    first, second = (Answered(Verdict.DONE, Outcome(found, found)) for found in (5, 7))
    write(services, tasks.answer(task, first))
    with pytest.raises(AlreadyAnswered):
        write(services, tasks.answer(task, second))
    assert tasks.open(task) == first


def test_of_two_changes_at_once_a_partner_is_told_in_turn(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    Partner(gateway, clock).submit()
    (callback,) = [
        each
        for item in records(services)
        if item["et"] == "opendsr_callback"
        for each in services._partner_callbacks.waiting(item["pk"].removeprefix("CALLBACK#"))
    ]
    store, now = services._partner_callbacks, clock.now()
    write(services, [store.told_action(callback, "in_progress", now)])
    with pytest.raises(Moved):
        write(services, [store.told_action(callback, "completed", now)])
    (told,) = store.waiting(callback.request_id)
    assert told.told == "in_progress"
