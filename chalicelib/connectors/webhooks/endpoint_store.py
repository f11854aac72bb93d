"""Webhook endpoints in the `records` table: few, so all are in one partition.

    pk           WEBHOOKS
    sk           ENDPOINT#<endpoint id>
    et, v, rev   item type, schema version, changes
    state        active, paused
    events       the types of events that it gets
    at           when it was registered, ms since 1970 UTC
    rests_until  ms since 1970 UTC, while it is left alone
    sealed       the URL, the secret, the secrets before with their ends

An endpoint is sealed under a scope of its own.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from chalicelib.clock import to_millis
from chalicelib.connectors.webhooks.models import (
    ENDPOINT_ID_PATTERN,
    Confidential,
    Endpoint,
    EndpointState,
    FormerSecret,
)
from chalicelib.connectors.webhooks.signing import SigningSecret
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, PRESENT, revision_is
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Delete, Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

WEBHOOK_ENDPOINT = Schema("webhook_endpoint")
_PARTITION = "WEBHOOKS"
_ENDPOINT_ID = re.compile(ENDPOINT_ID_PATTERN)


class EndpointStore:
    """Reads endpoints; makes the writes that change them."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, endpoint_id: str) -> Endpoint | None:
        """The endpoint, read consistently, or None; also for an id that cannot be one."""
        if not _ENDPOINT_ID.fullmatch(endpoint_id):
            return None
        item = self._records.get(_key(endpoint_id), consistent=True)
        return _endpoint_from(item) if item else None

    def all(self) -> list[Endpoint]:
        """Every endpoint, oldest first, read consistently."""
        return [
            _endpoint_from(item) for item in self._records.query_all(_PARTITION, consistent=True)
        ]

    def page(self, limit: int, start: Key | None) -> tuple[list[Endpoint], Key | None]:
        """`limit` endpoints after `start`, oldest first, and where to go on from."""
        page = self._records.query(_PARTITION, limit=limit, start=start, consistent=True)
        return [_endpoint_from(item) for item in page.items], page.last

    def open(self, endpoints: Sequence[Endpoint]) -> list[Confidential]:
        """What is sealed of each, in order. Raises `SealBroken`, `UnreadableItem` without a key."""
        opened = self._vault.open_many(
            [
                (
                    Scope.endpoint(each.id),
                    SealContext.of(self._records.logical, each.item),
                    cast("bytes", each.item["sealed"]),
                )
                for each in endpoints
            ]
        )
        return [_confidential_from(each) for each in opened]

    def creation(
        self, endpoint_id: str, events: Sequence[str], confidential: Confidential, at: datetime
    ) -> Action:
        """The write of a new, active endpoint."""
        key = _key(endpoint_id)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "rev": 1,
            "state": EndpointState.ACTIVE.value,
            "events": list(events),
            "at": to_millis(at),
        }
        # ABSENT: an id that came twice must not replace an endpoint.
        return Put(self._records, self._sealed(endpoint_id, item, confidential), ABSENT)

    def with_state(self, endpoint: Endpoint, state: EndpointState) -> Action:
        """The write that pauses or resumes; a rest is over with it."""
        kept = {name: value for name, value in endpoint.item.items() if name != "rests_until"}
        return self._replacement(endpoint, {**kept, "state": state.value})

    def with_secrets(self, endpoint: Endpoint, confidential: Confidential) -> Action:
        """The write that puts `confidential` in place of what is sealed."""
        return self._replacement(
            endpoint, self._sealed(endpoint.id, dict(endpoint.item), confidential)
        )

    def removal(self, endpoint: Endpoint) -> Action:
        """The delete. A change that came in between is looked at first (`Moved`)."""
        return Delete(self._records, _key(endpoint.id), revision_is(endpoint.rev), otherwise=Moved)

    def rest(self, endpoint_id: str, until: datetime) -> None:
        """Leaves the endpoint alone `until` then; without effect when it was removed."""
        # PRESENT: an update makes what is not there. `rev` stays: a rest is nobody's decision, and
        # whoever decides in the meantime may overwrite it.
        self._records.update(_key(endpoint_id), PRESENT, put={"rests_until": to_millis(until)})

    def _replacement(self, endpoint: Endpoint, item: Item) -> Action:
        # Two members of the staff at once: the second sees what the first did, and starts anew.
        return Put(
            self._records,
            {**item, "rev": endpoint.rev + 1},
            revision_is(endpoint.rev),
            otherwise=Moved,
        )

    def _sealed(self, endpoint_id: str, item: Item, confidential: Confidential) -> Item:
        item = WEBHOOK_ENDPOINT.stamp(item)
        item["sealed"] = self._vault.seal(
            Scope.endpoint(endpoint_id),
            SealContext.of(self._records.logical, item),
            _plaintext(confidential),
        )
        return item


def _key(endpoint_id: str) -> Key:
    return Key(_PARTITION, compose("ENDPOINT", endpoint_id))


def _endpoint_from(item: Item) -> Endpoint:
    match WEBHOOK_ENDPOINT.lift(item):
        case {
            "sk": str(sk),
            "state": str(state),
            "events": list(events),
            "at": int(at),
            "rev": int(rev),
            "sealed": bytes(),
        }:
            rests_until = cast("int", item.get("rests_until", 0))
            return Endpoint(
                sk.removeprefix("ENDPOINT#"),
                EndpointState(state),
                tuple(map(str, events)),
                at,
                rev,
                rests_until,
                item=item,
            )
    raise UnreadableItem(WEBHOOK_ENDPOINT.item_type)


def _plaintext(confidential: Confidential) -> bytes:
    fields = {
        "url": confidential.url,
        "secret": confidential.secret.reveal(),
        "former": [[each.secret.reveal(), each.until] for each in confidential.former],
    }
    return json.dumps(fields).encode()


def _confidential_from(plaintext: bytes | None) -> Confidential:
    if plaintext is None:
        raise UnreadableItem(WEBHOOK_ENDPOINT.item_type)
    fields: dict[str, Any] = json.loads(plaintext)
    return Confidential(
        fields["url"],
        SigningSecret(fields["secret"]),
        tuple(FormerSecret(SigningSecret(text), until) for text, until in fields["former"]),
    )
