"""The staff's operations on webhooks, through the API."""

import json
from typing import Any

import pytest

from chalicelib.audit.entry import Actor
from chalicelib.connectors.webhooks.service import webhook_entity
from chalicelib.http.permissions import Role
from chalicelib.services import Services
from tests.contract.hooks import BODY, EVENT, URL, Hooks
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF, bearer, staff_token

WEBHOOKS = "/v1/staff/webhooks"


@pytest.fixture
def hooks(services: Services) -> Hooks:
    return Hooks(services)


class Api:
    """Calls as an engineer, who manages webhooks."""

    def __init__(self, gateway: Gateway, clock: FixedClock) -> None:
        self._gateway = gateway
        self._clock = clock

    def call(self, method: str, path: str = "", body: Any = None) -> Answer:
        token = bearer(staff_token(self._clock, Role.ENGINEER))
        headers = {"content-type": "application/json", **token}
        content = None if body is None else json.dumps(body)
        return self._gateway.call(method, WEBHOOKS + path, body=content, headers=headers)

    def register(self) -> dict[str, str]:
        answer = self.call("POST", body={"url": URL, "events": [EVENT]})
        assert answer.status == 201
        return dict(answer.json())


@pytest.fixture
def api(gateway: Gateway, hooks: Hooks, clock: FixedClock) -> Api:
    return Api(gateway, clock)


def test_a_secret_is_shown_once(api: Api, hooks: Hooks) -> None:
    registered = api.register()
    assert set(registered) == {"endpoint_id", "secret"}
    endpoint_id, secret = registered["endpoint_id"], registered["secret"]
    assert secret.startswith("whsec_")
    rotated = api.call("POST", f"/{endpoint_id}/rotate").json()
    assert rotated["previous_valid_until"] == "2026-11-24T10:00:00.000Z"
    for answer in (
        api.call("GET"),
        api.call("GET", f"/{endpoint_id}"),
        api.call("POST", f"/{endpoint_id}/pause"),
        api.call("POST", f"/{endpoint_id}/resume"),
        api.call("POST", f"/{endpoint_id}/redrive"),
        api.call("DELETE", f"/{endpoint_id}"),
    ):
        assert answer.status == 200
        assert secret not in answer.body
        assert rotated["secret"] not in answer.body
        assert "whsec_" not in answer.body


def test_endpoints_are_listed_with_their_urls(api: Api) -> None:
    assert api.call("GET").json() == {"webhooks": [], "cursor": None}
    endpoint_id = api.register()["endpoint_id"]
    shown = {
        "endpoint_id": endpoint_id,
        "url": URL,
        "events": [EVENT],
        "state": "active",
        "created_at": "2026-11-23T10:00:00.000Z",
    }
    assert api.call("GET").json() == {"webhooks": [shown], "cursor": None}
    detail = api.call("GET", f"/{endpoint_id}").json()
    assert detail == {**shown, "dead_letters": [], "cursor": None}
    assert api.call("POST", f"/{endpoint_id}/pause").json() == {**shown, "state": "paused"}
    assert api.call("POST", f"/{endpoint_id}/resume").json() == shown
    assert api.call("DELETE", f"/{endpoint_id}").json() == {"endpoint_id": endpoint_id}
    assert api.call("GET", f"/{endpoint_id}").code == "unknown_webhook"


def test_endpoints_are_listed_page_by_page(api: Api) -> None:
    ids = [api.register()["endpoint_id"] for _ in range(3)]
    first = api.call("GET", "?limit=2").json()
    second = api.call("GET", f"?limit=2&cursor={first['cursor']}").json()
    assert [each["endpoint_id"] for each in first["webhooks"]] == ids[:2]
    assert [each["endpoint_id"] for each in second["webhooks"]] == ids[2:]
    assert second["cursor"] is None
    for limit in ("0", "101", "x"):
        assert api.call("GET", f"?limit={limit}").status == 422
    assert api.call("GET", f"?cursor={first['cursor']}x").code == "invalid_cursor"


