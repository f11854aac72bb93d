"""When the watcher looks at a request, and which alerts it raises then."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.requests.models import DataRequest, RequestType, Status
from chalicelib.requests.rules import LIVING, UNPROVED
from chalicelib.requests.watching_rules import (
    Terms,
    alert_name,
    alerts_to_raise,
    lapses_at,
    next_moment,
    watched_date,
)
from chalicelib.requests.watching_terms import terms
from tests.fakes import START
from tests.unit.requests.asked import request

DUE = START + timedelta(hours=72)
TERMS = terms()
HOUR = timedelta(hours=1)


def names(numbers: range) -> list[str]:
    return [alert_name(TERMS.offset(number)) for number in numbers]


def raised(asked: DataRequest, count: int) -> DataRequest:
    return replace(asked, alerts=count, alerts_for=DUE)


def test_the_terms_are_those_of_the_issue() -> None:
    assert [each // HOUR for each in TERMS.before] == [48, 24, 12, 6, 1]
    assert TERMS.between_after == 24 * HOUR
    # GDPR 12(4): within a month, and the shortest has 28 days.
    assert TERMS.lapse_after == timedelta(days=28)


@pytest.mark.parametrize(
    ("before", "between", "lapse"),
    [([1, 2], 24, 28), ([1, 1], 24, 28), ([0], 24, 28), ([1], 0, 28), ([1], 24, 0)],
)
def test_terms_that_make_no_sense_are_refused(before: list[int], between: int, lapse: int) -> None:
    with pytest.raises(ValueError, match="one after another"):
        Terms(tuple(each * HOUR for each in before), between * HOUR, timedelta(days=lapse))


@pytest.mark.parametrize(
    ("hours_left", "due"),
    [
        (49, []),
        (48, ["48h_before"]),
        (24, ["48h_before", "24h_before"]),
        (1, ["48h_before", "24h_before", "12h_before", "6h_before", "1h_before"]),
        (0, ["48h_before", "24h_before", "12h_before", "6h_before", "1h_before", "at"]),
    ],
)
def test_what_passed_is_due_to_the_moment(hours_left: int, due: list[str]) -> None:
    moment = DUE - hours_left * HOUR
    assert names(alerts_to_raise(request(), moment, TERMS)) == due
    early = alerts_to_raise(request(), moment - timedelta(milliseconds=1), TERMS)
    assert names(early) == (due[:-1] if hours_left != 49 else [])


def test_after_the_date_there_is_one_a_day() -> None:
    asked = raised(request(), 6)
    for day in range(1, 5):
        due = alerts_to_raise(asked, DUE + day * 24 * HOUR, TERMS)
        assert names(due)[-1] == f"{24 * day}h_after"
        assert len(due) == day
    assert not alerts_to_raise(asked, DUE + 23 * HOUR, TERMS)


def test_what_was_raised_is_not_raised_again() -> None:
    asked = raised(request(), 2)
    assert names(alerts_to_raise(asked, DUE - 12 * HOUR, TERMS)) == ["12h_before"]
    assert not alerts_to_raise(asked, DUE - 13 * HOUR, TERMS)


def test_for_another_date_they_start_anew() -> None:
    extended = Case(received_at=START, extended=True)
    moved = replace(
        raised(request(type=RequestType.ACCESS), 6),
        deadlines=deadlines({"eu": "DE"}, "access", extended),
    )
    assert not alerts_to_raise(moved, DUE + 48 * HOUR, TERMS)
    date = watched_date(moved)
    assert date is not None
    assert next_moment(moved, TERMS) == date.unpaused_due_at - 48 * HOUR


def test_pauses_move_no_alert() -> None:
    asked = request()
    paused = replace(
        asked,
        deadlines=tuple(
            replace(each, due_at=each.due_at + timedelta(days=9)) for each in asked.deadlines
        ),
    )
    assert next_moment(paused, TERMS) == next_moment(asked, TERMS) == DUE - 48 * HOUR


def test_the_earliest_law_is_watched() -> None:
    asked = request(
        deadlines=deadlines({"eu": "DE", "id": None}, "access", Case(received_at=START))
    )
    date = watched_date(asked)
    assert date is not None
    assert (date.pack, date.unpaused_due_at) == ("id", DUE)


@pytest.mark.parametrize("status", Status)
def test_only_living_requests_are_listed(status: Status) -> None:
    asked = request(status)
    assert (next_moment(asked, TERMS) is not None) is (status in LIVING)
    assert bool(alerts_to_raise(asked, DUE, TERMS)) is (status in LIVING)
    assert (lapses_at(asked, TERMS) is not None) is (status in UNPROVED)


def test_a_request_without_a_date_raises_none() -> None:
    objection = request(type=RequestType.OBJECTION, deadlines=())
    assert not alerts_to_raise(objection, DUE + timedelta(days=99), TERMS)
    assert next_moment(objection, TERMS) is None
    unproved = replace(objection, status=Status.AWAITING_IDENTITY)
    assert next_moment(unproved, TERMS) == START + timedelta(days=28)


def test_what_nobody_proved_alerts_until_its_date_and_then_waits_for_its_end() -> None:
    asked = request(Status.AWAITING_IDENTITY)
    late = DUE + timedelta(days=5)
    assert len(alerts_to_raise(asked, late, TERMS)) == 6
    assert next_moment(raised(asked, 6), TERMS) == START + timedelta(days=28)
    proved = replace(raised(asked, 6), status=Status.OPEN)
    assert names(alerts_to_raise(proved, late, TERMS))[0] == "24h_after"


@pytest.mark.parametrize("status", sorted(LIVING))
@pytest.mark.parametrize("count", [0, 3, 6, 9])
def test_at_its_next_moment_there_is_something_to_do(status: Status, count: int) -> None:
    asked = raised(request(status), count)
    moment = next_moment(asked, TERMS)
    assert moment is not None
    assert _something_to_do(asked, moment)
    assert not _something_to_do(asked, moment - timedelta(milliseconds=1))


def _something_to_do(asked: DataRequest, now: datetime) -> bool:
    end = lapses_at(asked, TERMS)
    return bool(alerts_to_raise(asked, now, TERMS)) or (end is not None and end <= now)
