"""Arbitrary bodies and headers against the edge: never a 5xx, nothing stored, nothing echoed."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.services import Services
from tests.contract.cookies import ORIGIN, body, post, stored
from tests.gateway import Gateway

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = [
    "event_id",
    "visitor_id",
    "action",
    "choices",
    "notice_sha256",
    "language",
    "gpc",
    "occurred_at",
    "source",
    "banner_build",
]
TAKEN = {"application/json", "text/plain"}
SETTINGS = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SETTINGS
@given(raw=st.binary(max_size=5000))
def test_any_bytes(gateway: Gateway, services: Services, raw: bytes) -> None:
    answer = post(gateway, raw)
    assert 400 <= answer.status < 500
    assert stored(services) == []


@SETTINGS
@given(field=st.sampled_from(FIELDS), value=JSON)
def test_any_value_in_any_field(
    gateway: Gateway,
    services: Services,
    field: str,
    value: Any,
) -> None:
    before = stored(services)
    answer = post(gateway, json.dumps(body(services) | {field: value}))
    assert answer.status < 500
    assert len(stored(services)) == len(before) + (answer.status == 201)
    if isinstance(value, str) and len(value) > 10 and answer.status >= 400:
        assert value not in answer.body


@SETTINGS
@given(origin=st.text(max_size=60).filter(lambda text: text != ORIGIN))
def test_any_foreign_origin(gateway: Gateway, services: Services, origin: str) -> None:
    answer = post(gateway, body(services), origin=origin)
    assert answer.code == "origin_not_allowed"
    assert stored(services) == []


@SETTINGS
@given(media=st.text(max_size=60).filter(lambda text: media_type(text) not in TAKEN))
def test_any_foreign_media_type(gateway: Gateway, services: Services, media: str) -> None:
    answer = post(gateway, body(services), **{"content-type": media})
    assert answer.code == "unsupported_media_type"
    assert stored(services) == []


@SETTINGS
@given(kind=st.sampled_from(sorted(TAKEN)), rest=st.text(max_size=40))
def test_any_parameters_of_a_media_type(
    gateway: Gateway, services: Services, kind: str, rest: str
) -> None:
    answer = post(gateway, body(services), **{"content-type": f"{kind};{rest}"})
    assert answer.status in (201, 200)


@SETTINGS
@given(signal=st.text(max_size=10))
def test_any_gpc_header(gateway: Gateway, services: Services, signal: str) -> None:
    assert post(gateway, body(services), **{"sec-gpc": signal}).status in (201, 200)
    assert len(stored(services)) == 1


def media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


@SETTINGS
@given(
    visitor=st.text(min_size=1, max_size=80).filter(
        lambda text: "/" not in text and "?" not in text
    )
)
def test_any_visitor_id_in_the_path(gateway: Gateway, visitor: str) -> None:
    answer = gateway.call("GET", f"/v1/sites/jutsoo/cookie-preferences/{visitor}")
    assert answer.status in (200, 422)
