"""What the verifier can find, each under a stable code."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Stable: auditors' tools rely on them."""

    ENTRY_UNREADABLE = "entry_unreadable"  # an entry lacks a field or holds what cannot be
    ENTRY_EDITED = "entry_edited"  # an entry's content is not what its hash says
    CHAIN_BROKEN = "chain_broken"  # an entry does not name its predecessor's hash
    CHAIN_GAP = "chain_gap"  # a sequence number is missing
    CHAIN_FORKED = "chain_forked"  # a sequence number stands twice
    CHAIN_REWRITTEN = "chain_rewritten"  # an entry is not the one that a checkpoint sealed
    CHAIN_MISSING = "chain_missing"  # a checkpoint sealed a chain that is gone
    TAIL_CUT = "tail_cut"  # a head or a checkpoint knows a later entry than the last
    HEAD_MISSING = "head_missing"  # entries without a head
    HEAD_BEHIND = "head_behind"  # the head is before the last entry
    HEAD_EDITED = "head_edited"  # the head's hash is not its entry's
    NOT_CHECKPOINTED = "not_checkpointed"  # older than the last checkpoint, yet in none
    NOTHING_CHECKPOINTED = "nothing_checkpointed"  # there is not a single checkpoint
    CHECKPOINT_UNREADABLE = "checkpoint_unreadable"  # no JWS, or no checkpoint inside it
    CHECKPOINT_BAD_SIGNATURE = "checkpoint_bad_signature"  # not signed by a key we trust
    CHECKPOINT_MISSING = "checkpoint_missing"  # a number is missing, or the latest ones
    CHECKPOINT_FORKED = "checkpoint_forked"  # two checkpoints of one number
    CHECKPOINT_BROKEN = "checkpoint_broken"  # does not name its predecessor's hash
    CHECKPOINT_WINDOW_GAP = "checkpoint_window_gap"  # does not begin where the one before ended
    LEAVES_MISSING = "leaves_missing"  # a checkpoint without its leaves
    LEAVES_EDITED = "leaves_edited"  # the leaves are not those of the signed root
    ERASURES_UNREADABLE = "erasures_unreadable"  # no JWS, or no document of the ledger inside it
    ERASURES_BAD_SIGNATURE = "erasures_bad_signature"  # not signed by a key we trust
    ERASURES_MISSING = "erasures_missing"  # a document is missing, or the latest ones
    ERASURES_FORKED = "erasures_forked"  # two documents of one number
    ERASURES_BROKEN = "erasures_broken"  # does not name its predecessor's hash
    ERASURES_WINDOW_GAP = "erasures_window_gap"  # does not begin where the one before ended
    DIGEST_NOT_CHECKPOINTED = "digest_not_checkpointed"  # a batch's digest is in no checkpoint
    BATCH_MISSING = "batch_missing"  # a checkpoint's digest is in no batch
    RECEIPT_INVALID = "receipt_invalid"  # the text is no receipt
    RECEIPT_ITEM_MISMATCH = "receipt_item_mismatch"  # the stored item is not the one receipted
    RECEIPT_NOT_INCLUDED = "receipt_not_included"  # in no valid checkpoint


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where: an entity and number, or a checkpoint's number."""

    code: Code
    where: str

    def __str__(self) -> str:
        return f"{self.code} {self.where}"


class Findings:
    """A report being written; in the order of discovery, each finding once."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}

    def add(self, code: Code, where: str) -> None:
        self._found.setdefault(Finding(code, where))

    @property
    def found(self) -> tuple[Finding, ...]:
        return tuple(self._found)
