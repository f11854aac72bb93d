"""Whether the list has somebody for each affected client who can be told."""

from chalicelib.incidents.affected.store import AffectedStore
from chalicelib.incidents.duties import clients_as
from chalicelib.incidents.models import Incident, Recipient


class Contacts:
    """Compares an incident's facts with its list."""

    def __init__(self, store: AffectedStore) -> None:
        self._store = store

    def lacking(self, incident: Incident) -> tuple[str, ...]:
        """The opaque ids of the clients among the facts for whom nobody is on the list, of the kind
        as which clients of this incident are told. Opens every contact."""
        clients = incident.facts.clients
        if not clients:
            return ()
        reached = self._store.clients(incident.incident_id, clients_as(incident.facts.role))
        return tuple(each for each in clients if each not in reached)

    def lacks(self, incident: Incident, kind: Recipient) -> bool:
        """Whether nobody on the list stands for some client that is told as that kind."""
        return kind is clients_as(incident.facts.role) and bool(self.lacking(incident))
