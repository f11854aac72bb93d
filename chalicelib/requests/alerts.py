"""One request's alerts: what goes out, what the trail keeps, and the counter, in one transaction.

Alerts whose moments passed while nobody looked are raised together: one mail to each address and
one event, since only the last still tells something new. Each of them counts, and the entry in the
trail says from which to which.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import rfc3339
from chalicelib.law.alerting import alert_name, hours_left
from chalicelib.law.deadline import Deadline
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.models import DataRequest
from chalicelib.requests.watch_store import WatchStore
from chalicelib.requests.watching_rules import Terms, watched_date
from chalicelib.tables.transactions import Action

WATCHER = Actor("system", "watcher")
EVENT = "data_request.deadline"

type Announce = Callable[[str, Mapping[str, str | int]], list[Action]]
"""Makes the writes that tell webhook endpoints of an event, by its type and data."""


class Alerts:
    """Raises alerts by mail to `addresses` and by `announce`. Neither says whose request it is."""

    def __init__(
        self,
        store: WatchStore,
        outbox: Outbox,
        announce: Announce,
        trail: Trail,
        addresses: Sequence[str],
        language: Language,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._announce = announce
        self._trail = trail
        self._addresses = addresses
        self._language = language

    def actions(
        self, request: DataRequest, numbers: range, now: datetime, terms: Terms
    ) -> list[Action]:
        """The transaction that raises the alerts `numbers`, at least one, of `request`.

        It meets `Moved` when the request changed since it was read.
        """
        date = watched_date(request)
        if date is None:
            raise ValueError("a request without a date has no alerts")
        hours = hours_left(date.unpaused_due_at, now)
        names = [alert_name(terms.offset(number)) for number in (numbers[0], numbers[-1])]
        facts: dict[str, Fact] = {
            "first": names[0],
            "last": names[1],
            "count": len(numbers),
            "law": date.pack,
            "rule": date.rule,
            "due_at": rfc3339(date.unpaused_due_at),
        }
        entity = Entity("request", request.request_id)
        return [
            self._store.count_alerts(request, numbers.stop, date.unpaused_due_at),
            *self._mails(request, date, hours),
            *self._announce(EVENT, _data(request, date, names[1], hours)),
            *self._trail.actions(entity, WATCHER, "request.alerted", facts),
        ]

    def _mails(self, request: DataRequest, date: Deadline, hours: int) -> list[Action]:
        values = {
            "request_id": request.request_id,
            "type": request.type.value,
            "law": date.law,
            "article": date.article,
            "due_at": rfc3339(date.unpaused_due_at),
            "hours": str(hours),
        }
        return [
            action
            for address in self._addresses
            for action in self._outbox.mail(
                "request_alert", address, self._language, values, about=request.request_id
            ).actions
        ]


def _data(request: DataRequest, date: Deadline, alert: str, hours: int) -> dict[str, str | int]:
    return {
        "request_id": request.request_id,
        "request_type": request.type.value,
        "status": request.status.value,
        "law": date.law,
        "article": date.article,
        "due_at": rfc3339(date.unpaused_due_at),
        "alert": alert,
        "hours_left": hours,
    }
