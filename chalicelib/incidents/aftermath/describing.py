"""What is shown of what follows an incident, and what is made of what somebody sends."""

from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.incidents.aftermath.aftercare import Found
from chalicelib.incidents.aftermath.models import (
    Aftermath,
    ClientReport,
    Containment,
    Remedy,
    RootCause,
)
from chalicelib.incidents.aftermath.wire import (
    AftermathIn,
    AftermathLine,
    AftermathView,
    ContainmentView,
    RemedyLine,
    RemedyView,
    ReportView,
    RootCauseView,
    TurnView,
)
from chalicelib.incidents.describing import texts_from


def found_from(said: AftermathIn) -> Found:
    """What somebody sent of containment, root cause and lessons."""
    contained, cause = said.containment, said.root_cause
    return Found(
        Containment(texts_from(contained.measures), contained.contained_at) if contained else None,
        RootCause(
            cause.method, texts_from(cause.analysis), tuple(map(texts_from, cause.contributing))
        )
        if cause
        else None,
        texts_from(said.lessons),
    )


def aftermath_line(aftermath: Aftermath) -> AftermathLine:
    """What follows an incident as far as it stands in clear."""
    return AftermathLine(
        incident_id=aftermath.incident_id,
        actions=tuple(RemedyLine(**_line(each)) for each in aftermath.remedies.values()),
    )


def aftermath_view(aftermath: Aftermath) -> AftermathView:
    """What follows an incident with all that is known of it."""
    contained, cause, report = aftermath.containment, aftermath.root_cause, aftermath.report
    return AftermathView(
        incident_id=aftermath.incident_id,
        containment=ContainmentView(
            measures=dict(contained.measures.items()),
            contained_at=rfc3339(contained.contained_at),
        )
        if contained
        else None,
        root_cause=RootCauseView(
            method=cause.method,
            analysis=dict(cause.analysis.items()),
            contributing=tuple(dict(each.items()) for each in cause.contributing),
        )
        if cause
        else None,
        actions=tuple(map(_remedy_view, aftermath.remedies.values())),
        lessons=dict(aftermath.lessons.items()),
        client_report=_report_view(report) if report else None,
        turns=tuple(
            TurnView(step=e.step, by=e.by, at=rfc3339(e.at), reasons=e.reasons or None)
            for e in aftermath.turns
        ),
    )


def _line(remedy: Remedy) -> dict[str, Any]:
    return {
        "action_id": remedy.action_id,
        "due_at": rfc3339(remedy.due_at),
        "state": remedy.state,
        "ended_at": rfc3339(remedy.ended_at) if remedy.ended_at else None,
        "reminders": remedy.reminders,
    }


def _remedy_view(remedy: Remedy) -> RemedyView:
    return RemedyView(
        **_line(remedy),
        what=dict(remedy.what.items()),
        owner=remedy.owner,
        dropped_because=remedy.dropped_because or None,
    )


def _report_view(report: ClientReport) -> ReportView:
    return ReportView(
        report_id=report.report_id,
        texts=dict(report.texts.items()),
        author=report.author,
        proposed_at=rfc3339(report.proposed_at),
        approved_by=report.approved_by or None,
        approved_at=rfc3339(report.approved_at) if report.approved_at else None,
    )
