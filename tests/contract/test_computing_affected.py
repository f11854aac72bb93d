"""Who was affected, from places of the data map: everybody once, whoever dies over it."""

import json
import random
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.affected import computing
from chalicelib.incidents.affected.computing import SHIFT
from chalicelib.incidents.models import Recipient
from chalicelib.incidents.notices.models import TEMPLATE, State
from chalicelib.services import Services
from tests.contract.affected import Affected
from tests.contract.killing import Killer, meanwhile
from tests.contract.moto_tables import another_container
from tests.contract.noticing import NOTICE, a_notice, keep
from tests.contract.people import records
from tests.contract.policies import Uses
from tests.contract.post import Post
from tests.contract.shop import ANI, BUCKET, DPO, SITI, Shop, open_shop
from tests.contract.test_consent_import_faults import slow_down
from tests.contract.working import step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.maps import BOTH, DESCRIBED

VISITS: dict[str, Any] = {"place": "shop_logs", "collection": "visits"}


@pytest.fixture
def shop(services: Services) -> Shop:
    return open_shop(services)


@pytest.fixture
def affected(shop: Shop, services: Services, gateway: Gateway) -> Affected:
    return Affected(services, gateway)


def computed(affected: Affected, clock: FixedClock, **question: Any) -> dict[str, Any]:
    computation_id = affected.ask(**question)
    work(affected.services, clock)
    done = affected.look(computation_id)
    assert done["status"] == "done", done
    return done


def fill(shop: Shop, count: int, visits: int = 2) -> None:
    """So many customers more, who each visited so often; every third has no address."""
    for n in range(count):
        item: dict[str, Any] = {"id": {"S": f"x{n}"}}
        if n % 3:
            item["email"] = {"S": f"person{n}@client.test"}
        shop.put("customers", item)
    for part in range(visits):
        rows = [{"customer_id": f"x{n}", "at": 1_700_000_000 + n} for n in range(count)]
        body = "".join(f"{json.dumps(each)}\n" for each in rows)
        shop.s3.put_object(Bucket=BUCKET, Key=f"visits/more-{part}.ndjson", Body=body.encode())


def test_rows_are_found_by_a_key(affected: Affected, clock: FixedClock) -> None:
    done = computed(affected, clock, filter={"id": ["c1", "nobody"]})
    assert (done["rows"], done["matched"], done["people"]) == (1, 1, 1)
    assert affected.people() == {("c1", SITI)}
    (line,) = affected.listed()
    assert line["came"] == "computed"


def test_rows_are_found_by_an_index_and_the_rest_of_the_filter_holds(
    affected: Affected, clock: FixedClock
) -> None:
    done = computed(affected, clock, filter={"email": [SITI, ANI], "name": ["Ani"]})
    assert (done["rows"], done["matched"]) == (2, 1)
    assert affected.people() == {("c2", ANI)}


def test_an_address_is_looked_up_where_the_rows_have_none(
    affected: Affected, clock: FixedClock
) -> None:
    done = computed(affected, clock, collection="orders", filter={"customer_id": ["c1", "c2"]})
    assert (done["matched"], done["people"], done["without_address"]) == (3, 2, 0)
    assert affected.people() == {("c1", SITI), ("c2", ANI)}


def test_and_in_another_place(affected: Affected, clock: FixedClock) -> None:
    done = computed(affected, clock, **VISITS)
    assert (done["rows"], done["people"], done["people_exact"]) == (7, 2, True)
    assert affected.people() == {("c1", SITI), ("c2", ANI)}


def test_a_collection_with_addresses_alone_gives_them(
    affected: Affected, clock: FixedClock
) -> None:
    computed(affected, clock, collection="tickets")
    assert affected.people() == {(None, SITI), (None, ANI)}


def test_those_of_a_csv_too(affected: Affected, clock: FixedClock) -> None:
    computed(affected, clock, place="shop_logs", collection="mails", filter={"sent": ["2"]})
    assert affected.people() == {(None, ANI)}


