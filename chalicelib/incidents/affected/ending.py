"""The end of a computation: it is noted, and whoever it found is told of what was approved."""

from dataclasses import replace
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.incidents.affected.computation_store import ComputationStore
from chalicelib.incidents.affected.counts_store import CountsStore
from chalicelib.incidents.affected.models import LISTED, Computation, Stage
from chalicelib.incidents.affected.store import ListGrew
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.models import Status
from chalicelib.incidents.rules import opened
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.errors import TooLongToSeal

NOT_OPEN = "incident_not_open"
"""Why a computation failed: its incident was closed while it ran."""
_NO_ROOM = "no_room_for_clients"
"""It failed in that the facts have no room for the clients that it found."""
_COMPUTED = "recipients.computed"
_WORKER = Actor("system", "affected")


class Ending:
    """Ends computations."""

    def __init__(
        self,
        computations: ComputationStore,
        counts: CountsStore,
        book: IncidentBook,
        list_grew: ListGrew,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._computations = computations
        self._counts = counts
        self._book = book
        self._list_grew = list_grew
        self._clock = clock
        self._run_command = run_command

    def check_open(self, incident_id: str) -> None:
        """Raises `IncidentNotOpen` where nobody is put on the list any more."""
        opened(self._book.seen(incident_id))

    def end(self, computation: Computation) -> None:
        """Notes that it is done or failed. Of whoever was found nobody is lost: tellings that went
        through the list meanwhile go through it once more. The clients whose rows were found are
        among the incident's facts then, and have to be told; where there is no room for them it
        failed, and facts say that there are more. Of an incident that is not open any more it
        failed, whatever it found. Raises `Overtaken`."""
        now = from_millis(to_millis(self._clock.now()))
        ended = replace(computation, ended_at=now)

        def build() -> list[Action]:
            if self._book.seen(ended.incident_id).status is Status.OPEN:
                return self._ended(ended, now)
            failed = replace(ended, stage=Stage.FAILED, problem=NOT_OPEN)
            return [
                self._computations.change(failed),
                *self._book.entry(failed.incident_id, _WORKER, _COMPUTED, _facts(failed)),
            ]

        try:
            self._run_command(build)
        except TooLongToSeal:
            tally = replace(ended.tally, clients=(), more_clients=True)
            ended = replace(ended, stage=Stage.FAILED, problem=_NO_ROOM, tally=tally)
            self._run_command(build)

    def _ended(self, ended: Computation, now: datetime) -> list[Action]:
        incident_id, tally = ended.incident_id, ended.tally
        facts = _facts(ended)
        if ended.rehearsal:
            entry = self._book.entry(incident_id, _WORKER, _COMPUTED, facts)
            return [self._computations.change(ended), *entry]
        return [
            self._computations.change(ended),
            self._counts.asking(incident_id),
            *self._book.affected_clients(
                incident_id, tally.clients, _WORKER, _COMPUTED, facts, more=tally.more_clients
            ),
            *self._list_grew(incident_id, LISTED, now),
        ]


def _facts(ended: Computation) -> dict[str, Fact]:
    tally = ended.tally
    return {
        "computation": ended.computation_id,
        "stage": ended.stage.value,
        "rows": tally.rows,
        "matched": tally.matched,
        "people": tally.people.count,
    }
