"""How we talk to AWS: one configuration for every client, and which failures pass by themselves."""

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import __version__

CLIENT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=5,  # seconds; API Gateway gives up after 29
    retries={"mode": "standard", "total_max_attempts": 4},
    # botocore would build its own twice a request: an eighth of a write in bench/invocation.py.
    user_agent=f"jaga/{__version__}",
    # Requests are typed (mypy-boto3) and tested against two implementations; validating them
    # again costs another tenth.
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
    "TransactionConflictException",
}


def is_passing(error: Exception) -> bool:
    """Whether `error` is AWS's throttling or absence: the same call may go through later."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _PASSING
    return isinstance(error, BotoCoreError)