def test_a_time_range_keeps_what_has_no_moment(
    affected: Affected, shop: Shop, clock: FixedClock
) -> None:
    rows = [
        {"customer_id": "before", "at": "2026-11-01T06:59:59+07:00"},
        {"customer_id": "first", "at": "2026-11-01T07:00:00+07:00"},
        {"customer_id": "seconds", "at": 1793498400},  # 2026-11-01T02:00Z
        {"customer_id": "milliseconds", "at": 1793498400000},
        {"customer_id": "end", "at": "2026-11-02T00:00:00Z"},
        {"customer_id": "day", "at": "2026-11-01"},
        {"customer_id": "long_after", "at": "2026-11-04"},
        {"customer_id": "none"},
        {"customer_id": "odd", "at": "yesterday"},
        {"at": "2026-11-01T12:00:00Z"},
    ]
    body = "".join(f"{json.dumps(each)}\n" for each in rows)
    shop.s3.put_object(Bucket=BUCKET, Key="visits/1.ndjson.gz", Body=b"", Metadata={})
    shop.s3.delete_object(Bucket=BUCKET, Key="visits/1.ndjson.gz")
    shop.s3.put_object(Bucket=BUCKET, Key="visits/2.ndjson", Body=body.encode())
    between = {"since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z"}
    done = computed(affected, clock, **VISITS, time_field="at", **between)
    assert {each for each, _ in affected.people()} == {
        *("first", "seconds", "milliseconds", "day", "none", "odd")
    }
    assert (done["rows"], done["matched"], done["undated"], done["nobody"]) == (10, 7, 2, 1)
    assert done["without_address"] == 6


def test_clients_are_collected_and_told(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    shop = open_shop(services, BOTH.replace("name: ip", "name: client", 1))
    rows = [
        {"customer_id": f"c{n}", "client": client}
        for n, client in enumerate(("acme", "other", "acme", "A Name Ltd"))
    ]
    body = "".join(f"{json.dumps(each)}\n" for each in rows)
    shop.s3.put_object(Bucket=BUCKET, Key="visits/3.ndjson", Body=body.encode())
    affected = Affected(services, gateway)
    computation_id = affected.ask(**VISITS, client_field="client")
    worker, worked = another_container(services), Uses()
    worked.watch(worker)
    work(worker, clock)
    assert worked.refused_by("fulfil_requests") == set()
    done = affected.look(computation_id)
    assert (done["clients"], done["more_clients"]) == (["acme", "other"], True)
    assert {each["client"] for each in affected.listed() if each["user_id"] == "c0"} == {"acme"}
    assert affected.counts().keys() == {"subjects"}  # no client is told who was not typed
    incident = affected.services.incident_book.get(affected.incident_id)
    assert set(incident.facts.clients) == {"acme", "other"}


def test_a_rehearsal_counts_and_lists_nobody(affected: Affected, clock: FixedClock) -> None:
    done = computed(affected, clock, **VISITS, rehearse=True)
    assert (done["rehearsal"], done["people"], done["without_address"]) == (True, 2, 0)
    assert affected.counts() == {}
    assert affected.items() == []


def test_who_was_found_twice_is_there_once_and_completed(
    affected: Affected, shop: Shop, clock: FixedClock
) -> None:
    affected.put({"user_id": "c1"})
    computed(affected, clock, **VISITS)
    computed(affected, clock, filter={"id": ["c1"]})
    assert affected.people() == {("c1", SITI), ("c2", ANI)}
    assert affected.counts() == {"subjects": (2, 0)}


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ({"place": "nowhere"}, ("place", "unknown_place")),
        ({"collection": "nothing"}, ("collection", "unknown_collection")),
        ({}, ("filter", "no_way_to_rows")),
        ({"filter": {"name": ["Siti"]}}, ("filter", "no_way_to_rows")),
        ({"filter": {"id": ["c1"], "id OR 1=1": ["x"]}}, ("filter", "unknown_field")),
        ({"filter": {"id": ["c1"]}, "time_field": "#p"}, ("time_field", "unknown_field")),
        ({"filter": {"id": ["c1"]}, "time_field": "logins"}, ("time_field", "unused")),
        ({"filter": {"id": ["c1"]}, "since": "2026-11-01T00:00:00Z"}, ("time_field", "missing")),
        ({"filter": {"id": ["c1"]}, "client_field": "x"}, ("client_field", "unknown_field")),
        ({"filter": {"id": []}}, ("filter.id", "invalid_value")),
        ({"collection": "addresses", "filter": {"id": ["a-c1"]}}, ("collection", "names_nobody")),
        (
            {"since": "2026-11-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"},
            ("until", "not_after_since"),
        ),
    ],
)
def test_a_question_that_the_map_does_not_allow_is_refused(
    affected: Affected, question: dict[str, Any], refusal: tuple[str, str]
) -> None:
    assert refusal in affected.refused(**question)
    assert affected.items("affected_computation") == []
    assert waiting(affected.services) == []


