"""The scheduled job that notes what ended by itself, and tells people before it does.

The gate needs none of it: a consent is over in its very millisecond (rules.py). This writes the
event down, so that history and processors learn of it, and asks people in time to renew.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock
from chalicelib.consents.book import ConsentBook
from chalicelib.consents.models import Standing, State
from chalicelib.consents.standing_store import StandingStore
from chalicelib.consents.texts import ShownTexts
from chalicelib.consents.watching_rules import asked_in_vain, due_reminders, ended
from chalicelib.identity.subjects import Subjects
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.telemetry import log_failure

RESERVE = 10_000
"""ms kept for the person at hand: a contended transaction is built anew for seconds."""
_WATCHER = Actor("system", "watcher")
REMINDER = "consent_ends"
"""The mail that says that a consent ends."""


_LATER = timedelta(hours=1)
"""After how long somebody is looked at again who waits for a version that is late."""


class _Settled(Exception):
    """There is nothing to do for the person (any more)."""


@dataclass(slots=True)
class Report:
    """What a run did, in counts of people; `waiting` says whether some are left for the next."""

    reminded: int = 0
    ended: int = 0
    failed: int = 0
    waiting: bool = False


class ConsentWatcher:
    """Looks at everybody one of whose consents is about to end, or over."""

    def __init__(
        self,
        standings: StandingStore,
        book: ConsentBook,
        texts: ShownTexts,
        subjects: Subjects,
        outbox: Outbox,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._standings = standings
        self._book = book
        self._texts = texts
        self._subjects = subjects
        self._outbox = outbox
        self._clock = clock
        self._run_command = run_command

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Attends to whoever is due, the earliest first, until `remaining_ms` runs low.

        One that fails stays due and holds up none of the others.
        """
        report, now = Report(), self._clock.now()
        for subject_id in self._standings.due(now):
            if remaining_ms() < RESERVE:
                report.waiting = True
                break
            try:
                self._attend(subject_id, now, report)
            except Exception as error:  # noqa: BLE001  # whatever it is, the next ones are due too
                log_failure(error, "")
                report.failed += 1
        return report

    def _attend(self, subject_id: str, now: datetime, report: Report) -> None:
        """An end first, then reminders: each is a transaction of its own."""
        report.ended += self._done(partial(self._end, subject_id, now))
        self._done(partial(self._wait, subject_id, now))
        report.reminded += self._done(partial(self._remind, subject_id, now))

    def _done(self, build: Callable[[], list[Action]]) -> bool:
        try:
            self._run_command(build)
        except _Settled:
            return False
        return True

    def _end(self, subject_id: str, now: datetime) -> list[Action]:
        standing = self._standings.get(subject_id, consistent=True)
        invalid = [each for each in asked_in_vain(standing, now) if not self._fits(standing, each)]
        ends = dict.fromkeys(invalid, State.INVALIDATED)
        ends |= dict.fromkeys(ended(standing, now), State.EXPIRED)
        if not ends:
            raise _Settled
        return self._book.ending(standing, ends, _WATCHER)

    def _wait(self, subject_id: str, now: datetime) -> list[Action]:
        """Whoever waits for a version that is late is looked at again in a while."""
        standing = self._standings.get(subject_id, consistent=True)
        waiting = asked_in_vain(standing, now)
        if not waiting:
            raise _Settled
        return [self._standings.change(_looked_at_later(standing, waiting, now))]

    def _fits(self, standing: Standing, purpose: str) -> bool:
        """Whether the consent fits the notice in force still: while people are being told of the
        version that asked anew, that is not in force, whatever its day."""
        entry = standing.entries[purpose]
        in_force = self._texts.terms_in_force(entry.notice_id, purpose)
        return in_force == entry.terms_sha256

    def _remind(self, subject_id: str, now: datetime) -> list[Action]:
        standing = self._standings.get(subject_id, consistent=True)
        purposes = due_reminders(standing, now)
        if not purposes:
            raise _Settled
        records = {purpose: standing.entries[purpose].record_id for purpose in purposes}
        reminded = replace(standing, reminded={**standing.reminded, **records})
        return [self._standings.change(reminded), *self._mail(standing, purposes)]

    def _mail(self, standing: Standing, purposes: list[str]) -> list[Action]:
        subject = self._subjects.own(standing.subject_id)
        if not subject.email:
            return []  # nowhere to write to: `GET /v1/consents` shows when it ends
        ends = min(
            entry.expires_at
            for purpose, entry in standing.entries.items()
            if purpose in purposes and entry.expires_at is not None
        )
        values = {"ends_on": ends.date().isoformat()}
        return self._outbox.mail(REMINDER, subject.email, subject.language, values).actions


def _looked_at_later(standing: Standing, purposes: list[str], now: datetime) -> Standing:
    entries = {
        purpose: replace(entry, asked_until=now + _LATER) if purpose in purposes else entry
        for purpose, entry in standing.entries.items()
    }
    return replace(standing, entries=entries)
