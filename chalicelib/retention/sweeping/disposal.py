"""Ending one record: what is to become of it now, and the deed at its place.

For a record whose end has come the deed is done with the absence of holds as its condition; what it
leaves to write says that the record is gone, and in which rule's name. A worker that dies between
the two is followed by one that finds nothing left to do at the place. An archived record has no
place any more: its end is a write, and the destruction of its key is part of that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from chalicelib.clock import Clock
from chalicelib.errors import Conflict, DomainError
from chalicelib.retention.archiving.deed import Archiving, RecordOvertaken
from chalicelib.retention.holds.models import Held
from chalicelib.retention.records.models import HeldRecord, Place, State
from chalicelib.retention.records.rules import expiry_by, listed_under
from chalicelib.retention.records.service import Schedules
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.models import Means, Schedule
from chalicelib.retention.sweeping.deeds import Deed
from chalicelib.retention.sweeping.evidence import Evidence
from chalicelib.retention.sweeping.models import Outcome
from chalicelib.retention.sweeping.rules import pause_after
from chalicelib.retention.targets import Target
from chalicelib.tables.transactions import Action, Check
from chalicelib.telemetry import log_failure


class Stale(Conflict):
    """The record, or a hold on it, changed since it was decided on. Never leaves this package."""

    code = "stale_record"


class Guards(Protocol):
    """What is asked of holds."""

    def on(self, targets: Sequence[Target]) -> Sequence[str]:
        """Ids of the active holds on any of `targets`."""
        ...

    def checks(self, targets: Sequence[Target]) -> list[Check]:
        """For the transaction of a deed: it fails with `Held` if a hold is on a target."""
        ...

    def still_active(self, hold_id: str, otherwise: type[DomainError]) -> Check:
        """For a transaction: it fails with `otherwise` if the hold was released meanwhile."""
        ...


type Dispose = Callable[[Place, Means, str, Sequence[Check]], None]
"""Does away with what is at a place by a means and in a rule's name, if the given checks hold.

