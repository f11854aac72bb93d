"""Tells callers by their access tokens from Cognito."""

from dataclasses import dataclass

from chalicelib.clock import Clock
from chalicelib.http.access import PLATFORM, STAFF, Caller
from chalicelib.http.permissions import known_roles
from chalicelib.oidc.errors import InvalidToken
from chalicelib.oidc.tokens import Claims, Issuer, claimed_issuer

_RESOURCE_SERVER = "jaga/"


@dataclass(frozen=True, slots=True)
class Trust:
    """A user pool: who signs its access tokens, and for which of its app clients they count."""

    issuer: Issuer
    client_id: str


class Gatekeeper:
    """Tells the staff and the client platform by their access tokens from Cognito."""

    def __init__(self, staff: Trust, platform: Trust, clock: Clock) -> None:
        self._trusted = {STAFF: staff, PLATFORM: platform}
        self._clock = clock

    def caller(self, token: str) -> Caller:
        """Whose access token this is. Raises `InvalidToken`, `KeysUnavailable`."""
        name = claimed_issuer(token)
        for kind, trust in self._trusted.items():
            if trust.issuer.name == name:
                claims = trust.issuer.verify(token, self._clock)
                if (
                    claims.get("token_use") != "access"
                    or claims.get("client_id") != trust.client_id
                ):
                    raise InvalidToken
                return _caller(kind, claims)
        raise InvalidToken


def _caller(kind: str, claims: Claims) -> Caller:
    scopes = str(claims.get("scope", "")).split()
    return Caller(
        kind,
        str(claims["sub"]),
        known_roles(claims.get("cognito:groups")) if kind == STAFF else frozenset(),
        _own_scopes(scopes) if kind == PLATFORM else frozenset(),
        int(claims["exp"]),
    )


def _own_scopes(scopes: list[str]) -> frozenset[str]:
    """The scopes of our resource server, `jaga/consents:write` in the token, without its name."""
    return frozenset(
        each.removeprefix(_RESOURCE_SERVER) for each in scopes if each.startswith(_RESOURCE_SERVER)
    )
