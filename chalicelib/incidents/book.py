"""Writing incidents down: an incident's change and its entry in the trail, for one transaction."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import rfc3339
from chalicelib.incidents.errors import IncidentOver, UnknownIncident
from chalicelib.incidents.models import Incident
from chalicelib.incidents.rules import fulfilled, opened, with_clients
from chalicelib.incidents.store import IncidentStore
from chalicelib.tables.transactions import Action

type IsOver = Callable[[str], bool]
"""Whether the time of an incident that ended is over, by its id."""
type Keep = Callable[[str, datetime | None], list[Action]]
"""The writes that put an incident under retention: it ended at a moment (aware), or goes on."""


class IncidentBook:
    """Reads incidents and makes the writes that change them. Each belongs into one `build`."""

    def __init__(self, store: IncidentStore, trail: Trail, is_over: IsOver, keep: Keep) -> None:
        self._store = store
        self._trail = trail
        self._is_over = is_over
        self._keep = keep

    def get(self, incident_id: str) -> Incident:
        """The incident, opened. Raises `UnknownIncident`, `IncidentOver`."""
        return self._in_time(self._store.get(incident_id))

    def readable(self, incident_id: str) -> Incident:
        """The incident in clear, for whoever opens another part of it: from the millisecond on at
        which its time is over there is none, held or not. Raises as `get`."""
        return self._in_time(self._store.seen(incident_id))

    def workable(self, incident_id: str) -> Incident:
        """The incident in clear, which is open. Raises as `get`, and `IncidentNotOpen`."""
        return opened(self.readable(incident_id))

    def is_over(self, incident_id: str) -> bool:
        """Whether the incident's time is over, held or not; an unknown one has none."""
        incident = self._store.seen(incident_id)
        return incident is not None and self.has_passed(incident)

    def has_passed(self, incident: Incident) -> bool:
        """Whether the time of an incident that was read is over; costs nothing while it is open."""
        return incident.forgotten or (incident.has_ended and self._is_over(incident.incident_id))

    def check_time(self, incident_id: str) -> None:
        """Raises `IncidentOver` for an incident whose time is over."""
        if self.is_over(incident_id):
            raise IncidentOver

    def seen(self, incident_id: str) -> Incident:
        """The incident as far as it stands in clear. Raises `UnknownIncident`."""
        incident = self._store.seen(incident_id)
        if incident is None:
            raise UnknownIncident
        return incident

    def addition(self, incident: Incident, actor: Actor, action: str) -> list[Action]:
        """The writes of a new incident."""
        facts: dict[str, Fact] = {"source": incident.source.value, "drill": incident.drill}
        entity = incident_entity(incident.incident_id)
        return [
            *self._store.additions(incident),
            *self._trail.first_actions(entity, actor, action, facts),
        ]

    def change(
        self, incident: Incident, actor: Actor, action: str, facts: Mapping[str, Fact]
    ) -> list[Action]:
        """The writes of a changed incident. They meet `Moved` when it changed meanwhile."""
        return [
            self._store.change(incident),
            *self.entry(incident.incident_id, actor, action, facts),
        ]

    def turned(
        self, incident: Incident, actor: Actor, action: str, facts: Mapping[str, Fact]
    ) -> list[Action]:
        """The writes of an incident that ended, or was opened again: as `change`, and its time
        under the retention schedule begins, or begins anew when it ends again."""
        return [
            *self.change(incident, actor, action, facts),
            *self._keep(incident.incident_id, incident.closed_at),
        ]

    def duties_done(
        self, incident_id: str, duty_ids: Iterable[str], at: datetime, actor: Actor
    ) -> list[Action]:
        """The writes that note that duties were done at `at` (aware), in clear.

        Raises `UnknownIncident`.
        """
        done = frozenset(duty_ids)
        facts: dict[str, Fact] = {"duties": ",".join(sorted(done)), "done_at": rfc3339(at)}
        return [
            self._store.watch(fulfilled(self.seen(incident_id), done, at)),
            *self.entry(incident_id, actor, "incident.told", facts),
        ]

    def affected_clients(
        self,
        incident_id: str,
        clients: Collection[str],
        actor: Actor,
        action: str,
        facts: Mapping[str, Fact],
        *,
        more: bool = False,
    ) -> list[Action]:
        """The writes of an entry, and of `clients` among those affected where the incident's facts
        do not have them yet: who has to be told follows from them. `more`: these are not all.

        Raises `UnknownIncident`, `IncidentOver`, `IncidentNotOpen`.
        """
        if clients or more:
            before = self.get(incident_id)
            after = with_clients(before, clients, more=more)
            if after is not before:
                return self.change(after, actor, action, {**facts, **duty_facts(after)})
        return self.entry(incident_id, actor, action, facts)

    def entry(
        self, incident_id: str, actor: Actor, action: str, facts: Mapping[str, Fact]
    ) -> list[Action]:
        """The writes of an entry in the incident's chain."""
        return self._trail.actions(incident_entity(incident_id), actor, action, facts)

    def _in_time(self, incident: Incident | None) -> Incident:
        if incident is None:
            raise UnknownIncident
        if self.has_passed(incident):
            raise IncidentOver
        return incident


def incident_entity(incident_id: str) -> Entity:
    """The chain of one incident."""
    return Entity("incident", incident_id)


def duty_facts(incident: Incident) -> dict[str, Fact]:
    """What the trail keeps of who has to be told until when: by duty, its date."""
    return {
        f"duty.{each.id.replace('-', '_')}": (
            f"{each.state.value},{rfc3339(each.deadline.due_at) if each.deadline else 'no_date'}"
        )
        for each in incident.duties
    }
