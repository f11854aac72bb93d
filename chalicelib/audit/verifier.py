"""The offline verifier: believes nothing but the public key, and reports everything it finds.

What it cannot know from a bundle alone is whether newer checkpoints were withheld together with
everything after them. An auditor who kept any checkpoint from earlier hands it in as `known`, and
the report says up to when the bundle is sealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.audit import merkle
from chalicelib.audit.bundle import Bundle
from chalicelib.audit.chains import check_chain
from chalicelib.audit.collector import OVERLAP
from chalicelib.audit.digests import InvalidReceipt, digest_of_receipt, preference_digest
from chalicelib.audit.findings import Code, Finding, Findings
from chalicelib.audit.jws import PublicKey
from chalicelib.audit.leaves import HeadLeaf, digest_leaf
from chalicelib.audit.seals import Seal, check_seals
from chalicelib.tables.codec import Value


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and what is wrong with it. Times are ms since 1970 UTC."""

    findings: Sequence[Finding]
    chains: int
    entries: int
    checkpoints: int
    sealed_until: int | None

    @property
    def codes(self) -> set[Code]:
        """The kinds of what is wrong; empty when all is well."""
        return {finding.code for finding in self.findings}


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Proof that a digest is leaf `index` of checkpoint `number`, made at `created_at` (ms)."""

    number: int
    created_at: int
    index: int
    size: int
    proof: Sequence[bytes]
    root: bytes


@dataclass(frozen=True, slots=True)
class ReceiptReport:
    """Where a receipt is included, and what speaks against it."""

    findings: Sequence[Finding]
    inclusions: Sequence[Inclusion]


def verify(bundle: Bundle, keys: Sequence[PublicKey], known: Sequence[str] = ()) -> Report:
    """Checks everything in `bundle` under the trusted `keys`. Never raises for what it finds."""
    findings = Findings()
    seals = check_seals(bundle.checkpoints, known, bundle.latest, keys, findings)
    if not seals:
        findings.add(Code.NOTHING_CHECKPOINTED, "checkpoints")
    sealed_until = seals[-1].checkpoint.end if seals else None
    # Younger than this, an entry may rightly have missed the last checkpoint (see `collector`).
    certain = None if sealed_until is None else sealed_until - OVERLAP
    sealed = _heads_by_entity(seals)
    for entity, chain in bundle.chains.items():
        check_chain(entity, chain, sealed.get(entity, ()), certain, findings)
    if bundle.complete:
        for entity in sealed.keys() - bundle.chains.keys():
            findings.add(Code.CHAIN_MISSING, entity)
        _check_digests(bundle, seals, certain, findings)
    return Report(
        findings.found,
        len(bundle.chains),
        sum(len(chain.entries) for chain in bundle.chains.values()),
        len(seals),
        sealed_until,
    )


def verify_receipt(
    bundle: Bundle,
    keys: Sequence[PublicKey],
    receipt: str,
    item: Mapping[str, Value] | None = None,
) -> ReceiptReport:
    """Where `receipt` is sealed, and whether `item`, when given, is what it was given for.

    Only checkpoints with a good signature and matching leaves count.
    """
    findings = Findings()
    try:
        digest = digest_of_receipt(receipt)
    except InvalidReceipt:
        findings.add(Code.RECEIPT_INVALID, "receipt")
        return ReceiptReport(findings.found, ())
    if item is not None and preference_digest(item) != digest:
        findings.add(Code.RECEIPT_ITEM_MISMATCH, "receipt")
    seals = check_seals(bundle.checkpoints, (), None, keys, Findings())
    inclusions = [found for seal in seals if (found := _inclusion(seal, digest))]
    if not inclusions:
        findings.add(Code.RECEIPT_NOT_INCLUDED, "receipt")
    return ReceiptReport(findings.found, inclusions)


def _inclusion(seal: Seal, digest: bytes) -> Inclusion | None:
    if seal.leaves is None or digest not in seal.leaves.digests:
        return None
    data = list(seal.leaves.data())
    index = data.index(digest_leaf(digest), len(seal.leaves.heads))
    checkpoint = seal.checkpoint
    return Inclusion(
        checkpoint.number,
        checkpoint.created_at,
        index,
        len(data),
        merkle.inclusion_proof(data, index),
        checkpoint.root,
    )


def _heads_by_entity(seals: Sequence[Seal]) -> dict[str, list[HeadLeaf]]:
    heads: dict[str, list[HeadLeaf]] = {}
    for seal in seals:
        for head in seal.leaves.heads if seal.leaves else ():
            heads.setdefault(str(head.entity), []).append(head)
    return heads


def _check_digests(
    bundle: Bundle, seals: Sequence[Seal], certain: int | None, findings: Findings
) -> None:
    brought = {digest for batch in bundle.batches for digest in batch.digests}
    sealed: set[bytes] = set()
    for seal in seals:
        digests = set(seal.leaves.digests) if seal.leaves else set()
        sealed |= digests
        if digests - brought:
            findings.add(Code.BATCH_MISSING, f"checkpoint {seal.checkpoint.number}")
    for position, batch in enumerate(bundle.batches):
        if certain is not None and batch.at < certain and not sealed.issuperset(batch.digests):
            findings.add(Code.DIGEST_NOT_CHECKPOINTED, f"batches[{position}]")
