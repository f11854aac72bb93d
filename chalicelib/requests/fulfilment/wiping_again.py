"""After a restore of tables: people and requests that were erased before go again.

What the restored tables hold of them may be readable again or not, as their keys were restored or
not; nothing here needs a key. Nobody is told: whoever had to be, was at the time. Each request is a
transaction of its own, and the names that lead to the rest go last, as in wiping.py: what was begun
and not finished is done by whoever runs it again.
"""

from contextlib import suppress
from datetime import datetime

from chalicelib.audit.entry import Actor
from chalicelib.requests.fulfilment.models import NothingLeft
from chalicelib.requests.fulfilment.remains import Remains
from chalicelib.requests.rules import LIVING, Event, moved
from chalicelib.tables.transactions import Action

_REPLAY = Actor("operator", "replay")


class WipingAgain(Remains):
    """Wipes what came back."""

    def is_person_left(self, subject_id: str) -> bool:
        """Whether anything leads to the person, or from it."""
        return self._subjects.is_there(subject_id) or bool(self._subjects.names(subject_id))

    def is_request_left(self, request_id: str) -> bool:
        """Whether the request is there and is not forgotten."""
        request = self._store.unopened(request_id)
        return request is not None and not request.forgotten

    def person(self, subject_id: str, at: datetime) -> None:
        """Erases again whoever was erased at `at` (aware). May be repeated."""
        self._run_command(
            lambda: [
                *self._subjects.erased_again_actions(subject_id, at),
                *self._obeying.erasure(subject_id),
            ]
        )
        self._subjects.forget(subject_id)
        names = self._subjects.names(subject_id)
        self._subjects.unlink(subject_id, names)
        self._obeying.sweep(subject_id)
        for request_id in self._store.of_subject(subject_id):
            self.request(request_id, at)
        for request_id in self._store.unproved_of(names):
            request = self._store.unopened(request_id)
            # What came since is somebody's who began anew.
            if request is not None and request.received_at <= at:
                self.request(request_id, at)
        self._subjects.forget_names(subject_id, names)

    def request(self, request_id: str, at: datetime) -> None:
        """Forgets again what a request said that was forgotten at `at` (aware). May be repeated."""
        with suppress(NothingLeft):
            self._run_command(lambda: self._forgotten(request_id, at))
        self._store.forget(request_id)
        self._tidy(request_id)

    def _forgotten(self, request_id: str, at: datetime) -> list[Action]:
        request = self._store.unopened(request_id)
        if request is None or request.forgotten:
            raise NothingLeft
        end = self._book.end(request)
        if request.status in LIVING:
            # However it ended, it did: its chain says how, and nobody is left to answer to.
            request = moved(request, Event.FORGOTTEN)
        return [
            *end,
            *self._plans.end_actions(request_id),
            *self._store.forgotten_again_actions(request, at),
            *self._book.entry(request, _REPLAY, "request.forgotten", {"cause": "replay"}),
        ]
