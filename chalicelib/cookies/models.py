"""Cookie preferences: the domain's values first, then what is on the wire."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from chalicelib.notices.models import Language
from chalicelib.wire import Answer, Moment, Wire

RETENTION = timedelta(days=180)
"""How long a choice holds, a refusal too; then the visitor is asked again."""


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


SITE_ID_PATTERN = r"^[a-z0-9-]{1,40}$"

OPAQUE_ID_PATTERN = r"^[0-9A-Za-z_-]{16,64}$"
"""ULIDs by our banner; whatever other clients make must be as opaque: no room for an address."""

type OpaqueId = Annotated[str, StringConstraints(pattern=OPAQUE_ID_PATTERN)]


class ChoicesIn(Wire):
    """The optional categories. `essential` may be named, but only as true."""

    performance: bool
    functional: bool
    essential: Literal[True] = True


class PreferenceIn(Wire):
    """The body of `POST /v1/sites/{site}/cookie-preferences`."""

    event_id: OpaqueId
    visitor_id: OpaqueId
    action: Literal["accept_all", "reject_all", "save", "withdraw"]
    choices: ChoicesIn
    notice_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    language: Language
    gpc: bool
    occurred_at: Moment
    source: Literal["button", "gpc", "api"] = "button"
    banner_build: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.-]{0,16}$")] = ""


class ChoicesOut(Answer):
    essential: Literal[True] = True
    performance: bool
    functional: bool


class PreferenceOut(Answer):
    """One recorded choice. `receipt` proves it later against the published checkpoints."""

    record_id: str
    visitor_id: str
    choices: ChoicesOut
    recorded_at: str
    expires_at: str
    receipt: str


class PreferenceEvent(PreferenceOut):
    """One entry of a visitor's history."""

    event_id: str
    action: Action
    occurred_at: str
    notice_sha256: str
    language: str
    gpc: bool
    source: str
    previous_record_id: str | None


class PreferencesView(Answer):
    """The choice in force and its history, newest first."""

    visitor_id: str
    state: State
    choices: ChoicesOut
    expires_at: str | None
    history: tuple[PreferenceEvent, ...]
    cursor: str | None
