"""Reading what was archived, for the staff; each reading leaves an entry in the record's trail."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock
from chalicelib.errors import Gone, NotFound
from chalicelib.retention.archiving.copies import Copies, Row
from chalicelib.retention.expiry import Archived
from chalicelib.retention.records.models import HeldRecord, State
from chalicelib.retention.records.rules import expiry_by
from chalicelib.retention.records.service import InForce, UnknownRecord
from chalicelib.retention.records.store import RecordStore
from chalicelib.tables.transactions import RunCommand
from chalicelib.vault.errors import KeyDestroyed

_READ = "archive.read"


class NotArchived(NotFound):
    """The record is not in the archive."""

    code = "not_archived"


class ArchiveEnded(Gone):
    """The record's time in the archive is over."""

    code = "archive_ended"


@dataclass(frozen=True, slots=True)
class Reading:
    """An archived record, how it is kept, and its rows."""

    record: HeldRecord
    kept: Archived
    rows: Sequence[Row] = field(repr=False)


class Archive:
    """What was archived."""

    def __init__(
        self,
        records: RecordStore,
        copies: Copies,
        in_force: InForce,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._records = records
        self._copies = copies
        self._in_force = in_force
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def read(self, record_id: str, staff_id: str) -> Reading:
        """The record and its rows; that they were read is in the trail first.

        From the millisecond of its end on it is not read, whenever the sweep destroys its key, and
        whatever holds it. Raises `UnknownRecord`, `NotArchived`, `ArchiveEnded`.
        """
        record, kept = self._readable(record_id)
        entity, who = Entity("record", record_id), Actor("staff", staff_id)
        facts: dict[str, Fact] = {"permission": _READ}
        self._run_command(lambda: self._trail.actions(entity, who, "personal_data.read", facts))
        try:
            return Reading(record, kept, self._copies.read(record))
        except KeyDestroyed:
            raise ArchiveEnded from None

    def _readable(self, record_id: str) -> tuple[HeldRecord, Archived]:
        record = self._records.get(record_id)
        if record is None:
            raise UnknownRecord
        if record.only_copy is None:
            raise NotArchived
        _, schedule = self._in_force()
        over = expiry_by(schedule, record).is_over(self._clock.now())
        if over or record.state is State.DISPOSED:
            raise ArchiveEnded
        return record, record.only_copy
