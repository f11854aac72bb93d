"""A function whose handler raised goes on, as on AWS; the embedded Lambda starts it anew.

An exception is how a Lambda authorizer refuses a token, so every refusal would be followed by a
cold start of two seconds. A handler that ran out of time, or whose process died, is started anew on
both.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime

type _Answer = dict[str, Any]

_RAISED = '{"status": "error", "error": str(e), "trace"'
_KEPT = '{"status": "ok", "raised": True, "error": str(e), "trace"'
_invoke: Callable[..., _Answer] = lambda_runtime.Worker.invoke


def install() -> None:
    """Keeps the workers of this process. Raises `RuntimeError` if ministack's script is another."""
    script: str = lambda_runtime._PYTHON_WORKER_SCRIPT  # noqa: SLF001  # there is no public place
    if script.count(_RAISED) != 1:
        raise RuntimeError("the worker's script of this ministack is another")
    # To its own invoke the run is in order, so that it leaves the process alone; to its caller not.
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_RAISED, _KEPT)  # noqa: SLF001
    lambda_runtime.Worker.invoke = _invoke_and_keep


def _invoke_and_keep(worker: object, *given: Any, **named: Any) -> _Answer:
    answer = _invoke(worker, *given, **named)
    if answer.pop("raised", False):
        answer["status"] = "error"
    return answer
