"""Who has to be told, by which facts, and until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.incidents.alarm_rules import alarms_to_raise, next_moment, raised
from chalicelib.incidents.duties import moved_to, with_duties
from chalicelib.incidents.models import (
    Assessment,
    Awareness,
    DutyState,
    Facts,
    Incident,
    Nature,
    Recipient,
    Scores,
    Severity,
    Source,
)
from chalicelib.incidents.rules import fulfilled
from chalicelib.law.models import Party
from tests.fakes import START

HOUR = timedelta(hours=1)
SCORES = Scores(1, 25, 0, 0, 0, malicious=False)


def incident(at: datetime = START, **facts: Any) -> Incident:
    known = Awareness(at, "01JSTAFF", at, "it is so", "a.b.c")
    made = Incident(
        "01J", Source.STAFF, False, "staff/01JSTAFF", at, Facts(**facts), awareness=known
    )
    return with_duties(made)


def assessed(severity: Severity, found: Incident) -> Incident:
    rated = Assessment(SCORES, severity, "so", "01JSTAFF", START + HOUR)
    return with_duties(replace(found, assessment=rated))


def waiting(found: Incident) -> set[str]:
    return {each.id for each in found.duties if each.is_open}


@pytest.mark.parametrize(
    ("facts", "ids"),
    [
        ({}, {"id.breach-agency", "id.breach-subjects"}),
        (
            {"countries": ("DE", "FR")},
            {
                "id.breach-agency",
                "id.breach-subjects",
                "eu.breach-authority",
                "eu.breach-subjects",
            },
        ),
        (
            {"countries": ("BR",)},
            {"id.breach-agency", "id.breach-subjects", "br.breach", "br.breach-subjects"},
        ),
        # Singapore's clock to the authority starts when the breach was assessed.
        (
            {"countries": ("SG",)},
            {"id.breach-agency", "id.breach-subjects", "sg.breach-subjects"},
        ),
        ({"countries": ("US-CA",)}, {"id.breach-agency", "id.breach-subjects"}),
        (
            {"clients": ("pt-maju",), "public_interest": True},
            {
                "id.breach-agency",
                "id.breach-subjects",
                "id.breach-public",
                "policy.breach-clients",
            },
        ),
        ({"role": Party.PROCESSOR}, {"id.processor"}),
        (
            {"role": Party.PROCESSOR, "countries": ("IE",), "clients": ("pt-maju",)},
            {"id.processor", "eu.processor", "policy.breach-clients"},
        ),
    ],
)
def test_who_has_to_be_told_follows_from_the_facts(facts: dict[str, Any], ids: set[str]) -> None:
    assert waiting(incident(**facts)) == ids


@pytest.mark.parametrize(
    ("severity", "authority", "subjects"),
    [
        (Severity.LOW, False, False),
        (Severity.MEDIUM, True, False),
        (Severity.HIGH, True, True),
        (Severity.VERY_HIGH, True, True),
    ],
)
def test_the_risk_counts_under_the_gdpr_and_not_under_the_pdp_law(
    severity: Severity, *, authority: bool, subjects: bool
) -> None:
    found = waiting(assessed(severity, incident(countries=("DE",))))
    assert ("eu.breach-authority" in found, "eu.breach-subjects" in found) == (authority, subjects)
    assert found >= {"id.breach-agency", "id.breach-subjects"}


def test_what_nobody_can_read_is_told_to_the_authority_alone_under_the_gdpr() -> None:
    found = assessed(Severity.HIGH, incident(countries=("DE",), unintelligible=True))
    assert waiting(found) >= {"eu.breach-authority", "id.breach-subjects"}
    duty = found.duty("eu.breach-subjects")
    assert duty is not None
    assert (duty.state, duty.because) == (DutyState.NOT_REQUIRED, ("unintelligible",))


def test_singapore_s_clock_starts_at_the_assessment() -> None:
    found = assessed(Severity.HIGH, incident(countries=("SG",)))
    duty = found.duty("sg.breach")
    assert duty is not None
    assert duty.deadline is not None
    assert duty.deadline.started_at == START + HOUR


def test_a_date_that_runs_from_the_assessment_stays_when_awareness_moves() -> None:
    found = assessed(Severity.HIGH, incident(countries=("SG",)))
    earlier = START - 5 * HOUR
    known = Awareness(earlier, "01JSTAFF", START, "it is so", "a.b.c")
    again = Assessment(SCORES, Severity.HIGH, "so", "01JSTAFF", START + 60 * HOUR)
    moved = moved_to(replace(with_duties(replace(found, assessment=again)), awareness=known))
    assert moved.duty("sg.breach") == found.duty("sg.breach")
    agency = moved.duty("id.breach-agency")
    assert agency is not None
    assert agency.deadline is not None
    assert agency.deadline.due_at == earlier + 72 * HOUR


def test_what_is_not_required_any_more_stays_listed_when_awareness_moves() -> None:
    found = with_duties(replace(incident(countries=("DE",)), facts=Facts()))
    known = Awareness(START - HOUR, "01JSTAFF", START, "it is so", "a.b.c")
    moved = moved_to(replace(found, awareness=known))
    duty = moved.duty("eu.breach-authority")
    assert duty is not None
    assert duty.because == ("not_of_these_facts",)


@pytest.mark.parametrize("country", ["DE", "ID", "GB", "US-CA", ""])
def test_72_hours_elapse_through_a_change_of_the_clocks(country: str) -> None:
    aware = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)  # the night before Berlin's clocks change
    found = incident(aware, countries=(country,) if country else ())
    due = {each.deadline.due_at for each in found.duties if each.deadline}
    assert due == {aware + 72 * HOUR}


def test_what_was_done_stays_done_whatever_becomes_of_the_facts() -> None:
    found = fulfilled(incident(countries=("DE",)), frozenset({"eu.breach-authority"}), START)
    later = with_duties(replace(found, facts=Facts(), nature=Nature.NO_BREACH))
    duty = later.duty("eu.breach-authority")
    assert duty is not None
    assert (duty.state, duty.done_at) == (DutyState.DONE, START)
    assert moved_to(later).duty("eu.breach-authority") == duty


def test_every_recipient_can_come_to_be_told() -> None:
    everybody = (
        *incident(clients=("pt-maju",)).duties,
        *incident(role=Party.PROCESSOR).duties,
    )
    assert {each.recipient for each in everybody} == set(Recipient)


STEPS = st.lists(st.timedeltas(timedelta(0), timedelta(hours=20)), max_size=20)


@given(steps=STEPS)
def test_however_often_somebody_looks_each_alarm_is_raised_once(steps: list[timedelta]) -> None:
    """Over all runs the numbers of each duty's alarms are those that have passed, each once."""
    found, now = incident(countries=("DE",), clients=("pt-maju",)), START
    seen: dict[str, list[int]] = {}
    for step in steps:
        now += step
        listed = next_moment(found)
        alarms = alarms_to_raise(found, now)
        assert bool(alarms) == (listed is not None and listed <= now)
        for duty, numbers in alarms.items():
            seen.setdefault(duty, []).extend(numbers)
        found = raised(found, alarms)
        assert alarms_to_raise(found, now) == {}
    passed = sum(now >= START + (72 - hours) * HOUR for hours in (48, 24, 12, 6, 3, 1, 0)) + max(
        0, int((now - START - 72 * HOUR) // (6 * HOUR))
    )
    for raised_of in seen.values():
        assert raised_of == list(range(passed))
    assert bool(seen) == bool(passed)
