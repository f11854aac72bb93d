"""Digests and receipts of preferences: the same from the API's item and from the stream's image."""

import base64
import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.audit.digests import (
    InvalidReceipt,
    LeafBatch,
    digest_of_receipt,
    item_from_json,
    preference_digest,
    receipt_of,
)
from chalicelib.tables.codec import Item, Value, encode
from chalicelib.tables.schema import UnreadableItem
from tests.unit.audit.test_entry import maps

UNHURRIED = settings(deadline=None)  # a busy machine is no failure

PREFERENCE: Item = {
    "pk": "VISITOR#jutsoo#01JVISITOR",
    "sk": "01JRECORD",
    "et": "preference",
    "v": 1,
    "sealed": bytes(range(48)),
    "ttl": 1810980000,
    "gpc": False,
}


def test_known_answer() -> None:
    assert (
        preference_digest(PREFERENCE).hex()
        == "346e8b9cb5ee524e516d69dd5f07e6c171bcef410edb0e71d7a614b211c3e98e"
    )
    assert (
        receipt_of(preference_digest(PREFERENCE))
        == "p1.NG6LnLXuUk5RbWndXwfmwXG870EO2w5x16YUshHD6Y4"
    )


def stream_image(item: Item) -> dict[str, Any]:
    """The item as a Lambda event brings it: octets in base64."""

    def text(value: Any) -> Any:
        match value:
            case {"B": octets}:
                return {"B": base64.b64encode(octets).decode()}
            case {"L": members}:
                return {"L": [text(each) for each in members]}
            case {"M": members}:
                return {"M": {name: text(each) for name, each in members.items()}}
        return value

    return {name: text(value) for name, value in encode(item).items()}


@UNHURRIED
@given(maps)
def test_the_stream_s_image_has_the_item_s_digest(item: dict[str, Value]) -> None:
    assert preference_digest(item_from_json(stream_image(item))) == preference_digest(item)


@pytest.mark.parametrize("name", list(PREFERENCE))
def test_every_attribute_counts(name: str) -> None:
    without = {other: value for other, value in PREFERENCE.items() if other != name}
    assert preference_digest(without) != preference_digest(PREFERENCE)


@UNHURRIED
@given(st.binary(min_size=32, max_size=32))
def test_a_receipt_names_its_digest(digest: bytes) -> None:
    receipt = receipt_of(digest)
    assert len(receipt) == 46
    assert digest_of_receipt(receipt) == digest


RECEIPT = receipt_of(b"\xff" * 32)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "p1.",
        RECEIPT[:-1],
        RECEIPT + "A",
        RECEIPT.replace("p1.", "p2."),
        RECEIPT[:-1] + "9",  # the same octets with stray bits
        RECEIPT[:-1] + "=",
        RECEIPT[:10] + "+" + RECEIPT[11:],
        RECEIPT[:10] + "é" + RECEIPT[11:],
        RECEIPT[:10] + "\n" + RECEIPT[11:],
    ],
)
def test_other_texts_are_no_receipts(text: str) -> None:
    with pytest.raises(InvalidReceipt):
        digest_of_receipt(text)


@UNHURRIED
@given(st.text(max_size=60))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    with contextlib.suppress(InvalidReceipt):
        digest_of_receipt("p1." + text)


@pytest.mark.parametrize(
    "image", [{"a": {"B": "?"}}, {"a": {"B": "YQ"}}, {"a": {"X": "1"}}, {"a": "text"}]
)
def test_what_is_no_image_is_refused(image: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        item_from_json(image)


def test_a_batch_of_odd_length_is_unreadable() -> None:
    item = LeafBatch(0, (bytes(32),)).item()
    with pytest.raises(UnreadableItem):
        LeafBatch.from_item({**item, "digests": bytes(33)})
