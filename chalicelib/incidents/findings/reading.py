"""From an event of EventBridge to the findings in it. Pure.

Security Hub imports what GuardDuty and Macie find. A finding is therefore known by who found it and
its id there: GuardDuty's is the last part of the ARN that Security Hub has for it, Macie's is the
same in both.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from pydantic import ValidationError

from chalicelib.errors import Internal
from chalicelib.incidents.findings.models import Finding, Level, Provider, Resource, Words
from chalicelib.incidents.findings.resources import (
    resources_of_asff,
    resources_of_guardduty,
    resources_of_macie,
)
from chalicelib.incidents.findings.shapes import (
    Event,
    GuardDutyFinding,
    HubDetail,
    HubFinding,
    MacieFinding,
)
from chalicelib.incidents.findings.terms import terms

_PRODUCTS = {"aws/guardduty": Provider.GUARDDUTY, "aws/macie": Provider.MACIE}
_OVER = {"SUPPRESSED", "RESOLVED"}
_HIGH, _MEDIUM, _CRITICAL = 7.0, 4.0, 9.0  # GuardDuty's severities


class UnreadableFinding(Internal):
    """The event is none of those that AWS documents and our rule lets through."""

    code = "unreadable_finding"


def read_event(body: str) -> list[Finding]:
    """The findings in the event `body` (JSON): one, or several of Security Hub's.

    Raises `UnreadableFinding`.
    """
    try:
        event = Event.model_validate_json(body)
        brought = _told_by(event.id)
        match event.source, event.detail_type:
            case "aws.guardduty", "GuardDuty Finding":
                return [_of_guardduty(GuardDutyFinding.model_validate(event.detail), brought)]
            case "aws.macie" | "aws.macie2", "Macie Finding":
                return [_of_macie(MacieFinding.model_validate(event.detail), brought)]
            case "aws.securityhub", "Security Hub Findings - Imported":
                findings = HubDetail.model_validate(event.detail).findings
                return [_imported(each, brought) for each in findings]
    except ValidationError:
        # The original quotes what was sent.
        raise UnreadableFinding from None
    raise UnreadableFinding


def _of_guardduty(found: GuardDutyFinding, event: str) -> Finding:
    return Finding(
        key=_key(Provider.GUARDDUTY, found.id),
        event=event,
        provider=Provider.GUARDDUTY,
        level=_level(found.severity),
        family=_family([found.type]),
        is_live=not (found.service.archived or found.service.sample),
        first_seen=_moment(found.service.first_seen),
        last_seen=_moment(found.service.last_seen),
        resources=_distinct(resources_of_guardduty(found.resource or {})),
        words=Words(found.type, found.title, found.description),
    )


def _of_macie(found: MacieFinding, event: str) -> Finding:
    return Finding(
        key=_key(Provider.MACIE, found.id),
        event=event,
        provider=Provider.MACIE,
        level=Level[found.severity.description.upper()],
        family=_family([found.type]),
        is_live=not (found.archived or found.sample),
        first_seen=_moment(found.created),
        last_seen=_moment(found.updated),
        resources=_distinct(resources_of_macie(found.affected or {})),
        words=Words(found.type, found.title, found.description),
    )


def _imported(found: HubFinding, event: str) -> Finding:
    product = found.product.partition(":product/")[2]
    provider = _PRODUCTS.get(product, Provider.SECURITY_HUB)
    # What stays the hub's is known by its product too: ids of two may be the same.
    known_by = {
        Provider.GUARDDUTY: found.id.rpartition("/")[2],
        Provider.MACIE: found.id,
        Provider.SECURITY_HUB: f"{found.product}\n{found.id}",
    }
    family = _family(found.types)
    weakness = not family and any(_namespace(each) in terms().weaknesses for each in found.types)
    over = found.state != "ACTIVE" or found.workflow.status in _OVER
    return Finding(
        key=_key(provider, known_by[provider]),
        event=event,
        provider=provider,
        level=Level[found.severity.label],
        family=family,
        is_live=not (over or weakness or found.sample),
        first_seen=_moment(found.first_seen or found.created),
        last_seen=_moment(found.last_seen or found.updated),
        resources=_distinct(resources_of_asff(found.resources)),
        words=Words("\n".join(found.types), found.title, found.description),
    )


def _level(severity: float) -> Level:
    if severity >= _CRITICAL:
        return Level.CRITICAL
    if severity >= _HIGH:
        return Level.HIGH
    return Level.MEDIUM if severity >= _MEDIUM else Level.LOW


def _family(types: Iterable[str]) -> str:
    """The first family that one of `types` names.

    `Exfiltration:S3/MaliciousIPCaller` of GuardDuty; in ASFF `namespace/category/classifier`, whose
    last is GuardDuty's or Macie's type.
    """
    known = terms().families
    for each in types:
        before, colon, _ = each.partition(":")
        named = before.rpartition("/")[2]
        candidates = [named] if colon else []
        for word in (*candidates, *reversed(each.split("/"))):
            if word in known:
                return word
    return ""


def _namespace(finding_type: str) -> str:
    return finding_type.partition("/")[0]


def _key(provider: Provider, finding_id: str) -> str:
    return hashlib.sha256(f"{provider}\n{finding_id}".encode()).hexdigest()


def _told_by(event_id: str) -> str:
    # Ours, so that nothing that somebody else worded stands in clear.
    return hashlib.sha256(event_id.encode()).hexdigest()[:32]


def _moment(seen: datetime | None) -> datetime | None:
    if seen is None:
        return None
    try:
        seen = seen.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, seen from another zone
        return None
    return seen.replace(microsecond=seen.microsecond // 1000 * 1000)


def _distinct(resources: Iterator[Resource]) -> tuple[Resource, ...]:
    return tuple(dict.fromkeys(resources))
