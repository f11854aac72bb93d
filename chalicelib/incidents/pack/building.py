"""Building evidence packs, as a stream into the exports bucket.

A build that dies leaves nothing; its repeat makes another object. Of an incident whose time ended
meanwhile nothing stays, either. What the pack says is written down before it is packed: it holds
the trail up to the moment of its making.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.audit.jws import Signer
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.ids import Ids
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.errors import IncidentOver
from chalicelib.incidents.pack.models import EVIDENCE, Built, Evidence, Part, evidence_key
from chalicelib.incidents.pack.store import EvidenceStore
from chalicelib.packing.archive import Archive
from chalicelib.packing.manifest import prove
from chalicelib.packing.objects import Exports, Upload
from chalicelib.tables.transactions import Action, RunCommand

MEDIA_TYPE = "application/zip"
_WORKER = Actor("system", "pack_evidence")


class _Overtaken(Exception):
    """Another worker was first, or somebody ordered anew: that order has its own work."""


class Packer:
    """Packs, lists and signs all `parts`.

    `keys` are all public keys that we publish, for whoever checks what is signed in the pack.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        signer: Callable[[], Signer],
        keys: Callable[[], Sequence[Mapping[str, str]]],
    ) -> None:
        self._parts = parts
        self._signer = signer
        self._keys = keys

    def pack(self, upload: Upload, incident_id: str, now: datetime) -> None:
        """Writes the archive of the incident, made at `now` (aware). One Sign.

        Holds a piece of a file at a time. Raises what the parts do.
        """
        archive = Archive(upload, now)
        for part in self._parts:
            for name, pieces, expected in part(incident_id):
                archive.add(name, pieces, expected=expected)
        prove(archive, EVIDENCE, incident_id, now, self._signer(), self._keys())
        archive.close()


class EvidenceBuilder:
    """Does the work of orders."""

    def __init__(
        self,
        store: EvidenceStore,
        book: IncidentBook,
        exports: Exports,
        packer: Packer,
        clock: Clock,
        ids: Ids,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._book = book
        self._exports = exports
        self._packer = packer
        self._clock = clock
        self._ids = ids
        self._run_command = run_command

    def carry_on(self, incident_id: str) -> None:
        """Builds the pack that was ordered, unless it is there. May be repeated.

        Raises what the parts do.
        """
        order = self._store.get(incident_id)
        if order is None or order.built is not None:
            return
        try:
            built = self._built(incident_id)
            with suppress(_Overtaken):
                self._run_command(lambda: self._noted(order, built))
        except IncidentOver:
            # Whoever ended it removed what lay there before this worker was done.
            self._exports.remove(evidence_key(incident_id, ""))

    def _built(self, incident_id: str) -> Built:
        object_id, now = self._ids.new(), from_millis(to_millis(self._clock.now()))
        with self._exports.upload(evidence_key(incident_id, object_id), MEDIA_TYPE) as upload:
            self._packer.pack(upload, incident_id, now)
        return Built(object_id, upload.sha256, upload.size, now)

    def _noted(self, order: Evidence, built: Built) -> list[Action]:
        self._book.check_time(order.incident_id)
        standing = self._store.get(order.incident_id)
        if standing is None or standing.revision != order.revision:
            raise _Overtaken
        facts: dict[str, Fact] = {"sha256": built.sha256, "size": built.size}
        return [
            self._store.change(replace(standing, built=built)),
            *self._book.entry(order.incident_id, _WORKER, "incident.evidence_packed", facts),
        ]
