"""Counters equal a plain count of people, however often they decide and the stream delivers.

What is told of them names nobody.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.consents.statistics import reading
from chalicelib.cookies import store as cookie_store
from chalicelib.services import Services
from chalicelib.services import services as current
from chalicelib.tables.codec import Item
from chalicelib.tables.schema import UnreadableItem
from tests.contract.consenting import PURPOSE, Office
from tests.contract.cookies import body, post, stored
from tests.contract.counted import DAY, consent, counters, delivery, inserted, plain
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.office import office as fresh_office
from tests.contract.people import records
from tests.fakes import FixedClock, SequentialIds
from tests.gateway import Answer, Gateway
from tests.tokens import bearer, staff_token

PATH = "/v1/staff/statistics/consents"
GIVEN = f"{DAY} consents#{PURPOSE}#given#id#-"

type Many = Callable[..., list[Item]]


@pytest.fixture
def many(services: Services) -> Many:
    """Makes events of the present moment with fresh ids, each of another person."""

    def make(number: int, **changes: Any) -> list[Item]:
        now = services.clock.now()
        return [consent(services.ids.new(), now, **changes) for _ in range(number)]

    return make


def mixed(many: Many) -> list[Item]:
    """Of 130 people."""
    return [*many(60), *many(40, state="withdrawn"), *many(30, site="jutsoo", language="en")]


# --- each person once ----------------------------------------------------------------------------


def test_what_a_person_decides_is_counted(services: Services, gateway: Gateway) -> None:
    person = Office(services, gateway).person()
    assert person.decide("given").status == 201
    services.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]  # the fixture's
    assert person.decide("withdrawn", site="jutsoo").status == 201
    assert services.counting.consents(delivery(inserted(services, "consent_event"))) == 0
    assert counters(services) == {
        f"{DAY} consents#{PURPOSE}#given#en#-": 1,
        f"{DAY} consents#{PURPOSE}#withdrawn#en#jutsoo": 1,
    }
    kept = [item for item in records(services) if item["pk"].startswith(("COUNTED", "STATIS"))]
    assert person.subject_id not in json.dumps(kept)
    assert len({item["pk"] for item in kept if item["pk"].startswith("COUNTED")}) == 2


def test_who_switches_ten_times_counts_once_in_each_cell(
    services: Services, gateway: Gateway
) -> None:
    person = Office(services, gateway).person()
    for state in ("given", "withdrawn") * 10:
        services.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]  # the fixture's
        assert person.decide(state).status == 201
    events = inserted(services, "consent_event")
    assert len(events) == 20
    for cut in (events[:7], events[7:8], events):  # alone, among others, and again
        services.counting.consents(delivery(cut))
    assert counters(services) == {
        f"{DAY} consents#{PURPOSE}#given#en#-": 1,
        f"{DAY} consents#{PURPOSE}#withdrawn#en#-": 1,
    }


def test_the_next_day_who_decides_again_counts_again(
    services: Services, many: Many, clock: FixedClock
) -> None:
    for _ in range(2):
        someone = many(3, subject_id="01JSUBJECT0000000000000001")
        services.counting.consents(delivery(someone))
        clock.advance(timedelta(days=1))
    assert counters(services) == {GIVEN: 1, GIVEN.replace(DAY, "2026-11-24"): 1}


def test_a_delivery_counts_once_in_whatever_cuts_it_comes_again(
    services: Services, many: Many
) -> None:
    items = mixed(many)
    for cut in (items, items[:45], items[45:], items[20:70], items[:1], items, items * 2):
        assert services.counting.consents(delivery(cut)) == 0
        assert counters(services).total() == 130
    assert counters(services) == plain(items)


def test_cuts_that_overlap_before_all_is_counted(services: Services, many: Many) -> None:
    items = mixed(many)
    for cut in (items[30:60], items[:50], items[45:]):
        services.counting.consents(delivery(cut))
    assert counters(services) == plain(items)


def test_a_record_that_comes_twice_in_a_batch_counts_once(services: Services, many: Many) -> None:
    services.counting.consents(delivery(many(3) * 3))
    assert counters(services) == {GIVEN: 3}


def test_consumers_who_meet_the_same_people_in_other_records_count_once(
    racing: Services, many: Many
) -> None:
    people = [f"01JSUBJECT00000000000000{number:02}" for number in range(30)]
    cuts = [
        [event for person in people[start:] for event in many(1, subject_id=person)]
        for start in (0, 10, 0, 5)
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda cut: racing.counting.consents(delivery(cut)), cuts))
    assert counters(racing) == {GIVEN: 30}


def test_two_consumers_at_once_count_once(racing: Services, many: Many) -> None:
    items = mixed(many)
    cuts = [items[:60], items[30:], items, items[10:80]]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda cut: racing.counting.consents(delivery(cut)), cuts))
    assert counters(racing) == plain(items)


def test_who_is_overtaken_between_reading_and_writing_counts_the_rest(
    services: Services, many: Many
) -> None:
    items = many(10)
    meanwhile(services, lambda: services.counting.consents(delivery(items[:6])))
    services.counting.consents(delivery(items))
    assert counters(services) == {GIVEN: 10}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_worker_that_dies_leaves_nothing_counted_twice_or_never(
    services: Services, many: Many, number: int, when: str
) -> None:
    items = mixed(many)  # three transactions
    killer = Killer(lambda seen: when if seen == number else None)
    killer.watch(services)
    killer.armed = True
    with pytest.raises(Killed):
        services.counting.consents(delivery(items))
    killer.armed = False
    assert counters(services) != plain(items) or (number, when) == (2, "after")
    services.counting.consents(delivery(items))
    assert (counters(services), killer.kills) == (plain(items), [number])


def test_an_outage_is_a_failure_of_the_batch(services: Services, many: Many) -> None:
    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="x")

    items, event = many(3), "before-call.dynamodb"
    services.dynamodb.meta.events.register(event, fail)
    with pytest.raises(EndpointConnectionError):
        services.counting.consents(delivery(items))
    services.dynamodb.meta.events.unregister(event, fail)
    services.counting.consents(delivery(items))
    assert counters(services) == {GIVEN: 3}


def test_markers_outlive_the_stream_and_not_much_more(services: Services, many: Many) -> None:
    services.counting.consents(delivery(many(1)))
    (marker,) = inserted(services, "counted_record")
    assert marker["ttl"] == int((services.clock.now() + timedelta(days=7)).timestamp())


def test_a_counter_of_a_later_version_is_left_alone(services: Services, many: Many) -> None:
    services.counting.consents(delivery(many(1)))
    services.dynamodb.update_item(
        TableName=services.records.name,
        Key={"pk": {"S": f"STATISTICS#{DAY}"}, "sk": {"S": GIVEN.split()[1]}},
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"N": "2"}},
    )
    with pytest.raises(UnreadableItem):
        services.counting.consents(delivery(many(1)))
    assert (counters(services)[GIVEN], len(inserted(services, "counted_record"))) == (1, 1)


# --- the same, for any deliveries ----------------------------------------------------------------

CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "subject_id": st.sampled_from([f"01JSUBJECT000000000000000{number}" for number in "123"]),
        "day": st.just(1),
        "state": st.sampled_from(["refused", "withdrawn", "expired"]),
        "language": st.just("en"),
        "site": st.sampled_from(["jutsoo", "jutsoo-2"]),
        "purpose": st.just("marketing"),
    },
)
CUTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans()), max_size=8)


@settings(max_examples=40, deadline=None)
@given(events=st.lists(CHANGES, max_size=50), cuts=CUTS, chance=st.randoms())
def test_counters_equal_a_plain_count_of_people(
    events: list[dict[str, Any]], cuts: list[tuple[int, int, bool]], chance: Random
) -> None:
    with fresh_office(FixedClock()) as services:
        now = services.clock.now()
        items = [
            consent(services.ids.new(), now + timedelta(days=changes.pop("day", 0)), **changes)
            for changes in map(dict, events)
        ]
        killer = Killer(lambda _: "after")
        killer.watch(services)
        for start, end, killer.armed in cuts:
            some = items[start:end]
            chance.shuffle(some)
            with suppress(Killed):
                services.counting.consents(delivery(some))
        killer.armed = False
        services.counting.consents(delivery(items))
        assert counters(services) == plain(items)


# --- what is passed over -------------------------------------------------------------------------


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    types: list[str] = []
    for module in (reading, cookie_store):
        monkeypatch.setattr(
            module, "log_failure", lambda error, _: types.append(type(error).__name__)
        )
    return types


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "maybe"},
        {"language": "fr"},
        {"site": "a#b"},
        {"site": "x" * 2000},
        {"site": ""},
        {"at": "today"},
        {"at": 10**20},
        {"v": 2},
        {"sk": "EVENT#one_more#part#01JAGA00000000000000000001"},
        {"sk": "EVENT##01JAGA00000000000000000001"},
        {"sk": "EVENT"},
        {"pk": "CONSENTS#one_more#01JAGA00000000000000000001"},
        {"pk": "CONSENTS#01JSHORT"},
        {"pk": "CONSENTS#ani.wijaya@example.test"},
        {"pk": "CONSENTS#"},
        {"pk": "CONSENTS"},
    ],
    ids=str,
)
def test_poison_is_passed_over_and_holds_up_nothing(
    services: Services, many: Many, logged: list[str], changes: dict[str, Any]
) -> None:
    first, poison, last = many(3)
    assert services.counting.consents(delivery([first, {**poison, **changes}, last])) == 1
    assert (counters(services), len(logged)) == ({GIVEN: 2}, 1)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"eventName": "INSERT"},
        {"eventName": "INSERT", "dynamodb": {}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": "text"}},
        {
            "eventName": "INSERT",
            "dynamodb": {"NewImage": {"et": {"S": "consent_event"}, "n": {"NS": ["1"]}}},
        },
    ],
)
def test_records_without_sense_are_passed_over(
    services: Services, many: Many, logged: list[str], record: dict[str, Any]
) -> None:
    event = delivery(many(1))
    event["Records"].append(record)
    assert services.counting.consents(event) == 1
    assert (counters(services), len(logged)) == ({GIVEN: 1}, 1)


def test_whatever_else_the_table_holds_costs_nothing(services: Services, many: Many) -> None:
    called: list[str] = []
    services.dynamodb.meta.events.register(
        "before-call", lambda model, **_: called.append(model.name)
    )
    others = [{**item, "et": "statistics_cell"} for item in many(2)]
    event = delivery(others)
    event["Records"] += delivery(many(2), "MODIFY")["Records"]
    event["Records"] += [{"eventName": "REMOVE", "dynamodb": {"Keys": {}}}]
    assert services.counting.consents(event) == 0
    assert called == []
    services.counting.consents(delivery(many(50)))
    assert called == ["BatchGetItem", "TransactWriteItems"]


def test_whom_a_cell_holds_costs_no_write(services: Services, many: Many) -> None:
    someone = {"subject_id": "01JSUBJECT0000000000000001"}
    services.counting.consents(delivery(many(1, **someone)))
    called: list[str] = []
    services.dynamodb.meta.events.register(
        "before-call", lambda model, **_: called.append(model.name)
    )
    services.counting.consents(delivery(many(100, **someone)))
    assert called == ["BatchGetItem"]


def test_a_transaction_takes_fifty_people_in_fifty_cells(services: Services, many: Many) -> None:
    items = [event for number in range(60) for event in many(1, site=f"site-{number}")]
    assert services.counting.consents(delivery(items)) == 0
    assert counters(services) == plain(items)


# --- cookies -------------------------------------------------------------------------------------


def chosen(services: Services, gateway: Gateway, **changes: Any) -> None:
    fresh = {"event_id": services.ids.new(), "visitor_id": services.ids.new()}
    assert post(gateway, body(services, **fresh | changes)).status == 201


def cookies(**counts: int) -> dict[str, int]:
    """Counters by `<category>_<state>`, in English, on the demonstration site."""
    words = {name: name.split("_") for name in counts}
    return {
        f"{DAY} cookies#{words[name][0]}#{words[name][1]}#en#jutsoo": count
        for name, count in counts.items()
    }


def test_choices_are_counted_by_category(services: Services, gateway: Gateway) -> None:
    nothing = {"performance": False, "functional": False}
    chosen(services, gateway)
    chosen(services, gateway)
    chosen(services, gateway, action="save", choices={**nothing, "functional": True})
    chosen(services, gateway, action="reject_all", choices=nothing)
    chosen(services, gateway, action="withdraw", choices=nothing)
    for _ in range(2):
        assert services.counting.preferences(delivery(stored(services))) == 0
    assert counters(services) == cookies(
        performance_given=2,
        performance_refused=2,
        performance_withdrawn=1,
        functional_given=3,
        functional_refused=1,
        functional_withdrawn=1,
    )
    visitors = [str(item["pk"]).split("#")[3] for item in stored(services)]
    kept = json.dumps([item for item in records(services) if item["pk"].startswith("COUNTED")])
    assert len(visitors) == 5
    assert not any(visitor in kept for visitor in visitors)


def test_a_visitor_who_switches_ten_times_counts_once_in_each_cell(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    nothing = {"performance": False, "functional": False}
    visitor = services.ids.new()
    for _ in range(10):
        for said in ({}, {"action": "withdraw", "choices": nothing}):
            clock.advance(timedelta(minutes=1))
            chosen(services, gateway, visitor_id=visitor, **said)
    choices = stored(services)
    assert len(choices) == 20
    for cut in (choices[:7], choices[7:8], choices):  # alone, among others, and again
        services.counting.preferences(delivery(cut))
    assert counters(services) == cookies(
        performance_given=1,
        performance_withdrawn=1,
        functional_given=1,
        functional_withdrawn=1,
    )


def test_sixty_choices_at_once_are_counted_in_transactions_that_hold_them(
    services: Services, gateway: Gateway
) -> None:
    for _ in range(60):
        chosen(services, gateway)
    choices = stored(services)
    for cut in (choices[:30], choices, choices * 2):
        services.counting.preferences(delivery(cut))
    assert counters(services) == cookies(performance_given=60, functional_given=60)


def test_the_day_is_that_of_recording(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    content = body(services)
    clock.advance(timedelta(days=2))
    assert post(gateway, content).status == 201
    services.counting.preferences(delivery(stored(services)))
    assert {each.split()[0] for each in counters(services)} == {"2026-11-25"}


def test_a_cold_container_reads_one_key_for_a_site_and_day(
    services: Services, gateway: Gateway, tables: Any
) -> None:
    for _ in range(25):
        chosen(services, gateway)
    cold = Services(
        services.settings,
        clock=services.clock,
        ids=SequentialIds(),
        create_client=lambda name, **_: getattr(services, name),
    )
    event, called = delivery(stored(services)), list[tuple[str, str]]()

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        called.append((model.name, next(iter(params.get("RequestItems", {"": ""})))))

    services.dynamodb.meta.events.register("provide-client-params.dynamodb", note)
    assert cold.counting.preferences(event) == 0
    keys = tables.keys.name
    assert called == [
        ("BatchGetItem", keys),  # the data key
        ("BatchGetItem", keys),  # its branch
        ("BatchGetItem", tables.records.name),
        ("TransactWriteItems", ""),
    ]
    assert counters(services) == cookies(performance_given=25, functional_given=25)


@pytest.mark.parametrize(
    "changes",
    [
        {"sealed": b"\x01" + bytes(100)},
        {"sealed": "text"},
        {"pk": "SITE"},
        {"day": "yesterday"},
        {"day": "2026-11-22"},  # whose key never was
        {"v": 2},
    ],
    ids=str,
)
def test_what_was_tampered_with_is_passed_over(
    services: Services, gateway: Gateway, logged: list[str], changes: dict[str, Any]
) -> None:
    for _ in range(2):
        chosen(services, gateway)
    first, second = stored(services)
    assert services.counting.preferences(delivery([{**first, **changes}, second])) == 1
    assert counters(services) == cookies(performance_given=1, functional_given=1)
    assert len(logged) <= 1


# --- what is told --------------------------------------------------------------------------------


def ask(gateway: Gateway, query: str = "", role: str = "engineer") -> Answer:
    token = staff_token(current().clock, role)
    return gateway.call("GET", f"{PATH}?{query}", headers=bearer(token))


def told(gateway: Gateway, query: str = "") -> dict[str, int | None]:
    answer = ask(gateway, query)
    assert answer.status == 200, answer.body
    return {f"{each['day']} {each['state']}": each["count"] for each in answer.json()["groups"]}


def at(clock: FixedClock, text: str) -> None:
    clock.set(datetime.fromisoformat(f"{text}+00:00"))


def test_a_group_under_ten_is_not_told(
    services: Services, gateway: Gateway, clock: FixedClock, many: Many
) -> None:
    items = [*many(9), *many(10, state="refused"), *many(11, state="withdrawn")]
    services.counting.consents(delivery(items))
    clock.advance(timedelta(days=1))
    answer = ask(gateway).json()
    assert answer["groups"] == [
        {
            "day": DAY,
            "source": "consents",
            "purpose": PURPOSE,
            "state": state,
            "language": "id",
            "site": None,
            "count": count,
        }
        for state, count in (("given", None), ("refused", 10), ("withdrawn", 11))
    ]
    assert set(answer) == {"groups", "cursor"}  # no sums


def test_nine_people_are_not_told_however_often_they_decide(
    services: Services, gateway: Gateway, clock: FixedClock, many: Many
) -> None:
    for number in range(9):
        someone = f"01JSUBJECT000000000000000{number}"
        services.counting.consents(delivery(many(10, subject_id=someone)))
    tenth = many(1)
    clock.advance(timedelta(days=1))
    assert told(gateway) == {f"{DAY} given": None}
    services.counting.consents(delivery(tenth))
    assert told(gateway) == {f"{DAY} given": 10}


def test_a_day_is_told_an_hour_after_its_end(
    services: Services, gateway: Gateway, clock: FixedClock, many: Many
) -> None:
    services.counting.consents(delivery(many(12)))
    asked = f"from={DAY}&to={DAY}"
    for moment in ("2026-11-23T23:59:59", "2026-11-24T00:59:59"):
        at(clock, moment)
        assert (told(gateway), told(gateway, asked)) == ({}, {})
    at(clock, "2026-11-24T01:00:00")
    assert told(gateway) == told(gateway, asked) == {f"{DAY} given": 12}
    assert told(gateway, "from=2026-11-22&to=2026-12-22") == {f"{DAY} given": 12}


def test_days_are_told_from_to_and_31_at_most(
    services: Services, gateway: Gateway, clock: FixedClock, many: Many
) -> None:
    for _ in range(33):
        services.counting.consents(delivery(many(10)))
        clock.advance(timedelta(days=1))
    days = sorted(told(gateway, "limit=100"))
    assert (len(days), days[0], days[-1]) == (31, "2026-11-25 given", "2026-12-25 given")
    assert sorted(told(gateway, "from=2026-11-23&to=2026-11-24")) == [
        "2026-11-23 given",
        "2026-11-24 given",
    ]


def test_pages_go_on_where_the_last_ended(
    services: Services, gateway: Gateway, clock: FixedClock, many: Many
) -> None:
    for _ in range(3):
        states = ("given", "refused", "withdrawn")
        services.counting.consents(delivery([each for s in states for each in many(10, state=s)]))
        clock.advance(timedelta(days=1))
    whole, paged, cursor = ask(gateway, "limit=100").json()["groups"], [], ""
    for limit in (2, 4, 1, 1, 1, 1):
        page = ask(gateway, f"limit={limit}{cursor}").json()
        paged += page["groups"]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert (len(whole), page["cursor"], paged) == (9, None, whole)
    other = ask(gateway, f"from=2026-11-23&to=2026-11-24{cursor}")
    assert (other.status, other.code) == (422, "invalid_cursor")


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-11-24&to=2026-11-23",
        "from=2026-10-01&to=2026-11-01",
        "from=2026-10-01",
        "from=2026-02-30",
        "from=20261101",
        "from=0001-01-01",
        "to=9999-12-31",
        "to=",
        "from=2026-11-1%D9%A1",
        "limit=0",
        "cursor=x",
    ],
)
def test_what_makes_no_range_is_refused(gateway: Gateway, query: str) -> None:
    assert ask(gateway, query).status == 422
