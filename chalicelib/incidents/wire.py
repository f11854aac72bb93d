"""Incidents on the wire."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from chalicelib.identity.models import Email
from chalicelib.incidents.models import (
    Kind,
    Nature,
    Recipient,
    Severity,
    Source,
    Status,
)
from chalicelib.incidents.rules import MOST_CLIENTS
from chalicelib.law.models import Party
from chalicelib.wire import Answer, Moment, Wire

MAX_BODY_BYTES = 128 * 1024

type Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]
type LongText = Annotated[str, StringConstraints(min_length=1, max_length=8000)]
type Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
type ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
type StaffId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
type Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
type Category = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
type Count = Annotated[int, Field(ge=0, le=10_000_000_000)]
type Loss = Literal[0, 25, 50]


class TextsIn(Wire):
    """The same in both languages, or in one for now."""

    en: LongText | None = None
    id: LongText | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.en is None and self.id is None:
            raise ValueError("says nothing")
        return self


class PlatformReportIn(Wire):
    """The body of `POST /v1/incidents`: what is left out is not known (yet).

    `clients` are opaque ids.
    """

    title: Title
    nature: TextsIn | None = None
    kinds: Annotated[tuple[Annotated[Kind, Field(strict=False)], ...], Field(max_length=3)] = ()
    occurred_from: Moment | None = None
    occurred_until: Moment | None = None
    systems: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    people: Count | None = None
    records: Count | None = None
    clients: Annotated[tuple[ClientId, ...], Field(max_length=MOST_CLIENTS)] = ()


class FactsIn(PlatformReportIn):
    """What is known: what is left out is not known (yet).

    `categories` are ids of the policy's categories of data or their items; `countries` where
    affected people are; `more_clients`, that more clients are affected than have a place here.
    Of what is known already it stays as it is where it is left out.
    """

    how: TextsIn | None = None
    role: Party = Field(Party.CONTROLLER, strict=False)
    categories: Annotated[tuple[Category, ...], Field(max_length=60)] = ()
    more_clients: bool | None = None
    countries: Annotated[tuple[Country, ...], Field(max_length=60)] = ()
    consequences: TextsIn | None = None
    measures: TextsIn | None = None
    recovery: TextsIn | None = None
    public_interest: bool = False
    unintelligible: bool = False


class Reported(Answer):
    """The incident that a report made."""

    incident_id: str
    recorded_at: str


class ReportIn(FactsIn):
    """The body of `POST /v1/staff/incidents`. A drill sends nothing outside."""

    drill: bool = False


class RevisionIn(FactsIn):
    """What is known now. With the `revision` that the incident was read at it is refused where
    somebody changed it since; without, where it leaves out clients that are known (the list and
    computations add to them)."""

    revision: Annotated[int, Field(ge=1)] | None = None


class AwareIn(Wire):
    """Since when we know of it, and why that is so."""

    aware_at: Moment
    reasons: LongText


class CorrectionIn(AwareIn):
    """`deadlines`: whether the dates stand or move with it. Nothing moves unsaid."""

    deadlines: Literal["keep", "move"]


class NatureIn(Wire):
    """Whether it is a personal data breach, and why."""

    nature: Annotated[Nature, Field(strict=False)]
    reasons: LongText


class AssessmentIn(Wire):
    """By ENISA's methodology. `severity` may overrule the score's if `reasons` say why."""

    context: Literal[1, 2, 3, 4]
    ease: Literal[25, 50, 75, 100]
    confidentiality: Loss
    integrity: Loss
    availability: Loss
    malicious: bool
    severity: Annotated[Severity, Field(strict=False)] | None = None
    reasons: LongText | None = None


class HandlerIn(Wire):
    """Who handles it, by the id that the staff's account shows, and the address of alarms."""

    handler: StaffId
    email: Email


class ReasonsIn(Wire):
    """Why."""

    reasons: LongText


class DutyView(Answer):
    """Who has to be told. `explanation` says in words why the date is what it is."""

    id: str
    recipient: Recipient
    law: str
    article: str
    state: str
    because: tuple[str, ...]
    due_at: str | None
    explanation: dict[str, tuple[str, ...]]
    done_at: str | None
    alarms: int


class IncidentLine(Answer):
    """An incident as the register lists it: nothing of what happened."""

    incident_id: str
    source: Source
    drill: bool
    status: Status
    nature: Nature
    severity: Severity | None
    reported_by: str
    handler: str | None
    recorded_at: str
    aware_at: str | None
    closed_at: str | None
    duties: tuple[DutyView, ...]


class IncidentList(Answer):
    """A page of the register, the newest first."""

    incidents: tuple[IncidentLine, ...]
    cursor: str | None


class CategoryView(Answer):
    id: str
    specific: bool


class FactsView(Answer):
    """What is known. `specific` marks specific personal data (UU PDP 4(2))."""

    title: str
    nature: dict[str, str]
    how: dict[str, str]
    role: Party
    kinds: tuple[Kind, ...]
    occurred_from: str | None
    occurred_until: str | None
    systems: tuple[str, ...]
    categories: tuple[CategoryView, ...]
    people: int | None
    records: int | None
    clients: tuple[str, ...]
    more_clients: bool
    countries: tuple[str, ...]
    consequences: dict[str, str]
    measures: dict[str, str]
    recovery: dict[str, str]
    public_interest: bool
    unintelligible: bool


class AwarenessView(Answer):
    """The decision; `statement` is signed (JWS, ES256)."""

    aware_at: str
    decided_by: str
    decided_at: str
    reasons: str
    statement: str


class AssessmentView(Answer):
    """`score` and the losses are in hundredths."""

    context: int
    ease: int
    confidentiality: int
    integrity: int
    availability: int
    malicious: bool
    score: int
    severity: Severity
    reasons: str
    assessed_by: str
    assessed_at: str


class JudgementView(Answer):
    nature: Nature
    because: str


class IncidentView(IncidentLine):
    """An incident with all that is known of it."""

    facts: FactsView
    nature_because: str | None
    awareness: AwarenessView | None
    assessment: AssessmentView | None
    late_because: dict[str, dict[str, str]]
    earlier_awareness: tuple[AwarenessView, ...]
    earlier_assessments: tuple[AssessmentView, ...]
    earlier_judgements: tuple[JudgementView, ...]
    revision: int
