"""Looking after what follows an incident; each step leaves its entry in the trail.

Closing an incident changes its aftermath too, so nothing is written into one that somebody closes
at the same moment. Only the actions that were left open at its closing go on: they are moved, done
and dropped in a closed incident too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, rfc3339, to_millis
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.incidents.aftermath.models import (
    Aftermath,
    ClientReport,
    Containment,
    Remedy,
    RootCause,
)
from chalicelib.incidents.aftermath.reporting import composed
from chalicelib.incidents.aftermath.rules import approved, done, dropped, planned, replanned
from chalicelib.incidents.aftermath.store import AftermathStore
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.models import Incident, Status, Texts
from chalicelib.incidents.rules import check_past, opened
from chalicelib.notices.models import LANGUAGES
from chalicelib.tables.codec import Item
from chalicelib.tables.transactions import Action, RunCommand

type Change = Callable[[Incident, Aftermath], Aftermath]
type Beside = Callable[[Incident, Aftermath], list[Action]]
"""What else belongs into the transaction of a change, by the incident and the changed aftermath."""

_READ = "incidents.read"


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of an incident's end and cause; what is left out is not known (yet)."""

    containment: Containment | None = None
    root_cause: RootCause | None = None
    lessons: Texts = field(default_factory=dict, repr=False)


type SendReport = Callable[[Incident, ClientReport], list[Action]]
"""The writes that send an approved report to the affected clients."""


