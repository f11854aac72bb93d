"""What requesters do with their requests: follow, list, withdraw."""

from contextlib import suppress
from dataclasses import replace

from chalicelib.audit.entry import Actor, Entry
from chalicelib.audit.trail import Trail
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.book import RequestBook, UnknownRequest, request_entity
from chalicelib.requests.models import DataRequest, Status, Summary
from chalicelib.requests.register import Register
from chalicelib.requests.rules import LIVING, UNPROVED, Event, moved
from chalicelib.requests.store import RequestStore
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Action, RunCommand

FORGET_WORK = "forget"
"""The kind of work in the outbox that forgets what a withdrawn request said."""


class _Withdrawn(Exception):
    """Somebody else withdrew it at this moment. Never leaves this module."""


class Requests:
    """Shows requests to their requesters and lets them withdraw."""

    def __init__(
        self,
        book: RequestBook,
        store: RequestStore,
        register: Register,
        outbox: Outbox,
        trail: Trail,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._store = store
        self._register = register
        self._outbox = outbox
        self._trail = trail
        self._run_command = run_command

    def look(self, request_id: str, caller: str) -> DataRequest:
        """The request as it may be read, for who tracks it or whose it is. Raises `UnknownRequest`
        for others."""
        request = self._book.readable(self._book.get(request_id))
        if caller not in {f"request/{request_id}", f"subject/{request.subject_id}"}:
            raise UnknownRequest
        return request

    def followed(self, request: DataRequest) -> DataRequest:
        """What the requester sees of `request`: status and dates of the one that it joined.

        Both were proved to be the same person's. What was said, the mails and the history stay its
        own.
        """
        if request.joined_to is None:
            return request
        first = self._book.get(request.joined_to)
        return replace(
            request,
            status=first.status,
            deadlines=first.deadlines,
            pauses=first.pauses,
            paused_since=first.paused_since,
            pause_for=first.pause_for,
            extended=first.extended,
            closing=first.closing,
        )

    def page(
        self, subject_id: str, limit: int, start: Key | None
    ) -> tuple[list[Summary], Key | None]:
        """`limit` of the person's proved requests after `start`, newest first; where to go on from.

        One query and one batch read.
        """
        ids, last = self._register.page(subject_id, limit, start)
        return self._store.summaries(ids), last

    def living(self, limit: int, start: Key | None) -> tuple[list[Summary], Key | None]:
        """`limit` living requests after `start`, the most urgent first; where to go on from.

        One query and one batch read; no key is touched.
        """
        ids, last = self._store.living(limit, start)
        return self._store.summaries(ids), last

    def also_living(self, request: DataRequest) -> list[str]:
        """The ids of the person's other living requests, of the newest hundred, newest first."""
        if request.subject_id is None:
            return []
        summaries, _ = self.page(request.subject_id, 100, None)
        others = (each for each in summaries if each.request_id != request.request_id)
        return [each.request_id for each in others if each.status in LIVING]

    def timeline(self, request: DataRequest) -> list[Entry]:
        """What happened to the request, oldest first."""
        return list(self._trail.history(request_entity(request.request_id)))

    def withdraw(self, request_id: str, caller: str) -> DataRequest:
        """Withdraws the request; one that is withdrawn stays so. Raises `UnknownRequest`.

        What nobody proved is forgotten then, by a worker: who can be called by anybody destroys no
        keys.
        """
        request = self.look(request_id, caller)
        if request.status is Status.WITHDRAWN:
            return request
        who = Actor.parse(caller.replace("request/", "requester/"))
        with suppress(_Withdrawn):
            self._run_command(lambda: self._withdrawal(request_id, who))
        return self._book.get(request_id)

    def _withdrawal(self, request_id: str, who: Actor) -> list[Action]:
        current = self._book.get(request_id)
        if current.status is Status.WITHDRAWN:
            raise _Withdrawn
        unproved = current.status in UNPROVED
        return [
            *self._book.change(moved(current, Event.WITHDRAWN), who, "request.withdrawn"),
            *self._book.close(current),
            *(self._outbox.work(FORGET_WORK, request_id).actions if unproved else []),
        ]
