"""Where partners want to be told of the progress of a request, in the `records` table.

    pk      CALLBACK#<request id>
    sk      the id of the partner's own request
    rev     counts the changes
    partner, subject_request_id    whose submission it was
    told    the last status that its callbacks were queued for
    count   how many URLs there are
    sealed  the URLs, under the partner's key
    ttl     once `told` is the end: epoch seconds, when DynamoDB may sweep the item

The request in the key is the one whose progress counts: the partner's own, or the one that it
joined. A partner's URL is no personal data, but may hold what the partner put into it, so it goes
a week after the last callback was queued.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import cast

from chalicelib.opendsr.rules import TooManyCallbacks
from chalicelib.opendsr.wire import PartnerStatus
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put, Update
from chalicelib.tables.updates import Changes
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

CALLBACK = Schema("opendsr_callback")
TRIED = timedelta(days=7)
"""Longer than all tries of a callback take (connectors/webhooks/rules.py)."""
ENDS: frozenset[PartnerStatus] = frozenset({"completed", "cancelled"})
MOST_WAITING = 10
"""Submissions that wait for one request's progress: all of them fit into one transaction."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A submission whose partner wants to be told of the progress of `request_id`.

    `own_id` is the partner's own request. `item` is what stands in the table.
    """

    request_id: str
    own_id: str
    partner_id: str
    subject_request_id: str
    told: PartnerStatus
    count: int
    rev: int
    item: Item = field(repr=False, compare=False)


class CallbackStore:
    """Who waits for the progress of a request, and where."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def waiting(self, request_id: str) -> list[Callback]:
        """Who waits for the progress of the request, read consistently."""
        partition = compose("CALLBACK", request_id)
        return [_callback(item) for item in self._records.query_all(partition, consistent=True)]

    def get(self, request_id: str, own_id: str) -> Callback | None:
        """The callback of `own_id` on the progress of `request_id`, read consistently."""
        item = self._records.get(_callback_key(request_id, own_id), consistent=True)
        return _callback(item) if item else None

    def add_action(self, callback: Callback, urls: Sequence[str]) -> Put:
        """The write of a new callback. Raises `TooManyCallbacks`."""
        if len(self.waiting(callback.request_id)) >= MOST_WAITING:
            raise TooManyCallbacks
        key = _callback_key(callback.request_id, callback.own_id)
        item: Item = CALLBACK.stamp(
            {
                "pk": key.pk,
                "sk": key.sk,
                "rev": callback.rev,
                "partner": callback.partner_id,
                "subject_request_id": callback.subject_request_id,
                "told": callback.told,
                "count": len(urls),
            }
        )
        sealed = self._vault.seal(
            Scope.endpoint(callback.partner_id),
            SealContext.of(self._records.logical, item),
            json.dumps(list(urls)).encode(),
        )
        # ABSENT: an id that came twice replaces nothing.
        return Put(self._records, {**item, "sealed": sealed}, ABSENT)

    def told_action(self, callback: Callback, status: PartnerStatus, at: datetime) -> Action:
        """The write that says for which status the callbacks are queued at the moment `at`."""
        key = _callback_key(callback.request_id, callback.own_id)
        # An appeal opens what ended, so the sweep may have to be called off.
        changes = Changes(put={"told": status}, add={"rev": 1}, remove=("ttl",))
        if status in ENDS:
            swept = ceil((at + TRIED).timestamp())
            changes = Changes(put={"told": status, "ttl": swept}, add={"rev": 1})
        # Two changes of the request at once: the later one looks again what was told.
        return Update(self._records, key, changes, revision_is(callback.rev), Moved)

    def urls(self, callback: Callback) -> list[str]:
        """Where the partner wants to be called back. Raises `SealBroken`, `KeyDestroyed`."""
        context = SealContext.of(self._records.logical, callback.item)
        sealed = cast("bytes", callback.item["sealed"])
        opened = self._vault.open(Scope.endpoint(callback.partner_id), context, sealed)
        return [str(each) for each in json.loads(opened)]


def _callback(item: Item) -> Callback:
    read = CALLBACK.lift(item)
    return Callback(
        request_id=str(read["pk"]).removeprefix("CALLBACK#"),
        own_id=str(read["sk"]),
        partner_id=str(read["partner"]),
        subject_request_id=str(read["subject_request_id"]),
        told=cast("PartnerStatus", read["told"]),
        count=cast("int", read["count"]),
        rev=cast("int", read["rev"]),
        item=item,
    )


def _callback_key(request_id: str, own_id: str) -> Key:
    return Key(compose("CALLBACK", request_id), own_id)
