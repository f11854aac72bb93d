"""What a place holds, registered by reading it: once, page by page, whatever happens on the way."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.clock import rfc3339
from chalicelib.http.permissions import Role
from chalicelib.retention.records.models import Place
from chalicelib.services import Services
from tests.contract.killing import Killer, meanwhile
from tests.contract.moto_tables import another_container
from tests.contract.people import records
from tests.contract.retaining import ENUMERATIONS, HOURLY, LONG, YEAR, Retained
from tests.contract.shop import BUCKET
from tests.contract.working import step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.maps import BOTH

SEEN = "2026-11-01T00:00:00Z"


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    office = Retained(services, gateway, clock)
    office.declares()
    return office


def fill(office: Retained, count: int, **said: str) -> list[str]:
    """The ids of more customers, and of those that were there."""
    ids = ["c1", "c2", *(f"n{number:03}" for number in range(count))]
    for each in ids:
        row = {"id": each, "seen": SEEN, "email": f"{each}@example.test", **said}
        office.shop.put("customers", {name: {"S": value} for name, value in row.items()})
    return ids


class Slow(FixedClock):
    """Time passes whenever somebody looks."""

    def now(self) -> datetime:
        self.advance(timedelta(seconds=61))
        return super().now()


def held(office: Retained) -> list[dict[str, Any]]:
    return [each for each in records(office.services) if each["et"] == "held_record"]


def counts(shown: dict[str, Any]) -> tuple[int, int, int, dict[str, int]]:
    return shown["created"], shown["updated"], shown["unchanged"], shown["refused"]


def test_all_rows_are_registered_with_their_ends(office: Retained) -> None:
    ids = fill(office, 90, company="acme", user_id="u1", since="2026-10-01")
    shown = office.enumerated()
    assert counts(shown) == (92, 0, 0, {})
    assert (shown["stage"], shown["problem"]) == ("ended", None)
    assert office.readable(ids[-1])
    (standing,) = office.services.held_records.look_up([Place("shop", "customers", ids[-1])])
    assert standing
    record = office.shown(standing.record.record_id)
    assert (record["category"], record["role"], record["client"]) == (
        "technical",
        "controller",
        "acme",
    )
    assert record["expiry"]["limit"]["rule"] == "technical_unused"
    assert record["expiry"]["limit"]["since"] == "2026-11-01T00:00:00.000Z"
    # What the platform says of the same row later is said of the same record.
    (again,) = office.register(ids[-1], client="acme", user_id="u1")
    assert again["outcome"] == "updated"


def test_a_repeat_changes_nothing_and_what_moved_moves_its_end(office: Retained) -> None:
    fill(office, 50)
    office.enumerated()
    before = {each["pk"]: each["rev"] for each in held(office)}
    assert counts(office.enumerated()) == (0, 0, 52, {})
    assert {each["pk"]: each["rev"] for each in held(office)} == before
    now = rfc3339(office.clock.now())
    office.shop.put("customers", {"id": {"S": "n007"}, "seen": {"S": now}})
    office.shop.put("customers", {"id": {"S": "n008"}, "seen": {"S": "2026-10-31"}})
    assert counts(office.enumerated()) == (0, 2, 50, {})
    office.clock.set(office.clock.now() + YEAR)
    office.swept()
    assert office.customers() == []


def test_what_is_over_goes_with_the_sweep_and_is_gone(office: Retained) -> None:
    fill(office, 1)
    office.enumerated()
    office.later(YEAR)
    office.swept()
    assert office.customers() == []
    assert counts(office.enumerated()) == (0, 0, 0, {})
    fill(office, 0)
    assert counts(office.enumerated()) == (0, 0, 0, {"record_gone": 2})


def test_rows_that_make_no_sense_are_counted_and_not_registered(
    office: Retained, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(office, 0)
    for name, row in {
        "x1": {"company": {"S": "Siti & Sons"}, "seen": {"S": SEEN}},
        "x2": {"seen": {"S": "yesterday"}},
        "x3": {"email": {"S": "siti@example.test"}},
        "x4": {"user_id": {"S": "u" * 129}, "seen": {"S": SEEN}},
    }.items():
        office.shop.put("customers", {"id": {"S": name}, **row})
    assert counts(office.enumerated()) == (
        2,
        0,
        0,
        {"unusable_client": 1, "unreadable_moment": 1, "no_moment": 1, "unusable_person": 1},
    )
    assert len(held(office)) == 2
    said = "".join(capsys.readouterr()) + json.dumps(records(office.services), default=str)
    assert not any(each in said for each in ("Siti", "yesterday", "example.test", "u" * 129))


def test_no_more_is_read_than_needed(office: Retained) -> None:
    fill(office, 0)
    asked: list[Any] = []
    events = office.services.dynamodb.meta.events
    events.register("before-call.dynamodb.Scan", lambda params, **_: asked.append(params["body"]))
    office.enumerated()
    (scan,) = map(json.loads, asked)
    assert sorted(scan["ExpressionAttributeNames"].values()) == [
        "company",
        "id",
        "seen",
        "since",
        "user_id",
    ]
    assert scan["TableName"] == "shop-customers"


def test_nothing_of_a_row_stands_in_clear_on_the_way(office: Retained) -> None:
    fill(office, 100)
    body = {"place": "shop", "collection": "customers"}
    assert office.staff("POST", ENUMERATIONS, body).status == 202
    (message,) = waiting(office.services)
    office.services._enumeration_work._clock = Slow()  # a page takes longer than a worker has
    step(office.services, message)
    (item,) = [each for each in records(office.services) if each["et"] == "enumeration"]
    assert item["sealed"]
    assert item["stage"] == "running"
    clear = json.dumps({**item, "sealed": ""}, default=str)
    assert not any(each in clear for each in ("n0", "c1", "c2"))
    work(office.services, office.clock)
    assert len(held(office)) == 102


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("write", range(8))
def test_a_worker_that_dies_anywhere_is_followed_by_one_that_counts_nothing_twice(
    office: Retained, write: int, when: str
) -> None:
    fill(office, 90)
    body = {"place": "shop", "collection": "customers"}
    made = office.staff("POST", ENUMERATIONS, body).json()
    worker = another_container(office.services)
    killer = Killer(lambda number: when if number == write else None, armed=True)
    killer.watch(worker)
    work(worker, office.clock)
    assert killer.kills == [write]
    for _ in range(3):  # should its message have gone with it
        office.later(HOURLY)
        office.services.retention_rounds.run(lambda: LONG)
        work(office.services, office.clock)
    shown = office.staff("GET", f"{ENUMERATIONS}/{made['enumeration_id']}").json()
    assert (shown["stage"], counts(shown)) == ("ended", (92, 0, 0, {}))
    assert len(held(office)) == 92


def test_of_two_workers_the_slower_one_stops_and_nothing_is_counted_twice(
    office: Retained,
) -> None:
    fill(office, 90)
    body = {"place": "shop", "collection": "customers"}
    made = office.staff("POST", ENUMERATIONS, body).json()
    slower, faster = another_container(office.services), another_container(office.services)
    act = faster.retention_work["enumerate_records"]
    meanwhile(slower, lambda: act(made["enumeration_id"], ""))
    slower.retention_work["enumerate_records"](made["enumeration_id"], "")
    shown = office.staff("GET", f"{ENUMERATIONS}/{made['enumeration_id']}").json()
    assert (shown["stage"], counts(shown)) == ("ended", (92, 0, 0, {}))


def test_one_at_a_time(office: Retained) -> None:
    fill(office, 0)
    body = {"place": "shop", "collection": "customers"}
    first = office.staff("POST", ENUMERATIONS, body)
    office.later(timedelta(minutes=1))
    second = office.staff("POST", ENUMERATIONS, body)
    assert (first.status, second.status) == (202, 202)
    assert first.json() == second.json()
    assert len(waiting(office.services)) == 1
    work(office.services, office.clock)
    assert counts(office.enumerated()) == (0, 0, 2, {})
    path = f"/v1/staff/audit/enumeration/{first.json()['enumeration_id']}"
    entries = office.staff("GET", path).json()["entries"]
    assert [(each["action"], each["actor"].partition("/")[0]) for each in entries] == [
        ("enumeration.begun", "staff"),
        ("enumeration.ended", "system"),
    ] * 2
    assert entries[-1]["facts"] == {"created": 0, "updated": 0, "unchanged": 2, "refused": 0}


def test_a_week_later_it_is_done_anew_by_itself(office: Retained) -> None:
    fill(office, 0)
    shown = office.enumerated()
    office.later(timedelta(days=6, hours=23))
    assert office.services.retention_rounds.run(lambda: LONG)["enumerations_looked_at"] == 0
    fill(office, 3)
    office.later(timedelta(hours=1))
    for _ in range(2):  # handed out twice, it is done once
        assert office.services.retention_rounds.run(lambda: LONG)["enumerations_looked_at"] == 1
    work(office.services, office.clock)
    again = office.staff("GET", f"{ENUMERATIONS}/{shown['enumeration_id']}").json()
    assert counts(again) == (3, 0, 2, {})
    assert again["begun_at"] == rfc3339(office.clock.now())
    assert office.services.retention_rounds.run(lambda: LONG)["enumerations_looked_at"] == 0


def test_a_place_that_does_not_answer_is_asked_again(
    office: Retained, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(office, 0)
    office.shop.dynamodb.delete_table(TableName="shop-customers")
    shown = office.enumerated()
    assert (shown["stage"], shown["problem"]) == ("running", "place_unavailable")
    office.shop.dynamodb.create_table(
        TableName="shop-customers",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    fill(office, 0)
    office.later(2 * HOURLY)
    office.services.retention_rounds.run(lambda: LONG)
    work(office.services, office.clock)
    again = office.staff("GET", f"{ENUMERATIONS}/{shown['enumeration_id']}").json()
    assert (again["stage"], counts(again), again.get("problem")) == ("ended", (2, 0, 0, {}), None)


def test_what_the_map_does_not_declare_any_more_ends_for_good(office: Retained) -> None:
    shown = office.enumerated()
    office.declares(BOTH)
    office.later(timedelta(days=7))
    office.services.retention_rounds.run(lambda: LONG)
    work(office.services, office.clock)
    again = office.staff("GET", f"{ENUMERATIONS}/{shown['enumeration_id']}").json()
    assert (again["stage"], again["problem"]) == ("ended", "retention_not_declared")
    assert again["next_at"] is None
    body = {"place": "shop", "collection": "customers"}
    assert office.staff("POST", ENUMERATIONS, body).code == "not_enumerable"


@pytest.mark.parametrize(
    ("place", "collection"), [("shop", "orders"), ("shop", "nothing"), ("nowhere", "customers")]
)
def test_what_cannot_be_enumerated_is_refused(
    office: Retained, place: str, collection: str
) -> None:
    body = {"place": place, "collection": collection}
    answer = office.staff("POST", ENUMERATIONS, body)
    assert (answer.status, answer.code) == (409, "not_enumerable")


def test_who_may(office: Retained) -> None:
    body = {"place": "shop", "collection": "customers"}
    assert office.staff("POST", ENUMERATIONS, body, Role.AUDITOR).status == 403
    assert office.staff("POST", ENUMERATIONS, body, Role.ENGINEER).status == 202
    assert office.staff("GET", f"{ENUMERATIONS}/{'A' * 32}").code == "unknown_enumeration"


def test_in_a_bucket_the_latest_row_of_a_record_counts(office: Retained) -> None:
    at = int(office.clock.now().timestamp())
    lines = [{"customer_id": "c1", "at": at - 500}, {"customer_id": "c1", "at": at}]
    # As many rows as are registered at once, so that the last one of c1 comes with others.
    later = [{"customer_id": f"n{number}", "at": at} for number in range(60)]
    later += [{"customer_id": "c1", "at": at - 900}]
    for key, rows in {
        "visits/1.ndjson.gz": [],
        "visits/2.ndjson": lines,
        "visits/3": later,
    }.items():
        body = "".join(f"{json.dumps(each)}\n" for each in rows).encode()
        if key.endswith(".gz"):
            office.shop.s3.delete_object(Bucket=BUCKET, Key=key)
        else:
            office.shop.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    assert counts(office.enumerated("shop_logs", "visits")) == (61, 0, 1, {})
    assert counts(office.enumerated("shop_logs", "visits")) == (0, 0, 62, {})
    (standing,) = office.services.held_records.look_up([Place("shop_logs", "visits", "c1")])
    assert standing
    (since,) = standing.record.triggers.values()
    assert since.timestamp() == at
