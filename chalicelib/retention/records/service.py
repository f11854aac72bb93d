"""What the client platform says of what it holds, and asks before it reads it."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import batched
from typing import Protocol

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import Conflict, DomainError, NotFound
from chalicelib.ids import Ids
from chalicelib.retention.own.place import OWN_PLACE
from chalicelib.retention.records.models import (
    MOST_TOGETHER,
    HeldRecord,
    Outcome,
    Place,
    Registered,
    Registration,
    Standing,
)
from chalicelib.retention.records.rules import expiry_by, listed_under, told_again
from chalicelib.retention.records.store import RecordStore, scope_of
from chalicelib.retention.schedule.checks import OWN_CATEGORIES
from chalicelib.retention.schedule.models import Schedule
from chalicelib.retention.targets import Target
from chalicelib.tables.transactions import Action, Check, Moved, RunCommand

type InForce = Callable[[], tuple[int, Schedule]]
"""The schedule in force and its version's number."""


class Schedules(Protocol):
    """What is asked of the schedule."""

    def in_force(self) -> tuple[int, Schedule]:
        """The schedule in force and its version's number."""
        ...

    def still_in_force(self, number: int, otherwise: type[DomainError] = Moved) -> Check:
        """For a transaction: it fails with `otherwise` where another version is in force by now.

        What is listed by an old one after everything was listed anew would be found too late.
        """
        ...


type IsAddressable = Callable[[str, str], bool]
"""Whether the data map in force has such a place with such a collection, whose rows are named by
one primary key."""

type Note = Callable[[Sequence[Registered]], list[Action]]
"""At most three writes that belong to what came of registrations."""


class UnknownRecord(NotFound):
    """Nothing is registered under that id."""

    code = "unknown_held_record"


class UnknownRecordPlace(Conflict):
    """The data map has no such place or collection, or not one key that names its rows."""

    code = "unaddressable_place"


class NoRule(Conflict):
    """The schedule says nothing about data of this category in this role."""

    code = "no_rule"


class OwnCategory(Conflict):
    """What this system itself keeps is not the platform's to register."""

    code = "own_category"


class RegisteredTwice(Conflict):
    """The call names the record more than once."""

    code = "duplicate"


class HoldsOn(Protocol):
    """Says which holds are on targets."""

    def on(self, targets: Iterable[Target]) -> Sequence[str]:
        """Ids of the active holds on any of `targets`."""
        ...

    def held(self, targets: Iterable[Target]) -> set[Target]:
        """Those of `targets` that a hold is on."""
        ...


class _Settled(Exception):
    """Nothing of the batch changes anything."""


