"""When a stop order is issued, what becomes of it, and who is alerted of it when. Pure.

    asked ──acknowledge──> acknowledged
      └────remove────────> removed

An order is done when it waits for nobody; until then it is alerted on.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.consents.models import VALID, ConsentEvent, State
from chalicelib.consents.stopping.models import Receiver, StopOrder
from chalicelib.law.alerting import AlertTimes

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far a processor's clock may be from ours."""


def ends_consent(event: ConsentEvent) -> bool:
    """Whether processing that rested on the consent has to stop: it was valid, and is over."""
    # Asked anew, what was given stands until the notice takes effect.
    return event.before in VALID and event.state not in VALID | {State.REQUESTED}


def may_have_stopped(order: StopOrder, stopped_at: datetime, now: datetime) -> bool:
    """Whether a processor can have stopped then: not before it had to, and not after `now`."""
    return order.ended_at - CLOCK_TOLERANCE <= stopped_at <= now + CLOCK_TOLERANCE


def settled(order: StopOrder, processor_id: str, receiver: Receiver) -> StopOrder:
    """The order once `receiver` stands for the processor."""
    return replace(order, receivers={**order.receivers, processor_id: receiver})


def alerts_to_raise(order: StopOrder, now: datetime, times: AlertTimes) -> range:
    """The numbers of the alerts whose moment has come and that were not raised yet."""
    return range(order.alerts, times.passed(order.stop_by, now) if order.waiting else 0)


def next_moment(order: StopOrder, times: AlertTimes) -> datetime | None:
    """When the watcher has to look at the order next; None once it is done."""
    return order.stop_by + times.offset(order.alerts) if order.waiting else None
