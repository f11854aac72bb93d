"""One step of telling whom an incident affects (notices/telling/place.py).

Rounds go through the roll until one finds nobody new: who was added behind the place of the one
before is told too, and whose address came to be known since, or is another than the one that
no mail reached. Then the telling waits until each mail
left the outbox, or was given up: while SES is away nobody was told, and the clocks of the duties go
on. They go on, too, while somebody on the list was not reached, and nobody noted how they were told
otherwise, and while an affected client has nobody there to be told: the duties are done when the
last one was told, and not before.

Each step looks whether the incident still is, or may be, a breach: what is none is told to nobody
else. Mails that were queued by then, five minutes of them at most, leave.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.telling.ledger_store import LedgerStore
from chalicelib.incidents.telling.models import (
    ENDED,
    PARTS,
    BreachTelling,
    DutiesDone,
    IsOff,
    Listed,
    PeopleOf,
    Slot,
    State,
)
from chalicelib.incidents.telling.rules import (
    behind,
    leaving,
    looked_through,
    once_more,
    without,
)
from chalicelib.incidents.telling.store import BreachTellingStore
from chalicelib.incidents.telling.writing import Writing
from chalicelib.notices.telling.models import Place, Told
from chalicelib.notices.telling.place import AT_ONCE, HORIZON, NothingToTell, Step, walk
from chalicelib.tables.transactions import Action

NEXT_RUN = HORIZON + timedelta(seconds=1)
"""Behind what this run looks at, and surely before what the next one does."""
_LOOKED_AT_AGAIN = 100  # people whose lines a later round reads in one batch
TELLER = Actor("system", "teller")


class BreachSteps:
    """Makes steps. Each reads where the telling stands."""

    def __init__(
        self,
        store: BreachTellingStore,
        ledger: LedgerStore,
        people_of: PeopleOf,
        duties_done: DutiesDone,
        is_off: IsOff,
        writing: Writing,
        book: IncidentBook,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._people_of = people_of
        self._duties_done = duties_done
        self._is_off = is_off
        self._writing = writing
        self._book = book
        self._clock = clock

    def next(self, notice_id: str) -> Step:
        """The next step of telling of the notice. Raises `NothingToTell`."""
        telling = self._store.get(notice_id)
        now = from_millis(to_millis(self._clock.now()))
        if telling is None or telling.state in ENDED:
            raise NothingToTell
        if self._is_off(telling.incident_id):
            return self._stopped(telling)
        if telling.state is State.UNREACHED:
            raise NothingToTell
        if telling.state is State.LEAVING:
            return self._leaving(telling, now)
        slot = None if telling.drill else self._store.slot()
        telling = replace(telling, place=behind(telling.place, slot))
        if telling.place.next_at > now + HORIZON:
            raise NothingToTell
        people = self._people_of(telling.incident_id, telling.recipient)
        if telling.place.part == people.parts:
            return self._round_done(telling, now)
        return self._tell(telling, people, slot, now)

    def _tell(
        self, telling: BreachTelling, people: Listed, slot: Slot | None, now: datetime
    ) -> Step:
        place, at_once = telling.place, AT_ONCE if telling.round == 1 else _LOOKED_AT_AGAIN
        ids = people.after(place.part, place.after, at_once)
        if not ids:
            return self._move(telling, replace(place, part=place.part + 1, after=""))
        chosen = self._writing.choose(telling, people, ids)
        new = [*chosen.new]
        now_told = set(new[:AT_ONCE])

        def write(place: Place, recipient_id: str) -> tuple[Told, Sequence[Action]] | None:
            if recipient_id not in now_told:
                return None
            line, actions = self._writing.write(telling, chosen, place, recipient_id, now)
            return line.told, actions

        # Behind the last of a full step others wait for the next one.
        here = ids if len(new) <= AT_ONCE else ids[: ids.index(new[AT_ONCE])]
        walked = walk(place, here, now, write)
        lines = [chosen.known.get(each.reader_id) for each in walked.lines]
        moved = without(walked.place, filter(None, lines))
        again = telling.again or bool(lines)
        changes = [self._store.change(replace(telling, place=moved, again=again))]
        if any(line.message_id for line in walked.lines):
            changes.append(self._store.take(slot, moved.next_at))
        return Step([*changes, *walked.actions], told=len(lines))

    def _round_done(self, telling: BreachTelling, now: datetime) -> Step:
        start = replace(telling.place, part=0, after="")
        if telling.again:
            return self._move(replace(telling, round=telling.round + 1, again=False), start)
        if not start.told + start.unreachable:
            # A list without anybody is one that is not there yet: it is looked at again.
            return self._move(telling, replace(start, next_at=now + NEXT_RUN))
        return Step([self._store.change(leaving(telling))])

    def _leaving(self, telling: BreachTelling, now: datetime) -> Step:
        place = telling.place
        if place.next_at > now:
            raise NothingToTell
        if place.part == len(PARTS):
            return self._through(telling, now)
        lines, last = self._ledger.part(telling.notice_id, place.part, place.after)
        if any(line.is_waiting for line in lines):
            raise NothingToTell
        all_reached = all(line.is_reached for line in lines)
        said_at = None if all_reached else self._store.public_word_at(telling.notice_id)
        seen = looked_through(telling, lines, said_at)
        if last is not None:
            return self._move(seen, replace(place, after=last))
        return self._move(seen, replace(place, part=place.part + 1, after=""))

    def _through(self, telling: BreachTelling, now: datetime) -> Step:
        """All mails have left: whether everybody on the list was told."""
        people, place = self._people_of(telling.incident_id, telling.recipient), telling.place
        if people.is_unsettled():
            raise NothingToTell
        if people.count() > place.told + place.unreachable:
            # Not at once: the list is counted as it is now, its parts are read a moment later.
            return Step([self._store.change(once_more(telling, now + NEXT_RUN))])
        if telling.unreached:
            return Step([self._store.change(replace(telling, state=State.UNREACHED))])
        if (version := people.version()) == telling.lacking:
            raise NothingToTell
        if people.lacks_contacts():
            return Step([self._store.change(replace(telling, lacking=version))])
        return Step(self._end(telling, telling.reached_at or now), is_last=True)

    def _move(self, telling: BreachTelling, place: Place) -> Step:
        return Step([self._store.change(replace(telling, place=place))])

    def _stopped(self, telling: BreachTelling) -> Step:
        stopped = self._store.change(replace(telling, state=State.STOPPED))
        return Step([stopped, *self._entry(telling, "incident.telling_stopped")])

    def _end(self, telling: BreachTelling, told_at: datetime) -> list[Action]:
        done_at = telling.done_at or told_at
        done = self._store.change(replace(telling, state=State.DONE, done_at=done_at))
        # Duties wait again where the role of clients was another in between.
        duties = self._duties_done(telling, told_at)
        return [done, *(duties or self._entry(telling, "incident.rest_told"))]

    def _entry(self, telling: BreachTelling, action: str) -> list[Action]:
        facts: dict[str, Fact] = {
            "notice": telling.notice_id,
            "told": telling.place.told,
            "unreachable": telling.place.unreachable,
        }
        return self._book.entry(telling.incident_id, TELLER, action, facts)
