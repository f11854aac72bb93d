"""Records that were disposed of, in a restored table: disposed of again, never registered anew.

Connected places were not restored with our tables, unless somebody says so: what stands there under
an old reference may be a new row. Holds are not asked. One that the restored table knows may have
been released since; that the record went is what the ledger says, and what was gone stays gone.
"""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.retention.own.place import OWN_PLACE
from chalicelib.retention.records.models import Facts, HeldRecord, Place, State
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.models import Means, Role
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.errors import KeyDestroyed
from chalicelib.vault.ledger import Line

_REPLAY = Actor("operator", "replay")

type Dispose = Callable[[Place, Means, str], None]
"""Does away with what is at a place by a means and in a rule's name, whatever holds there are.

May be repeated."""


class RecordsAgain:
    """Disposes of records once more, by the ledger's lines."""

    def __init__(
        self, records: RecordStore, dispose: Dispose, trail: Trail, run_command: RunCommand
    ) -> None:
        self._records = records
        self._dispose = dispose
        self._trail = trail
        self._run_command = run_command

    def is_left(self, line: Line) -> bool:
        """Whether the table does not say that the record is gone."""
        record = self._records.get(line.id)
        return record is None or record.state is not State.DISPOSED

    def dispose(self, line: Line, *, at_places: bool) -> None:
        """Makes what the line says true: at the place first, if it is ours or `at_places`, then
        here. May be repeated.

        Raises what the place raises, `PlaceUnavailable` among it: the record is left then.
        """
        record = self._records.get(line.id)
        if record is None:
            self._run_command(lambda: self._tombstone(line))
        elif record.state is not State.DISPOSED:
            if not record.archived and (at_places or record.at.place == OWN_PLACE):
                self._at_its_place(record, line)
            self._run_command(lambda: self._gone(line))

    def _at_its_place(self, record: HeldRecord, line: Line) -> None:
        try:
            at = replace(record.at, reference=self._records.reference(record))
        except KeyDestroyed:
            return  # nobody can say any more which row it was
        # A row that was archived, and ended there, was deleted where it had been.
        means = Means.ANONYMISE if line.means == Means.ANONYMISE else Means.DELETE
        self._dispose(at, means, line.rule)

    def _gone(self, line: Line) -> list[Action]:
        record = self._records.get(line.id)
        if record is None:
            return self._tombstone(line)
        entity, facts = Entity("record", line.id), {"rule": line.rule, "means": line.means}
        return [
            self._records.change(_disposed(record, line)),
            *self._trail.actions(entity, _REPLAY, "record.disposed_again", facts),
        ]

    def _tombstone(self, line: Line) -> list[Action]:
        facts = line.facts
        record = HeldRecord(
            line.id,
            Place(facts["place"], facts["collection"], ""),
            Facts(facts["category"], Role(facts["role"]), facts["client"]),
            {},
            registered_at=line.moment,
            schedule=0,
        )
        return [self._records.tombstone(_disposed(record, line))]


def _disposed(record: HeldRecord, line: Line) -> HeldRecord:
    return replace(
        record,
        state=State.DISPOSED,
        disposed_at=line.moment,
        disposed_by=line.rule,
        means=Means(line.means),
    )
