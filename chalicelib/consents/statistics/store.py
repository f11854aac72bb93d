"""Counters in the `records` table, and markers of whom they hold.

    pk STATISTICS#<UTC day>  sk <source>#<purpose>#<state>#<language>#<site>
    et, v   item type and schema version
    n       how many people

    pk COUNTED#<SHA-256 of the cell with its day and the person's id, hex>  sk COUNTED
    et, v   item type and schema version
    ttl     epoch seconds: seven days, while the stream delivers for one

A marker and the count of its person are one transaction: whoever decides the same again that day,
and whatever is delivered again, in whatever company, finds the marker and counts nothing. Neither
item says whom it counts. Nobody gets the id, 80 random bits, out of a marker; and with the cell in
the digest, nothing in the markers of one person is common to them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from chalicelib.audit.canonical import digest
from chalicelib.consents.statistics.models import Cell, Occurrence, Source
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put, Update
from chalicelib.tables.updates import Changes

STATISTICS_CELL = Schema("statistics_cell")
COUNTED_RECORD = Schema("counted_record")
REMEMBERED = timedelta(days=7)

_OURS = Condition(
    "attribute_not_exists(#v) OR #v = :ours", {"#v": "v"}, {":ours": STATISTICS_CELL.version}
)
"""The counter is not there yet, or not of a later version: what that counts, we do not know."""


class CellStore:
    """Makes the writes that count; reads counts."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def uncounted(self, occurrences: Iterable[Occurrence]) -> list[Occurrence]:
        """Those that have no marker, each once.

        Half a read unit each. A marker that the read misses, since it is fresh, is met by the
        write. Raises `ReadIncomplete`.
        """
        keys = {_marker(each): each for each in occurrences}
        known = self._records.batch_get(keys)
        return [each for key, each in keys.items() if key not in known]

    def additions(self, occurrences: Sequence[Occurrence], now: datetime) -> list[Action]:
        """The writes that count `occurrences`, all different, at `now`: a marker each, and each
        cell once.

        They meet `Moved` when one of them was counted meanwhile.
        """
        counts = Counter(each.cell for each in occurrences)
        forgotten = int((now + REMEMBERED).timestamp())
        return [
            *(self._mark(each, forgotten) for each in occurrences),
            *(self._count(cell, times) for cell, times in counts.items()),
        ]

    def page(
        self, days: Iterable[date], limit: int, start: Key | None
    ) -> tuple[list[tuple[Cell, int]], Key | None]:
        """`limit` cells of `days` after `start`, with their counts, and where to go on from.

        Half a read unit a day.
        """
        found: list[tuple[Cell, int]] = []
        for partition in map(_partition, days):
            if start and partition < start.pk:
                continue
            after = start if start and start.pk == partition else None
            page = self._records.query(partition, limit=limit - len(found), start=after)
            found += map(_cell_from, page.items)
            if len(found) == limit:
                return found, _key(found[-1][0])
        return found, None

    def _mark(self, occurrence: Occurrence, forgotten: int) -> Put:
        key = _marker(occurrence)
        item: Item = {"pk": key.pk, "sk": key.sk, "ttl": forgotten}
        # Of two consumers that were handed the same person's records, one counts the person.
        return Put(self._records, COUNTED_RECORD.stamp(item), ABSENT, Moved)

    def _count(self, cell: Cell, times: int) -> Update:
        changes = Changes(put=STATISTICS_CELL.stamp({}), add={"n": times})
        return Update(self._records, _key(cell), changes, _OURS, UnreadableItem)


def _marker(occurrence: Occurrence) -> Key:
    cell = occurrence.cell
    named: Item = {
        "day": cell.day.isoformat(),
        "cell": list(cell.words),
        "person": occurrence.person,
    }
    return Key(compose("COUNTED", digest("jaga.counted.v1", named).hex()), "COUNTED")


def _partition(day: date) -> str:
    return compose("STATISTICS", day.isoformat())


def _key(cell: Cell) -> Key:
    return Key(_partition(cell.day), compose(*cell.words))


def _cell_from(item: Item) -> tuple[Cell, int]:
    match STATISTICS_CELL.lift(item):
        case {"pk": str(pk), "sk": str(sk), "n": int(count)}:
            source, purpose, state, language, site = sk.split(SEPARATOR)
            day = date.fromisoformat(pk.partition(SEPARATOR)[2])
            return Cell(day, Source(source), purpose, state, language, site), count
    raise UnreadableItem(STATISTICS_CELL.item_type)
