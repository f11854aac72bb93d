"""Noting that the authority, or the public, was told: when, how, and what proves it.

    put the proof into the write-once bucket -> note the filing, mark the duties done

A proof that was put and not noted is harmless. The second step is one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, rfc3339, to_millis
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.models import Incident, Texts
from chalicelib.incidents.notices.errors import UnknownProof
from chalicelib.incidents.notices.filing_store import Filing, FilingStore
from chalicelib.incidents.notices.models import Notice
from chalicelib.incidents.notices.proofs import Proof, Proofs
from chalicelib.incidents.notices.rules import filed, late_duties
from chalicelib.incidents.notices.service import Notices
from chalicelib.incidents.notices.store import BreachNoticeStore
from chalicelib.incidents.rules import fulfilled, opened
from chalicelib.tables.transactions import Action


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says of a filing. `proof` and its `media_type` are empty in a drill."""

    filed_at: datetime
    means: str = field(repr=False)
    reference: str = field(repr=False)
    media_type: str = ""
    proof: bytes = field(default=b"", repr=False)
    late_because: Texts = field(default_factory=dict, repr=False)


class Filings:
    """Notes filings; each leaves its entry in the incident's trail, with the proof's hash."""

    def __init__(
        self,
        store: FilingStore,
        notice_store: BreachNoticeStore,
        notices: Notices,
        proofs: Proofs,
        book: IncidentBook,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
    ) -> None:
        self._store = store
        self._notice_store = notice_store
        self._notices = notices
        self._proofs = proofs
        self._book = book
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency

    def file(
        self,
        incident_id: str,
        notice_id: str,
        told: Told,
        staff_id: str,
        call: KeyedCall | None = None,
    ) -> None:
        """Notes that the notice was filed; its duties were done then.

        Raises `UnknownNotice`, `UnknownIncident`, `IncidentNotOpen`, `NotToBeFiled`,
        `InvalidInput`, `NoticeIncomplete` where it was late and nobody says why,
        `IdempotencyConflict`.
        """
        if self._idempotency.earlier(call):
            return
        # Before the proof is put for nothing.
        self._judged(incident_id, notice_id, told)
        proof = self._proof(incident_id, self._notices.seen(incident_id, notice_id), told)
        noted = Filing(
            notice_id,
            incident_id,
            staff_id,
            told.filed_at,
            told.means,
            told.reference,
            told.late_because,
            proof,
        )

        def build() -> list[Action]:
            notice, incident = self._judged(incident_id, notice_id, told)
            return [
                self._notice_store.change(notice),
                self._store.addition(noted),
                *self._book.change(
                    incident, Actor("staff", staff_id), "incident.told", _facts(notice, proof)
                ),
            ]

        self._idempotency.run(call, {"notice": notice_id}, build)

    def of(self, notice: Notice) -> Filing | None:
        """How the notice was filed, opened, if it was."""
        return self._store.get(notice.notice_id)

    def proof(self, incident_id: str, notice_id: str, staff_id: str) -> tuple[Proof, bytes]:
        """The proof of a filing, for a member of the staff: that it was read is in the trail first.

        Raises `UnknownNotice`, `UnknownProof`, `ProofLost`.
        """
        filing = self.of(self._notices.read(incident_id, notice_id, staff_id))
        if filing is None or filing.proof is None:
            raise UnknownProof
        return filing.proof, self._proofs.read(filing.proof)

    def _judged(self, incident_id: str, notice_id: str, told: Told) -> tuple[Notice, Incident]:
        """Notice and incident as the filing leaves them."""
        self._notices.seen(incident_id, notice_id)  # whose it is
        notice = self._notice_store.get(notice_id)
        if notice is None:
            raise UnknownProof
        incident, at = opened(self._book.get(incident_id)), told.filed_at
        late = late_duties(notice, incident, at, told.late_because)
        because = notice.late_because or told.late_because
        done = fulfilled(incident, frozenset(notice.fulfils), at)
        reasons = dict.fromkeys(late, because)
        return filed(notice, at, self._now()), replace(done, late={**incident.late, **reasons})

    def _proof(self, incident_id: str, notice: Notice, told: Told) -> Proof | None:
        if notice.drill:
            return None
        if not told.media_type:
            raise InvalidInput(FieldError("proof", "missing"))
        return self._proofs.keep(incident_id, self._ids.new(), told.media_type, told.proof)

    def _now(self) -> datetime:
        return from_millis(to_millis(self._clock.now()))


def _facts(notice: Notice, proof: Proof | None) -> Mapping[str, Fact]:
    facts: dict[str, Fact] = {
        "notice": notice.notice_id,
        "recipient": notice.recipient.value,
        "duties": ",".join(notice.fulfils),
    }
    if notice.filed_at is not None:
        facts["done_at"] = rfc3339(notice.filed_at)
    if proof is not None:
        facts["proof_sha256"] = proof.sha256
    return facts
