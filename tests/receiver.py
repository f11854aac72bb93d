"""A receiver of webhooks on this machine: remembers what came and answers as it is told."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

type Behaviour = Callable[[BaseHTTPRequestHandler], None]
"""Answers one request."""


@dataclass(frozen=True)
class Received:
    """One request: its path, its headers under lower-case names, its body."""

    path: str
    headers: dict[str, str]
    body: bytes


def answer(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """The behaviour that answers `status`."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return behave


class Receiver:
    """Listens on a free port of 127.0.0.1. The next answers are in `script`, then 204 for ever."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.script: list[Behaviour] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer._next(Received(self.path, headers, body))(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # who is cut off in the middle of an answer is part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            # Without the handshake in accept(): one client that does not finish it holds up none.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _next(self, request: Received) -> Behaviour:
        with self._lock:
            self.received.append(request)
            return self.script.pop(0) if self.script else answer(204)


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that is there within."""
    receiver = Receiver(tls)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
