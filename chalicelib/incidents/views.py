"""What the API shows of incidents, and what it makes of what it is told."""

from collections.abc import Mapping
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.paging import page_asked
from chalicelib.incidents.assessing import score_of
from chalicelib.incidents.models import (
    Assessment,
    Awareness,
    DataCategory,
    Duty,
    Facts,
    Incident,
    Texts,
)
from chalicelib.incidents.register import Register
from chalicelib.incidents.wire import (
    AssessmentView,
    AwarenessView,
    CategoryView,
    DutyView,
    FactsIn,
    FactsView,
    IncidentLine,
    IncidentList,
    IncidentView,
    TextsIn,
)
from chalicelib.inventory.service import kinds_of_data
from chalicelib.law.explain import explain
from chalicelib.notices.models import LANGUAGES
from chalicelib.tables.cursors import Cursors

_REGISTER = "incidents"
_PLAIN = (
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


def facts_from(said: FactsIn) -> Facts:
    """The facts that somebody sent. Raises `InvalidInput` for data that the policy does not know,
    and for an end before the beginning."""
    since, until = said.occurred_from, said.occurred_until
    if since and until and until < since:
        raise InvalidInput(FieldError("occurred_until", "before_occurred_from"))
    return Facts(
        **{name: getattr(said, name) for name in _PLAIN},
        nature=_texts_from(said.nature),
        how=_texts_from(said.how),
        consequences=_texts_from(said.consequences),
        measures=_texts_from(said.measures),
        recovery=_texts_from(said.recovery),
        kinds=frozenset(said.kinds),
        occurred_from=since,
        occurred_until=until,
        categories=_categories(said.categories),
    )


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
        late_because=dict(incident.late),
    )


def register_page(register: Register, cursors: Cursors, query: Mapping[str, str]) -> IncidentList:
    """The page of the register that `query` asks for.

    Raises `InvalidInput` for a bad `limit`, `cursor` or `year`.
    """
    asked = page_asked(query, _REGISTER, cursors)
    found, last = register.page(_year(query.get("year")), asked.limit, asked.start)
    return IncidentList(
        incidents=tuple(map(incident_line, found)),
        cursor=cursors.encode(_REGISTER, last) if last else None,
    )


def _categories(ids: tuple[str, ...]) -> tuple[DataCategory, ...]:
    known = kinds_of_data()
    for place, each in enumerate(ids):
        if each not in known:
            raise InvalidInput(FieldError(f"categories.{place}", "unknown_category"))
    return tuple(DataCategory(each, known[each]) for each in ids)


def _texts_from(said: TextsIn | None) -> Texts:
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
        **{name: getattr(facts, name) for name in _PLAIN},
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


def _year(asked: str | None) -> int | None:
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) == 4):
        raise InvalidInput(FieldError("year", "wrong_format"))
    return int(asked)
