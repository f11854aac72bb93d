"""When somebody is reminded of a remediation action."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.aftermath.models import ActionState, Aftermath, Remedy
from chalicelib.incidents.aftermath.rules import next_reminder, reminded, reminders_due, replanned
from tests.fakes import START

DAY = timedelta(days=1)
TEXTS: Any = {"en": "text"}
REMEDY = Remedy("a", TEXTS, "Bambang", START)
LATER = Remedy("b", TEXTS, "Dewi", START + 3 * DAY)
AFTERMATH = Aftermath("01J", remedies={"a": REMEDY, "b": LATER})


@pytest.mark.parametrize(
    ("after", "numbers"),
    [
        (-timedelta(milliseconds=1), {}),
        (timedelta(), {"a": range(1)}),
        (3 * DAY, {"a": range(1), "b": range(1)}),
        (7 * DAY, {"a": range(2), "b": range(1)}),
        (15 * DAY, {"a": range(3), "b": range(2)}),
    ],
)
def test_at_the_date_and_every_week_after_it(after: timedelta, numbers: dict[str, range]) -> None:
    assert reminders_due(AFTERMATH, START + after) == numbers


def test_a_reminder_counts_once() -> None:
    now = START + 8 * DAY
    after = reminded(AFTERMATH, reminders_due(AFTERMATH, now))
    assert reminders_due(after, now) == {}
    assert next_reminder(after) == START + 10 * DAY


def test_the_next_is_the_earliest_of_what_is_open() -> None:
    assert next_reminder(AFTERMATH) == START
    done = {"a": replace(REMEDY, state=ActionState.DONE), "b": LATER}
    assert next_reminder(replace(AFTERMATH, remedies=done)) == START + 3 * DAY
    assert next_reminder(Aftermath("01J")) is None


def test_another_date_begins_anew() -> None:
    after = reminded(AFTERMATH, {"a": range(5)})
    moved = replanned(after, "a", "Dewi", START + 20 * DAY)
    assert (moved.remedies["a"].reminders, moved.remedies["a"].owner) == (0, "Dewi")
    assert reminders_due(moved, START + 20 * DAY)["a"] == range(1)
