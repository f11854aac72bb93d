"""Requests as the watcher sees them: what stands in clear, and the list of what is due.

It holds no vault. What it changes stands in clear beside the sealed part, which is bound to the
item's place, type and version and stays as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.clock import from_millis, to_millis
from chalicelib.requests.items import (
    DATA_REQUEST,
    WATCHED,
    key_of_request,
    listing,
    request_from,
)
from chalicelib.requests.models import Content, DataRequest
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import revision_is
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Moved, Update
from chalicelib.tables.updates import Changes

_UNOPENED = Content(email="", language="en")
_LISTED = ("due_pk", "due_sk")
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request whose content was not opened, and the moment that it is listed under, if any."""

    request: DataRequest
    listed_at: datetime | None


class WatchStore:
    """Finds due requests; makes the writes that change what stands in clear of them."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def due(self, until: datetime) -> Iterator[str]:
        """Ids of the requests listed for moments up to `until`, the earliest first.

        Half a read unit per 4 KB of the index, whatever else is open. The index lags by moments and
        may name what was changed meanwhile.
        """
        before = f"{to_millis(until + _MILLISECOND):013d}"
        for key in self._records.due(WATCHED, before=before):
            yield key.pk.removeprefix("REQUEST#")

    def get(self, request_id: str) -> Seen | None:
        """The request, read consistently; None when there is none. Raises `UnreadableItem`."""
        item = self._records.get(key_of_request(request_id), consistent=True)
        if item is None:
            return None
        request = request_from(request_id, DATA_REQUEST.lift(item), _UNOPENED)
        return Seen(request, _listed_at(item))

    def listed_at(self, request_id: str) -> datetime | None:
        """The moment that the request is listed under, whatever else is wrong with it."""
        item = self._records.get(key_of_request(request_id), consistent=True)
        return _listed_at(item) if item else None

    def count_alerts(self, request: DataRequest, raised: int, due_at: datetime) -> Update:
        """The write that says how many alerts were `raised` for the date `due_at`."""
        counted = replace(request, alerts=raised, alerts_for=due_at)
        return self._update(counted, {"alerts": raised, "alerts_for": to_millis(due_at)})

    def list_anew(self, request: DataRequest) -> Update:
        """The write that lists the request for its next moment, or takes it from the list."""
        return self._update(request, {})

    def _update(self, request: DataRequest, changes: Item) -> Update:
        listed = listing(request)
        put: dict[str, Value] = {**changes, **listed}
        return Update(
            self._records,
            key_of_request(request.request_id),
            Changes(put=put, add={"rev": 1}, remove=() if listed else _LISTED),
            # Another run, or the staff, changed the request since it was read: what was decided on
            # the old one is decided anew.
            revision_is(request.revision),
            Moved,
        )


def _listed_at(item: Item) -> datetime | None:
    moment, _, _ = str(item.get("due_sk", "")).partition("#")
    return from_millis(int(moment)) if moment else None
