"""How a notice was filed, in the `records` table; written once.

pk        BREACHNOTICE#<notice id>
sk        FILING
et, v     item type, schema version
incident  the incident's id
by        who noted it
filed     when the authority got it, or the public; ms since 1970 UTC
proof     id of the object that holds the proof, with media_type and sha256; none in a drill
sealed    by which means, under which reference, why late; under the incident's scope
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.models import Texts
from chalicelib.incidents.notices.errors import NotToBeFiled
from chalicelib.incidents.notices.proofs import Proof
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

NOTICE_FILING = Schema("notice_filing")


@dataclass(frozen=True, slots=True)
class Filing:
    """That a notice was given, how, and what proves it. `proof` is None in a drill."""

    notice_id: str
    incident_id: str
    noted_by: str
    filed_at: datetime
    means: str = field(repr=False)
    reference: str = field(repr=False)
    late_because: Texts = field(default_factory=dict, repr=False)
    proof: Proof | None = None


class FilingStore:
    """Reads filings and makes their writes."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, notice_id: str) -> Filing | None:
        """How the notice was filed, opened, or None. `notice_id` is one that exists."""
        item = self._records.get(_key(notice_id), consistent=True)
        return self._filing_from(notice_id, NOTICE_FILING.lift(item)) if item else None

    def addition(self, filing: Filing) -> Action:
        """The write of a filing. It meets `NotToBeFiled` where there is one."""
        key, proof = _key(filing.notice_id), filing.proof
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "incident": filing.incident_id,
            "by": filing.noted_by,
            "filed": to_millis(filing.filed_at),
        }
        if proof is not None:
            item |= {
                "proof": proof.proof_id,
                "media_type": proof.media_type,
                "sha256": proof.sha256,
            }
        item = NOTICE_FILING.stamp(item)
        said = {
            "means": filing.means,
            "reference": filing.reference,
            "late_because": dict(filing.late_because),
        }
        item["sealed"] = self._vault.seal(
            Scope.incident(filing.incident_id), self._context(item), json.dumps(said).encode()
        )
        return Put(self._records, item, ABSENT, NotToBeFiled)

    def _filing_from(self, notice_id: str, item: Item) -> Filing:
        incident_id = str(item["incident"])
        sealed = cast("bytes", item["sealed"])
        said = json.loads(
            self._vault.open(Scope.incident(incident_id), self._context(item), sealed)
        )
        proof = None
        if "proof" in item:
            proof = Proof(
                incident_id, str(item["proof"]), str(item["media_type"]), str(item["sha256"])
            )
        at = from_millis(cast("int", item["filed"]))
        return Filing(notice_id, incident_id, str(item["by"]), at, **said, proof=proof)

    def _context(self, item: Item) -> SealContext:
        # Bound to these: nobody exchanges a proof, or moves a date, beside the seal.
        bound = (f"{name}={item.get(name, '')!s}" for name in ("incident", "filed", "sha256"))
        return SealContext.of(self._records.logical, item)._replace(bound=tuple(bound))


def _key(notice_id: str) -> Key:
    return Key(compose("BREACHNOTICE", notice_id), "FILING")
