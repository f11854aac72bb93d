"""What is shown of incidents: by the API, and in what proves them."""

from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.incidents.assessing import score_of
from chalicelib.incidents.models import Assessment, Awareness, Duty, Facts, Incident, Texts
from chalicelib.incidents.wire import (
    AssessmentView,
    AwarenessView,
    CategoryView,
    DutyView,
    FactsView,
    IncidentLine,
    IncidentView,
    JudgementView,
    TextsIn,
)
from chalicelib.law.explain import explain
from chalicelib.notices.models import LANGUAGES

PLAIN = (
    "title",
    "role",
    "people",
    "records",
    "clients",
    "countries",
    "systems",
    "public_interest",
    "unintelligible",
)
"""Facts that are on the wire as they are."""


def incident_line(incident: Incident) -> IncidentLine:
    """The incident as far as it stands in clear."""
    return IncidentLine(**_line(incident))


def incident_view(incident: Incident) -> IncidentView:
    """The incident with all that is known of it."""
    return IncidentView(
        **_line(incident),
        facts=_facts_view(incident.facts),
        nature_because=incident.nature_because or None,
        awareness=_awareness_view(incident.awareness) if incident.awareness else None,
        assessment=_assessment_view(incident.assessment) if incident.assessment else None,
        late_because={duty: dict(because.items()) for duty, because in incident.late.items()},
        earlier_awareness=tuple(map(_awareness_view, incident.earlier.awareness)),
        earlier_assessments=tuple(map(_assessment_view, incident.earlier.assessments)),
        earlier_judgements=tuple(
            JudgementView(nature=each.nature, because=each.because)
            for each in incident.earlier.judgements
        ),
        revision=incident.revision,
    )


def texts_from(said: TextsIn | None) -> Texts:
    """What somebody said in one language or both."""
    if said is None:
        return {}
    return {each: text for each in LANGUAGES if (text := getattr(said, each))}


def _line(incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.incident_id,
        "source": incident.source,
        "drill": incident.drill,
        "status": incident.status,
        "nature": incident.nature,
        "severity": incident.severity,
        "reported_by": incident.reported_by,
        "handler": incident.handler or None,
        "recorded_at": rfc3339(incident.recorded_at),
        "aware_at": rfc3339(incident.aware_at) if incident.aware_at else None,
        "closed_at": rfc3339(incident.closed_at) if incident.closed_at else None,
        "duties": tuple(map(_duty_view, incident.duties)),
    }


def _duty_view(duty: Duty) -> DutyView:
    due = duty.deadline
    return DutyView(
        id=duty.id,
        recipient=duty.recipient,
        law=duty.law,
        article=duty.article,
        state=duty.state.value,
        because=duty.because,
        due_at=rfc3339(due.due_at) if due else None,
        explanation={each: explain(due, each) for each in LANGUAGES} if due else {},
        done_at=rfc3339(duty.done_at) if duty.done_at else None,
        alarms=duty.alerts,
    )


def _facts_view(facts: Facts) -> FactsView:
    return FactsView(
        **{name: getattr(facts, name) for name in PLAIN},
        more_clients=facts.more_clients,
        nature=dict(facts.nature.items()),
        how=dict(facts.how.items()),
        consequences=dict(facts.consequences.items()),
        measures=dict(facts.measures.items()),
        recovery=dict(facts.recovery.items()),
        kinds=tuple(sorted(facts.kinds)),
        occurred_from=rfc3339(facts.occurred_from) if facts.occurred_from else None,
        occurred_until=rfc3339(facts.occurred_until) if facts.occurred_until else None,
        categories=tuple(CategoryView(id=e.id, specific=e.specific) for e in facts.categories),
    )


def _awareness_view(awareness: Awareness) -> AwarenessView:
    return AwarenessView(
        aware_at=rfc3339(awareness.at),
        decided_by=awareness.decided_by,
        decided_at=rfc3339(awareness.decided_at),
        reasons=awareness.reasons,
        statement=awareness.statement,
    )


def _assessment_view(assessment: Assessment) -> AssessmentView:
    scores = assessment.scores
    return AssessmentView(
        context=scores.context,
        ease=scores.ease,
        confidentiality=scores.confidentiality,
        integrity=scores.integrity,
        availability=scores.availability,
        malicious=scores.malicious,
        score=score_of(scores),
        severity=assessment.severity,
        reasons=assessment.reasons,
        assessed_by=assessment.assessed_by,
        assessed_at=rfc3339(assessment.assessed_at),
    )
