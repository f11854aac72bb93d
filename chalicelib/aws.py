"""How we talk to AWS: one configuration for every client, and which failures pass by themselves."""

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CLIENT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=5,  # seconds; API Gateway gives up after 29
    retries={"mode": "standard", "total_max_attempts": 4},
    # Requests are typed (mypy-boto3) and tested against two implementations; validating each again
    # costs a tenth of a write's CPU time (bench/invocation.py).
    parameter_validation=False,
)

_PASSING = {
    "InternalServerError",
    "KMSInternalException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottlingException",
}


def is_passing(error: Exception) -> bool:
    """Whether `error` is AWS's throttling or absence: the same call may go through later."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _PASSING
    return isinstance(error, BotoCoreError)
