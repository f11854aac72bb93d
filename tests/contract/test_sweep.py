"""The sweep: what is over goes, what is held stays, nothing is counted twice."""

import contextlib
import random
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.clock import rfc3339
from chalicelib.notices.consumer import Later
from chalicelib.services import Services
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.people import records
from tests.contract.retaining import HOURLY, LONG, YEAR, Retained
from tests.contract.working import waiting, work
from tests.fakes import FixedClock
from tests.gateway import Gateway

DAY = timedelta(days=1)


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    return Retained(services, gateway, clock)


def test_what_is_over_goes_and_the_rest_stays(office: Retained) -> None:
    (made,) = office.register("c1")
    assert office.swept().due == 0
    office.later(YEAR)
    report = office.swept()
    assert (report.due, report.handed, report.tripped) == (1, 1, 0)
    assert office.customers() == ["c2"]
    shown = office.shown(made["record_id"])
    assert (shown["state"], shown["disposed_by"], shown["means"]) == (
        "disposed",
        "technical_unused",
        "delete",
    )
    (run,) = office.runs()
    assert (run["state"], run["counts"]) == ("ended", {"done": 1})


def test_what_went_leaves_no_reference_and_an_entry(office: Retained) -> None:
    (made,) = office.register("c1", client="acme")
    office.later(YEAR)
    office.swept()
    (item,) = [each for each in records(office.services) if each["et"] == "held_record"]
    assert "sealed" not in item
    assert "due_pk" not in item
    answer = office.staff("GET", f"/v1/staff/audit/record/{made['record_id']}")
    assert [each["action"] for each in answer.json()["entries"]] == ["record.disposed"]
    # What is registered again under its name is another thing, and is told so.
    (again,) = office.register("c1", client="acme")
    assert again["problem"] == "record_gone"


def test_a_row_that_is_gone_already_counts_as_done(office: Retained) -> None:
    office.register("never-there")
    office.later(YEAR)
    office.swept()
    assert office.runs()[0]["counts"] == {"done": 1}


def test_a_trigger_that_moves_after_the_sweep_listed_it_saves_it(office: Retained) -> None:
    office.register("c1")
    office.later(YEAR)
    office.sweep()
    office.register("c1")  # used a moment ago
    work(office.services, office.clock)
    assert office.customers() == ["c1", "c2"]
    assert office.runs()[0]["counts"] == {"moved": 1}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("client", "acme"), ("person", "u1"), ("category", "technical"), ("case", "k7")],
)
def test_a_hold_stops_and_its_release_lets_go(office: Retained, kind: str, value: str) -> None:
    (made,) = office.register("c1", client="acme", user_id="u1", case="k7")
    hold = office.hold(kind, value)
    office.later(YEAR)
    office.swept()
    assert office.customers() == ["c1", "c2"]
    shown = office.shown(made["record_id"])
    assert (shown["state"], shown["holds"], shown["readable"]) == ("held", [hold], False)
    assert office.swept().due == 0  # what waits for the release is not paid for every hour
    office.release(hold)
    assert office.swept().handed == 1
    assert office.customers() == ["c2"]


def test_of_two_holds_the_second_still_stops(office: Retained) -> None:
    office.register("c1", client="acme")
    first, second = office.hold("client", "acme"), office.hold("category", "technical")
    office.later(YEAR)
    office.swept()
    office.release(first)
    office.swept()
    assert office.customers() == ["c1", "c2"]
    office.release(second)
    office.swept()
    assert office.customers() == ["c2"]


def test_a_hold_that_comes_at_the_last_moment_stops_the_delete_itself(office: Retained) -> None:
    office.register("c1", client="acme")
    office.later(YEAR)
    office.sweep()
    # After the worker looked for holds, and before it deletes.
    meanwhile(office.services, lambda: office.hold("client", "acme"))
    work(office.services, office.clock)
    assert office.customers() == ["c1", "c2"]
    assert office.runs()[0]["counts"] == {"held": 1}


