"""An issuer's keys: held, turned, not fetched more than needed, and not trusted when odd."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from chalicelib.oidc.errors import InvalidToken, KeysUnavailable
from chalicelib.oidc.keys import KeySet, fetch_from
from chalicelib.oidc.tokens import LEEWAY, Issuer
from tests.fakes import FixedClock
from tests.tokens import Pool


class Endpoint:
    """What serves a pool's keys; it can be away."""

    def __init__(self) -> None:
        self.pool = Pool("ap-southeast-3_pool")
        self.away = False

    def __call__(self) -> bytes:
        if self.away:
            raise KeysUnavailable
        return self.pool.jwks()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def issuer(endpoint: Endpoint, clock: FixedClock) -> Issuer:
    return Issuer(endpoint.pool.issuer, KeySet(endpoint, clock))


def test_keys_are_fetched_once_an_hour(
    issuer: Issuer, endpoint: Endpoint, clock: FixedClock
) -> None:
    for _ in range(12):
        issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock)), clock)
        clock.advance(timedelta(minutes=5))
    assert endpoint.pool.fetched == 1
    issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock)), clock)
    assert endpoint.pool.fetched == 2


def test_a_turned_key_is_picked_up_with_its_first_token(
    issuer: Issuer, endpoint: Endpoint, clock: FixedClock
) -> None:
    old = endpoint.pool.sign(endpoint.pool.claims(clock))
    issuer.verify(old, clock)
    endpoint.pool.turn()
    clock.advance(timedelta(seconds=30))
    issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock)), clock)
    with pytest.raises(InvalidToken):
        issuer.verify(old, clock)  # its key is not published any more


def test_invented_key_ids_do_not_turn_into_calls(
    issuer: Issuer, endpoint: Endpoint, clock: FixedClock
) -> None:
    issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock)), clock)
    for number in range(50):
        forged = endpoint.pool.sign(endpoint.pool.claims(clock), kid=f"invented-{number}")
        with pytest.raises(InvalidToken):
            issuer.verify(forged, clock)
    assert endpoint.pool.fetched == 1


def test_an_outage_is_survived_with_the_keys_in_hand(
    issuer: Issuer, endpoint: Endpoint, clock: FixedClock
) -> None:
    issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock)), clock)
    endpoint.away = True
    clock.advance(timedelta(hours=2))
    issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock)), clock)


def test_a_key_is_not_trusted_for_more_than_a_day_of_outage(
    issuer: Issuer, endpoint: Endpoint, clock: FixedClock
) -> None:
    issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock)), clock)
    endpoint.away = True
    clock.advance(timedelta(hours=23, minutes=59))
    issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock)), clock)
    clock.advance(timedelta(hours=1))
    with pytest.raises(KeysUnavailable):
        issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock)), clock)


def test_without_any_key_nobody_is_told_from_anybody_until_the_next_token(
    issuer: Issuer, endpoint: Endpoint, clock: FixedClock
) -> None:
    endpoint.away = True
    token = endpoint.pool.sign(endpoint.pool.claims(clock))
    with pytest.raises(KeysUnavailable):
        issuer.verify(token, clock)
    endpoint.away = False
    issuer.verify(token, clock)


@pytest.mark.parametrize(
    ("ahead", "accepted"), [(LEEWAY, True), (LEEWAY + timedelta(seconds=1), False)]
)
def test_an_issuers_clock_may_be_two_minutes_ahead(
    issuer: Issuer, endpoint: Endpoint, clock: FixedClock, ahead: timedelta, accepted: bool
) -> None:
    there = FixedClock(clock.now() + ahead)
    token = endpoint.pool.sign(endpoint.pool.claims(there))
    if accepted:
        assert issuer.verify(token, clock)["iss"] == issuer.name
    else:
        with pytest.raises(InvalidToken):
            issuer.verify(token, clock)


def test_a_slow_clock_prolongs_no_token(
    issuer: Issuer, endpoint: Endpoint, clock: FixedClock
) -> None:
    ends = int(clock.now().timestamp())
    with pytest.raises(InvalidToken):
        issuer.verify(endpoint.pool.sign(endpoint.pool.claims(clock, exp=ends)), clock)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "oct"}]}', b"\xff", b"<html>"]
)
def test_what_is_no_key_set_counts_as_away(clock: FixedClock, body: bytes) -> None:
    with pytest.raises(KeysUnavailable):
        KeySet(lambda: body, clock).key("x")


def test_other_keys_of_the_set_verify_nothing(endpoint: Endpoint, clock: FixedClock) -> None:
    (key,) = json.loads(endpoint.pool.jwks())["keys"]
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "secret", "alg": "HS256"}
    unnamed = {name: value for name, value in key.items() if name != "kid"}
    encrypts = {**key, "kid": "encrypts", "use": "enc"}
    keys = [unnamed, secret, encrypts, key]
    held = KeySet(lambda: json.dumps({"keys": keys}).encode(), clock)
    assert held.key(endpoint.pool.key_id).key_type == "RSA"
    for name in ("secret", "encrypts"):
        with pytest.raises(InvalidToken):
            held.key(name)


# --- over HTTP ---------------------------------------------------------------------------------

ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/ok": (200, {}, b'{"keys": []}'),
    "/missing": (404, {}, b"no"),
    "/moved": (302, {"location": "/ok"}, b""),
    "/huge": (200, {}, b" " * 70_000),
}


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, content = ANSWERS[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # inherited
            pass

    running = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()


def test_keys_come_over_http(server: str) -> None:
    assert fetch_from(f"{server}/ok")() == b'{"keys": []}'


@pytest.mark.parametrize("path", ["/missing", "/moved", "/huge"])
def test_anything_but_a_small_plain_answer_counts_as_away(server: str, path: str) -> None:
    with pytest.raises(KeysUnavailable):
        fetch_from(server + path)()


def test_an_endpoint_that_is_not_there_counts_as_away() -> None:
    with pytest.raises(KeysUnavailable):
        fetch_from("http://127.0.0.1:9/keys")()
