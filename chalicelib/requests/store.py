"""Requests in the `records` table.

pk        REQUEST#<request id>
sk        REQUEST
rev       counts the changes
type      what is asked for
status    where it is in its life
received  ms since 1970 UTC: the laws' clocks run from here
deadlines the laws' dates, frozen with the versions of their packs
requester blind index of the address that it came with; empty once it is forgotten
subject   the data subject, once the address is proved
tracking  SHA-256 of the tracking token
mails     ids of the mails about it
source    how it came in
pauses    waits that ended: reason, since, until; `paused` and `pause_for` are the present one
extended, approved, appealed, decided_by, appealed_against, joined_to, alerts, alerts_for,
submitter, taken_in_by, checked_by, proof, address_proved    as in models.py
open_as   what it is called among its person's open requests, while it is one (register.py)
closed    how it ended: at, grounds
due_pk    REQUESTS, with due_sk, the moment (ms, 13 digits) and the id, until it has ended: when the
          watcher has to look at it next (watching_rules.py)
sealed    what the requester says, under the request's own key; once that is forgotten, with the
          person or because nobody proved it, there is only its `language`

What is absent has its default.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.law.case import Pause
from chalicelib.law.clocks import earliest
from chalicelib.law.deadline import Deadline, Plain
from chalicelib.law.models import PauseReason
from chalicelib.notices.models import Language
from chalicelib.requests.contents import content_from_json, content_to_json
from chalicelib.requests.models import (
    Closing,
    Content,
    DataRequest,
    RequestType,
    Source,
    Status,
    Summary,
)
from chalicelib.requests.register import (
    asked_actions,
    asked_by,
    end_actions,
    unlist_actions,
)
from chalicelib.requests.rules import LIVING
from chalicelib.requests.watching_rules import next_moment
from chalicelib.requests.watching_terms import terms
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

DATA_REQUEST = Schema("data_request")
WATCHED = "REQUESTS"
"""The bucket of the index `due` that lists the requests which wait for a moment."""


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
        return [_summary(DATA_REQUEST.lift(found[key])) for key in keys if key in found]

    def add_actions(self, request: DataRequest) -> list[Action]:
        """The writes of a new request and of the key that it is sealed under.

        ABSENT: an id that came twice replaces nothing.
        """
        item = self._clear(request)
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

    def erase_actions(self, request: DataRequest) -> list[Action]:
        """The writes that leave of `request`, at its next revision, what stands in clear.

        Call `forget` after they went through.
        """
        return [
            self.change_action(replace(request, forgotten=True, requester="")),
            *unlist_actions(self._records, request),
            *self._vault.destroy_actions(Scope.request(request.request_id)),
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
        item = self._clear(request)
        if request.forgotten:
            return {**item, "language": request.content.language}
        context = SealContext.of(self._records.logical, item)
        sealed = self._vault.seal(
            Scope.request(request.request_id), context, content_to_json(request.content)
        )
        return {**item, "sealed": sealed}

    def _clear(self, request: DataRequest) -> Item:
        key = key_of_request(request.request_id)
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
            "source": request.source.value,
            **_handling(request),
            **listing(request),
        }
        return DATA_REQUEST.stamp(item)

    def _opened(self, request_id: str, item: Item) -> DataRequest:
        match item:
            case {"sealed": bytes(sealed)}:
                context = SealContext.of(self._records.logical, item)
                opened = self._vault.open(Scope.request(request_id), context, sealed)
                return request_from(request_id, item, content_from_json(opened))
        language = cast("Language", item["language"])
        return request_from(request_id, item, Content("", language))


def request_from(request_id: str, item: Item, content: Content) -> DataRequest:
    """The request that `item` says in clear, with its `content`."""
    frozen = cast("list[Mapping[str, Plain]]", item["deadlines"])
    pauses = cast("list[Mapping[str, Any]]", item.get("pauses", []))
    closed = cast("Mapping[str, Any] | None", item.get("closed"))
    paused = cast("int | None", item.get("paused"))
    alerted = cast("int | None", item.get("alerts_for"))
    return DataRequest(
        request_id=request_id,
        type=RequestType(str(item["type"])),
        status=Status(str(item["status"])),
        received_at=from_millis(cast("int", item["received"])),
        deadlines=tuple(map(Deadline.from_values, frozen)),
        requester=str(item["requester"]),
        tracking=cast("bytes", item["tracking"]),
        messages=tuple(cast("list[str]", item["mails"])),
        content=content,
        subject_id=cast("str | None", item.get("subject")),
        revision=cast("int", item["rev"]),
        source=Source(str(item.get("source", Source.API.value))),
        pauses=tuple(_pause_from(each) for each in pauses),
        paused_since=None if paused is None else from_millis(paused),
        pause_for=cast("str | None", item.get("pause_for")),
        extended=bool(item.get("extended", False)),
        approved=bool(item.get("approved", False)),
        appealed=bool(item.get("appealed", False)),
        decided_by=cast("str | None", item.get("decided_by")),
        appealed_against=cast("str | None", item.get("appealed_against")),
        submitter=cast("str | None", item.get("submitter")),
        taken_in_by=cast("str | None", item.get("taken_in_by")),
        checked_by=cast("str | None", item.get("checked_by")),
        proof=cast("str | None", item.get("proof")),
        address_proved=bool(item.get("address_proved", False)),
        closing=Closing(from_millis(closed["at"]), tuple(closed["grounds"])) if closed else None,
        joined_to=cast("str | None", item.get("joined_to")),
        alerts=cast("int", item.get("alerts", 0)),
        forgotten="sealed" not in item,
        alerts_for=None if alerted is None else from_millis(alerted),
        open_as=cast("str | None", item.get("open_as")),
    )


def _summary(item: Item) -> Summary:
    frozen = cast("list[Mapping[str, Plain]]", item["deadlines"])
    dates = tuple(map(Deadline.from_values, frozen))
    return Summary(
        request_id=str(item["pk"]).partition(SEPARATOR)[2],
        type=RequestType(str(item["type"])),
        status=Status(str(item["status"])),
        received_at=from_millis(cast("int", item["received"])),
        due_at=earliest(dates).unpaused_due_at if dates else None,
        source=Source(str(item.get("source", Source.API.value))),
        joined_to=cast("str | None", item.get("joined_to")),
    )


def listing(request: DataRequest) -> Item:
    """The attributes that list the request, for the watcher and the staff; none once it ended."""
    if request.status not in LIVING:
        return {}
    at = next_moment(request, terms())
    # Digits of one length, so that the index sorts by time; the id tells those of one moment apart.
    # What waits for no moment stands behind everything that ever comes.
    digits = f"{to_millis(at):013d}" if at else "9" * 13
    return {"due_pk": WATCHED, "due_sk": f"{digits}#{request.request_id}"}


def _handling(request: DataRequest) -> Item:
    """What became of the request since it came, but for what has its default."""
    item: Item = {
        "subject": request.subject_id,
        "pause_for": request.pause_for,
        "decided_by": request.decided_by,
        "appealed_against": request.appealed_against,
        "submitter": request.submitter,
        "taken_in_by": request.taken_in_by,
        "checked_by": request.checked_by,
        "proof": request.proof,
        "address_proved": request.address_proved or None,
        "joined_to": request.joined_to,
        "extended": request.extended or None,
        "approved": request.approved or None,
        "appealed": request.appealed or None,
        "alerts": request.alerts or None,
        "open_as": request.open_as if request.status in LIVING else None,
    }
    if request.pauses:
        item["pauses"] = [
            {
                "reason": each.reason.value,
                "since": to_millis(each.since),
                "until": to_millis(each.until),
            }
            for each in request.pauses
        ]
    if request.paused_since is not None:
        item["paused"] = to_millis(request.paused_since)
    if request.alerts_for is not None:
        item["alerts_for"] = to_millis(request.alerts_for)
    if request.closing is not None:
        item["closed"] = {
            "at": to_millis(request.closing.at),
            "grounds": list(request.closing.grounds),
        }
    return {name: value for name, value in item.items() if value is not None}


def _pause_from(values: Mapping[str, Any]) -> Pause:
    reason = PauseReason(values["reason"])
    return Pause(reason, from_millis(values["since"]), from_millis(values["until"]))


def _frozen(deadline: Deadline) -> dict[str, Value]:
    return dict(deadline.to_values())


def key_of_request(request_id: str) -> Key:
    """Where the request stands in the records table."""
    return Key(compose("REQUEST", request_id), "REQUEST")
