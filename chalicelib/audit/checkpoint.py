"""The scheduled job that seals what happened: a signed Merkle root in a write-once bucket.

A checkpoint is written in three steps: its leaves, its JWS, the pointer to it. Only the second
decides. The JWS of a number has one name and is created under `If-None-Match: *`, so of two runs
at once one wins and the chain of checkpoints cannot fork. A run that dies leaves either unused
leaves or a pointer that is behind; the next run reads on from the pointer and adopts what stands in
the bucket. Running it twice, late, or after a restore of the pointer is therefore safe.

When nothing changed an empty checkpoint is written all the same: it proves that nothing had
happened up to that hour, so that nothing can be slipped in afterwards, and it tells a quiet hour
from a dead job, for a few hundred bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.audit import jws
from chalicelib.audit.collector import FIRST_LOOKBACK, Collector
from chalicelib.audit.document import KIND, Checkpoint, jws_key, leaves_key
from chalicelib.audit.leaves import Leaves
from chalicelib.audit.link import Link
from chalicelib.audit.pointer import Pointer
from chalicelib.clock import Clock, to_millis
from chalicelib.errors import Internal

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RESERVE = 15_000  # ms kept for signing and the three writes
_ATTEMPTS = 3


class CheckpointsBroken(Internal):
    """The object after the last checkpoint does not continue it. Somebody must look."""

    code = "checkpoints_broken"


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did, in counts, and how far the last checkpoint is behind the present."""

    number: int = 0
    written: int = 0
    adopted: int = 0
    heads: int = 0
    leaves: int = 0
    lag_seconds: int = 0


class Checkpoints:
    """Writes checkpoints of what `collector` finds.

    The very first one covers the `first_lookback` ms before it.
    """

    def __init__(
        self,
        collector: Collector,
        pointer: Pointer,
        s3: "S3Client",
        bucket: str,
        signer: jws.Signer,
        clock: Clock,
        *,
        first_lookback: int = FIRST_LOOKBACK,
    ) -> None:
        self._collector = collector
        self._pointer = pointer
        self._s3 = s3
        self._bucket = bucket
        self._signer = signer
        self._clock = clock
        self._first_lookback = first_lookback

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Writes checkpoints until the present is covered or `remaining_ms` runs low.

        Raises `CheckpointsBroken`, `UnreadableItem` and the clients' errors; whatever was written
        until then stands.
        """
        report = Report()
        now = to_millis(self._clock.now())
        link = self._pointer.read() or Link.start(now - self._first_lookback)
        while remaining_ms() > RESERVE:
            link, adopted = self._adopt(link)
            report = replace(report, adopted=report.adopted + adopted)
            if link.end >= now:
                break
            found = self._collector.collect(link.end, now, lambda: remaining_ms() > RESERVE)
            if found is None:
                break
            leaves, end = found
            written = self._write(link, leaves, end)
            if written:
                link = self._advance(link, *written)
                report = replace(
                    report,
                    written=report.written + 1,
                    heads=report.heads + len(leaves.heads),
                    leaves=report.leaves + len(leaves),
                )
        behind = to_millis(self._clock.now()) - link.end
        return replace(report, number=link.number, lag_seconds=max(0, behind // 1000))

    def _write(self, link: Link, leaves: Leaves, end: int) -> tuple[Checkpoint, str] | None:
        """Writes the checkpoint after `link`; None when another run was first."""
        checkpoint = Checkpoint(
            number=link.number + 1,
            previous=link.sha256,
            start=link.end,
            end=end,
            heads=len(leaves.heads),
            leaves=len(leaves),
            root=leaves.root,
            created_at=to_millis(self._clock.now()),
        )
        self._create(leaves_key(checkpoint.number, checkpoint.root), leaves.to_bytes())
        text = jws.sign(self._signer, KIND, checkpoint.payload())
        if not self._create(jws_key(checkpoint.number), text.encode()):
            return None
        return checkpoint, text

    def _adopt(self, link: Link) -> tuple[Link, int]:
        """Moves on over every checkpoint that stands beyond `link`; also says how many."""
        adopted = 0
        while (text := self._read(jws_key(link.number + 1))) is not None:
            checkpoint = Checkpoint.from_payload(jws.Jws.parse(text).payload)
            if (checkpoint.number, checkpoint.previous) != (link.number + 1, link.sha256):
                raise CheckpointsBroken(jws_key(link.number + 1))
            link = self._advance(link, checkpoint, text)
            adopted += 1
        return link, adopted

    def _advance(self, link: Link, checkpoint: Checkpoint, text: str) -> Link:
        following = Link.after(checkpoint, text)
        self._pointer.move(link, following)
        return following

    def _create(self, key: str, body: bytes) -> bool:
        """Creates an object; False when there is one of that name."""
        for attempt in range(_ATTEMPTS):
            try:
                self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")
            except self._s3.exceptions.ClientError as refusal:
                match refusal.response["Error"]["Code"]:
                    case "PreconditionFailed":
                        return False
                    # Somebody is creating the same object now, and may yet fail: try again.
                    case "ConditionalRequestConflict" if attempt + 1 < _ATTEMPTS:
                        continue
                raise
            break
        return True

    def _read(self, key: str) -> str | None:
        # Without s3:ListBucket a missing object would be answered by 403, not by NoSuchKey.
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        except self._s3.exceptions.NoSuchKey:
            return None
        return answer["Body"].read().decode()
