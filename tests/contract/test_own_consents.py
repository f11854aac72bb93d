"""The proof of a consent ends by the schedule, five years after the consent did."""

import contextlib
import random
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.audit.entry import Actor, Entity
from chalicelib.consents import forgetting
from chalicelib.consents.book import consent_entity
from chalicelib.consents.models import Channel, Evidence, Method
from chalicelib.notices.consumer import Later
from chalicelib.retention.own.place import OwnCollection
from chalicelib.services import Services
from tests.contract.consenting import PURPOSE, Office
from tests.contract.keeping import own
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.moto_tables import SESSION
from tests.contract.people import records
from tests.contract.policies import Uses
from tests.contract.retaining import HOURLY, LONG, Retained
from tests.contract.working import waiting, work
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.tokens import staff_token

FIVE_YEARS = timedelta(days=1826, hours=7)
"""From the clock's first hour on: to the end of the day in Jakarta."""
INSTANT = timedelta(milliseconds=1)
USER = "user-1"


@pytest.fixture
def retained(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    return Retained(services, gateway, clock)


@pytest.fixture
def office(retained: Retained, gateway: Gateway) -> Office:
    return Office(retained.services, gateway)


def events(services: Services) -> list[str]:
    return sorted(str(each["sk"]) for each in records(services) if each["et"] == "consent_event")


def states(services: Services) -> list[str]:
    return [str(item["state"]) for item in own(services, OwnCollection.CONSENTS)]


def standing(services: Services) -> dict[str, Any]:
    (item,) = [each for each in records(services) if each["et"] == "consent_standing"]
    return item


def withdrawn(office: Office) -> str:
    """The id of somebody of the platform's who gave a consent and withdrew it, at one moment."""
    now = office.services.clock.now().isoformat()
    given = office.collect(occurred_at=now)
    assert given.status == 201, given.body
    assert office.collect(state="withdrawn", occurred_at=now).status == 201
    return str(given.json()["subject_id"])


def again(office: Office, state: str = "given") -> None:
    now = office.services.clock.now().isoformat()
    answer = office.collect(state=state, occurred_at=now)
    assert answer.status == 201, answer.body


def test_a_consent_that_stands_has_no_record(office: Office, services: Services) -> None:
    again(office)
    assert own(services, OwnCollection.CONSENTS) == []


def test_its_proof_is_deleted_five_years_after_it_was_withdrawn(
    retained: Retained, office: Office, services: Services
) -> None:
    subject = withdrawn(office)
    assert states(services) == ["kept"]
    retained.later(FIVE_YEARS - INSTANT)
    retained.swept()
    assert len(office.person().history()) == 2
    retained.later(INSTANT)
    person = office.person()
    assert (person.history(), person.consent()["state"]) == ([], "unknown")
    assert len(events(services)) == 2
    retained.swept()
    assert (events(services), states(services)) == ([], ["disposed"])
    assert (standing(services)["entries"], standing(services)["reminded"]) == ({}, {})
    assert office.check(subject)["allowed"] is False
    entries = services.trail.history(consent_entity(subject, PURPOSE))
    assert [each.action for each in entries] == ["consent.given", "consent.withdrawn"]


def test_what_is_over_is_unreadable_in_that_instant_whoever_holds_it(
    retained: Retained, office: Office, services: Services, clock: FixedClock
) -> None:
    subject = withdrawn(office)
    person = office.person()
    (newest, _) = person.history()
    receipt = f"/v1/consents/{PURPOSE}/{newest['record_id']}/receipt"
    hold = retained.hold("person", USER)
    retained.later(FIVE_YEARS - INSTANT)
    assert office.person().call("GET", receipt).status == 200
    assert len(services.obeying.records(subject)) == 2
    retained.later(INSTANT)
    retained.swept()
    assert (len(events(services)), states(services)) == (2, ["held"])
    answer = office.person().call("GET", receipt)
    assert (answer.status, answer.code) == (404, "unknown_record")
    assert services.obeying.records(subject) == []
    path = f"/v1/staff/subjects/{subject}/consents/{PURPOSE}"
    shown = office.call("GET", path, staff_token(clock, "dpo"))
    assert (shown.status, shown.json()["records"]) == (200, [])
    retained.release(hold)
    retained.later(HOURLY)
    retained.swept()
    assert events(services) == []


def test_whoever_gives_it_again_keeps_the_proof(
    retained: Retained, office: Office, services: Services
) -> None:
    withdrawn(office)
    retained.later(timedelta(days=365))
    again(office)
    (item,) = own(services, OwnCollection.CONSENTS)
    assert item["triggers"] == {}
    retained.later(FIVE_YEARS)
    services.consent_watcher.run(lambda: LONG)
    retained.swept()
    assert len(events(services)) == 4  # it expired after two years
    retained.later(timedelta(days=365 * 2))
    retained.swept()
    assert events(services) == []


def test_what_expired_counts_from_its_term_however_late_that_is_noted(
    retained: Retained, office: Office, services: Services
) -> None:
    again(office)
    ends = standing(services)["entries"][PURPOSE]["expires_at"]
    retained.later(timedelta(days=900))
    services.consent_watcher.run(lambda: LONG)
    (item,) = own(services, OwnCollection.CONSENTS)
    assert item["triggers"] == {"closed": ends}


def test_a_consent_after_the_end_begins_a_proof_of_its_own(
    retained: Retained, office: Office, services: Services
) -> None:
    """Whether or not the sweep has been there, or a hold kept it from it."""
    subject = withdrawn(office)
    hold = retained.hold("person", USER)
    retained.later(FIVE_YEARS)
    retained.swept()
    again(office)
    (fresh,) = services.obeying.records(subject)
    assert (fresh.state.value, fresh.before.value, fresh.previous) == ("given", "unknown", None)
    assert len(events(services)) == 3
    retained.release(hold)
    retained.later(HOURLY)
    retained.swept()
    assert [each.split("#")[2] for each in events(services)] == [fresh.record_id]
    again(office, "withdrawn")
    assert sorted(states(services)) == ["disposed", "kept"]
    retained.later(FIVE_YEARS + timedelta(days=2))  # from another day on, over two leap days
    retained.swept()
    assert (events(services), set(states(services))) == ([], {"disposed"})


def test_given_again_while_it_is_being_deleted_it_stays(
    retained: Retained, office: Office, services: Services
) -> None:
    withdrawn(office)
    retained.later(FIVE_YEARS)
    retained.sweep()
    # By what the schedule says the proof is over: this one begins another, and the old one goes.
    meanwhile(services, lambda: again(office))
    work(services, retained.clock)
    assert len(events(services)) == 1
    assert standing(services)["entries"][PURPOSE]["state"] == "given"


def test_a_deed_that_finds_the_consent_given_is_decided_on_anew(
    retained: Retained, office: Office, services: Services
) -> None:
    subject = withdrawn(office)
    first = standing(services)["entries"][PURPOSE]["first"]
    retained.later(HOURLY)
    again(office)
    with pytest.raises(forgetting.ConsentStands):
        services.consent_forgetting.end(f"{subject}/{PURPOSE}/{first}", ())
    assert len(events(services)) == 3


def test_a_hold_that_comes_between_keeps_it(
    retained: Retained, office: Office, services: Services
) -> None:
    withdrawn(office)
    retained.later(FIVE_YEARS)
    retained.sweep()
    meanwhile(services, lambda: retained.hold("person", USER))
    work(services, retained.clock)
    assert (len(events(services)), states(services)) == (2, ["held"])


def test_a_long_history_goes_page_by_page(
    retained: Retained, office: Office, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_AT_ONCE", 3)
    for _ in range(4):
        withdrawn(office)
        retained.later(INSTANT)
    retained.later(FIVE_YEARS)
    retained.swept()
    assert (events(services), standing(services)["entries"]) == ([], {})


def test_all_withdrawn_at_once_and_a_request_closed_with_it_are_one_transaction(
    retained: Retained, office: Office, services: Services
) -> None:
    again(office)
    subject = str(standing(services)["pk"]).partition("#")[2]
    evidence = Evidence(Method.REQUEST, Channel.PRIVACY_OFFICE, detail="01JREQUEST")
    services.run_command(
        lambda: [
            *services.consent_book.withdrawal_of_all(
                subject, evidence, Actor("request", "01JREQUEST"), services.clock.now()
            ),
            *services.keeping.request_closed("01JREQUEST", "", ""),
            *services.trail.actions(
                Entity("request", "01JREQUEST"), Actor("system", "test"), "request.completed", {}
            ),
        ]
    )
    assert len(own(services, OwnCollection.CONSENTS)) == 1
    assert len(own(services, OwnCollection.REQUESTS)) == 1


def test_the_functions_may_do_what_they_do(
    retained: Retained, office: Office, services: Services
) -> None:
    api = Uses()
    api.watch(services)
    again(office)
    again(office, "withdrawn")
    again(office)
    office.person().history()
    assert api.refused_by("api_handler") == set()

    def container() -> tuple[Services, Uses]:
        other = Services(
            services.settings, clock=services.clock, ids=services.ids, create_client=SESSION.client
        )
        uses = Uses()
        uses.watch(other)
        return other, uses

    watcher, watched = container()
    retained.later(timedelta(days=900))
    assert watcher.consent_watcher.run(lambda: LONG).ended == 1
    assert watched.refused_by("watch_consents") == set()
    worker, worked = container()
    retained.later(FIVE_YEARS)
    retained.sweep()
    work(worker, retained.clock)
    assert events(services) == []
    assert worked.refused_by("fulfil_requests") == set()


@pytest.mark.parametrize("seed", range(6))
def test_whoever_dies_each_ended_consent_has_its_record_and_goes_whole(
    retained: Retained,
    office: Office,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr(forgetting, "_AT_ONCE", 2)
    chance = random.Random(seed)  # noqa: S311  # a test's course, to be repeated
    killer = Killer(lambda _number: chance.choice([None, None, "before", "after"]))
    killer.watch(services)
    for number in range(10):
        killer.armed = True
        state = chance.choice(["given", "withdrawn", "refused"])
        with contextlib.suppress(Killed):
            office.collect(
                user_id=f"user-{number % 2}", email=f"p{number % 2}@example.test", state=state
            )
        killer.armed = False
        retained.later(timedelta(minutes=2))
    for item in [each for each in records(services) if each["et"] == "consent_standing"]:
        for entry in item["entries"].values():
            kept = [each for each in own(services, OwnCollection.CONSENTS) if each["triggers"]]
            moments = [each["triggers"]["closed"] for each in kept]
            assert (entry["state"] in {"given", "renewed_given"}) or len(moments) > 0
    services.consent_watcher.run(lambda: LONG)
    retained.later(timedelta(days=800))
    services.consent_watcher.run(lambda: LONG)
    retained.later(FIVE_YEARS + timedelta(days=1))
    for _ in range(6):
        killer.armed = True
        with contextlib.suppress(Killed):
            retained.sweep()
        for message_id in waiting(services):
            with contextlib.suppress(Later, Killed):
                services.worker.deliver(f'{{"id": "{message_id}"}}')
        killer.armed = False
        retained.later(HOURLY)
    for _ in range(5):
        work(services, retained.clock)
        retained.later(4 * HOURLY)
        retained.sweep()
    assert events(services) == []
    assert set(states(services)) <= {"disposed"}
    assert all(
        item["entries"] == {} for item in records(services) if item["et"] == "consent_standing"
    )
