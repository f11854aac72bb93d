"""The schedule as it is written down: JSON on the wire and in the table, TOML for the first one."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from chalicelib.errors import Internal
from chalicelib.retention.schedule.models import (
    Limit,
    Mandate,
    Means,
    Period,
    Role,
    Schedule,
    Trigger,
    Unit,
)
from chalicelib.wire import Wire

MAX_BODY_BYTES = 128 * 1024
CATEGORY_PATTERN = r"^[a-z][a-z0-9_.]{0,47}$"
_RULE_PATTERN = r"^[a-z][a-z0-9_]{0,47}$"
_MOST = {"hours": 1200, "days": 1200, "months": 600, "years": 50}
"""How long an archive may be locked: half of the hundred years that S3 can."""
_STANDARD = Path(__file__).parent / "standard.toml"

type RuleId = Annotated[str, StringConstraints(pattern=_RULE_PATTERN)]
type Category = Annotated[str, StringConstraints(pattern=CATEGORY_PATTERN)]
type Said = Annotated[str, StringConstraints(min_length=1, max_length=300)]
type RoleName = Literal["controller", "processor"]
type TriggerName = Literal[
    "collected", "last_used", "end_of_engagement", "consent_withdrawn", "request", "closed"
]


class StandardInvalid(Internal):
    """The schedule that ships with this code cannot be read; a release has none such."""

    code = "standard_schedule_invalid"


class Texts(Wire):
    """English and Indonesian."""

    en: Said
    id: Said

    def by_language(self) -> dict[str, str]:
        return {"en": self.en, "id": self.id}


class PeriodText(Wire):
    """Hours and days are elapsed time; months and years are the calendar's, in Jakarta."""

    amount: Annotated[int, Field(ge=0, le=1200)]
    unit: Literal["hours", "days", "months", "years"]

    def period(self) -> Period:
        return Period(self.amount, Unit(self.unit))


class _RuleText(Wire):
    id: RuleId
    label: Texts
    roles: Annotated[tuple[RoleName, ...], Field(min_length=1, max_length=2, strict=False)]
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=40, strict=False)]
    trigger: TriggerName
    period: PeriodText
    ground: Said


class LimitText(_RuleText):
    """Not longer than this (docs/retention.md). `archived_for` is how long an archive is kept."""

    means: Literal["delete", "anonymise", "archive", "destroy_key"]
    archived_for: PeriodText | None = None
    yields_to: Annotated[tuple[RuleId, ...], Field(max_length=40, strict=False)] = ()

    @model_validator(mode="after")
    def _says_how_long_archived(self) -> Self:
        if (self.means == "archive") != (self.archived_for is not None):
            raise ValueError("an archive, and only that, is kept for a time")
        if self.archived_for and not 1 <= self.archived_for.amount <= _MOST[self.archived_for.unit]:
            raise ValueError("an archive is kept for up to fifty years")
        return self

    def limit(self) -> Limit:
        return Limit(
            self.id,
            self.label.by_language(),
            frozenset(map(Role, self.roles)),
            frozenset(self.categories),
            Trigger(self.trigger),
            self.period.period(),
            self.ground,
            means=Means(self.means),
            archived_for=self.archived_for.period() if self.archived_for else None,
            yields_to=frozenset(self.yields_to),
        )


class YearEnd(Wire):
    """The last day of the tax or book year."""

    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]


class MandateText(_RuleText):
    """At least that long. `applies_if` is a condition; whether it is met says `in_force`."""

    year_end: YearEnd | None = None
    applies_if: Texts | None = None
    in_force: bool = True

    @model_validator(mode="after")
    def _counts_years(self) -> Self:
        if self.year_end and self.period.unit != "years":
            raise ValueError("only years count from the end of a year")
        return self

    def mandate(self) -> Mandate:
        return Mandate(
            self.id,
            self.label.by_language(),
            frozenset(map(Role, self.roles)),
            frozenset(self.categories),
            Trigger(self.trigger),
            self.period.period(),
            self.ground,
            year_end=(self.year_end.month, self.year_end.day) if self.year_end else None,
            applies_if=self.applies_if.by_language() if self.applies_if else {},
            in_force=self.in_force,
        )


class ScheduleText(Wire):
    """A whole schedule."""

    limits: Annotated[tuple[LimitText, ...], Field(min_length=1, max_length=200, strict=False)]
    mandates: Annotated[tuple[MandateText, ...], Field(max_length=100, strict=False)] = ()

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        names = [each.id for each in (*self.limits, *self.mandates)]
        if len(set(names)) != len(names):
            raise ValueError("two rules have one id")
        mandates = {each.id for each in self.mandates}
        if any(not mandates.issuperset(each.yields_to) for each in self.limits):
            raise ValueError("a limit yields to what is no mandate")
        return self

    def schedule(self) -> Schedule:
        return Schedule(
            tuple(each.limit() for each in self.limits),
            {each.id: each.mandate() for each in self.mandates},
        )

    def canonical(self) -> str:
        """The JSON text that says this: one for all orders of roles, categories and mandates."""
        said = self.model_dump(mode="json", exclude_none=True)
        for rule in (*said["limits"], *said["mandates"]):
            for name in ("roles", "categories", "yields_to"):
                if name in rule:
                    rule[name] = sorted(set(rule[name]))
        return json.dumps(
            said,
            ensure_ascii=False,
            separators=(",", ":"),
            sort_keys=True,
        )


def read_schedule(text: str) -> Schedule:
    """The schedule in the JSON `text`, which was accepted before."""
    return ScheduleText.model_validate_json(text).schedule()


def standard() -> ScheduleText:
    """The first schedule: what the privacy policy says, and our own choices where it is silent.

    Raises `StandardInvalid`.
    """
    try:
        tables = tomllib.loads(_STANDARD.read_text("utf-8"))
        return ScheduleText.model_validate_json(json.dumps(tables))
    except (ValidationError, tomllib.TOMLDecodeError):
        raise StandardInvalid from None
