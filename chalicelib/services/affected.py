"""The services that know who was affected by an incident."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.connectors import ConnectorServices
from chalicelib.services.incidents import IncidentServices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.incidents.affected.asking import Asking
    from chalicelib.incidents.affected.computation_store import ComputationStore
    from chalicelib.incidents.affected.computing import Computing
    from chalicelib.incidents.affected.contacts import Contacts
    from chalicelib.incidents.affected.counts_store import CountsStore
    from chalicelib.incidents.affected.people import AffectedPeople
    from chalicelib.incidents.affected.recipients import Recipients
    from chalicelib.incidents.affected.store import AffectedStore
    from chalicelib.incidents.models import Recipient
    from chalicelib.incidents.telling.standing import Standing


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
    def computing_affected(self) -> "Computing":
        from chalicelib.incidents.affected.computing import Computing
        from chalicelib.incidents.affected.ending import Ending

        ending = Ending(
            self._computations,
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

        def lacks(kind: "Recipient") -> bool:
            return self.affected_contacts.lacks(self.incident_book.get(incident_id), kind)

        return AffectedPeople(
            self.affected, self.affected_counts, self._computations, incident_id, kind, lacks
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
    def affected_counts(self) -> "CountsStore":
        from chalicelib.incidents.affected.counts_store import CountsStore

        return CountsStore(self.records)

    @cached_property
    def _computations(self) -> "ComputationStore":
        from chalicelib.incidents.affected.computation_store import ComputationStore

        return ComputationStore(self.records, self.vault)

    @cached_property
    def tellings_standing(self) -> "Standing":
        from chalicelib.incidents.telling.standing import Standing

        return Standing(
            self._breach_tellings,
            self._breach_lines,
            self._breach_notices.of_incident,
            self._listed,
        )

    def _listed(self, incident_id: str) -> "Mapping[Recipient, int]":
        counts = self.affected_counts.counts(incident_id)
        return {kind: each.recipients for kind, each in counts.items()}
