"""The platform's word for its signed-in user, by the API on moto: what counts, and how often."""

from typing import Any

import pytest

from chalicelib.identity.allowances import PROOFS_PER_NETWORK
from chalicelib.services import Services
from tests.contract.people import (
    AUDIENCE,
    EMAIL,
    PROVIDER,
    current,
    id_token,
    provider_vouches,
    records,
    signed_in,
    vouch,
)
from tests.contract.test_sessions import STRANGER
from tests.contract.test_tables import at_once
from tests.gateway import Gateway
from tests.tokens import LIFE, PLATFORM, signed_with_public_key, tampered, unsigned


def test_a_network_is_vouched_for_so_often_an_hour(gateway: Gateway, services: Services) -> None:
    provider_vouches(services)
    for _ in range(PROOFS_PER_NETWORK.most):
        assert vouch(gateway, "forged").status == 401
    assert vouch(gateway, id_token(services)).code == "too_many_proofs"


def test_the_platform_vouches_for_its_signed_in_user(gateway: Gateway, services: Services) -> None:
    provider_vouches(services)
    answer = vouch(gateway, id_token(services))
    assert answer.status == 200
    assert current(gateway, answer.json()["token"]).json()["email"] == EMAIL
    by_code = signed_in(gateway, services)
    find = services.sessions.find
    assert find(by_code, "self") == find(answer.json()["token"], "self")


def _other_last(token: str) -> str:
    """Another last character of the signature that may stand for the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(token[-1]) ^ 1]


@pytest.mark.parametrize(
    "email",
    ["\uff53iti.rahma@example.test", "SITI\u212a@example.test", "siti@stra\u00dfe.test", "x", ""],
)
def test_a_spelling_that_we_would_change_is_not_vouched_for(
    gateway: Gateway, services: Services, email: str
) -> None:
    provider_vouches(services)
    assert vouch(gateway, id_token(services, email=email)).status in (401, 422)
    assert [item for item in records(services) if item["et"] == "session"] == []


def test_letter_case_is_no_other_spelling(gateway: Gateway, services: Services) -> None:
    provider_vouches(services)
    answer = vouch(gateway, id_token(services, email=EMAIL.upper()))
    assert current(gateway, answer.json()["token"]).json()["email"] == EMAIL


def test_nobody_vouches_where_no_platform_is_configured(
    gateway: Gateway, services: Services
) -> None:
    assert vouch(gateway, id_token(services)).code == "vouching_off"


def test_a_platforms_token_counts_once(gateway: Gateway, racing: Services) -> None:
    provider_vouches(racing)
    token = id_token(racing)
    assert [vouch(gateway, token).status for _ in range(2)] == [200, 401]
    # The same token, its signature spelled otherwise (RFC 7515 has no padding; decoders may).
    for spelled in (token + "=", token + "==", token[:-1] + _other_last(token)):
        assert vouch(gateway, spelled).status == 401
    (kept,) = [item for item in records(racing) if item["et"] == "vouched_token"]
    assert kept["ttl"] > racing.clock.now().timestamp() + LIFE.total_seconds()
    another = id_token(racing, jti="another")
    outcomes = at_once(4, lambda _: racing.proofs.by_vouching(another, "en", "203.0.113.7"))
    assert sorted(type(each).__name__ for each in outcomes) == ["InvalidToken"] * 3 + ["Opened"]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody-else"},
        {"aud": ["platform-users", "somebody-else"]},
        {"aud": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"email": 7},
        {"token_use": "access"},
        {"iss": "https://elsewhere.test"},
        {"iss": None},
        {"sub": None},
        {"exp": None},
        {"exp": 1_000_000_000},
        {"iat": 1_000_000_000},
        {"iat": "2026-11-23"},
        {"iat": True},
    ],
)
def test_a_token_that_does_not_say_all_of_it_vouches_for_nobody(
    gateway: Gateway, services: Services, changes: dict[str, Any]
) -> None:
    provider_vouches(services)
    assert vouch(gateway, id_token(services, **changes)).status == 401
    assert [item for item in records(services) if item["et"] == "session"] == []


def test_a_forged_token_vouches_for_nobody(gateway: Gateway, services: Services) -> None:
    provider_vouches(services)
    good = id_token(services)
    said = PROVIDER.claims(services.clock, aud=AUDIENCE, email=EMAIL, email_verified=True)
    forged = [
        unsigned(said, PROVIDER.key_id),
        signed_with_public_key(said, PROVIDER),
        tampered(good, email=STRANGER),
        PLATFORM.sign(said),
        PLATFORM.sign(said, kid=PROVIDER.key_id),
        good[:-4] + "AAAA",
        "not.a.token",
        good + "." + good,
    ]
    for token in forged:
        assert vouch(gateway, token).status == 401
    assert vouch(gateway, good).status == 200
