"""After an erasure: what the person's other requests said goes too, and what was gathered for them.

Each request is a transaction of its own, and one that is wiped is passed over: a worker that dies
is followed by one that does the rest.
"""

from functools import partial

from chalicelib.requests.book import RequestBook
from chalicelib.requests.fulfilment.copying import Copying
from chalicelib.requests.fulfilment.planning import WORKER
from chalicelib.requests.models import DataRequest
from chalicelib.requests.rules import LIVING, Event, moved
from chalicelib.requests.store import RequestStore
from chalicelib.tables.transactions import Action, RunCommand


class Wiping:
    """Wipes what an erased person's requests left."""

    def __init__(
        self,
        book: RequestBook,
        store: RequestStore,
        copying: Copying,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._store = store
        self._copying = copying
        self._run_command = run_command

    def wipe(self, request_id: str) -> None:
        """Wipes all requests of the person whose erasure `request_id` was."""
        request = self._book.get(request_id)
        self._copying.remove(request_id)
        if request.subject_id is None:
            return
        for other in self._store.of_subject(request.subject_id):
            self._copying.remove(other)
            if not self._book.get(other).forgotten:
                self._run_command(partial(self._forgotten, other, request_id))
                self._store.forget(other)

    def _forgotten(self, request_id: str, erasure: str) -> list[Action]:
        request: DataRequest = self._book.get(request_id)
        end = self._book.end(request)
        if request.status in LIVING:
            # Nobody is left to answer to.
            request = moved(request, Event.WITHDRAWN)
        return [
            *end,
            *self._store.erase_actions(request),
            *self._book.entry(request, WORKER, "request.forgotten", {"erasure": erasure}),
        ]
