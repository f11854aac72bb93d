"""Requests in the `records` table.

pk        REQUEST#<request id>
sk        REQUEST
rev       counts the changes
type      what is asked for
status    where it is in its life
received  ms since 1970 UTC: the laws' clocks run from here
deadlines the laws' dates, frozen with the versions of their packs
requester blind index of the address that it came with
subject   the data subject, once the address is proved
tracking  SHA-256 of the tracking token
mails     ids of the mails about it
sealed    what the requester says, under the request's own key
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.law.deadline import Deadline, Plain
from chalicelib.requests.models import Content, DataRequest, RequestType, Status
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

DATA_REQUEST = Schema("data_request")


class RequestStore:
    """Reads and writes requests."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, request_id: str) -> DataRequest | None:
        """The request, read consistently, or None. Raises `KeyDestroyed` when it was erased."""
        item = self._records.get(_key_of(request_id), consistent=True)
        return self._opened(request_id, DATA_REQUEST.lift(item)) if item else None

    def add_action(self, request: DataRequest) -> Put:
        """The write of a new request. ABSENT: an id that came twice replaces nothing."""
        return Put(self._records, self._item(request), ABSENT)

    def change_action(self, request: DataRequest) -> Put:
        """The write of `request` at its next revision.

        It fails with `Moved` when somebody changed the request since it was read.
        """
        item = {**self._item(request), "rev": request.revision + 1}
        return Put(self._records, item, revision_is(request.revision), Moved)

    def _item(self, request: DataRequest) -> Item:
        key = _key_of(request.request_id)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "rev": request.revision,
            "type": request.type.value,
            "status": request.status.value,
            "received": to_millis(request.received_at),
            "deadlines": [_frozen(each) for each in request.deadlines],
            "requester": request.requester,
            "tracking": request.tracking,
            "mails": list(request.messages),
        }
        if request.subject_id is not None:
            item["subject"] = request.subject_id
        item = DATA_REQUEST.stamp(item)
        item["sealed"] = self._vault.seal(
            Scope.request(request.request_id),
            SealContext.of(self._records.logical, item),
            json.dumps(asdict(request.content), separators=(",", ":")).encode(),
        )
        return item

    def _opened(self, request_id: str, item: Item) -> DataRequest:
        context = SealContext.of(self._records.logical, item)
        sealed = cast("bytes", item["sealed"])
        said = json.loads(self._vault.open(Scope.request(request_id), context, sealed))
        frozen = cast("list[Mapping[str, Plain]]", item["deadlines"])
        return DataRequest(
            request_id=request_id,
            type=RequestType(str(item["type"])),
            status=Status(str(item["status"])),
            received_at=from_millis(cast("int", item["received"])),
            deadlines=tuple(map(Deadline.from_values, frozen)),
            requester=str(item["requester"]),
            tracking=cast("bytes", item["tracking"]),
            messages=tuple(cast("list[str]", item["mails"])),
            content=Content(**said),
            subject_id=cast("str | None", item.get("subject")),
            revision=cast("int", item["rev"]),
        )


def _frozen(deadline: Deadline) -> dict[str, Value]:
    return dict(deadline.to_values())


def _key_of(request_id: str) -> Key:
    return Key(compose("REQUEST", request_id), "REQUEST")
