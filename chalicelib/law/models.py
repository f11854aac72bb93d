"""A law's rules as values. Every number in them comes from a pack; the code has none.

``Confidence`` says how well a row was researched: V the text itself was read, V2 a secondary
source, M general knowledge. None of it is legal advice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Unit(StrEnum):
    """How a period is counted. Only hours run to the minute; the others end with a local day."""

    HOURS = "hours"
    DAYS = "days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"


class Start(StrEnum):
    """What starts a clock."""

    RECEIPT = "receipt"
    LATEST = "latest"  # of receipt, proof of identity and fee
    WITHDRAWAL = "withdrawal"
    AWARENESS = "awareness"
    ASSESSMENT = "assessment"
    SIGNAL = "signal"
    ACT = "act"
    CHANGE = "change"


class Timing(StrEnum):
    """What the law says about time. Only the first two give a date."""

    WITHIN = "within"
    KEEP = "keep"  # not to be deleted before
    NONE_STATED = "none_stated"
    NO_UNDUE_DELAY = "no_undue_delay"
    AT_ONCE = "at_once"
    BEFORE = "before"
    BEFORE_AND_AFTER = "before_and_after"


class LimitBy(StrEnum):
    """Whose limit it is: where a law states none the privacy policy may; a promise needs no law."""

    LAW = "law"
    POLICY = "policy"
    PROMISE = "promise"


class Threshold(StrEnum):
    """From what on a rule applies at all."""

    NONE = "none"
    RISK = "risk"  # unless a risk to people is unlikely
    HIGH_RISK = "high_risk"
    PUBLIC_INTEREST = "public_interest"  # public services disturbed, or the public interest hit


class Confidence(StrEnum):
    V = "V"
    V2 = "V2"
    M = "M"


class Party(StrEnum):
    CONTROLLER = "controller"
    PROCESSOR = "processor"


class PauseReason(StrEnum):
    """Why a clock may wait for the person."""

    IDENTITY = "identity"
    CLARIFICATION = "clarification"


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in English and Indonesian."""

    en: str
    id: str


@dataclass(frozen=True, slots=True)
class Period:
    """`amount` of `unit`, at least one."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: a right that people have or an event that happens, and the clock that it starts.

    ``rights`` are types of requests; ``event`` is anything else. ``limit`` is present where
    ``timing`` gives a date. ``extension`` is added to the limit, counted from the same start; the
    person is told by the first due date. ``rolls``: a last day that is no working day moves to the
    next. ``pauses`` are the waits that count under this law. Below its ``threshold`` it asks
    nothing. In force from the first day of ``in_force_from`` to the last of ``in_force_until``.
    """

    id: str
    article: str
    about: Text
    rights: frozenset[str] = frozenset()
    event: str | None = None
    binds: Party = Party.CONTROLLER
    starts: Start
    timing: Timing
    limit: Period | None = None
    limit_by: LimitBy = LimitBy.LAW
    extension: Period | None = None
    rolls: bool = False
    pauses: frozenset[PauseReason] = frozenset()
    threshold: Threshold = Threshold.NONE
    note: Text | None = None
    source: str
    confidence: Confidence
    in_force_from: date
    in_force_until: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether this version of the row governs what began on the local day `on`."""
        return self.in_force_from <= on and (
            self.in_force_until is None or on <= self.in_force_until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why one of ``rights`` may be refused or limited, with its citation."""

    id: str
    article: str
    text: Text
    rights: frozenset[str]
    source: str
    confidence: Confidence
    in_force_from: date


@dataclass(frozen=True, slots=True)
class Place:
    """Where days are counted: a time zone, and the calendars of public holidays.

    A day is a holiday where **all** calendars have it, so that a date is never later than under
    any of them. Without a calendar only Saturday and Sunday are no working days.
    """

    id: str
    zone: str
    calendars: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One jurisdiction's rules at one version. ``law`` is how its articles are cited."""

    id: str
    version: str
    name: Text
    law: str
    default_place: str
    places: Mapping[str, Place]
    rules: tuple[Rule, ...]
    grounds: tuple[Ground, ...]

    def rule_for(self, right: str, on: date) -> Rule | None:
        """The rule that answers a request of type `right` received on the local day `on`.

        None where this law has no rule for it, or none yet on that day.
        """
        return next(
            (rule for rule in self.rules if right in rule.rights and rule.in_force(on)), None
        )

    def rule_on(self, event: str, on: date) -> Rule | None:
        """The rule for an `event` that began on the local day `on`, else None."""
        return next(
            (rule for rule in self.rules if rule.event == event and rule.in_force(on)), None
        )

    def grounds_for(self, right: str, on: date) -> tuple[Ground, ...]:
        """The grounds on which a request of type `right` may be refused or limited on `on`."""
        return tuple(
            each for each in self.grounds if right in each.rights and each.in_force_from <= on
        )

    def place(self, place: str | None) -> Place:
        """The place with this id; the default one for None. Raises `ValueError` for a stranger."""
        found = self.places.get(place or self.default_place)
        if found is None:
            raise ValueError(f"{self.id} knows no such place")
        return found
