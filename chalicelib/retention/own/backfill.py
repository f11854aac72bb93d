"""Puts under retention what ended before there were records of it: an operator's tool.

It goes through everybody on the roll and all incidents of the register, and may be repeated: what
has a record is left alone. What opens or ends again meanwhile writes its record itself, and then
that one counts. What nobody proved was forgotten with its end, and copies are gone after seven
days: of those nothing is left to note.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial

from chalicelib.clock import from_millis
from chalicelib.consents.models import VALID, Standing
from chalicelib.consents.proofs import reference_of
from chalicelib.identity.roll import Roll
from chalicelib.requests.mandates import USER_ID
from chalicelib.requests.models import DataRequest, Status
from chalicelib.requests.rules import LIVING
from chalicelib.requests.service import Requests
from chalicelib.retention.own.keeping import Keeping
from chalicelib.retention.own.place import OwnCollection
from chalicelib.tables.transactions import Action, RunCommand

_AT_ONCE = 100

type Ended = tuple[str, datetime]
"""The id of an incident that ended, and when."""


class _Registered(Exception):
    """It has a record, or wants none. Never leaves this module."""


class Backfill:
    """Registers ended requests, consents and incidents at the moments of their ends."""

    def __init__(
        self,
        roll: Roll,
        requests_of: Callable[[str], Iterable[str]],
        find: Callable[[str], DataRequest | None],
        requests: Requests,
        standing_of: Callable[[str], Standing],
        ended_incidents: Callable[[], Iterable[Ended]],
        keeping: Keeping,
        run_command: RunCommand,
    ) -> None:
        self._roll = roll
        self._requests_of = requests_of
        self._find = find
        self._requests = requests
        self._standing_of = standing_of
        self._ended_incidents = ended_incidents
        self._keeping = keeping
        self._run_command = run_command

    def run(self) -> Counter[OwnCollection]:
        """How many of each were registered. Some reads for each person, request and consent."""
        done: Counter[OwnCollection] = Counter()
        for subject_id in self._everybody():
            for request_id in self._requests_of(subject_id):
                registered = self._done(partial(self._request, request_id))
                done[OwnCollection.REQUESTS] += registered
            for purpose in self._standing_of(subject_id).entries:
                registered = self._done(partial(self._consent, subject_id, purpose))
                done[OwnCollection.CONSENTS] += registered
        for incident in self._ended_incidents():
            registered = self._done(partial(self._incident, incident))
            done[OwnCollection.INCIDENTS] += registered
        return done

    def _everybody(self) -> Iterator[str]:
        for part in range(self._roll.parts):
            last = ""
            while some := self._roll.after(part, last, _AT_ONCE):
                yield from some
                last = some[-1]

    def _done(self, build: Callable[[], list[Action]]) -> bool:
        with suppress(_Registered):
            self._run_command(build)
            return True
        return False

    def _request(self, request_id: str) -> list[Action]:
        request = self._find(request_id)
        # One that joined another ended with that.
        if request is None or request.forgotten or request.status in {*LIVING, Status.JOINED}:
            raise _Registered
        if self._keeping.knows(OwnCollection.REQUESTS, request_id):
            raise _Registered
        user_id = request.content.identities.get(USER_ID, "")
        return self._keeping.request_closed(request_id, user_id, "", self._ended(request))

    def _ended(self, request: DataRequest) -> datetime:
        if request.closing:
            return request.closing.at
        # A withdrawn one says when in its chain alone.
        *_, last = (
            each for each in self._requests.timeline(request) if each.action == "request.withdrawn"
        )
        return from_millis(last.at)

    def _consent(self, subject_id: str, purpose: str) -> list[Action]:
        entry = self._standing_of(subject_id).entries.get(purpose)
        if entry is None or entry.state in VALID:
            raise _Registered
        proof = reference_of(subject_id, purpose, entry)
        if self._keeping.knows(OwnCollection.CONSENTS, proof):
            raise _Registered
        return self._keeping.consents_changed({proof: entry.at}, ())

    def _incident(self, ended: Ended) -> list[Action]:
        incident_id, at = ended
        if self._keeping.knows(OwnCollection.INCIDENTS, incident_id):
            raise _Registered
        return self._keeping.incident_turned(incident_id, at)
