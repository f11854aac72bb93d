"""Proofs of filing: what an authority, a portal or a newspaper gave us back.

    proofs/<incident id>/<proof id>   sealed pieces, one after the other, of 380 KB but the last

Under the incident's key, in the write-once bucket of the trail: nobody changes a proof, and whoever
ends the key ends it. Each piece is bound to its object and to its place in it.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.incidents.notices.errors import ProofLost
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import LONGEST_PLAINTEXT, LONGEST_SEALED, SealContext
from chalicelib.vault.vault import Vault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LONGEST = 3_000_000
"""Bytes of a proof: its Base64 fits into what a function is handed."""
_BEGINNINGS = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "message/rfc822": b"",
}
MEDIA_TYPES = tuple(_BEGINNINGS)
ENDINGS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "message/rfc822": "eml",
}
"""What the names of files of a media type end in."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a proof lies, and what it is. `sha256` is over its bytes, hex."""

    incident_id: str
    proof_id: str
    media_type: str
    sha256: str


class Proofs:
    """The write-once bucket, as far as it holds proofs."""

    def __init__(self, s3: "S3Client", bucket: str, vault: Vault) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._vault = vault

    def keep(self, incident_id: str, proof_id: str, media_type: str, content: bytes) -> Proof:
        """Puts `content` under an id that nobody used. What nobody notes afterwards is harmless.

        Raises `InvalidInput` for what is empty, too long or not of its media type.
        """
        _check(media_type, content)
        proof = Proof(incident_id, proof_id, media_type, sha256(content).hexdigest())
        pieces = _cut(content, LONGEST_PLAINTEXT)
        sealed = (
            self._vault.seal(
                Scope.incident(incident_id), _context(proof, number, len(pieces)), piece
            )
            for number, piece in enumerate(pieces)
        )
        # Nothing is ever written over; an id that came twice fails here.
        self._s3.put_object(
            Bucket=self._bucket,
            Key=_key(proof),
            Body=b"".join(sealed),
            IfNoneMatch="*",
            ChecksumAlgorithm="SHA256",
        )
        return proof

    def read(self, proof: Proof) -> bytes:
        """What was kept. Raises `ProofLost`, `KeyDestroyed`, `SealBroken`, the client's errors."""
        answer = self._s3.get_object(Bucket=self._bucket, Key=_key(proof), ChecksumMode="ENABLED")
        pieces = _cut(answer["Body"].read(), LONGEST_SEALED)
        content = b"".join(
            self._vault.open(
                Scope.incident(proof.incident_id), _context(proof, number, len(pieces)), piece
            )
            for number, piece in enumerate(pieces)
        )
        if sha256(content).hexdigest() != proof.sha256:
            raise ProofLost
        return content


def _check(media_type: str, content: bytes) -> None:
    if not content:
        raise InvalidInput(FieldError("proof", "missing"))
    if len(content) > LONGEST:
        raise InvalidInput(FieldError("proof", "too_long"))
    if not content.startswith(_BEGINNINGS[media_type]):
        raise InvalidInput(FieldError("proof", "not_of_its_type"))


def _key(proof: Proof) -> str:
    return f"proofs/{proof.incident_id}/{proof.proof_id}"


def _cut(content: bytes, longest: int) -> list[bytes]:
    return [content[start : start + longest] for start in range(0, len(content), longest)]


def _context(proof: Proof, number: int, count: int) -> SealContext:
    bound = (f"piece={number}/{count}", f"media_type={proof.media_type}")
    return SealContext("trail", _key(proof), "", "filing_proof", 1, bound)
