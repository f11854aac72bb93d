"""What repeats are answered with, in the `records` table.

    pk       IDEMPOTENCY#<caller's kind>#<caller's id>#<operation>#<MAC of the key, hex>
    sk       RESULT
    et, v    item type and schema version
    request  MAC of what was asked for: the same key for something else is refused
    result   ids and times; never a secret, never personal data
    ttl      epoch seconds: from then on the key is free again

Key and request are what callers wrote, an address perhaps. They stand here under an HMAC-SHA-256,
because a plain hash of something short can be guessed.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from math import ceil

from chalicelib.clock import Clock
from chalicelib.errors import Conflict, Unavailable
from chalicelib.idempotency.models import KeyedCall
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import Condition
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Put

IDEMPOTENCY_RESULT = Schema("idempotency_result")
KEPT = timedelta(hours=24)
"""How long a repeat is known as one."""


class IdempotencyConflict(Conflict):
    """The idempotency key was used before, for another request."""

    code = "idempotency_conflict"


class Repeated(Unavailable):
    """The same call was carried out a moment ago."""

    code = "repeated"


class ResultStore:
    """Finds and notes results of keyed calls, under a MAC key of 32 bytes."""

    def __init__(self, records: Table, clock: Clock, mac_key: Callable[[], bytes]) -> None:
        self._records = records
        self._clock = clock
        self._mac_key = mac_key

    def find(self, call: KeyedCall) -> Item | None:
        """What `call` led to if it came before, read consistently, else None.

        Raises `IdempotencyConflict` when its key stands for another request.
        """
        item = self._records.get(self._key_of(call), consistent=True)
        if item is None:
            return None
        match IDEMPOTENCY_RESULT.lift(item):
            case {"request": bytes(request), "result": dict(result), "ttl": int(ttl)}:
                if ttl <= self._clock.now().timestamp():
                    return None
                if not hmac.compare_digest(request, self._mac("request", call.request)):
                    raise IdempotencyConflict
                return result
        raise UnreadableItem(IDEMPOTENCY_RESULT.item_type)

    def addition(self, call: KeyedCall, result: Item) -> Put:
        """The write that notes `result` for 24 hours; `Repeated` when `call` came before."""
        now = self._clock.now()
        key = self._key_of(call)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "request": self._mac("request", call.request),
            "result": result,
            "ttl": ceil((now + KEPT).timestamp()),
        }
        # Of two calls at once under one key, one happens. A key that ended counts no more, though
        # DynamoDB may take days to sweep it.
        key_is_free = Condition(
            "attribute_not_exists(pk) OR #ttl <= :now",
            {"#ttl": "ttl"},
            {":now": int(now.timestamp())},
        )
        return Put(self._records, IDEMPOTENCY_RESULT.stamp(item), key_is_free, otherwise=Repeated)

    def secret(self, call: KeyedCall, about: str) -> bytes:
        """32 bytes about something that only who repeats `call` under its key leads to again."""
        told = [call.caller_kind, call.caller_id, call.operation, call.key, call.request, about]
        return self._mac("secret", json.dumps(told))

    def _key_of(self, call: KeyedCall) -> Key:
        mac = self._mac("key", call.key).hex()
        caller = (call.caller_kind, call.caller_id)
        return Key(compose("IDEMPOTENCY", *caller, call.operation, mac), "RESULT")

    def _mac(self, what: str, text: str) -> bytes:
        return hmac.digest(self._mac_key(), f"{what}:{text}".encode(), hashlib.sha256)
