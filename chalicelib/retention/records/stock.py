"""The records under retention as the stock that a change of the schedule is previewed on."""

from chalicelib.retention.records.service import HoldsOn
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.tally import Standing


class HeldStock:
    """Reads living records page by page."""

    def __init__(self, records: RecordStore, holds: HoldsOn) -> None:
        self._records = records
        self._holds = holds

    def page(self, after: str | None, limit: int) -> tuple[list[Standing], str | None]:
        """At most `limit` of them behind the place `after`, and where to go on from.

        Reads the list, the records, and the holds on all that they name.
        """
        ids, following = self._records.living(after, limit)
        found = list(self._records.many(ids).values())
        held = self._holds.held({target for each in found for target in each.facts.targets()})
        page = [
            Standing(
                each.facts.category,
                each.facts.role,
                each.triggers,
                held=not held.isdisjoint(each.facts.targets()),
                archived=each.only_copy,
            )
            for each in found
        ]
        return page, following