@pytest.mark.parametrize("value", ["' OR '1'='1", "\x00", "{{x}}", "*", "%", "a" * 320, "#p"])
def test_hostile_values_match_nobody(affected: Affected, clock: FixedClock, value: str) -> None:
    for filter_ in ({"id": [value]}, {"email": [value]}):
        assert computed(affected, clock, filter=filter_)["matched"] == 0
    assert computed(affected, clock, **VISITS, filter={"customer_id": [value]})["matched"] == 0
    assert affected.items() == []


def test_the_filter_is_sealed(affected: Affected, clock: FixedClock) -> None:
    computed(affected, clock, filter={"email": [SITI]})
    assert SITI not in repr(records(affected.services))
    assert "by-email" not in repr(affected.items("affected_computation"))


def test_a_call_under_its_key_asks_once(affected: Affected, clock: FixedClock) -> None:
    first = affected.ask(key="k", filter={"id": ["c1"]})
    assert affected.ask(key="k", filter={"id": ["c1"]}) == first
    assert len(affected.items("affected_computation")) == 1
    unknown = affected.call("GET", f"/computations/{'0' * 26}")
    assert unknown.json()["code"] == "unknown_computation"


def test_a_place_that_does_not_answer_is_told_of_in_the_end(
    affected: Affected, shop: Shop, clock: FixedClock
) -> None:
    computation_id = affected.ask(**VISITS)
    shop.s3.put_object(Bucket=BUCKET, Key="visits/9.ndjson", Body=b"no json\n")
    work(affected.services, clock)
    failed = affected.look(computation_id)
    assert (failed["status"], failed["problem"]) == ("failed", "place_unreadable_object")
    assert failed["ended_at"]


def test_a_map_that_changed_ends_a_computation(
    affected: Affected, services: Services, clock: FixedClock
) -> None:

    computation_id = affected.ask(**VISITS)
    services.data_maps.publish(DPO, DESCRIBED)
    work(services, clock)
    failed = affected.look(computation_id)
    assert (failed["status"], failed["problem"]) == ("failed", "data_map_changed")


def check_all(affected: Affected, computation_id: str, count: int, rows: int) -> None:
    done = affected.look(computation_id)
    assert (done["status"], done["rows"], done["matched"]) == ("done", rows, rows)
    without = len(range(0, count, 3))
    assert (done["people"], done["without_address"]) == (count + 2, without)
    assert affected.counts() == {"subjects": (count + 2, without)}
    assert len(affected.people()) == count + 2
    assert waiting(affected.services) == []


