"""The HTTP examples of OpenDSR's specification, read where they lie beside the repository."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from chalicelib.opendsr.__main__ import self_sign
from chalicelib.requests.rules import Event
from chalicelib.services import Services
from tests.contract.hooks import Hooks
from tests.contract.partners import OPENDSR, Partner
from tests.contract.test_opendsr import change, deliver, queued
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

EXAMPLES = Path(__file__).parents[3] / "shared" / "vectors" / "opendsr" / "spec-examples.json"
OPTIONAL = {"results_url", "results_count"}


@pytest.fixture
def examples() -> list[dict[str, Any]]:
    """Without them: a failure in CI, elsewhere a skip that says so."""
    if not EXAMPLES.is_file():
        absent = "../shared/vectors/opendsr is absent beside the repository"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    found: list[dict[str, Any]] = json.loads(EXAMPLES.read_text())
    return found


@pytest.fixture
def partner(gateway: Gateway, services: Services, clock: FixedClock) -> Partner:
    self_sign(services)
    return Partner(gateway, clock)


def asked(examples: list[dict[str, Any]], start: str) -> dict[str, Any]:
    """The one example whose start line begins with `start`."""
    (found,) = (each for each in examples if each["start_line"].startswith(start))
    return found


def answered(examples: list[dict[str, Any]], start: str) -> dict[str, Any]:
    """The answer that follows it."""
    return examples[examples.index(asked(examples, start)) + 1]


def members(body: dict[str, Any]) -> set[str]:
    return set(body) - OPTIONAL


def assert_like(answer: Answer, example: dict[str, Any]) -> None:
    """The same status, the same members of the body, and every header that the example has."""
    assert str(answer.status) == example["start_line"].split()[1], answer.body
    assert members(answer.json()) == members(example["body"])
    named = {name.lower() for name in answer.headers}
    assert {name.lower() for name in example["headers"]} <= named


def send(partner: Partner, example: dict[str, Any]) -> Answer:
    method, path, _ = example["start_line"].split()
    body = None if example["body"] is None else json.dumps(example["body"])
    return partner.call(method, OPENDSR + path, body)


def test_every_example_is_answered_as_the_specification_answers_it(
    examples: list[dict[str, Any]], partner: Partner
) -> None:
    for start in ("GET /discovery", "POST /requests", "GET /requests/", "DELETE /requests/"):
        assert_like(send(partner, asked(examples, start)), answered(examples, start))


def test_the_example_of_an_error_is_what_a_submission_without_its_id_gets(
    examples: list[dict[str, Any]], partner: Partner
) -> None:
    example = asked(examples, "HTTP/1.1 400")
    body = {**asked(examples, "POST /requests")["body"]}
    del body["subject_request_id"]
    answer = partner.submit(json.dumps(body))
    assert (answer.status, answer.headers["content-type"]) == (
        400,
        example["headers"]["Content-Type"],
    )
    said, meant = answer.json()["error"], example["body"]["error"]
    assert (said["code"], said["message"]) == (meant["code"], meant["message"])
    (detail,), (example_detail,) = said["errors"], meant["errors"]
    for name in ("domain", "message"):
        assert detail[name] == example_detail[name]
    assert set(detail) == set(example_detail)  # the reason is a code of ours, not a Java class


def test_a_callback_has_the_members_of_the_example(
    examples: list[dict[str, Any]], partner: Partner, services: Services
) -> None:
    internet = Hooks(services).internet
    send(partner, asked(examples, "POST /requests"))
    change(services, Event.STARTED)
    for each in queued(services):
        deliver(services, each)
    (posted,) = internet.posted
    example = asked(examples, "POST /opendsr/callbacks")
    assert members(json.loads(posted.body)) == members(example["body"])
    assert posted.target.path == example["start_line"].split()[1]
    assert set(example["headers"]) - {"Host", "Content-Type"} <= set(posted.headers)
