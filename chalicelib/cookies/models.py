"""Cookie preferences on the wire."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from chalicelib.clock import rfc3339
from chalicelib.cookies.rules import Action, Choices, Preference, State
from chalicelib.notices.models import Language
from chalicelib.wire import Wire

OPAQUE_ID_PATTERN = r"^[0-9A-Za-z_-]{16,64}$"
"""ULIDs by our banner; whatever other clients make must be as opaque: no room for an address."""

type OpaqueId = Annotated[str, StringConstraints(pattern=OPAQUE_ID_PATTERN)]


def _rfc3339_text(value: object) -> object:
    # pydantic also reads bare numbers and dates as moments; the contract is RFC 3339.
    if not isinstance(value, str) or not _RFC3339.match(value):
        raise ValueError("not RFC 3339")
    return value


_RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$")


def _whole_milliseconds(moment: datetime) -> datetime:
    # What is stored is what a repeat is compared with, and milliseconds are stored.
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, seen from another zone
        raise ValueError("out of the calendar") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


type Moment = Annotated[
    AwareDatetime,
    Field(strict=False),  # strict would take no text at all after the check before it
    BeforeValidator(_rfc3339_text),
    AfterValidator(_whole_milliseconds),
]


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


class ChoicesOut(Wire):
    essential: Literal[True] = True
    performance: bool
    functional: bool


class PreferenceOut(Wire):
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


class PreferencesView(Wire):
    """The choice in force and its history, newest first."""

    visitor_id: str
    state: State
    choices: ChoicesOut
    expires_at: str | None
    history: tuple[PreferenceEvent, ...]
    cursor: str | None


def choices_out(choices: Choices) -> ChoicesOut:
    return ChoicesOut(performance=choices.performance, functional=choices.functional)


def preference_out(preference: Preference, receipt: str) -> PreferenceOut:
    """The answer to a recorded choice."""
    return PreferenceOut(
        record_id=preference.record_id,
        visitor_id=preference.visitor_id,
        choices=choices_out(preference.choices),
        recorded_at=rfc3339(preference.recorded_at),
        expires_at=rfc3339(preference.expires_at),
        receipt=receipt,
    )


def preference_event(
    preference: Preference, receipt: str, previous_record_id: str | None
) -> PreferenceEvent:
    """A history entry."""
    return PreferenceEvent(
        **preference_out(preference, receipt).model_dump(),
        event_id=preference.event_id,
        action=preference.action,
        occurred_at=rfc3339(preference.occurred_at),
        notice_sha256=preference.notice_sha256,
        language=preference.language,
        gpc=preference.gpc_script or preference.gpc_header,
        source=preference.source,
        previous_record_id=previous_record_id,
    )
