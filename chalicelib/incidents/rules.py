"""What decisions make of an incident. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.incidents.assessing import severity_of
from chalicelib.incidents.duties import moved_to, with_duties
from chalicelib.incidents.errors import (
    AlreadyAware,
    ClientsWouldBeLost,
    DatesWouldBeLate,
    IncidentNotOpen,
    NotADraft,
    NotAware,
    ReasonsMissing,
)
from chalicelib.incidents.models import (
    Assessment,
    Awareness,
    DutyState,
    Facts,
    Incident,
    Judgement,
    Nature,
    Status,
    Texts,
    is_whole,
)

MOST_CLIENTS = 500
"""Of which an incident keeps the ids."""
CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far somebody's clock may be ahead of ours."""


def revised(incident: Incident, facts: Facts) -> Incident:
    """With other facts; who has to be told follows from them. Raises `IncidentNotOpen`."""
    return with_duties(replace(opened(incident), facts=facts))


def check_no_client_lost(incident: Incident, facts: Facts) -> None:
    """Raises `ClientsWouldBeLost` where `facts` name fewer of the affected clients than are known:
    the list and computations add to them, too."""
    known = incident.facts
    if not set(known.clients) <= set(facts.clients) or (known.more_clients > facts.more_clients):
        raise ClientsWouldBeLost


def with_clients(incident: Incident, clients: Iterable[str], *, more: bool) -> Incident:
    """With these clients, and perhaps `more`, among those affected. Facts hold so many; that there
    are others is said, too. Who has to be told follows from them. Raises `IncidentNotOpen`."""
    known = incident.facts
    all_of_them = tuple(dict.fromkeys((*known.clients, *clients)))
    facts = replace(
        known,
        clients=all_of_them[:MOST_CLIENTS],
        more_clients=known.more_clients or more or len(all_of_them) > MOST_CLIENTS,
    )
    return incident if facts == known else revised(incident, facts)


def taken_up(incident: Incident) -> Incident:
    """A draft as an incident. Raises `NotADraft`."""
    if incident.status is not Status.DRAFT:
        raise NotADraft
    return replace(incident, status=Status.OPEN)


def dismissed(incident: Incident, reasons: str, now: datetime) -> Incident:
    """A draft that is none since `now`: it stays in the register, with the reasons.

    Raises `NotADraft`.
    """
    if incident.status is not Status.DRAFT:
        raise NotADraft
    return replace(
        incident,
        status=Status.DISMISSED,
        nature=Nature.NO_BREACH,
        nature_because=reasons,
        closed_at=now,
    )


def judged(incident: Incident, nature: Nature, reasons: str) -> Incident:
    """Once somebody decided whether it is a breach (GDPR 33(5)). Raises `IncidentNotOpen`."""
    before = Judgement(opened(incident).nature, incident.nature_because)
    earlier = incident.earlier
    if before.nature is not Nature.UNDECIDED:
        earlier = replace(earlier, judgements=(*earlier.judgements, before))
    return with_duties(replace(incident, nature=nature, nature_because=reasons, earlier=earlier))


def made_aware(incident: Incident, awareness: Awareness) -> Incident:
    """With its clocks running. Raises `IncidentNotOpen`, `AlreadyAware`, `InvalidInput`."""
    if opened(incident).awareness is not None:
        raise AlreadyAware
    return with_duties(replace(incident, awareness=_possible(awareness)))


def corrected(incident: Incident, awareness: Awareness, *, move: bool) -> Incident:
    """With another moment of awareness; the dates of open duties move with it only if told to.

    Raises `NotAware`, `IncidentNotOpen`, `InvalidInput`, and `DatesWouldBeLate` where they would
    stand though we knew earlier.
    """
    before = opened(incident).awareness
    if before is None:
        raise NotAware
    if awareness.at < before.at and not move:
        raise DatesWouldBeLate
    earlier = replace(incident.earlier, awareness=(*incident.earlier.awareness, before))
    decided = replace(incident, awareness=_possible(awareness), earlier=earlier)
    return moved_to(decided) if move else decided


def assessed(incident: Incident, assessment: Assessment) -> Incident:
    """With the risk assessed; who has to be told may follow from it.

    Raises `IncidentNotOpen`, `ReasonsMissing`.
    """
    overruled = assessment.severity is not severity_of(assessment.scores)
    if overruled and not assessment.reasons:
        raise ReasonsMissing
    earlier = opened(incident).earlier
    if incident.assessment:
        earlier = replace(earlier, assessments=(*earlier.assessments, incident.assessment))
    rated = replace(incident, assessment=assessment, severity=assessment.severity, earlier=earlier)
    return with_duties(rated)


def fulfilled(incident: Incident, duty_ids: frozenset[str], at: datetime) -> Incident:
    """With those of these duties done at `at` (aware) that wait: what was done before keeps its
    moment, what is not required any more stays so."""
    duties = tuple(
        replace(each, state=DutyState.DONE, done_at=at)
        if each.id in duty_ids and each.is_open
        else each
        for each in incident.duties
    )
    return replace(incident, duties=duties)


def explained(incident: Incident, duty_id: str, reasons: Texts) -> Incident:
    """With the reasons why a duty was done late (GDPR 33(1)); of two the later ones hold.

    Raises `IncidentNotOpen`, `InvalidInput` for a duty that was not, or for reasons that are not
    in every language: notices and packs say them in both.
    """
    duty = opened(incident).duty(duty_id)
    if duty is None or not duty.was_late:
        raise InvalidInput(FieldError("duty", "not_late"))
    if not is_whole(reasons):
        raise InvalidInput(FieldError("reasons", "untranslated"))
    return replace(incident, late={**incident.late, duty_id: reasons})


def opened(incident: Incident) -> Incident:
    """The incident, which is open. Raises `IncidentNotOpen`."""
    if incident.status is not Status.OPEN:
        raise IncidentNotOpen
    return incident


def check_past(field: str, moment: datetime | None, now: datetime) -> None:
    """Raises `InvalidInput` for what is said to have happened in the future."""
    if moment is not None and moment > now + CLOCK_TOLERANCE:
        raise InvalidInput(FieldError(field, "in_the_future"))


def _possible(awareness: Awareness) -> Awareness:
    check_past("aware_at", awareness.at, awareness.decided_at)
    return awareness
