"""When the watcher has to look at a request, and which alerts are to be raised then. Pure.

A request's alerts (law/alerting.py) go on until it has ended. Its date is the earliest of its laws'
dates **without** the pauses, for authorities differ on the waits. It is also the last day for
telling the person of an extension (`Deadline.notice_by`); an extension moves the date, and the
alerts start anew for it.

While nobody proved a request there is none after the date: anybody can make a request for anybody's
address, and each would fill the staff's mailboxes for weeks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.law.alerting import AlertTimes
from chalicelib.law.alerting import alert_name as alert_name  # noqa: PLC0414  # known from here
from chalicelib.law.clocks import earliest
from chalicelib.law.deadline import Deadline
from chalicelib.requests.models import DataRequest
from chalicelib.requests.rules import LIVING, UNPROVED


@dataclass(frozen=True, slots=True)
class Terms(AlertTimes):
    """When alerts come, and when unproved requests end. `ValueError` unless one after another."""

    lapse_after: timedelta

    def __post_init__(self) -> None:
        AlertTimes.__post_init__(self)  # a class with slots has no super() to speak of
        if self.lapse_after <= timedelta():
            raise ValueError("a receipt and a lapse come one after another")


def watched_date(request: DataRequest) -> Deadline | None:
    """The date that the request's alerts are about, None where no law states one."""
    dates = [each for each in request.deadlines if not each.keep]
    return earliest(dates) if dates else None


def alerts_to_raise(request: DataRequest, now: datetime, terms: Terms) -> range:
    """The numbers of the alerts whose moment has come and that were not raised yet."""
    date = watched_date(request)
    if date is None or request.status not in LIVING:
        return range(0)
    passed = terms.passed(date.unpaused_due_at, now)
    most = _most_alerts(request, terms)
    return range(_raised(request, date), passed if most is None else min(passed, most))


def lapses_at(request: DataRequest, terms: Terms) -> datetime | None:
    """When the request ends if nobody proves it; None once it is proved or has ended."""
    return request.received_at + terms.lapse_after if request.status in UNPROVED else None


def next_moment(request: DataRequest, terms: Terms) -> datetime | None:
    """When the watcher has to look at the request next; None when never."""
    if request.status not in LIVING:
        return None
    moments = [_next_alert(request, terms), lapses_at(request, terms)]
    return min((each for each in moments if each is not None), default=None)


def _next_alert(request: DataRequest, terms: Terms) -> datetime | None:
    date = watched_date(request)
    if date is None:
        return None
    number, most = _raised(request, date), _most_alerts(request, terms)
    if most is not None and number >= most:
        return None
    return date.unpaused_due_at + terms.offset(number)


def _raised(request: DataRequest, date: Deadline) -> int:
    return request.alerts if request.alerts_for == date.unpaused_due_at else 0


def _most_alerts(request: DataRequest, terms: Terms) -> int | None:
    return len(terms.before) + 1 if request.status in UNPROVED else None
