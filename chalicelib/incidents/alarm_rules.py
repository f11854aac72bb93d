"""When the watcher has to look at an incident, and which alarms are to be raised then. Pure.

Each open duty with a date has its alarms (law/alerting.py), numbered; they go on until it is done
or not required any more.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from chalicelib.incidents.models import Duty, Incident, Nature, Recipient, Status
from chalicelib.law.escalation import Escalation, escalation_in
from chalicelib.notices.models import Language

FILE = Path(__file__).parent / "alarms.toml"
UNDECIDED = Path(__file__).parent / "undecided.toml"
DECIDE_WITHIN = timedelta(hours=24)


def escalation() -> Escalation:
    """The terms in force."""
    return escalation_in(FILE)


def undecided() -> Escalation:
    """When and to whom it is said that nobody has decided since when an incident is known. The date
    is `DECIDE_WITHIN` after its recording."""
    return escalation_in(UNDECIDED)


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


def nudges_to_send(incident: Incident, now: datetime) -> range:
    """The numbers of the mails whose moment has come and that did not go out, while nobody has
    decided since when the incident, or draft, is known."""
    if not _is_undecided(incident):
        return range(0)
    passed = undecided().times.passed(incident.recorded_at + DECIDE_WITHIN, now)
    return range(incident.nudges, max(passed, incident.nudges))


def next_moment(incident: Incident) -> datetime | None:
    """When the watcher has to look at the incident next; None while nothing waits."""
    if _is_undecided(incident):
        offset = undecided().times.offset(incident.nudges)
        return incident.recorded_at + DECIDE_WITHIN + offset
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


def _is_undecided(incident: Incident) -> bool:
    if incident.status is Status.DRAFT:
        return True
    waits = incident.aware_at is None and incident.nature is not Nature.NO_BREACH
    return waits and incident.status is Status.OPEN
