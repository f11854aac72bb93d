"""After a hold's release: what was due meanwhile comes back into the lists of what is due."""

from contextlib import suppress
from functools import partial

from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.sweeping.disposal import Stale
from chalicelib.tables.transactions import Action, RunCommand


class Releasing:
    """Lists records anew."""

    def __init__(self, records: RecordStore, run_command: RunCommand) -> None:
        self._records = records
        self._run_command = run_command

    def release(self, hold_id: str) -> None:
        """Lists what waited for the hold under its own end: the next sweep finds it due, or held by
        another hold. May be repeated."""
        for record_id in self._records.waiting_for(hold_id):
            with suppress(Stale):
                self._run_command(partial(self._released, record_id, hold_id))

    def _released(self, record_id: str, hold_id: str) -> list[Action]:
        record = self._records.get(record_id)
        if record is None or record.held_by != hold_id:
            raise Stale
        return [self._records.change(record.at_rest())]
