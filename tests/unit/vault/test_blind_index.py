"""Tokens by which people are found: one per person, whatever the spelling, and never two's."""

import base64
import hashlib
import hmac

import pytest

from chalicelib.vault.blind_index import BlindIndex, Kind, normalise
from chalicelib.vault.errors import UnusableIdentifier


def mac_key(name: str, version: int) -> bytes:
    return hashlib.sha256(f"{name}/{version}".encode()).digest()


INDEX = BlindIndex(mac_key)


def test_a_token_is_an_hmac_of_kind_and_identifier() -> None:
    tag = hmac.digest(mac_key("blind-index", 1), b"\x05emailsiti@example.id", "sha256")
    expected = "v1." + base64.urlsafe_b64encode(tag).decode().rstrip("=")
    assert INDEX.token(Kind.EMAIL, " Siti@Example.ID ") == expected
    # Frozen; made by OpenSSL's command line.
    assert expected == "v1.hHN_8pRoKkFq1wlz4P6HY8ULibxp0SW00XedcPUbekk"


def test_rotation_looks_up_all_live_versions_and_stores_the_current() -> None:
    rotated = BlindIndex(mac_key, live=(2, 1))
    old = INDEX.token(Kind.EMAIL, "siti@example.id")
    new = rotated.token(Kind.EMAIL, "siti@example.id")
    assert new.startswith("v2.")
    assert rotated.tokens(Kind.EMAIL, "SITI@example.id") == [new, old]


def test_an_index_needs_a_version() -> None:
    with pytest.raises(ValueError, match="current version"):
        BlindIndex(mac_key, live=())


def test_kinds_do_not_collide() -> None:
    assert INDEX.token(Kind.PHONE, "+6281234567890") != INDEX.token(
        Kind.REFERENCE, "+6281234567890"
    )


@pytest.mark.parametrize(
    ("typed", "normalised"),
    [
        ("siti@example.id", "siti@example.id"),
        ("  Siti@EXAMPLE.id\n", "siti@example.id"),
        ("ｓｉｔｉ＠ｅｘａｍｐｌｅ．ｉｄ", "siti@example.id"),  # noqa: RUF001  # full width, as East Asian keyboards type it
        ("siti@example.id.", "siti@example.id"),
        ("siti@bücher.example", "siti@xn--bcher-kva.example"),
        ("siti@BU\u0308CHER.example", "siti@xn--bcher-kva.example"),
        ("siti@xn--bcher-kva.example", "siti@xn--bcher-kva.example"),
        ("siti@例え。テスト", "siti@xn--r8jz45g.xn--zckzah"),
        ("siti@straße.example", "siti@xn--strae-oqa.example"),
        ("strauß@example.id", "strauß@example.id"),
        ("o'neil+tag@sub.example.id", "o'neil+tag@sub.example.id"),
    ],
)
def test_one_spelling_of_an_address(typed: str, normalised: str) -> None:
    assert normalise(Kind.EMAIL, typed) == normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("siti@strasse.example", "siti@straße.example"),  # two domains, maybe of two owners
        ("strauss@example.id", "strauß@example.id"),
        ("siti@example.id", "siti+tag@example.id"),
        ("siti.r@example.id", "sitir@example.id"),
        ("sitı@example.id", "siti@example.id"),  # noqa: RUF001  # a dotless i
        ("siti@example.id", "ѕiti@example.id"),  # noqa: RUF001  # a Cyrillic letter
    ],
)
def test_two_possible_owners_are_never_one_person(one: str, other: str) -> None:
    assert normalise(Kind.EMAIL, one) != normalise(Kind.EMAIL, other)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "siti",
        "@example.id",
        "siti@",
        "siti@localhost",
        "siti@example..id",
        "siti@-example.id",
        "siti@exa mple.id",
        "siti@[127.0.0.1]",
        "si ti@example.id",
        "siti@home@example.id",
        "siti\r\nBcc: all@example.id",
        "si\u200bti@example.id",
        "si\ud800ti@example.id",
        "siti@ex\ud800.id",
        "siti@" + "a" * 64 + ".id",
        "siti@" + "ü" * 70 + ".id",
        "s" * 400 + "@example.id",
    ],
)
def test_an_unusable_address(typed: str) -> None:
    with pytest.raises(UnusableIdentifier) as refusal:
        INDEX.token(Kind.EMAIL, typed)
    [field] = refusal.value.fields
    assert (field.field, field.code) == ("email", "malformed")
    assert str(refusal.value) == "unusable_identifier"


@pytest.mark.parametrize(
    ("typed", "normalised"),
    [
        ("+6281234567890", "+6281234567890"),
        ("0812-3456-7890", "+6281234567890"),
        ("+62 (0)812 3456 7890", "+6281234567890"),
        ("0062 812.3456.7890", "+6281234567890"),
        ("+44 20 7946 0000", "+442079460000"),
        ("＋６２８１２３４５６７８９０", "+6281234567890"),  # noqa: RUF001  # full width
    ],
)
def test_one_spelling_of_a_number(typed: str, normalised: str) -> None:
    assert normalise(Kind.PHONE, typed) == normalised


@pytest.mark.parametrize(
    "typed", ["", "812", "81234567890", "+0812345678", "+62abc", "+" + "1" * 16]
)
def test_an_unusable_number(typed: str) -> None:
    with pytest.raises(UnusableIdentifier):
        normalise(Kind.PHONE, typed)


def test_references_are_compared_exactly() -> None:
    assert normalise(Kind.REFERENCE, " Customer-7 ") == "Customer-7"
    assert normalise(Kind.REFERENCE, "customer-7") != normalise(Kind.REFERENCE, "Customer-7")
    for typed in ("", "a\nb", "a\ud800"):
        with pytest.raises(UnusableIdentifier):
            normalise(Kind.REFERENCE, typed)
