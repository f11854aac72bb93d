"""Whether the list has somebody for each affected client who can be told."""

from chalicelib.incidents.affected.store import AffectedStore
from chalicelib.incidents.duties import clients_as
from chalicelib.incidents.models import Incident, Recipient


class Contacts:
    """Compares an incident's facts with its list."""

    def __init__(self, store: AffectedStore) -> None:
        self._store = store

    def lacking(self, incident: Incident, kind: Recipient) -> tuple[str, ...]:
        """The opaque ids of the clients among the facts for whom nobody of the kind is on the list,
        if it is as that kind that clients of this incident are told. Opens every contact."""
        clients = incident.facts.clients
        if not clients or kind is not clients_as(incident.facts.role):
            return ()
        reached = self._store.clients(incident.incident_id, kind)
        return tuple(each for each in clients if each not in reached)