class Records:
    """Keeps records under retention."""

    def __init__(
        self,
        store: RecordStore,
        schedules: Schedules,
        is_addressable: IsAddressable,
        holds: HoldsOn,
        trail: Trail,
        clock: Clock,
        ids: Ids,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._schedules = schedules
        self._is_addressable = is_addressable
        self._holds = holds
        self._trail = trail
        self._clock = clock
        self._ids = ids
        self._run_command = run_command

    def register(self, told: Sequence[Registration], client_id: str) -> list[Registered]:
        """What came of each, in order. Up to 100; a repeat changes nothing.

        Forty at a time stand or fall together. What was registered before may have other triggers
        now: its end is computed anew. What speaks against one keeps out none of the others.
        """
        answers: list[Registered] = []
        seen: set[str] = set()
        for some in batched(told, MOST_TOGETHER, strict=False):
            answers += self._register(some, Actor("platform", client_id), seen)
        return answers

    def take_in(self, told: Sequence[Registration], who: Actor, note: Note) -> None:
        """Registers up to 40 that somebody else found, and what `note` makes of it, in one
        transaction: what is counted of a page is so exactly when the page is registered.

        Raises what the writes of `note` say.
        """
        self._register(told, who, set(), note)

    def show(self, record_id: str) -> Standing:
        """Where the record stands, by the schedule in force. Raises `UnknownRecord`."""
        record = self._store.get(record_id)
        if record is None or record.at.place == OWN_PLACE:
            raise UnknownRecord
        _, schedule = self._schedules.in_force()
        holds = self._holds.on(record.facts.targets())
        return Standing(record, expiry_by(schedule, record), tuple(holds))

    def look_up(self, places: Sequence[Place]) -> list[Standing | None]:
        """Where what is at these places stands, in order; None for what nobody registered.

        Two reads for up to 100. Holds are left out: what is over is not read, held or not.
        """
        ids = [self._store.id_of(each) for each in places]
        found = self._store.many(ids)
        _, schedule = self._schedules.in_force()
        standings = {key: Standing(each, expiry_by(schedule, each)) for key, each in found.items()}
        return [
            standings.get(record_id) if at.place != OWN_PLACE else None
            for at, record_id in zip(places, ids, strict=True)
        ]

    def _register(
        self,
        told: Sequence[Registration],
        who: Actor,
        seen: set[str],
        note: Note = lambda _: [],
    ) -> list[Registered]:
        ids = [self._store.id_of(each.at) for each in told]
        twice = [each in seen or each in ids[:place] for place, each in enumerate(ids)]
        answers: list[Registered] = []

        def build() -> list[Action]:
            nonlocal answers
            number, schedule = self._schedules.in_force()
            found = self._store.many(ids)
            answers = [
                Registered(problem=RegisteredTwice.code)
                if again
                else self._taken(each, record_id, found.get(record_id), number, schedule)
                for each, record_id, again in zip(told, ids, twice, strict=True)
            ]
            writes = [*self._writes(answers, who), *note(answers)]
            if not writes:
                raise _Settled
            return [*writes, self._schedules.still_in_force(number)]

        with suppress(_Settled):
            self._run_command(build)
        seen.update(ids)
        return answers

    def _taken(
        self,
        told: Registration,
        record_id: str,
        before: HeldRecord | None,
        number: int,
        schedule: Schedule,
    ) -> Registered:
        try:
            _check_theirs(told)
            if before is None:
                self._check(told, schedule)
                now = from_millis(to_millis(self._clock.now()))
                after = HeldRecord(record_id, told.at, told.facts, told.triggers, now, number)
                outcome = Outcome.CREATED
            else:
                after = told_again(before, told)
                outcome = Outcome.UNCHANGED if after == before else Outcome.UPDATED
        except DomainError as refusal:
            return Registered(problem=refusal.code)
        if outcome is not Outcome.UNCHANGED:
            after = listed_under(after, number, schedule)
        return Registered(outcome, after, expiry_by(schedule, after))

    def _check(self, told: Registration, schedule: Schedule) -> None:
        if not self._is_addressable(told.at.place, told.at.collection):
            raise UnknownRecordPlace
        if not schedule.limits_on(told.facts.category, told.facts.role):
            raise NoRule

    def _writes(self, answers: Sequence[Registered], who: Actor) -> list[Action]:
        done = [(each.outcome, each.record) for each in answers if each.record is not None]
        created = [record for outcome, record in done if outcome is Outcome.CREATED]
        updated = [record for outcome, record in done if outcome is Outcome.UPDATED]
        if not created and not updated:
            return []
        owners = {scope_of(each.facts): each.facts for each in created}
        return [
            *map(self._store.addition, created),
            *map(self._store.still_readable, owners.values()),
            *map(self._store.change, updated),
            *self._entry(created, updated, who),
        ]

    def _entry(
        self, created: Sequence[HeldRecord], updated: Sequence[HeldRecord], who: Actor
    ) -> list[Action]:
        """One entry for all that changed in a transaction: a chain for each record would cost two
        writes more each. The hash says which they were, to whoever has their ids."""
        ids = sorted(each.record_id for each in (*created, *updated))
        facts: dict[str, Fact] = {
            "created": len(created),
            "updated": len(updated),
            "sha256": hashlib.sha256("\n".join(ids).encode()).hexdigest(),
        }
        batch = Entity("records", self._ids.new())
        return self._trail.first_actions(batch, who, "records.registered", facts)


def _check_theirs(told: Registration) -> None:
    """Our own records are there too, and a registration must not move their ends."""
    if told.facts.category in OWN_CATEGORIES:
        raise OwnCategory
    if told.at.place == OWN_PLACE:
        raise UnknownRecordPlace
