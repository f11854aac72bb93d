"""Dates against the worked examples of the laws, and against their edges."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.law.case import Case, Pause
from chalicelib.law.clocks import deadline, deadlines, earliest
from chalicelib.law.deadline import Deadline
from chalicelib.law.models import Pack, PauseReason, Rule
from chalicelib.law.packs import pack
from chalicelib.law.periods import end_of_hold, latest_hold


def find(law: Pack, name: str, on: date) -> Rule:
    """The rule for a right or an event."""
    rule = law.rule_for(name, on) or law.rule_on(name, on)
    assert rule is not None
    return rule


def due(
    jurisdiction: str,
    name: str,
    received: str,
    *,
    place: str | None = None,
    zone: str | None = None,
    extended: bool = False,
    identity: str | None = None,
    pauses: tuple[tuple[str, str, str], ...] = (),
) -> Deadline:
    """What is due for `name` received at noon, or at the moment that `received` names."""
    law = pack(jurisdiction)
    local = law.place(place).zone
    case = Case(
        received_at=moment(received, local),
        identity_at=moment(identity, local) if identity else None,
        pauses=tuple(
            Pause(PauseReason(reason), moment(since, local), moment(until, local))
            for reason, since, until in pauses
        ),
        extended=extended,
    )
    rule = find(law, name, date.fromisoformat(received[:10]))
    return deadline(law, rule, case, place=place, zone=zone)


def moment(text: str, zone: str) -> datetime:
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        read = read.replace(hour=read.hour or 12, tzinfo=ZoneInfo(zone))
    return read


DAYS = [
    ("EU 2025-03-05", ("eu", "access", "2025-03-05"), "2025-04-07"),
    ("EU 2025-01-31", ("eu", "access", "2025-01-31"), "2025-02-28"),
    ("EU 2024-01-31", ("eu", "access", "2024-01-31"), "2024-02-29"),
    ("EU 2025-08-31", ("eu", "access", "2025-08-31"), "2025-09-30"),
    ("EU 2025-01-15", ("eu", "access", "2025-01-15"), "2025-02-17"),
    ("EU 2024-12-31", ("eu", "access", "2024-12-31"), "2025-01-31"),
    ("US-CA 2025-01-10", ("us-ca", "access", "2025-01-10"), "2025-02-24"),
    ("US-CA acknowledge 2025-06-27", ("us-ca", "acknowledge", "2025-06-27"), "2025-07-14"),
    ("SG breach, assessed 2025-05-09", ("sg", "breach_authority", "2025-05-09"), "2025-05-12"),
    ("SG access 2025-02-01", ("sg", "access", "2025-02-01"), "2025-03-03"),
    # Beyond the table.
    ("BR access 2025-04-03 ends on Good Friday", ("br", "access", "2025-04-03"), "2025-04-18"),
    ("BR breach over Easter", ("br", "breach_authority", "2025-04-17"), "2025-04-24"),
    ("BR breach, small agent", ("br", "breach_authority_small", "2025-04-17"), "2025-04-29"),
    ("US-CA opt-out", ("us-ca", "objection", "2025-06-02"), "2025-06-24"),
    ("US-CA, a federal holiday that California lacks", ("us-ca", "acknowledge", "2025-10-01"),
     "2025-10-15"),
    ("US-CA, California's own holiday", ("us-ca", "acknowledge", "2025-03-24"), "2025-04-07"),
    ("US-CA log", ("us-ca", "request_log", "2024-02-29"), "2026-02-28"),
    ("UK before 12A", ("uk", "access", "2026-02-04"), "2026-03-04"),
    ("UK 12A over Good Friday, to a Monday that Scotland works", ("uk", "access", "2026-03-03"),
     "2026-04-06"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "day"), [each[1:] for each in DAYS], ids=[each[0] for each in DAYS]
)
def test_worked_example_in_days(ask: tuple[str, str, str], day: str) -> None:
    assert due(*ask).due_on == date.fromisoformat(day)


MOMENTS = [
    (
        "Breach, aware 2025-03-28T15:00+01:00 Berlin",
        ("eu", "breach_authority", "2025-03-28T15:00+01:00"),
        "2025-03-31T16:00+02:00",
    ),
    (
        "ID access, Friday 2025-03-28T21:30+07:00",
        ("id", "access", "2025-03-28T21:30+07:00"),
        "2025-03-31T21:30+07:00",
    ),
    (
        "ID 2025-12-30T22:15+07:00",
        ("id", "access", "2025-12-30T22:15+07:00"),
        "2026-01-02T22:15+07:00",
    ),
    (
        "ID deletion, by the policy",
        ("id", "deletion", "2025-12-30T22:15+07:00"),
        "2026-01-02T22:15+07:00",
    ),
]


@pytest.mark.parametrize(
    ("ask", "at"), [each[1:] for each in MOMENTS], ids=[each[0] for each in MOMENTS]
)
def test_worked_example_in_hours(ask: tuple[str, str, str], at: str) -> None:
    found = due(*ask)
    assert found.due_at == datetime.fromisoformat(at)
    assert found.due_at.tzinfo is UTC
    assert found.due_on is None


EXTENDED = [
    ("EU 2025-01-31, extended", "eu", "2025-01-31", "2025-04-30", "2025-02-28"),
    ("US-CA 2025-01-10, extended", "us-ca", "2025-01-10", "2025-04-10", "2025-02-24"),
    ("UK 2026-02-28, extended", "uk", "2026-02-28", "2026-05-28", "2026-03-30"),
]


@pytest.mark.parametrize(
    ("law", "received", "day", "notice"),
    [each[1:] for each in EXTENDED],
    ids=[each[0] for each in EXTENDED],
)
def test_worked_example_of_an_extension(law: str, received: str, day: str, notice: str) -> None:
    found = due(law, "access", received, extended=True)
    assert found.due_on == date.fromisoformat(day)
    assert found.notice_by == due(law, "access", received).due_at
    assert due(law, "access", received).due_on == date.fromisoformat(notice)


def test_id_and_eu_2025_01_31_the_earliest_wins() -> None:
    case = Case(received_at=datetime.fromisoformat("2025-01-31T16:00+07:00"))
    first = earliest(deadlines({"eu": None, "id": None}, "access", case))
    assert first.pack == "id"
    assert first.due_at == datetime.fromisoformat("2025-02-03T16:00+07:00")


def test_tax_voucher_2025_03_14_calendar_year() -> None:
    assert end_of_hold(date(2025, 3, 14), 10, year_end=(12, 31)) == date(2035, 12, 31)


def test_two_holds_on_one_record_the_later_end() -> None:
    ends = [date(2035, 12, 31), date(2030, 5, 1)]
    assert latest_hold(ends) == latest_hold(reversed(ends)) == date(2035, 12, 31)


@pytest.mark.parametrize(
    ("trigger", "years", "year_end", "end"),
    [
        (date(2024, 2, 29), 5, None, date(2029, 2, 28)),
        (date(2024, 2, 29), 4, None, date(2028, 2, 29)),
        (date(2025, 3, 31), 10, (3, 31), date(2035, 3, 31)),
        (date(2025, 4, 1), 10, (3, 31), date(2036, 3, 31)),
        (date(2024, 2, 29), 10, (2, 29), date(2034, 2, 28)),
        (date(2025, 1, 1), 3, (2, 29), date(2028, 2, 29)),
    ],
)
def test_end_of_a_hold(
    trigger: date, years: int, year_end: tuple[int, int] | None, end: date
) -> None:
    assert end_of_hold(trigger, years, year_end=year_end) == end


def test_a_day_runs_to_its_24_00_in_the_member_state() -> None:
    found = due("eu", "access", "2025-01-31", place="GR")
    assert found.due_at == datetime.fromisoformat("2025-02-28T22:00Z")


def test_the_day_of_receipt_is_the_local_one() -> None:
    late = "2025-01-30T23:30Z"
    assert due("eu", "access", late).due_on == date(2025, 2, 28)  # the 31st in Brussels
    assert due("eu", "access", late, zone="Atlantic/Canary").due_on == date(2025, 2, 28)
    assert due("eu", "access", "2025-02-02T23:30Z").due_on == date(2025, 3, 3)
    assert due("eu", "access", "2025-02-02T23:30Z", zone="Atlantic/Canary").due_on == date(
        2025, 3, 3
    )  # the 2nd of March is a Sunday


def test_the_holidays_of_the_member_state_roll() -> None:
    assert due("eu", "access", "2025-04-01", place="DE").due_on == date(2025, 5, 2)
    assert due("eu", "access", "2025-04-01", place="NL").due_on == date(2025, 5, 1)
    assert due("eu", "access", "2025-04-01").due_on == date(2025, 5, 1)
    assert due("uk", "access", "2026-03-03", place="GB-ENG").due_on == date(2026, 4, 7)


def test_the_identity_pause_of_the_eu_stands_beside_the_unpaused_date() -> None:
    paused = due("eu", "access", "2025-03-10", pauses=(("identity", "2025-03-12", "2025-03-20"),))
    assert paused.due_on == date(2025, 4, 18)
    assert paused.unpaused_due_at == due("eu", "access", "2025-03-10").due_at
    assert paused.notice_by == paused.unpaused_due_at


def test_days_of_clarification_do_not_count_in_the_uk() -> None:
    pauses = (
        ("clarification", "2026-03-04", "2026-03-10"),
        ("clarification", "2026-03-09", "2026-03-11"),
    )
    found = due("uk", "access", "2026-03-02", pauses=pauses)
    assert found.due_on == date(2026, 4, 9)
    assert found.unpaused_due_at == due("uk", "access", "2026-03-02").due_at


def test_the_uk_clock_starts_with_the_proof_of_identity() -> None:
    found = due("uk", "access", "2026-03-02", identity="2026-03-09")
    assert found.due_on == date(2026, 4, 9)
    assert found.started_at > found.received_at
    assert found.unpaused_due_at == due("uk", "access", "2026-03-02").due_at


def test_a_pause_before_the_start_or_after_the_end_changes_nothing() -> None:
    plain = due("uk", "access", "2026-03-02")
    for since, until in (("2026-02-01", "2026-02-20"), ("2026-05-01", "2026-05-20")):
        paused = due("uk", "access", "2026-03-02", pauses=(("clarification", since, until),))
        assert paused.due_at == plain.due_at


@pytest.mark.parametrize("law", ["id", "us-ca", "sg", "br"])
def test_other_laws_do_not_wait(law: str) -> None:
    pauses = (("identity", "2025-03-12", "2025-03-20"),)
    paused = due(law, "access", "2025-03-10", pauses=pauses)
    assert paused.due_at == paused.unpaused_due_at == due(law, "access", "2025-03-10").due_at


def test_a_law_without_extension_is_not_extended_by_anothers() -> None:
    case = Case(received_at=datetime(2025, 1, 10, 5, tzinfo=UTC), extended=True)
    found = {each.pack: each for each in deadlines({"id": None, "eu": "DE"}, "access", case)}
    assert not found["id"].extended
    assert found["id"].due_at == case.received_at + timedelta(hours=72)
    assert found["eu"].extended


def test_a_law_without_rule_gives_no_date() -> None:
    case = Case(received_at=datetime(2025, 1, 10, 5, tzinfo=UTC))
    assert deadlines({"sg": None, "id": None}, "objection", case) == ()


def test_a_version_governs_what_was_received_in_its_time() -> None:
    assert due("uk", "access", "2026-02-04").article == "12(3)"
    assert due("uk", "access", "2026-02-05").article == "12A"
    assert pack("eu").rule_for("access", date(2018, 5, 24)) is None


NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "case", "place", "zone", "problem"),
    [
        ("recipients", Case(received_at=NOON), None, None, "no limit"),
        ("refusal", Case(received_at=NOON, extended=True), None, None, "no extension"),
        ("access", Case(received_at=NOON), "ID", None, "no such place"),
        ("access", Case(received_at=NOON), None, "Europe/Nowhere", "no such time zone"),
        ("access", Case(received_at=NOON.replace(tzinfo=None)), None, None, "without time zone"),
        (
            "access",
            Case(
                received_at=NOON,
                pauses=(Pause(PauseReason.IDENTITY, NOON, NOON - timedelta(seconds=1)),),
            ),
            None,
            None,
            "ends before it begins",
        ),
    ],
)
def test_refused(name: str, case: Case, place: str | None, zone: str | None, problem: str) -> None:
    law = pack("eu")
    with pytest.raises(ValueError, match=problem):
        deadline(law, find(law, name, NOON.date()), case, place=place, zone=zone)


def test_the_earliest_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        earliest([])
