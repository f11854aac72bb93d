"""One attempt over real sockets: to the address decided upon, and for a bounded time."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.connectors.webhooks import client as client_module
from chalicelib.connectors.webhooks.client import NoAnswer, WebhookClient, resolve_addresses
from chalicelib.connectors.webhooks.targets import Address, RefusedTarget, Target
from tests.receiver import Receiver, answer, receiving

HERE = IPv4Address("127.0.0.1")
NAME = "hooks.example.test"
BODY = b'{"type":"test"}'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def client() -> WebhookClient:
    return WebhookClient(loopback=True)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of `NAME` with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "identity.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def named(identity: Path) -> Iterator[tuple[Receiver, list[str | None]]]:
    """A receiver over TLS that proves to be `NAME`, and the names that it was asked for."""
    asked: list[str | None] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(identity)
    tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    with receiving(tls) as running:
        yield running, asked


def trusting(identity: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(identity))


def test_an_endpoint_gets_the_body_and_its_status_comes_back(
    receiver: Receiver, client: WebhookClient
) -> None:
    receiver.script = [answer(202)]
    assert client.post(f"{receiver.url}?x=%20", {"webhook-id": "msg_1"}, BODY) == 202
    (got,) = receiver.received
    assert (got.path, got.body) == ("/hook?x=%20", BODY)
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["user-agent"].startswith("jaga/")


def test_the_connection_goes_to_the_address_under_the_name(
    named: tuple[Receiver, list[str | None]], identity: Path
) -> None:
    receiver, asked = named
    client = WebhookClient(loopback=False, tls=trusting(identity))
    target = Target(tls=True, host=NAME, port=receiver.port, path="/hook")
    assert client.exchange(target, HERE, {}, BODY) == 204
    assert asked == [NAME]
    (got,) = receiver.received
    assert got.headers["host"] == f"{NAME}:{receiver.port}"


def test_a_certificate_of_another_name_is_no_answer(
    named: tuple[Receiver, list[str | None]], identity: Path
) -> None:
    receiver, _ = named
    client = WebhookClient(loopback=False, tls=trusting(identity))
    target = Target(tls=True, host="other.example.test", port=receiver.port, path="/hook")
    with pytest.raises(NoAnswer):
        client.exchange(target, HERE, {}, BODY)
    assert receiver.received == []


def test_a_certificate_that_nobody_vouches_for_is_no_answer(
    named: tuple[Receiver, list[str | None]],
) -> None:
    receiver, _ = named
    target = Target(tls=True, host=NAME, port=receiver.port, path="/hook")
    with pytest.raises(NoAnswer):
        WebhookClient(loopback=False).exchange(target, HERE, {}, BODY)
    assert receiver.received == []


def test_a_name_that_resolves_to_the_machine_itself_is_not_connected_to(
    named: tuple[Receiver, list[str | None]], identity: Path
) -> None:
    receiver, asked = named
    for loopback in (False, True):
        client = WebhookClient(
            loopback=loopback, tls=trusting(identity), resolve=lambda _host, _port: [HERE]
        )
        with pytest.raises(RefusedTarget):
            client.post(f"https://{NAME}:{receiver.port}/hook", {}, BODY)
    assert (receiver.received, asked) == ([], [])


def test_a_name_is_resolved_once_so_that_rebinding_gains_nothing() -> None:
    answers: list[Sequence[Address]] = [[ip_address("93.184.215.14")], [HERE]]
    client = WebhookClient(loopback=False, resolve=lambda _host, _port: answers.pop(0))
    _, address = client.locate(f"https://{NAME}/hook")
    assert address == ip_address("93.184.215.14")
    assert len(answers) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(
    receiver: Receiver, client: WebhookClient, status: int
) -> None:
    receiver.script = [answer(status, location=f"{receiver.url}/elsewhere")]
    assert client.post(receiver.url, {}, BODY) == status
    assert len(receiver.received) == 1


def test_an_endless_answer_is_not_read(receiver: Receiver, client: WebhookClient) -> None:
    sent = 0

    def endless(request: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        request.send_response(200)
        request.end_headers()
        while True:
            sent += request.wfile.write(bytes(65536))

    receiver.script = [endless]
    assert client.post(receiver.url, {}, BODY) == 200
    assert sent < 64 * 1024 * 1024  # what the sockets' buffers hold, at the very most


def test_a_silent_endpoint_is_given_up(
    receiver: Receiver, client: WebhookClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_READ_SECONDS", 0.2)
    receiver.script = [lambda _request: time.sleep(2)]
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        client.post(receiver.url, {}, BODY)
    assert time.monotonic() - begun < 1.5


def test_an_endpoint_that_trickles_is_given_up(
    receiver: Receiver, client: WebhookClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_EXCHANGE_SECONDS", 0.5)

    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
        while True:  # never silent for as long as a socket's timeout
            request.wfile.write(b"x")
            time.sleep(0.05)

    receiver.script = [trickle]
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        client.post(receiver.url, {}, BODY)
    assert time.monotonic() - begun < 3


def test_an_endpoint_that_trickles_over_tls_is_given_up(
    named: tuple[Receiver, list[str | None]], identity: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_EXCHANGE_SECONDS", 0.5)
    receiver, _ = named

    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
        while True:
            request.wfile.write(b"x")
            time.sleep(0.05)

    receiver.script = [trickle]
    client = WebhookClient(loopback=False, tls=trusting(identity))
    target = Target(tls=True, host=NAME, port=receiver.port, path="/hook")
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        client.exchange(target, HERE, {}, BODY)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http_is_no_answer(
    receiver: Receiver, client: WebhookClient, raw: bytes
) -> None:

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(raw)

    receiver.script = [behave]
    with pytest.raises(NoAnswer):
        client.post(receiver.url, {}, BODY)


class Wired(WebhookClient):
    """Connected to nothing but one end of a pair of sockets."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(loopback=True)
        self._end = end

    def _connect(self, target: Target, address: Address) -> socket.socket:
        return self._end


@settings(deadline=None)
@given(st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n"]), st.binary(max_size=300))
def test_whatever_comes_back_is_a_status_or_no_answer(beginning: bytes, rest: bytes) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(beginning + rest)
        theirs.shutdown(socket.SHUT_WR)
        target = Target(tls=False, host="127.0.0.1", port=80, path="/")
        try:
            status = Wired(ours).exchange(target, HERE, {}, BODY)
        except NoAnswer:
            return
        assert 100 <= status <= 999


def test_an_endpoint_that_is_away_is_no_answer(client: WebhookClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(NoAnswer) as failure:
        client.post(f"http://127.0.0.1:{port}/hook", {}, BODY)
    assert str(port) not in str(failure.value)
    assert failure.value.__suppress_context__


def test_the_resolver_knows_this_machine() -> None:
    assert HERE in resolve_addresses("localhost", 80)


def test_a_name_that_does_not_exist_has_no_addresses() -> None:
    assert resolve_addresses("does-not-exist.invalid", 443) == []


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        released.wait(5)
        return []

    monkeypatch.setattr(client_module, "_RESOLVE_SECONDS", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        resolve_addresses(NAME, 443)
    assert time.monotonic() - begun < 3
    released.set()