It may be repeated. Raises `Held`, `PlaceUnavailable`, `NotAnonymous`, …
"""
type TargetsOf = Callable[[HeldRecord], Sequence[Target]]
"""All that a hold can be on so that it stops a record; what the record itself names, at least."""
_MOST_CHECKED = 40
"""A transaction takes a hundred writes, and a deed of ours has some of its own. Of a record that
more holds could stop, all are asked about before it."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of a record, None where nothing was left to do, and what is to be written of it.

    `writes` is called anew each time that the transaction is built, `after` once it went through.
    """

    outcome: Outcome | None
    writes: Callable[[], list[Action]] = list
    after: Callable[[], object] = field(default=lambda: None)


class Disposal:
    """Decides on single records, and does what is due."""

    def __init__(
        self,
        records: RecordStore,
        schedules: Schedules,
        holds: Guards,
        targets_of: TargetsOf,
        dispose: Dispose,
        archiving: Archiving,
        evidence: Evidence,
        clock: Clock,
    ) -> None:
        self._records = records
        self._schedules = schedules
        self._holds = holds
        self._targets_of = targets_of
        self._dispose = dispose
        self._archiving = archiving
        self._evidence = evidence
        self._clock = clock

    def settle(self, record_id: str, run_id: str) -> Settlement:
        """What came of the record as it stands now; the deed is done when this returns.

        The transaction with its writes meets `Stale` where the record has changed since: it is to
        be settled anew then. So does this itself where a hold came in between.
        """
        record = self._records.get(record_id)
        if record is None or record.state is State.DISPOSED:
            return Settlement(None)
        number, schedule = self._schedules.in_force()
        expiry, now = expiry_by(schedule, record), self._clock.now()
        current = replace(record.at_rest(), schedule=number, ends=expiry.at)
        if expiry.means is None or not expiry.is_over(now):
            return self._listed(Outcome.MOVED, replace(current, attempts=0))
        try:
            targets = self._targets_of(record)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other records are due too
            return self._failed(current, now, error)
        if holds := self._holds.on(targets):
            return self._held(current, holds[0])
        deed = Deed(current, run_id, expiry.limit.rule if expiry.limit else "", expiry.means, now)
        if record.archived:
            return self._ended(deed)
        try:
            is_archived = self._do(deed, schedule, targets)
        except (Held, RecordOvertaken):
            raise Stale from None
        except Exception as error:  # noqa: BLE001  # the same
            return self._failed(current, now, error)
        return self._archived(deed) if is_archived else self._gone(deed)

    def postpone(self, record_id: str, error: Exception) -> Settlement:
        """Lists a record for later of which what came could not be written, because of `error`."""
        record = self._records.get(record_id)
        if record is None or record.state is State.DISPOSED:
            return Settlement(None)
        number, _ = self._schedules.in_force()
        current = replace(record.at_rest(), schedule=number)
        return self._failed(current, self._clock.now(), error)

    def _do(self, deed: Deed, schedule: Schedule, targets: Sequence[Target]) -> bool:
        """Whether a copy of what was at the place is in the archive."""
        record, limit = deed.record, schedule.limit(deed.rule)
        if limit and limit.archived_for:
            return self._archiving.move(record, limit.id, limit.archived_for)
        at = replace(record.at, reference=self._records.reference(record))
        self._dispose(at, deed.means, deed.rule, self._holds.checks(targets[:_MOST_CHECKED]))
        return False

    def _failed(self, record: HeldRecord, now: datetime, error: Exception) -> Settlement:
        log_failure(error, "")
        return self._listed(Outcome.FAILED, _later(record, now))

    def _listed(self, outcome: Outcome, record: HeldRecord) -> Settlement:
        writes: list[Action] = [
            self._records.change(record, Stale),
            self._schedules.still_in_force(record.schedule, Stale),
        ]
        return Settlement(outcome, lambda: writes)

    def _held(self, record: HeldRecord, hold_id: str) -> Settlement:
        held = replace(record, state=State.HELD, held_by=hold_id)
        writes: list[Action] = [
            self._records.change(held, Stale),
            # Released at this moment, nobody would list the record again.
            self._holds.still_active(hold_id, Stale),
        ]
        return Settlement(Outcome.HELD, lambda: writes)

    def _gone(self, deed: Deed) -> Settlement:
        record_id = deed.record.record_id

        def writes() -> list[Action]:
            # It is done, whatever was said of the record meanwhile.
            record = self._living(record_id)
            return [
                self._records.change(deed.gone(record)),
                # Copies that were made for an archiving that came to nothing.
                *self._archiving.ending(record, deed.rule),
                *self._evidence.gone(deed),
            ]

        return Settlement(Outcome.DONE, writes, lambda: self._archiving.forget(record_id))

    def _archived(self, deed: Deed) -> Settlement:
        def writes() -> list[Action]:
            # As above: the row is not there any more.
            record = self._living(deed.record.record_id)
            number, schedule = self._schedules.in_force()
            archived = replace(record, archived=True, attempts=0).at_rest()
            return [
                self._records.change(listed_under(archived, number, schedule)),
                self._schedules.still_in_force(number),
                *self._evidence.archived(deed),
            ]

        return Settlement(Outcome.DONE, writes)

    def _ended(self, deed: Deed) -> Settlement:
        """The end of a record that was archived: all at once, as it was decided on."""
        record = deed.record
        held = self._holds.checks(record.facts.targets())

        def writes() -> list[Action]:
            return [
                self._records.change(deed.gone(record), Stale),
                self._schedules.still_in_force(record.schedule, Stale),
                *(replace(each, otherwise=Stale) for each in held),
                *self._archiving.ending(record, deed.rule),
                *self._evidence.ended(deed),
            ]

        return Settlement(Outcome.DONE, writes, lambda: self._archiving.forget(record.record_id))

    def _living(self, record_id: str) -> HeldRecord:
        """The record, where another worker has not been through with it."""
        record = self._records.get(record_id)
        if record is None or record.state is State.DISPOSED or record.archived:
            raise Stale
        return record


def _later(record: HeldRecord, now: datetime) -> HeldRecord:
    attempts = record.attempts + 1
    return replace(record, state=State.FAILED, attempts=attempts, ends=now + pause_after(attempts))
