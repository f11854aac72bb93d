"""The services of evidence packs of incidents."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.telling import TellingServices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chalicelib.incidents.pack.building import EvidenceBuilder
    from chalicelib.incidents.pack.models import Part
    from chalicelib.incidents.pack.service import Evidences
    from chalicelib.incidents.pack.store import EvidenceStore


class EvidenceServices(TellingServices):
    """Packs: ordered, built, handed out."""

    @cached_property
    def evidences(self) -> "Evidences":
        from chalicelib.incidents.pack.service import Evidences

        return Evidences(
            self._evidence_store,
            self.incident_book,
            self._exports,
            self.outbox,
            self.clock,
            self.idempotency,
            self.run_command,
        )

    @cached_property
    def evidence_builder(self) -> "EvidenceBuilder":
        from chalicelib.incidents.pack.building import EvidenceBuilder, Packer

        return EvidenceBuilder(
            self._evidence_store,
            self.incident_book,
            self._exports,
            Packer(self.evidence_parts, lambda: self.signer, self.public_keys),
            self.clock,
            self.ids,
            self.run_command,
        )

    @cached_property
    def evidence_parts(self) -> "Sequence[Part]":
        """What a pack is made of, in the order of its files."""
        from chalicelib.incidents.book import incident_entity
        from chalicelib.incidents.pack.notice_parts import of_ledgers, of_notices
        from chalicelib.incidents.pack.parts import (
            of_aftermath,
            of_computations,
            of_incident,
            of_trail,
        )

        return [
            of_incident(self.incident_book),
            of_computations(self._computations),
            of_aftermath(self._aftermath_store),
            of_notices(self._breach_notices, self._filing_store, self._filing_proofs),
            of_ledgers(self._breach_notices, self._breach_lines),
            of_trail(
                self.exporter,
                lambda incident_id: [incident_entity(incident_id)],
                self.public_keys,
            ),
        ]

    @cached_property
    def incident_work(self) -> "Mapping[str, Callable[[str, str], None]]":
        """Who does which kind of the outbox's work: what it is about, in two parts."""
        from chalicelib.incidents.pack.service import PACK_WORK

        return {PACK_WORK: lambda incident_id, _: self.evidence_builder.carry_on(incident_id)}

    @cached_property
    def _evidence_store(self) -> "EvidenceStore":
        from chalicelib.incidents.pack.store import EvidenceStore

        return EvidenceStore(self.records)
