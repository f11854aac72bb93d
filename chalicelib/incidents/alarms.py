"""One incident's alarms: what goes out, what the trail keeps, the counters, in one transaction.

Alarms of several duties, and those whose moments passed while nobody looked, are raised together:
one mail to each address and one event. Each counts, and the entry in the trail says by duty from
which to which. They go to whom the furthest of them goes to. Of a drill nothing leaves the house:
the staff is alarmed, webhooks are not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import rfc3339
from chalicelib.incidents.alarm_rules import escalation, names, raised, undecided
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.duties import released
from chalicelib.incidents.models import Duty, Incident
from chalicelib.incidents.store import IncidentStore
from chalicelib.law.alerting import alert_name, hours_left
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action

WATCHER = Actor("system", "watcher")
_HOUR = timedelta(hours=1)
EVENT = "incident.deadline"

type Json = str | int | bool | list[Json] | dict[str, Json] | None
type Announce = Callable[[str, Mapping[str, Json]], list[Action]]
"""Makes the writes that tell webhook endpoints of an event, by its type and data."""
type Addresses = Mapping[str, Sequence[str]]
"""By the names of the escalation's steps; `handler` where an incident has none of its own."""


class Alarms:
    """Raises alarms by mail and by `announce`. Neither says what happened."""

    def __init__(
        self,
        store: IncidentStore,
        book: IncidentBook,
        outbox: Outbox,
        announce: Announce,
        addresses: Addresses,
        language: Language,
    ) -> None:
        self._store = store
        self._book = book
        self._outbox = outbox
        self._announce = announce
        self._addresses = addresses
        self._language = language

    def actions(
        self, incident: Incident, alarms: Mapping[str, range], now: datetime
    ) -> list[Action]:
        """The transaction that raises `alarms`, by duty, at least one, of `incident`.

        It meets `Moved` when the incident changed since it was read.
        """
        duties = [each for each in incident.duties if each.id in alarms]
        told = self._told(max(each[-1] for each in alarms.values()))
        facts: dict[str, Fact] = {f"alarm.{_name(key)}": _span(n) for key, n in alarms.items()}
        facts["told"] = ",".join(told)
        return [
            self._store.watch(raised(incident, alarms)),
            *self._mails(incident, duties, told, now),
            *self._announced(incident, duties, now),
            *self._book.entry(incident.incident_id, WATCHER, "incident.alarmed", facts),
        ]

    def reported(self, incident: Incident) -> list[Action]:
        """The writes that tell the team and the DPO of an incident that was reported."""
        values = {"incident_id": incident.incident_id, "drill": _drill(incident)}
        return self._to(incident.incident_id, ["handler", "dpo"], "incident_reported", values)

    def released(self, before: Incident, after: Incident) -> list[Action]:
        """The writes that tell the DPOs of duties that are not required any more, if there are."""
        duties = released(before, after)
        if not duties:
            return []
        called = names(self._language)
        listed = "; ".join(
            f"{called[each.recipient]} ({each.law} {each.article})" for each in duties
        )
        values = {"incident_id": after.incident_id, "drill": _drill(after), "released": listed}
        told = ["dpo", "second_dpo"]
        return self._to(after.incident_id, told, "incident_released", values)

    def nudge(self, incident: Incident, numbers: range, now: datetime) -> list[Action]:
        """The transaction that says, `numbers` times at least once, that nobody has decided yet
        since when the incident is known. It meets `Moved` when it changed since it was read."""
        told = undecided().told(numbers[-1])
        values = {
            "incident_id": incident.incident_id,
            "drill": _drill(incident),
            "hours": str((now - incident.recorded_at) // _HOUR),
        }
        facts: dict[str, Fact] = {"count": len(numbers), "told": ",".join(told)}
        return [
            self._store.watch(replace(incident, nudges=numbers.stop)),
            *self._to(incident.incident_id, told, "incident_undecided", values),
            *self._book.entry(incident.incident_id, WATCHER, "incident.nudged", facts),
        ]

    def dates_corrected(self, before: Incident, after: Incident) -> list[Action]:
        """The writes that tell everybody whom alarms go to that awareness was corrected."""
        if before.aware_at is None or after.aware_at is None:
            return []
        values = {
            "incident_id": after.incident_id,
            "drill": _drill(after),
            "was": rfc3339(before.aware_at),
            "now": rfc3339(after.aware_at),
            "dates_were": self._dates(before.duties),
            "dates": self._dates(after.duties),
        }
        told = [step.to for step in escalation().steps]
        return self._to(after.incident_id, told, "incident_corrected", values)

    def _told(self, number: int) -> tuple[str, ...]:
        return escalation().told(number)

    def _mails(
        self, incident: Incident, duties: Sequence[Duty], told: Sequence[str], now: datetime
    ) -> list[Action]:
        values = {
            "incident_id": incident.incident_id,
            "drill": _drill(incident),
            "waiting": self._dates(duties),
            "due_at": rfc3339(_first(duties)),
            "hours": str(hours_left(_first(duties), now)),
        }
        return self._to(incident.incident_id, told, "incident_alarm", values)

    def _to(
        self, incident_id: str, told: Sequence[str], template: str, values: Mapping[str, str]
    ) -> list[Action]:
        own = self._store.mailbox(incident_id)
        addresses = {**self._addresses, **({"handler": [own]} if own else {})}
        # Whoever is told for two reasons is told once.
        to = dict.fromkeys(address for step in told for address in addresses[step])
        return [
            action
            for address in to
            for action in self._outbox.mail(
                template, address, self._language, values, about=incident_id
            ).actions
        ]

    def _dates(self, duties: Sequence[Duty]) -> str:
        called = names(self._language)
        return "; ".join(
            f"{called[each.recipient]} ({each.law} {each.article}): "
            f"{rfc3339(each.deadline.unpaused_due_at)}"
            for each in duties
            if each.is_open and each.deadline
        )

    def _announced(self, incident: Incident, duties: Sequence[Duty], now: datetime) -> list[Action]:
        if incident.drill:
            return []
        data: dict[str, Json] = {
            "incident_id": incident.incident_id,
            "due_at": rfc3339(_first(duties)),
            "hours_left": hours_left(_first(duties), now),
            "duties": [
                {
                    "recipient": each.recipient.value,
                    "law": each.law,
                    "article": each.article,
                    "due_at": rfc3339(each.deadline.unpaused_due_at),
                }
                for each in duties
                if each.deadline
            ],
        }
        return self._announce(EVENT, data)


def _first(duties: Sequence[Duty]) -> datetime:
    return min(each.deadline.unpaused_due_at for each in duties if each.deadline)


def _drill(incident: Incident) -> str:
    return "yes" if incident.drill else ""


def _span(numbers: range) -> str:
    offset = escalation().times.offset
    return ",".join(alert_name(offset(each)) for each in (numbers[0], numbers[-1]))


def _name(duty_id: str) -> str:
    return duty_id.replace("-", "_")
