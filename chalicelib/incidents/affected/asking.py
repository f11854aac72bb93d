"""Asking a place who was affected, and seeing how far the answer has come."""

from collections.abc import Callable

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.connectors.datamap.models import DataMap
from chalicelib.errors import NotFound
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.incidents.affected.computation_store import ComputationStore
from chalicelib.incidents.affected.counts_store import CountsStore
from chalicelib.incidents.affected.models import Computation, Question, Stage
from chalicelib.incidents.affected.planning import plan
from chalicelib.incidents.book import IncidentBook
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.codec import Item
from chalicelib.tables.transactions import Action

COMPUTE_WORK = "compute_affected"
"""The kind of work in the outbox; about the incident's id and the computation's."""


class UnknownComputation(NotFound):
    """The incident has no such computation."""

    code = "unknown_computation"


class Asking:
    """Begins computations and shows them."""

    def __init__(
        self,
        computations: ComputationStore,
        counts: CountsStore,
        book: IncidentBook,
        data_map: Callable[[], DataMap],
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
    ) -> None:
        self._computations = computations
        self._counts = counts
        self._book = book
        self._data_map = data_map
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency

    def ask(
        self,
        incident_id: str,
        question: Question,
        staff_id: str,
        *,
        rehearsal: bool,
        call: KeyedCall | None = None,
    ) -> Computation:
        """A computation that a worker begins; a rehearsal only counts. One for each `call`.

        Raises `UnknownIncident`, `IncidentNotOpen`, `InvalidInput` for what the data map in force
        does not allow, `IdempotencyConflict`.
        """
        if earlier := self._idempotency.earlier(call):
            return self.progress(incident_id, str(earlier["computation"]))
        self._book.workable(incident_id)  # whatever the question is
        computation = Computation(
            self._ids.new(),
            incident_id,
            plan(self._data_map(), question).question,
            rehearsal,
            staff_id,
            from_millis(to_millis(self._clock.now())),
        )
        told: Item = {"computation": computation.computation_id}
        earlier = self._idempotency.run(call, told, lambda: self._beginning(computation))
        return self.progress(incident_id, str((earlier or told)["computation"]))

    def progress(self, incident_id: str, computation_id: str) -> Computation:
        """How far it is. Raises `UnknownIncident`, `IncidentOver`, `UnknownComputation`."""
        self._book.readable(incident_id)
        computation = self._computations.get(incident_id, computation_id)
        if computation is None:
            raise UnknownComputation
        return computation

    def _beginning(self, computation: Computation) -> list[Action]:
        incident_id = computation.incident_id
        self._book.workable(incident_id)
        facts: dict[str, Fact] = {
            "computation": computation.computation_id,
            "rehearsal": computation.rehearsal,
        }
        who = Actor("staff", computation.asked_by)
        return [
            *self._computations.addition(computation),
            *self._asked_anew(computation),
            self._counts.asking(incident_id),
            *work_on(computation, self._outbox),
            *self._book.entry(incident_id, who, "recipients.asked_for", facts),
        ]

    def _asked_anew(self, computation: Computation) -> list[Action]:
        """The writes that settle what failed of the same question."""
        if computation.rehearsal:
            return []
        return [
            self._computations.settling(each)
            for each in self._computations.of_incident(computation.incident_id)
            if each.stage is Stage.FAILED and each.question == computation.question
        ]


def work_on(computation: Computation, outbox: Outbox) -> list[Action]:
    """The writes that have a worker go on with it."""
    about = f"{computation.incident_id}/{computation.computation_id}"
    return outbox.work(COMPUTE_WORK, about).actions
