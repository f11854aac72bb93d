"""What follows an incident, on the wire."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.incidents.aftermath.models import ActionState, Method, Step
from chalicelib.incidents.notices.wire import DutyId
from chalicelib.incidents.wire import Name, TextsIn
from chalicelib.wire import Answer, Moment, Wire

MAX_FOUND_BYTES = 64 * 1024
"""Of containment, root cause and lessons together: all of an aftermath is sealed as one."""

type ShortText = Annotated[str, StringConstraints(min_length=1, max_length=300)]
type Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class ContainmentIn(Wire):
    """What was done to stop it, and since when it is stopped."""

    measures: TextsIn
    contained_at: Moment


class RootCauseIn(Wire):
    """Why it happened, and how one knows."""

    method: Annotated[Method, Field(strict=False)]
    analysis: TextsIn
    contributing: Annotated[tuple[TextsIn, ...], Field(max_length=10)] = ()


class AftermathIn(Wire):
    """What is known of an incident's end and cause: what is left out is not known (yet)."""

    containment: ContainmentIn | None = None
    root_cause: RootCauseIn | None = None
    lessons: TextsIn | None = None


class PlanIn(Wire):
    """Who sees to it, an id of the staff or a name, and until when."""

    owner: Name
    due_at: Moment


class WhatIn(TextsIn):
    """An action in both languages, or in one for now."""

    en: ShortText | None = None
    id: ShortText | None = None


class RemedyIn(PlanIn):
    """A remediation action; of an incident there are 30 at most."""

    what: WhatIn


class DropIn(Wire):
    """Why an action is given up."""

    reasons: ShortText


class ReopenIn(Wire):
    """Why a closed incident is opened again."""

    reasons: Reason


class ReportIn(Wire):
    """The report to clients; a language that is left out is composed from what is known."""

    texts: TextsIn | None = None


class ApprovalIn(Wire):
    """Which report: the one that was read."""

    report_id: Annotated[str, Field(pattern=r"^[0-9A-Z]{26}$")]


class CloseIn(Wire):
    """Why it is over, where there is more to say than the parts do."""

    reasons: Reason | None = None


class DelayIn(Wire):
    """Why a duty was done late (GDPR 33(1)), where no notice said it."""

    duty: DutyId
    reasons: TextsIn


class MissingPart(Answer):
    """A part that is missing, and how: `missing`, `open`, `undecided`, `not_approved`.

    `supplement_missing`: a notice announced it, and none said it since. `untold`: somebody of that
    kind on the list was not told, or a client not of the report. `no_contact`: an affected client
    has nobody of that kind on the list. `running`: a computation still puts people there.
    `unconfirmed`: more clients are affected than the facts name, and nobody said that all are on
    the list. `reasons_missing`: the duty was done late, and nobody said why.
    """

    field: str
    code: str


class Missing(Answer):
    """What an incident lacks to be closed; empty when nothing does."""

    missing: tuple[MissingPart, ...]


class ContainmentView(Answer):
    measures: dict[str, str]
    contained_at: str


class RootCauseView(Answer):
    method: Method
    analysis: dict[str, str]
    contributing: tuple[dict[str, str], ...]


class RemedyLine(Answer):
    """A remediation action as far as it stands in clear."""

    action_id: str
    due_at: str
    state: ActionState
    ended_at: str | None
    reminders: int


class RemedyView(RemedyLine):
    what: dict[str, str]
    owner: str
    dropped_because: str | None


class ReportView(Answer):
    report_id: str
    texts: dict[str, str]
    author: str
    proposed_at: str
    approved_by: str | None
    approved_at: str | None


class TurnView(Answer):
    step: Step
    by: str
    at: str
    reasons: str | None


class AftermathLine(Answer):
    """What follows an incident as far as it stands in clear: its remediation actions' dates."""

    incident_id: str
    actions: tuple[RemedyLine, ...]


class Planned(AftermathLine):
    """`action_id` is the new one's."""

    action_id: str


class AftermathView(Answer):
    """What follows an incident with all that is known."""

    incident_id: str
    containment: ContainmentView | None
    root_cause: RootCauseView | None
    actions: tuple[RemedyView, ...]
    lessons: dict[str, str]
    client_report: ReportView | None
    turns: tuple[TurnView, ...]
