"""The watcher on moto: what an alert is, once for all runs, and the end of what nobody proved."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from chalicelib.notices.outbox import message_context, message_scope
from chalicelib.requests import watching
from chalicelib.requests.items import WATCHED, key_of_request
from chalicelib.requests.models import DataRequest, Status
from chalicelib.requests.watching import Report
from chalicelib.services import Services
from chalicelib.tables.conditions import PRESENT
from chalicelib.vault.keys import Scope
from tests.contract.asking import code_of, look, make, prove, withdraw
from tests.contract.hooks import Hooks
from tests.contract.people import EMAIL, mails, records
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

HOUR = timedelta(hours=1)
STAFF = ["dpo@jutsoo.test", "privacy@jutsoo.test"]


@pytest.fixture
def asked(gateway: Gateway, services: Services) -> Answer:
    """A request that was proved; due in 72 hours."""
    made = make(gateway, name="Siti Rahma")
    assert prove(gateway, made, code_of(services)).status == 200
    return made


def watch(services: Services, remaining_ms: int = 60_000) -> Report:
    return services.watcher.run(lambda: remaining_ms)


def alerted(services: Services) -> list[dict[str, Any]]:
    """The mails to the staff."""
    return [mail for mail in mails(services) if mail.get("to") in STAFF]


def entries(services: Services, made: Answer) -> list[tuple[str, str, int]]:
    """From which alert to which the trail says that they were raised."""
    facts = (
        each.facts
        for each in services.requests.timeline(stored(services, made))
        if each.action == "request.alerted"
    )
    return [(str(each["first"]), str(each["last"]), int(each["count"])) for each in facts]


def stored(services: Services, made: Answer) -> DataRequest:
    request = services._request_store.get(made.json()["request_id"])
    assert request is not None
    return request


def listed(services: Services) -> list[str]:
    return [key.pk for key in services.records.due(WATCHED)]


def test_nothing_is_raised_before_its_moment(
    services: Services, asked: Answer, clock: FixedClock
) -> None:
    clock.advance(24 * HOUR - timedelta(milliseconds=1))
    assert watch(services) == Report()
    clock.advance(timedelta(milliseconds=1))
    assert watch(services) == Report(alerted=1, alerts=1)
    assert watch(services) == Report()


def test_an_alert_goes_to_the_staff_the_endpoints_and_the_trail(
    services: Services, asked: Answer, clock: FixedClock
) -> None:
    hooks = Hooks(services)
    endpoint_id = hooks.register(
        "https://hooks.example.com/jaga", "data_request.deadline"
    ).endpoint_id
    hooks.register("https://hooks.example.com/other", "request.closed")
    clock.advance(24 * HOUR)
    watch(services)
    request_id = asked.json()["request_id"]
    mailed = alerted(services)
    assert [mail["to"] for mail in mailed] == STAFF
    assert mailed[0]["values"] == {
        "request_id": request_id,
        "type": "access",
        "law": "UU PDP 27/2022",
        "article": "32",
        "due_at": "2026-11-26T10:00:00.000Z",
        "hours": "48",
    }
    ((endpoint, event),) = events(services)
    assert endpoint == endpoint_id
    assert event == {
        "type": "data_request.deadline",
        "timestamp": "2026-11-24T10:00:00.000Z",
        "data": {
            "request_id": request_id,
            "request_type": "access",
            "status": "open",
            "law": "UU PDP 27/2022",
            "article": "32",
            "due_at": "2026-11-26T10:00:00.000Z",
            "alert": "48h_before",
            "hours_left": 48,
        },
    }
    assert entries(services, asked) == [("48h_before", "48h_before", 1)]
    for secret in (EMAIL, "siti", "rahma", asked.json()["tracking_token"]):
        assert secret not in json.dumps([mailed, event]).lower()


def test_each_alert_comes_once_until_the_request_ends(
    services: Services, gateway: Gateway, asked: Answer, clock: FixedClock
) -> None:
    for _ in range(5 * 24):
        clock.advance(HOUR)
        watch(services)
    names = ["48h_before", "24h_before", "12h_before", "6h_before", "1h_before", "at"]
    names += ["24h_after", "48h_after"]
    assert entries(services, asked) == [(name, name, 1) for name in names]
    assert [mail["values"]["hours"] for mail in alerted(services)[::2]] == [
        "48", "24", "12", "6", "1", "0", "-24", "-48"
    ]  # fmt: skip
    withdraw(gateway, asked, asked.json()["tracking_token"])
    clock.advance(48 * HOUR)
    assert watch(services) == Report()
    assert listed(services) == []


def test_what_passed_while_nobody_looked_is_raised_together_and_counted_one_by_one(
    services: Services, asked: Answer, clock: FixedClock
) -> None:
    clock.advance(72 * HOUR + timedelta(minutes=5))
    assert watch(services) == Report(alerted=1, alerts=6)
    assert entries(services, asked) == [("48h_before", "at", 6)]
    assert [mail["values"]["hours"] for mail in alerted(services)] == ["-1", "-1"]


def test_of_runs_at_once_one_raises(racing: Services, asked: Answer, clock: FixedClock) -> None:
    clock.advance(24 * HOUR)
    reports = at_once(6, lambda _: watch(racing))
    assert sum(getattr(each, "alerted", 0) for each in reports) == 1
    assert sum(getattr(each, "failed", 1) for each in reports) == 0
    assert entries(racing, asked) == [("48h_before", "48h_before", 1)]
    assert len(alerted(racing)) == len(STAFF)


def test_what_is_sealed_stays_and_opens(
    services: Services, gateway: Gateway, asked: Answer, clock: FixedClock
) -> None:
    before = stored(services, asked)
    clock.advance(24 * HOUR)
    watch(services)
    after = stored(services, asked)
    assert after.content == before.content
    assert (after.alerts, after.revision) == (1, before.revision + 1)
    assert look(gateway, asked).status == 200


@pytest.mark.parametrize("answered", [False, True], ids=["not carried out", "answer lost"])
def test_a_run_that_dies_at_any_call_is_made_good_by_the_next(
    services: Services, asked: Answer, clock: FixedClock, answered: bool
) -> None:
    clock.advance(72 * HOUR)
    watch(services)
    for number in range(20):
        clock.advance(24 * HOUR)
        with dying_at(services, number, answered=answered) as calls:
            _watch_and_die(services)
        watch(services)
        assert entries(services, asked)[1:] == [
            (f"{24 * day}h_after", f"{24 * day}h_after", 1) for day in range(1, number + 2)
        ]
        assert len(alerted(services)) == len(STAFF) * (number + 2)
        if len(calls) <= number:
            break
    assert calls[-1] == "TransactWriteItems"
    assert number > 3


def _watch_and_die(services: Services) -> None:
    try:
        watch(services)
    except ConnectionClosedError:
        return  # the list itself could not be read


@contextmanager
def dying_at(services: Services, number: int, *, answered: bool) -> Iterator[list[str]]:
    """Lets the call `number` (from 0) to DynamoDB fail, before it is sent or once it is answered.

    Gives the operations that were called.
    """
    called: list[str] = []

    def count(model: Any, **_: object) -> None:
        called.append(model.name)
        if not answered and len(called) == number + 1:
            raise ConnectionClosedError(endpoint_url="https://dynamodb.example")

    def lose(**_: object) -> None:
        if answered and len(called) == number + 1:
            raise ConnectionClosedError(endpoint_url="https://dynamodb.example")

    bus = services.dynamodb.meta.events
    bus.register("before-call.dynamodb", count)
    bus.register("after-call.dynamodb", lose)
    yield called
    bus.unregister("before-call.dynamodb", count)
    bus.unregister("after-call.dynamodb", lose)


def test_what_fails_holds_up_nothing_and_shows_as_lag(
    services: Services, gateway: Gateway, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[str] = []
    monkeypatch.setattr(
        watching, "log_failure", lambda error, _: failures.append(type(error).__name__)
    )
    erased, fine = make(gateway), make(gateway, email="other@example.test")
    clock.advance(72 * HOUR)
    watch(services)
    scope = Scope.request(erased.json()["request_id"])
    services.run_command(lambda: services.keyring.destroy_actions(scope))
    services.keyring.forget(scope)
    clock.advance(timedelta(days=25))
    watch(services)
    clock.advance(timedelta(minutes=5))
    report = watch(services)
    assert (report.failed, report.watch_lag_seconds) == (1, 300)
    assert set(failures) == {"KeyDestroyed"}
    assert stored(services, fine).status is Status.LAPSED


def test_when_time_runs_out_the_next_run_goes_on(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    for number in range(3):
        email = f"person{number}@example.test"
        prove(gateway, make(gateway, email=email), code_of(services, email))
    clock.advance(24 * HOUR + timedelta(minutes=1))
    left = iter([60_000, 60_000, 9_000])
    assert services.watcher.run(lambda: next(left)) == Report(
        alerted=2, alerts=2, watch_lag_seconds=60
    )
    assert watch(services) == Report(alerted=1, alerts=1)


def test_what_nobody_proved_ends_and_its_address_is_told(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    made = make(gateway)
    code = code_of(services)
    clock.advance(timedelta(days=28))
    assert watch(services) == Report(lapsed=1)
    shown = look(gateway, made).json()
    assert shown["status"] == "lapsed"
    assert [each["event"] for each in shown["timeline"]] == ["request.received", "request.lapsed"]
    assert [each["kind"] for each in shown["mails"]] == ["request_code", "request_lapsed"]
    (told,) = [mail for mail in mails(services) if "days" in mail["values"]]
    assert (told["to"], told["language"], told["values"]) == (
        EMAIL,
        "id",
        {"request_id": made.json()["request_id"], "days": "28"},
    )
    assert listed(services) == []
    assert watch(services) == Report()
    assert prove(gateway, made, code).status in (403, 409)


def test_what_is_listed_though_it_ended_is_taken_from_the_list(
    services: Services, gateway: Gateway, asked: Answer, clock: FixedClock
) -> None:
    withdraw(gateway, asked, asked.json()["tracking_token"])
    key = key_of_request(asked.json()["request_id"])
    services.records.update(
        key, PRESENT, put={"due_pk": WATCHED, "due_sk": "0000000000001#" + key.pk[8:]}
    )
    assert watch(services) == Report()
    assert listed(services) == []
    assert stored(services, asked).status is Status.WITHDRAWN


def test_a_report_has_only_counts() -> None:
    assert set(map(type, asdict(Report()).values())) == {int}


def events(services: Services) -> list[tuple[str, Any]]:
    """What waits for the endpoints, opened."""
    return [
        (
            item["endpoint"],
            json.loads(
                services.vault.open(
                    message_scope(item), message_context(services.records, item), item["sealed"]
                )
            ),
        )
        for item in records(services)
        if item["et"] == "outbox_message" and item["channel"] == "webhook"
    ]
