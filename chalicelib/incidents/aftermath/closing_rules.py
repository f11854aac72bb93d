"""What an incident lacks to be closed. Pure: looks at what is there, not at what it says.

Undecided it lacks what a breach does: the clocks, too, run as if it were one.
"""

from collections.abc import Iterator

from chalicelib.errors import FieldError
from chalicelib.incidents.aftermath.models import ActionState, Aftermath
from chalicelib.incidents.models import Incident, Nature

_FACTS = ("kinds", "categories", "consequences", "measures")
_NUMBERS = ("people", "records")


def missing_parts(incident: Incident, aftermath: Aftermath) -> tuple[FieldError, ...]:
    """What is missing, part by part, in the order in which one works; empty when all is there."""
    if incident.nature is Nature.NO_BREACH:
        return tuple(_of_no_breach(incident))
    return (*_of_register(incident), *_of_duties(incident), *_of_aftermath(incident, aftermath))


def _of_no_breach(incident: Incident) -> Iterator[FieldError]:
    if not incident.nature_because:
        yield FieldError("reasons", "missing")


def _of_register(incident: Incident) -> Iterator[FieldError]:
    """GDPR 33(5): facts, effects, action taken."""
    if incident.nature is Nature.UNDECIDED:
        yield FieldError("nature", "undecided")
    if incident.awareness is None:
        yield FieldError("awareness", "missing")
    if incident.assessment is None:
        yield FieldError("assessment", "missing")
    for name in _FACTS:
        if not getattr(incident.facts, name):
            yield FieldError(f"facts.{name}", "missing")
    for name in _NUMBERS:
        if getattr(incident.facts, name) is None:  # nobody at all is a number too
            yield FieldError(f"facts.{name}", "missing")


def _of_duties(incident: Incident) -> Iterator[FieldError]:
    for duty in incident.duties:
        if duty.is_open:
            yield FieldError(f"duties.{duty.id}", "open")


def _of_aftermath(incident: Incident, aftermath: Aftermath) -> Iterator[FieldError]:
    if aftermath.containment is None:
        yield FieldError("containment", "missing")
    if aftermath.root_cause is None:
        yield FieldError("root_cause", "missing")
    # What stays open has its owner and its date: there is no action without them.
    if all(each.state is ActionState.DROPPED for each in aftermath.remedies.values()):
        yield FieldError("remediation", "missing")
    if not aftermath.lessons:
        yield FieldError("lessons", "missing")
    if incident.facts.clients:
        if aftermath.report is None:
            yield FieldError("client_report", "missing")
        elif aftermath.report.approved_at is None:
            yield FieldError("client_report", "not_approved")
