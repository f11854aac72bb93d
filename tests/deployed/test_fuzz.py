"""schemathesis on our own OpenAPI document, against the deployed API: no answer is a 5xx."""

import json
from collections import Counter
from functools import cache
from typing import Any, cast

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from app import app
from infra.local.stack import Stack
from tests.deployed.conftest import MakeChoice
from tests.deployed.sign_in import platform_token, session_token, staff_token
from tests.gateway import Gateway

DOCUMENT = json.loads(Gateway(app).call("GET", "/v1/openapi.json").body)
schema = schemathesis.openapi.from_dict(DOCUMENT)
CHOICES = schema["/v1/sites/{site}/cookie-preferences"]["POST"]
# Twenty examples for each operation: an invocation takes some 60 ms in the embedded AWS.
SETTINGS = settings(
    max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@schema.parametrize()
@SETTINGS
def test_nothing_breaks_the_api(case: schemathesis.Case[Any], stack: Stack) -> None:
    ask(case, stack)
    if "site" in case.path_parameters:
        case.path_parameters["site"] = "jutsoo"
        ask(case, stack)


def test_choices_of_every_shape_are_stored(
    stack: Stack, http: httpx.Client, choice: MakeChoice
) -> None:
    """Chance finds neither a site nor a notice's hash nor the time: these are given."""
    known = {name: choice()[name] for name in ("notice_sha256", "language", "occurred_at")}
    statuses: Counter[int] = Counter()

    @SETTINGS
    @given(case=CHOICES.as_strategy(media_type="application/json"))
    def send(case: schemathesis.Case[Any]) -> None:
        case.path_parameters["site"] = "jutsoo"
        case.body = cast("dict[str, Any]", case.body) | known | {"action": "save"}
        statuses[ask(case, stack)] += 1

    send()
    assert statuses[201] > sum(statuses.values()) // 2, statuses


def ask(case: schemathesis.Case[Any], stack: Stack) -> int:
    case.headers["Origin"] = stack.site_url
    # With a token that opens the route: what is refused at the door finds no fault behind it.
    for scheme in case.operation.definition.raw["security"]:
        case.headers["Authorization"] = f"Bearer {_token(stack, next(iter(scheme)))}"
    answer = case.call_and_validate(base_url=stack.api_url, checks=[not_a_server_error])
    return answer.status_code


@cache
def _token(stack: Stack, scheme: str) -> str:
    match scheme:
        case "staff":
            return staff_token(stack, "dpo")
        case "platform":
            return platform_token(
                stack,
                "consents:write",
                "consents:check",
                "records:write",
                "requests:write",
                "incidents:write",
                "opendsr",
            )
    return session_token(stack)
