"""Who is alerted of a date, from which alert on. Terms are TOML files beside what they are for."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from chalicelib.law.alerting import AlertTimes


@dataclass(frozen=True, slots=True)
class Step:
    """Who is told of alerts from which one on: `since` is before the date, zero at it."""

    to: str
    since: timedelta


@dataclass(frozen=True, slots=True)
class Escalation:
    """When alerts come, and to whom. Every alert has to go to somebody, else `ValueError`."""

    times: AlertTimes
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        earliest = max((*self.times.before, timedelta()))
        if not any(step.since >= earliest for step in self.steps):
            raise ValueError("nobody is told of the first alert")

    def told(self, number: int) -> tuple[str, ...]:
        """To whom alert `number` goes."""
        offset = self.times.offset(number)
        return tuple(step.to for step in self.steps if -step.since <= offset)


@cache
def escalation_in(path: Path) -> Escalation:
    """The terms in a file, read once per process. Raises `ValueError` where they contradict."""
    read = tomllib.loads(path.read_text("utf-8"))
    alerts = read["alerts"]
    return Escalation(
        AlertTimes(
            before=tuple(timedelta(hours=hours) for hours in alerts["hours_before"]),
            between_after=timedelta(hours=alerts["hours_between_after"]),
        ),
        tuple(
            Step(each["to"], timedelta(hours=each["from_hours_before"]))
            for each in read["escalation"]
        ),
    )
