"""What becomes of a finding, and what its draft starts with. Pure."""

import hashlib
from dataclasses import replace
from datetime import datetime
from enum import Enum

from chalicelib.connectors.datamap.models import DataMap, Dataset
from chalicelib.connectors.datamap.settings import DynamoDbCollection, RdsSettings, S3Settings
from chalicelib.incidents.findings.models import (
    EVENTS_REMEMBERED,
    Finding,
    Noted,
    Provider,
    Resource,
    ResourceKind,
    Triage,
)
from chalicelib.incidents.findings.terms import terms
from chalicelib.incidents.models import Incident, Status

_LONGEST_SYSTEM = 120  # as in wire.py: what the draft starts with can be sent back
_MOST_SYSTEMS = 50


class Step(Enum):
    """What a report of a finding leads to."""

    NOTHING = "nothing"
    COUNT = "count"
    DRAFT = "draft"


def is_worth_a_draft(finding: Finding) -> bool:
    """Whether somebody has to look at it at all."""
    return finding.is_live and finding.level >= terms().start[finding.provider]


def step(finding: Finding, noted: Noted | None, incident: Incident | None) -> Step:
    """What to do, given what is noted of the finding, and the incident that it became.

    One that was dismissed stays dismissed, unless it is worse now than what was dismissed. One that
    goes on after its incident was closed is not what was closed.
    """
    if noted is None:
        return Step.DRAFT
    if finding.event in noted.events:
        return Step.NOTHING  # SQS and EventBridge bring an event at least once
    if incident and incident.status is Status.DISMISSED and finding.level > noted.level:
        return Step.DRAFT
    if incident and incident.closed_at and incident.status is Status.CLOSED:
        goes_on = finding.last_seen is None or finding.last_seen > incident.closed_at
        return Step.DRAFT if goes_on else Step.COUNT
    return Step.COUNT


def key_after(noted: Noted) -> str:
    """What names a finding that comes again after its latest incident was forgotten."""
    return hashlib.sha256(f"{noted.key}/{noted.incident_id}".encode()).hexdigest()


def noted_first(finding: Finding, incident_id: str) -> Noted:
    """The note of a finding that nobody knew, and its draft."""
    return Noted(
        finding.key,
        incident_id,
        finding.provider,
        finding.level,
        1,
        finding.first_seen,
        finding.last_seen,
        (finding.event,),
        finding.resources,
        finding.words,
    )


def noted_again(finding: Finding, noted: Noted, incident_id: str) -> Noted:
    """The note once the finding came again: counted, at its worst, in its newest words."""
    return replace(
        noted,
        incident_id=incident_id,
        level=max(noted.level, finding.level),
        count=noted.count + 1,
        first_seen=_first(noted.first_seen, finding.first_seen),
        last_seen=_last(noted.last_seen, finding.last_seen),
        events=(*noted.events, finding.event)[-EVENTS_REMEMBERED:],
        resources=finding.resources,
        words=finding.words,
    )


def title(provider: Provider, family: str, level: str) -> str:
    """The draft's title, in words of ours."""
    return f"{terms().names[provider]}: {family or 'finding'} ({level})"


def triage(finding: Finding, data_map: DataMap) -> Triage:
    """What may have failed, where, and which data the map says is there.

    A system that the map knows goes by its name there, another by its own.
    """
    systems: dict[str, None] = {}
    categories: dict[str, None] = {}
    for resource in finding.resources:
        holders = [each for each in data_map.datasets.values() if _is_in(resource, each)]
        for dataset in holders:
            categories.update(dict.fromkeys(dataset.categories))
        names = [each.key for each in holders] or [f"{resource.kind} {resource.name}"]
        systems.update(dict.fromkeys(name[:_LONGEST_SYSTEM] for name in names))
    return Triage(
        terms().families.get(finding.family, frozenset()),
        tuple(systems)[:_MOST_SYSTEMS],
        tuple(categories),
    )


def _is_in(resource: Resource, dataset: Dataset) -> bool:
    match resource.kind, dataset.settings:
        case ResourceKind.BUCKET, S3Settings(bucket=bucket):
            return bucket == resource.name
        case ResourceKind.DATABASE, RdsSettings(cluster=cluster):
            return cluster.rpartition(":")[2] == resource.name
        case ResourceKind.TABLE, _:
            return any(
                isinstance(each.settings, DynamoDbCollection)
                # Where a name is asked for, DynamoDB takes an ARN too.
                and each.settings.table.rpartition("/")[2] == resource.name
                for each in dataset.collections.values()
            )
    return False


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each), default=None)


def _last(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each), default=None)