def test_a_place_that_is_down_for_a_day_keeps_none_of_the_others(
    office: Retained, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.put("c3")
    (down, _) = office.register("c1", "c3")
    office.later(YEAR)
    real = office.services.places.at

    class Down:
        def dispose(self, collection: str, reference: str, *args: object, **named: object) -> None:
            if reference == "c1":
                raise ConnectionError
            real("shop").dispose(collection, reference, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(office.services.places, "at", lambda _place: Down())
    office.swept()
    assert office.customers() == ["c1", "c2"]
    assert office.shown(down["record_id"])["state"] == "failed"
    for _ in range(24):
        office.later(HOURLY)
        office.swept()
    monkeypatch.undo()
    office.later(DAY)
    office.swept()
    assert office.customers() == ["c2"]


def test_a_record_of_which_nothing_can_be_written_keeps_none_of_the_others(
    office: Retained, services: Services
) -> None:
    (bad,) = office.register("c1")
    others = [each["record_id"] for each in office.register("c2", "c3")]

    def refuse(params: dict[str, Any], **_: object) -> None:
        if f"ENTITY#record#{bad['record_id']}" in str(params):
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "TransactWriteItems")

    events = services.dynamodb.meta.events
    events.register("provide-client-params.dynamodb.TransactWriteItems", refuse)
    office.later(YEAR)
    office.swept()
    assert [office.shown(each)["state"] for each in others] == ["disposed", "disposed"]
    assert office.shown(bad["record_id"])["state"] == "failed"
    assert office.runs()[0]["counts"] == {"done": 2, "failed": 1}
    events.unregister("provide-client-params.dynamodb.TransactWriteItems", refuse)
    office.later(HOURLY)
    office.swept()
    assert office.shown(bad["record_id"])["state"] == "disposed"


def test_far_more_than_usual_waits_until_somebody_confirms(
    office: Retained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.retention.sweeping.rules.ALWAYS_ALLOWED", 2)
    office.put("c3")
    office.register("c1", "c2", "c3")
    office.later(YEAR)
    report = office.swept()
    assert (report.due, report.handed, report.tripped) == (3, 0, 1)
    assert office.customers() == ["c1", "c2", "c3"]
    mails = [each for each in records(office.services) if each.get("kind") == "sweep_tripped"]
    assert len(mails) == 2  # to each address that alerts go to
    assert office.sweep().tripped == 1
    (run,) = office.runs()
    assert run["state"] == "tripped"
    answer = office.staff("POST", f"/v1/staff/retention/sweeps/{run['run_id']}/confirm")
    assert answer.status == 200, answer.body
    assert office.swept().handed == 3
    assert office.customers() == []
    again = office.staff("POST", f"/v1/staff/retention/sweeps/{run['run_id']}/confirm")
    assert again.json()["code"] == "nothing_to_confirm"


def test_what_was_confirmed_goes_on_until_all_of_it_is_done(
    office: Retained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.retention.sweeping.rules.ALWAYS_ALLOWED", 2)
    office.register(*(f"n{each}" for each in range(60)))
    office.later(YEAR)
    assert office.sweep().tripped == 1
    run_id = office.runs()[0]["run_id"]
    office.later(timedelta(hours=8))
    path = f"/v1/staff/retention/sweeps/{run_id}/confirm"
    assert office.staff("POST", path).status == 200
    services = office.services
    for handed, waiting_for_workers in ((25, True), (0, True), (25, False), (10, False)):
        left = [LONG] + [0] * 100
        report = services.sweep.run(lambda left=left: left.pop(0))  # type: ignore[misc]
        assert (report.handed, report.tripped) == (handed, 0)
        if not waiting_for_workers or not handed:
            work(services, office.clock)
        office.later(HOURLY)
    (run,) = office.runs()
    assert (run["run_id"], run["state"], run["counts"]) == (run_id, "ended", {"done": 60})


def test_a_confirmed_run_ends_with_what_is_still_due(
    office: Retained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.retention.sweeping.rules.ALWAYS_ALLOWED", 1)
    office.register("c1", "c2")
    office.later(YEAR)
    assert office.sweep().tripped == 1
    run_id = office.runs()[0]["run_id"]
    office.staff("POST", f"/v1/staff/retention/sweeps/{run_id}/confirm")
    office.register("c1", "c2")  # used again
    assert office.swept().handed == 0
    assert office.runs()[0]["state"] == "ended"


def test_one_that_stopped_itself_is_over_once_its_cause_is(
    office: Retained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.retention.sweeping.rules.ALWAYS_ALLOWED", 1)
    office.register("c1", "c2")
    office.later(YEAR)
    assert office.sweep().tripped == 1
    office.register("c1")  # used again
    assert office.swept().handed == 1
    assert office.customers() == ["c1"]


def test_the_rehearsal_says_what_would_be_done_and_does_nothing(office: Retained) -> None:
    office.register("c1", client="acme")
    office.register("c2", client="held")
    office.hold("client", "held")
    office.later(YEAR)
    answer = office.staff("GET", "/v1/staff/retention/rehearsal")
    assert answer.status == 200, answer.body
    told = answer.json()
    assert (told["held"], told["moved"], told["complete"]) == (1, 0, True)
    (group,) = told["groups"]
    assert group == {
        "category": "technical",
        "place": "shop",
        "rule": "technical_unused",
        "means": "delete",
        "records": 1,
    }
    assert office.customers() == ["c1", "c2"]


def test_two_sweeps_at_once_hand_out_one_run(office: Retained) -> None:
    office.register("c1", "c2")
    office.later(YEAR)
    meanwhile(office.services, office.sweep)
    office.sweep()
    work(office.services, office.clock)
    assert [each["counts"] for each in office.runs()] == [{"done": 2}]


def test_a_sweep_that_runs_out_of_time_leaves_the_rest_to_the_next(office: Retained) -> None:
    many = [f"n{each}" for each in range(60)]
    office.register(*many)
    office.later(YEAR)
    left = [LONG] * 2 + [0] * 100
    report = office.services.sweep.run(lambda: left.pop(0))
    assert (report.due, report.handed) == (60, 50)
    work(office.services, office.clock)
    assert office.runs()[0]["state"] == "ended"
    office.later(HOURLY)
    assert office.swept().handed == 10
    assert sum(each["counts"]["done"] for each in office.runs()) == 60


def test_a_sweep_that_died_is_closed_by_the_next(office: Retained) -> None:
    office.register(*[f"n{each}" for each in range(30)])
    office.later(YEAR)
    killer = Killer(lambda number: "before" if number == 2 else None)  # the second batch
    killer.watch(office.services)
    killer.armed = True
    with pytest.raises(Killed):
        office.sweep()
    killer.armed = False
    work(office.services, office.clock)
    office.later(HOURLY)
    office.swept()
    office.later(HOURLY)
    office.swept()
    assert sum(each["counts"].get("done", 0) for each in office.runs()) == 30
    assert {each["state"] for each in office.runs()} == {"ended"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_at_any_write_ends_each_record_once(office: Retained, when: str) -> None:
    office.put("c3")
    office.register("c1", "c2", "c3", client="acme")
    office.later(YEAR)
    office.sweep()
    at = iter(range(0, 40, 2))
    target = [next(at)]

    def decides(number: int) -> str | None:
        if number == target[0]:
            target[0] += next(at) + 1
            return when
        return None

    killer = Killer(decides)
    killer.watch(office.services)
    killer.armed = True
    work(office.services, office.clock)
    killer.armed = False
    assert len(killer.kills) >= 2
    assert office.customers() == []
    assert office.runs()[0]["counts"] == {"done": 3}
    assert office.runs()[0]["state"] == "ended"


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_nothing_held_goes_and_nothing_due_stays(
    office: Retained, seed: int
) -> None:
    """Holds come and go, triggers move, workers die: in the end the right ones are left."""
    chance = random.Random(seed)  # noqa: S311  # a test's course, to be repeated
    names = [f"n{each}" for each in range(12)]
    clients = {name: chance.choice(["acme", "beta"]) for name in names}
    office.put(*names)
    for name in names:
        office.register(name, client=clients[name])
    held = office.hold("client", "acme")
    office.later(YEAR)
    killer = Killer(lambda _number: chance.choice([None, None, None, None, "before", "after"]))
    killer.watch(office.services)
    saved: set[str] = set()
    for _ in range(6):
        killer.armed = True
        with contextlib.suppress(Killed):
            office.sweep()
        for message_id in waiting(office.services):
            with contextlib.suppress(Later, Killed):
                office.services.worker.deliver(f'{{"id": "{message_id}"}}')
        killer.armed = False
        name = chance.choice(names)
        if name in office.customers() and clients[name] == "beta":
            (told,) = office.register(name, client="beta")
            if told["outcome"] == "updated" and name in office.customers():
                saved.add(name)
        office.later(HOURLY)
    assert {each for each in names if clients[each] == "acme"} <= set(office.customers())
    for _ in range(5):
        work(office.services, office.clock)
        office.later(4 * HOURLY)
        office.sweep()
    left = set(office.customers()) - {"c1", "c2"}
    expected = {each for each in names if clients[each] == "acme"} | saved
    assert left == expected
    office.release(held)
    office.later(HOURLY)
    office.swept()
    assert set(office.customers()) - {"c1", "c2"} == saved
    counted = sum(each["counts"].get("done", 0) for each in office.runs())
    gone = [each for each in records(office.services) if each.get("state") == "disposed"]
    assert counted == len(gone) == len(names) - len(saved)


def test_a_new_schedule_lists_anew(office: Retained) -> None:
    (made,) = office.register("c1")
    shorter = office.staff("GET", "/v1/staff/retention/schedule").json()["schedule"]
    for limit in shorter["limits"]:
        if limit["id"] == "technical_unused":
            limit["period"] = {"amount": 30, "unit": "days"}
    answer = office.staff("POST", "/v1/staff/retention/schedule/versions", {"schedule": shorter})
    assert answer.status == 201, answer.body
    number = answer.json()["version"]
    work(office.services, office.clock)  # the preview
    told = office.staff("GET", f"/v1/staff/retention/schedule/versions/{number}/preview").json()
    assert told["complete"]
    office.services.schedules.approve("01JANOTHER", number)
    assert office.shown(made["record_id"])["expiry"]["expires_at"] == rfc3339(
        office.clock.now() + 30 * DAY
    )
    work(office.services, office.clock)  # the lists
    office.later(30 * DAY)
    assert not office.readable("c1")
    office.swept()
    assert office.customers() == ["c2"]
