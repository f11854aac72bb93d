"""A message that goes out: its channel, its state, and what it says.

    queued ──> sending ──> sent ──> bounced | complained
      │  ^────────┘ │
      └─────────────┴────> dead

`sending` is a claim with a lease: who does not say `sent` in time is taken for dead, and the
message may be claimed again. A mail provider may report before we noted that we sent; so a bounce
or complaint counts from every state, and `sent` never takes one back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.notices.models import Language

TEMPLATES: Mapping[str, frozenset[str]] = {
    "sign_in_code": frozenset({"code", "minutes"}),
}
"""Every mail by the name of its template, and the values that it takes."""


class Channel(StrEnum):
    """The way on which a message goes out."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class State(StrEnum):
    """Where a message is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Message:
    """What of a message stands in clear. `at` is when it was queued, ms since 1970 UTC.

    `about` is the opaque id of what the message is about, `endpoint` that of a webhook's target.
    `reason` is a stable code: why it is dead, or what kind of bounce or complaint came.
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


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says and to whom; no part of it shows in a `repr`."""

    to: str = field(repr=False)
    language: Language
    values: Mapping[str, str] = field(repr=False)
