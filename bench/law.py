"""Due dates under all packs, beside a bare computation of the same arithmetic.

    python -m bench.law

The peer is what one writes without rules: `datetime` and `dateutil.relativedelta` for the same six
due dates with their numbers in the code, the months rolled over weekends, without holidays,
versions, pauses, places and reasons. Both run in turns; a figure is the median of CPU times.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as midnight
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]  # no types

from bench.table import Row, print_table
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.law.explain import explain
from chalicelib.law.packs import JURISDICTIONS

PEER = "datetime and relativedelta"
TURNS, CALLS = 61, 100
LAWS = {jurisdiction: "DE" if jurisdiction == "eu" else None for jurisdiction in JURISDICTIONS}
RECEIVED = [
    datetime(2026, 1, 1, 9, 30, tzinfo=UTC) + timedelta(days=each * 37 % 365)
    for each in range(CALLS)
]


def run() -> list[Row]:
    """All rows."""
    cases = [Case(received_at=at) for at in RECEIVED]
    assert len(deadlines(LAWS, "access", cases[0])) == len(JURISDICTIONS)
    found = [deadlines(LAWS, "access", case) for case in cases]

    def ours() -> None:
        for case in cases:
            deadlines(LAWS, "access", case)

    def in_words() -> None:
        for each in found:
            for one in each:
                explain(one, "id")

    def theirs() -> None:
        for at in RECEIVED:
            _bare(at)

    dates, words, bare = _interleaved(ours, in_words, theirs)
    return [
        Row("due dates under all packs", dates, bare, PEER, "µs", "≤ 200 µs"),
        Row("explaining them", words, bare, f"{PEER}, no words", "µs", "no target"),
    ]


def _bare(at: datetime) -> list[datetime]:
    months = [_month_later(at, ZoneInfo(zone)) for zone in ("Europe/Berlin", "Europe/London")]
    days = [
        _end_of(at.astimezone(ZoneInfo(zone)) + timedelta(days=count))
        for zone, count in (
            ("America/Los_Angeles", 45),
            ("Asia/Singapore", 30),
            ("America/Sao_Paulo", 15),
        )
    ]
    return [at + timedelta(hours=72), *months, *days]


def _month_later(at: datetime, zone: ZoneInfo) -> datetime:
    day = at.astimezone(zone) + relativedelta(months=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return _end_of(day)


def _end_of(day: datetime) -> datetime:
    following = day.date() + timedelta(days=1)
    return datetime.combine(following, midnight(), day.tzinfo).astimezone(UTC)


def _interleaved(*calls: Callable[[], None]) -> tuple[float, ...]:
    """Medians of the turns, in µs of CPU per case."""
    turns: dict[Callable[[], None], list[float]] = {call: [] for call in calls}
    for _ in range(TURNS):
        for call, figures in turns.items():
            start = time.process_time()
            call()
            figures.append((time.process_time() - start) / CALLS * 1e6)
    return tuple(statistics.median(turns[call]) for call in calls)


if __name__ == "__main__":
    print_table(run())
