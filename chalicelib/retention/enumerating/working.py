"""The work on an enumeration: page by page its rows are read, registered and counted.

A page, how far it came and what it counted are one transaction, so whoever follows a worker that
died counts nothing twice. Of two workers the slower one finds that the enumeration has moved on,
and stops.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched

from chalicelib.audit.entry import Actor
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.connectors.disposals import NotAddressable, NotDeclared, UnknownCollection
from chalicelib.connectors.places import (
    Listing,
    Places,
    PlaceUnavailable,
    Sighting,
    UnknownPlace,
)
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.enumerating.models import Enumeration, Refusal, Stage
from chalicelib.retention.enumerating.rules import (
    TAKEN_UP_AFTER,
    TokenOf,
    begun,
    counted,
    ended,
    merged,
    registration_of,
)
from chalicelib.retention.enumerating.service import (
    ENUMERATE_WORK,
    beginning,
    entity_of,
)
from chalicelib.retention.enumerating.store import EnumerationMoved, EnumerationStore
from chalicelib.retention.records.models import MOST_TOGETHER, Registered, Registration
from chalicelib.retention.records.service import Records
from chalicelib.tables.transactions import Action, RunCommand

SHIFT = timedelta(seconds=60)
"""How long a worker is at it: half of its function's time, so it ends by its own will."""
_CONNECTOR = Actor("system", "connector")
_NOT_ANY_MORE = (UnknownPlace, UnknownCollection, NotAddressable, NotDeclared)
"""What a data map says that came into force since; before any row is read."""


class EnumerationWork:
    """Goes on with enumerations."""

    def __init__(
        self,
        store: EnumerationStore,
        places: Places,
        records: Records,
        token_of: TokenOf,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._places = places
        self._records = records
        self._token_of = token_of
        self._outbox = outbox
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def carry_on(self, enumeration_id: str) -> None:
        """Reads and registers rows for a minute; then another worker does. May be repeated.

        A place that does not answer is asked again when the enumeration is looked after.
        """
        with suppress(EnumerationMoved):
            enumeration = self._taken_up(enumeration_id)
            if enumeration is None:
                return
            try:
                self._walk(enumeration)
            except _NOT_ANY_MORE as trouble:
                self._end(enumeration, trouble.code)
            except PlaceUnavailable as trouble:
                self._get_stuck(enumeration_id, trouble.code)

    def _taken_up(self, enumeration_id: str) -> Enumeration | None:
        """The enumeration that is to go on, begun anew where it is time; None for none."""
        found, now = self._store.get(enumeration_id), self._now()
        if found is None or found.stage is Stage.RUNNING:
            return found
        if found.look_at is None or found.look_at > now:
            return None
        anew = begun(found, now)
        self._run_command(
            lambda: [self._store.change(anew), *beginning(self._trail, anew, _CONNECTOR)]
        )
        return replace(anew, revision=anew.revision + 1)

    def _walk(self, enumeration: Enumeration) -> None:
        until = self._clock.now() + SHIFT
        # One moment for the whole shift: while it stays, its place in the list costs nothing.
        enumeration = replace(enumeration, look_at=self._now() + TAKEN_UP_AFTER)
        place = self._places.at(enumeration.place)
        listing = place.enumerate(enumeration.collection, self._store.position(enumeration))
        for page in batched(listing.rows, MOST_TOGETHER, strict=False):
            is_last = self._clock.now() >= until
            enumeration = self._take_in(enumeration, listing, page, is_last=is_last)
            if is_last:
                return
        self._end(enumeration)

    def _take_in(
        self,
        enumeration: Enumeration,
        listing: Listing,
        page: tuple[Sighting, ...],
        *,
        is_last: bool,
    ) -> Enumeration:
        """The enumeration after that page; another worker goes on after the last one of a shift."""
        now = self._clock.now()
        found = [
            registration_of(enumeration, listing, each.values, self._token_of, now)
            for each in page
            if each.values is not None
        ]
        refusals = [each for each in found if isinstance(each, Refusal)]
        told = merged(each for each in found if isinstance(each, Registration))
        at_it = self._store.come_to(enumeration, page[-1].position)
        after = at_it

        def note(answers: Sequence[Registered]) -> list[Action]:
            nonlocal after
            after = counted(at_it, answers, refusals)
            following = self._go_on_later(enumeration) if is_last else []
            return [self._store.change(after), *following]

        self._records.take_in(told, _CONNECTOR, note)
        return replace(after, revision=after.revision + 1)

    def _go_on_later(self, enumeration: Enumeration) -> list[Action]:
        return self._outbox.work(ENUMERATE_WORK, enumeration.enumeration_id).actions

    def _end(self, enumeration: Enumeration, problem: str = "") -> None:
        after = ended(enumeration, self._now(), problem)
        facts = {
            **{name: after.counts.get(name, 0) for name in ("created", "updated", "unchanged")},
            "refused": sum(after.refused.values()),
        }
        self._run_command(
            lambda: [
                self._store.change(after),
                *self._trail.actions(entity_of(after), _CONNECTOR, "enumeration.ended", facts),
            ]
        )

    def _get_stuck(self, enumeration_id: str, problem: str) -> None:
        """Notes what is in the way of the enumeration, as far as it has come by now."""
        found = self._store.get(enumeration_id)
        if found is None:
            return
        stuck = replace(found, problem=problem, look_at=self._now() + TAKEN_UP_AFTER)
        self._run_command(lambda: [self._store.change(stuck)])

    def _now(self) -> datetime:
        return from_millis(to_millis(self._clock.now()))
