"""The end of a request that nobody proved, with a mail to its address.

The mail needs the address, so this is the one thing of the watcher's that opens a request.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib.audit.entry import Entity
from chalicelib.audit.trail import Trail
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.alerts import WATCHER
from chalicelib.requests.letters import letter
from chalicelib.requests.models import Closing
from chalicelib.requests.rules import Event, after
from chalicelib.requests.store import RequestStore
from chalicelib.requests.watching_rules import Terms
from chalicelib.tables.transactions import Action, Moved


class Lapsing:
    """Ends requests whose time for a proof is over."""

    def __init__(self, store: RequestStore, outbox: Outbox, trail: Trail) -> None:
        self._store = store
        self._outbox = outbox
        self._trail = trail

    def actions(self, request_id: str, revision: int, now: datetime, terms: Terms) -> list[Action]:
        """The transaction that lapses the request, as it was read at `revision`.

        What it said is forgotten; call `forget` after they went through. Raises `Moved` when it
        changed since, `KeyDestroyed` when it was erased.
        """
        request = self._store.get(request_id)
        if request is None or request.revision != revision:
            raise Moved
        days = str(terms.lapse_after.days)
        told = letter(self._outbox, request, "request_lapsed", days=days)
        lapsed = replace(
            request,
            status=after(request.status, Event.LAPSED),
            closing=Closing(now),
            messages=(*request.messages, *([told.message_id] if told else [])),
        )
        return [
            # Nobody proved that this was theirs to say, and no erasure would find it later.
            *self._store.erase_actions(lapsed),
            *(told.actions if told else []),
            *self._trail.actions(Entity("request", request_id), WATCHER, "request.lapsed", {}),
        ]

    def forget(self, request_id: str) -> None:
        """Drops a lapsed request's key from this container's memory."""
        self._store.forget(request_id)
