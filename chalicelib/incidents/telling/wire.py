"""Tellings of breach notices on the wire."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from chalicelib.wire import Answer, Moment, Wire

MAX_BODY_BYTES = 4 * 1024

type Where = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class ToldIn(Wire):
    """How and when somebody was told whom no mail reached."""

    means: Literal["letter", "phone", "in_person", "platform"]
    at: Moment


class ToldPubliclyIn(Wire):
    """When and where all were told whom nothing else reaches (GDPR 34(3)(c))."""

    at: Moment
    where: Where


class PublicWordView(Answer):
    """That all were told in public, and who of the staff says so."""

    at: str
    by: str
    where: str


class TellingLine(Answer):
    """How far a telling is. `told` counts mails, `unreachable` those without an address for one.

    `done_at` is when the last one was told, the first time that everybody was. While it is
    `unreached` somebody was not: see the ledger, and note how they were told.
    """

    incident_id: str
    notice_id: str
    recipient: str
    drill: bool
    state: str
    round: int
    started_at: str
    done_at: str | None
    told: int
    unreachable: int


class BreachTellingView(TellingLine):
    """With how many have each outcome, counted line by line, and what was said in public."""

    outcomes: dict[str, int]
    in_public: PublicWordView | None


class LedgerLine(Answer):
    """Who was told, when, and what became of it. `mail` is the outcome of the mail alone."""

    recipient_id: str
    channel: str
    language: str
    message_id: str | None
    queued_at: str
    outcome: str
    mail: str
    at: str
    reason: str | None
    means: str | None
    means_at: str | None
    means_by: str | None


class LedgerPage(Answer):
    """A page of a ledger; with a `cursor` there is more, even where the page is short or empty."""

    lines: tuple[LedgerLine, ...]
    cursor: str | None
