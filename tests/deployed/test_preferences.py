"""The contract over HTTP against the packaged Lambda, and the bytes that it leaves behind."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from infra.local.stack import Stack
from tests.deployed.conftest import MakeChoice

PATH = "/v1/sites/jutsoo/cookie-preferences"


def post(http: httpx.Client, body: dict[str, Any]) -> httpx.Response:
    return http.post(PATH, content=json.dumps(body), headers={"content-type": "text/plain"})


def test_a_choice_travels_to_the_table_and_back(
    stack: Stack, http: httpx.Client, choice: MakeChoice
) -> None:
    sent = choice()
    first, again = post(http, sent), post(http, sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    view = http.get(f"{PATH}/{sent['visitor_id']}").json()
    assert [entry["receipt"] for entry in view["history"]] == [first.json()["receipt"]]

    stored = stack.session.client("dynamodb").query(
        TableName=stack.tables["preferences"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"SITE#jutsoo#VISITOR#{sent['visitor_id']}"}},
    )["Items"]
    assert [sorted(item) for item in stored] == [["day", "et", "pk", "sealed", "sk", "ttl", "v"]]
    sealed = stored[0]["sealed"]["B"]
    assert b"accept_all" not in sealed
    assert stack.site_url.encode() not in sealed


def test_many_at_once_make_one_record(http: httpx.Client, choice: MakeChoice) -> None:
    sent = choice()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: post(http, sent).status_code, range(30)))
    assert sorted(answers) == [200] * 29 + [201]
    assert len(http.get(f"{PATH}/{sent['visitor_id']}").json()["history"]) == 1


def test_withdrawal_over_http(http: httpx.Client, choice: MakeChoice) -> None:
    sent = choice()
    post(http, sent)
    answer = http.delete(f"{PATH}/{sent['visitor_id']}")
    assert answer.status_code == 200
    assert answer.json()["choices"] == {
        "essential": True,
        "performance": False,
        "functional": False,
    }


def test_preflight_and_cors(stack: Stack, http: httpx.Client) -> None:
    answer = http.options(PATH, headers={"access-control-request-method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == stack.site_url
    foreign = http.options(PATH, headers={"origin": "https://evil.test"})
    assert foreign.status_code == 403
    assert "access-control-allow-origin" not in foreign.headers


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/nothing"), ("PATCH", PATH), ("GET", "/v1/health/x")]
)
def test_the_gateways_own_refusals_are_problems_with_cors(
    http: httpx.Client, method: str, path: str
) -> None:
    answer = http.request(method, path)
    assert answer.status_code in (403, 404, 405)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"]
    assert answer.headers["access-control-allow-origin"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_banner_is_served_with_its_etag(http: httpx.Client) -> None:
    answer = http.get("/v1/sites/jutsoo/banner.js")
    assert answer.status_code == 200
    etag = answer.headers["etag"]
    assert not etag.startswith("W/")
    again = http.get("/v1/sites/jutsoo/banner.js", headers={"if-none-match": etag})
    assert again.status_code == 304
