"""An issuer's public keys (a JWK set, RFC 7517): fetched, held for an hour, renewed in between."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import urllib3
from jwt import PyJWK
from jwt.exceptions import PyJWTError
from urllib3.exceptions import HTTPError

from chalicelib.clock import Clock
from chalicelib.oidc.errors import InvalidToken, KeysUnavailable

ALGORITHM = "RS256"
_HELD = timedelta(hours=1)
_TRUSTED = timedelta(days=1)
_PAUSE = timedelta(seconds=30)
_LONGEST_SET = 64 * 1024  # bytes; a set has two or three keys of half a kilobyte
_TIMEOUT = urllib3.Timeout(connect=1, read=2)  # seconds

type Fetch = Callable[[], bytes]
"""The bytes of a JWK set. Raises `KeysUnavailable`."""


def fetch_from(url: str) -> Fetch:
    """Fetches the set at `url`: no redirect is followed, no more than 64 KB is read."""
    pool = urllib3.PoolManager(maxsize=1, retries=False, timeout=_TIMEOUT)

    def fetch() -> bytes:
        try:
            answer = pool.request("GET", url, redirect=False, preload_content=False)
            with answer:
                body = answer.read(_LONGEST_SET + 1)
        except HTTPError:
            raise KeysUnavailable from None
        if answer.status != 200 or len(body) > _LONGEST_SET:
            raise KeysUnavailable
        return body

    return fetch


class KeySet:
    """The keys of one issuer by their ids.

    A key id that is not held makes the set be fetched again, so a turned key is picked up with the
    first token that it signed; not more than once in 30 seconds, so that invented ids do not turn
    into calls. While fetches fail, keys that are held stay good for a day: then one that was
    withdrawn meanwhile is trusted no longer.
    """

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, PyJWK] = {}
        self._tried_at: datetime | None = None
        self._fetched_at: datetime | None = None

    def key(self, key_id: str) -> PyJWK:
        """The RSA key called `key_id`. Raises `InvalidToken`, or `KeysUnavailable` without any."""
        held_for = self._since_last_try()
        if held_for is None or held_for >= (_PAUSE if key_id not in self._keys else _HELD):
            self._renew()
        try:
            return self._keys[key_id]
        except KeyError:
            raise (InvalidToken if self._keys else KeysUnavailable) from None

    def _since_last_try(self) -> timedelta | None:
        return self._clock.now() - self._tried_at if self._tried_at else None

    def _renew(self) -> None:
        now = self._clock.now()
        self._tried_at = now
        try:
            self._keys = _parse(self._fetch())
            self._fetched_at = now
        except KeysUnavailable:
            if self._fetched_at is None or now - self._fetched_at >= _TRUSTED:
                self._keys = {}
                self._tried_at = None  # with nothing in hand, the next token tries at once
                raise


def _parse(body: bytes) -> dict[str, PyJWK]:
    try:
        described = [each for each in json.loads(body)["keys"] if _signs(each)]
        keys = {each["kid"]: PyJWK(each, ALGORITHM) for each in described}
    except (PyJWTError, ValueError, KeyError, TypeError, AttributeError):
        raise KeysUnavailable from None
    if not keys:
        raise KeysUnavailable
    return keys


def _signs(key: dict[str, Any]) -> bool:
    """Whether `key` is one that we verify with: RSA, named, for signatures (RFC 7517, 4.2).

    Others may stand beside it; a symmetric one must never verify anything.
    """
    return (
        key.get("kty") == "RSA"
        and isinstance(key.get("kid"), str)
        and key.get("use", "sig") == "sig"
    )
