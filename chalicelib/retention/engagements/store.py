"""Ended engagements in the `records` table; opaque ids and counts, in clear.

pk  ENGAGEMENT#<client>
sk  END
stage, ended_at, at, by   how far it is; when it ended, was ordered (ms), by which member of staff
plan, people              lines and their counts; how many records named a person
count                     the walk at work (models.py)
certificate               a compact JWS, once all has gone that nothing keeps
due_pk  ENGAGEMENTS, with due_sk, <ms>#<client>, while the sweep is to look at it again
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import Conflict
from chalicelib.retention.engagements.models import Count, Engagement, Line, Stage
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put

ENDED_ENGAGEMENT = Schema("ended_engagement")
_LISTED = "ENGAGEMENTS"
_MILLISECOND = timedelta(milliseconds=1)


class EngagementMoved(Conflict):
    """Another worker went on with the engagement. Never leaves this package."""

    code = "engagement_moved"


class EngagementStore:
    """Reads engagements; makes the writes that move them on."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def get(self, client: str) -> Engagement | None:
        """Read consistently; None for a client whose engagement did not end."""
        item = self._records.get(_key(client), consistent=True)
        return _engagement_from(item) if item else None

    def to_look_at(self, until: datetime) -> Iterator[str]:
        """Clients whose records are to be looked at by `until`, the earliest first."""
        before = f"{to_millis(until + _MILLISECOND):013d}"
        for key in self._records.due(_LISTED, before=before):
            yield key.pk.partition(SEPARATOR)[2]

    def change(self, engagement: Engagement) -> Action:
        """The write of `engagement` in place of the one that it was made from."""
        stands = revision_is(engagement.revision) if engagement.revision else ABSENT
        return Put(self._records, _item_of(engagement), stands, EngagementMoved)


def _key(client: str) -> Key:
    return Key(compose("ENGAGEMENT", client), "END")


def _item_of(engagement: Engagement) -> Item:
    key, count = _key(engagement.client), engagement.count
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "rev": engagement.revision + 1,
        "stage": engagement.stage.value,
        "ended_at": to_millis(engagement.ended_at),
        "at": to_millis(engagement.ordered_at),
        "by": engagement.ordered_by,
        "plan": _lines(engagement.plan),
        "people": engagement.people,
        "count": {
            "living": _lines(count.living),
            "gone": _lines(count.gone),
            "chain": count.chain,
            "overdue": count.overdue,
            "people": count.people,
            "after": count.after,
            "over_gone": count.over_gone,
        },
    }
    if engagement.certificate:
        item["certificate"] = engagement.certificate
    if engagement.look_at is not None:
        item |= {
            "due_pk": _LISTED,
            "due_sk": f"{to_millis(engagement.look_at):013d}#{engagement.client}",
        }
    return ENDED_ENGAGEMENT.stamp(item)


def _lines(lines: Mapping[Line, int]) -> list[Value]:
    return [
        {
            "category": line.category,
            "rule": line.rule,
            "means": line.means,
            "day": line.day,
            "kept_by": list(line.kept_by),
            "records": records,
        }
        for line, records in sorted(lines.items())
    ]


def _engagement_from(item: Item) -> Engagement:
    match ENDED_ENGAGEMENT.lift(item):
        case {
            "pk": str(pk),
            "rev": int(revision),
            "stage": str(stage),
            "ended_at": int(ended_at),
            "at": int(at),
            "by": str(by),
            "plan": list(plan),
            "people": int(people),
            "count": dict(count),
        }:
            moment, _, _ = str(item.get("due_sk", "")).partition(SEPARATOR)
            return Engagement(
                pk.partition(SEPARATOR)[2],
                from_millis(ended_at),
                from_millis(at),
                by,
                Stage(stage),
                _lines_from(plan),
                people,
                _count_from(count),
                from_millis(int(moment)) if moment else None,
                str(item.get("certificate", "")),
                revision,
            )
    raise UnreadableItem(ENDED_ENGAGEMENT.item_type)


def _lines_from(stored: list[Value]) -> dict[Line, int]:
    found = {}
    for each in stored:
        match each:
            case {
                "category": str(category),
                "rule": str(rule),
                "means": str(means),
                "day": str(day),
                "kept_by": list(kept_by),
                "records": int(records),
            }:
                found[Line(category, rule, means, day, tuple(map(str, kept_by)))] = records
            case _:
                raise UnreadableItem(ENDED_ENGAGEMENT.item_type)
    return found


def _count_from(stored: Mapping[str, Value]) -> Count:
    return Count(
        _lines_from(cast("list[Value]", stored["living"])),
        _lines_from(cast("list[Value]", stored["gone"])),
        str(stored["chain"]),
        cast("int", stored["overdue"]),
        cast("int", stored["people"]),
        str(stored["after"]),
        bool(stored["over_gone"]),
    )
