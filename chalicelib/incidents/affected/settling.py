"""Settling a computation that failed: somebody says why nobody is missing on the list for it.

Until then, or until its question is asked anew, no telling of the incident ends, and it is not
closed: whom the computation would have found nobody knows.
"""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.audit.entry import Actor
from chalicelib.errors import Conflict
from chalicelib.incidents.affected.computation_store import ComputationStore
from chalicelib.incidents.affected.models import Computation, Stage
from chalicelib.incidents.book import IncidentBook
from chalicelib.tables.transactions import Action, RunCommand


class NotFailed(Conflict):
    """The computation did not fail, or that was settled before."""

    code = "computation_not_failed"


class Settling:
    """Settles computations. `look` gives one of an incident by its id, or raises."""

    def __init__(
        self,
        look: Callable[[str, str], Computation],
        computations: ComputationStore,
        book: IncidentBook,
        run_command: RunCommand,
    ) -> None:
        self._look = look
        self._computations = computations
        self._book = book
        self._run_command = run_command

    def settle(self, incident_id: str, computation_id: str, reason: str, staff_id: str) -> None:
        """Takes down, sealed, why nothing is missing though the computation failed.

        Raises `UnknownIncident`, `IncidentOver`, `IncidentNotOpen`, `UnknownComputation`,
        `NotFailed`.
        """
        who, facts = Actor("staff", staff_id), {"computation": computation_id}

        def build() -> list[Action]:
            self._book.workable(incident_id)
            computation = self._look(incident_id, computation_id)
            if computation.stage is not Stage.FAILED:
                raise NotFailed
            return [
                self._computations.settling(replace(computation, settled_because=reason)),
                *self._book.entry(incident_id, who, "recipients.computation_settled", facts),
            ]

        self._run_command(build)
