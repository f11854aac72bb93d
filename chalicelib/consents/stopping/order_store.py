"""Stop orders in the `records` table: ids, constants, moments, organisations; all in clear.

pk           STOP#<id of the record that ended the consent>
sk           ORDER
et, v, rev   item type, schema version, changes
subject      whose consent it was, an opaque id
purpose      for what
state        how it ended, `ended` when, ms since 1970 UTC
deadline     by when processing has to stop, frozen with the version of the law's pack
receivers    by processor: name, endpoint, message, state, at, and where they are: by, how, stopped
alerts       how many were raised
due_pk       STOPS, with due_sk, the moment of the next alert (ms, 13 digits) and the id, until no
             processor is waited for
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.consents.models import State
from chalicelib.consents.stopping.models import (
    ID_PATTERN,
    How,
    Receiver,
    ReceiverState,
    StopOrder,
)
from chalicelib.consents.stopping.rules import next_moment
from chalicelib.law.alerting import AlertTimes
from chalicelib.law.deadline import Deadline, Plain
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put

STOP_ORDER = Schema("stop_order")
WAITING = "STOPS"
"""The bucket of the index `due` that lists the orders which wait for a processor."""
_ID = re.compile(ID_PATTERN)
_MILLISECOND = timedelta(milliseconds=1)


class OrderStore:
    """Reads stop orders; makes the writes that change them. `times` say when each is due."""

    def __init__(self, records: Table, times: AlertTimes) -> None:
        self._records = records
        self._times = times

    def get(self, order_id: str) -> StopOrder | None:
        """One order, read consistently, or None; also for an id that cannot be one."""
        if not _ID.fullmatch(order_id):
            return None
        item = self._records.get(_key(order_id), consistent=True)
        return _order_from(item) if item else None

    def many(self, order_ids: Iterable[str]) -> list[StopOrder]:
        """The orders in order, those that are not there left out; one batch read per hundred.

        Raises `ReadIncomplete`.
        """
        keys = [_key(each) for each in order_ids]
        found = self._records.batch_get(keys, consistent=True)
        return [_order_from(found[key]) for key in keys if key in found]

    def waiting(self) -> Iterator[str]:
        """The ids of all orders that wait for a processor. The index lags by moments."""
        return _ids(self._records.due(WAITING))

    def due(self, until: datetime) -> Iterator[str]:
        """The ids of the orders listed for moments up to `until`, the earliest first."""
        before = f"{to_millis(until + _MILLISECOND):013d}"
        return _ids(self._records.due(WAITING, before=before))

    def page(self, limit: int, start: Key | None) -> tuple[list[str], Key | None]:
        """`limit` ids of waiting orders after `start`, the earliest moment first, and where to go
        on from."""
        keys, last = self._records.due_page(WAITING, limit, start)
        return list(_ids(keys)), last

    def listed_at(self, order_id: str) -> datetime | None:
        """The moment that the order is listed under, whatever else is wrong with it."""
        item = self._records.get(_key(order_id), consistent=True)
        moment, _, _ = str((item or {}).get("due_sk", "")).partition(SEPARATOR)
        return from_millis(int(moment)) if moment else None

    def addition(self, order: StopOrder) -> Action:
        """The write of a new order. ABSENT: each end of a consent has one."""
        return Put(self._records, self._item_of(order), ABSENT)

    def change(self, order: StopOrder) -> Action:
        """The write of `order` in place of the one that it was made from (its revision)."""
        # Acknowledgements, removals and alerts meet: the second sees what the first did.
        return Put(self._records, self._item_of(order), revision_is(order.revision), Moved)

    def _item_of(self, order: StopOrder) -> Item:
        key = _key(order.order_id)
        deadline: dict[str, Value] = {**order.deadline.to_values()}
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "rev": order.revision + 1,
            "subject": order.subject_id,
            "purpose": order.purpose,
            "state": order.state.value,
            "ended": to_millis(order.ended_at),
            "deadline": deadline,
            "receivers": {each: _fields(receiver) for each, receiver in order.receivers.items()},
            "alerts": order.alerts,
        }
        if (moment := next_moment(order, self._times)) is not None:
            item |= {"due_pk": WAITING, "due_sk": f"{to_millis(moment):013d}#{order.order_id}"}
        return STOP_ORDER.stamp(item)


def _ids(keys: Iterable[Key]) -> Iterator[str]:
    return (key.pk.partition(SEPARATOR)[2] for key in keys)


def _key(order_id: str) -> Key:
    return Key(compose("STOP", order_id), "ORDER")


def _fields(receiver: Receiver) -> dict[str, Value]:
    fields: dict[str, Value] = {
        "name": receiver.name,
        "endpoint": receiver.endpoint_id,
        "message": receiver.message_id,
        "state": receiver.state.value,
        "at": to_millis(receiver.at),
    }
    if receiver.by is not None:
        fields["by"] = receiver.by
    if receiver.how is not None:
        fields["how"] = receiver.how.value
    if receiver.stopped_at is not None:
        fields["stopped"] = to_millis(receiver.stopped_at)
    return fields


def _order_from(item: Item) -> StopOrder:
    match STOP_ORDER.lift(item):
        case {
            "pk": str(pk),
            "rev": int(revision),
            "subject": str(subject_id),
            "purpose": str(purpose),
            "state": str(state),
            "ended": int(ended),
            "deadline": dict(deadline),
            "receivers": dict(receivers),
            "alerts": int(alerts),
        }:
            return StopOrder(
                pk.partition(SEPARATOR)[2],
                subject_id,
                purpose,
                State(state),
                from_millis(ended),
                Deadline.from_values(cast("Mapping[str, Plain]", deadline)),
                {
                    each: _receiver_from(cast("Mapping[str, Any]", fields))
                    for each, fields in sorted(receivers.items())  # maps come in any order
                },
                alerts,
                revision,
            )
    raise UnreadableItem(STOP_ORDER.item_type)


def _receiver_from(fields: Mapping[str, Any]) -> Receiver:
    return Receiver(
        fields["name"],
        fields["endpoint"],
        fields["message"],
        ReceiverState(fields["state"]),
        from_millis(fields["at"]),
        fields.get("by"),
        How(fields["how"]) if "how" in fields else None,
        from_millis(fields["stopped"]) if "stopped" in fields else None,
    )
