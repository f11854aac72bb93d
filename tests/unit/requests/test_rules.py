"""The life of a request, and whose clocks run for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.requests.models import Status
from chalicelib.requests.rules import (
    LIVING,
    UNPROVED,
    Event,
    ImpossibleNow,
    after,
    moved,
)
from tests.unit.requests.asked import request

EVENTS = st.lists(st.sampled_from(Event), max_size=12)


def outcome(status: Status, event: Event) -> Status:
    """The status after an event, the same when it was refused."""
    try:
        return after(status, event)
    except ImpossibleNow:
        return status


@given(events=EVENTS)
def test_no_order_of_events_leads_out_of_an_end(events: list[Event]) -> None:
    status = Status.RECEIVED
    for event in events:
        then = outcome(status, event)
        ended = status not in LIVING
        appealed = event is Event.APPEALED and status in {Status.REFUSED, Status.PARTLY_COMPLETED}
        assert not ended or then is status or appealed
        status = then


@given(events=EVENTS)
def test_nobody_works_on_what_was_not_proved(events: list[Event]) -> None:
    status = Status.RECEIVED
    for number, event in enumerate(events):
        status = outcome(status, event)
        if status not in UNPROVED | {Status.WITHDRAWN, Status.LAPSED, Status.JOINED}:
            assert Event.PROVED in events[: number + 1]


@given(status=st.sampled_from(Status), event=st.sampled_from(Event))
def test_a_repeated_event_changes_nothing(status: Status, event: Event) -> None:
    once = outcome(status, event)
    assert outcome(once, event) is once


@pytest.mark.parametrize("status", sorted(LIVING))
@pytest.mark.parametrize("approved", [False, True])
def test_of_an_erased_person_everything_ends(status: Status, approved: bool) -> None:
    forgotten = moved(request(status, approved=approved), Event.FORGOTTEN)
    assert forgotten.status is Status.WITHDRAWN


def test_what_is_withdrawn_is_not_proved() -> None:
    with pytest.raises(ImpossibleNow):
        after(Status.WITHDRAWN, Event.PROVED)
