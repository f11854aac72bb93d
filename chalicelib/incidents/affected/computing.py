"""Who was affected, from what a place holds: row by row, until a minute is over; then another
worker goes on.

    ask ──> page, page, … ──> done         each page one transaction: whom it put on the list, what
                │                          it counted, how far it came
                └──> failed                what the data map in force does not allow any more, a
                                           place that did not answer for two hours, or an incident
                                           that was closed meanwhile

A worker that dies leaves a computation that stands right behind the last page; nobody is listed
twice and nothing counted twice. Of two workers the slower one finds that it was overtaken.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import batched

from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.connectors.datamap.models import DataMap
from chalicelib.connectors.disposals import UnknownCollection
from chalicelib.connectors.places import Places, Sighting, UnknownPlace
from chalicelib.connectors.reading import ReadablePlace
from chalicelib.errors import InvalidInput
from chalicelib.incidents.affected.addresses import with_addresses
from chalicelib.incidents.affected.asking import work_on
from chalicelib.incidents.affected.computation_store import ComputationStore, Overtaken
from chalicelib.incidents.affected.ending import NOT_OPEN, Ending
from chalicelib.incidents.affected.models import (
    Came,
    Computation,
    Person,
    Stage,
)
from chalicelib.incidents.affected.planning import Plan, plan
from chalicelib.incidents.affected.store import MOST_AT_ONCE, AffectedStore
from chalicelib.incidents.affected.tallying import seen_in, tallied
from chalicelib.incidents.errors import IncidentNotOpen
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.errors import KeyDestroyed

SHIFT = timedelta(seconds=60)
"""How long a worker is at it: half of its function's time, so it ends by its own will."""


class Computing:
    """Goes on with computations."""

    def __init__(
        self,
        computations: ComputationStore,
        affected: AffectedStore,
        ending: Ending,
        data_map: Callable[[], DataMap],
        places: Places,
        outbox: Outbox,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._computations = computations
        self._affected = affected
        self._ending = ending
        self._data_map = data_map
        self._places = places
        self._outbox = outbox
        self._clock = clock
        self._run_command = run_command

    def carry_on(self, incident_id: str, computation_id: str) -> None:
        """Reads rows for a minute; nothing is left to do of one that ended. May be repeated.

        Raises `PlaceUnavailable`, …: it is tried again.
        """
        with suppress(Overtaken, KeyDestroyed):
            computation = self._computations.get(incident_id, computation_id)
            if computation is None or computation.stage is not Stage.RUNNING:
                return
            try:
                self._walk(computation)
            except (InvalidInput, UnknownPlace, UnknownCollection):
                self.give_up(incident_id, computation_id, "data_map_changed")
            except IncidentNotOpen:
                self.give_up(incident_id, computation_id, NOT_OPEN)

    def give_up(self, incident_id: str, computation_id: str, code: str) -> None:
        """Notes why it does not go on, for somebody to ask anew. Who was found stays listed."""
        with suppress(Overtaken, KeyDestroyed):
            computation = self._computations.get(incident_id, computation_id)
            if computation is not None and computation.stage is Stage.RUNNING:
                self._ending.end(replace(computation, stage=Stage.FAILED, problem=code))

    def _walk(self, computation: Computation) -> None:
        until = self._clock.now() + SHIFT
        here = plan(self._data_map(), computation.question)
        place = self._places.at(computation.question.place)
        if not isinstance(place, ReadablePlace):
            raise UnknownPlace
        rows = place.read(
            computation.question.collection, here.fields, computation.position, here.lookup
        )
        for page in batched(rows, MOST_AT_ONCE, strict=False):
            is_last = self._clock.now() >= until
            computation = self._take_in(computation, here, page, is_last=is_last)
            if is_last:
                return
        self._ending.end(replace(computation, stage=Stage.DONE))

    def _take_in(
        self, computation: Computation, here: Plan, page: Sequence[Sighting], *, is_last: bool
    ) -> Computation:
        """The computation after that page; another worker goes on after the last of a shift."""
        seen = seen_in(page, here)
        people = with_addresses(self._places, here.books, seen.people)
        ids = [(self._affected.id_of(computation.incident_id, each), each) for each in people]
        after = replace(
            computation,
            position=page[-1].position,
            tally=tallied(computation.tally, seen, ids),
        )
        listed = [] if computation.rehearsal else people
        # Rows with lists of people may be more than one transaction takes: the last one counts.
        *before, last = _portions(listed)
        for some in before:
            self._run_command(lambda some=some: self._adding(computation, some))  # type: ignore[misc]  # mypy cannot infer the default's type
        self._run_command(
            lambda: [
                self._computations.change(after),
                *self._adding(computation, last),
                *(work_on(computation, self._outbox) if is_last else []),
            ]
        )
        return replace(after, revision=after.revision + 1)

    def _adding(self, computation: Computation, people: Sequence[Person]) -> list[Action]:
        self._ending.check_open(computation.incident_id)
        now = from_millis(to_millis(self._clock.now()))
        return self._affected.adding(computation.incident_id, people, Came.COMPUTED, now).actions


def _portions(people: Iterable[Person]) -> Iterator[Sequence[Person]]:
    """One at least."""
    portions = list(batched(people, MOST_AT_ONCE, strict=False))
    yield from portions or [()]
