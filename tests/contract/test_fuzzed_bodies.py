"""Arbitrary bodies and headers against the edge: never a 5xx, nothing stored, nothing echoed."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.services import Services
from tests.contract.cookies import body, post, stored
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
    answer = post(gateway, json.dumps(body(services) | {field: value}))
    assert answer.status < 500
    if isinstance(value, str) and len(value) > 10 and answer.status >= 400:
        assert value not in answer.body


@SETTINGS
@given(
    origin=st.text(max_size=60),
    media=st.text(max_size=60),
    gpc=st.text(max_size=10),
)
def test_any_headers(
    gateway: Gateway,
    services: Services,
    origin: str,
    media: str,
    gpc: str,
) -> None:
    answer = post(
        gateway, body(services), **{"origin": origin, "content-type": media, "sec-gpc": gpc}
    )
    assert answer.status in (403, 415, 201)
    assert stored(services) == []


@SETTINGS
@given(
    visitor=st.text(min_size=1, max_size=80).filter(
        lambda text: "/" not in text and "?" not in text
    )
)
def test_any_visitor_id_in_the_path(gateway: Gateway, visitor: str) -> None:
    answer = gateway.call("GET", f"/v1/sites/jutsoo/cookie-preferences/{visitor}")
    assert answer.status in (200, 422)
