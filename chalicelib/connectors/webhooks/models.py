"""Webhook endpoints: the domain's values first, then what is on the wire."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.clock import to_millis
from chalicelib.connectors.webhooks.signing import SigningSecret
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key
from chalicelib.wire import Answer, Wire

ENDPOINT_ID_PATTERN = r"^[0-9A-Za-z]{26}$"
OVERLAP = timedelta(hours=24)
"""How long a secret that was replaced still signs beside the new one."""


class EndpointState(StrEnum):
    """Whether events are sent to an endpoint; while it is paused they become its dead letters."""

    ACTIVE = "active"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What of an endpoint stands in clear. Times are ms since 1970 UTC.

    Until `rests_until` nothing is sent to it: a moment ago it did not answer. `item` is what stands
    in the table.
    """

    id: str
    state: EndpointState
    events: tuple[str, ...]
    at: int
    rev: int
    rests_until: int = 0
    item: Item = field(repr=False, compare=False, kw_only=True)

    def rests(self, now: datetime) -> bool:
        return to_millis(now) < self.rests_until


@dataclass(frozen=True, slots=True)
class FormerSecret:
    """A secret that was replaced, and when it ends, ms since 1970 UTC."""

    secret: SigningSecret
    until: int


@dataclass(frozen=True, slots=True)
class Confidential:
    """What of an endpoint is sealed: where it is and what it shares with us."""

    url: str = field(repr=False)
    secret: SigningSecret
    former: tuple[FormerSecret, ...] = ()

    def signers(self, now: datetime) -> list[SigningSecret]:
        """The secrets that sign at `now`, the present one first."""
        return [self.secret, *(each.secret for each in self._living(now))]

    def rotated(self, secret: SigningSecret, now: datetime) -> "Confidential":
        """With `secret` in place of the present one, which still signs for `OVERLAP`."""
        replaced = FormerSecret(self.secret, to_millis(now + OVERLAP))
        return Confidential(self.url, secret, (replaced, *self._living(now)))

    def _living(self, now: datetime) -> tuple[FormerSecret, ...]:
        return tuple(each for each in self.former if to_millis(now) < each.until)


@dataclass(frozen=True, slots=True)
class Issued:
    """A secret just made, and when the one before it ends (aware; for a new endpoint: now).

    None instead of the secret when the call was a repeat: a secret is kept sealed in its endpoint
    and nowhere else, so that nobody is shown it again.
    """

    endpoint_id: str
    secret: SigningSecret | None
    previous_valid_until: datetime


@dataclass(frozen=True, slots=True)
class EndpointPage:
    """Some endpoints with their URLs, and the key to go on from, None at the end."""

    endpoints: list[tuple[Endpoint, str]] = field(repr=False)
    last: Key | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that its endpoint did not get. `at` is when it was given up, ms since 1970 UTC.

    `reason` is a stable code; `ends_at`, in seconds since 1970 UTC, is when the event itself ends.
    """

    endpoint_id: str
    message_id: str
    event: str
    reason: str
    attempts: int
    at: int
    ends_at: int


type EventType = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=64)
]


class WebhookIn(Wire):
    """Where to send which events."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    events: Annotated[tuple[EventType, ...], Field(min_length=1, max_length=20)]


class NewWebhook(Answer):
    """The only answer that ever shows this secret; null in the answer to a repeated call."""

    endpoint_id: str
    secret: str | None


class RotatedSecret(NewWebhook):
    """The secret before still signs until `previous_valid_until`."""

    previous_valid_until: str


class WebhookView(Answer):
    """An endpoint as the staff sees it."""

    endpoint_id: str
    url: str
    events: tuple[str, ...]
    state: EndpointState
    created_at: str


class WebhookList(Answer):
    """A page of the endpoints, in the order of their registration."""

    webhooks: tuple[WebhookView, ...]
    cursor: str | None


class DeadLetterView(Answer):
    """An event that was given up; what it says is not shown."""

    message_id: str
    event: str
    reason: str
    attempts: int
    given_up_at: str


class WebhookDetail(WebhookView):
    """An endpoint with a page of its dead letters, oldest first."""

    dead_letters: tuple[DeadLetterView, ...]
    cursor: str | None


class RedriveView(Answer):
    """How many dead letters were queued again, and whether there are more."""

    redriven: int
    remaining: bool


class RemovedWebhook(Answer):
    """Nothing is sent there any more."""

    endpoint_id: str
