"""Whatever a partner sends: an answer in OpenDSR's format, never a 5xx, and nothing said back."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.services import Services
from tests.contract.partners import Partner, submission
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from([*submission(), "regulation", "extensions", "unknown"])
UNHURRIED = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def assert_refused_or_taken(answer: Answer) -> None:
    if answer.status == 201:
        return
    assert answer.status == 400, answer.body
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    error = answer.json()["error"]
    assert error["code"] == 400
    assert all({"domain", "reason", "message"} == set(each) for each in error["errors"])


@UNHURRIED
@given(st.text(max_size=400))
def test_any_text(gateway: Gateway, services: Services, clock: FixedClock, text: str) -> None:
    assert_refused_or_taken(Partner(gateway, clock).submit(text))


@UNHURRIED
@given(FIELDS, JSON)
def test_any_value_in_any_member(
    gateway: Gateway, services: Services, clock: FixedClock, name: str, value: Any
) -> None:
    said = json.dumps({**submission(), name: value})
    answer = Partner(gateway, clock).submit(said)
    assert_refused_or_taken(answer)
    if answer.status != 201 and isinstance(value, str) and len(value) > 20:
        assert json.dumps(value)[1:-1] not in answer.body


@UNHURRIED
@given(st.text(st.characters(codec="ascii", exclude_characters="/?"), min_size=1, max_size=3000))
def test_any_id_in_the_path(
    gateway: Gateway, services: Services, clock: FixedClock, subject_request_id: str
) -> None:
    partner = Partner(gateway, clock)
    for answer in (partner.ask(subject_request_id), partner.cancel(subject_request_id)):
        assert answer.status in (400, 404), answer.body
