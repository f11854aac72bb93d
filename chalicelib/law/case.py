"""What happened: the facts that a date is computed from."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.clock import from_millis, to_millis
from chalicelib.law.models import PauseReason


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait for the person, between two aware moments; one that lasts is given until now."""

    reason: PauseReason
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What happened, in aware moments.

    ``received_at`` is when the clock's event came: the receipt of a request, the awareness of a
    breach. ``identity_at`` and ``fee_at`` are when proof and fee came, where they were asked for.
    """

    received_at: datetime
    identity_at: datetime | None = None
    fee_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extended: bool = False


def whole(moment: datetime) -> datetime:
    """`moment` in UTC, cut to milliseconds. Raises `ValueError` for a naive one."""
    # What is stored is what is counted from, and milliseconds are stored.
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone")
    return from_millis(to_millis(moment))
