"""What becomes of the aftermath, step by step, and when somebody is reminded. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.incidents.aftermath.errors import (
    NoReport,
    OwnReport,
    RemedyEnded,
    ReportApproved,
    ReportReplaced,
    TooManyRemedies,
    UnknownRemedy,
)
from chalicelib.incidents.aftermath.models import ActionState, Aftermath, ClientReport, Remedy
from chalicelib.law.alerting import AlertTimes

MOST_REMEDIES = 30
"""An aftermath is sealed as one. So many actions with texts as long as the wire lets them be, what
was found, the report and the turns fit, at three bytes a character."""
MOST_TURNS = 10
TIMES = AlertTimes(before=(), between_after=timedelta(weeks=1))
"""At the date of an action, then every week until it is done or dropped."""


def planned(aftermath: Aftermath, remedy: Remedy) -> Aftermath:
    """With the action. What is known may change later, but not the report that was approved.

    Raises `TooManyRemedies`.
    """
    if len(aftermath.remedies) >= MOST_REMEDIES:
        raise TooManyRemedies
    return _put(aftermath, remedy)


def _put(aftermath: Aftermath, remedy: Remedy) -> Aftermath:
    return replace(aftermath, remedies={**aftermath.remedies, remedy.action_id: remedy})


def replanned(aftermath: Aftermath, action_id: str, owner: str, due_at: datetime) -> Aftermath:
    """With another owner or date of the action: reminders begin anew. Raises `UnknownRemedy`,
    `RemedyEnded`."""

    def change(remedy: Remedy) -> Remedy:
        return replace(remedy, owner=owner, due_at=due_at, reminders=0)

    return _with(aftermath, action_id, change)


def done(aftermath: Aftermath, action_id: str, at: datetime) -> Aftermath:
    """With the action done. Raises `UnknownRemedy`, `RemedyEnded`."""
    return _with(aftermath, action_id, lambda it: replace(it, state=ActionState.DONE, ended_at=at))


def dropped(aftermath: Aftermath, action_id: str, at: datetime, because: str) -> Aftermath:
    """With the action given up. Raises `UnknownRemedy`, `RemedyEnded`."""

    def change(remedy: Remedy) -> Remedy:
        return replace(remedy, state=ActionState.DROPPED, ended_at=at, dropped_because=because)

    return _with(aftermath, action_id, change)


def approved(aftermath: Aftermath, report_id: str, staff_id: str, at: datetime) -> Aftermath:
    """With the report to clients approved.

    Raises `NoReport`, `ReportReplaced`, `ReportApproved`, `OwnReport`.
    """
    report = aftermath.report
    if report is None:
        raise NoReport
    if report.report_id != report_id:
        raise ReportReplaced
    if report.approved_at is not None:
        raise ReportApproved
    if report.author == staff_id:
        raise OwnReport
    signed: ClientReport = replace(report, approved_by=staff_id, approved_at=at)
    return replace(aftermath, report=signed)


def reminders_due(aftermath: Aftermath, now: datetime) -> dict[str, range]:
    """By open action the numbers of the reminders whose moment has come and that did not go out."""
    due = {
        each.action_id: range(each.reminders, TIMES.passed(each.due_at, now))
        for each in _open(aftermath)
    }
    return {action_id: numbers for action_id, numbers in due.items() if numbers}


def reminded(aftermath: Aftermath, reminders: Mapping[str, range]) -> Aftermath:
    """The aftermath once these reminders went out."""
    remedies = {
        key: replace(each, reminders=reminders[key].stop) if key in reminders else each
        for key, each in aftermath.remedies.items()
    }
    return replace(aftermath, remedies=remedies)


def next_reminder(aftermath: Aftermath) -> datetime | None:
    """When somebody has to be reminded next; None while no action is open."""
    moments = (each.due_at + TIMES.offset(each.reminders) for each in _open(aftermath))
    return min(moments, default=None)


def _with(aftermath: Aftermath, action_id: str, change: Callable[[Remedy], Remedy]) -> Aftermath:
    remedy = aftermath.remedies.get(action_id)
    if remedy is None:
        raise UnknownRemedy
    if not remedy.is_open:
        raise RemedyEnded
    return _put(aftermath, change(remedy))


def _open(aftermath: Aftermath) -> list[Remedy]:
    return [each for each in aftermath.remedies.values() if each.is_open]
