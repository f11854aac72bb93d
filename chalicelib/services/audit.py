"""The services that prove what happened."""

from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.audit.digests import DigestBook
from chalicelib.audit.receipt_keys import ALL_ELSE, RECEIPTS_ONLY
from chalicelib.aws import PRESIGNING
from chalicelib.services.foundation import Foundation

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.audit.checkpoint import Checkpoints
    from chalicelib.audit.erasing import Erasing
    from chalicelib.audit.export import Exporter
    from chalicelib.packing.objects import Exports
    from chalicelib.vault.signing import Signer


class AuditServices(Foundation):
    """Digests, checkpoints, signatures, and where what is signed is handed out."""

    @cached_property
    def digest_book(self) -> DigestBook:
        return DigestBook(self.audit)

    @cached_property
    def checkpoints(self) -> "Checkpoints":
        from chalicelib.audit.checkpoint import Checkpoints
        from chalicelib.audit.collector import Collector
        from chalicelib.audit.pointer import Pointer

        return Checkpoints(
            Collector(self.records, self.audit),
            Pointer(self.records),
            self.s3,
            self.settings.trail_bucket,
            self.signer,
            self.clock,
        )

    def seal(self, remaining_ms: "Callable[[], int]") -> dict[str, int]:
        """What the hourly function does, in counts: a checkpoint, and the ledger's documents."""
        counts = asdict(self.checkpoints.run(remaining_ms))
        erasures = asdict(self.erasing.run(remaining_ms))
        return counts | {f"erasures_{name}": count for name, count in erasures.items()}

    @cached_property
    def erasing(self) -> "Erasing":
        from chalicelib.audit.erasing import Erasing

        return Erasing(
            self.audit,
            self.s3,
            self.settings.trail_bucket,
            self.signer,
            self.trail,
            self.clock,
            self.run_command,
        )

    @cached_property
    def _exports(self) -> "Exports":
        from chalicelib.packing.objects import Exports

        presigning = self._create_client("s3", config=PRESIGNING)
        return Exports(self.s3, presigning, self.settings.exports_bucket)

    @cached_property
    def exporter(self) -> "Exporter":
        from chalicelib.audit.export import Exporter

        bucket = self.settings.trail_bucket
        return Exporter(self.records, self.audit, self.s3, bucket, self.clock)

    @cached_property
    def signer(self) -> "Signer":
        from chalicelib.vault.signing import Signer

        return Signer(self.kms, self.settings.signing_key_id)

    @cached_property
    def receipt_signer(self) -> "Signer":
        from chalicelib.vault.signing import Signer

        return Signer(self.kms, self.settings.receipt_key_id)

    def public_keys(self) -> list[dict[str, str]]:
        """The public keys that our signatures are checked with, as JWKs, the trail's first."""
        return [
            self.signer.public_jwk() | ALL_ELSE,
            self.receipt_signer.public_jwk() | RECEIPTS_ONLY,
        ]
