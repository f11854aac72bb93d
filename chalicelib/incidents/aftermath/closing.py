"""Closing an incident once nothing mandatory is missing, and opening it again.

What is missing is judged on the incident and the aftermath as they stand in the transaction that
closes: both are changed in it, so nobody takes a part away at the same moment.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import FieldError
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.incidents.aftermath.closing_rules import missing_parts
from chalicelib.incidents.aftermath.errors import IncidentIncomplete, NotClosed, TooManyTurns
from chalicelib.incidents.aftermath.models import Aftermath, Step, Turn
from chalicelib.incidents.aftermath.rules import MOST_TURNS
from chalicelib.incidents.aftermath.store import AftermathStore
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.models import Incident, Status
from chalicelib.incidents.rules import opened
from chalicelib.tables.transactions import Action

type TurnIncident = Callable[[Incident, Aftermath, datetime], Incident]
type TurnList = Callable[[str, Step], Sequence[Action]]
"""The writes that close an incident's list of the affected as it is when this is called, and stop
what waits for it, or open it again."""
type StillToTell = Callable[[Incident], Sequence[FieldError]]
"""What is still to be told of an incident, beyond duties that are open."""


class Closing:
    """Closes and reopens; each leaves its entry in the trail, the reasons are sealed."""

    def __init__(
        self,
        store: AftermathStore,
        book: IncidentBook,
        still_to_tell: StillToTell,
        turn_list: TurnList,
        clock: Clock,
        idempotency: Idempotency,
    ) -> None:
        self._store = store
        self._book = book
        self._still_to_tell = still_to_tell
        self._turn_list = turn_list
        self._clock = clock
        self._idempotency = idempotency

    def missing(self, incident_id: str) -> tuple[FieldError, ...]:
        """What the incident lacks to be closed: names of parts, not what they say.

        Raises `UnknownIncident`.
        """
        return self._missing(self._book.get(incident_id), self._store.get(incident_id))

    def close(
        self, incident_id: str, staff_id: str, reasons: str, call: KeyedCall | None = None
    ) -> None:
        """Closes the incident: it raises no alarms any more; open actions are still reminded of.

        Raises `UnknownIncident`, `IncidentNotOpen`, `IncidentIncomplete`.
        """
        self._turn(incident_id, staff_id, Step.CLOSED, reasons, self._closed, call)

    def reopen(
        self, incident_id: str, staff_id: str, reasons: str, call: KeyedCall | None = None
    ) -> None:
        """Opens a closed incident again. Raises `UnknownIncident`, `NotClosed`,
        `TooManyTurns`."""
        self._turn(incident_id, staff_id, Step.REOPENED, reasons, _reopened, call)

    def _turn(
        self,
        incident_id: str,
        staff_id: str,
        step: Step,
        reasons: str,
        turn: TurnIncident,
        call: KeyedCall | None,
    ) -> None:
        if self._idempotency.earlier(call):
            return
        now = from_millis(to_millis(self._clock.now()))

        def build() -> list[Action]:
            # First: whoever is put on the list while the rest is looked at makes this look anew.
            list_turned = self._turn_list(incident_id, step)
            before, aftermath = self._book.get(incident_id), self._store.get(incident_id)
            after = turn(before, aftermath, now)
            turns = (*aftermath.turns, Turn(step, staff_id, now, reasons))
            facts: dict[str, Fact] = {"nature": after.nature}
            return [
                *list_turned,
                self._store.change(replace(aftermath, turns=turns)),
                *self._book.turned(after, Actor("staff", staff_id), f"incident.{step}", facts),
            ]

        self._idempotency.run(call, {"incident": incident_id}, build)

    def _closed(self, incident: Incident, aftermath: Aftermath, now: datetime) -> Incident:
        if missing := self._missing(opened(incident), aftermath):
            raise IncidentIncomplete(*missing)
        return replace(incident, status=Status.CLOSED, closed_at=now)

    def _missing(self, incident: Incident, aftermath: Aftermath) -> tuple[FieldError, ...]:
        parts = missing_parts(incident, aftermath)
        named = {each.field for each in parts}
        # What is not there has reached nobody, either: that is said once.
        return (*parts, *(e for e in self._still_to_tell(incident) if e.field not in named))


def _reopened(incident: Incident, aftermath: Aftermath, _now: datetime) -> Incident:
    if incident.status is not Status.CLOSED:
        raise NotClosed
    if len(aftermath.turns) + 1 >= MOST_TURNS:  # what is opened has to be closed again
        raise TooManyTurns
    return replace(incident, status=Status.OPEN, closed_at=None)
