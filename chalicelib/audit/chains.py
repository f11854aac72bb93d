"""Checks one entity's chain: against itself, against its head and against the checkpoints."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from chalicelib.audit.bundle import Chain, entry_from_json
from chalicelib.audit.entry import GENESIS, Entry
from chalicelib.audit.findings import Code, Findings
from chalicelib.audit.leaves import HeadLeaf
from chalicelib.tables.schema import UnreadableItem


def check_chain(
    entity: str,
    chain: Chain,
    sealed: Iterable[HeadLeaf],
    sealed_until: int | None,
    findings: Findings,
) -> None:
    """Puts what is wrong with `chain` into `findings`.

    `sealed` are the ends of this chain that valid checkpoints hold; an entry of before
    `sealed_until` (ms) that none of them covers was hidden from the checkpoints.
    """
    entries = _read(entity, chain, findings)
    _check_links(entity, entries, findings)
    _check_head(entity, chain, entries, findings)
    by_seq = {entry.seq: entry for entry in entries}
    last = entries[-1].seq if entries else 0
    covered = 0
    for leaf in sealed:
        covered = max(covered, leaf.seq)
        if leaf.seq > last:
            findings.add(Code.TAIL_CUT, _at(entity, last))
        elif leaf.seq in by_seq and by_seq[leaf.seq].hash != leaf.hash:
            findings.add(Code.CHAIN_REWRITTEN, _at(entity, leaf.seq))
    for entry in entries:
        if sealed_until is not None and entry.seq > covered and entry.at < sealed_until:
            findings.add(Code.NOT_CHECKPOINTED, _at(entity, entry.seq))


def _read(entity: str, chain: Chain, findings: Findings) -> list[Entry]:
    entries: dict[int, Entry] = {}
    for position, exported in enumerate(chain.entries):
        try:
            entry, claimed = entry_from_json(exported)
        except UnreadableItem:
            findings.add(Code.ENTRY_UNREADABLE, f"{entity} entries[{position}]")
            continue
        if entry.hash != claimed or str(entry.entity) != entity:
            findings.add(Code.ENTRY_EDITED, _at(entity, entry.seq))
        if entry.seq in entries:
            findings.add(Code.CHAIN_FORKED, _at(entity, entry.seq))
        entries.setdefault(entry.seq, entry)
    return [entries[seq] for seq in sorted(entries)]


def _check_links(entity: str, entries: Sequence[Entry], findings: Findings) -> None:
    if entries and entries[0].seq != 1:
        findings.add(Code.CHAIN_GAP, f"{entity} before {entries[0].seq}")
    elif entries and entries[0].previous != GENESIS:
        findings.add(Code.CHAIN_BROKEN, _at(entity, 1))
    for before, after in pairwise(entries):
        if after.seq != before.seq + 1:
            findings.add(Code.CHAIN_GAP, f"{entity} before {after.seq}")
        elif after.previous != before.hash:
            findings.add(Code.CHAIN_BROKEN, _at(entity, after.seq))


def _check_head(entity: str, chain: Chain, entries: Sequence[Entry], findings: Findings) -> None:
    last = entries[-1] if entries else None
    match chain.head, last:
        case None, None:
            pass
        case None, _:
            findings.add(Code.HEAD_MISSING, entity)
        case (_, None):
            findings.add(Code.TAIL_CUT, _at(entity, 0))
        case ((int(seq), bytes(hash_)), Entry() as end):
            if seq > end.seq:
                findings.add(Code.TAIL_CUT, _at(entity, end.seq))
            elif seq < end.seq:
                findings.add(Code.HEAD_BEHIND, entity)
            elif hash_ != end.hash:
                findings.add(Code.HEAD_EDITED, entity)


def _at(entity: str, seq: int) -> str:
    return f"{entity} at {seq}"
