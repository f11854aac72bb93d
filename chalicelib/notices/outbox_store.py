"""Reading messages of the outbox, and moving them through their states (messages.py).

Every change is one conditional write on the one item. When the mail provider took a mail, its own
id is noted beside it: `RECEIPT#<its id>` / `MESSAGE`, which a bounce finds its message by.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any, cast

from chalicelib.clock import Clock, to_millis
from chalicelib.errors import Unavailable
from chalicelib.notices.messages import Mail, Message, State
from chalicelib.notices.outbox import (
    OUTBOX_MESSAGE,
    UNCLAIMED,
    message_context,
    message_key,
    message_scope,
)
from chalicelib.notices.outbox_items import MAIL_RECEIPT, message_from, receipt_item, receipt_key
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import Condition, revision_is
from chalicelib.tables.schema import UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put, RunCommand, Update
from chalicelib.tables.updates import Changes
from chalicelib.vault.errors import KeyDestroyed
from chalicelib.vault.vault import Vault

LEASE = timedelta(seconds=60)
"""Longer than a consumer lives (its function's timeout), so a live one never loses its claim."""

type Follow = Callable[[Message, State, str], list[Action]]
"""The writes that note elsewhere what became of a message: its new state and the reason."""


class _OldNews(Unavailable):
    """What is reported is known, or overtaken by something later. Never leaves this module."""

    code = "old_news"


class OutboxStore:
    """The room of the outbox that consumers use."""

    def __init__(
        self,
        records: Table,
        vault: Vault,
        clock: Clock,
        run_command: RunCommand,
        followers: Mapping[str, Follow] | None = None,
    ) -> None:
        """`followers` note, by the kind of a mail, what becomes of it where that is kept longer."""
        self._records = records
        self._vault = vault
        self._clock = clock
        self._run_command = run_command
        self._followers = followers or {}

    def get(self, message_id: str) -> Message | None:
        """The message, read consistently; None when there is none (any more)."""
        item = self._records.get(message_key(message_id), consistent=True)
        return message_from(item) if item else None

    def wait(self, message_id: str) -> int | None:
        """The seconds after which the message may be claimed again, for whoever could not.

        None when nothing is left to do: it went out, was given up, or expired after 30 days.
        """
        standing = self.get(message_id)
        if standing is None or standing.state not in {State.QUEUED, State.SENDING}:
            return None
        missing = standing.lease - to_millis(self._clock.now())
        return max(0, ceil(missing / 1000)) + 1

    def claim(
        self, message_id: str, lease: timedelta = LEASE, *, counted: bool = False
    ) -> Message | None:
        """The message, claimed for `lease`, when it waits to be sent; else None.

        `counted`: the claim counts as an attempt, whatever comes of it.

        One UpdateItem. Raises `UnreadableItem`.
        """
        now = self._clock.now()
        # Of two consumers one finds it without a lease. A claim whose lease is over is a dead
        # consumer's; a queued message under a lease waits for its next try (`retry`).
        waits = Condition(
            "#state IN (:queued, :sending) AND (attribute_not_exists(#lease) OR #lease <= :now)",
            {"#state": "state", "#lease": "lease"},
            {
                ":queued": State.QUEUED.value,
                ":sending": State.SENDING.value,
                ":now": to_millis(now),
            },
        )
        claimed: dict[str, Value] = {"state": State.SENDING.value, "lease": to_millis(now + lease)}
        item = self._records.update(
            message_key(message_id),
            waits,
            put=claimed,
            add={"rev": 1, **({"attempts": 1} if counted else {})},
            remove=UNCLAIMED,
        )
        return message_from(item) if item else None

    def open_mail(self, message: Message) -> Mail:
        """What the mail says. Raises `KeyDestroyed` when its day's key ended, `SealBroken`."""
        fields: dict[str, Any] = json.loads(self.open_body(message))
        return Mail(fields["to"], fields["language"], fields["values"])

    def open_body(self, message: Message) -> bytes:
        """The sealed content: a webhook's body. Raises as `open_mail`; `KeyDestroyed` too when it
        was forgotten and somebody queued the message again."""
        context = message_context(self._records, message.item)
        match message.item.get("sealed"):
            case bytes(sealed):
                return self._vault.open(message_scope(message.item), context, sealed)
        raise KeyDestroyed

    def hand_over(self, message: Message) -> bool:
        """Counts that the claimed `message` is about to leave, unless the claim is lost: says
        whether it did. `release` takes it back; without it, nobody knows what came of it."""
        return self._while_claimed(message, {"handed": message.handed + 1})

    def release(self, message: Message) -> None:
        """Gives a claim back: the message was not sent and waits again, as the claim found it."""
        changes: dict[str, Value] = {
            "state": State.QUEUED.value,
            "lease": to_millis(self._clock.now()),
            "handed": message.handed,
        }
        self._while_claimed(message, changes)

    def retry(self, message: Message, at: datetime) -> None:
        """Gives a claim back after an attempt that failed: nobody can claim it before `at`."""
        changes: dict[str, Value] = {
            "state": State.QUEUED.value,
            "lease": to_millis(at),
            "attempts": message.attempts + 1,
        }
        self._while_claimed(message, changes)

    def postpone(self, message: Message, at: datetime) -> None:
        """Gives a counted claim back: nobody can claim it before `at`."""
        changes: dict[str, Value] = {"state": State.QUEUED.value, "lease": to_millis(at)}
        self._while_claimed(message, changes)

    def bury(self, message: Message, reason: str) -> bool:
        """Gives a claimed message up for good, unless the claim is lost: says whether it did.

        `reason` is a stable code. What it said is forgotten: nothing brings it back.
        """
        return self._settle(message, State.DEAD, reason, _claim_holds(message))

    def mark_sent(self, message_id: str) -> None:
        """Says that the message went out, unless something later is known of it already.

        What it said is forgotten with it: nobody needs it any more.
        """
        self._update(message_id, _UNSENT, {"state": State.SENT.value}, remove=("sealed",))

    def mark_mail_sent(self, message_id: str, receipt: str) -> None:
        """`mark_sent`, together with the provider's id `receipt`, so that a bounce is understood.

        One transaction; it is built anew when a bounce came in between.
        """

        def build() -> list[Action]:
            item = self._records.get(message_key(message_id), consistent=True)
            if item is None:
                raise UnreadableItem(OUTBOX_MESSAGE.item_type)
            # The same content whenever it is written, so writing it again changes nothing.
            actions: list[Action] = [Put(self._records, receipt_item(receipt, message_id, item))]
            if item["state"] in {State.QUEUED, State.SENDING}:
                revision = cast("int", item["rev"])
                kept = {name: value for name, value in item.items() if name != "sealed"}
                sent = {**kept, "state": State.SENT.value, "rev": revision + 1}
                # A bounce that overtakes us is not overwritten.
                actions.append(Put(self._records, sent, revision_is(revision), otherwise=Moved))
                actions += self._following(message_from(item), State.SENT, "")
            return actions

        self._run_command(build)

    def message_of_receipt(self, receipt: str) -> str | None:
        """The id of the message that the provider knows as `receipt`; None while unknown."""
        item = self._records.get(receipt_key(receipt), consistent=True)
        return str(MAIL_RECEIPT.lift(item)["message_id"]) if item else None

    def report(self, message_id: str, state: State, reason: str) -> None:
        """Notes that the message was delivered, bounced, or that its reader complained.

        Of these three a later one is not hidden by an earlier one, and a second report of the same
        changes nothing.
        """
        hidden = _REPORTED[_REPORTED.index(state) :]
        places = [f":hidden{number}" for number in range(len(hidden))]
        # It is there: a message that expired is not revived.
        news = Condition(
            f"attribute_exists(pk) AND NOT #state IN ({', '.join(places)})",
            {"#state": "state"},
            dict(zip(places, (each.value for each in hidden), strict=True)),
        )
        message = self.get(message_id)
        if message is not None:
            self._settle(message, state, reason, news)

    def note(self, message_id: str, reason: str) -> None:
        """Notes what went wrong without an end: a mailbox that was full, the provider tries on."""
        # Once a message has a reason the note is old news.
        self._update(message_id, _WITHOUT_REASON, {"reason": reason})

    def forget(self, message_id: str) -> None:
        """Forgets what the message says; one that waits goes out no more, nor is it redriven.

        Whoever holds it claimed may send it still; the claim is lost.
        """
        changes: dict[str, Value] = {"state": State.DEAD.value, "reason": "forgotten"}
        self._update(message_id, _SAYS_SOMETHING, changes, remove=("sealed", *UNCLAIMED))

    def _settle(self, message: Message, state: State, reason: str, condition: Condition) -> bool:
        """Says that this is the end of the message, if `condition` holds: says whether it did.

        What it said is forgotten, as in `mark_sent`. One write where nobody else has to know.
        """
        changes: dict[str, Value] = {"state": state.value}
        if reason:
            changes["reason"] = reason
        if message.kind not in self._followers:
            return self._update(message.id, condition, changes, remove=("sealed",)) is not None
        end = Update(
            self._records,
            message_key(message.id),
            Changes(put=changes, add={"rev": 1}, remove=("sealed",)),
            condition,
            _OldNews,
        )
        try:
            self._run_command(lambda: [end, *self._following(message, state, reason)])
        except _OldNews:
            return False
        return True

    def _following(self, message: Message, state: State, reason: str) -> list[Action]:
        follow = self._followers.get(message.kind)
        return follow(message, state, reason) if follow else []

    def _while_claimed(
        self, message: Message, changes: Mapping[str, Value], remove: Sequence[str] = ()
    ) -> bool:
        return self._update(message.id, _claim_holds(message), changes, remove) is not None

    def _update(
        self,
        message_id: str,
        condition: Condition,
        changes: Mapping[str, Value],
        remove: Sequence[str] = (),
    ) -> Item | None:
        key = message_key(message_id)
        return self._records.update(key, condition, put=changes, add={"rev": 1}, remove=remove)


_REPORTED = (State.DELIVERED, State.BOUNCED, State.COMPLAINED)
_UNSENT = Condition(
    "#state IN (:queued, :sending)",
    {"#state": "state"},
    {":queued": State.QUEUED.value, ":sending": State.SENDING.value},
)
# What went out, or was forgotten, stays what it is.
_SAYS_SOMETHING = Condition("attribute_exists(#sealed)", {"#sealed": "sealed"})
_WITHOUT_REASON = Condition(
    "attribute_exists(pk) AND attribute_not_exists(#reason)", {"#reason": "reason"}
)


def _claim_holds(message: Message) -> Condition:
    # Whoever claimed it after our lease, which no later claim has, or reported a bounce, knows
    # better. A note takes no claim away, so the revision does not tell.
    return Condition(
        "#state = :sending AND #lease = :lease",
        {"#state": "state", "#lease": "lease"},
        {":sending": State.SENDING.value, ":lease": message.lease},
    )
