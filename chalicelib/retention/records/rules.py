"""What becomes of a record when the platform speaks of it again. Pure decisions."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.errors import Conflict
from chalicelib.retention.expiry import Expiry, expiry_of
from chalicelib.retention.records.models import HeldRecord, Registration, State
from chalicelib.retention.schedule.models import Schedule, Trigger

FURTHEST_AHEAD = timedelta(days=366)
"""How far in the future something may be said to happen: an engagement that will end."""
_OF_ROW = (Trigger.COLLECTED, Trigger.LAST_USED)
"""What only happens to a row that is there."""


class RecordDisagrees(Conflict):
    """The record is registered as something else: of another category, role, client or person."""

    code = "record_disagrees"


class RecordGone(Conflict):
    """The record was disposed of, or archived: what is there again, or is used, is another one and
    wants another name."""

    code = "record_gone"


def expiry_by(schedule: Schedule, record: HeldRecord) -> Expiry:
    """The record's end by `schedule`."""
    facts = record.facts
    return expiry_of(schedule, facts.category, facts.role, record.triggers, record.only_copy)


def told_again(record: HeldRecord, told: Registration) -> HeldRecord:
    """The record with what is told of it now: triggers that are named again have moved.

    What is not named stays; nor does anything move back that may only move on. Raises
    `RecordDisagrees`, `RecordGone`.
    """
    if record.state is State.DISPOSED:
        raise RecordGone
    if record.facts != told.facts:
        raise RecordDisagrees
    triggers = latest(told.triggers, record.triggers) if told.only_later else told.triggers
    after = with_triggers(record, triggers)
    if record.archived and any(
        after.triggers.get(each) != record.triggers.get(each) for each in _OF_ROW
    ):
        raise RecordGone
    return after


def latest(
    one: Mapping[Trigger, datetime], other: Mapping[Trigger, datetime]
) -> dict[Trigger, datetime]:
    """When each happened, for what both know the later moment of the two."""
    return {**other, **{each: max(at, other.get(each, at)) for each, at in one.items()}}


def with_triggers(record: HeldRecord, told: Mapping[Trigger, datetime]) -> HeldRecord:
    """The record once these happened too; of what is told twice, the later telling counts.

    Where nothing moves it is the same as before.
    """
    triggers = {**record.triggers, **told}
    if triggers == record.triggers:
        return record
    # Whatever the sweep made of its former end is over with that.
    return replace(record.at_rest(), triggers=triggers, attempts=0)


def listed_under(record: HeldRecord, number: int, schedule: Schedule) -> HeldRecord:
    """The record with its end by the schedule `number`, which the list of what is due goes by."""
    return replace(record, schedule=number, ends=expiry_by(schedule, record).at)
