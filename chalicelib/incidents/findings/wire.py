"""Findings on the wire."""

from chalicelib.clock import rfc3339
from chalicelib.incidents.findings.models import Noted, Provider, ResourceKind
from chalicelib.wire import Answer


class ResourceView(Answer):
    """What it is about. Of `other` the name is the provider's word for its type."""

    kind: ResourceKind
    name: str


class FindingView(Answer):
    """What the provider says, in its own words, as it came last.

    `severity` is the worst that the draft was made or seen with, `seen` in how many events the
    finding came. `newest_incident_id` is another where a dismissed finding came again, worse;
    `earlier_incident_id` the draft that was dismissed then.
    """

    provider: Provider
    severity: str
    type: str
    title: str
    description: str
    resources: tuple[ResourceView, ...]
    first_seen: str | None
    last_seen: str | None
    seen: int
    newest_incident_id: str
    earlier_incident_id: str | None


def finding_view(noted: Noted, earlier: str) -> FindingView:
    """The finding as the API shows it."""
    return FindingView(
        provider=noted.provider,
        severity=noted.level.word,
        type=noted.words.type,
        title=noted.words.title,
        description=noted.words.description,
        resources=tuple(ResourceView(kind=e.kind, name=e.name) for e in noted.resources),
        first_seen=rfc3339(noted.first_seen) if noted.first_seen else None,
        last_seen=rfc3339(noted.last_seen) if noted.last_seen else None,
        seen=noted.count,
        newest_incident_id=noted.incident_id,
        earlier_incident_id=earlier or None,
    )
