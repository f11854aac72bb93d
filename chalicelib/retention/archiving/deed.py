"""Archiving one record: a copy is put into the archive, the record notes it, the rows are taken.

    read the rows -> put the copy -> note it in the record, unless held -> take the rows away

Rows are only taken away as they are in the copy that the record notes, and only while it notes that
one: a row that somebody changed meanwhile is copied anew. Whoever comes after a worker that died
finds either no note, and begins anew (a copy that nobody noted lies there until the record's end),
or the note, and takes away what the copy covers. A copy is noted only once it is there, so in every
moment the row is at its place or in the copy that is noted.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import Conflict, Internal
from chalicelib.ids import Ids
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.archiving.copies import Copies, Row
from chalicelib.retention.archiving.objects import CopyExists
from chalicelib.retention.expiry import Archived, later
from chalicelib.retention.records.models import Copy, HeldRecord, Place
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.models import Period
from chalicelib.retention.targets import Target
from chalicelib.tables.transactions import Action, Check, RunCommand

REMOVE_WORK = "remove_archived"
"""The kind of work in the outbox about the id of a record whose copies ended: their objects may go
once they are not locked any more."""
_FRESH = timedelta(days=1)
"""A copy that is older when the rows are still there (a hold came in between) is made anew: it is
kept for its whole time after the rows went."""


class RecordOvertaken(Conflict):
    """The record was changed while it was being archived. Never leaves `sweeping`."""

    code = "record_overtaken"


class CopyUnnoted(Internal):
    """There is a copy that the record does not note, and nothing at the place: the record is older
    than the copy, out of a restored table. Somebody must look."""

    code = "archived_copy_unnoted"


class Rows(Protocol):
    """The rows of connected places."""

    def copies(self, at: Place) -> Sequence[Row]:
        """What is there now. Raises `PlaceUnavailable`, …"""
        ...

    def take(self, at: Place, copied: Sequence[Row], guard: Sequence[Check]) -> None:
        """Deletes what is there, row by row as it is in `copied`, under the conditions of `guard`.

        It may be repeated. Raises `PlaceUnavailable` where a row is another by now.
        """
        ...


class Guards(Protocol):
    """What is asked of holds."""

    def checks(self, targets: Sequence[Target]) -> list[Check]:
        """For the transaction of a deed: it fails with `Held` if a hold is on a target."""
        ...


class Archiving:
    """Moves rows into the archive, and ends what is there."""

    def __init__(
        self,
        records: RecordStore,
        copies: Copies,
        rows: Rows,
        holds: Guards,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
        run_command: RunCommand,
    ) -> None:
        self._records = records
        self._copies = copies
        self._rows = rows
        self._holds = holds
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._run_command = run_command

    def move(self, record: HeldRecord, rule: str, period: Period) -> bool:
        """Moves what is at the record's place into the archive, in the name of `rule`, to be kept
        for `period` from now on; False where there is nothing and never was.

        May be repeated. Raises `Held`, `RecordOvertaken` where it is to be decided on anew,
        `CopyUnnoted`, and what the place and the archive raise.
        """
        at = replace(record.at, reference=self._records.reference(record))
        found = self._rows.copies(at)
        copied: Sequence[Row] = self._copies.read(record) if record.copy else []
        if not found:
            if record.copy is None and self._copies.may_be_opened(record.record_id):
                raise CopyUnnoted
            return record.copy is not None
        if not self._covers(record, copied, found):
            # Of what was copied, fewer are there: a worker took some away, and died.
            copied = found if len(found) >= len(copied) else [*copied, *_new(found, copied)]
            record = self._note(record, copied, rule, period)
        guard = [
            *self._holds.checks(record.facts.targets()),
            self._records.unchanged(record, RecordOvertaken),
        ]
        self._rows.take(at, copied, guard)
        return True

    def ending(self, record: HeldRecord, rule: str) -> list[Action]:
        """The writes that end all copies of the record by `rule`, those that nobody noted too; none
        where there is none. Call `forget` afterwards."""
        ends = self._copies.ending(record.record_id, rule)
        if not ends and not record.copy:
            return []
        return [*ends, *self._outbox.work(REMOVE_WORK, record.record_id).actions]

    def forget(self, record_id: str) -> None:
        """Drops the key of the record's copies from this container's memory."""
        self._copies.forget(record_id)

    def _covers(self, record: HeldRecord, copied: Sequence[Row], found: Sequence[Row]) -> bool:
        if record.copy is None or record.copy.kept.since + _FRESH <= self._clock.now():
            return False
        return not _new(found, copied)

    def _note(
        self, record: HeldRecord, rows: Sequence[Row], rule: str, period: Period
    ) -> HeldRecord:
        """Puts a copy of `rows` into the archive; the record that notes it."""
        now = from_millis(to_millis(self._clock.now()))
        kept = Archived(rule, now, later(now, period))
        noted = replace(record, copy=Copy(self._ids.new(), kept))
        try:
            self._copies.put(noted, rows)
        except CopyExists:  # an answer of S3's was lost, and botocore tried again
            raise RecordOvertaken from None
        self._run_command(
            lambda: [
                *self._holds.checks(record.facts.targets()),
                self._records.change(noted, RecordOvertaken),
            ]
        )
        return replace(noted, revision=noted.revision + 1)


def _new(rows: Sequence[Row], copied: Sequence[Row]) -> list[Row]:
    """Those of `rows` that are not in `copied` as they are."""
    known = set(map(_said, copied))
    return [each for each in rows if _said(each) not in known]


def _said(row: Row) -> str:
    return json.dumps(row, sort_keys=True)
