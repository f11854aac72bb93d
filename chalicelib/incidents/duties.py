"""Who has to be told of an incident, by which rule, until when, and why. Pure: the packs are data.

A duty's date is frozen when awareness is decided on, or when facts that came later make it one.
What the facts do not ask any more is listed as not required, with the reason: nothing disappears.
While nobody has assessed the risk, clocks that depend on it run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from chalicelib.incidents.models import Duty, DutyState, Incident, Nature, Recipient, Severity
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadline
from chalicelib.law.jurisdictions import laws_for
from chalicelib.law.models import Pack, Party, Rule, Start, Threshold
from chalicelib.law.packs import pack as pack_of

_PROMISES = "policy"
_OF_CONTROLLER = {
    "breach_authority": Recipient.AUTHORITY,
    "breach_subjects": Recipient.SUBJECTS,
    "breach_public": Recipient.PUBLIC,
}
_OF_PROCESSOR = {"inform_controller": Recipient.CONTROLLERS}
_PROMISED = "breach_clients"


def with_duties(incident: Incident) -> Incident:
    """The incident with the duties that its facts ask for.

    What was a duty before keeps its date, its alarms, and that it was done to the same kind of
    recipient. Without awareness there is none.
    """
    return _counted(incident, moves=False)


def moved_to(incident: Incident) -> Incident:
    """The incident with the dates that run from awareness counted anew; what was done stays, and so
    do dates that run from an assessment. A date that is another has alarms of its own."""
    return _counted(incident, moves=True)


def _counted(incident: Incident, *, moves: bool) -> Incident:
    if incident.awareness is None:
        return incident
    before = {each.id: each for each in incident.duties}
    now = [
        _kept(before.get(each.id), each, moves=moves and start is Start.AWARENESS)
        for each, start in _asked(incident, incident.awareness.at)
    ]
    named = {each.id for each in now}
    # Of a law that asks nothing any more: a country, or the role, was another.
    gone = [
        each if each.state is DutyState.DONE else _not_required(each, "not_of_these_facts")
        for each in incident.duties
        if each.id not in named
    ]
    return replace(incident, duties=tuple(sorted((*now, *gone), key=_in_turn)))


def clients_as(role: Party) -> Recipient:
    """As what affected clients are told: those whose data we process are told once, as controllers
    and because we promised."""
    return Recipient.CLIENTS if role is Party.CONTROLLER else Recipient.CONTROLLERS


def released(before: Incident, after: Incident) -> list[Duty]:
    """The duties of `after` that waited before and are not required any more."""
    waited = {each.id for each in before.duties if each.is_open}
    return [
        each for each in after.duties if each.id in waited and each.state is DutyState.NOT_REQUIRED
    ]


def _asked(incident: Incident, aware_at: datetime) -> Iterator[tuple[Duty, Start]]:
    for pack, place, rule, recipient in _rules(incident, aware_at):
        is_asked, because = _judged(incident, rule)
        started_at = _start(incident, rule, aware_at)
        if started_at is None:
            continue
        duty = Duty(
            id=f"{pack.id}.{rule.id}",
            recipient=recipient,
            law=pack.law,
            article=rule.article,
            deadline=(
                deadline(pack, rule, Case(received_at=started_at), place=place)
                if rule.limit
                else None
            ),
            because=because,
            state=DutyState.OPEN if is_asked else DutyState.NOT_REQUIRED,
        )
        yield duty, rule.starts


def _rules(
    incident: Incident, aware_at: datetime
) -> Iterator[tuple[Pack, str | None, Rule, Recipient]]:
    role = incident.facts.role
    events = _OF_CONTROLLER if role is Party.CONTROLLER else _OF_PROCESSOR
    for jurisdiction, place in _laws(incident.facts.countries).items():
        pack = pack_of(jurisdiction)
        for event, recipient in events.items():
            if rule := pack.rule_on(event, aware_at.date()):
                yield pack, place, rule, recipient
    promises = pack_of(_PROMISES)
    if (rule := promises.rule_on(_PROMISED, aware_at.date())) and incident.facts.clients:
        yield promises, None, rule, clients_as(role)


def _laws(countries: Iterable[str]) -> dict[str, str | None]:
    laws = laws_for("")
    for country in countries:
        # Of two member states the first one's authority leads (GDPR 56): one notice.
        laws = {**laws_for(country), **laws}
    return laws


def _judged(incident: Incident, rule: Rule) -> tuple[bool, tuple[str, ...]]:
    if incident.nature is Nature.NO_BREACH:
        return False, ("no_breach",)
    facts, assessment = incident.facts, incident.assessment
    match rule.threshold:
        case Threshold.PUBLIC_INTEREST:
            said = "public_interest" if facts.public_interest else "no_public_interest"
            return facts.public_interest, (said,)
        case Threshold.HIGH_RISK if facts.unintelligible:
            return False, ("unintelligible",)  # GDPR 34(3)(a)
        case Threshold.RISK | Threshold.HIGH_RISK if assessment is None:
            return True, ("not_assessed",)
        case Threshold.HIGH_RISK if assessment:
            is_high = assessment.is_high_risk
            return is_high, ("high_risk" if is_high else "no_high_risk",)
        case Threshold.RISK if assessment:
            is_unlikely = assessment.severity is Severity.LOW
            return not is_unlikely, ("risk_unlikely" if is_unlikely else "risk",)
    return True, ("no_threshold",)


def _start(incident: Incident, rule: Rule, aware_at: datetime) -> datetime | None:
    if rule.starts is Start.ASSESSMENT:
        return incident.assessment.assessed_at if incident.assessment else None
    return aware_at


def _kept(before: Duty | None, now: Duty, *, moves: bool) -> Duty:
    if before is None:
        return now
    if before.state is DutyState.DONE and before.recipient is now.recipient:
        return before  # told as what they are: in the other role others stand for clients
    frozen, counted = before.deadline, now.deadline
    moved = moves and frozen and counted and frozen.unpaused_due_at != counted.unpaused_due_at
    return now if moved else replace(now, deadline=frozen, alerts=before.alerts)


def _not_required(duty: Duty, why: str) -> Duty:
    return replace(duty, state=DutyState.NOT_REQUIRED, because=(why,))


def _in_turn(duty: Duty) -> tuple[bool, str, str]:
    due = duty.deadline.due_at.isoformat() if duty.deadline else ""
    return duty.deadline is None, due, duty.id
