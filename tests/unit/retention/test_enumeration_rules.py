"""What a row says of itself, and what is refused: nothing is guessed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.connectors.datamap.models import Retention
from chalicelib.connectors.places import Listing
from chalicelib.errors import InvalidInput
from chalicelib.retention.enumerating.models import Enumeration, Refusal, Stage
from chalicelib.retention.enumerating.rules import (
    begun,
    counted,
    ended,
    merged,
    registration_of,
)
from chalicelib.retention.records.models import Facts, Outcome, Place, Registered, Registration
from chalicelib.retention.schedule.models import Role, Trigger
from tests.fakes import START

ENUMERATION = Enumeration("shop", "customers", START, START + timedelta(hours=2))
FIELDS = {"collected": "since", "last_used": "use.seen"}
ROW: dict[str, Any] = {"id": "c1", "company": "acme", "user": "u1", "since": "2026-01-02"}


def read(row: dict[str, Any], numbers: str = "") -> Registration | Refusal:
    declared = Retention("technical", "processor", FIELDS, "company", "user", numbers)
    listing = Listing("id", declared, iter(()))
    return registration_of(ENUMERATION, listing, row, lambda user: f"t-{user}", START)


def moment(value: Any, numbers: str = "") -> datetime | Refusal:
    found = read({**ROW, "since": value}, numbers)
    return found if isinstance(found, Refusal) else found.triggers[Trigger.COLLECTED]


def test_a_row_says_what_the_platform_would() -> None:
    assert read({**ROW, "use": {"seen": "2026-03-04T05:06:07.0009Z"}}) == Registration(
        Place("shop", "customers", "c1"),
        Facts("technical", Role.PROCESSOR, "acme", "t-u1"),
        {
            Trigger.COLLECTED: datetime(2026, 1, 1, 17, tzinfo=UTC),
            Trigger.LAST_USED: datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
        },
    )


@pytest.mark.parametrize("missing", ["", None])
def test_whose_a_row_is_may_be_unknown(missing: Any) -> None:
    found = read({**ROW, "company": missing, "user": missing})
    assert isinstance(found, Registration)
    assert (found.facts.client, found.facts.person) == ("", "")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"id": None}, Refusal.REFERENCE),
        ({"id": ""}, Refusal.REFERENCE),
        ({"id": True}, Refusal.REFERENCE),
        ({"id": ["a", "b"]}, Refusal.REFERENCE),
        ({"id": {"a": "b"}}, Refusal.REFERENCE),
        ({"id": "x" * 513}, Refusal.REFERENCE),
        ({"company": "Acme Ltd."}, Refusal.CLIENT),
        ({"company": ["acme", "other"]}, Refusal.CLIENT),
        ({"company": "x" * 65}, Refusal.CLIENT),
        ({"user": "x" * 129}, Refusal.PERSON),
        ({"user": False}, Refusal.PERSON),
        ({"since": None}, Refusal.NO_MOMENT),
        ({"since": "soon"}, Refusal.MOMENT),
        ({"since": "2026-01-02", "use": {"seen": "soon"}}, Refusal.MOMENT),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], refusal: Refusal) -> None:
    assert read({**ROW, **change}) is refusal


def test_an_id_that_has_no_token_is_refused() -> None:
    def refuse(_user: str) -> str:
        raise InvalidInput

    listing = Listing("id", Retention("technical", "controller", FIELDS, person="user"), iter(()))
    assert registration_of(ENUMERATION, listing, ROW, refuse, START) is Refusal.PERSON


@pytest.mark.parametrize(
    ("value", "numbers", "expected"),
    [
        ("2026-01-02T03:04:05+07:00", "", datetime(2026, 1, 1, 20, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", "seconds", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (1_700_000_000, "seconds", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000.5", "seconds", datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
        (1_700_000_000_000, "milliseconds", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (["2026-01-02", "2026-01-04"], "", datetime(2026, 1, 3, 17, tzinfo=UTC)),
    ],
)
def test_moments(value: Any, numbers: str, expected: datetime) -> None:
    assert moment(value, numbers) == expected


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ("2026-01-02T03:04:05", ""),  # where?
        ("2026-01-02T03", ""),
        ("02.01.2026", ""),
        ("2026-13-02", ""),
        (1_700_000_000, ""),
        ("1700000000", ""),
        (1_700_000_000_000, "seconds"),
        (0, "seconds"),
        (-5, "seconds"),
        ("1970-01-01", ""),
        ("0001-01-01T00:00:00Z", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        ("9999-12-31", ""),
        (10**30, "seconds"),
        (float("nan"), "seconds"),
        (float("inf"), "seconds"),
        (True, "seconds"),
        ({"at": "2026-01-02"}, ""),
    ],
)
def test_what_is_no_moment_for_sure_is_none(value: Any, numbers: str) -> None:
    assert moment(value, numbers) is Refusal.MOMENT


def test_a_year_ahead_is_the_furthest() -> None:
    assert moment((START + timedelta(days=366)).isoformat()) == START + timedelta(days=366)
    assert moment((START + timedelta(days=366, seconds=1)).isoformat()) is Refusal.MOMENT


def test_of_rows_that_are_one_record_the_latest_counts() -> None:
    at, facts = Place("logs", "visits", "v1"), Facts("technical", Role.CONTROLLER)
    early, late = START, START + timedelta(days=1)
    rows = [
        Registration(at, facts, {Trigger.LAST_USED: late}),
        Registration(at, facts, {Trigger.LAST_USED: early, Trigger.COLLECTED: early}),
        Registration(at, Facts("business", Role.CONTROLLER), {Trigger.LAST_USED: early}),
    ]
    first, other = merged(rows)
    assert first.triggers == {Trigger.LAST_USED: late, Trigger.COLLECTED: early}
    assert other == rows[2]  # it disagrees: registering says so


def test_counting_adds_up_and_a_page_that_went_through_ends_what_was_in_the_way() -> None:
    answers = [Registered(Outcome.CREATED), Registered(problem="record_gone")]
    stuck = Enumeration("shop", "customers", START, None, problem="place_unavailable")
    once = counted(stuck, answers, [Refusal.CLIENT])
    twice = counted(once, answers, [])
    assert twice.counts == {"created": 2}
    assert twice.refused == {"record_gone": 2, "unusable_client": 1}
    assert twice.problem == ""


def test_after_a_week_it_begins_anew_unless_the_map_has_changed() -> None:
    later = START + timedelta(hours=5)
    after = ended(ENUMERATION, later)
    assert (after.stage, after.look_at) == (Stage.ENDED, START + timedelta(days=7))
    assert ended(ENUMERATION, later, "unknown_place").look_at is None
    again = begun(counted(after, [Registered(Outcome.CREATED)], []), later)
    assert (again.stage, again.counts, again.ended_at) == (Stage.RUNNING, {}, None)
