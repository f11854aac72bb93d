"""What a person's requests do to what counts: the gate obeys them from the same moment on.

Restriction (UU PDP 41, GDPR 18), objection (GDPR 21), withdrawal by request (UU PDP 40), erasure.
"""

from dataclasses import replace

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.consents.attachment_store import AttachmentStore
from chalicelib.consents.book import ConsentBook
from chalicelib.consents.event_store import EventStore
from chalicelib.consents.models import Channel, ConsentEvent, Evidence, Method, Standing
from chalicelib.consents.standing_store import StandingStore
from chalicelib.errors import Conflict
from chalicelib.tables.transactions import Action, RunCommand

_AT_ONCE = 50


class NotRestricted(Conflict):
    """Nothing restricts the processing of the person's data."""

    code = "not_restricted"


class Obeying:
    """Makes the writes, for the transaction that ends a request, and for the staff."""

    def __init__(
        self,
        standings: StandingStore,
        events: EventStore,
        attachments: AttachmentStore,
        book: ConsentBook,
        trail: Trail,
        run_command: RunCommand,
    ) -> None:
        self._standings = standings
        self._events = events
        self._attachments = attachments
        self._book = book
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

    def withdrawal(self, subject_id: str, request_id: str) -> list[Action]:
        """The writes that withdraw all that the person had given; none where nothing stands.

        Raises `KeyDestroyed`.
        """
        evidence = Evidence(Method.REQUEST, Channel.PRIVACY_OFFICE, detail=request_id)
        actor = Actor("request", request_id)
        return self._book.withdrawal_of_all(subject_id, evidence, actor)

    def erasure(self, subject_id: str) -> list[Action]:
        """The write that makes the gate answer no for ever, about whoever this was."""
        standing = self._standing(subject_id)
        gone = Standing(subject_id, erased=True, revision=standing.revision)
        return [self._standings.change(gone)]

    def sweep(self, subject_id: str) -> None:
        """Removes what an erased person left, unreadable already. May be repeated."""
        if browsers := self._attachments.removals(subject_id):
            self._run_command(lambda: browsers)
        while actions := self._events.removals(subject_id, _AT_ONCE):
            some = list(actions)
            self._run_command(lambda: some)  # noqa: B023  # run at once

    def lift(self, subject_id: str, staff_id: str) -> None:
        """Ends restriction and objection; the person is to be told before (GDPR 18(3)).

        Raises `NotRestricted`.
        """

        def build() -> list[Action]:
            standing = self._standing(subject_id)
            if standing.restricted_by is None and standing.objected_by is None:
                raise NotRestricted
            lifted = replace(standing, restricted_by=None, objected_by=None)
            entity, who = Entity("subject", subject_id), Actor("staff", staff_id)
            return [
                self._standings.change(lifted),
                *self._trail.actions(entity, who, "subject.restriction_lifted", {}),
            ]

        self._run_command(build)

    def is_restricted(self, subject_id: str) -> bool:
        """Whether nothing but storage is allowed."""
        return self._standing(subject_id).restricted_by is not None

    def records(self, subject_id: str) -> list[ConsentEvent]:
        """All records of the person's consents, for their copy. Raises `KeyDestroyed`."""
        return list(self._events.all(subject_id))

    def _standing(self, subject_id: str) -> Standing:
        return self._standings.get(subject_id, consistent=True)

    def _changed(self, standing: Standing, request_id: str, action: str) -> list[Action]:
        entity, who = Entity("subject", standing.subject_id), Actor("request", request_id)
        return [
            self._standings.change(standing),
            *self._trail.actions(entity, who, action, {"request": request_id}),
        ]
