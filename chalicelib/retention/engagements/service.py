"""Ending a client's engagement, and what became of it (privacy policy, section 6)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, rfc3339, to_millis
from chalicelib.errors import Conflict, FieldError, InvalidInput, NotFound
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.engagements.models import Engagement
from chalicelib.retention.engagements.store import EngagementMoved, EngagementStore
from chalicelib.tables.transactions import Action, RunCommand

END_WORK = "end_engagement"
"""The kind of work in the outbox that tells a client's records of the end and plans it."""
CERTIFY_WORK = "certify_engagement"
"""The kind of work that looks whether all has gone that was to go, and says so."""


RESERVE = 10_000
"""ms kept for the engagement at hand."""


class UnknownEngagement(NotFound):
    """The client's engagement was not ended."""

    code = "unknown_engagement"


class EngagementEnded(Conflict):
    """The engagement ended at another moment already."""

    code = "engagement_ended"


class NotCertified(NotFound):
    """Not all has gone yet that is to go."""

    code = "not_certified"


@dataclass(slots=True)
class Looking:
    """How many engagements were handed to a worker, to see whether all has gone."""

    looked_at: int = 0


class Engagements:
    """Ends engagements and shows them."""

    def __init__(
        self,
        store: EngagementStore,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def end(self, client: str, ended_at: datetime, staff_id: str) -> Engagement:
        """The client's engagement ended at `ended_at` (aware). A repeat changes nothing.

        Raises `EngagementEnded`, `InvalidInput` for a moment in the future.
        """
        now = from_millis(to_millis(self._clock.now()))
        if ended_at > now:
            raise InvalidInput(FieldError("ended_at", "in_the_future"))

        def build() -> list[Action]:
            if self._store.get(client) is not None:
                raise _Standing
            actor = Actor("staff", staff_id)
            facts = {"ended_at": rfc3339(ended_at)}
            return [
                self._store.change(Engagement(client, ended_at, now, staff_id)),
                *self._trail.actions(entity_of(client), actor, "engagement.ended", facts),
                *self._outbox.work(END_WORK, client).actions,
            ]

        with suppress(_Standing, EngagementMoved):
            self._run_command(build)
        standing = self.show(client)
        if standing.ended_at != ended_at:
            raise EngagementEnded
        return standing

    def show(self, client: str) -> Engagement:
        """How far the end has come. Raises `UnknownEngagement`."""
        engagement = self._store.get(client)
        if engagement is None:
            raise UnknownEngagement
        return engagement

    def certificate(self, client: str) -> str:
        """The certificate, a compact JWS (RFC 7515, ES256) that anybody checks with the published
        keys. Raises `UnknownEngagement`, `NotCertified`."""
        certificate = self.show(client).certificate
        if not certificate:
            raise NotCertified
        return certificate

    def hand_out(self, remaining_ms: Callable[[], int]) -> Looking:
        """Has all engagements looked at whose time it is, until `remaining_ms` runs low."""
        report = Looking()
        for client in self._store.to_look_at(self._clock.now()):
            if remaining_ms() < RESERVE:
                break
            self._run_command(partial(self._look_at, client))
            report.looked_at += 1
        return report

    def _look_at(self, client: str) -> list[Action]:
        return self._outbox.work(CERTIFY_WORK, client).actions


class _Standing(Exception):
    """The engagement ended before. Never leaves this module."""


def entity_of(client: str) -> Entity:
    """What the trail calls a client's engagement."""
    return Entity("engagement", client)
