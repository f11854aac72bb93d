"""Checks the checkpoints of a bundle: each one's signature and leaves, and their own chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chalicelib.audit.bundle import Signed
from chalicelib.audit.document import KIND, Checkpoint, UnreadableCheckpoint
from chalicelib.audit.entry import GENESIS
from chalicelib.audit.findings import Code, Findings
from chalicelib.audit.jws import Jws, PublicKey, UnreadableJws
from chalicelib.audit.leaves import Leaves, UnreadableLeaves
from chalicelib.audit.link import Link, sha256_of


@dataclass(frozen=True, slots=True)
class Seal:
    """A checkpoint with a good signature; `leaves` is None unless they match its root."""

    checkpoint: Checkpoint
    jws: str
    leaves: Leaves | None


def check_seals(
    exported: Sequence[Signed],
    known: Sequence[str],
    latest: Link | None,
    keys: Sequence[PublicKey],
    findings: Findings,
) -> list[Seal]:
    """The well-signed checkpoints in ascending order; what is wrong goes into `findings`.

    `known` are JWS texts that the auditor kept from earlier: the export must agree with them.
    """
    seals: dict[int, Seal] = {}
    for position, signed in enumerate(exported):
        checkpoint = _open(signed.jws, keys, f"export[{position}]", findings)
        if checkpoint is None:
            continue
        seal = Seal(checkpoint, signed.jws, _leaves(checkpoint, signed.leaves, findings))
        if seals.setdefault(checkpoint.number, seal).jws != signed.jws:
            findings.add(Code.CHECKPOINT_FORKED, _name(checkpoint.number))
    in_order = [seals[number] for number in sorted(seals)]
    _check_chain(in_order, findings)
    for position, text in enumerate(known):
        checkpoint = _open(text, keys, f"known[{position}]", findings)
        if checkpoint is not None:
            _compare(seals, checkpoint.number, sha256_of(text), findings)
    if latest is not None:
        _compare(seals, latest.number, latest.sha256, findings)
    return in_order


def _open(
    text: str, keys: Sequence[PublicKey], where: str, findings: Findings
) -> Checkpoint | None:
    try:
        jws = Jws.parse(text)
        checkpoint = Checkpoint.from_payload(jws.payload)
    except (UnreadableJws, UnreadableCheckpoint):
        findings.add(Code.CHECKPOINT_UNREADABLE, where)
        return None
    if not (jws.kind == KIND and jws.is_signed_by(keys)):
        findings.add(Code.CHECKPOINT_BAD_SIGNATURE, _name(checkpoint.number))
        return None
    return checkpoint


def _leaves(checkpoint: Checkpoint, octets: bytes | None, findings: Findings) -> Leaves | None:
    if octets is None:
        findings.add(Code.LEAVES_MISSING, _name(checkpoint.number))
        return None
    try:
        leaves = Leaves.from_bytes(octets)
    except UnreadableLeaves:
        leaves = None
    if leaves is None or (leaves.root, len(leaves), len(leaves.heads)) != (
        checkpoint.root,
        checkpoint.leaves,
        checkpoint.heads,
    ):
        findings.add(Code.LEAVES_EDITED, _name(checkpoint.number))
        return None
    return leaves


def _check_chain(seals: Sequence[Seal], findings: Findings) -> None:
    if seals and seals[0].checkpoint.number > 1:
        _missing(1, seals[0].checkpoint.number, findings)
    if seals and seals[0].checkpoint.number == 1 and seals[0].checkpoint.previous != GENESIS:
        findings.add(Code.CHECKPOINT_BROKEN, _name(1))
    for before, after in pairwise(seals):
        one, other = before.checkpoint, after.checkpoint
        if other.number > one.number + 1:
            _missing(one.number + 1, other.number, findings)
            continue
        if other.previous != sha256_of(before.jws):
            findings.add(Code.CHECKPOINT_BROKEN, _name(other.number))
        if other.start != one.end or other.end < other.start:
            findings.add(Code.CHECKPOINT_WINDOW_GAP, _name(other.number))


def _compare(seals: dict[int, Seal], number: int, sha256: bytes, findings: Findings) -> None:
    if number not in seals:
        findings.add(Code.CHECKPOINT_MISSING, _name(number))
    elif sha256_of(seals[number].jws) != sha256:
        findings.add(Code.CHECKPOINT_FORKED, _name(number))


def _missing(first: int, after: int, findings: Findings) -> None:
    # One finding for a run of them: a forged number must not make a report without end.
    span = _name(first) if after == first + 1 else f"{_name(first)} to {after - 1}"
    findings.add(Code.CHECKPOINT_MISSING, span)


def _name(number: int) -> str:
    return f"checkpoint {number}"
