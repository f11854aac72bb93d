"""The life of a request, and whose clocks run for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.requests.models import Status
from chalicelib.requests.rules import Event, ImpossibleNow, after, laws_for

EVENTS = st.lists(st.sampled_from(Event), max_size=12)


def outcome(status: Status, event: Event) -> Status:
    """The status after an event, the same when it was refused."""
    try:
        return after(status, event)
    except ImpossibleNow:
        return status


@given(events=EVENTS)
def test_no_order_of_events_leads_out_of_an_end_or_back(events: list[Event]) -> None:
    order = list(Status)
    status = Status.AWAITING_IDENTITY
    for event in events:
        moved = outcome(status, event)
        assert order.index(moved) >= order.index(status)
        assert status is not Status.WITHDRAWN or moved is Status.WITHDRAWN
        status = moved


@given(status=st.sampled_from(Status), event=st.sampled_from(Event))
def test_a_repeated_event_changes_nothing(status: Status, event: Event) -> None:
    once = outcome(status, event)
    assert outcome(once, event) is once


@given(events=EVENTS)
def test_a_request_is_open_only_if_it_was_proved_and_not_withdrawn(events: list[Event]) -> None:
    status = Status.AWAITING_IDENTITY
    for event in events:
        status = outcome(status, event)
    assert (status is Status.OPEN) == (Event.PROVED in events and Event.WITHDRAWN not in events)


def test_what_is_withdrawn_is_not_proved() -> None:
    with pytest.raises(ImpossibleNow):
        after(Status.WITHDRAWN, Event.PROVED)


@pytest.mark.parametrize(
    ("country", "laws"),
    [
        ("", {"id": None}),
        ("ID", {"id": None}),
        ("FR", {"id": None, "eu": "FR"}),
        ("NO", {"id": None, "eu": "NO"}),
        ("EU", {"id": None}),
        ("GB", {"id": None, "uk": None}),
        ("SG", {"id": None, "sg": None}),
        ("BR", {"id": None, "br": None}),
        ("US", {"id": None}),
    ],
)
def test_home_s_law_always_runs_and_the_requesters_where_there_is_a_pack(
    country: str, laws: dict[str, str | None]
) -> None:
    assert laws_for(country) == laws
