"""What becomes of a record when the platform speaks of it again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.retention.expiry import Archived
from chalicelib.retention.records.items import clear_item, record_from
from chalicelib.retention.records.models import (
    Copy,
    Facts,
    HeldRecord,
    Place,
    Registration,
    State,
)
from chalicelib.retention.records.rules import (
    RecordDisagrees,
    RecordGone,
    listed_under,
    told_again,
)
from chalicelib.retention.schedule.models import Role, Trigger
from chalicelib.retention.schedule.text import standard

NOW = datetime(2026, 11, 25, tzinfo=UTC)
AT = Place("shop", "orders", "o-1")
FACTS = Facts("technical", Role.CONTROLLER, client="acme")
RECORD = HeldRecord("A" * 32, AT, FACTS, {Trigger.COLLECTED: NOW}, NOW, 1)


def told(facts: Facts = FACTS, **triggers: datetime) -> Registration:
    return Registration(AT, facts, {Trigger(name): at for name, at in triggers.items()})


def test_what_is_not_named_stays_and_what_is_named_moves() -> None:
    later = NOW + timedelta(days=1)
    after = told_again(RECORD, told(last_used=NOW))
    assert after.triggers == {Trigger.COLLECTED: NOW, Trigger.LAST_USED: NOW}
    assert told_again(after, told(last_used=later)).triggers[Trigger.LAST_USED] == later


def test_a_repeat_changes_nothing() -> None:
    assert told_again(RECORD, told(collected=NOW)) is RECORD


@pytest.mark.parametrize(
    "facts",
    [
        replace(FACTS, category="financial"),
        replace(FACTS, role=Role.PROCESSOR),
        replace(FACTS, client="other"),
        replace(FACTS, person="v1.x"),
        replace(FACTS, case="c"),
    ],
)
def test_a_record_stays_what_it_is(facts: Facts) -> None:
    with pytest.raises(RecordDisagrees):
        told_again(RECORD, told(facts))


def test_what_is_gone_is_gone() -> None:
    with pytest.raises(RecordGone):
        told_again(replace(RECORD, state=State.DISPOSED), told(last_used=NOW))


@pytest.mark.parametrize("state", [State.HELD, State.FAILED])
def test_a_trigger_that_moves_ends_what_the_sweep_made_of_it(state: State) -> None:
    stopped = replace(RECORD, state=state, held_by="h", attempts=3)
    after = told_again(stopped, told(last_used=NOW))
    assert (after.state, after.held_by, after.attempts) == (State.KEPT, "", 0)


def test_it_is_listed_under_its_end_by_the_schedule() -> None:
    schedule = standard().schedule()
    used = told_again(RECORD, told(last_used=NOW))
    listed = listed_under(used, 7, schedule)
    assert (listed.schedule, listed.ends) == (7, datetime(2027, 11, 25, 17, tzinfo=UTC))
    assert listed_under(RECORD, 7, schedule).ends is None


ARCHIVED = replace(
    RECORD,
    state=State.ARCHIVED,
    copy=Copy("01JCOPY", Archived("technical_unused", NOW, NOW + timedelta(days=9))),
    archived=True,
)


@pytest.mark.parametrize("state", [State.ARCHIVED, State.HELD, State.FAILED])
def test_what_was_archived_hears_what_ends_it(state: State) -> None:
    stopped = replace(ARCHIVED, state=state, held_by="h")
    after = told_again(stopped, told(request=NOW))
    assert (after.state, after.held_by) == (State.ARCHIVED, "")
    assert after.triggers[Trigger.REQUEST] == NOW
    schedule = standard().schedule()
    assert listed_under(after, 7, schedule).ends == NOW + timedelta(hours=72)
    assert listed_under(ARCHIVED, 7, schedule).ends == NOW + timedelta(days=9)


def test_what_was_archived_is_not_used_again() -> None:
    assert told_again(ARCHIVED, told(collected=NOW)) is ARCHIVED
    for trigger in ("collected", "last_used"):
        with pytest.raises(RecordGone):
            told_again(ARCHIVED, told(FACTS, **{trigger: NOW + timedelta(days=1)}))


@pytest.mark.parametrize("archived", [True, False])
def test_a_record_is_stored_with_its_copy(archived: bool) -> None:
    record = replace(ARCHIVED, archived=archived, at=replace(AT, reference=""), ends=NOW)
    assert record_from(clear_item(record)) == record
    assert (record.only_copy is None) == (not archived)
