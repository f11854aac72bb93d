"""The register, breach or not (GDPR 33(5)): what came in, what is known, who handles it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.incidents.book import IncidentBook, duty_facts
from chalicelib.incidents.errors import IncidentMoved
from chalicelib.incidents.models import Facts, Incident, Source, Status
from chalicelib.incidents.rules import (
    check_no_client_lost,
    check_past,
    dismissed,
    revised,
    taken_up,
)
from chalicelib.incidents.store import IncidentStore
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.blind_index import Kind, normalise

_READ = "incidents.read"


@dataclass(frozen=True, slots=True)
class Following:
    """The writes that follow from what became of an incident: `reported` tells whoever has to look
    at it; of an incident before and after, `released` tells of duties that waited and are not
    required any more, and `clients_named` has clients told who were not among the facts."""

    reported: Callable[[Incident], list[Action]]
    released: Callable[[Incident, Incident], list[Action]]
    clients_named: Callable[[Incident, Incident, datetime], list[Action]]


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports. A drill exercises everything and sends nothing outside."""

    source: Source
    facts: Facts = field(repr=False)
    drill: bool = False


class Register:
    """Takes incidents in and keeps what is known of them; each step leaves its entry in the
    trail."""

    def __init__(
        self,
        store: IncidentStore,
        book: IncidentBook,
        following: Following,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._book = book
        self._following = following
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency
        self._run_command = run_command

    def report(self, report: Report, actor: Actor, call: KeyedCall | None = None) -> Incident:
        """The incident, in the register from now on; one for each `call`.

        No clock runs yet: that we know of it is a decision of its own (deciding.py), and the team
        is told so that somebody takes it. Raises
        `InvalidInput` for what is said to have happened in the future, `IdempotencyConflict`.
        """
        if earlier := self._idempotency.earlier(call):
            return self._book.seen(str(earlier["incident"]))
        incident = self._new(report, actor, Status.OPEN)
        earlier = self._idempotency.run(
            call,
            {"incident": incident.incident_id},
            lambda: [
                *self._book.addition(incident, actor, "incident.reported"),
                *self._following.reported(incident),
            ],
        )
        return self._book.seen(str(earlier["incident"])) if earlier else incident

    def draft(self, report: Report, actor: Actor) -> tuple[Incident, list[Action]]:
        """A draft that somebody has to look at, and its writes, for the transaction of whoever
        found it. Raises `InvalidInput` as `report`."""
        incident = self._new(report, actor, Status.DRAFT)
        return incident, self._book.addition(incident, actor, "incident.drafted")

    def take_up(self, incident_id: str, staff_id: str, call: KeyedCall | None = None) -> None:
        """Makes an incident of a draft. Raises `UnknownIncident`, `NotADraft`."""
        self._change(incident_id, staff_id, "incident.taken_up", taken_up, call)

    def dismiss(
        self, incident_id: str, staff_id: str, reasons: str, call: KeyedCall | None = None
    ) -> None:
        """Says that a draft is no incident. Raises as `take_up`."""
        now = self._now()
        self._change(
            incident_id,
            staff_id,
            "incident.dismissed",
            lambda incident: dismissed(incident, reasons, now),
            call,
        )

    def revise(
        self,
        incident_id: str,
        staff_id: str,
        facts: Facts,
        call: KeyedCall | None = None,
        revision: int | None = None,
        *,
        says_more: bool = True,
    ) -> None:
        """Replaces what is known; with `revision` only if the incident is as it was read. Unless
        `says_more`, whether more clients are affected stays what was known.

        Raises `UnknownIncident`, `IncidentNotOpen`, `InvalidInput`, `IncidentMoved`, and
        `ClientsWouldBeLost` without `revision`.
        """
        self._check(facts)

        def change(incident: Incident) -> Incident:
            more = facts.more_clients if says_more else incident.facts.more_clients
            now_known = replace(facts, more_clients=more)
            if revision is None:
                check_no_client_lost(incident, now_known)
            elif revision != incident.revision:
                raise IncidentMoved
            return revised(incident, now_known)

        self._change(incident_id, staff_id, "incident.revised", change, call)

    def hand_over(
        self,
        incident_id: str,
        staff_id: str,
        handler: str,
        address: str,
        call: KeyedCall | None = None,
    ) -> None:
        """Names who handles it, an id of the staff, and the address that alarms go to first.

        Raises `UnknownIncident`, `IncidentNotOpen`, `UnusableIdentifier`.
        """
        if self._idempotency.earlier(call):
            return
        mailbox, who = normalise(Kind.EMAIL, address), Actor("staff", staff_id)

        def build() -> list[Action]:
            incident = replace(self._book.workable(incident_id), handler=handler)
            facts: dict[str, Fact] = {"handler": handler}
            return [
                self._store.hand_over(incident, mailbox),
                *self._book.entry(incident_id, who, "incident.handed_over", facts),
            ]

        self._idempotency.run(call, {"incident": incident_id}, build)

    def read(self, incident_id: str, staff_id: str) -> Incident:
        """The incident, opened for a member of the staff: that it was read is in the trail first.

        Raises `UnknownIncident`, `IncidentOver`.
        """
        facts: dict[str, Fact] = {"permission": _READ}
        who = Actor("staff", staff_id)
        self._book.readable(incident_id)
        self._run_command(lambda: self._book.entry(incident_id, who, "personal_data.read", facts))
        return self._book.get(incident_id)

    def seen(self, incident_id: str) -> Incident:
        """The incident as far as it stands in clear. Raises `UnknownIncident`."""
        return self._book.seen(incident_id)

    def this_year(self) -> int:
        """In UTC."""
        return self._clock.now().year

    def page(self, year: int, limit: int, start: Key | None) -> tuple[list[Incident], Key | None]:
        """`limit` incidents recorded in `year` (UTC), the newest first, and where to go on from.
        Nothing sealed is opened."""
        return self._store.page(year, limit, start)

    def _new(self, report: Report, actor: Actor, status: Status) -> Incident:
        self._check(report.facts)
        return Incident(
            incident_id=self._ids.new(),
            source=report.source,
            drill=report.drill,
            reported_by=str(actor),
            recorded_at=self._now(),
            facts=report.facts,
            status=status,
        )

    def _change(
        self,
        incident_id: str,
        staff_id: str,
        action: str,
        change: Callable[[Incident], Incident],
        call: KeyedCall | None,
    ) -> None:
        if self._idempotency.earlier(call):
            return

        def build() -> list[Action]:
            before = self._book.get(incident_id)
            after = change(before)
            who = Actor("staff", staff_id)
            write = self._book.turned if after.has_ended else self._book.change
            return [
                *write(after, who, action, duty_facts(after)),
                *self._following.released(before, after),
                *self._following.clients_named(before, after, self._now()),
            ]

        self._idempotency.run(call, {"incident": incident_id}, build)

    def _now(self) -> datetime:
        """In whole milliseconds, as it is stored."""
        return from_millis(to_millis(self._clock.now()))

    def _check(self, facts: Facts) -> None:
        now = self._clock.now()
        check_past("occurred_from", facts.occurred_from, now)
        check_past("occurred_until", facts.occurred_until, now)
