"""Which of AWS's failures pass by themselves, and after which nothing has happened."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ReadTimeoutError,
)

from chalicelib.aws import REFUSED_FOR_NOW, is_passing


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "PutItem")


@pytest.mark.parametrize(
    "code",
    [
        "InternalServerError",
        "KMSInternalException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottlingException",
        "TransactionConflictException",
    ],
)
def test_throttling_and_failures_of_aws_pass(code: str) -> None:
    assert is_passing(refused(code))


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"]
)
def test_what_we_did_wrong_does_not_pass(code: str) -> None:
    assert not is_passing(refused(code))


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="x"),
        ConnectTimeoutError(endpoint_url="x"),
        ReadTimeoutError(endpoint_url="x"),
    ],
    ids=repr,
)
def test_an_absent_service_passes(error: BotoCoreError) -> None:
    assert is_passing(error)


@pytest.mark.parametrize(
    "error",
    [NoCredentialsError(), NoRegionError(), ParamValidationError(report=""), ValueError()],
    ids=repr,
)
def test_what_somebody_must_mend_does_not_pass(error: Exception) -> None:
    assert not is_passing(error)


def test_a_call_of_unknown_outcome_is_not_built_anew() -> None:
    assert "InternalServerError" not in REFUSED_FOR_NOW
