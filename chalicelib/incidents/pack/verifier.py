"""The offline verifier of evidence packs: believes nothing but the keys that it is given.

The archive is checked first, file by file (packing/verifier.py). What holds is ours as it was
packed, the published keys in it too; with these the statement that we knew is checked, and with the
given ones the trail: a pack could be rightly signed, and what it was made from be cut before.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from chalicelib.audit.bundle import Bundle, UnreadableBundle
from chalicelib.audit.findings import Code as TrailCode
from chalicelib.audit.findings import Finding as TrailFinding
from chalicelib.audit.jws import Jws, PublicKey, UnreadableJws
from chalicelib.audit.verifier import verify as verify_trail
from chalicelib.clock import to_millis
from chalicelib.incidents.pack.models import AWARENESS_FILE, EVIDENCE, INCIDENT_FILE, TRAIL_FILE
from chalicelib.incidents.statements import KIND
from chalicelib.packing import verifier as archives
from chalicelib.packing.manifest import KEYS, Signed

FIRST_SEAL = timedelta(hours=2)
"""How long a trail may go without its first checkpoint: they are hourly, and one may be late."""
_LONGEST = 4 * 1024**3


class Code(StrEnum):
    """Stable: people's tools may rely on them."""

    KEYS_UNREADABLE = "keys_unreadable"  # no JWK set of ours
    INCIDENT_UNREADABLE = "incident_unreadable"  # missing, or none
    AWARENESS_MISSING = "awareness_missing"  # decided, but the statement is not there
    AWARENESS_UNREADABLE = "awareness_unreadable"  # no statement of awareness
    AWARENESS_UNSIGNED = "awareness_unsigned"  # not made by a published key
    AWARENESS_OTHER = "awareness_other"  # of another incident, or not what the incident says
    TRAIL_UNREADABLE = "trail_unreadable"  # missing, or no bundle
    CHAIN_MISSING = "chain_missing"  # the trail holds no chain of this incident


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and with which file."""

    code: Code
    where: str

    def __str__(self) -> str:
        return f"{self.code} {self.where!r}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, what was signed (None where that is not known), how many files held, and
    until when (ms) the trail is sealed."""

    findings: Sequence[archives.Finding | Finding | TrailFinding]
    signed: Signed | None
    files: int
    sealed_until: int | None = None


def verify(archive: Path, keys: Sequence[PublicKey]) -> Verdict:
    """Checks the pack `archive` under the trusted `keys`.

    Raises `OSError` when it cannot be opened.
    """
    packed = archives.verify(EVIDENCE, archive, keys)
    if packed.signed is None or packed.findings:
        return Verdict(packed.findings, packed.signed, packed.files)
    incident_id = packed.signed.subject
    awareness = list(_of_awareness(archive, incident_id))
    packed_at = to_millis(datetime.fromisoformat(packed.signed.created_at))
    trail, sealed_until = _of_trail(archive, incident_id, packed_at, keys)
    return Verdict([*awareness, *trail], packed.signed, packed.files, sealed_until)


def _of_awareness(archive: Path, incident_id: str) -> Iterator[Finding]:
    try:
        incident = json.loads(archives.content_of(archive, INCIDENT_FILE, _LONGEST))
        decided, its_id = incident["awareness"], incident["incident_id"]
        said = (decided["aware_at"], decided["statement"]) if decided else None
    except (ValueError, KeyError, TypeError):
        yield Finding(Code.INCIDENT_UNREADABLE, INCIDENT_FILE)
        return
    if its_id != incident_id:
        yield Finding(Code.INCIDENT_UNREADABLE, INCIDENT_FILE)
    text = archives.content_of(archive, AWARENESS_FILE)
    if said is not None and not text:
        yield Finding(Code.AWARENESS_MISSING, AWARENESS_FILE)
    if text:
        yield from _of_statement(archive, incident_id, text, said)


def _of_statement(
    archive: Path, incident_id: str, text: bytes, said: tuple[str, str] | None
) -> Iterator[Finding]:
    try:
        jwks = json.loads(archives.content_of(archive, KEYS))["keys"]
        published = [PublicKey.from_jwk(each) for each in jwks]
    except (ValueError, KeyError, TypeError, UnreadableJws):
        yield Finding(Code.KEYS_UNREADABLE, KEYS)
        return
    try:
        jws = Jws.parse(text.decode("ascii"))
    except (UnicodeDecodeError, UnreadableJws):
        yield Finding(Code.AWARENESS_UNREADABLE, AWARENESS_FILE)
        return
    if jws.kind != KIND or not jws.is_signed_by(published):
        yield Finding(Code.AWARENESS_UNSIGNED, AWARENESS_FILE)
    states = (jws.payload.get("aware_at"), text.decode("ascii"))
    if jws.payload.get("incident_id") != incident_id or states != said:
        yield Finding(Code.AWARENESS_OTHER, AWARENESS_FILE)


def _of_trail(
    archive: Path, incident_id: str, packed_at: int, keys: Sequence[PublicKey]
) -> tuple[list[Finding | TrailFinding], int | None]:
    try:
        bundle = Bundle.from_json(json.loads(archives.content_of(archive, TRAIL_FILE, _LONGEST)))
    except (ValueError, UnreadableBundle):
        return [Finding(Code.TRAIL_UNREADABLE, TRAIL_FILE)], None
    report = verify_trail(bundle, keys)
    findings: list[Finding | TrailFinding] = [
        each
        for each in report.findings
        if each.code is not TrailCode.NOTHING_CHECKPOINTED or not _has_just_begun(bundle, packed_at)
    ]
    if f"incident/{incident_id}" not in bundle.chains:
        findings.append(Finding(Code.CHAIN_MISSING, TRAIL_FILE))
    return findings, report.sealed_until


def _has_just_begun(bundle: Bundle, packed_at: int) -> bool:
    """Whether nothing in it is old enough to have had to be sealed by the time of the pack (ms)."""
    oldest = packed_at - FIRST_SEAL // timedelta(milliseconds=1)
    entries = (entry for chain in bundle.chains.values() for entry in chain.entries)
    return not bundle.checkpoints and all(_moment(entry) >= oldest for entry in entries)


def _moment(entry: Mapping[str, Any]) -> int:
    """When it happened (ms): 0 where it does not say so, which the trail's verifier has found."""
    at = entry.get("at")
    return at if isinstance(at, int) else 0