def test_a_cursor_of_the_dead_letters_does_not_page_through_the_endpoints(
    api: Api, hooks: Hooks
) -> None:
    endpoint_id = api.register()["endpoint_id"]
    api.call("POST", f"/{endpoint_id}/pause")
    for _ in range(2):
        hooks.deliver(hooks.queue(endpoint_id))
    cursor = api.call("GET", f"/{endpoint_id}?limit=1").json()["cursor"]
    assert cursor is not None
    assert api.call("GET", f"?cursor={cursor}").code == "invalid_cursor"


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/canary", "http://canary.example.com/", "https://u:canary@h.example/"]
)
def test_a_refused_target_is_a_problem_that_repeats_nothing(api: Api, url: str) -> None:
    answer = api.call("POST", body={"url": url, "events": [EVENT]})
    assert (answer.status, answer.code) == (422, "refused_target")
    (error,) = answer.json()["errors"]
    assert error["field"] == "url"
    assert "canary" not in answer.body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": URL}, "events"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": [EVENT] * 21}, "events"),
        ({"url": URL, "events": ["Request Closed"]}, "events.0"),
        ({"url": URL, "events": ["*"]}, "events.0"),
        ({"url": URL, "events": [f"{'x' * 65}"]}, "events.0"),
        ({"url": 7, "events": [EVENT]}, "url"),
        ({"url": "", "events": [EVENT]}, "url"),
        ({"url": "x" * 2001, "events": [EVENT]}, "url"),
        ({"url": URL, "events": [EVENT], "secret": "whsec_mine"}, "body"),
    ],
)
def test_what_is_malformed_is_refused_by_field(api: Api, body: Any, field: str) -> None:
    answer = api.call("POST", body=body)
    assert answer.status == 422
    assert field in [each["field"] for each in answer.json()["errors"]]


def test_dead_letters_are_shown_page_by_page_and_redriven(api: Api, hooks: Hooks) -> None:
    endpoint_id = api.register()["endpoint_id"]
    api.call("POST", f"/{endpoint_id}/pause")
    ids = [hooks.queue(endpoint_id) for _ in range(3)]
    for message_id in ids:
        hooks.deliver(message_id)
    first = api.call("GET", f"/{endpoint_id}?limit=2").json()
    second = api.call("GET", f"/{endpoint_id}?limit=2&cursor={first['cursor']}").json()
    shown = first["dead_letters"] + second["dead_letters"]
    assert [each["message_id"] for each in shown] == ids
    assert second["cursor"] is None
    assert shown[0] == {
        "message_id": ids[0],
        "event": EVENT,
        "reason": "webhook_paused",
        "attempts": 0,
        "given_up_at": "2026-11-23T10:00:00.000Z",
    }
    paused = api.call("POST", f"/{endpoint_id}/redrive")
    assert (paused.status, paused.code) == (409, "webhook_paused")
    api.call("POST", f"/{endpoint_id}/resume")
    redriven = api.call("POST", f"/{endpoint_id}/redrive")
    assert redriven.json() == {"redriven": 3, "remaining": False}
    assert api.call("GET", f"/{endpoint_id}").json()["dead_letters"] == []
    for message_id in ids:
        hooks.deliver(message_id)
    assert [each.body for each in hooks.internet.posted] == [BODY] * 3


def test_a_cursor_of_one_endpoint_does_not_page_through_another(api: Api, hooks: Hooks) -> None:
    one, other = api.register()["endpoint_id"], api.register()["endpoint_id"]
    for endpoint_id in (one, one, other):
        api.call("POST", f"/{endpoint_id}/pause")
        hooks.deliver(hooks.queue(endpoint_id))
    cursor = api.call("GET", f"/{one}?limit=1").json()["cursor"]
    assert api.call("GET", f"/{other}?limit=1&cursor={cursor}").code == "invalid_cursor"


def test_an_id_that_cannot_be_one_is_unknown(api: Api) -> None:
    for endpoint_id in ("x", "01J%23", "01J#", "..", "a" * 200):
        assert api.call("GET", f"/{endpoint_id}").code == "unknown_webhook"
        assert api.call("POST", f"/{endpoint_id}/pause").code == "unknown_webhook"


def test_who_did_it_is_on_the_trail(
    api: Api, hooks: Hooks, services: Services, clock: FixedClock
) -> None:
    endpoint_id = api.register()["endpoint_id"]
    api.call("POST", f"/{endpoint_id}/rotate")
    api.call("POST", f"/{endpoint_id}/pause")
    hooks.deliver(hooks.queue(endpoint_id))
    for verb in ("resume", "redrive"):
        api.call("POST", f"/{endpoint_id}/{verb}")
    api.call("DELETE", f"/{endpoint_id}")
    entries = list(services.trail.history(webhook_entity(endpoint_id)))
    assert [each.action for each in entries] == [
        "webhook.registered",
        "webhook.rotated",
        "webhook.paused",
        "webhook.resumed",
        "webhook.redriven",
        "webhook.removed",
    ]
    engineer = Actor("staff", STAFF.claims(clock)["sub"])
    assert [each.actor for each in entries] == [engineer] * len(entries)
