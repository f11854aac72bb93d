"""Messages of the outbox as the table holds them, and the receipts that bounces find them by."""

from chalicelib.notices.messages import Channel, Message, State
from chalicelib.notices.outbox import OUTBOX_MESSAGE
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem

MAIL_RECEIPT = Schema("mail_receipt")


def message_from(item: Item) -> Message:
    """The message stored as `item`. Raises `UnreadableItem`."""
    match OUTBOX_MESSAGE.lift(item):
        case {
            "pk": str(pk),
            "channel": str(channel),
            "kind": str(kind),
            "state": str(state),
            "at": int(at),
            "rev": int(rev),
        }:
            return Message(
                pk.removeprefix("OUTBOX#"),
                Channel(channel),
                kind,
                State(state),
                at,
                rev,
                _text(item, "endpoint"),
                _text(item, "about"),
                _text(item, "reason"),
                _whole(item, "attempts"),
                _whole(item, "handed"),
                _whole(item, "lease"),
                _whole(item, "ttl"),
                item=item,
            )
    raise UnreadableItem(OUTBOX_MESSAGE.item_type)


def _text(item: Item, name: str) -> str | None:
    value = item.get(name)
    return value if isinstance(value, str) else None


def _whole(item: Item, name: str) -> int:
    value = item.get(name)
    return value if isinstance(value, int) else 0


def receipt_key(receipt: str) -> Key:
    """Where the provider's id of a mail leads to its message."""
    return Key(compose("RECEIPT", receipt), "MESSAGE")


def receipt_item(receipt: str, message_id: str, message: Item) -> Item:
    """What stands there; it goes with the message."""
    key = receipt_key(receipt)
    return MAIL_RECEIPT.stamp(
        {"pk": key.pk, "sk": key.sk, "message_id": message_id, "ttl": message["ttl"]}
    )
