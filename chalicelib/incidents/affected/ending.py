"""The end of a computation: it is noted, and whoever it found is told of what was approved."""

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.incidents.affected.computation_store import ComputationStore
from chalicelib.incidents.affected.models import LISTED, Computation
from chalicelib.incidents.affected.store import ListGrew
from chalicelib.incidents.book import IncidentBook, duty_facts
from chalicelib.incidents.models import Status
from chalicelib.incidents.rules import with_clients
from chalicelib.tables.transactions import Action, RunCommand

_WORKER = Actor("system", "affected")


class Ending:
    """Ends computations."""

    def __init__(
        self,
        computations: ComputationStore,
        book: IncidentBook,
        list_grew: ListGrew,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._computations = computations
        self._book = book
        self._list_grew = list_grew
        self._clock = clock
        self._run_command = run_command

    def end(self, computation: Computation) -> None:
        """Notes that it is done or failed. Of whoever was found nobody is lost: tellings that went
        through the list meanwhile go through it once more. The clients whose rows were found are
        among the incident's facts then, and have to be told. Raises `Overtaken`."""
        now = from_millis(to_millis(self._clock.now()))
        ended = replace(computation, ended_at=now)
        kinds = () if computation.rehearsal else LISTED
        tally = ended.tally
        facts: dict[str, Fact] = {
            "computation": ended.computation_id,
            "stage": ended.stage.value,
            "rows": tally.rows,
            "matched": tally.matched,
            "people": tally.people.count,
        }

        def build() -> list[Action]:
            return [
                self._computations.change(ended),
                *self._noted(ended, facts),
                *self._list_grew(ended.incident_id, kinds, now),
            ]

        self._run_command(build)

    def _noted(self, ended: Computation, facts: Mapping[str, Fact]) -> list[Action]:
        action = "recipients.computed"
        if ended.tally.clients and not ended.rehearsal:
            before = self._book.get(ended.incident_id)
            if before.status is Status.OPEN:
                after = with_clients(before, ended.tally.clients)
                said = {**facts, **duty_facts(after)}
                return self._book.change(after, _WORKER, action, said)
        return self._book.entry(ended.incident_id, _WORKER, action, facts)
