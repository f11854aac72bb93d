"""The embedded AWS's own process: `python -m infra.local.embedded`, started by `infra.local.aws`.

ministack as it comes, with eight differences. It saves its state every few seconds and not only
when it is told to end, so that a crash loses seconds. It ends when the process that started it
does: that one holds the other end of our standard input. Its streams and queues outlive a restart.
Its IAM knows more conditions. Its Cognito gives no tokens for half a sign-in. Its functions go on
after an exception. Its RDS Data API has a PostgreSQL behind it. And the API runs a few requests at
a time; the rest wait, where ministack would start a process for each.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import ministack.app
from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.services import sqs

from infra.local import conditions, data_api, sign_in, streams, workers

SAVE_EVERY = 5.0  # seconds
_PORT_OF_QUEUES = "4566"  # ministack's own
_SAVED = (
    "lambda",  # first: how far a stream was read must not be ahead of the saved stream
    "apigateway_v1",
    "cloudformation",
    "cloudwatch",
    "cloudwatch_logs",
    "cognito",
    "dynamodb",
    "eventbridge",
    "iam",
    "kms",
    "s3",
    "secretsmanager",
    "ses",
    "sns",
    "sqs",
)
"""The state files of the services that the stack uses."""

type _Scope = MutableMapping[str, Any]
type _Receive = Callable[[], Awaitable[_Scope]]
type _Send = Callable[[_Scope], Awaitable[None]]


_turns = asyncio.Semaphore(max(4, 2 * (os.cpu_count() or 1)))


async def _application(scope: _Scope, receive: _Receive, send: _Send) -> None:
    """ministack behind what stands for TLS here, the loopback interface.

    The policies of bucket and queues refuse plain HTTP; they stay as they are deployed.
    """
    if scope["type"] != "http":
        await ministack.app.app(scope, receive, send)
        return
    forwarded = (b"x-forwarded-proto", b"https")
    scope = {**scope, "headers": [*scope["headers"], forwarded]}
    # Functions call AWS but never the API, so a request that waits holds up none that runs.
    waits = scope["path"].startswith("/_aws/execute-api/")
    async with _turns if waits else contextlib.nullcontext():
        await ministack.app.app(scope, receive, send)


async def _save_regularly() -> None:
    while True:
        await asyncio.sleep(SAVE_EVERY)
        # On the event loop, between two requests: no half-made change is saved.
        every = ministack.app._build_persistence_save_dict()  # noqa: SLF001
        ministack.app.save_all({name: every[name] for name in _SAVED if name in every})


def _name_queues_without_our_port() -> None:
    """The embedded SQS knows a queue by its URL: with the present port in it, a run on another port
    would not find the queues of the kept state. Clients talk to their endpoint, whatever the URL.
    """
    sqs.DEFAULT_PORT = _PORT_OF_QUEUES
    sqs._CANONICAL_NETLOC = f"{sqs.DEFAULT_HOST}:{_PORT_OF_QUEUES}"  # noqa: SLF001  # follows from it


async def _serve() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)

    def await_parent() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=await_parent, daemon=True).start()
    conditions.install()
    _name_queues_without_our_port()
    streams.install()
    sign_in.install()
    workers.install()
    data_api.install()
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    logging.getLogger("persistence").setLevel(logging.WARNING)  # a line a file, every time
    saving = asyncio.create_task(_save_regularly())
    await serve(_application, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]  # hypercorn's own scope types
    saving.cancel()
    data_api.stop()
    # The state is saved. Threads that still wait for a Lambda worker would hold up the usual exit.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(_serve())
