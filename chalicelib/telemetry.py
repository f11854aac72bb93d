"""What the functions tell their operators: structured log lines and CloudWatch metrics (EMF).

An exception's text may hold what somebody sent (pydantic and botocore quote their input), so only
its type and the places it passed through are logged.

Powertools is imported when first used: most containers never fail and never run a job, and its
import is a fifth of the app's (bench/invocation.py).
"""

import traceback
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

NAMESPACE = "Jaga"


def log_failure(error: Exception, request_id: str) -> None:
    """Writes one error line: the type, the frames (file:line function), the request's id.

    And the `line` of what could not be read, where the error has one: a number gives nobody away.
    """
    frames = [
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    line = getattr(error, "line", None)
    _logger().error(
        "unexpected_error",
        extra={
            "error_type": type(error).__name__,
            "frames": frames,
            "request_id": request_id,
            **({"line": line} if isinstance(line, int) else {}),
        },
    )


class HandlerFailed(Exception):
    """An event handler failed; its argument is the type of what it raised, never the text."""


def withhold_text(event: Any, handle: Callable[[Any], Any]) -> Any:
    """Chalice event middleware: a failure is logged by us and goes on as `HandlerFailed`.

    Lambda writes what a handler raises, text and all, into the log and into the message for the
    failures' queue. It still has to see a failure, or nothing would be tried again.
    """
    try:
        return handle(event)
    except Exception as error:  # noqa: BLE001  # whatever it is, its text must not go on
        log_failure(error, getattr(event.context, "aws_request_id", ""))
        kind = type(error).__name__
    # Outside of the handler, so that the original does not come along as the context.
    raise HandlerFailed(kind)


def report_counts(job: str, stage: str, counts: dict[str, int]) -> None:
    """Publishes `counts` as metrics of the namespace `Jaga` under `service` = `job` and `stage`."""
    from aws_lambda_powertools import Metrics  # noqa: PLC0415  # see above
    from aws_lambda_powertools.metrics import MetricUnit  # noqa: PLC0415

    metrics = Metrics(namespace=NAMESPACE, service=job)
    metrics.add_dimension(name="stage", value=stage)
    for name, value in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    metrics.flush_metrics()


@cache
def _logger() -> "Logger":
    from aws_lambda_powertools import Logger  # noqa: PLC0415  # see above

    # Not "jaga": Chalice puts its own handler on the logger of that name.
    return Logger(service="privacy-office")
