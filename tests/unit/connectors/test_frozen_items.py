"""Endpoints, dead letters and nudges of version 1, frozen: today's code reads what that wrote."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from chalicelib.audit.digests import item_from_json
from chalicelib.connectors.webhooks.dead_letters import DeadLetters
from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
from chalicelib.connectors.webhooks.models import DeadLetter, Endpoint, EndpointState
from chalicelib.notices.messages import Channel, Message, State
from chalicelib.notices.outbox_actions import OutboxActions
from chalicelib.tables.codec import Item, encode
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Put
from chalicelib.vault.keys import DataKey, Scope
from chalicelib.vault.sealing import SealContext, open_sealed
from chalicelib.vault.vault import Vault
from tests.unit.connectors.test_signing import OTHER, SECRET

FIXTURES = Path(__file__).parents[1] / "tables" / "fixtures"
KEY = DataKey(bytes(range(32)))


class Stored:
    """A client that holds one item."""

    def __init__(self, item: Item) -> None:
        self._item = encode(item)

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": self._item}

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": [self._item]}


class FrozenVault(Vault):
    """Opens under one key what belongs to the scope of the fixture."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None))

    def open_many(self, items: Sequence[tuple[Scope, SealContext, bytes]]) -> list[bytes | None]:
        ((scope, context, sealed),) = items
        assert scope == Scope.endpoint("01JENDPOINT000000000000000")
        return [open_sealed(KEY, sealed, context)]


def frozen(name: str) -> Item:
    return item_from_json(json.loads((FIXTURES / f"{name}.1.json").read_text()))


def records(item: Item) -> Table:
    return Table(cast("Any", Stored(item)), "records", "jaga-records")


def test_webhook_endpoint_1() -> None:
    item = frozen("webhook_endpoint")
    store = EndpointStore(records(item), FrozenVault())
    (endpoint,) = store.all()
    assert endpoint == Endpoint(
        "01JENDPOINT000000000000000",
        EndpointState.PAUSED,
        ("request.closed", "request.opened"),
        1795428000000,
        3,
        1795428060000,
        item=item,
    )
    (opened,) = store.open([endpoint])
    assert opened.url == "https://hooks.example.com/jaga"
    assert opened.secret == SECRET
    assert [(each.secret, each.until) for each in opened.former] == [(OTHER, 1795514400000)]


def test_webhook_dead_letter_1() -> None:
    item = frozen("webhook_dead_letter")
    letters = DeadLetters(records(item))
    (letter,) = letters.page("01JENDPOINT000000000000000", limit=1).letters
    assert letter == DeadLetter(
        endpoint_id="01JENDPOINT000000000000000",
        message_id="01JMESSAGE0000000000000000",
        event="request.closed",
        reason="status_500",
        attempts=24,
        at=1795428000000,
        ends_at=1798020000,
    )
    put = letters.addition(letter)
    assert isinstance(put, Put)
    assert put.item == item


def test_outbox_again_1() -> None:
    item = frozen("outbox_again")
    message = Message(
        "01JMESSAGE0000000000000000",
        Channel.WEBHOOK,
        "request.closed",
        State.DEAD,
        1795428000000,
        2,
        "01JENDPOINT000000000000000",
        item={"pk": item["pk"], "sk": "MESSAGE", "ttl": item["ttl"]},
    )
    _, again = OutboxActions(records(item)).resurrection(message, "01JAGAIN000000000000000000")
    assert isinstance(again, Put)
    assert again.item == item
