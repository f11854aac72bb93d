"""Whether the time of something of ours is over: what is over is not read any more, from the very
millisecond of its end, whatever the sweep did and whether or not a hold keeps it there."""

from collections.abc import Collection

from chalicelib.clock import Clock
from chalicelib.retention.own.place import OWN_PLACE, OwnCollection
from chalicelib.retention.records.models import Place
from chalicelib.retention.records.rules import expiry_by
from chalicelib.retention.records.service import InForce
from chalicelib.retention.records.store import RecordStore


class OwnReading:
    """Asks our own records under retention. Opens none of them."""

    def __init__(self, store: RecordStore, in_force: InForce, clock: Clock) -> None:
        self._store = store
        self._in_force = in_force
        self._clock = clock

    def over(self, collection: OwnCollection, references: Collection[str]) -> set[str]:
        """Those of up to 100 `references` whose time is over by the schedule in force.

        What has no record is not over. Two consistent reads. Raises `ReadIncomplete`.
        """
        places = {each: Place(OWN_PLACE, collection.value, each) for each in references}
        ids = {reference: self._store.id_of(at) for reference, at in places.items()}
        found = self._store.many(ids.values())
        _, schedule = self._in_force()
        now = self._clock.now()
        return {
            reference
            for reference, record_id in ids.items()
            if record_id in found and expiry_by(schedule, found[record_id]).is_over(now)
        }
