"""What ended requests said, and copies made for people, end by the schedule."""

import contextlib
import random
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.notices.consumer import Later
from chalicelib.requests.copies.errors import NoCopy
from chalicelib.requests.copies.naming import archive_key
from chalicelib.requests.models import Content, DataRequest
from chalicelib.retention.own.place import OwnCollection
from chalicelib.services import Services
from tests.contract.asking import code_of, make, prove, withdraw
from tests.contract.handled import MEMBER, by_staff
from tests.contract.keeping import own, put_in_force
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.moto_tables import SESSION
from tests.contract.people import EMAIL, mails
from tests.contract.policies import Uses
from tests.contract.retaining import HOURLY, LONG, Retained
from tests.contract.test_appeals import appeal
from tests.contract.test_clients import rows, send
from tests.contract.test_fulfilment import decide
from tests.contract.test_wiping import erase
from tests.contract.working import MemoryPlace, equip, opened, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

MONTHS = timedelta(days=731, hours=7)
"""24 months from the clock's first hour on: to the end of the day in Jakarta."""
FORTNIGHT = timedelta(days=14)
INSTANT = timedelta(milliseconds=1)
SAFETY = {"ground": "id/safety"}
USER = "user-2207"


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    office = Retained(services, gateway, clock)
    equip(services, MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]}))
    return office


def read(services: Services, made: Answer | str) -> DataRequest:
    request_id = made if isinstance(made, str) else made.json()["request_id"]
    return services.request_book.get(request_id)


def is_readable(services: Services, made: Answer | str) -> bool:
    return read(services, made).content != Content("", "id")


def refused(gateway: Gateway, services: Services, **said: object) -> Answer:
    made = opened(gateway, services, **said)
    assert by_staff(gateway, made, "refuse", SAFETY).status == 200
    return made


def by_the_platform(gateway: Gateway, services: Services) -> str:
    """The id of a refused request of somebody whom the platform calls `USER`, for a client."""
    (made,) = rows(send(gateway, services, type="access", client="acme", users=[{"user_id": USER}]))
    services.handling.refuse(made["request_id"], MEMBER, "id/safety")
    return str(made["request_id"])


def copied(gateway: Gateway, services: Services, clock: FixedClock, **said: Any) -> Answer:
    made = opened(gateway, services, **said)
    work(services, clock)
    assert decide(gateway, made, "approve").status == 200
    work(services, clock)
    assert read(services, made).status.value == "completed"
    return made


def archives(services: Services, made: Answer) -> list[str]:
    listed = services.s3.list_objects_v2(
        Bucket=services.settings.exports_bucket, Prefix=archive_key(made.json()["request_id"], "")
    )
    return [each["Key"] for each in listed.get("Contents", [])]


def done(office: Retained) -> int:
    return sum(each["counts"].get("done", 0) for each in office.runs())


