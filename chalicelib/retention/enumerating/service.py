"""Having a collection enumerated, and what came of it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import Conflict, NotFound
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.enumerating.models import Enumeration, Stage, enumeration_id_of
from chalicelib.retention.enumerating.rules import begun
from chalicelib.retention.enumerating.store import EnumerationMoved, EnumerationStore
from chalicelib.tables.transactions import Action, RunCommand

ENUMERATE_WORK = "enumerate_records"
"""The kind of work in the outbox that goes on with an enumeration."""
_RESERVE = 10_000
"""ms kept for the one at hand."""

type IsEnumerable = Callable[[str, str], bool]
"""Whether the data map in force has such a place with such a collection, whose rows can be named
one by one, and says how they stand under retention."""


class UnknownEnumeration(NotFound):
    """No collection of that id was enumerated."""

    code = "unknown_enumeration"


class NotEnumerable(Conflict):
    """The data map has no such place or collection, not one key that names its rows, or does not
    say how they stand under retention."""

    code = "not_enumerable"


class _Standing(Exception):
    """It is at work. Never leaves this module."""


@dataclass(slots=True)
class Looking:
    """How many enumerations were handed to a worker."""

    looked_at: int = 0


class Enumerations:
    """Begins enumerations and shows them."""

    def __init__(
        self,
        store: EnumerationStore,
        is_enumerable: IsEnumerable,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._is_enumerable = is_enumerable
        self._outbox = outbox
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def begin(self, place: str, collection: str, staff_id: str) -> Enumeration:
        """Has the collection enumerated from its first row on, unless that is at work already.

        Raises `NotEnumerable`.
        """
        if not self._is_enumerable(place, collection):
            raise NotEnumerable
        enumeration_id = enumeration_id_of(place, collection)
        now = from_millis(to_millis(self._clock.now()))

        def build() -> list[Action]:
            before = self._store.get(enumeration_id)
            if before and before.is_at_work:
                raise _Standing
            anew = begun(before or Enumeration(place, collection, now, None, Stage.ENDED), now)
            return [
                self._store.change(anew),
                *beginning(self._trail, anew, Actor("staff", staff_id)),
                *self._outbox.work(ENUMERATE_WORK, enumeration_id).actions,
            ]

        with suppress(_Standing, EnumerationMoved):
            self._run_command(build)
        return self.show(enumeration_id)

    def show(self, enumeration_id: str) -> Enumeration:
        """How far it is. Raises `UnknownEnumeration`."""
        enumeration = self._store.get(enumeration_id)
        if enumeration is None:
            raise UnknownEnumeration
        return enumeration

    def hand_out(self, remaining_ms: Callable[[], int]) -> Looking:
        """Has all looked after whose time it is, until `remaining_ms` runs low: those that are to
        begin anew, and those that lost their worker or their place for a while."""
        report = Looking()
        for enumeration_id in self._store.to_look_at(self._clock.now()):
            if remaining_ms() < _RESERVE:
                break
            self._run_command(partial(self._look_at, enumeration_id))
            report.looked_at += 1
        return report

    def _look_at(self, enumeration_id: str) -> list[Action]:
        return self._outbox.work(ENUMERATE_WORK, enumeration_id).actions


def beginning(trail: Trail, enumeration: Enumeration, who: Actor) -> list[Action]:
    """The entry that it began, by `who`."""
    facts = {"place": enumeration.place, "collection": enumeration.collection}
    return trail.actions(entity_of(enumeration), who, "enumeration.begun", facts)


def entity_of(enumeration: Enumeration) -> Entity:
    """What the trail calls the enumerations of a collection."""
    return Entity("enumeration", enumeration.enumeration_id)
