"""Reads `alerts.toml`: when alerts of stop orders come, and to whom."""

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path

from chalicelib.consents.stopping.rules import Escalation, Step
from chalicelib.law.alerting import AlertTimes

FILE = Path(__file__).parent / "alerts.toml"


@cache
def escalation() -> Escalation:
    """The terms in force, read once per process. Raises `ValueError` where they contradict."""
    read = tomllib.loads(FILE.read_text("utf-8"))
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