def test_a_closed_request_is_unreadable_after_24_months_and_its_trail_stays(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    made = refused(gateway, services, details="All about me.")
    office.later(MONTHS - timedelta(seconds=1))
    assert office.swept().due == 0
    assert is_readable(services, made)
    office.later(timedelta(seconds=1))
    assert office.swept().handed == 1
    assert (read(services, made).forgotten, is_readable(services, made)) == (True, False)
    assert read(services, made).status.value == "refused"
    answer = office.staff("GET", f"/v1/staff/audit/request/{made.json()['request_id']}")
    said = [each["action"] for each in answer.json()["entries"]]
    assert said[-2:] == ["request.refused", "request.forgotten"]
    assert done(office) == 1


def test_every_end_that_leaves_something_to_read_is_registered(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    refused(gateway, services)
    proved = opened(gateway, services)
    assert withdraw(gateway, proved, proved.json()["tracking_token"]).status == 200
    asked = make(gateway, email="other@example.test")
    assert withdraw(gateway, asked, asked.json()["tracking_token"]).status == 200
    corrected = opened(gateway, services, type="correction", corrections={"user.name": "Siti R"})
    work(services, office.clock)
    assert decide(gateway, corrected, "approve").status == 200
    work(services, office.clock)
    assert len(own(services, OwnCollection.REQUESTS)) == 4
    copied(gateway, services, office.clock)
    assert len(own(services, OwnCollection.REQUESTS)) == 5
    assert len(own(services, OwnCollection.EXPORTS)) == 1


def test_what_is_forgotten_with_its_end_needs_no_record(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    made = erase(gateway, services, office.clock)
    lapsed = make(gateway, email="other@example.test")
    office.later(timedelta(days=60))
    services.watcher.run(lambda: LONG)
    assert read(services, lapsed).status.value == "lapsed"
    assert not is_readable(services, made)
    assert not is_readable(services, lapsed)
    assert own(services) == []


def test_a_request_that_was_forgotten_before_its_time_counts_as_done(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    refused(gateway, services)
    erase(gateway, services, office.clock)
    office.later(MONTHS + HOURLY * 24)
    office.swept()
    assert done(office) == 1
    assert {item["state"] for item in own(services)} == {"disposed"}


def test_one_that_joined_goes_with_the_one_that_it_joined(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    first = opened(gateway, services)
    second = make(gateway, details="The same again.")
    assert prove(gateway, second, code_of(services)).json()["status"] == "open"
    assert read(services, second).status.value == "joined"
    by_staff(gateway, first, "refuse", SAFETY)
    office.later(MONTHS)
    office.swept()
    assert not is_readable(services, first)
    assert not is_readable(services, second)


def test_an_appeal_stops_the_clock_and_the_second_end_starts_it_anew(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    made = refused(gateway, services)
    assert appeal(gateway, made).status == 200
    office.later(timedelta(days=900))
    assert office.swept().due == 0
    assert by_staff(gateway, made, "refuse", SAFETY, who=MEMBER).status == 200
    (item,) = own(services)
    office.later(MONTHS - timedelta(days=2))
    assert office.swept().due == 0
    office.later(timedelta(days=2))
    office.swept()
    assert not is_readable(services, made)
    assert [each["pk"] for each in own(services)] == [item["pk"]]


def test_an_appeal_at_the_last_moment_saves_it(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    """By the clock of whoever takes it, which may be behind the sweep's."""
    made = refused(gateway, services)
    office.later(MONTHS)
    office.sweep()
    behind = FixedClock(services.clock.now() - INSTANT)
    other = Services(
        services.settings, clock=behind, ids=services.ids, create_client=SESSION.client
    )
    request_id = made.json()["request_id"]
    meanwhile(services, lambda: other.appealing.appeal(request_id, f"request/{request_id}"))
    work(services, office.clock)
    assert is_readable(services, made)
    assert own(services)[0]["state"] == "kept"


@pytest.mark.parametrize(
    ("kind", "value"), [("category", "own.requests"), ("person", USER), ("client", "acme")]
)
def test_a_hold_keeps_a_request_and_its_release_lets_go(
    office: Retained, gateway: Gateway, services: Services, kind: str, value: str
) -> None:
    made = by_the_platform(gateway, services)
    hold = office.hold(kind, value)
    office.later(MONTHS)
    office.swept()
    assert is_readable(services, made)
    assert office.swept().due == 0
    office.release(hold)
    office.later(HOURLY)
    office.swept()
    assert not is_readable(services, made)


@pytest.mark.parametrize("kind", ["category", "person"])
def test_a_hold_at_the_last_moment_is_in_the_deeds_own_transaction(
    office: Retained, gateway: Gateway, services: Services, kind: str
) -> None:
    made = by_the_platform(gateway, services)
    office.later(MONTHS)
    office.sweep()
    value = {"category": "own.requests", "person": USER}[kind]
    meanwhile(services, lambda: office.hold(kind, value))
    work(services, office.clock)
    assert is_readable(services, made)
    assert office.runs()[0]["counts"] == {"held": 1}


def seen(office: Retained, services: Services, made: Answer, who: Answer) -> list[str]:
    """What each who may read it reads of what the request said: staff, requester, person's copy."""
    request_id = made.json()["request_id"]
    shown = office.staff("GET", f"/v1/staff/requests/{request_id}")
    assert shown.status == 200, shown.body
    tracked = services.requests.look(request_id, f"request/{request_id}")
    subject = str(read(services, who).subject_id)
    sources = services._own_records
    (row,) = [
        each.values
        for each in sources.rows(sources.seeds(subject))
        if each.values.get("request_id") == request_id
    ]
    return [str(shown.json()["details"]), tracked.content.details, str(row["details"])]


def test_what_is_over_is_unreadable_in_that_instant_whoever_holds_it(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    made = opened(gateway, services, details="All about me.")
    joined = make(gateway, details="All about me.")
    prove(gateway, joined, code_of(services))
    assert by_staff(gateway, made, "refuse", SAFETY).status == 200
    office.hold("category", "own.requests")
    office.later(MONTHS - INSTANT)
    for each in (made, joined):
        assert seen(office, services, each, made) == ["All about me."] * 3
    office.later(INSTANT)
    office.swept()
    assert is_readable(services, made)  # it is there, and nobody is shown it
    for each in (made, joined):
        assert seen(office, services, each, made) == [""] * 3
    answer = appeal(gateway, made)
    assert (answer.status, answer.code) == (409, "impossible_now")


def test_a_copy_that_is_over_is_none_in_that_instant(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    put_in_force(office, "copies_made", amount=2, unit="hours")
    made = copied(gateway, services, office.clock)
    request_id, whose = made.json()["request_id"], f"subject/{read(services, made).subject_id}"
    office.hold("category", "own.exports")
    office.later(timedelta(hours=2) - INSTANT)
    assert services.copies.link(request_id, whose).copy.links_left == 4
    office.later(INSTANT)
    for ask in (services.copies.link, services.copies.reopen):
        with pytest.raises(NoCopy):
            ask(request_id, whose)
    assert len(archives(services, made)) == 1


def test_an_open_request_costs_no_read_more(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    made = opened(gateway, services)
    uses = Uses()
    uses.watch(services)
    request = read(services, made)
    uses.seen.clear()
    assert services.request_book.readable(request) is request
    assert uses.seen == set()


def test_a_copy_and_its_release_go_after_14_days_and_a_later_one_stays(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    made = copied(gateway, services, office.clock)
    request_id = made.json()["request_id"]
    (item,) = own(services, OwnCollection.EXPORTS)
    assert len(archives(services, made)) == 1
    office.later(FORTNIGHT - timedelta(hours=1))
    assert office.swept().due == 0
    office.later(timedelta(hours=1))
    assert office.swept().handed == 1
    assert archives(services, made) == []
    assert services.copies._store.get(request_id) is None
    (item,) = own(services, OwnCollection.EXPORTS)
    assert (item["state"], item["gone_by"], item["means"]) == ("disposed", "copies_made", "delete")
    assert is_readable(services, made)


def test_it_may_be_ended_again_and_without_conditions(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    made = copied(gateway, services, office.clock)
    request_id = made.json()["request_id"]
    (object_id,) = (each.rpartition("/")[2] for each in archives(services, made))
    services.copies.end(request_id, "another", ())
    assert len(archives(services, made)) == 1
    assert services.copies._store.get(request_id) is not None
    for _ in range(2):
        services.copies.end(request_id, object_id, ())
        services.wiping.end(request_id, "closed", ())
    assert archives(services, made) == []
    assert not is_readable(services, made)


@pytest.mark.parametrize(("kind", "value"), [("category", "own.exports"), ("client", "acme")])
def test_a_hold_keeps_a_copy(
    office: Retained, gateway: Gateway, services: Services, kind: str, value: str
) -> None:
    made = copied(gateway, services, office.clock, client="acme")
    office.later(FORTNIGHT)
    office.sweep()
    meanwhile(services, lambda: office.hold(kind, value))
    work(services, office.clock)
    assert len(archives(services, made)) == 1
    assert services.copies._store.get(made.json()["request_id"]) is not None


def test_the_platform_neither_sees_nor_moves_them(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    made = refused(gateway, services)
    place = {
        "place": "jaga",
        "collection": "requests",
        "reference": made.json()["request_id"],
    }
    answer = office.platform("POST", "/v1/records/check", {"records": [place]})
    assert answer.json()["records"][0]["known"] is False
    (item,) = own(services)
    record_id = str(item["pk"]).removeprefix("HELD#")
    assert office.platform("GET", f"/v1/records/{record_id}").status == 404
    for category, problem in (
        ("own.requests", "own_category"),
        ("technical", "unaddressable_place"),
    ):
        (told,) = office.register(place["reference"], **{**place, "category": category})
        assert told["problem"] == problem
    assert own(services) == [item]


def test_a_shorter_schedule_takes_effect_on_requests_that_are_closed(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    made = refused(gateway, services)
    put_in_force(office, "requests_closed", amount=25, unit="days")
    office.later(timedelta(days=25, hours=1))
    office.swept()
    assert not is_readable(services, made)


def test_whoever_does_it_may_do_it(office: Retained, gateway: Gateway, services: Services) -> None:
    api = Uses()
    api.watch(services)
    first = refused(gateway, services)
    appeal(gateway, first)
    by_staff(gateway, first, "refuse", SAFETY, who=MEMBER)
    second = opened(gateway, services)
    joined = make(gateway)
    prove(gateway, joined, code_of(services))
    assert api.refused_by("api_handler") == set()
    worker = Services(
        services.settings, clock=services.clock, ids=services.ids, create_client=SESSION.client
    )
    equip(worker, MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]}))
    worked = Uses()
    worked.watch(worker)
    work(worker, office.clock)
    decide(gateway, second, "approve")
    work(worker, office.clock)
    for period in (FORTNIGHT, MONTHS):
        office.later(period)
        office.sweep()
        work(worker, office.clock)
    assert not any(is_readable(services, each) for each in (first, second, joined))
    assert worked.refused_by("fulfil_requests") == set()


@pytest.mark.parametrize("seed", range(8))
def test_whoever_dies_every_ended_request_has_its_record_and_nothing_goes_twice(
    office: Retained, gateway: Gateway, services: Services, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test's course, to be repeated
    killer = Killer(lambda _number: chance.choice([None, None, None, "before", "after"]))
    killer.watch(services)
    made = [opened(gateway, services, email=f"p{number}@example.test") for number in range(4)]
    equip(services, MemoryPlace("crm", {f"p{number}@example.test": [{}] for number in range(4)}))
    work(services, office.clock)
    for each in made:
        killer.armed = True
        with contextlib.suppress(Killed):
            if chance.random() < 0.5:
                decide(gateway, each, "approve")
            else:
                by_staff(gateway, each, "refuse", SAFETY)
        killer.armed = False
    deliver(services, killer)
    work(services, office.clock)
    ended = [each for each in made if read(services, each).closing]
    assert len(own(services, OwnCollection.REQUESTS)) == len(ended)
    copies = [each for each in ended if archives(services, each)]
    assert len(own(services, OwnCollection.EXPORTS)) == len(copies)
    office.later(MONTHS + timedelta(days=30))
    for _ in range(6):
        killer.armed = True
        with contextlib.suppress(Killed):
            office.sweep()
        killer.armed = False
        deliver(services, killer)
        office.later(HOURLY)
    for _ in range(5):
        work(services, office.clock)
        office.later(4 * HOURLY)
        office.sweep()
    assert not any(is_readable(services, each) for each in ended)
    assert not any(archives(services, each) for each in copies)
    assert {item["state"] for item in own(services)} <= {"disposed"}
    assert done(office) == len(ended) + len(copies)
    for each in ended:
        entries = services.requests.timeline(read(services, each))
        assert [entry.action for entry in entries].count("request.forgotten") == 1


def deliver(services: Services, killer: Killer) -> None:
    killer.armed = True
    for message_id in waiting(services):
        with contextlib.suppress(Later, Killed):
            services.worker.deliver(f'{{"id": "{message_id}"}}')
    killer.armed = False


def test_its_letters_are_not_kept_for_it(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    refused(gateway, services)
    office.later(MONTHS)
    office.swept()
    assert mails(services) == []
