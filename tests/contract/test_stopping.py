"""Who processed on a consent that ended is told, answers in 72 hours, or is alerted on."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.clock import rfc3339
from chalicelib.connectors.webhooks.signing import SigningSecret, signed_headers, verify
from chalicelib.consents.stopping import watching
from chalicelib.consents.stopping.alerts import EVENT as DEADLINE
from chalicelib.consents.stopping.watching import Report
from chalicelib.services import Services
from chalicelib.tables.conditions import PRESENT
from chalicelib.tables.keys import Key
from tests.contract.consenting import PURPOSE
from tests.contract.hooks import DPO, fresh
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.moto_tables import share_among_threads
from tests.contract.people import EMAIL, mails, records
from tests.contract.stopping import PROCESSORS, STOP_ORDERS, Processor, Stops
from tests.contract.test_tables import at_once
from tests.fakes import START, FixedClock
from tests.gateway import Answer, Gateway

HOUR = timedelta(hours=1)
TEAM = ["dpo@jutsoo.test", "privacy@jutsoo.test"]
OFFICER, SECOND = "officer@jutsoo.test", "legal@jutsoo.test"


@pytest.fixture
def stops(services: Services, gateway: Gateway) -> Stops:
    return Stops(services, gateway)


@pytest.fixture
def acme(stops: Stops) -> Processor:
    return stops.processor()


def at(write: int, moment: str) -> Callable[[int], str | None]:
    """For a `Killer`: death `before` or `after` one write."""
    return lambda seen: moment if seen == write else None


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


# --- what a withdrawal starts --------------------------------------------------------------------


def test_a_withdrawal_tells_every_processor_of_its_purpose(
    stops: Stops, acme: Processor, services: Services
) -> None:
    other = stops.processor("Bravo Mail")
    siti = stops.office.person()
    siti.decide("given")
    assert stops.asked() == []
    record = siti.decide("withdrawn").json()["record"]
    order_id = record["record_id"]
    told = {each["data"]["processor"]: each for each in stops.asked()}
    assert set(told) == {acme.id, other.id}
    assert told[acme.id] == {
        "type": "consent.stop",
        "timestamp": "2026-11-23T10:00:00.000Z",
        "data": {
            "stop_order": order_id,
            "processor": acme.id,
            "subject_id": siti.subject_id,
            "purpose": PURPOSE,
            "state": "withdrawn",
            "ended_at": record["recorded_at"],
            "stop_by": "2026-11-26T10:00:00.000Z",
            "acknowledge_at": f"/v1/stop-orders/{order_id}/processors/{acme.id}",
        },
    }
    for processor in (acme, other):
        (posted,) = stops.posted_to(processor)
        verify(posted.headers, posted.body, [processor.secret], services.clock.now())
    assert EMAIL not in repr(told) + repr(records(services))


def test_the_staff_sees_whom_an_order_waits_for_by_when_and_why(
    stops: Stops, acme: Processor
) -> None:
    order_id = stops.withdrawn()
    (line,) = stops.staff("GET", STOP_ORDERS).json()["stop_orders"]
    assert line == {
        "stop_order": order_id,
        "purpose": PURPOSE,
        "state": "withdrawn",
        "ended_at": "2026-11-23T10:00:00.000Z",
        "stop_by": "2026-11-26T10:00:00.000Z",
        "processors": 1,
        "waiting": 1,
        "alerts": 0,
    }
    order = stops.order(order_id)
    assert (order["law"], order["article"]) == ("UU PDP 27/2022", "40")
    assert "72 hours" in " ".join(order["explanation"])
    (receiver,) = order["receivers"]
    assert (receiver["processor_id"], receiver["name"]) == (acme.id, "Acme Ledger")
    assert (receiver["state"], receiver["by"], receiver["delivery"]) == ("asked", None, "queued")
    stops.asked()
    assert stops.order(order_id)["receivers"][0]["delivery"] == "sent"


def test_an_event_that_did_not_arrive_shows_why(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock
) -> None:
    services.webhooks.remove(DPO, acme.endpoint_id)
    order_id = stops.withdrawn()
    stops.asked()
    (receiver,) = stops.order(order_id)["receivers"]
    assert (receiver["delivery"], receiver["failure"]) == ("dead", "webhook_removed")


def test_nobody_is_told_of_a_consent_that_was_none(
    stops: Stops, acme: Processor, services: Services
) -> None:
    siti = stops.office.person()
    siti.decide("refused")
    siti.decide("given")
    siti.decide("given", **stops.office.shown("id"))
    assert stops.waiting() == []


def test_without_processors_there_is_nothing_to_stop(stops: Stops, services: Services) -> None:
    stops.withdrawn()
    assert stops.waiting() == []
    assert not [each for each in records(services) if each["et"] == "stop_order"]


def test_a_consent_that_ran_out_is_stopped_like_one_that_was_withdrawn(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock
) -> None:
    stops.office.person().decide("given")
    clock.advance(timedelta(days=731))
    services.consent_watcher.run(lambda: 60_000)
    (order_id,) = stops.waiting()
    assert stops.order(order_id)["state"] == "expired"
    assert stops.order(order_id)["stop_by"] == rfc3339(clock.now() + 72 * HOUR)


def test_the_clock_runs_from_when_the_person_withdrew(
    stops: Stops, acme: Processor, clock: FixedClock
) -> None:
    assert stops.office.collect().status == 201
    clock.advance(24 * HOUR)
    decided = clock.now() - 5 * HOUR
    answer = stops.office.collect(state="withdrawn", occurred_at=rfc3339(decided))
    assert answer.status == 201, answer.body
    order = stops.order(answer.json()["record"]["record_id"])
    assert order["ended_at"] == rfc3339(decided)
    assert order["stop_by"] == rfc3339(decided + 72 * HOUR)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_withdrawal_that_dies_has_told_everybody_or_nobody(
    stops: Stops, acme: Processor, services: Services, moment: str
) -> None:
    siti = stops.office.person()
    siti.decide("given")
    shown = stops.office.shown()
    killer = Killer(at(0, moment))
    killer.watch(services)
    for write in range(3):
        killer.decides, killer.seen, killer.armed = at(write, moment), 0, True
        with suppress(Killed):
            siti.decide("withdrawn", **shown)
        killer.armed = False
        is_over = siti.consent()["state"] == "withdrawn"
        assert len(stops.waiting()) == is_over
        if is_over:
            break
    assert is_over
    assert killer.kills


# --- acknowledging -------------------------------------------------------------------------------


def test_a_processor_acknowledges_and_the_first_word_counts(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock
) -> None:
    order_id = stops.withdrawn()
    clock.advance(HOUR)
    first = rfc3339(clock.now())
    answer = acme.acknowledge(order_id)
    assert (answer.status, answer.json()) == (
        200,
        {"stop_order": order_id, "processor": acme.id, "state": "acknowledged"},
    )
    clock.advance(HOUR)
    before = records(services)
    assert acme.acknowledge(order_id).json()["state"] == "acknowledged"
    assert stops.by_hand(order_id, acme.id).status == 200
    assert records(services) == before
    (receiver,) = stops.order(order_id)["receivers"]
    assert (receiver["state"], receiver["how"]) == ("acknowledged", "webhook")
    assert (receiver["by"], receiver["at"]) == (f"processor/{acme.id}", first)
    assert receiver["stopped_at"] == first
    facts = {"processor": acme.id, "how": "webhook", "stopped_at": first, "waiting": 0}
    assert stops.entries(order_id, "acknowledged") == [facts]


def test_an_order_is_done_once_all_have_acknowledged(stops: Stops, acme: Processor) -> None:
    other = stops.processor("Bravo Mail")
    order_id = stops.withdrawn()
    acme.acknowledge(order_id)
    assert stops.waiting() == [order_id]
    other.acknowledge(order_id)
    assert stops.waiting() == []
    assert stops.states(order_id) == 2 * ["acknowledged"]


@pytest.mark.parametrize("how", ["letter", "mail", "phone", "meeting"])
def test_the_staff_notes_what_was_said_elsewhere(stops: Stops, acme: Processor, how: str) -> None:
    order_id = stops.withdrawn()
    answer = stops.by_hand(order_id, acme.id, how)
    assert answer.status == 200, answer.body
    (receiver,) = answer.json()["receivers"]
    assert (receiver["state"], receiver["how"]) == ("acknowledged", how)
    assert receiver["by"].startswith("staff/")
    assert stops.waiting() == []


def test_two_words_at_once_are_one(stops: Stops, acme: Processor, services: Services) -> None:
    order_id = stops.withdrawn()
    meanwhile(services, lambda: acme.acknowledge(order_id))
    assert stops.by_hand(order_id, acme.id).status == 200
    assert [each["how"] for each in stops.entries(order_id, "acknowledged")] == ["webhook"]


@pytest.mark.parametrize(
    ("minutes", "status"), [(-71, 422), (-70, 200), (0, 200), (10, 200), (11, 422)]
)
def test_nobody_stopped_before_they_had_to_or_in_the_future(
    stops: Stops, acme: Processor, clock: FixedClock, minutes: int, status: int
) -> None:
    order_id = stops.withdrawn()
    clock.advance(HOUR)
    stopped_at = rfc3339(clock.now() + timedelta(minutes=minutes))
    answer = acme.acknowledge(order_id, stopped_at=stopped_at)
    assert answer.status == status, answer.body
    assert stops.states(order_id) == ["acknowledged" if status == 200 else "asked"]


class TestWhoMayAcknowledge:
    def test_nobody_without_a_signature(self, stops: Stops, acme: Processor) -> None:
        order_id = stops.withdrawn()
        raw = _word(order_id, acme)
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
            answer = acme.send(order_id, raw, **{name: ""})
            assert refused(answer) == (403, "unverified_webhook")
        assert stops.states(order_id) == ["asked"]

    def test_nobody_with_another_secret(self, stops: Stops, acme: Processor) -> None:
        order_id = stops.withdrawn()
        acme.secret = SigningSecret.generate()
        assert refused(acme.acknowledge(order_id)) == (403, "unverified_webhook")

    def test_no_processor_for_another(self, stops: Stops, acme: Processor) -> None:
        other = stops.processor("Bravo Mail")
        order_id = stops.withdrawn()
        acme.secret = other.secret
        assert refused(acme.acknowledge(order_id)) == (403, "unverified_webhook")
        assert stops.states(order_id) == 2 * ["asked"]

    def test_no_processor_that_was_not_asked(self, stops: Stops, acme: Processor) -> None:
        order_id = stops.withdrawn()
        late = stops.processor("Charlie Late")
        assert refused(late.acknowledge(order_id)) == (404, "unknown_stop_order")
        assert refused(acme.acknowledge("0" * 26)) == (404, "unknown_stop_order")
        assert refused(stops.by_hand(order_id, late.id)) == (404, "unknown_stop_order")

    def test_nobody_who_changed_an_octet(self, stops: Stops, acme: Processor) -> None:
        order_id = stops.withdrawn()
        raw = _word(order_id, acme)
        signed = signed_headers("01JWORD", raw, [acme.secret], START)
        answer = acme.send(order_id, raw + b" ", **signed)
        assert refused(answer) == (403, "unverified_webhook")

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_nobody_at_another_time(self, stops: Stops, acme: Processor, minutes: int) -> None:
        order_id = stops.withdrawn()
        raw = _word(order_id, acme)
        then = START + timedelta(minutes=minutes)
        signed = signed_headers("01JWORD", raw, [acme.secret], then)
        assert refused(acme.send(order_id, raw, **signed)) == (403, "unverified_webhook")

    def test_no_word_can_be_sent_to_another_order(self, stops: Stops, acme: Processor) -> None:
        one, other = stops.withdrawn(), stops.withdrawn()
        assert refused(acme.send(other, _word(one, acme))) == (422, "invalid_input")
        assert stops.states(other) == ["asked"]

    def test_no_word_can_be_sent_for_another_processor_of_the_same_endpoint(
        self, stops: Stops, acme: Processor
    ) -> None:
        body = {"name": "Twin", "purposes": [PURPOSE], "endpoint_id": acme.endpoint_id}
        twin = stops.staff("POST", PROCESSORS, body).json()["processor_id"]
        order_id = stops.withdrawn()
        raw = _word(order_id, acme)
        acme.id = twin
        assert refused(acme.send(order_id, raw)) == (422, "invalid_input")

    def test_the_secret_before_for_a_day(
        self, stops: Stops, acme: Processor, services: Services, clock: FixedClock
    ) -> None:
        one, other, third = stops.withdrawn(), stops.withdrawn(), stops.withdrawn()
        rotated = services.webhooks.rotate(DPO, acme.endpoint_id)
        assert acme.acknowledge(one).status == 200
        clock.advance(25 * HOUR)
        assert refused(acme.acknowledge(other)) == (403, "unverified_webhook")
        acme.secret = fresh(rotated)
        assert acme.acknowledge(third).status == 200

    def test_nobody_once_the_endpoint_is_removed(
        self, stops: Stops, acme: Processor, services: Services
    ) -> None:
        order_id = stops.withdrawn()
        services.webhooks.remove(DPO, acme.endpoint_id)
        assert refused(acme.acknowledge(order_id)) == (403, "unverified_webhook")
        assert stops.by_hand(order_id, acme.id).json()["waiting"] == 0


def _word(order_id: str, processor: Processor) -> bytes:
    said = {"stop_order": order_id, "processor": processor.id, "stopped_at": rfc3339(START)}
    return json.dumps(said).encode()


# --- processors ----------------------------------------------------------------------------------


def test_processors_are_registered_changed_and_shown(stops: Stops, acme: Processor) -> None:
    (listed,) = stops.staff("GET", PROCESSORS, role="auditor").json()["processors"]
    assert listed == {
        "processor_id": acme.id,
        "name": "Acme Ledger",
        "purposes": [PURPOSE],
        "endpoint_id": acme.endpoint_id,
        "created_at": "2026-11-23T10:00:00.000Z",
    }
    one = f"{PROCESSORS}/{acme.id}"
    assert stops.staff("GET", one, role="engineer").json() == listed
    changed = stops.staff("PUT", one, {"name": "Acme", "purposes": [PURPOSE]})
    assert (changed.status, changed.json()) == (200, {**listed, "name": "Acme"})
    assert stops.actions_on(acme.id) == ["processor.registered", "processor.changed"]
    for method, body in (("GET", None), ("PUT", {"name": "A", "purposes": [PURPOSE]})):
        answer = stops.staff(method, f"{PROCESSORS}/{'0' * 26}", body)
        assert refused(answer) == (404, "unknown_processor")


def test_a_repeat_registers_and_changes_once(stops: Stops, acme: Processor) -> None:
    body = {"name": "Bravo", "purposes": [PURPOSE], "endpoint_id": acme.endpoint_id}
    first, again = (stops.staff("POST", PROCESSORS, body, key="one") for _ in range(2))
    assert first.json() == again.json()
    assert len(stops.staff("GET", PROCESSORS).json()["processors"]) == 2
    one = f"{PROCESSORS}/{first.json()['processor_id']}"
    change = {"name": "Bravo Mail", "purposes": [PURPOSE]}
    stops.staff("PUT", one, change, key="two")
    stops.staff("PUT", one, {**change, "name": "Bravo Post"})
    assert stops.staff("PUT", one, change, key="two").json()["name"] == "Bravo Post"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"purposes": ["service_delivery"]}, "purposes.0", "unknown_purpose"),
        ({"purposes": []}, "purposes", "invalid_value"),
        ({"endpoint_id": "0" * 26}, "endpoint_id", "unknown_webhook"),
        ({"name": "Acme\u2028Bcc"}, "name", "not_one_line"),
        ({"name": " Acme"}, "name", "wrong_format"),
    ],
)
def test_a_bad_processor_is_refused(
    stops: Stops, acme: Processor, changes: dict[str, Any], field: str, code: str
) -> None:
    body = {"name": "Bravo", "purposes": [PURPOSE], "endpoint_id": acme.endpoint_id, **changes}
    answer = stops.staff("POST", PROCESSORS, body)
    assert answer.status == 422, answer.body
    assert {"field": field, "code": code} in answer.json()["errors"]


def test_all_of_them_fit_into_the_transaction_of_a_withdrawal(
    stops: Stops, acme: Processor
) -> None:
    body = {"name": "Many", "purposes": [PURPOSE], "endpoint_id": acme.endpoint_id}
    for _ in range(39):
        assert stops.staff("POST", PROCESSORS, body).status == 201
    assert refused(stops.staff("POST", PROCESSORS, body)) == (409, "too_many_processors")
    assert stops.order(stops.withdrawn())["waiting"] == 40


def test_what_was_registered_before_a_withdrawal_is_what_counts(
    stops: Stops, acme: Processor
) -> None:
    order_id = stops.withdrawn()
    stops.staff("PUT", f"{PROCESSORS}/{acme.id}", {"name": "New", "purposes": [PURPOSE]})
    assert stops.order(order_id)["receivers"][0]["name"] == "Acme Ledger"


def test_nobody_waits_for_a_processor_that_was_removed(stops: Stops, acme: Processor) -> None:
    other = stops.processor("Bravo Mail")
    one, done = stops.withdrawn(), stops.withdrawn()
    acme.acknowledge(done)
    other.acknowledge(one)
    answer = stops.staff("DELETE", f"{PROCESSORS}/{acme.id}")
    assert (answer.status, answer.json()) == (200, {"processor_id": acme.id})
    assert stops.states(one) == ["removed", "acknowledged"]
    assert stops.states(done) == ["acknowledged", "asked"]
    assert stops.waiting() == [done]
    facts = {"processor": acme.id, "reason": "processor_removed", "waiting": 0}
    assert stops.entries(one, "released") == [facts]
    assert stops.actions_on(acme.id)[-1] == "processor.removed"
    assert acme.acknowledge(one).json()["state"] == "removed"
    again = stops.staff("DELETE", f"{PROCESSORS}/{acme.id}")
    assert refused(again) == (404, "unknown_processor")


def test_a_removal_that_dies_on_the_way_is_made_good_before_anybody_is_alerted(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock
) -> None:
    orders = [stops.withdrawn(), stops.withdrawn()]
    killer = Killer(at(1, "after"))
    killer.watch(services)
    killer.armed = True
    with pytest.raises(Killed):
        stops.staff("DELETE", f"{PROCESSORS}/{acme.id}")
    killer.armed = False
    assert len(stops.waiting()) == 1
    clock.advance(24 * HOUR)
    assert stops.watch() == Report()
    assert not stops.waiting()
    assert not stops.alerted()
    assert [stops.states(each) for each in orders] == [["removed"], ["removed"]]


# --- alerts --------------------------------------------------------------------------------------


def test_a_processor_that_never_acknowledges_is_alerted_on(
    stops: Stops, acme: Processor, clock: FixedClock
) -> None:
    order_id = stops.withdrawn()
    for _ in range(5 * 24):
        clock.advance(HOUR)
        stops.watch()
    names = ["48h_before", "24h_before", "12h_before", "6h_before", "1h_before", "at"]
    names += ["24h_after", "48h_after"]
    assert stops.raised(order_id) == [(name, name, 1) for name in names]
    expected = [(each, hours) for hours in ("48", "24") for each in TEAM]
    expected += [(each, hours) for hours in ("12", "6", "1") for each in (*TEAM, OFFICER)]
    expected += [
        (each, hours) for hours in ("0", "-24", "-48") for each in (*TEAM, OFFICER, SECOND)
    ]
    assert stops.alerted() == expected
    assert acme.acknowledge(order_id).status == 200
    clock.advance(48 * HOUR)
    assert stops.watch() == Report()


def test_nothing_is_raised_before_its_moment(
    stops: Stops, acme: Processor, clock: FixedClock
) -> None:
    stops.withdrawn()
    clock.advance(24 * HOUR - timedelta(milliseconds=1))
    assert stops.watch() == Report()
    clock.advance(timedelta(milliseconds=1))
    assert stops.watch() == Report(alerted=1, alerts=1)
    assert stops.watch() == Report()


def test_an_alert_says_whom_it_waits_for_and_not_whose_consent_it_was(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock
) -> None:
    ops = stops.hooks.register("https://ops.example.com/jaga", DEADLINE)
    other = stops.processor("Bravo Mail")
    third = stops.processor("Charlie & Sons")
    order_id = stops.withdrawn()
    other.acknowledge(order_id)
    clock.advance(60 * HOUR)
    stops.watch()
    mail = next(each for each in mails(services) if "stop_order" in each["values"])
    assert mail["values"] == {
        "stop_order": order_id,
        "purpose": PURPOSE,
        "processors": "Acme Ledger; Charlie & Sons",
        "law": "UU PDP 27/2022",
        "article": "40",
        "stop_by": "2026-11-26T10:00:00.000Z",
        "hours": "12",
    }
    ((endpoint_id, event),) = stops.told(DEADLINE)
    assert endpoint_id == ops.endpoint_id
    assert event["data"] == {
        "stop_order": order_id,
        "purpose": PURPOSE,
        "state": "withdrawn",
        "processors": [acme.id, third.id],
        "law": "UU PDP 27/2022",
        "article": "40",
        "stop_by": "2026-11-26T10:00:00.000Z",
        "alert": "12h_before",
        "hours_left": 12,
    }
    assert stops.entries(order_id, "alerted") == [
        {"first": "48h_before", "last": "12h_before", "count": 3, "told": "team,dpo", "waiting": 2}
    ]
    subject = stops.order(order_id)["subject_id"]
    assert subject not in json.dumps([mail, event])
    assert stops.order(order_id)["alerts"] == 3


def test_what_passed_while_nobody_looked_is_raised_together_and_goes_to_all(
    stops: Stops, acme: Processor, clock: FixedClock
) -> None:
    order_id = stops.withdrawn()
    clock.advance(timedelta(days=6))
    assert stops.watch() == Report(alerted=1, alerts=9)
    assert stops.raised(order_id) == [("48h_before", "72h_after", 9)]
    assert stops.alerted() == [(each, "-72") for each in (*TEAM, OFFICER, SECOND)]
    assert stops.watch() == Report()


def test_who_is_told_for_two_reasons_gets_one_mail(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock
) -> None:
    object.__setattr__(services.settings, "dpo_address", TEAM[1])
    stops.withdrawn()
    clock.advance(60 * HOUR)
    stops.watch()
    assert stops.alerted() == [(each, "12") for each in TEAM]


def test_of_runs_at_once_one_raises(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock
) -> None:
    order_id = stops.withdrawn()
    share_among_threads(services)
    clock.advance(24 * HOUR)
    reports = at_once(6, lambda _: stops.watch())
    assert sum(getattr(each, "alerted", 0) for each in reports) == 1
    assert sum(getattr(each, "failed", 1) for each in reports) == 0
    assert stops.raised(order_id) == [("48h_before", "48h_before", 1)]
    assert len(stops.alerted()) == len(TEAM)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_that_dies_is_made_good_by_the_next(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock, moment: str
) -> None:
    orders = [stops.withdrawn(), stops.withdrawn()]
    killer = Killer(at(0, moment))
    killer.watch(services)
    for run, wait in enumerate([24, 24, 12]):
        clock.advance(wait * HOUR)
        killer.decides, killer.seen, killer.armed = at(run, moment), 0, True
        try:
            stops.watch()
        except Killed:
            killer.armed = False
            stops.watch()
        names = ["48h_before", "24h_before", "12h_before"][: run + 1]
        for order_id in orders:
            assert stops.raised(order_id) == [(name, name, 1) for name in names]
        assert len(stops.alerted()) == len(orders) * sum([2, 2, 3][: run + 1])
    assert killer.kills == [0, 1], "a run writes once for each order"


def test_an_acknowledgement_between_a_run_s_read_and_its_write_is_heard(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock
) -> None:
    order_id = stops.withdrawn()
    clock.advance(24 * HOUR)
    meanwhile(services, lambda: acme.acknowledge(order_id))
    assert stops.watch() == Report()
    assert (stops.alerted(), stops.states(order_id)) == ([], ["acknowledged"])


def test_when_time_runs_out_the_next_run_goes_on(
    stops: Stops, acme: Processor, services: Services, clock: FixedClock
) -> None:
    for _ in range(3):
        stops.withdrawn()
    clock.advance(24 * HOUR + timedelta(minutes=1))
    left = iter([60_000, 60_000, 9_000])
    assert services.stop_watcher.run(lambda: next(left)) == Report(
        alerted=2, alerts=2, watch_lag_seconds=60
    )
    assert stops.watch() == Report(alerted=1, alerts=1)


def test_what_fails_holds_up_nothing_and_shows_as_lag(
    stops: Stops,
    acme: Processor,
    services: Services,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures: list[str] = []
    monkeypatch.setattr(
        watching, "log_failure", lambda error, _: failures.append(type(error).__name__)
    )
    broken, fine = stops.withdrawn(), stops.withdrawn()
    services.records.update(Key(f"STOP#{broken}", "ORDER"), PRESENT, put={"alerts": "none"})
    clock.advance(24 * HOUR + timedelta(minutes=5))
    report = stops.watch()
    assert (report.alerted, report.failed, report.watch_lag_seconds) == (1, 1, 300)
    assert failures == ["UnreadableItem"]
    assert len(stops.raised(fine)) == 1


def test_what_is_listed_though_it_is_done_is_taken_from_the_list(
    stops: Stops, acme: Processor, services: Services
) -> None:
    order_id = stops.withdrawn()
    acme.acknowledge(order_id)
    put = {"due_pk": "STOPS", "due_sk": f"0000000000001#{order_id}"}
    services.records.update(Key(f"STOP#{order_id}", "ORDER"), PRESENT, put=put)
    assert stops.watch() == Report()
    assert stops.waiting() == []


def test_the_list_goes_page_by_page_the_most_urgent_first(
    stops: Stops, acme: Processor, clock: FixedClock
) -> None:
    orders = []
    for _ in range(3):
        orders.append(stops.withdrawn())
        clock.advance(HOUR)
    first = stops.staff("GET", f"{STOP_ORDERS}?limit=2").json()
    assert [each["stop_order"] for each in first["stop_orders"]] == orders[:2]
    rest = stops.staff("GET", f"{STOP_ORDERS}?limit=2&cursor={first['cursor']}").json()
    assert [each["stop_order"] for each in rest["stop_orders"]] == orders[2:]
    assert refused(stops.staff("GET", f"{STOP_ORDERS}/{'0' * 26}")) == (404, "unknown_stop_order")
