"""When processing has to stop, who is waited for, and who is alerted of it when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.consents.models import VALID, State
from chalicelib.consents.stopping.models import Receiver, ReceiverState, StopOrder
from chalicelib.consents.stopping.rules import (
    alerts_to_raise,
    ends_consent,
    may_have_stopped,
    next_moment,
    settled,
)
from chalicelib.consents.stopping.terms import escalation
from chalicelib.law.alerting import AlertTimes, alert_name, hours_left
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.law.escalation import Escalation, Step
from tests.fakes import START
from tests.unit.consents.samples import event_of

TERMS = escalation()
HOUR = timedelta(hours=1)
DUE = START + 72 * HOUR
(DEADLINE,) = deadlines({"id": None}, "consent_withdrawal", Case(received_at=START))


def order(*states: ReceiverState, alerts: int = 0) -> StopOrder:
    receivers = {
        str(number): Receiver("Acme", "endpoint", "message", state, START)
        for number, state in enumerate(states or (ReceiverState.ASKED,))
    }
    return StopOrder("r", "s", "p", State.WITHDRAWN, START, DEADLINE, receivers, alerts)


def names(numbers: range) -> list[str]:
    return [alert_name(TERMS.times.offset(number)) for number in numbers]


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_only_the_end_of_a_valid_consent_stops_anything(before: State, after: State) -> None:
    ended = set(State) - VALID - {State.REQUESTED}  # a no after an end that nobody noted, too
    assert ends_consent(event_of(after, before=before)) is (before in VALID and after in ended)


def test_the_law_gives_72_elapsed_hours() -> None:
    assert (DEADLINE.rule, DEADLINE.article) == ("consent-withdrawal", "40")
    assert order().stop_by == DUE


def test_the_terms_are_those_of_the_issue() -> None:
    assert [each // HOUR for each in TERMS.times.before] == [48, 24, 12, 6, 1]
    assert TERMS.times.between_after == 24 * HOUR


@pytest.mark.parametrize(
    ("number", "name", "told"),
    [
        (0, "48h_before", ["team"]),
        (1, "24h_before", ["team"]),
        (2, "12h_before", ["team", "dpo"]),
        (4, "1h_before", ["team", "dpo"]),
        (5, "at", ["team", "dpo", "second_dpo"]),
        (6, "24h_after", ["team", "dpo", "second_dpo"]),
        (99, "2256h_after", ["team", "dpo", "second_dpo"]),
    ],
)
def test_alerts_escalate(number: int, name: str, told: list[str]) -> None:
    assert names(range(number, number + 1)) == [name]
    assert list(TERMS.told(number)) == told


@pytest.mark.parametrize("since", [[], [12], [47, 0]])
def test_an_alert_that_nobody_is_told_of_is_refused(since: list[int]) -> None:
    times = AlertTimes((48 * HOUR, HOUR), 24 * HOUR)
    with pytest.raises(ValueError, match="nobody is told"):
        Escalation(times, tuple(Step("team", each * HOUR) for each in since))


@pytest.mark.parametrize(("before", "between"), [([1, 2], 24), ([1, 1], 24), ([0], 24), ([1], 0)])
def test_times_that_make_no_sense_are_refused(before: list[int], between: int) -> None:
    with pytest.raises(ValueError, match="one after another"):
        AlertTimes(tuple(each * HOUR for each in before), between * HOUR)


@pytest.mark.parametrize(
    ("minutes", "hours"), [(121, 3), (120, 2), (1, 1), (0, 0), (-1, -1), (-60, -1), (-61, -2)]
)
def test_hours_are_whole_ones(minutes: int, hours: int) -> None:
    assert hours_left(START + timedelta(minutes=minutes), START) == hours


@pytest.mark.parametrize(
    ("hours", "due"), [(23, 0), (24, 1), (48, 2), (60, 3), (66, 4), (71, 5), (72, 6), (96, 7)]
)
def test_what_passed_is_due_to_the_moment(hours: int, due: int) -> None:
    moment = START + hours * HOUR
    assert alerts_to_raise(order(), moment, TERMS.times) == range(due)
    early = alerts_to_raise(order(), moment - timedelta(milliseconds=1), TERMS.times)
    assert len(early) == max(due - 1, 0)


@pytest.mark.parametrize("alerts", [0, 3, 6, 9])
def test_at_its_next_moment_there_is_something_to_do(alerts: int) -> None:
    waiting = order(alerts=alerts)
    moment = next_moment(waiting, TERMS.times)
    assert moment is not None
    assert alerts_to_raise(waiting, moment, TERMS.times) == range(alerts, alerts + 1)
    assert not alerts_to_raise(waiting, moment - timedelta(milliseconds=1), TERMS.times)


def test_an_order_that_waits_for_nobody_is_done() -> None:
    done = order(ReceiverState.ACKNOWLEDGED, ReceiverState.REMOVED)
    assert done.waiting == ()
    assert next_moment(done, TERMS.times) is None
    assert not alerts_to_raise(done, DUE + 99 * HOUR, TERMS.times)


def test_who_acknowledged_is_waited_for_no_more() -> None:
    waiting = order(ReceiverState.ASKED, ReceiverState.ASKED)
    said = replace(waiting.receivers["0"], state=ReceiverState.ACKNOWLEDGED)
    assert settled(waiting, "0", said).waiting == ("1",)
    assert waiting.waiting == ("0", "1")


@pytest.mark.parametrize(
    ("minutes", "possible"),
    [(-10.1, False), (-10, True), (0, True), (60, True), (70, True), (70.1, False)],
)
def test_clocks_may_differ_by_ten_minutes(minutes: float, possible: bool) -> None:
    stopped_at, now = START + timedelta(minutes=minutes), START + HOUR
    assert may_have_stopped(order(), stopped_at, now) is possible
