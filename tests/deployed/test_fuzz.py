"""schemathesis on our own OpenAPI document, against the deployed API: no answer is a 5xx."""

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from app import app
from infra.local.stack import Stack
from tests.gateway import Gateway

DOCUMENT = json.loads(Gateway(app).call("GET", "/v1/openapi.json").body)
schema = schemathesis.openapi.from_dict(DOCUMENT)


# Twenty examples for each operation: an invocation takes some 60 ms in the embedded AWS.
@schema.parametrize()
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_nothing_breaks_the_api(case: schemathesis.Case[Any], stack: Stack) -> None:
    for site in (None, "jutsoo"):
        if site and "site" in case.path_parameters:
            case.path_parameters["site"] = site
        case.call_and_validate(
            base_url=stack.api_url,
            checks=[not_a_server_error],
            headers={"origin": stack.site_url},
        )
