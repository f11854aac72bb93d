"""The round over consents: reminders in time, ends noted once, each part kept from the others."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.consents.watching import Report
from chalicelib.rounds import Rounds
from chalicelib.services import Services
from tests.contract.consenting import PURPOSE, Office, Person
from tests.contract.killing import Killed, Killer
from tests.contract.people import EMAIL, mails, records
from tests.contract.stopping import Stops
from tests.fakes import FixedClock
from tests.gateway import Gateway

PLENTY = 300_000
LIFE, REMINDER = timedelta(days=730), timedelta(days=30)
TICK = timedelta(milliseconds=1)


@pytest.fixture
def office(services: Services, gateway: Gateway) -> Office:
    return Office(services, gateway)


@pytest.fixture
def siti(office: Office) -> Person:
    person = office.person()
    assert person.decide("given").status == 201
    return person


def reminders(services: Services) -> list[dict[str, Any]]:
    return [mail for mail in mails(services) if "ends_on" in mail["values"]]


def states(office: Office) -> list[str]:
    return [each["state"] for each in office.person().history()]


def test_a_person_is_reminded_once_a_month_before_the_end(
    services: Services, siti: Person, clock: FixedClock
) -> None:
    clock.advance(LIFE - REMINDER - TICK)
    assert services.consent_watcher.run(lambda: PLENTY).reminded == 0
    clock.advance(TICK)
    assert services.consent_watcher.run(lambda: PLENTY).reminded == 1
    assert services.consent_watcher.run(lambda: PLENTY).reminded == 0
    (mail,) = reminders(services)
    assert (mail["to"], mail["language"]) == (EMAIL, "id")
    assert mail["values"]["ends_on"] == (clock.now() + REMINDER).date().isoformat()


def test_an_end_is_noted_once(
    office: Office, services: Services, siti: Person, clock: FixedClock
) -> None:
    clock.advance(LIFE - TICK)
    assert services.consent_watcher.run(lambda: PLENTY).ended == 0
    clock.advance(TICK)
    assert services.consent_watcher.run(lambda: PLENTY).ended == 1
    assert services.consent_watcher.run(lambda: PLENTY).ended == 0
    assert states(office) == ["expired", "given"]


def test_what_was_renewed_or_withdrawn_neither_ends_nor_is_reminded_of(
    office: Office, services: Services, siti: Person, clock: FixedClock
) -> None:
    clock.advance(LIFE - timedelta(days=40))
    renewing = office.person()
    assert renewing.decide("given", **office.shown("id")).status == 201
    clock.advance(timedelta(days=40))
    report = services.consent_watcher.run(lambda: PLENTY)
    assert (report.ended, report.reminded) == (0, 0)
    office.person().decide("withdrawn")
    clock.advance(LIFE)
    report = services.consent_watcher.run(lambda: PLENTY)
    assert (report.ended, report.reminded) == (0, 0)
    assert states(office) == ["withdrawn", "renewed_given", "given"]


def test_a_renewed_consent_is_reminded_of_anew(
    office: Office, services: Services, siti: Person, clock: FixedClock
) -> None:
    clock.advance(LIFE - REMINDER)
    assert services.consent_watcher.run(lambda: PLENTY).reminded == 1
    renewed = office.person().decide("given", **office.shown("id")).json()["record"]
    clock.advance(LIFE - REMINDER)
    assert services.consent_watcher.run(lambda: PLENTY).reminded == 1
    (mail,) = reminders(services)  # the first one is too old to be read
    assert mail["values"]["ends_on"] == renewed["expires_at"][:10]


def test_whoever_was_erased_is_left_alone(
    services: Services, siti: Person, clock: FixedClock
) -> None:
    subject = siti.subject_id
    services.run_command(lambda: services.obeying.erasure(subject))
    clock.advance(LIFE)
    report = services.consent_watcher.run(lambda: PLENTY)
    assert (report.ended, report.reminded, report.failed) == (0, 0, 0)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_that_dies_notes_all_or_nothing(
    office: Office, services: Services, siti: Person, clock: FixedClock, moment: str
) -> None:
    clock.advance(LIFE)
    killer = Killer(lambda _: moment)
    killer.watch(services)
    killer.armed = True
    with pytest.raises(Killed):
        services.consent_watcher.run(lambda: PLENTY)
    killer.armed = False
    services.consent_watcher.run(lambda: PLENTY)
    assert states(office) == ["expired", "given"]


def test_one_that_fails_holds_up_none_of_the_others(
    office: Office, services: Services, siti: Person, clock: FixedClock
) -> None:
    budi = office.person("budi@example.test")
    budi.decide("given")
    services.dynamodb.delete_item(
        TableName=services.settings.records_table,
        Key={
            "pk": {"S": f"CONSENTS#{siti.subject_id}"},
            "sk": {"S": f"EVENT#{PURPOSE}#{siti.history()[0]['record_id']}"},
        },
    )
    clock.advance(LIFE)
    report = services.consent_watcher.run(lambda: PLENTY)
    assert (report.ended, report.failed) == (1, 1)


def test_a_run_stops_before_its_time_is_over(
    services: Services, siti: Person, clock: FixedClock
) -> None:
    clock.advance(LIFE)
    report = services.consent_watcher.run(lambda: 9_999)
    assert (report.ended, report.waiting) == (0, True)


def test_the_cost_follows_what_is_due(
    office: Office, services: Services, siti: Person, clock: FixedClock
) -> None:
    for number in range(5):
        office.person(f"person-{number}@example.test").decide("given")
    called: list[str] = []
    services.dynamodb.meta.events.register(
        "before-call", lambda model, **_: called.append(model.name)
    )
    services.consent_watcher.run(lambda: PLENTY)
    assert called == ["Query"]


def test_the_end_of_a_consent_stops_processors_and_is_told_on_the_bus(
    office: Office, services: Services, siti: Person, clock: FixedClock
) -> None:
    stops = Stops(services, office.gateway)
    stops.processor()
    clock.advance(LIFE)
    services.consent_watcher.run(lambda: PLENTY)
    kinds = [each["kind"] for each in records(services) if each["et"] == "outbox_message"]
    assert (kinds.count("eventbus"), kinds.count("consent.stop")) == (2, 1)
    (order_id,) = stops.waiting()
    assert stops.order(order_id)["state"] == "expired"


def test_whoever_has_no_address_is_mailed_nothing_and_holds_up_nobody(
    office: Office, services: Services, clock: FixedClock
) -> None:
    office.collect(email=None)
    clock.advance(LIFE - REMINDER)
    report = services.consent_watcher.run(lambda: PLENTY)
    assert (report.failed, reminders(services)) == (0, [])
    assert services.consent_watcher.run(lambda: PLENTY).reminded == 0


def test_a_part_that_breaks_keeps_no_other_from_its_turn() -> None:
    ran: list[str] = []

    def break_down(_remaining: object) -> Any:
        raise RuntimeError

    def run(_remaining: object) -> Any:
        ran.append("run")
        return Report(ended=2)

    counts = Rounds({"stops": break_down, "consents": run}).run(lambda: PLENTY)
    assert ran == ["run"]
    assert (counts["broken"], counts["consents_ended"], counts["consents_waiting"]) == (1, 2, 0)
