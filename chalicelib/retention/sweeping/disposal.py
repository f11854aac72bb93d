"""Ending one record: what is to become of it now, and the deed at its place.

For a record whose end has come the deed is done with the absence of holds as its condition; what it
leaves to write says that the record is gone, and in which rule's name. A worker that dies between
the two is followed by one that finds nothing left to do at the place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import Conflict, DomainError
from chalicelib.retention.expiry import Expiry
from chalicelib.retention.holds.models import Held
from chalicelib.retention.records.models import HeldRecord, Place, State
from chalicelib.retention.records.rules import expiry_by
from chalicelib.retention.records.service import Schedules
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.models import Means
from chalicelib.retention.sweeping.models import Outcome
from chalicelib.retention.sweeping.rules import pause_after
from chalicelib.retention.targets import Target
from chalicelib.tables.transactions import Action, Check
from chalicelib.telemetry import log_failure

SWEEPER = Actor("system", "sweep_retention")


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


type Dispose = Callable[[Place, Means, Sequence[Check]], None]
"""Does away with what is at a place by a means, under the conditions of the given checks.

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

    `writes` is called anew each time that the transaction is built.
    """

    outcome: Outcome | None
    writes: Callable[[], list[Action]] = list


class Disposal:
    """Decides on single records, and does what is due."""

    def __init__(
        self,
        records: RecordStore,
        schedules: Schedules,
        holds: Guards,
        targets_of: TargetsOf,
        dispose: Dispose,
        trail: Trail,
        clock: Clock,
    ) -> None:
        self._records = records
        self._schedules = schedules
        self._holds = holds
        self._targets_of = targets_of
        self._dispose = dispose
        self._trail = trail
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
        current = replace(record, schedule=number, ends=expiry.at, state=State.KEPT, held_by="")
        if expiry.means is None or not expiry.is_over(now):
            return self._listed(Outcome.MOVED, replace(current, attempts=0))
        try:
            targets = self._targets_of(record)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other records are due too
            return self._failed(current, now, error)
        if holds := self._holds.on(targets):
            return self._held(current, holds[0])
        try:
            self._do(current, expiry.means, targets)
        except Held:
            raise Stale from None
        except Exception as error:  # noqa: BLE001  # the same
            return self._failed(current, now, error)
        return self._gone(record_id, run_id, expiry, expiry.means, now)

    def _do(self, record: HeldRecord, means: Means, targets: Sequence[Target]) -> None:
        at = replace(record.at, reference=self._records.reference(record))
        self._dispose(at, means, self._holds.checks(targets[:_MOST_CHECKED]))

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

    def _gone(
        self, record_id: str, run_id: str, expiry: Expiry, means: Means, now: datetime
    ) -> Settlement:
        rule = expiry.limit.rule if expiry.limit else ""
        facts: dict[str, Fact] = {"rule": rule, "means": means.value, "run": run_id}

        def writes() -> list[Action]:
            # It is done, whatever was said of the record meanwhile.
            record = self._records.get(record_id)
            if record is None or record.state is State.DISPOSED:
                raise Stale
            gone = replace(
                record,
                state=State.DISPOSED,
                disposed_at=from_millis(to_millis(now)),
                disposed_by=rule,
                means=means,
            )
            entity = Entity("record", record_id)
            return [
                self._records.change(gone),
                *self._trail.first_actions(entity, SWEEPER, "record.disposed", facts),
            ]

        return Settlement(Outcome.DONE, writes)


def _later(record: HeldRecord, now: datetime) -> HeldRecord:
    attempts = record.attempts + 1
    return replace(record, state=State.FAILED, attempts=attempts, ends=now + pause_after(attempts))
