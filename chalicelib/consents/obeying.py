"""What a person's requests do to what counts: the gate obeys them from the same moment on.

Restriction (UU PDP 41, GDPR 18), objection (GDPR 21), withdrawal by request (UU PDP 40), erasure.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.consents.attachment_store import Attachment, AttachmentStore
from chalicelib.consents.book import ConsentBook
from chalicelib.consents.event_store import EventStore
from chalicelib.consents.models import (
    VALID,
    Channel,
    ConsentEvent,
    Evidence,
    Method,
    Standing,
    State,
)
from chalicelib.consents.proofs import Proofs, shows
from chalicelib.consents.standing_store import StandingStore
from chalicelib.errors import Conflict
from chalicelib.tables.transactions import Action, RunCommand

_AT_ONCE = 50


type Without = Callable[[Standing], tuple[str | None, Standing]]
"""The request that did something to a standing, and the standing without it."""


class NotRestricted(Conflict):
    """Nothing restricts the processing of the person's data."""

    code = "not_restricted"


class _NothingToEnd(Exception):
    """No consent of the person is valid (any more)."""


class Obeying:
    """Makes the writes, for the transaction that ends a request, and for the staff."""

    def __init__(
        self,
        standings: StandingStore,
        events: EventStore,
        attachments: AttachmentStore,
        book: ConsentBook,
        proofs: Proofs,
        trail: Trail,
        run_command: RunCommand,
    ) -> None:
        self._standings = standings
        self._events = events
        self._attachments = attachments
        self._book = book
        self._proofs = proofs
        self._trail = trail
        self._run_command = run_command

    def restriction(self, subject_id: str, request_id: str) -> list[Action]:
        """The writes that allow nothing but storage, and what a law requires."""
        standing = replace(self._standing(subject_id), restricted_by=request_id)
        return self._changed(standing, request_id, "subject.restricted")

    def objection(self, subject_id: str, request_id: str) -> list[Action]:
        """The writes that allow nothing any more that rests on a legitimate interest."""
        standing = replace(self._standing(subject_id), objected_by=request_id)
        return self._changed(standing, request_id, "subject.objected")

    def withdrawal(self, subject_id: str, request_id: str, received_at: datetime) -> list[Action]:
        """The writes that withdraw all that the person had given; none where nothing stands.

        The 72 hours of UU PDP 40 run from `received_at` (aware). Raises `KeyDestroyed`.
        """
        evidence = Evidence(Method.REQUEST, Channel.PRIVACY_OFFICE, detail=request_id)
        actor = Actor("request", request_id)
        return self._book.withdrawal_of_all(subject_id, evidence, actor, received_at)

    def terminate(self, subject_id: str, request_id: str) -> None:
        """Ends all that the person had given, before they are erased: processors and subscribers
        hear of it. May be repeated."""

        def build() -> list[Action]:
            standing = self._standing(subject_id)
            ends = {
                purpose: State.TERMINATED
                for purpose, entry in standing.entries.items()
                if entry.state in VALID
            }
            if not ends:
                raise _NothingToEnd
            return self._book.ending(standing, ends, Actor("request", request_id))

        with suppress(_NothingToEnd):
            self._run_command(build)

    def erasure(self, subject_id: str) -> list[Action]:
        """The write that makes the gate answer no for ever, about whoever this was; none where it
        does."""
        standing = self._standing(subject_id)
        if standing.erased:
            return []
        gone = Standing(subject_id, erased=True, revision=standing.revision)
        return [self._standings.change(gone)]

    def sweep(self, subject_id: str) -> None:
        """Removes what an erased person left, unreadable already. May be repeated."""
        if browsers := self._attachments.removals(subject_id):
            self._run_command(lambda: browsers)
        while actions := self._events.removals(subject_id, _AT_ONCE):
            some = list(actions)
            self._run_command(lambda: some)  # noqa: B023  # run at once

    def lift_restriction(self, subject_id: str, staff_id: str) -> None:
        """Allows use again; the person is told before (GDPR 18(3)). Raises `NotRestricted`."""
        self._lift(
            subject_id,
            staff_id,
            "restriction",
            lambda standing: (standing.restricted_by, replace(standing, restricted_by=None)),
        )

    def lift_objection(self, subject_id: str, staff_id: str) -> None:
        """Allows again what rests on a legitimate interest. Raises `NotRestricted`."""
        self._lift(
            subject_id,
            staff_id,
            "objection",
            lambda standing: (standing.objected_by, replace(standing, objected_by=None)),
        )

    def is_restricted(self, subject_id: str) -> bool:
        """Whether nothing but storage is allowed."""
        return self._standing(subject_id).restricted_by is not None

    def records(self, subject_id: str) -> list[ConsentEvent]:
        """All records of the person's consents, for their copy, without what is over.

        Raises `KeyDestroyed`.
        """
        standing = self._proofs.standing(subject_id)
        events = self._events.all(subject_id)
        return [each for each in events if shows(standing, each.purpose, each.record_id)]

    def browsers(self, subject_id: str) -> list[Attachment]:
        """The browsers that the person attached, for their copy. Raises `KeyDestroyed`."""
        return self._attachments.of(subject_id)

    def has_objected(self, subject_id: str) -> bool:
        """Whether an objection stands."""
        return self._standing(subject_id).objected_by is not None

    def _lift(self, subject_id: str, staff_id: str, what: str, without: Without) -> None:
        def build() -> list[Action]:
            request_id, lifted = without(self._standing(subject_id))
            if request_id is None:
                raise NotRestricted
            entity, who = Entity("subject", subject_id), Actor("staff", staff_id)
            facts = {"request": request_id}
            return [
                self._standings.change(lifted),
                *self._trail.actions(entity, who, f"subject.{what}_lifted", facts),
            ]

        self._run_command(build)

    def _standing(self, subject_id: str) -> Standing:
        return self._standings.get(subject_id, consistent=True)

    def _changed(self, standing: Standing, request_id: str, action: str) -> list[Action]:
        entity, who = Entity("subject", standing.subject_id), Actor("request", request_id)
        return [
            self._standings.change(standing),
            *self._trail.actions(entity, who, action, {"request": request_id}),
        ]
