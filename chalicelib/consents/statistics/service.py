"""What is told of the counts."""

from datetime import date

from chalicelib.clock import Clock
from chalicelib.consents.statistics.models import Group
from chalicelib.consents.statistics.rules import days_told, told
from chalicelib.consents.statistics.store import CellStore
from chalicelib.tables.keys import Key


class Statistics:
    """Reads counts, and keeps small ones to itself."""

    def __init__(self, store: CellStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def page(
        self, since: date | None, until: date | None, limit: int, start: Key | None
    ) -> tuple[list[Group], Key | None]:
        """`limit` groups of the UTC days `since` to `until` after `start`, and where to go on from.

        Nobody is revealed: fewer than ten people are not told, only that there is somebody; no
        sums, from which the others could be subtracted; only days that are over, so that nobody
        sees one grow. Without `until` up to the last such day, without `since` 31 days, which is
        the most. Half a read unit a day. Raises `InvalidInput`.
        """
        days = days_told(since, until, self._clock.now())
        counted, last = self._store.page(days, limit, start)
        return [Group(cell, told(count)) for cell, count in counted], last
