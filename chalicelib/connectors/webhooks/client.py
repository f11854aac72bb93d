"""One attempt to deliver: resolve, decide, connect to the very address decided upon, post.

Nothing here follows a redirect, and nothing of the answer is used but its status. A receiver that
trickles its answer, or a name server that never answers, costs `LONGEST_SECONDS` at most.

The standard library's HTTP, because urllib3 logs the URL and what it could not parse of an answer.
"""

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address

from chalicelib import __version__
from chalicelib.connectors.webhooks.targets import Address, Target, choose_address, parse_target
from chalicelib.errors import Unavailable

_RESOLVE_SECONDS, _CONNECT_SECONDS, _READ_SECONDS, _EXCHANGE_SECONDS = 3.0, 3.0, 5.0, 10.0
# To connect and to shake hands take up to _CONNECT_SECONDS each.
LONGEST_SECONDS = _RESOLVE_SECONDS + 2 * _CONNECT_SECONDS + _EXCHANGE_SECONDS

type Resolve = Callable[[str, int], Sequence[Address]]
"""All addresses of a host (first) for a port (second). Raises `NoAnswer`."""


class NoAnswer(Unavailable):
    """The endpoint could not be reached, its certificate is not its own, or it took too long."""

    code = "no_answer"


class WebhookClient:
    """Posts to targets that may be posted to. `tls` verifies certificates: the system's roots."""

    def __init__(
        self,
        *,
        loopback: bool,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """With `loopback`, plain HTTP to the machine itself is allowed: for the local stage."""
        self._loopback = loopback
        self._resolve = resolve or resolve_addresses
        self._tls = tls or ssl.create_default_context()

    def locate(self, url: str) -> tuple[Target, Address]:
        """Where `url` leads right now. Raises `RefusedTarget`, `NoAnswer`."""
        target = parse_target(url, loopback=self._loopback)
        return target, choose_address(target, self._resolve(target.host, target.port))

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status that the endpoint at `url` answers `body` (JSON) with.

        Raises `RefusedTarget`, `NoAnswer`.
        """
        return self.exchange(*self.locate(url), headers, body)

    def exchange(
        self, target: Target, address: Address, headers: Mapping[str, str], body: bytes
    ) -> int:
        """As `post`, with the target already located. Raises `NoAnswer`."""
        try:
            with (
                closing(self._connect(target, address)) as connected,
                _cut_after(_EXCHANGE_SECONDS, connected),
            ):
                return _status_of(connected, target, headers, body)
        except (HTTPException, OSError):
            # Not from it: its text has the address, and what the other side sent.
            raise NoAnswer from None

    def _connect(self, target: Target, address: Address) -> socket.socket:
        connected = socket.create_connection((str(address), target.port), _CONNECT_SECONDS)
        if not target.tls:
            return connected
        try:
            # The name goes into the handshake (SNI) and is what the certificate must prove.
            return self._tls.wrap_socket(connected, server_hostname=target.host)
        except OSError:
            connected.close()
            raise


def _status_of(
    connected: socket.socket, target: Target, headers: Mapping[str, str], body: bytes
) -> int:
    connected.settimeout(_READ_SECONDS)
    connection = HTTPConnection(target.host, target.port)
    connection.sock = connected  # so that it connects nowhere itself
    connection.request(
        "POST",
        target.path,
        body,
        {
            **headers,
            "host": target.authority,
            "content-type": "application/json",
            "user-agent": f"jaga/{__version__}",
            "connection": "close",
        },
    )
    # The body stays unread: with the headers one buffer (8 KB) of it was taken in at most.
    with closing(connection.getresponse()) as response:
        return response.status


def resolve_addresses(host: str, port: int) -> list[Address]:
    """What the system's resolver says within three seconds. Raises `NoAnswer`.

    The resolver has no deadline of its own, so it is asked in a thread that is left behind.
    """
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def ask() -> None:
        found: list[str] = []
        with suppress(OSError, UnicodeError):
            found = [
                str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            ]
        answers.put(found)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return [ip_address(each) for each in answers.get(timeout=_RESOLVE_SECONDS)]
    except queue.Empty:
        raise NoAnswer from None


@contextmanager
def _cut_after(seconds: float, connected: socket.socket) -> Iterator[None]:
    """Ends `connected` after `seconds`: a socket's own timeout begins anew with every byte.

    Raises `NoAnswer` when it came to that, whatever was understood of half an answer.
    """
    is_cut = threading.Event()

    def cut() -> None:
        is_cut.set()
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if is_cut.is_set():
            raise NoAnswer from None