class Aftercare:
    """Keeps what was found, the remediation actions and the report to clients."""

    def __init__(
        self,
        store: AftermathStore,
        book: IncidentBook,
        send_report: SendReport,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._book = book
        self._send_report = send_report
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency
        self._run_command = run_command

    def read(self, incident_id: str, staff_id: str) -> Aftermath:
        """What follows the incident, opened: that it was read is in the trail first.

        Raises `UnknownIncident`.
        """
        facts: dict[str, Fact] = {"permission": _READ, "part": "aftermath"}
        who = Actor("staff", staff_id)
        self._book.readable(incident_id)
        self._run_command(lambda: self._book.entry(incident_id, who, "personal_data.read", facts))
        return self._store.get(incident_id)

    def seen(self, incident_id: str) -> Aftermath:
        """The same as far as it stands in clear. Raises `UnknownIncident`."""
        self._book.seen(incident_id)
        return self._store.seen(incident_id)

    def find(
        self, incident_id: str, staff_id: str, found: Found, call: KeyedCall | None = None
    ) -> None:
        """Replaces what is known of containment, root cause and lessons.

        Raises `UnknownIncident`, `IncidentNotOpen`, `InvalidInput` for what is said to have been
        contained in the future.
        """
        if found.containment:
            check_past("containment.contained_at", found.containment.contained_at, self._now())

        def change(_: Incident, aftermath: Aftermath) -> Aftermath:
            return replace(
                aftermath,
                containment=found.containment,
                root_cause=found.root_cause,
                lessons=found.lessons,
            )

        self._change(incident_id, staff_id, "incident.aftermath_revised", change, {}, call)

    def plan(
        self,
        incident_id: str,
        staff_id: str,
        what: Texts,
        owner: str,
        due_at: datetime,
        call: KeyedCall | None = None,
    ) -> str:
        """Adds a remediation action and gives its id. Raises `UnknownIncident`,
        `IncidentNotOpen`."""
        remedy = Remedy(self._ids.new(), what, owner, due_at)
        facts: dict[str, Fact] = {"action_id": remedy.action_id, "due_at": rfc3339(due_at)}
        earlier = self._change(
            incident_id,
            staff_id,
            "incident.action_planned",
            lambda _, aftermath: planned(aftermath, remedy),
            facts,
            call,
        )
        return str(earlier["action_id"]) if earlier else remedy.action_id

    def replan(
        self,
        incident_id: str,
        action_id: str,
        staff_id: str,
        owner: str,
        due_at: datetime,
        call: KeyedCall | None = None,
    ) -> None:
        """Gives an open action another owner and date. Raises `UnknownIncident`,
        `IncidentNotOpen`, `UnknownRemedy`, `RemedyEnded`."""
        facts: dict[str, Fact] = {"action_id": action_id, "due_at": rfc3339(due_at)}
        self._change(
            incident_id,
            staff_id,
            "incident.action_replanned",
            lambda _, aftermath: replanned(aftermath, action_id, owner, due_at),
            facts,
            call,
            whose=_dealt_with,
        )

    def finish(
        self, incident_id: str, action_id: str, staff_id: str, call: KeyedCall | None = None
    ) -> None:
        """Notes that an action is done. Raises as `replan`."""
        self._end(
            incident_id,
            staff_id,
            "incident.action_done",
            lambda _, aftermath: done(aftermath, action_id, self._now()),
            action_id,
            call,
        )

    def drop(
        self,
        incident_id: str,
        action_id: str,
        staff_id: str,
        reasons: str,
        call: KeyedCall | None = None,
    ) -> None:
        """Gives an action up. Raises as `replan`."""
        self._end(
            incident_id,
            staff_id,
            "incident.action_dropped",
            lambda _, aftermath: dropped(aftermath, action_id, self._now(), reasons),
            action_id,
            call,
        )

    def propose(
        self, incident_id: str, staff_id: str, texts: Texts, call: KeyedCall | None = None
    ) -> None:
        """Proposes the report to clients, composed where `texts` leave a language out.

        It replaces an earlier one, approved or not. Raises `UnknownIncident`, `IncidentNotOpen`,
        `NothingToReport`.
        """
        report_id, now = self._ids.new(), self._now()

        def change(incident: Incident, aftermath: Aftermath) -> Aftermath:
            said = {
                each: texts.get(each) or composed(incident, aftermath, each) for each in LANGUAGES
            }
            return replace(aftermath, report=ClientReport(report_id, said, staff_id, now))

        facts: dict[str, Fact] = {"report_id": report_id}
        self._change(incident_id, staff_id, "incident.report_proposed", change, facts, call)

    def approve(
        self, incident_id: str, staff_id: str, report_id: str, call: KeyedCall | None = None
    ) -> None:
        """Approves the report to clients: it is sent to those affected from now on.

        Raises `UnknownIncident`, `IncidentNotOpen`, `NoReport`, `ReportReplaced`,
        `ReportApproved`, `OwnReport`.
        """

        def change(_: Incident, aftermath: Aftermath) -> Aftermath:
            return approved(aftermath, report_id, staff_id, self._now())

        def sending(incident: Incident, aftermath: Aftermath) -> list[Action]:
            return self._send_report(incident, aftermath.report) if aftermath.report else []

        facts: dict[str, Fact] = {"report_id": report_id}
        self._change(
            incident_id,
            staff_id,
            "incident.report_approved",
            change,
            facts,
            call,
            beside=sending,
        )

    def _end(
        self,
        incident_id: str,
        staff_id: str,
        action: str,
        change: Change,
        action_id: str,
        call: KeyedCall | None,
    ) -> None:
        facts: dict[str, Fact] = {"action_id": action_id}
        self._change(incident_id, staff_id, action, change, facts, call, whose=_dealt_with)

    def _change(
        self,
        incident_id: str,
        staff_id: str,
        action: str,
        change: Change,
        facts: Mapping[str, Fact],
        call: KeyedCall | None,
        whose: Callable[[Incident], Incident] = opened,
        beside: Beside = lambda *_: [],
    ) -> Item | None:
        """The result of an earlier `call`; else None, once the aftermath is changed."""
        if earlier := self._idempotency.earlier(call):
            return earlier

        def build() -> list[Action]:
            # In this order: whoever closes the incident in between changes what was read first.
            aftermath = self._store.get(incident_id)
            incident = whose(self._book.get(incident_id))
            after = change(incident, aftermath)
            return [
                self._store.change(after),
                *beside(incident, after),
                *self._book.entry(incident_id, Actor("staff", staff_id), action, facts),
            ]

        return self._idempotency.run(call, {"incident": incident_id, **facts}, build)

    def _now(self) -> datetime:
        return from_millis(to_millis(self._clock.now()))


def _dealt_with(incident: Incident) -> Incident:
    """The incident, open or closed. Raises `IncidentNotOpen`."""
    return incident if incident.status is Status.CLOSED else opened(incident)
