"""Requests in the `records` table, what they say sealed under a key of each's own (items.py)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import cast

from chalicelib.notices.models import Language
from chalicelib.requests.contents import content_from_json, content_to_json
from chalicelib.requests.items import (
    DATA_REQUEST,
    WATCHED,
    clear_item,
    key_of_request,
    request_from,
    summary_from,
)
from chalicelib.requests.models import Content, DataRequest, Summary
from chalicelib.requests.register import (
    asked_actions,
    asked_by,
    end_actions,
    unlist_actions,
)
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

FORGOTTEN = "request_forgotten"
"""The rule by which requests go whose time, by the schedule, need not be over."""


class RequestStore:
    """Reads and writes requests."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, request_id: str) -> DataRequest | None:
        """The request, read consistently, or None. Raises `KeyDestroyed` when it was erased."""
        item = self._records.get(key_of_request(request_id), consistent=True)
        return self._opened(request_id, DATA_REQUEST.lift(item)) if item else None

    def of_subject(self, subject_id: str) -> Iterator[str]:
        """The ids of a data subject's requests, in the order in which they came."""
        partition = compose("SUBJECT", subject_id)
        for item in self._records.query_all(partition, sk_from="REQUEST#", consistent=True):
            if str(item["sk"]).startswith("REQUEST#"):
                yield str(item["sk"]).removeprefix("REQUEST#")

    def unproved_of(self, requesters: Iterable[str]) -> Iterator[str]:
        """The ids of the requests that wait for a proof of an address, given as all its blind
        indexes that count."""
        for requester in requesters:
            yield from asked_by(self._records, requester)

    def living(self, limit: int, start: Key | None) -> tuple[list[str], Key | None]:
        """`limit` ids of living requests after `start`, in the order in which their moments come;
        where to go on from. One query of the index, which lags by moments."""
        keys, last = self._records.due_page(WATCHED, limit, start)
        return [each.pk.partition(SEPARATOR)[2] for each in keys], last

    def summaries(self, request_ids: Iterable[str]) -> list[Summary]:
        """What of the requests stands in clear, in order; those that are not there left out.

        One batch read per hundred; no key is touched.
        """
        keys = [key_of_request(each) for each in request_ids]
        found = self._records.batch_get(keys, consistent=True)
        return [summary_from(DATA_REQUEST.lift(found[key])) for key in keys if key in found]

    def add_actions(self, request: DataRequest) -> list[Action]:
        """The writes of a new request and of the key that it is sealed under.

        ABSENT: an id that came twice replaces nothing.
        """
        item = clear_item(request)
        context = SealContext.of(self._records.logical, item)
        sealed, key = self._vault.seal_first(
            Scope.request(request.request_id), context, content_to_json(request.content)
        )
        return [
            *key,
            Put(self._records, {**item, "sealed": sealed}, ABSENT),
            *asked_actions(self._records, request),
        ]

    def change_action(self, request: DataRequest) -> Put:
        """The write of `request` at its next revision.

        It fails with `Moved` when somebody changed the request since it was read.
        """
        item = {**self._item(request), "rev": request.revision + 1}
        return Put(self._records, item, revision_is(request.revision), Moved)

    def erase_actions(self, request: DataRequest, rule: str = FORGOTTEN) -> list[Action]:
        """The writes that leave of `request`, at its next revision, what stands in clear.

        The rest goes in the name of `rule`. Call `forget` after they went through.
        """
        return [
            self.change_action(replace(request, forgotten=True, requester="")),
            *unlist_actions(self._records, request),
            *self._vault.destroy_actions(Scope.request(request.request_id), rule),
        ]

    def unopened(self, request_id: str) -> DataRequest | None:
        """What of the request stands in clear, read consistently, or None.

        It does not say what the requester said, and not in which language.
        """
        item = self._records.get(key_of_request(request_id), consistent=True)
        if item is None:
            return None
        item = DATA_REQUEST.lift(item)
        return request_from(
            request_id, item, Content("", cast("Language", item.get("language", "id")))
        )

    def forgotten_again_actions(self, request: DataRequest, at: datetime) -> list[Action]:
        """The writes that make it true again after a restore that `request`, given unopened, was
        forgotten at `at` (aware). Call `forget` after they went through."""
        return [
            self.change_action(replace(request, forgotten=True, requester="")),
            *unlist_actions(self._records, request),
            *self._vault.destroyed_again_actions(Scope.request(request.request_id), at),
        ]

    def forget(self, request_id: str) -> None:
        """Drops an erased request's key from this container's memory."""
        self._vault.forget(Scope.request(request_id))

    def end_actions(self, request: DataRequest) -> list[Action]:
        """The writes that belong to the end of `request`, beside its own and its chain's.

        From then on no second request of the person joins it.
        """
        return end_actions(self._records, request)

    def _item(self, request: DataRequest) -> Item:
        item = clear_item(request)
        if request.forgotten:
            return {**item, "language": request.content.language}
        context = SealContext.of(self._records.logical, item)
        sealed = self._vault.seal(
            Scope.request(request.request_id), context, content_to_json(request.content)
        )
        return {**item, "sealed": sealed}

    def _opened(self, request_id: str, item: Item) -> DataRequest:
        match item:
            case {"sealed": bytes(sealed)}:
                context = SealContext.of(self._records.logical, item)
                opened = self._vault.open(Scope.request(request_id), context, sealed)
                return request_from(request_id, item, content_from_json(opened))
        language = cast("Language", item["language"])
        return request_from(request_id, item, Content("", language))
