"""What must go out is written in the same transaction as the change that it tells of.

    pk        OUTBOX#<message id>
    sk        MESSAGE
    et, v     item type and schema version
    rev       counts the changes
    channel   mail, webhook, work
    kind      the mail's template, the webhook's type of event, the kind of work
    state     queued, sending, sent, bounced, complained, dead (messages.py)
    at        when it was queued, ms since 1970 UTC; channel and UTC day name the data key's scope
    endpoint  webhooks: the id of the target
    about     the opaque id of what it is about, if anything: a bounce can be shown there
    lease     claimed or waiting for its next try until then, ms since 1970 UTC
    attempts  webhooks: those that failed
    handed    mail: handovers to SES whose outcome is not known (delivery.py)
    reason    a stable code: why it is dead, what SES reported
    ttl       epoch seconds, 30 days after `at`, when DynamoDB may sweep the item
    sealed    everything else: a mail's address, language and values, a webhook's body; work has
              none, and what went out has none any more
    due_pk    UNCLAIMED#<UTC day of `at`>, with due_sk, its id, until a consumer claims it: what
              stays listed there never reached its queue (stranded.py)

All messages of a channel and a day share a data key that ends 30 days after the day. The table's
stream hands the item to its channel's queue (relay.py).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import cast

from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.ids import Ids
from chalicelib.notices.messages import TEMPLATES, Channel, State, check_values
from chalicelib.notices.models import LANGUAGES, Language
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put
from chalicelib.vault.blind_index import Kind, normalise
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

OUTBOX_MESSAGE = Schema("outbox_message")
OUTBOX_AGAIN = Schema("outbox_again")
"""Written beside a message to have it handed to its queue once more (outbox_actions.py)."""
KEPT = timedelta(days=30)
UNCLAIMED = ("due_pk", "due_sk")
"""The attributes of a message that no consumer has claimed yet."""
_BOUND = ("channel", "kind", "endpoint", "about")


@dataclass(frozen=True, slots=True)
class Queued:
    """A message that goes out once `actions` went through, in the transaction of its cause."""

    message_id: str
    actions: list[Action]


class Outbox:
    """Writes messages. Each call makes one message; it exists when its actions went through."""

    def __init__(self, records: Table, vault: Vault, clock: Clock, ids: Ids) -> None:
        self._records = records
        self._vault = vault
        self._clock = clock
        self._ids = ids

    def mail(
        self,
        template: str,
        to: str,
        language: Language,
        values: Mapping[str, str],
        *,
        about: str | None = None,
        delay: timedelta = timedelta(),
    ) -> Queued:
        """A mail from `template` to the address `to`, which is normalised first.

        `values` fill the template and hold codes and links, no contents. It goes out after `delay`
        at the earliest, at most 15 minutes (what SQS delays a message). `ValueError` when there is
        no such template or it takes other values; raises `UnusableIdentifier`, `UnfitForMail`,
        `TooLongToSeal`.
        """
        known = TEMPLATES.get(template)
        if known is None or known.values != set(values) or language not in LANGUAGES:
            raise ValueError("no such mail, or it takes other values")
        check_values(values)
        address = normalise(Kind.EMAIL, to)
        content = {"to": address, "language": language, "values": dict(values)}
        body = json.dumps(content).encode()
        return self._queued(Channel.MAIL, template, body, about=about, delay=delay)

    def webhook(self, endpoint_id: str, event_type: str, body: bytes) -> Queued:
        """An event of `event_type` for the endpoint: `body` is what will be signed and sent.

        Raises `TooLongToSeal`.
        """
        return self._queued(Channel.WEBHOOK, event_type, body, endpoint=endpoint_id)

    def work(self, kind: str, about: str) -> Queued:
        """Work of `kind` to be done on what `about`, an opaque id, names."""
        return self._queued(Channel.WORK, kind, None, about=about)

    def _queued(
        self,
        channel: Channel,
        kind: str,
        content: bytes | None,
        *,
        endpoint: str | None = None,
        about: str | None = None,
        delay: timedelta = timedelta(),
    ) -> Queued:
        message_id = self._ids.new()
        at = self._clock.now()
        key = message_key(message_id)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "rev": 1,
            "channel": channel.value,
            "kind": kind,
            "state": State.QUEUED.value,
            "at": to_millis(at),
            "ttl": ceil((at + KEPT).timestamp()),
            **unclaimed(message_id, at),
        }
        if delay:
            item["lease"] = to_millis(at + delay)  # nobody may claim it earlier
        for name, value in (("endpoint", endpoint), ("about", about)):
            if value is not None:
                item[name] = value
        item = OUTBOX_MESSAGE.stamp(item)
        if content is not None:
            item["sealed"] = self._vault.seal(
                message_scope(item),
                message_context(self._records, item),
                content,
                key_expires=_key_expiry(at.date()),
            )
        # ABSENT: an id that came twice must not replace a message that waits.
        return Queued(message_id, [Put(self._records, item, ABSENT)])


def message_ids(actions: Iterable[Action]) -> list[str]:
    """The ids of the messages that `actions` write."""
    written = (each.item for each in actions if isinstance(each, Put))
    found = (item for item in written if item["et"] == OUTBOX_MESSAGE.item_type)
    return [str(item["pk"]).partition(SEPARATOR)[2] for item in found]


def message_key(message_id: str) -> Key:
    """Where the message stands in the records table."""
    return Key(compose("OUTBOX", message_id), "MESSAGE")


def unclaimed(message_id: str, at: datetime) -> Item:
    """The attributes that list a message of the moment `at` in the index `due`."""
    return {"due_pk": unclaimed_bucket(at), "due_sk": message_id}


def unclaimed_bucket(at: datetime) -> str:
    """The bucket of the index that lists unclaimed messages queued on the UTC day of `at`."""
    return compose("UNCLAIMED", at.date().isoformat())


def message_scope(item: Item) -> Scope:
    """The scope that the message of `item` is sealed under."""
    return Scope.messages(str(item["channel"]), from_millis(cast("int", item["at"])).date())


def message_context(records: Table, item: Item) -> SealContext:
    """The place and the clear facts that the sealed part of `item` is bound to.

    Whoever can write the table still cannot send a body to another endpoint than its own, or a
    code in another mail.
    """
    return SealContext(
        records.logical,
        str(item["pk"]),
        str(item["sk"]),
        str(item["et"]),
        cast("int", item["v"]),
        tuple(f"{name}={item[name]!s}" for name in _BOUND if name in item),
    )


def _key_expiry(day: date) -> datetime:
    """The first moment at which every message of `day` is older than it is kept."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1) + KEPT