@pytest.mark.parametrize("seed", range(5))
def test_workers_killed_at_random_and_short_of_time_list_everybody_once(
    affected: Affected,
    shop: Shop,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311  # which workers die, nothing secret
    monkeypatch.setattr(computing, "MOST_AT_ONCE", 3)
    fill(shop, 40)
    computation_id = affected.ask(**VISITS)
    killer = Killer(
        lambda _: chance.choice(["before", "after"]) if chance.random() < 0.15 else None
    )
    killer.watch(affected.services)
    slow_down(affected.services, clock)
    killer.armed = True
    work(affected.services, clock, most=500)
    killer.armed = False
    assert killer.kills
    check_all(affected, computation_id, 40, 87)


def test_a_lookup_goes_on_where_it_stopped(
    affected: Affected, shop: Shop, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computing, "MOST_AT_ONCE", 2)
    for n in range(9):
        shop.put("customers", {"id": {"S": f"x{n}"}, "email": {"S": SITI}})
        shop.put("orders", {"customer_id": {"S": "c1"}, "number": {"N": str(n)}})
    slow_down(affected.services, clock, SHIFT)
    done = computed(affected, clock, filter={"email": [SITI, ANI]})
    assert (done["rows"], done["people"]) == (11, 11)
    done = computed(affected, clock, collection="orders", filter={"customer_id": ["c1", "c2"]})
    assert (done["rows"], done["people"]) == (10, 2)


def test_a_worker_ends_in_time_and_another_goes_on(
    affected: Affected, shop: Shop, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computing, "MOST_AT_ONCE", 7)
    fill(shop, 40)
    computation_id = affected.ask(**VISITS)
    slow_down(affected.services, clock)
    begun = clock.now()
    (first,) = waiting(affected.services)
    step(affected.services, first)
    assert SHIFT <= clock.now() - begun < 2 * SHIFT
    running = affected.look(computation_id)
    assert running["status"] == "running"
    assert 0 < running["rows"] < 87
    (second,) = waiting(affected.services)
    assert second != first
    work(affected.services, clock)
    check_all(affected, computation_id, 40, 87)


def test_a_worker_that_was_overtaken_stops(
    affected: Affected, shop: Shop, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computing, "MOST_AT_ONCE", 7)
    fill(shop, 40)
    computation_id = affected.ask(**VISITS)
    other = another_container(affected.services)
    about = affected.incident_id, computation_id
    meanwhile(affected.services, lambda: other.computing_affected.carry_on(*about))
    affected.services.computing_affected.carry_on(*about)
    work(affected.services, clock)
    check_all(affected, computation_id, 40, 87)
    trail = affected.staff("GET", f"/v1/staff/audit/incident/{affected.incident_id}").json()
    ended = [each for each in trail["entries"] if each["action"] == "recipients.computed"]
    assert len(ended) == 1


def test_rows_with_many_people_take_several_transactions(
    affected: Affected, shop: Shop, clock: FixedClock
) -> None:
    rows = [{"customer_id": [f"y{row}-{n}" for n in range(90)]} for row in range(3)]
    body = "".join(f"{json.dumps(each)}\n" for each in rows)
    shop.s3.put_object(Bucket=BUCKET, Key="visits/many.ndjson", Body=body.encode())
    done = computed(affected, clock, **VISITS)
    assert done["people"] == 272
    assert affected.counts() == {"subjects": (272, 270)}


def test_whoever_a_computation_finds_after_the_approval_is_told(
    affected: Affected, shop: Shop, services: Services, clock: FixedClock
) -> None:
    affected.put({"email": "first@client.test"})
    started(affected)
    computation_id = affected.ask(**VISITS)
    services.breach_teller.run(lambda: 300_000)
    clock.advance(timedelta(minutes=5))
    told(services)
    services.breach_teller.run(lambda: 300_000)
    assert standing(services) == "leaving"  # it waits for the answer
    work(services, clock)
    assert affected.look(computation_id)["status"] == "done"
    assert standing(services) == "running"
    services.breach_teller.run(lambda: 300_000)
    lines = [each for each in records(services) if each["et"] == "breach_told"]
    assert len(lines) == len(affected.people()) > 1


def started(affected: Affected) -> None:
    """A notice to the affected persons that was approved, and its telling."""
    services, incident_id = affected.services, affected.incident_id
    keep(services, a_notice(incident_id=incident_id, state=State.APPROVED))
    services.run_command(
        lambda: services._start_telling(incident_id, NOTICE, Recipient.SUBJECTS, drill=False)
    )


def told(services: Services) -> None:
    """All mails that wait go out."""
    post = Post(services, writers={TEMPLATE: services.notice_texts.of})
    for item in records(services):
        if item["et"] == "outbox_message" and item["kind"] == TEMPLATE:
            post.deliver(str(item["pk"]).removeprefix("OUTBOX#"))


def standing(services: Services) -> str:
    telling = services._breach_tellings.get(NOTICE)
    assert telling is not None
    return telling.state.value


def test_worker_and_api_may_do_all_that(
    affected: Affected, shop: Shop, services: Services, clock: FixedClock
) -> None:
    started(affected)
    asked = Uses()
    asked.watch(services)
    affected.put({"email": "first@client.test"})
    affected.put({"kind": "clients", "email": "dpo@acme.test", "client": "other"})
    computation_id = affected.ask(**VISITS)
    worker = another_container(services)
    worked = Uses()
    worked.watch(worker)
    work(worker, clock)
    assert affected.look(computation_id)["status"] == "done"
    shop.s3.put_object(Bucket=BUCKET, Key="visits/9.ndjson", Body=b"no json\n")
    affected.ask(**VISITS)
    work(worker, clock)
    assert worked.refused_by("fulfil_requests") == set()
    assert asked.refused_by("api_handler") == set()
