"""Signatures of webhooks, against the specification's own library and against tampering."""

import base64
import copy
import pickle
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.connectors.webhooks.signing import (
    ID,
    REPLAY_WINDOW,
    SIGNATURE,
    TIMESTAMP,
    SigningSecret,
    UnverifiedWebhook,
    signed_headers,
    verify,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SECRET = SigningSecret("whsec_" + base64.b64encode(bytes(range(32))).decode())
OTHER = SigningSecret("whsec_" + base64.b64encode(bytes(32)).decode())
GUIDE = Path(__file__).parents[3] / "docs" / "webhooks.md"
BODY = b'{"type":"request.opened"}'

message_ids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


def test_a_known_answer_of_openssl() -> None:
    assert signed_headers("msg_1", b"{}", [SECRET], NOW) == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1795428000",
        "webhook-signature": "v1,/RKYbMsKGpsGEwxBTMHZfGbTbjifBOFwU7pYuhnnFwo=",
    }


def test_the_guides_example_verifies() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    request = guide.partition("```http\n")[2].partition("\n```")[0]
    head, _, body = request.partition("\n\n")
    headers = dict(line.split(": ") for line in head.splitlines()[1:])
    (secret,) = re.findall(r"`(whsec_[^`]{10,})`", guide)
    assert verify(headers, body.encode(), [SigningSecret(secret)], NOW) == headers[ID]


@given(message_ids, st.text())
def test_the_specifications_library_accepts_what_we_sign(message_id: str, text: str) -> None:
    body = text.encode("utf-8", "replace")
    headers = signed_headers(message_id, body, [SECRET], datetime.now(UTC))
    receiver = standardwebhooks.Webhook(SECRET.reveal())
    receiver.verify(body, headers, json_parse=False)


@given(message_ids, st.text())
def test_we_accept_what_the_specifications_library_signs(message_id: str, text: str) -> None:
    body = text.encode("utf-8", "replace")
    sender = standardwebhooks.Webhook(SECRET.reveal())
    headers = {
        ID: message_id,
        TIMESTAMP: str(int(NOW.timestamp())),
        SIGNATURE: sender.sign(message_id, NOW, body.decode()),
    }
    assert verify(headers, body, [SECRET], NOW) == message_id


@given(st.binary(), st.sampled_from([[SECRET], [SECRET, OTHER], [OTHER, SECRET]]))
def test_any_body_verifies_under_either_secret_of_a_rotation(
    body: bytes, signers: list[SigningSecret]
) -> None:
    headers = signed_headers("msg_1", body, signers, NOW)
    for signer in signers:
        assert verify(headers, body, [signer], NOW) == "msg_1"


def test_while_a_secret_is_rotated_the_library_accepts_either() -> None:
    headers = signed_headers("msg_1", BODY, [SECRET, OTHER], datetime.now(UTC))
    for secret in (SECRET, OTHER):
        standardwebhooks.Webhook(secret.reveal()).verify(BODY, headers)


def _headers(**changes: str) -> dict[str, str]:
    names = {"id": ID, "timestamp": TIMESTAMP, "signature": SIGNATURE}
    given = signed_headers("msg_1", BODY, [SECRET], NOW)
    return given | {names[name]: value for name, value in changes.items()}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        _headers(id="msg_2"),
        _headers(id=""),
        _headers(timestamp=str(int(NOW.timestamp()) + 1)),
        _headers(timestamp=""),
        _headers(timestamp="now"),
        _headers(timestamp="-1"),
        _headers(timestamp="1e9"),
        _headers(timestamp="\u0661\u0667"),
        _headers(timestamp="9" * 12),
        _headers(timestamp="9" * 400),
        _headers(signature=""),
        _headers(signature="v1,"),
        _headers(signature="v1,AAAA"),
        _headers(signature="v1,%%%"),
        _headers(signature="v1,\u00e9"),
        _headers(signature=_headers()[SIGNATURE].replace("v1,", "v1a,")),
        _headers(signature=_headers()[SIGNATURE].replace("v1,", "")),
        signed_headers("msg_1", BODY, [OTHER], NOW),
    ],
)
def test_what_is_not_ours_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(UnverifiedWebhook):
        verify(headers, BODY, [SECRET], NOW)


@given(st.integers(0, len(BODY) * 8 - 1))
def test_one_changed_bit_of_the_body_is_noticed(position: int) -> None:
    changed = bytearray(BODY)
    changed[position // 8] ^= 1 << position % 8
    with pytest.raises(UnverifiedWebhook):
        verify(_headers(), bytes(changed), [SECRET], NOW)


def test_one_good_signature_among_unreadable_ones_is_enough() -> None:
    signature = f"v1a,x v1,%%% v1,AAAA {_headers()[SIGNATURE]} v2,"
    assert verify(_headers(signature=signature), BODY, [OTHER, SECRET], NOW) == "msg_1"


@given(st.timedeltas(-timedelta(days=2), timedelta(days=2)))
def test_a_signature_holds_within_the_window_and_no_longer(distance: timedelta) -> None:
    if abs(distance) <= REPLAY_WINDOW:
        assert verify(_headers(), BODY, [SECRET], NOW + distance) == "msg_1"
    else:
        with pytest.raises(UnverifiedWebhook):
            verify(_headers(), BODY, [SECRET], NOW + distance)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b"])
def test_an_id_that_would_blur_the_signed_content_is_not_signed(message_id: str) -> None:
    with pytest.raises(ValueError, match="cannot be signed"):
        signed_headers(message_id, BODY, [SECRET], NOW)


def test_nothing_goes_out_unsigned() -> None:
    with pytest.raises(ValueError, match="no signer"):
        signed_headers("msg_1", BODY, [], NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        SECRET.reveal().removeprefix("whsec_"),
        "whsec_" + base64.b64encode(bytes(31)).decode(),
        "whsec_" + base64.b64encode(bytes(33)).decode(),
        SECRET.reveal() + "!",
        "whsec_\u00e9",
    ],
)
def test_only_32_bytes_in_their_form_are_a_secret(text: str) -> None:
    with pytest.raises(ValueError, match="not a signing secret"):
        SigningSecret(text)


def test_secrets_are_fresh_and_readable_by_the_library() -> None:
    first, second = SigningSecret.generate(), SigningSecret.generate()
    assert first != second
    assert SigningSecret(first.reveal()) == first
    assert len({first, SigningSecret(first.reveal()), second}) == 2
    assert standardwebhooks.Webhook(first.reveal())


@pytest.mark.parametrize("leak", [repr, str, lambda each: f"{each}"])
def test_a_secret_does_not_show_itself(leak: Callable[[object], str]) -> None:
    assert SECRET.reveal().removeprefix("whsec_") not in leak(SECRET)


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_neither_pickled_nor_copied(leak: Callable[[object], object]) -> None:
    with pytest.raises(TypeError):
        leak(SECRET)
