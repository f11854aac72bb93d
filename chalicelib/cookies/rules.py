"""Decisions about a choice: pure, without clock, store or network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.errors import FieldError, InvalidInput

RETENTION = timedelta(days=180)
"""How long a choice holds, a refusal too; then the visitor is asked again."""

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far ahead of ours a visitor's clock may be."""


class Action(StrEnum):
    ACCEPT_ALL = "accept_all"
    REJECT_ALL = "reject_all"
    SAVE = "save"
    WITHDRAW = "withdraw"


class State(StrEnum):
    """What a visitor's choice rests on."""

    DECIDED = "decided"
    GPC = "gpc"
    UNDECIDED = "undecided"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Choices:
    """The optional categories; essential cookies are not a choice."""

    performance: bool = False
    functional: bool = False


ESSENTIAL_ONLY = Choices()
EVERYTHING = Choices(performance=True, functional=True)

_FIXED_CHOICES = {
    Action.ACCEPT_ALL: EVERYTHING,
    Action.REJECT_ALL: ESSENTIAL_ONLY,
    Action.WITHDRAW: ESSENTIAL_ONLY,
}


@dataclass(frozen=True, slots=True)
class Preference:
    """One recorded choice, the evidence of it, and never a word about who made it."""

    record_id: str
    event_id: str
    visitor_id: str
    site: str
    action: Action
    choices: Choices
    notice_sha256: str
    language: str
    gpc_script: bool
    gpc_header: bool
    origin: str
    source: str
    banner_build: str
    occurred_at: datetime
    recorded_at: datetime

    @property
    def effective_at(self) -> datetime:
        """When the choice counts from: never later than we heard of it, whatever clock made it."""
        return min(self.occurred_at, self.recorded_at)

    @property
    def expires_at(self) -> datetime:
        return self.effective_at + RETENTION

    @property
    def counts_from(self) -> datetime:
        """Where the choice stands among the visitor's others.

        A refusal counts from its arrival: a clock that was set back between the yes and the
        withdrawal, or a withdrawal that waited in an outbox, must not leave the yes in force.
        """
        return self.recorded_at if self.choices == ESSENTIAL_ONLY else self.effective_at

    def same_event(self, other: "Preference") -> bool:
        """Whether both came from the same body: a repeat, not a contradiction."""
        return _body_of(self) == _body_of(other)


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


def _body_of(preference: Preference) -> tuple[object, ...]:
    return (
        preference.action,
        preference.choices,
        preference.notice_sha256,
        preference.language,
        preference.gpc_script,
        preference.source,
        preference.banner_build,
        preference.occurred_at,
    )
