"""A request as an item of the `records` table: what of it stands in clear.

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

from collections.abc import Mapping
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.law.case import Pause
from chalicelib.law.clocks import earliest
from chalicelib.law.deadline import Deadline, Plain
from chalicelib.law.models import PauseReason
from chalicelib.requests.models import (
    Closing,
    Content,
    DataRequest,
    RequestType,
    Source,
    Status,
    Summary,
)
from chalicelib.requests.rules import LIVING
from chalicelib.requests.watching_rules import next_moment
from chalicelib.requests.watching_terms import terms
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema

DATA_REQUEST = Schema("data_request")
WATCHED = "REQUESTS"
"""The bucket of the index `due` that lists the requests which wait for a moment."""


def clear_item(request: DataRequest) -> Item:
    """The item without what is sealed, stamped with its type and version."""
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


def summary_from(item: Item) -> Summary:
    """What `item` says in clear, for lists."""
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
