"""One step of a telling: some people of the roll, told in one transaction.

    their mails in the outbox, their lines of the ledger, who of them is asked for consent anew,
    and how far the telling is, under its revision

A mail gets its moment when it is queued: the queue holds it back until then, so the rate holds
whoever runs when.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import InvalidInput
from chalicelib.ids import before_all_of
from chalicelib.notices.models import NoticeVersion
from chalicelib.notices.outbox import Outbox
from chalicelib.notices.store import NoticeStore
from chalicelib.notices.telling.models import (
    TEMPLATE,
    TEMPLATE_ASKING,
    AskAnew,
    Channel,
    Outcome,
    People,
    Reader,
    Telling,
    TellingState,
    Told,
)
from chalicelib.notices.telling.store import TellingStore, line_name
from chalicelib.tables.transactions import Action

PER_SECOND = 10
"""Mails: under the 14 a second that SES gives an account at first, with room for codes."""
HORIZON = timedelta(minutes=5)
"""How far ahead a run queues: until the next one is there. SQS delays 15 minutes at most."""
NEWCOMERS = timedelta(hours=1)
"""How long before the version's day those are told who came to be known since its publication."""
_AT_ONCE = 15  # people
_MOST_ACTIONS = 95  # of a transaction's 100: with how far the telling is
_TELLER = Actor("system", "teller")


class NothingToTell(Exception):
    """The telling is done, or may not go on yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """A transaction, and what it does, in counts."""

    actions: Sequence[Action]
    told: int = 0
    is_last: bool = False


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
        ids = self._people.after(telling.part, telling.after or _begin(telling), _AT_ONCE)
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
        moved, actions, told = (
            replace(telling, next_at=max(telling.next_at, now)),
            list[Action](),
            0,
        )
        for subject_id in ids:
            if subject_id in readers:
                writes = [*asked.get(subject_id, ())]
                line, mail = self._told(moved, notice, subject_id, readers[subject_id], now, writes)
                if len(actions) + len(mail) + len(writes) + 1 > _MOST_ACTIONS:
                    break  # the next step goes on with this one
                actions += [*mail, self._store.line(telling, line), *writes]
                moved = _after(moved, line, asked=bool(writes))
                told += 1
            moved = replace(moved, after=subject_id)
        return Step([self._store.change(moved), *actions], told=told)

    def _told(
        self,
        telling: Telling,
        notice: NoticeVersion,
        subject_id: str,
        reader: Reader,
        now: datetime,
        asked: Sequence[Action],
    ) -> tuple[Told, list[Action]]:
        """The line of the ledger, and the writes of the mail if there is an address for one."""
        line = Told(subject_id, Channel.NONE, reader.language, None, now, Outcome.NO_ADDRESS, now)
        if not reader.email:
            return line, []
        try:
            mail = self._outbox.mail(
                TEMPLATE_ASKING if asked else TEMPLATE,
                reader.email,
                reader.language,
                _values(notice, reader),
                about=line_name(telling, subject_id),
                delay=telling.next_at - now,
            )
        except InvalidInput as unfit:  # one address that no mail can go to holds up nobody else
            return replace(line, outcome=Outcome.DEAD, reason=unfit.code), []
        mailed = replace(
            line, channel=Channel.EMAIL, message_id=mail.message_id, outcome=Outcome.QUEUED
        )
        return mailed, mail.actions

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


def _values(notice: NoticeVersion, reader: Reader) -> dict[str, str]:
    return {
        "notice": notice.notice_id,
        "version": notice.version,
        "effective_on": notice.takes_effect_at.date().isoformat(),
        "summary": notice.summary[reader.language],
    }


def _begin(telling: Telling) -> str:
    """Behind what place of a part of the roll the round begins: newcomers have newer ids."""
    return before_all_of(telling.started_at) if telling.round > 1 else ""


def _after(telling: Telling, line: Told, *, asked: bool) -> Telling:
    """The telling once `line` is written; a mail takes its slot."""
    mailed = line.channel is Channel.EMAIL
    slot = timedelta(seconds=1) / PER_SECOND if mailed else timedelta()
    return replace(
        telling,
        next_at=from_millis(to_millis(telling.next_at + slot)),
        told=telling.told + mailed,
        unreachable=telling.unreachable + (not mailed),
        asked=telling.asked + asked,
    )
