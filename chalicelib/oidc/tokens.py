"""Signed tokens (JWT, RFC 7519) of one issuer: the signature, then what every token must claim.

What a token is good for (`token_use`, scopes, groups, audience) is for whoever asked to check.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from chalicelib.clock import Clock
from chalicelib.oidc.errors import InvalidToken
from chalicelib.oidc.keys import ALGORITHM, KeySet

LEEWAY = timedelta(minutes=2)
"""How far an issuer's clock may be ahead of ours. It prolongs no token: `exp` has no leeway."""

_LONGEST = 8 * 1024  # characters

# The clock of PyJWT is the machine's: times are checked below, by ours.
_OPTIONS: Any = {
    "require": ["iss", "sub", "iat", "exp"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
}

type Claims = Mapping[str, Any]


def claimed_issuer(token: str) -> str:
    """The issuer that `token` says it has, unverified: it chooses whose keys to verify it with.

    Raises `InvalidToken`.
    """
    if len(token) > _LONGEST:
        raise InvalidToken
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (PyJWTError, ValueError):
        raise InvalidToken from None
    return str(claims.get("iss", ""))


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: the `iss` of its tokens and its keys."""

    name: str
    keys: KeySet

    def verify(self, token: str, clock: Clock) -> Claims:
        """The claims of `token`, which this issuer signed with RS256 and which is in force.

        Raises `InvalidToken` for anything else, `KeysUnavailable`.
        """
        if len(token) > _LONGEST:
            raise InvalidToken
        try:
            header = jwt.get_unverified_header(token)
            # Neither `none` nor an HMAC under the public key: the algorithm is ours to choose.
            if header.get("alg") != ALGORITHM or not isinstance(header.get("kid"), str):
                raise InvalidToken
            key = self.keys.key(header["kid"])
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[ALGORITHM], issuer=self.name, options=_OPTIONS
            )
        except (PyJWTError, ValueError):
            raise InvalidToken from None
        _check_times(claims, clock)
        return claims


def _check_times(claims: Claims, clock: Clock) -> None:
    now = clock.now().timestamp()
    latest_start = now + LEEWAY.total_seconds()
    starts = [claims["iat"], claims.get("nbf", claims["iat"])]
    if not all(type(each) in (int, float) for each in (*starts, claims["exp"])):
        raise InvalidToken
    if now >= claims["exp"] or any(start > latest_start for start in starts):
        raise InvalidToken
