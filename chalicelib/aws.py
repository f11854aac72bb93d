"""How we talk to AWS: one configuration for every client, and which failures pass by themselves."""

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  # its name

from chalicelib import __version__

CONNECT_SECONDS = 1
READ_SECONDS = 5
"""How long one attempt waits for a connection, and then for an answer: API Gateway gives up after
29 seconds."""

CLIENT_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 4},
    # botocore would build its own twice a request: an eighth of a write in bench/invocation.py.
    user_agent=f"jaga/{__version__}",
    # Requests are typed (mypy-boto3) and tested against two implementations; validating them
    # again costs another tenth.
    parameter_validation=False,
)

ONE_ATTEMPT = CLIENT_CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
"""For calls that must not happen twice behind our back: a mail that was sent before its answer was
lost would be sent again."""

PRESIGNING = CLIENT_CONFIG.merge(
    Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
)
"""For addresses that a browser uses. S3 takes no older signature for objects under our own key; and
only with this style botocore signs for the region's host, where it would take the global one, which
a region that has to be opted into (Jakarta) does not answer at."""

REFUSED_FOR_NOW = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
    }
)
"""Errors, and reasons of a cancelled transaction, after which nothing has happened: the same thing
may be built anew and tried again."""

_FAILED_FOR_NOW = frozenset({"InternalServerError", "KMSInternalException", "ServiceUnavailable"})
"""AWS's own failures: they pass, but whether the call took effect is not known."""


def is_passing(error: Exception) -> bool:
    """Whether `error` is AWS's throttling or absence: the same call may go through later.

    Missing credentials or a wrong parameter are ours to mend and do not pass.
    """
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in REFUSED_FOR_NOW | _FAILED_FOR_NOW
    return isinstance(error, HTTPClientError | ConnectionError)
