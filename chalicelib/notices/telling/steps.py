"""One step of telling all of a version (place.py). Whose consent does not fit is asked anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.ids import before_all_of
from chalicelib.notices.models import NoticeVersion
from chalicelib.notices.outbox import Outbox
from chalicelib.notices.store import NoticeStore
from chalicelib.notices.telling.letters import Letter, addressed, unaddressed
from chalicelib.notices.telling.models import (
    TEMPLATE,
    TEMPLATE_ASKING,
    AskAnew,
    People,
    Place,
    Reader,
    Telling,
    TellingState,
    Told,
)
from chalicelib.notices.telling.place import AT_ONCE, HORIZON, NothingToTell, Step, walk
from chalicelib.notices.telling.store import TellingStore, line_name
from chalicelib.tables.transactions import Action

NEWCOMERS = timedelta(hours=1)
"""How long before the version's day those are told who came to be known since its publication."""
_TELLER = Actor("system", "teller")


class Steps:
    """Makes steps. Each reads where the telling stands."""

    def __init__(
        self,
        store: TellingStore,
        notices: NoticeStore,
        people: People,
        ask_anew: AskAnew,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
    ) -> None:
        self._store = store
        self._notices = notices
        self._people = people
        self._ask_anew = ask_anew
        self._outbox = outbox
        self._trail = trail
        self._clock = clock

    def next(self, notice: NoticeVersion) -> Step:
        """The next step of telling of `notice`. Raises `NothingToTell`."""
        telling = self._store.get(notice.notice_id, notice.version)
        now = from_millis(to_millis(self._clock.now()))
        if telling is None or telling.state is TellingState.DONE or telling.next_at > now + HORIZON:
            raise NothingToTell
        if telling.part == self._people.parts:
            return self._round_done(telling, now)
        ids = self._people.after(telling.part, telling.after or _begin(telling), AT_ONCE)
        if not ids:
            return Step([self._store.change(replace(telling, part=telling.part + 1, after=""))])
        return self._tell(telling, notice, ids, now)

    def _round_done(self, telling: Telling, now: datetime) -> Step:
        if telling.round > 1:
            return Step(self._end(telling, now), is_last=True)
        again = max(telling.next_at, telling.effective_at - NEWCOMERS)
        second = replace(telling, round=2, part=0, after="", next_at=again)
        return Step([self._store.change(second)])

    def _tell(
        self, telling: Telling, notice: NoticeVersion, ids: Sequence[str], now: datetime
    ) -> Step:
        # In the second round some were told in the first, while it was still under way.
        known = self._store.told(telling, ids) if telling.round > 1 else set()
        readers = self._people.readers([each for each in ids if each not in known])
        asked = self._ask_anew(list(readers), notice)

        def write(place: Place, subject_id: str) -> tuple[Told, list[Action]] | None:
            if subject_id not in readers:
                return None
            writes = [*asked.get(subject_id, ())]
            letter = _letter(telling, notice, subject_id, readers[subject_id], asks=bool(writes))
            line = unaddressed(subject_id, readers[subject_id], now)
            line, mail = addressed(self._outbox, letter, line, readers[subject_id], place.next_at)
            return line, [*mail, self._store.line(telling, line), *writes]

        walked = walk(telling.place, ids, now, write)
        anew = sum(bool(asked.get(line.reader_id)) for line in walked.lines)
        moved = replace(telling.at(walked.place), asked=telling.asked + anew)
        return Step([self._store.change(moved), *walked.actions], told=len(walked.lines))

    def _end(self, telling: Telling, now: datetime) -> list[Action]:
        # The last mails go out at their moments: only then was everybody told.
        told_at = max(telling.next_at, now)
        entity = Entity("notice", telling.notice_id)
        facts: dict[str, Fact] = {
            "version": telling.version,
            "told": telling.told,
            "unreachable": telling.unreachable,
            "asked_anew": telling.asked,
        }
        return [
            self._store.change(replace(telling, state=TellingState.DONE, done_at=told_at)),
            self._notices.told_action(telling.notice_id, telling.version, told_at),
            *self._trail.actions(entity, _TELLER, "notice.told", facts),
        ]


def _letter(
    telling: Telling, notice: NoticeVersion, subject_id: str, reader: Reader, *, asks: bool
) -> Letter:
    values = {
        "notice": notice.notice_id,
        "version": notice.version,
        "effective_on": notice.takes_effect_at.date().isoformat(),
        "summary": notice.summary[reader.language],
    }
    return Letter(TEMPLATE_ASKING if asks else TEMPLATE, values, line_name(telling, subject_id))


def _begin(telling: Telling) -> str:
    """Behind what place of a part of the roll the round begins: newcomers have newer ids."""
    return before_all_of(telling.started_at) if telling.round > 1 else ""
