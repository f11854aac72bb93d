"""What goes to KMS, and what of its answers is believed."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from chalicelib.vault.errors import SealBroken
from chalicelib.vault.kms import Branch, KeyService

ARN = "arn:aws:kms:ap-southeast-3:111122223333:key/1"
BRANCH = Branch("person", "01JAGA")
CONTEXT = {"application": "jaga", "stage": "prod", "purpose": "person", "branch": "01JAGA"}


class Kms:
    """Answers as told, and remembers what it was asked."""

    def __init__(self, *, key_id: str = ARN, error: str | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._key_id = key_id
        self._error = error

    def generate_data_key(self, **parameters: Any) -> dict[str, Any]:
        return self._answer(parameters)

    def decrypt(self, **parameters: Any) -> dict[str, Any]:
        return self._answer(parameters)

    def _answer(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(parameters)
        if self._error:
            raise ClientError({"Error": {"Code": self._error, "Message": "no"}}, "Decrypt")
        return {"KeyId": self._key_id, "Plaintext": bytes(32), "CiphertextBlob": b"wrapped"}


def service(kms: Kms) -> KeyService:
    return KeyService(cast("Any", kms), ARN, "prod")


def test_the_context_names_application_stage_purpose_and_branch() -> None:
    kms = Kms()
    _, wrapped = service(kms).generate(BRANCH)
    service(kms).unwrap(BRANCH, wrapped)
    assert kms.asked == [
        {"KeyId": ARN, "NumberOfBytes": 32, "EncryptionContext": CONTEXT},
        {"KeyId": ARN, "CiphertextBlob": b"wrapped", "EncryptionContext": CONTEXT},
    ]


def test_an_answer_of_another_kms_key_is_refused() -> None:
    with pytest.raises(SealBroken):
        service(Kms(key_id=ARN[:-1] + "2")).unwrap(BRANCH, b"wrapped")
    with pytest.raises(SealBroken):
        service(Kms(key_id=ARN[:-1] + "2")).generate(BRANCH)


@pytest.mark.parametrize("code", ["InvalidCiphertextException", "IncorrectKeyException"])
def test_a_refused_ciphertext_is_broken(code: str) -> None:
    with pytest.raises(SealBroken):
        service(Kms(error=code)).unwrap(BRANCH, b"wrapped")


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "AccessDeniedException", "DisabledException"]
)
def test_other_failures_are_not_taken_for_tampering(code: str) -> None:
    with pytest.raises(ClientError) as failure:
        service(Kms(error=code)).unwrap(BRANCH, b"wrapped")
    assert failure.value.response["Error"]["Code"] == code
