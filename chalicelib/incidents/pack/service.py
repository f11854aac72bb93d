"""Ordering evidence packs, and handing them out."""

from dataclasses import replace

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.pack.errors import NoEvidence
from chalicelib.incidents.pack.models import Evidence, Link, evidence_key
from chalicelib.incidents.pack.store import EvidenceStore
from chalicelib.notices.outbox import Outbox
from chalicelib.packing.objects import URL_LIFE, Exports
from chalicelib.tables.transactions import Action, RunCommand

PACK_WORK = "pack_evidence"
"""The kind of work in the outbox that builds the pack of an incident."""


class Evidences:
    """Orders packs and gives links to them."""

    def __init__(
        self,
        store: EvidenceStore,
        book: IncidentBook,
        exports: Exports,
        outbox: Outbox,
        clock: Clock,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._book = book
        self._exports = exports
        self._outbox = outbox
        self._clock = clock
        self._idempotency = idempotency
        self._run_command = run_command

    def order(self, incident_id: str, staff_id: str, call: KeyedCall | None = None) -> Evidence:
        """Has a pack built of the incident as it will be found; it replaces an earlier one.

        Raises `UnknownIncident`, `IncidentOver`.
        """
        if not self._idempotency.earlier(call):
            now = from_millis(to_millis(self._clock.now()))
            self._book.readable(incident_id)

            def build() -> list[Action]:
                standing = self._store.get(incident_id)
                order = Evidence(incident_id, staff_id, now)
                who = Actor("staff", staff_id)
                return [
                    self._store.change(
                        replace(order, revision=standing.revision if standing else 0)
                    ),
                    *self._book.entry(incident_id, who, "incident.evidence_ordered", {}),
                    *self._outbox.work(PACK_WORK, incident_id).actions,
                ]

            self._idempotency.run(call, {"incident": incident_id}, build)
        return self.show(incident_id)

    def show(self, incident_id: str) -> Evidence:
        """The pack that was ordered last.

        Raises `UnknownIncident`, `IncidentOver`, `NoEvidence`.
        """
        self._book.readable(incident_id)
        evidence = self._store.get(incident_id)
        if evidence is None:
            raise NoEvidence
        return evidence

    def hand_out(self, incident_id: str, staff_id: str) -> tuple[Evidence, Link | None]:
        """The pack, and an address that gives it for a minute while it lies in the bucket.

        That somebody got the address is in the trail first. Raises as `show`.
        """
        evidence, now = self.show(incident_id), self._clock.now()
        if evidence.built is None or not evidence.built.is_there(now):
            return evidence, None
        built, who = evidence.built, Actor("staff", staff_id)
        facts: dict[str, Fact] = {"sha256": built.sha256}
        self._run_command(
            lambda: self._book.entry(incident_id, who, "incident.evidence_handed_out", facts)
        )
        url = self._exports.address(
            evidence_key(incident_id, built.object_id), f"incident-{incident_id}.zip", URL_LIFE
        )
        return evidence, Link(url, now + URL_LIFE)
