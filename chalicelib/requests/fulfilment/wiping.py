"""After an erasure: what the person's other requests said goes too, and what was gathered for them.

Those that the person proved, and those that wait for a proof of an address of theirs. Each request
is a transaction of its own, and one that is wiped is passed over: a worker that dies is followed by
one that does the rest. The names that the person was known by go last, since they lead to it all.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from chalicelib.requests.fulfilment.models import NothingLeft
from chalicelib.requests.fulfilment.planning import WORKER
from chalicelib.requests.fulfilment.remains import Remains
from chalicelib.requests.models import DataRequest
from chalicelib.requests.rules import LIVING, Event, ImpossibleNow, moved
from chalicelib.tables.transactions import Action, Check
from chalicelib.telemetry import log_failure


class Wiping(Remains):
    """Wipes what an erased person's requests left."""

    def wipe(self, request_id: str) -> None:
        """Wipes all requests of the person whose erasure `request_id` was.

        One that fails keeps none of the others from it. Raises then what it raised, for another
        try.
        """
        erasure = self._book.get(request_id)
        self._tidy(request_id)
        if erasure.subject_id is None or self._subjects.is_there(erasure.subject_id):
            return  # nobody was erased
        names = self._subjects.names(erasure.subject_id)
        self._subjects.unlink(erasure.subject_id, names)
        self._obeying.sweep(erasure.subject_id)
        failure: Exception | None = None
        for other in [
            *self._store.of_subject(erasure.subject_id),
            *self._store.unproved_of(names),
        ]:
            try:
                self._wipe(other, erasure)
            except Exception as error:  # noqa: BLE001  # whatever it is, the others are to go
                log_failure(error, "")
                failure = failure or error
        if failure is not None:
            raise failure
        self._subjects.forget_names(erasure.subject_id, names)

    def forget(self, request_id: str) -> None:
        """Forgets what a withdrawn request said that nobody had proved. May be repeated."""

        def build() -> list[Action]:
            request = self._book.get(request_id)
            if request.forgotten:
                raise NothingLeft
            return self._book.forget(request, WORKER, "request.forgotten")

        with suppress(NothingLeft):
            self._run_command(build)
        self._store.forget(request_id)

    def end(self, request_id: str, rule: str, guard: Sequence[Check]) -> None:
        """Forgets what an ended request said whose time is over by `rule`, and those that joined
        it: they ended with it. May be repeated.

        Each goes in a transaction with the conditions of `guard`, and raises what they do.
        `ImpossibleNow` for a request that was opened again.
        """
        for each in [*self._joined_to(request_id), request_id]:
            with suppress(NothingLeft):
                self._run_command(partial(self._over, each, rule, guard))
            self._store.forget(each)
            self._tidy(each)

    def sweep(self, request_id: str) -> None:
        """Removes what a worker gathered for a request that was forgotten meanwhile."""
        if self._book.get(request_id).forgotten:
            self._copying.remove(request_id)

    def _joined_to(self, request_id: str) -> list[str]:
        subject_id = self._book.get(request_id).subject_id
        if subject_id is None:
            return []
        theirs = self._store.summaries(self._store.of_subject(subject_id))
        return [each.request_id for each in theirs if each.joined_to == request_id]

    def _over(self, request_id: str, rule: str, guard: Sequence[Check]) -> list[Action]:
        request = self._book.get(request_id)
        if request.forgotten:
            raise NothingLeft
        if request.status in LIVING:
            raise ImpossibleNow
        facts = {"rule": rule}
        return [*guard, *self._book.forget(request, WORKER, "request.forgotten", facts, rule)]

    def _wipe(self, request_id: str, erasure: DataRequest) -> None:
        with suppress(NothingLeft):
            self._run_command(lambda: self._forgotten(request_id, erasure))
        if self._book.get(request_id).forgotten:
            self._store.forget(request_id)
            self._tidy(request_id)

    def _forgotten(self, request_id: str, erasure: DataRequest) -> list[Action]:
        request = self._book.get(request_id)
        if request.forgotten or not _is_theirs(request, erasure):
            raise NothingLeft
        end = self._book.end(request)
        if request.status in LIVING:
            # Nobody is left to answer to.
            request = moved(request, Event.FORGOTTEN)
        facts = {"erasure": erasure.request_id}
        return [
            *end,
            *self._plans.end_actions(request_id),
            *self._book.forget(request, WORKER, "request.forgotten", facts),
        ]


def _is_theirs(request: DataRequest, erasure: DataRequest) -> bool:
    if request.subject_id is not None:
        # One that was proved at this moment is somebody's who began anew.
        return request.subject_id == erasure.subject_id
    ended = erasure.closing.at if erasure.closing else erasure.received_at
    return request.received_at <= ended
