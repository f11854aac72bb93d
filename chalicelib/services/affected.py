"""The services that know who was affected by an incident."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.connectors import ConnectorServices
from chalicelib.services.incidents import IncidentServices

if TYPE_CHECKING:
    from chalicelib.incidents.affected.asking import Asking
    from chalicelib.incidents.affected.computation_store import ComputationStore
    from chalicelib.incidents.affected.computing import Computing
    from chalicelib.incidents.affected.contacts import Contacts
    from chalicelib.incidents.affected.people import AffectedPeople
    from chalicelib.incidents.affected.recipients import Recipients
    from chalicelib.incidents.affected.settling import Settling
    from chalicelib.incidents.affected.store import AffectedStore
    from chalicelib.incidents.models import Recipient


class AffectedServices(IncidentServices, ConnectorServices):
    """The list of the affected, by hand and from the places of the data map."""

    @cached_property
    def recipients(self) -> "Recipients":
        from chalicelib.incidents.affected.recipients import Recipients

        return Recipients(
            self.affected,
            self.affected_counts,
            self.affected_contacts,
            self.incident_book,
            self.tellings_standing.list_grew,
            self.clock,
            self.run_command,
        )

    @cached_property
    def asking_affected(self) -> "Asking":
        from chalicelib.incidents.affected.asking import Asking

        return Asking(
            self._computations,
            self.affected_counts,
            self.incident_book,
            self.data_maps.map_in_force,
            self.outbox,
            self.clock,
            self.ids,
            self.idempotency,
        )

    @cached_property
    def settling_affected(self) -> "Settling":
        from chalicelib.incidents.affected.settling import Settling

        return Settling(
            self.asking_affected.progress,
            self._computations,
            self.incident_book,
            self.run_command,
        )

    @cached_property
    def computing_affected(self) -> "Computing":
        from chalicelib.incidents.affected.computing import Computing
        from chalicelib.incidents.affected.ending import Ending

        ending = Ending(
            self._computations,
            self.affected_counts,
            self.incident_book,
            self.tellings_standing.list_grew,
            self.clock,
            self.run_command,
        )
        return Computing(
            self._computations,
            self.affected,
            ending,
            self.data_maps.map_in_force,
            self.places,
            self.outbox,
            self.clock,
            self.run_command,
        )

    def affected_people(self, incident_id: str, kind: "Recipient") -> "AffectedPeople":
        """The roll of an incident's affected of one kind, for a telling."""
        from chalicelib.incidents.affected.people import AffectedPeople

        return AffectedPeople(
            self.affected,
            self.affected_counts,
            self._computations,
            self.affected_contacts,
            self.incident_book,
            incident_id,
            kind,
        )

    @cached_property
    def affected_contacts(self) -> "Contacts":
        from chalicelib.incidents.affected.contacts import Contacts

        return Contacts(self.affected)

    @cached_property
    def affected(self) -> "AffectedStore":
        from chalicelib.incidents.affected.store import AffectedStore

        return AffectedStore(
            self.records,
            self.affected_counts,
            self.vault,
            lambda: self.keyring.mac_key("affected"),
        )

    @cached_property
    def _computations(self) -> "ComputationStore":
        from chalicelib.incidents.affected.computation_store import ComputationStore

        return ComputationStore(self.records, self.vault)
