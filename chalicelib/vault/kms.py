"""KMS, as far as the keyring needs it: branch keys made and unwrapped under their context."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.vault.errors import SealBroken
from chalicelib.vault.keys import BranchKey

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.type_defs import DecryptResponseTypeDef, GenerateDataKeyResponseTypeDef


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch key's identity: what it serves and its ULID."""

    purpose: str
    id: str


class KeyService:
    """Wraps and unwraps branch keys with one symmetric KMS key."""

    def __init__(self, client: "KMSClient", key_arn: str, stage: str) -> None:
        logging.getLogger("botocore.parsers").addFilter(_hides_plaintext)
        self._client = client
        self._key_arn = key_arn
        self._stage = stage

    def context(self, branch: Branch) -> dict[str, str]:
        """The encryption context of `branch`, in a fixed order.

        KMS binds it to the wrapped branch key and writes it into CloudTrail, so it names nobody;
        the keyring binds the same to every data key below.
        """
        return {
            "application": "jaga",
            "stage": self._stage,
            "purpose": branch.purpose,
            "branch": branch.id,
        }

    def generate(self, branch: Branch) -> tuple[BranchKey, bytes]:
        """A new branch key, plain and wrapped. One GenerateDataKey. Raises `SealBroken`."""
        answer = self._client.generate_data_key(
            KeyId=self._key_arn, NumberOfBytes=32, EncryptionContext=self.context(branch)
        )
        return self._plaintext(answer), answer["CiphertextBlob"]

    def unwrap(self, branch: Branch, wrapped: bytes) -> BranchKey:
        """The branch key behind `wrapped`. One Decrypt.

        Raises `SealBroken` when KMS refuses the ciphertext (changed, of another context or KMS
        key) or says that another KMS key than ours opened it.
        """
        try:
            answer = self._client.decrypt(
                KeyId=self._key_arn,
                CiphertextBlob=wrapped,
                EncryptionContext=self.context(branch),
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in _REFUSED:
                raise SealBroken from None
            raise
        return self._plaintext(answer)

    def _plaintext(
        self, answer: "GenerateDataKeyResponseTypeDef | DecryptResponseTypeDef"
    ) -> BranchKey:
        if answer["KeyId"] != self._key_arn:
            raise SealBroken
        return BranchKey(answer["Plaintext"])


def _hides_plaintext(record: logging.LogRecord) -> bool:
    # At DEBUG botocore logs each answer's body, a branch key in base64 among them: that line goes.
    return "Plaintext" not in record.getMessage()


_REFUSED = {"InvalidCiphertextException", "IncorrectKeyException"}
