"""The end of a computation: it is noted, and whoever it found is told of what was approved."""

from dataclasses import replace

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.incidents.affected.computation_store import ComputationStore
from chalicelib.incidents.affected.models import LISTED, Computation
from chalicelib.incidents.affected.store import ListGrew
from chalicelib.incidents.book import IncidentBook
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
        tally = ended.tally
        kinds, clients = ((), ()) if computation.rehearsal else (LISTED, tally.clients)
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
                *self._book.affected_clients(
                    ended.incident_id, clients, _WORKER, "recipients.computed", facts
                ),
                *self._list_grew(ended.incident_id, kinds, now),
            ]

        self._run_command(build)
