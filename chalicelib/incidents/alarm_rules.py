"""When the watcher has to look at an incident, and which alarms are to be raised then. Pure.

Each open duty with a date has its alarms (law/alerting.py), numbered; they go on until it is done
or not required any more.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

from chalicelib.incidents.models import Duty, Incident, Recipient, Status
from chalicelib.law.escalation import Escalation, escalation_in
from chalicelib.notices.models import Language

FILE = Path(__file__).parent / "alarms.toml"


def escalation() -> Escalation:
    """The terms in force."""
    return escalation_in(FILE)


@cache
def names(language: Language) -> Mapping[Recipient, str]:
    """What a mail calls those who have to be told."""
    read = tomllib.loads(FILE.read_text("utf-8"))["names"]
    return {each: read[each.value][language] for each in Recipient}


def alarms_to_raise(incident: Incident, now: datetime) -> dict[str, range]:
    """By duty the numbers of the alarms whose moment has come and that were not raised yet."""
    times = escalation().times
    due = {
        duty.id: range(duty.alerts, times.passed(duty.deadline.unpaused_due_at, now))
        for duty in _running(incident)
        if duty.deadline
    }
    return {duty_id: numbers for duty_id, numbers in due.items() if numbers}


def next_moment(incident: Incident) -> datetime | None:
    """When the watcher has to look at the incident next; None while no clock runs."""
    times = escalation().times
    moments = (
        duty.deadline.unpaused_due_at + times.offset(duty.alerts)
        for duty in _running(incident)
        if duty.deadline
    )
    return min(moments, default=None)


def raised(incident: Incident, alarms: Mapping[str, range]) -> Incident:
    """The incident once these alarms were raised."""
    duties = tuple(
        replace(each, alerts=alarms[each.id].stop) if each.id in alarms else each
        for each in incident.duties
    )
    return replace(incident, duties=duties)


def _running(incident: Incident) -> list[Duty]:
    if incident.status is not Status.OPEN:
        return []
    return [each for each in incident.duties if each.is_open]
