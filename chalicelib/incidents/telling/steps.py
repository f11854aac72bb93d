"""One step of telling whom an incident affects (notices/telling/place.py).

Rounds go through the roll until one finds nobody new: who was added behind the place of the one
before is told too, and whose address came to be known since. Then the telling waits until each mail
left the outbox, or was given up: while SES is away nobody was told, and the clocks of the duties go
on. They go on, too, while somebody on the list was not reached, and nobody noted how they were told
otherwise, and while an affected client has nobody there to be told: the duties are done when the
last one was told, and not before.

Each step looks whether the incident still is, or may be, a breach: what is none is told to nobody
else. Mails that were queued by then, five minutes of them at most, leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.notices.models import TEMPLATE
from chalicelib.incidents.telling.ledger_store import LedgerStore, line_name
from chalicelib.incidents.telling.models import (
    ENDED,
    PARTS,
    Addressee,
    BreachTelling,
    DutiesDone,
    IsOff,
    Line,
    Listed,
    PeopleOf,
    Slot,
    State,
)
from chalicelib.incidents.telling.rules import behind, leaving, looked_through, once_more
from chalicelib.incidents.telling.store import BreachTellingStore
from chalicelib.notices.outbox import Outbox
from chalicelib.notices.telling.letters import Letter, addressed, unaddressed
from chalicelib.notices.telling.models import Channel, Outcome, Place, Told
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
        outbox: Outbox,
        book: IncidentBook,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._people_of = people_of
        self._duties_done = duties_done
        self._is_off = is_off
        self._outbox = outbox
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
            return self._round_done(telling, people, now)
        return self._tell(telling, people, slot, now)

    def _tell(
        self, telling: BreachTelling, people: Listed, slot: Slot | None, now: datetime
    ) -> Step:
        place, first, notice_id = telling.place, telling.round == 1, telling.notice_id
        ids = people.after(place.part, place.after, AT_ONCE if first else _LOOKED_AT_AGAIN)
        if not ids:
            return self._move(telling, replace(place, part=place.part + 1, after=""))
        known = {} if first else self._ledger.known(notice_id, ids)
        waiting = [each for each in ids if each not in known or _lacked_address(known[each])]
        found = people.readers(waiting)
        new = [
            each for each in waiting if each in found and (each not in known or found[each].email)
        ]
        now_told = {
            each: Addressee(each, found[each], people.address_id(found[each].email))
            for each in new[:AT_ONCE]
        }
        holders = self._ledger.holders(
            notice_id, {each.address_id for each in now_told.values() if each.reader.email}
        )

        def write(place: Place, recipient_id: str) -> tuple[Told, Sequence[Action]] | None:
            if recipient_id not in now_told:
                return None
            addressee = now_told[recipient_id]
            line, mail = self._told(telling, place, addressee, holders, now)
            if line.outcome in {Outcome.QUEUED, Outcome.DRILL}:
                holders[addressee.address_id] = recipient_id
                mail += [self._ledger.holding(notice_id, addressee.address_id, recipient_id)]
            keep = self._ledger.reached if recipient_id in known else self._ledger.addition
            return line, [*mail, keep(notice_id, line)]

        # Behind the last of a full step others wait for the next one.
        here = ids if len(new) <= AT_ONCE else ids[: ids.index(new[AT_ONCE])]
        walked = walk(place, here, now, write)
        reached = sum(line.reader_id in known for line in walked.lines)
        moved = replace(walked.place, unreachable=walked.place.unreachable - reached)
        again = telling.again or bool(walked.lines)
        changes = [self._store.change(replace(telling, place=moved, again=again))]
        if any(line.message_id for line in walked.lines):
            changes.append(self._store.take(slot, moved.next_at))
        return Step([*changes, *walked.actions], told=len(walked.lines))

    def _told(
        self,
        telling: BreachTelling,
        place: Place,
        addressee: Addressee,
        holders: Mapping[str, str],
        now: datetime,
    ) -> tuple[Told, list[Action]]:
        recipient_id, reader = addressee.recipient_id, addressee.reader
        line = unaddressed(recipient_id, reader, now)
        if not reader.email:
            return line, []
        if holder := holders.get(addressee.address_id):
            shares = replace(line, channel=Channel.EMAIL, outcome=Outcome.SAME_ADDRESS)
            return replace(shares, reason=holder), []
        if telling.drill:  # everything but the mail
            return replace(line, channel=Channel.EMAIL, outcome=Outcome.DRILL), []
        values = {"incident_id": telling.incident_id, "notice_id": telling.notice_id}
        letter = Letter(TEMPLATE, values, line_name(telling.notice_id, recipient_id))
        return addressed(self._outbox, letter, line, reader, place.next_at)

    def _round_done(self, telling: BreachTelling, people: Listed, now: datetime) -> Step:
        start = replace(telling.place, part=0, after="")
        if telling.again:
            return self._move(replace(telling, round=telling.round + 1, again=False), start)
        if not start.told + start.unreachable:
            if people.is_closed():
                return self._stopped(telling)
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
        if any(line.outcome is Outcome.QUEUED for line in lines):
            raise NothingToTell
        seen = looked_through(telling, lines)
        if last is not None:
            return self._move(seen, replace(place, after=last))
        return self._move(seen, replace(place, part=place.part + 1, after=""))

    def _through(self, telling: BreachTelling, now: datetime) -> Step:
        """All mails have left: whether everybody on the list was told."""
        people, place = self._people_of(telling.incident_id, telling.recipient), telling.place
        if people.is_growing():
            raise NothingToTell
        if people.count() > place.told + place.unreachable:
            # Not at once: the list is counted as it is now, its parts are read a moment later.
            return Step([self._store.change(once_more(telling, now + NEXT_RUN))])
        said_at = self._store.public_word_at(telling.notice_id) if telling.unreached else None
        if telling.unreached and said_at is None:
            return Step([self._store.change(replace(telling, state=State.UNREACHED))])
        if (version := people.version()) == telling.lacking:
            raise NothingToTell
        if people.lacks_contacts():
            return Step([self._store.change(replace(telling, lacking=version))])
        told_at = [at for at in (telling.reached_at, said_at) if at]
        return Step(self._end(telling, max(told_at, default=now)), is_last=True)

    def _move(self, telling: BreachTelling, place: Place) -> Step:
        return Step([self._store.change(replace(telling, place=place))])

    def _stopped(self, telling: BreachTelling) -> Step:
        stopped = self._store.change(replace(telling, state=State.STOPPED))
        return Step([stopped, *self._entry(telling, "incident.telling_stopped")])

    def _end(self, telling: BreachTelling, told_at: datetime) -> list[Action]:
        done_at = telling.done_at or told_at
        done = self._store.change(replace(telling, state=State.DONE, done_at=done_at))
        if telling.done_at is None:
            duties = self._duties_done(telling.incident_id, telling.notice_id, done_at)
            return [done, *duties]
        return [done, *self._entry(telling, "incident.rest_told")]

    def _entry(self, telling: BreachTelling, action: str) -> list[Action]:
        facts: dict[str, Fact] = {
            "notice": telling.notice_id,
            "told": telling.place.told,
            "unreachable": telling.place.unreachable,
        }
        return self._book.entry(telling.incident_id, TELLER, action, facts)


def _lacked_address(line: Line) -> bool:
    return line.outcome is Outcome.NO_ADDRESS
