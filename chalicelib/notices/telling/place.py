"""Going through a roll, whatever is told: where a telling stands, and one step of it.

A step is one transaction for some people of the roll: their mails in the outbox, their lines of the
ledger, and how far the telling is, under its revision. A mail gets its moment when it is queued:
the queue holds it back until then, so the rate holds whoever runs when.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.clock import from_millis, to_millis
from chalicelib.notices.telling.models import Channel, Place, Told
from chalicelib.tables.transactions import Action

PER_SECOND = 10
"""Mails of a telling: under the 14 a second that SES gives an account at first, with room for
codes."""
HORIZON = timedelta(minutes=5)
"""How far ahead a run queues: until the next one is there. SQS delays 15 minutes at most."""
AT_ONCE = 15  # people
_MOST_ACTIONS = 95  # of a transaction's 100: with how far the telling is


class NothingToTell(Exception):
    """The telling is done, or may not go on yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """A transaction, and what it does, in counts."""

    actions: Sequence[Action]
    told: int = 0
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Walked:
    """What some people of the roll were told: where that leads, the writes, the lines in them."""

    place: Place
    actions: Sequence[Action]
    lines: Sequence[Told]


type Write = Callable[[Place, str], tuple[Told, Sequence[Action]] | None]
"""The line of somebody who is told at a place, and the writes of it and of what goes out; None for
whoever is not told."""


def walk(place: Place, ids: Sequence[str], now: datetime, write: Write) -> Walked:
    """Tells `ids`, who come next in the part, in their order: as many as fit a transaction."""
    moved, actions, lines = place, list[Action](), list[Told]()
    for each in ids:
        here = replace(moved, next_at=max(moved.next_at, now))
        if written := write(here, each):
            line, writes = written
            if len(actions) + len(writes) > _MOST_ACTIONS:
                break  # the next step goes on with this one
            actions += writes
            lines.append(line)
            moved = _after(here, line)
        moved = replace(moved, after=each)
    return Walked(moved, actions, lines)


def _after(place: Place, line: Told) -> Place:
    """The place once `line` is written; a mail takes its slot."""
    slot = timedelta(seconds=1) / PER_SECOND if line.message_id else timedelta()
    by_mail = line.channel is Channel.EMAIL
    return replace(
        place,
        next_at=from_millis(to_millis(place.next_at + slot)),
        told=place.told + by_mail,
        unreachable=place.unreachable + (not by_mail),
    )
