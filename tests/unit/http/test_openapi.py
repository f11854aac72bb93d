"""The OpenAPI document says what an operation declares."""

import json
import re
from typing import Any

import pytest

from chalicelib.http.access import Person
from chalicelib.http.openapi import openapi_document
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.wire import Wire

PATH = "/v1/sites/{site}/things/{thing_id}"
THING_ID = {"type": "string", "pattern": "^[a-z]{3}$"}


class Thing(Wire):
    name: str


def described(operation: Operation, *, pages: bool = False) -> Any:
    routes = Routes("things", (lambda _site, _origin: True) if pages else None)

    @routes.operation(operation)
    def view(_call: Call[None], **_: str) -> Reply:
        raise AssertionError("only described")

    document = json.loads(openapi_document(routes.operations))
    return document["paths"][operation.path][operation.method.lower()]


def parameters(operation: Operation, *, pages: bool = False) -> dict[str, Any]:
    return {each["name"]: each for each in described(operation, pages=pages)["parameters"]}


def test_parameters_have_the_schemas_that_the_route_gives() -> None:
    operation = Operation(
        "GET", PATH, "", Thing, query=("limit", "cursor"), parameters={"thing_id": THING_ID}
    )
    named = parameters(operation)
    assert named["thing_id"] == {
        "name": "thing_id",
        "in": "path",
        "required": True,
        "schema": THING_ID,
    }
    assert named["site"]["schema"] == {"type": "string"}
    assert named["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 20,
    }
    assert (named["limit"]["in"], named["limit"]["required"]) == ("query", False)
    assert named["cursor"]["schema"] == {"type": "string"}


@pytest.mark.parametrize(("method", "required"), [("GET", False), ("DELETE", True)])
def test_pages_name_their_origin(method: str, required: bool) -> None:
    operation = Operation(method, PATH, "", Thing, headers=("Sec-GPC",))
    named = parameters(operation, pages=True)
    assert (named["Origin"]["in"], named["Origin"]["required"]) == ("header", required)
    assert named["Sec-GPC"]["schema"]["enum"] == ["1"]
    assert named["Sec-GPC"]["required"] is False
    assert "Origin" not in parameters(operation)


def test_an_answer_that_may_be_held_takes_if_none_match_and_answers_304_without_content() -> None:
    operation = Operation("GET", PATH, "", "application/javascript", statuses=(200, 304))
    answers = described(operation)["responses"]
    assert answers["200"]["content"] == {"application/javascript": {}}
    assert set(answers["304"]) == {"description"}
    assert "If-None-Match" in parameters(operation)
    assert "If-None-Match" not in parameters(Operation("GET", PATH, "", Thing))


def test_keys_of_callers_whom_nobody_knows_are_too_long_to_guess() -> None:
    known = parameters(Operation("POST", PATH, "", Thing, access=Person("self"), idempotent=True))
    unknown = parameters(Operation("POST", PATH, "", Thing, idempotent=True))
    for taken, shortest in ((known, 1), (unknown, 16)):
        key = taken["Idempotency-Key"]
        assert key["required"] is False
        pattern = key["schema"]["pattern"]
        lengths = [n for n in range(70) if re.fullmatch(pattern, "k" * n)]
        assert (min(lengths), max(lengths)) == (shortest, 64)
    assert "guess" in unknown["Idempotency-Key"]["description"]
    assert "Idempotency-Key" not in parameters(Operation("POST", PATH, "", Thing))


def test_an_operation_is_described_in_its_own_words() -> None:
    operation = Operation("POST", PATH, "Adds", Thing, description="`event_id` is the key.")
    assert described(operation)["description"] == "`event_id` is the key."
    assert "description" not in described(Operation("GET", PATH, "", Thing))


def test_every_operation_may_answer_a_problem_and_the_gateways_need_no_status() -> None:
    operation = Operation("GET", PATH, "", Thing)
    document = json.loads(openapi_document([operation]))
    reference = document["paths"][PATH]["get"]["responses"]["default"]["content"]
    assert reference["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    problem = document["components"]["schemas"]["Problem"]
    assert problem["required"] == ["type", "title", "code"]
    assert problem["properties"]["errors"]["maxItems"] == 20
    assert "OPTIONS" in document["info"]["description"]
