"""Dates of the law over whatever hypothesis comes up with."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.law.case import Case, Pause
from chalicelib.law.clocks import deadline, earliest
from chalicelib.law.deadline import Deadline
from chalicelib.law.explain import explain
from chalicelib.law.models import Pack, PauseReason, Rule, Timing
from chalicelib.law.packs import JURISDICTIONS, pack

LAWS = [
    (law, rule) for law in map(pack, JURISDICTIONS) for rule in law.rules if rule.limit is not None
]
EXTENSIBLE = [(law, rule) for law, rule in LAWS if rule.extension is not None]

moments = st.datetimes(datetime(2018, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


@st.composite
def near_cases(draw: st.DrawFn) -> Case:
    """A case whose proof, fee and pauses come within some months of the receipt."""
    received = draw(moments)
    later = st.integers(-50, 3000).map(lambda hours: received + timedelta(hours=hours))
    waits = st.builds(
        lambda reason, since, hours: Pause(reason, since, since + timedelta(hours=hours)),
        st.sampled_from(PauseReason),
        later,
        st.integers(0, 900),
    )
    return Case(
        received_at=received,
        identity_at=draw(st.none() | later),
        fee_at=draw(st.none() | later),
        pauses=tuple(draw(st.lists(waits, max_size=3))),
    )


@st.composite
def governed(draw: st.DrawFn, laws: list[tuple[Pack, Rule]] = LAWS) -> tuple[Pack, Rule, str]:
    law, rule = draw(st.sampled_from(laws))
    return law, rule, draw(st.sampled_from(sorted(law.places)))


@given(governed(), near_cases())
def test_nothing_is_due_before_its_start(by: tuple[Pack, Rule, str], case: Case) -> None:
    law, rule, place = by
    found = deadline(law, rule, case, place=place)
    assert found.received_at <= found.started_at < found.due_at
    assert found.received_at < found.unpaused_due_at <= found.due_at


@given(governed(EXTENSIBLE), near_cases())
def test_no_extension_shortens(by: tuple[Pack, Rule, str], case: Case) -> None:
    law, rule, place = by
    plain = deadline(law, rule, case, place=place)
    extended = deadline(law, rule, replace(case, extended=True), place=place)
    assert plain.due_at < extended.due_at
    assert plain.unpaused_due_at < extended.unpaused_due_at
    assert extended.notice_by == plain.notice_by == plain.unpaused_due_at


@given(governed(), near_cases(), st.data())
def test_another_pause_never_makes_it_earlier(
    by: tuple[Pack, Rule, str], case: Case, data: st.DataObject
) -> None:
    law, rule, place = by
    near = st.integers(-50, 3000).map(lambda hours: case.received_at + timedelta(hours=hours))
    since = data.draw(near)
    another = Pause(
        data.draw(st.sampled_from(PauseReason)),
        since,
        since + timedelta(hours=data.draw(st.integers(0, 900))),
    )
    without = deadline(law, rule, case, place=place)
    paused = deadline(law, rule, replace(case, pauses=(*case.pauses, another)), place=place)
    assert paused.due_at >= without.due_at
    assert paused.unpaused_due_at == without.unpaused_due_at


@given(governed(), moments, moments)
def test_who_asks_later_is_never_due_earlier(
    by: tuple[Pack, Rule, str], one: datetime, other: datetime
) -> None:
    law, rule, place = by
    first, second = (
        deadline(law, rule, Case(received_at=each), place=place).due_at
        for each in sorted((one, other))
    )
    assert first <= second


@given(st.lists(st.tuples(governed(), near_cases()), min_size=1, max_size=6))
def test_the_earliest_is_the_minimum(asked: list[tuple[tuple[Pack, Rule, str], Case]]) -> None:
    found = [deadline(law, rule, case, place=place) for (law, rule, place), case in asked]
    assert earliest(found) in found
    assert earliest(found).unpaused_due_at == min(each.unpaused_due_at for each in found)


@given(governed(), near_cases())
def test_plain_values_come_back(by: tuple[Pack, Rule, str], case: Case) -> None:
    law, rule, place = by
    found = deadline(law, rule, case, place=place)
    values = found.to_values()
    assert all(type(value) in {str, int, bool} for value in values.values())
    read = Deadline.from_values(json.loads(json.dumps(values)))
    assert read == found
    assert read.to_values() == values


@given(governed(), near_cases(), st.sampled_from(["en", "id"]))
def test_every_date_is_explained(by: tuple[Pack, Rule, str], case: Case, language: str) -> None:
    law, rule, place = by
    found = deadline(law, rule, case, place=place)
    sentences = explain(found, "en" if language == "en" else "id")
    end = found.due_on or found.due_at.astimezone(ZoneInfo(found.zone)).date()
    assert any(f"{end.day} " in text and str(end.year) in text for text in sentences)


@given(governed(), moments)
def test_a_last_day_that_rolls_is_a_working_day(by: tuple[Pack, Rule, str], at: datetime) -> None:
    law, rule, place = by
    found = deadline(law, rule, Case(received_at=at), place=place)
    if rule.rolls and found.due_on is not None and rule.timing is Timing.WITHIN:
        assert found.due_on.weekday() < 5


IN_ANOTHER_ZONE = """
import json, sys
from datetime import UTC, datetime, timedelta
from chalicelib.law.case import Case, Pause
from chalicelib.law.clocks import deadline
from chalicelib.law.explain import explain
from chalicelib.law.models import PauseReason
from chalicelib.law.packs import JURISDICTIONS, pack

said = []
for hours in range(0, 24 * 365, 61):
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    pause = Pause(PauseReason.IDENTITY, at + timedelta(days=2), at + timedelta(days=4, hours=7))
    for law in map(pack, JURISDICTIONS):
        for rule in law.rules:
            if rule.limit is not None and rule.in_force(at.date()):
                found = deadline(law, rule, Case(received_at=at, pauses=(pause,)))
                said.append([found.to_values(), explain(found, "id")])
print(json.dumps(said))
"""


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York", "Asia/Kathmandu"])
def test_no_date_depends_on_the_machines_time_zone(zone: str) -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_ZONE],
            env=os.environ | {"TZ": tz},
            check=True,
            capture_output=True,
        ).stdout
        for tz in ("UTC", zone)
    ]
    assert len(json.loads(said[0])) > 1000
    assert said[0] == said[1]
