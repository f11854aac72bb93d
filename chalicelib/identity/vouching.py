"""The client platform's word for its signed-in user: an ID token (OpenID Connect Core, 3.1.3.7).

A token counts once and within ten minutes of its making: the hash of what is signed in it is
written down with the session that it opens, until it would have ended by itself. Not of the whole
token: a signature can be spelled in more than one way.

    pk VOUCHED#<SHA-256 of header and claims, hex>   sk TOKEN   ttl: when the token ends
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeGuard

from chalicelib.clock import Clock
from chalicelib.errors import NotFound
from chalicelib.oidc.errors import InvalidToken
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Put
from chalicelib.vault.blind_index import Kind, normalise

if TYPE_CHECKING:
    from chalicelib.oidc.tokens import Claims, Issuer

VOUCHED = Schema("vouched_token")
_FRESH = timedelta(minutes=10)


class VouchingOff(NotFound):
    """No platform is configured whose word counts."""

    code = "vouching_off"


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the platform vouches for, and the write that keeps the token from counting again."""

    email: str
    once: Put


class Voucher:
    """Accepts ID tokens that one issuer made for one audience."""

    def __init__(self, records: Table, issuer: "Issuer", audience: str, clock: Clock) -> None:
        self._records = records
        self._issuer = issuer
        self._audience = audience
        self._clock = clock

    def accept(self, id_token: str) -> Vouched:
        """The address that `id_token` vouches for. Raises `InvalidToken`, `KeysUnavailable`.

        The write fails with `InvalidToken` when the token was used before.
        """
        claims = self._issuer.verify(id_token, self._clock)
        age = self._clock.now().timestamp() - claims["iat"]
        email = claims.get("email")
        if (
            not _made_for(self._audience, claims)
            # Cognito's access tokens have the same issuer; they are for something else.
            or claims.get("token_use", "id") != "id"
            or claims.get("email_verified") is not True
            or not _is_plain(email)
            or age > _FRESH.total_seconds()
        ):
            raise InvalidToken
        digest = hashlib.sha256(id_token.rpartition(".")[0].encode()).hexdigest()
        item: Item = {
            "pk": compose("VOUCHED", digest),
            "sk": "TOKEN",
            "ttl": int(claims["exp"]) + 1,
        }
        # Of two uses of the same token one wins.
        return Vouched(email, Put(self._records, VOUCHED.stamp(item), ABSENT, InvalidToken))


def _is_plain(email: object) -> TypeGuard[str]:
    """Whether `email` is spelled as we would write to it, letter case aside.

    The provider proved this very spelling. What `normalise` merges with it (compatibility forms)
    can be somebody else's mailbox; who is spelled like that proves it by a code, which goes to the
    one mailbox that is meant.
    """
    return (
        isinstance(email, str) and email.isascii() and normalise(Kind.EMAIL, email) == email.lower()
    )


def _made_for(audience: str, claims: "Claims") -> bool:
    made_for = claims.get("aud")
    return audience == made_for or (isinstance(made_for, list) and made_for == [audience])
