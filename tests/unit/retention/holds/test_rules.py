"""What may be decided about a hold, and when its review is reminded of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.errors import InvalidInput
from chalicelib.law.alerting import alert_name
from chalicelib.retention.holds.models import (
    MOST,
    Hold,
    HoldReleased,
    Standing,
    TooManyHolds,
)
from chalicelib.retention.holds.rules import (
    FURTHEST,
    TIMES,
    check_review,
    days_left,
    next_reminder,
    released,
    reminders_due,
    reviewed,
    with_hold,
    without_hold,
)
from chalicelib.retention.targets import Target, TargetKind
from tests.fakes import START

DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)
CLIENT = Target(TargetKind.CLIENT, "pt-maju")
REVIEW = START + 30 * DAY
HOLD = Hold("H", CLIENT, "ground", "citation", "owner", "placer", START, REVIEW)
OVER = released(HOLD, "releaser", "settled", START + DAY)


@pytest.mark.parametrize("after", [MILLISECOND, DAY, FURTHEST])
def test_a_review_is_to_come(after: timedelta) -> None:
    check_review(START + after, START)


@pytest.mark.parametrize("after", [-DAY, timedelta(), FURTHEST + MILLISECOND])
def test_a_review_that_is_over_or_too_far_is_refused(after: timedelta) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_review(START + after, START)
    assert [(each.field, each.code) for each in refusal.value.fields] == [
        ("review_at", "out_of_range")
    ]


def test_a_release_says_who_when_and_why() -> None:
    assert (OVER.released_by, OVER.released_at, OVER.reason) == (
        "releaser",
        START + DAY,
        "settled",
    )
    assert (HOLD.is_active, OVER.is_active) == (True, False)
    assert (OVER.ground, OVER.placed_by) == ("ground", "placer")


def test_what_is_released_is_neither_released_nor_reviewed() -> None:
    with pytest.raises(HoldReleased):
        released(OVER, "other", "again", START)
    with pytest.raises(HoldReleased):
        reviewed(OVER, REVIEW + DAY)


def test_another_date_was_not_reminded_of() -> None:
    later = reviewed(replace(HOLD, reminders=3), REVIEW + DAY)
    assert (later.review_at, later.reminders) == (REVIEW + DAY, 0)


def test_a_target_bears_so_many_holds_and_loses_the_one_that_goes() -> None:
    standing = Standing(CLIENT, revision=4)
    for number in range(MOST):
        standing = with_hold(standing, str(number))
    with pytest.raises(TooManyHolds):
        with_hold(standing, "one more")
    rest = without_hold(standing, "7")
    assert rest.holds == tuple(str(each) for each in range(MOST) if each != 7)
    assert (rest.revision, without_hold(rest, "7")) == (4, rest)


@pytest.mark.parametrize(
    ("day", "due", "name"),
    [
        (22, 0, ""),
        (23, 1, "168h_before"),
        (30, 2, "at"),
        (37, 3, "168h_after"),
        (44, 4, "336h_after"),
    ],
)
def test_what_passed_is_due_to_the_moment(day: int, due: int, name: str) -> None:
    moment = START + day * DAY
    numbers = reminders_due(HOLD, moment)
    assert numbers == range(due)
    assert len(reminders_due(HOLD, moment - MILLISECOND)) == max(due - 1, 0)
    if due:
        assert alert_name(TIMES.offset(numbers[-1])) == name


@pytest.mark.parametrize("reminders", [0, 1, 2, 9])
def test_at_its_next_moment_there_is_one_to_send(reminders: int) -> None:
    hold = replace(HOLD, reminders=reminders)
    moment = next_reminder(hold)
    assert reminders_due(hold, moment) == range(reminders, reminders + 1)
    assert not reminders_due(hold, moment - MILLISECOND)


def test_nobody_is_reminded_of_what_is_released() -> None:
    assert not reminders_due(OVER, REVIEW + 99 * DAY)


@pytest.mark.parametrize(
    ("hours", "days"), [(25, 2), (24, 1), (1, 1), (0, 0), (-1, -1), (-24, -1), (-25, -2)]
)
def test_days_are_whole_ones(hours: int, days: int) -> None:
    assert days_left(START + timedelta(hours=hours), START) == days


def test_what_is_sealed_shows_in_no_repr() -> None:
    assert not [each for each in ("ground=", "citation", "settled") if each in repr(OVER)]
