"""User pools whose keys the tests hold: tokens of every right and wrong kind."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.clock import Clock
from chalicelib.http.gatekeeper import Gatekeeper, Trust
from chalicelib.oidc.keys import KeySet
from chalicelib.oidc.tokens import Issuer
from tests.fakes import POOLS

LIFE = timedelta(minutes=15)


class Pool:
    """An issuer with one RSA key at a time, which can be turned."""

    def __init__(self, pool_id: str) -> None:
        self.issuer = f"https://cognito-idp.ap-southeast-3.amazonaws.com/{pool_id}"
        self.fetched = 0
        self._turns = 0
        self.turn()

    def turn(self) -> None:
        """From now on another key signs."""
        self._turns += 1
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = f"{self.issuer[-8:]}-{self._turns}"

    def jwks(self) -> bytes:
        """What the pool publishes."""
        self.fetched += 1
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        named = {**public, "kid": self.key_id, "alg": "RS256", "use": "sig"}
        return json.dumps({"keys": [named]}).encode()

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token with exactly these claims; None takes a header away."""
        named = {"kid": self.key_id, **header}
        headers = {name: value for name, value in named.items() if value is not None}
        return jwt.encode(claims, self.key, "RS256", headers=headers)

    def claims(self, clock: Clock, **changes: Any) -> dict[str, Any]:
        """What every token of the pool says; None takes a claim away."""
        now = int(clock.now().timestamp())
        said = {
            "iss": self.issuer,
            "sub": "11111111-2222-4333-8444-555555555555",
            "iat": now,
            "exp": now + int(LIFE.total_seconds()),
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}


STAFF = Pool(POOLS["staff_pool_id"])
PLATFORM = Pool(POOLS["platform_pool_id"])


def gatekeeper(clock: Clock) -> Gatekeeper:
    """The application's own, over the tests' pools."""
    return Gatekeeper(
        Trust(Issuer(STAFF.issuer, KeySet(STAFF.jwks, clock)), POOLS["staff_client_id"]),
        Trust(Issuer(PLATFORM.issuer, KeySet(PLATFORM.jwks, clock)), POOLS["platform_client_id"]),
        clock,
    )


def staff_claims(clock: Clock, *roles: str, **changes: Any) -> dict[str, Any]:
    """What Cognito says of a member of the staff who signed in."""
    return STAFF.claims(
        clock,
        **{
            "token_use": "access",
            "client_id": POOLS["staff_client_id"],
            "cognito:groups": list(roles),
            "scope": "aws.cognito.signin.user.admin",
            **changes,
        },
    )


def staff_token(clock: Clock, *roles: str) -> str:
    """An access token of somebody with these roles."""
    return STAFF.sign(staff_claims(clock, *roles))


def platform_token(clock: Clock, *scopes: str) -> str:
    """An access token of the client platform's service."""
    claims = PLATFORM.claims(
        clock,
        sub=POOLS["platform_client_id"],
        token_use="access",
        client_id=POOLS["platform_client_id"],
        scope=" ".join(f"jaga/{scope}" for scope in scopes),
    )
    return PLATFORM.sign(claims)


def unsigned(claims: dict[str, Any], key_id: str) -> str:
    """The attack of RFC 8725, 2.1: `alg` none."""
    return f"{_segment({'alg': 'none', 'kid': key_id})}.{_segment(claims)}."


def signed_with_public_key(claims: dict[str, Any], pool: Pool) -> str:
    """The attack of RFC 8725, 2.1: HS256 under what everybody can fetch."""
    public = pool.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hs256(claims, public, pool.key_id)


def hs256(claims: dict[str, Any], key: bytes, key_id: str) -> str:
    """A token with an HMAC under `key`, which PyJWT would not make with a public key."""
    signing_input = f"{_segment({'alg': 'HS256', 'kid': key_id})}.{_segment(claims)}"
    return f"{signing_input}.{_encoded(hmac.digest(key, signing_input.encode(), hashlib.sha256))}"


def tampered(token: str, **claims: Any) -> str:
    """The token with other claims under the old signature."""
    header, body, signature = token.split(".")
    padded = body + "=" * (-len(body) % 4)
    said = json.loads(base64.urlsafe_b64decode(padded)) | claims
    return ".".join((header, _segment(said), signature))


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {token}"}


def _segment(value: Iterable[Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
