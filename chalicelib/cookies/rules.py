"""Decisions about a choice: pure, without clock, store or network."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.cookies.models import (
    ESSENTIAL_ONLY,
    EVERYTHING,
    RETENTION,
    Action,
    Choices,
    Preference,
    State,
)
from chalicelib.errors import FieldError, InvalidInput

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far ahead of ours a visitor's clock may be."""

_FIXED_CHOICES = {
    Action.ACCEPT_ALL: EVERYTHING,
    Action.REJECT_ALL: ESSENTIAL_ONLY,
    Action.WITHDRAW: ESSENTIAL_ONLY,
}


def check_choice(action: Action, choices: Choices) -> None:
    """Raises `InvalidInput` when the button pressed contradicts the choices sent."""
    if _FIXED_CHOICES.get(action, choices) != choices:
        raise InvalidInput(FieldError("choices", "contradicts_action"))


def check_time(occurred_at: datetime, now: datetime) -> None:
    """Raises `InvalidInput` for a time over 10 minutes ahead or 180 days or more back."""
    if occurred_at > now + CLOCK_TOLERANCE:
        raise InvalidInput(FieldError("occurred_at", "in_the_future"))
    if occurred_at <= now - RETENTION:
        raise InvalidInput(FieldError("occurred_at", "too_old"))


def current(history: Sequence[Preference], now: datetime) -> list[Preference]:
    """`history` without what has expired by `now` (to the microsecond), newest first."""
    alive = [each for each in history if now < each.expires_at]
    return sorted(alive, key=lambda each: (each.counts_from, each.record_id), reverse=True)


def in_force(
    alive: Sequence[Preference], *, gpc: bool, complete: bool = True
) -> tuple[State, Choices]:
    """What a visitor allows: the newest choice, else the GPC signal, else nothing but essential.

    GPC is a layer under the choice, not a choice: an explicit yes given despite it stands. When
    the history is not `complete`, what is missing may be a withdrawal, so nothing is granted.
    """
    if not complete:
        return State.UNREADABLE, ESSENTIAL_ONLY
    if alive:
        return State.DECIDED, alive[0].choices
    return (State.GPC if gpc else State.UNDECIDED), ESSENTIAL_ONLY
