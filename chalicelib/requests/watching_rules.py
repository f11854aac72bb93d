"""When the watcher has to look at a request, and which alerts are to be raised then. Pure.

A request's alerts are numbered: those before its date, longest first, the one at the date, then
one after another until it has ended. Its date is the earliest of its laws' dates **without** the
pauses, for authorities differ on the waits. It is also the last day for telling the person of an
extension (`Deadline.notice_by`); an extension moves the date, and the alerts start anew for it.

While nobody proved a request there is none after the date: anybody can make a request for anybody's
address, and each would fill the staff's mailboxes for weeks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from chalicelib.law.clocks import earliest
from chalicelib.law.deadline import Deadline
from chalicelib.requests.models import DataRequest
from chalicelib.requests.rules import LIVING, UNPROVED

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """How long before the date the alerts come, how often after it, when unproved requests end.

    `ValueError` unless the alerts come one after another.
    """

    before: tuple[timedelta, ...]
    between_after: timedelta
    lapse_after: timedelta

    def __post_init__(self) -> None:
        falling = all(first > second for first, second in pairwise((*self.before, timedelta())))
        if not falling or min(self.between_after, self.lapse_after) <= timedelta():
            raise ValueError(
                "alerts come one after another, and requests lapse after their receipt"
            )

    def offset(self, number: int) -> timedelta:
        """How long after the date alert `number` comes; negative before it."""
        if number < len(self.before):
            return -self.before[number]
        return (number - len(self.before)) * self.between_after

    def passed(self, due_at: datetime, now: datetime) -> int:
        """How many alerts for the date `due_at` have had their moment at `now`."""
        if now >= due_at:
            return len(self.before) + 1 + (now - due_at) // self.between_after
        return sum(due_at - each <= now for each in self.before)


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


def alert_name(offset: timedelta) -> str:
    """A constant for the trail: `48h_before`, `at`, `24h_after`."""
    hours = abs(offset) // _HOUR
    if not offset:
        return "at"
    return f"{hours}h_before" if offset < timedelta() else f"{hours}h_after"


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
