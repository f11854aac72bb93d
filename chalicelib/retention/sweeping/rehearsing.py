"""A dry run: what the sweep would do now, and to what it would not."""

from collections import Counter
from dataclasses import dataclass
from itertools import batched, islice

from chalicelib.clock import Clock
from chalicelib.retention.records.items import SHARDS
from chalicelib.retention.records.models import HeldRecord
from chalicelib.retention.records.rules import expiry_by
from chalicelib.retention.records.service import HoldsOn, InForce
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.models import Schedule
from chalicelib.retention.sweeping.rules import most_allowed
from chalicelib.retention.sweeping.store import SweepStore

MOST_LOOKED_AT = 2_000
_TOGETHER = 100


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Due records that are alike: what would be done to them, and in which rule's name."""

    category: str
    place: str
    rule: str
    means: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a sweep would do now.

    `groups` counts what would go, `held` what a hold stops, `moved` what is listed and not due any
    more. `complete` says whether all that is due was looked at, `allowed` how many records a run
    may dispose of before somebody confirms.
    """

    groups: dict[Group, int]
    held: int
    moved: int
    complete: bool
    allowed: int


class Rehearsing:
    """Looks at what is due and changes nothing."""

    def __init__(
        self,
        records: RecordStore,
        sweeps: SweepStore,
        in_force: InForce,
        holds: HoldsOn,
        clock: Clock,
    ) -> None:
        self._records = records
        self._sweeps = sweeps
        self._in_force = in_force
        self._holds = holds
        self._clock = clock

    def rehearse(self) -> Rehearsal:
        """Up to 2,000 due records: reads them, and the holds on all that they name."""
        now = self._clock.now()
        lists = (self._records.due(shard, now) for shard in range(SHARDS))
        ids = list(islice((each for some in lists for each in some), MOST_LOOKED_AT + 1))
        _, schedule = self._in_force()
        found = [
            record
            for some in batched(ids[:MOST_LOOKED_AT], _TOGETHER, strict=False)
            for record in self._records.many(some).values()
        ]
        named = {target for record in found for target in record.facts.targets()}
        held_targets = self._holds.held(named)
        groups: Counter[Group] = Counter()
        held = moved = 0
        for record in found:
            group = _group(record, schedule) if expiry_by(schedule, record).is_over(now) else None
            if group is None:
                moved += 1
            elif not held_targets.isdisjoint(record.facts.targets()):
                held += 1
            else:
                groups[group] += 1
        allowed = most_allowed(self._sweeps.state().usual)
        return Rehearsal(dict(groups), held, moved, len(ids) <= MOST_LOOKED_AT, allowed)


def _group(record: HeldRecord, schedule: Schedule) -> Group | None:
    expiry = expiry_by(schedule, record)
    if expiry.limit is None or expiry.means is None:
        return None
    return Group(record.facts.category, record.at.place, expiry.limit.rule, expiry.means.value)
