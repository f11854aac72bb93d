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
_AT_ONCE = 15  # people: with all that asking anew writes, within a transaction's 100 items
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
            return Step(self._end(telling, now), is_last=True)
        ids = self._people.after(telling.part, telling.after, _AT_ONCE)
        if not ids:
            return Step([self._store.change(replace(telling, part=telling.part + 1, after=""))])
        return self._tell(telling, notice, ids, now)

    def _tell(
        self, telling: Telling, notice: NoticeVersion, ids: Sequence[str], now: datetime
    ) -> Step:
        readers = self._people.readers(ids)
        asked = self._ask_anew(list(readers), notice)
        slot, actions, mails = max(telling.next_at, now), list[Action](), 0
        for subject_id, reader in readers.items():
            line = _unreachable(subject_id, reader, now)
            if reader.email:
                template = TEMPLATE_ASKING if subject_id in asked else TEMPLATE
                mail = self._outbox.mail(
                    template,
                    reader.email,
                    reader.language,
                    _values(notice, reader),
                    about=line_name(telling, subject_id),
                    delay=slot - now,
                )
                line = _mailed(line, mail.message_id)
                actions += mail.actions
                mails += 1
                slot += timedelta(seconds=1) / PER_SECOND
            actions += [self._store.line(telling, line), *asked.get(subject_id, ())]
        moved = replace(
            telling,
            after=ids[-1],
            next_at=from_millis(to_millis(slot)),
            told=telling.told + mails,
            unreachable=telling.unreachable + len(readers) - mails,
            asked=telling.asked + len(asked),
        )
        return Step([self._store.change(moved), *actions], told=len(readers))

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


def _unreachable(subject_id: str, reader: Reader, now: datetime) -> Told:
    return Told(subject_id, Channel.NONE, reader.language, None, now, Outcome.NO_ADDRESS, now)


def _mailed(line: Told, message_id: str) -> Told:
    return replace(line, channel=Channel.EMAIL, message_id=message_id, outcome=Outcome.QUEUED)
