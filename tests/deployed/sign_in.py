"""Tokens for the tests of this folder, as their holders get them."""

from functools import cache
from typing import Any

import httpx
import jwt

from chalicelib.clock import SystemClock
from chalicelib.ids import UlidFactory
from infra.local.accounts import Account, new_password
from infra.local.stack import Stack

_ids = UlidFactory(SystemClock())


def new_member(stack: Stack, role: str) -> tuple[Account, str]:
    """A member of the staff whom no other test knows, and the refresh token of the first sign-in.

    A code works once in its half minute, so tests do not share accounts.
    """
    account, session = stack.staff_pool.start(
        f"{_ids.new().lower()}@jutsoo.test", role, new_password()
    )
    return account, stack.staff_pool.finish(account, session)["RefreshToken"]


def staff_token(stack: Stack, role: str) -> str:
    """An access token of a member of the staff with `role`, good for 15 minutes."""
    pool = stack.staff_pool
    return pool.cognito.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": _refresh_token(stack, role)},
    )["AuthenticationResult"]["AccessToken"]


@cache
def _refresh_token(stack: Stack, role: str) -> str:
    return new_member(stack, role)[1]


def platform_token(stack: Stack, *scopes: str) -> str:
    """An access token of the client platform for `scopes`, say `consents:write`."""
    answer = ask_for_token(stack, *(f"jaga/{scope}" for scope in scopes))
    return str(answer.raise_for_status().json()["access_token"])


def ask_for_token(stack: Stack, *scopes: str, **changes: str) -> httpx.Response:
    """The token endpoint's answer to the platform's credential, with `changes` to the form."""
    platform = stack.platform
    form = {
        "grant_type": "client_credentials",
        "client_id": platform.client_id,
        "client_secret": platform.client_secret,
        "scope": " ".join(scopes),
    }
    return httpx.post(platform.token_url, data=form | changes)


def platform_user_id_token(stack: Stack) -> str:
    """The ID token of a signed-in user of the platform."""
    user = stack.platform_user
    return stack.staff_pool.cognito.initiate_auth(
        ClientId=user.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.email, "PASSWORD": user.password},
    )["AuthenticationResult"]["IdToken"]


def session_token(stack: Stack) -> str:
    """A session of a data subject, for whom the platform vouched."""
    body = {"id_token": platform_user_id_token(stack), "language": "en"}
    answer = httpx.post(f"{stack.api_url}/v1/sessions/vouched", json=body, timeout=30)
    return str(answer.raise_for_status().json()["token"])


def verified(token: str, keys_url: str, issuer: str, audience: str | None = None) -> dict[str, Any]:
    """The claims of `token`, whose signature one of the keys at `keys_url` made."""
    keys = jwt.PyJWKSet.from_dict(httpx.get(keys_url).raise_for_status().json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], issuer=issuer, audience=audience
    )
    return claims
