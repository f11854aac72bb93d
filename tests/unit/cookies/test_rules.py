"""Decisions about a choice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.cookies.models import (
    ESSENTIAL_ONLY,
    EVERYTHING,
    RETENTION,
    Action,
    Choices,
    Preference,
    State,
)
from chalicelib.cookies.rules import CLOCK_TOLERANCE, check_choice, check_time, current, in_force
from chalicelib.errors import InvalidInput

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def preference(
    occurred_at: datetime = NOW, recorded_at: datetime = NOW, record_id: str = "R1"
) -> Preference:
    return Preference(
        record_id=record_id,
        event_id="E1",
        visitor_id="V1",
        site="jutsoo",
        action=Action.SAVE,
        choices=Choices(performance=True),
        notice_sha256="0" * 64,
        language="en",
        gpc_script=False,
        gpc_header=False,
        origin="https://www.jutsoo.com",
        source="button",
        banner_build="",
        occurred_at=occurred_at,
        recorded_at=recorded_at,
    )


@pytest.mark.parametrize(
    ("action", "choices"),
    [
        (Action.ACCEPT_ALL, ESSENTIAL_ONLY),
        (Action.ACCEPT_ALL, Choices(performance=True)),
        (Action.REJECT_ALL, Choices(functional=True)),
        (Action.WITHDRAW, EVERYTHING),
    ],
)
def test_a_button_that_contradicts_its_choices_is_refused(action: Action, choices: Choices) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_choice(action, choices)
    assert refusal.value.fields[0].code == "contradicts_action"


@given(st.booleans(), st.booleans())
def test_saving_takes_any_choice(performance: bool, functional: bool) -> None:
    check_choice(Action.SAVE, Choices(performance, functional))


def test_time_bounds_are_exact() -> None:
    check_time(NOW + CLOCK_TOLERANCE, NOW)
    check_time(NOW - RETENTION + TICK, NOW)
    for outside in (NOW + CLOCK_TOLERANCE + TICK, NOW - RETENTION):
        with pytest.raises(InvalidInput):
            check_time(outside, NOW)


def test_a_choice_expires_at_the_exact_moment() -> None:
    chosen = preference()
    assert current([chosen], NOW + RETENTION - TICK) == [chosen]
    assert current([chosen], NOW + RETENTION) == []


def test_a_clock_that_runs_ahead_cannot_outlive_a_later_withdrawal() -> None:
    ahead = preference(occurred_at=NOW + timedelta(minutes=9), record_id="ahead")
    later = NOW + timedelta(minutes=1)
    withdrawn = replace(
        preference(occurred_at=later, recorded_at=later, record_id="withdrawn"),
        action=Action.WITHDRAW,
        choices=ESSENTIAL_ONLY,
    )
    alive = current([ahead, withdrawn], later)
    assert [each.record_id for each in alive] == ["withdrawn", "ahead"]
    assert in_force(alive, gpc=False) == (State.DECIDED, ESSENTIAL_ONLY)


@given(st.lists(st.integers(min_value=0, max_value=200), max_size=8), st.booleans())
def test_whoever_has_not_decided_gets_essential_only(ages: list[int], gpc: bool) -> None:
    history = [
        preference(NOW - timedelta(days=age), NOW - timedelta(days=age), f"R{position}")
        for position, age in enumerate(ages)
    ]
    state, choices = in_force(current(history, NOW), gpc=gpc)
    if any(age < 180 for age in ages):
        assert (state, choices) == (State.DECIDED, Choices(performance=True))
    else:
        assert (state, choices) == (State.GPC if gpc else State.UNDECIDED, ESSENTIAL_ONLY)


def test_offline_choices_that_arrive_in_any_order_give_the_same_answer() -> None:
    first = preference(NOW - timedelta(hours=2), NOW, "B")
    second = replace(preference(NOW - timedelta(hours=1), NOW, "A"), choices=EVERYTHING)
    for order in ([first, second], [second, first]):
        assert in_force(current(order, NOW), gpc=True) == (State.DECIDED, EVERYTHING)
