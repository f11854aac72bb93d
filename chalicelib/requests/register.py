"""Which requests a person has, in the `records` table.

pk SUBJECT#<subject id>  sk REQUEST#<request id>  each of the person's, so that they can be listed
pk OPEN#<subject id>     sk <type>[#<MAC>]        request: the living one of its kind
pk ASKED#<blind index>   sk REQUEST#<request id>  each that the address got a code for and that
                                                  nobody proved yet, so that an erasure finds it

Of a kind are requests of one type that the same client or partner brought, or none did, for the
same client, answered to the same address and, for corrections, with the same corrections. All of
this but the type is somebody's data, so it stands here as an HMAC-SHA-256 under a key of its own.
The person's second request of a kind joins the first (opening.py); when that ends, its item goes
with it, in the same transaction.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterator

from chalicelib.requests.mandates import answering_address
from chalicelib.requests.models import Content, DataRequest, RequestType, Status
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Check, Delete, Moved, Put

OPEN_REQUEST = Schema("open_request")
PERSON_REQUEST = Schema("person_request")
ASKED_REQUEST = Schema("asked_request")
_LISTED = "REQUEST"


class Register:
    """Finds, adds and ends what a person has open. `mac_key` gives the 32 bytes of the key."""

    def __init__(self, records: Table, mac_key: Callable[[], bytes]) -> None:
        self._records = records
        self._mac_key = mac_key

    def kind_of(self, request: DataRequest, named: Collection[str] = ()) -> str:
        """What a request is called among its person's open ones.

        With `named`, what it calls the person: for one that may not join the first of its kind.
        """
        type_, content = request.type, request.content
        answered = answering_address(content)
        told: dict[str, str | list[str]] = {
            "client": " ".join(content.client.casefold().split()),
            "answered": answered.casefold() if answered != content.email else "",
            "corrections": _corrections(content) if type_ is RequestType.CORRECTION else "",
        }
        # Absent rather than empty: what was open before they were told apart keeps its name.
        told |= {"submitter": request.submitter} if request.submitter else {}
        told |= {"named": sorted(named)} if named else {}
        if not any(told.values()):
            return type_.value
        message = json.dumps([type_.value, told], sort_keys=True, separators=(",", ":"))
        mac = hmac.digest(self._mac_key(), message.encode(), hashlib.sha256)
        return compose(type_.value, mac.hex())

    def living(self, subject_id: str, kind: str) -> str | None:
        """The id of the person's living request of this kind. One consistent read."""
        item = self._records.get(_key_of(subject_id, kind), consistent=True)
        return str(OPEN_REQUEST.lift(item)["request"]) if item else None

    def open_action(self, request: DataRequest, subject_id: str, kind: str) -> Put:
        """The write that makes `request` the living one of its kind.

        It fails with `Moved` when another got there first: join that one then.
        """
        key = _key_of(subject_id, kind)
        item: Item = {"pk": key.pk, "sk": key.sk, "request": request.request_id}
        # Of two proofs at once one opens; the other is built anew and joins it.
        return Put(self._records, OPEN_REQUEST.stamp(item), ABSENT, Moved)

    def still_living(self, subject_id: str, kind: str, request_id: str) -> Check:
        """For the transaction that joins: `Moved` when the request has ended meanwhile."""
        return Check(self._records, _key_of(subject_id, kind), _is(request_id), Moved)

    def list_action(self, request_id: str, subject_id: str) -> Put:
        """The write that lists the request among its person's."""
        key = Key(compose("SUBJECT", subject_id), compose(_LISTED, request_id))
        # A request is proved once, so ABSENT can only fail where an id came twice.
        return Put(self._records, PERSON_REQUEST.stamp({"pk": key.pk, "sk": key.sk}), ABSENT, Moved)

    def proved_actions(self, request: DataRequest) -> list[Action]:
        """The writes that take the request, as it stood, from those that nobody proved."""
        waiting = request.status is Status.AWAITING_IDENTITY
        return unlist_actions(self._records, request) if waiting else []

    def page(self, subject_id: str, limit: int, start: Key | None) -> tuple[list[str], Key | None]:
        """`limit` ids of the person's requests after `start`, newest first; where to go on from."""
        page = self._records.query(
            compose("SUBJECT", subject_id),
            sk_from=f"{_LISTED}{SEPARATOR}",
            sk_to=f"{_LISTED}{SEPARATOR}~",  # behind every id
            limit=limit,
            start=start,
            newest_first=True,
        )
        ids = [str(item["sk"]).partition(SEPARATOR)[2] for item in page.items]
        return ids, page.last


def asked_actions(records: Table, request: DataRequest) -> list[Action]:
    """The write that lists a new request which waits for its code, under its address."""
    if request.status is not Status.AWAITING_IDENTITY:
        return []
    key = _asked_key(request)
    # The request beside it is new, so there is nothing that this could replace.
    return [Put(records, ASKED_REQUEST.stamp({"pk": key.pk, "sk": key.sk}))]


def asked_by(records: Table, requester: str) -> Iterator[str]:
    """The ids of the requests that wait for a proof of the address with this blind index."""
    for item in records.query_all(compose("ASKED", requester), consistent=True):
        yield str(ASKED_REQUEST.lift(item)["sk"]).partition(SEPARATOR)[2]


def unlist_actions(records: Table, request: DataRequest) -> list[Action]:
    """The write that takes the request from the list again, if it may be there."""
    unproved = request.subject_id is None and request.requester
    return [Delete(records, _asked_key(request))] if unproved else []


def end_actions(records: Table, request: DataRequest) -> list[Action]:
    """What goes with a request that ends: no second one joins it any more."""
    if request.subject_id is None or request.open_as is None:
        return []
    key = _key_of(request.subject_id, request.open_as)
    # Its own, or none any more: the sweep of an erased person may have been here.
    own = Condition("attribute_not_exists(pk) OR #request = :request", *_named(request.request_id))
    return [Delete(records, key, own, Moved)]


def _asked_key(request: DataRequest) -> Key:
    return Key(compose("ASKED", request.requester), compose(_LISTED, request.request_id))


def _is(request_id: str) -> Condition:
    return Condition("#request = :request", *_named(request_id))


def _named(request_id: str) -> tuple[dict[str, str], dict[str, str]]:
    return {"#request": "request"}, {":request": request_id}


def _key_of(subject_id: str, kind: str) -> Key:
    return Key(compose("OPEN", subject_id), kind)


def _corrections(content: Content) -> str:
    """The new values; what was described in words instead, when there are none."""
    return (
        json.dumps(sorted(content.corrections.items())) if content.corrections else content.details
    )
