"""A message that goes out: its channel, its state, and what it says.

    queued ──> sending ──> sent ──> delivered ──> bounced | complained
      │  ^────────┘ │
      └─────────────┴────> dead

`sending` is a claim with a lease: who does not say `sent` in time is taken for dead, and the
message may be claimed again. A mail provider may report before we noted that we sent; so what it
reports counts from every state, and `sent` never takes it back. `delivered` says that the reader's
server took a mail, nothing of a reader; a bounce may follow, and is not taken back by it.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.notices.models import Language
from chalicelib.tables.codec import Item


@dataclass(frozen=True, slots=True)
class Template:
    """The values that a mail takes, and its `life`: how long after it was queued it is of use.

    One that is `written` has no files: somebody else writes its text (mail.py).
    """

    values: frozenset[str]
    life: timedelta
    written: bool = False


_CODE = Template(frozenset({"code", "minutes"}), timedelta(minutes=10))

_CHANGE = Template(frozenset({"notice", "version", "effective_on", "summary"}), timedelta(days=14))

_NEWS = Template(frozenset({"request_id"}), timedelta(days=7))

TEMPLATES: Mapping[str, Template] = {
    "agent_code": Template(_CODE.values | {"agent", "agent_address"}, _CODE.life),
    "breach_notice": Template(
        frozenset({"incident_id", "notice_id"}), timedelta(days=14), written=True
    ),
    "consent_ends": Template(frozenset({"ends_on"}), timedelta(days=14)),
    "hold_review": Template(
        frozenset({"hold_id", "kind", "placed_at", "review_at", "days"}), timedelta(days=7)
    ),
    "incident_alarm": Template(
        frozenset({"incident_id", "drill", "waiting", "due_at", "hours"}), timedelta(hours=24)
    ),
    "incident_corrected": Template(
        frozenset({"incident_id", "drill", "was", "now", "dates_were", "dates"}), timedelta(days=7)
    ),
    "incident_draft": Template(
        frozenset({"incident_id", "provider", "severity"}), timedelta(days=7)
    ),
    "incident_released": Template(
        frozenset({"incident_id", "drill", "released"}), timedelta(days=7)
    ),
    "incident_undecided": Template(
        frozenset({"incident_id", "drill", "hours"}), timedelta(hours=24)
    ),
    "incident_reported": Template(frozenset({"incident_id", "drill"}), timedelta(days=7)),
    "notice_change": _CHANGE,
    "notice_change_asks": _CHANGE,
    "remediation_due": Template(
        frozenset({"incident_id", "drill", "actions", "count"}), timedelta(days=7)
    ),
    "request_alert": Template(
        frozenset({"request_id", "type", "law", "article", "due_at", "hours"}), timedelta(hours=24)
    ),
    "request_code": _CODE,
    "request_copy_ready": _NEWS,
    "request_corrected": _NEWS,
    "request_erased": _NEWS,
    "request_extended": Template(_NEWS.values | {"reason"}, _NEWS.life),
    "request_held": Template(_NEWS.values | {"review_on"}, _NEWS.life),
    "request_lapsed": Template(_NEWS.values | {"days"}, _NEWS.life),
    "request_paused": _NEWS,
    "request_refused": Template(_NEWS.values | {"ground"}, _NEWS.life),
    "request_restricted": _NEWS,
    "sign_in_code": _CODE,
    "stop_alert": Template(
        frozenset({"stop_order", "purpose", "processors", "law", "article", "stop_by", "hours"}),
        timedelta(hours=24),
    ),
    "sweep_tripped": Template(frozenset({"run", "due", "allowed"}), timedelta(days=7)),
}
"""Every mail by the name of its template."""

_BREAKING_OUT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that no value may hold: controls (CR, LF, NUL), formats (bidi overrides, zero
widths), surrogates, private and unassigned characters, line and paragraph separators."""


class UnfitForMail(InvalidInput):
    """A value is more than one line of plain text, so it could pass for another part of a mail."""

    code = "unfit_for_mail"

    def __init__(self, name: str) -> None:
        super().__init__(FieldError(name, "not_one_line"))


class Channel(StrEnum):
    """The way on which a message goes out; `work` is what we do ourselves, later."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    WORK = "work"


class State(StrEnum):
    """Where a message is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Message:
    """What of a message stands in clear. `at` is when it was queued, ms since 1970 UTC.

    `about` is the opaque id of what the message is about, `endpoint` that of a webhook's target.
    `reason` is a stable code: why it is dead, or what kind of bounce or complaint came. `attempts`
    counts those that failed (webhooks), `handed` those whose outcome is not known (mail); nobody
    can claim it before `lease`, ms since 1970 UTC.
    `ends_at`, in seconds since 1970 UTC, is when it expires. `item` is what stands in the table.
    """

    id: str
    channel: Channel
    kind: str
    state: State
    at: int
    rev: int
    endpoint: str | None = None
    about: str | None = None
    reason: str | None = None
    attempts: int = 0
    handed: int = 0
    lease: int = 0
    ends_at: int = 0
    item: Item = field(repr=False, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says and to whom; no part of it shows in a `repr`."""

    to: str = field(repr=False)
    language: Language
    values: Mapping[str, str] = field(repr=False)


def check_values(values: Mapping[str, str]) -> None:
    """Raises `UnfitForMail` unless each of `values` is one line of plain text.

    Escaping keeps a value inside its HTML element; this keeps it inside its line, so that a hostile
    name makes neither a header nor a paragraph of its own and does not turn the text around it.
    """
    for name, value in values.items():
        if any(unicodedata.category(char) in _BREAKING_OUT for char in value):
            raise UnfitForMail(name)
