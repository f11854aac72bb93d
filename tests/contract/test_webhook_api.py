"""The staff's operations on webhooks, through the API."""

import json
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest

from chalicelib.audit.entry import Actor
from chalicelib.connectors.webhooks.models import Issued
from chalicelib.connectors.webhooks.service import webhook_entity
from chalicelib.http.permissions import Role
from chalicelib.idempotency.models import KeyedCall
from chalicelib.services import Services
from tests.contract.hooks import BODY, DPO, EVENT, URL, Hooks
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF, bearer, staff_claims, staff_token

WEBHOOKS = "/v1/staff/webhooks"


@pytest.fixture
def hooks(services: Services) -> Hooks:
    return Hooks(services)


class Api:
    """Calls as an engineer, who manages webhooks."""

    def __init__(self, gateway: Gateway, clock: FixedClock) -> None:
        self._gateway = gateway
        self._clock = clock

    def call(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        token = bearer(staff_token(self._clock, Role.ENGINEER))
        sent = {"content-type": "application/json", **token, **headers}
        content = None if body is None else json.dumps(body)
        return self._gateway.call(method, WEBHOOKS + path, body=content, headers=sent)

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


# --- repeats -----------------------------------------------------------------------------------

ASKED = {"url": URL, "events": [EVENT]}
KEYED = {"idempotency-key": "3f1d6c1e-6a52-4d0e-9c3a-0b7f6d2f5a11"}


def test_a_repeated_registration_is_one_endpoint_and_shows_no_secret(
    api: Api, hooks: Hooks
) -> None:
    first = api.call("POST", body=ASKED, **KEYED)
    again = api.call("POST", body=dict(reversed(ASKED.items())), **KEYED)
    assert (first.status, again.status) == (201, 200)
    endpoint_id = first.json()["endpoint_id"]
    assert again.json() == {"endpoint_id": endpoint_id, "secret": None}
    assert [each.id for each, _ in hooks.listed()] == [endpoint_id]
    assert hooks.actions_on(endpoint_id) == ["webhook.registered"]


def test_a_repeat_is_answered_though_its_target_is_refused_by_now(api: Api, hooks: Hooks) -> None:
    first = api.call("POST", body=ASKED, **KEYED).json()
    hooks.internet.addresses = [ip_address("10.0.0.1")]
    again = api.call("POST", body=ASKED, **KEYED)
    assert (again.status, again.json()["endpoint_id"]) == (200, first["endpoint_id"])


def test_a_key_is_not_taken_by_a_registration_that_was_refused(api: Api, hooks: Hooks) -> None:
    refused = api.call("POST", body={**ASKED, "url": "https://10.0.0.1/"}, **KEYED)
    assert refused.code == "refused_target"
    assert api.call("POST", body=ASKED, **KEYED).status == 201


def test_a_key_of_another_registration_is_refused(api: Api, hooks: Hooks) -> None:
    api.call("POST", body=ASKED, **KEYED)
    answer = api.call("POST", body={**ASKED, "events": ["request.opened"]}, **KEYED)
    assert (answer.status, answer.code) == (409, "idempotency_conflict")
    assert len(hooks.listed()) == 1


def test_another_members_key_is_another(api: Api, hooks: Hooks, clock: FixedClock) -> None:
    other = staff_claims(clock, Role.ENGINEER, sub="99999999-2222-4333-8444-555555555555")
    api.call("POST", body=ASKED, **KEYED)
    assert api.call("POST", body=ASKED, **KEYED, **bearer(STAFF.sign(other))).status == 201
    assert len(hooks.listed()) == 2


def test_a_repeated_rotation_is_one(
    api: Api, hooks: Hooks, services: Services, clock: FixedClock
) -> None:
    endpoint_id = api.call("POST", body=ASKED, **KEYED).json()["endpoint_id"]
    first = api.call("POST", f"/{endpoint_id}/rotate", **KEYED)
    clock.advance(timedelta(hours=1))
    again = api.call("POST", f"/{endpoint_id}/rotate", **KEYED)
    assert (first.status, again.status) == (200, 200)
    assert first.json()["secret"].startswith("whsec_")
    assert again.json() == {**first.json(), "secret": None}
    assert hooks.actions_on(endpoint_id) == ["webhook.registered", "webhook.rotated"]
    other = api.register()["endpoint_id"]
    assert api.call("POST", f"/{other}/rotate", **KEYED).code == "idempotency_conflict"
    assert hooks.actions_on(other) == ["webhook.registered"]


def test_ten_registrations_at_once_under_one_key_are_one(api: Api, hooks: Hooks) -> None:
    issued = at_once(
        10,
        lambda _: hooks.services.webhooks.register(
            DPO, URL, [EVENT], KeyedCall("staff", "01JDPO", "register", "key", "request")
        ),
    )
    secrets = [each.secret for each in issued if isinstance(each, Issued)]
    assert len(secrets) == 10
    assert secrets.count(None) == 9
    assert len(hooks.listed()) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 65, "é", "a\x7f", "a\n"])
def test_a_key_that_cannot_be_one_is_refused_and_repeated_nowhere(
    api: Api, hooks: Hooks, key: str
) -> None:
    answer = api.call("POST", body=ASKED, **{"idempotency-key": key})
    assert answer.status == 422
    assert answer.json()["errors"] == [{"field": "idempotency-key", "code": "wrong_format"}]
    assert hooks.listed() == []


@pytest.mark.parametrize("key", ["!", "~" * 64, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "a#b"])
def test_a_key_is_1_to_64_visible_characters(api: Api, key: str) -> None:
    for status in (201, 200):
        assert api.call("POST", body=ASKED, **{"idempotency-key": key}).status == status


def test_the_document_says_which_calls_take_a_key(gateway: Gateway) -> None:
    paths = gateway.call("GET", "/v1/openapi.json").json()["paths"]
    for path in (WEBHOOKS, f"{WEBHOOKS}/{{endpoint_id}}/rotate"):
        described = paths[path]["post"]
        (key,) = [each for each in described["parameters"] if each["in"] == "header"]
        assert (key["name"], key["required"]) == ("Idempotency-Key", False)
        assert key["schema"] == {"type": "string", "pattern": "^[!-~]{1,64}$"}
        assert "null for the secret" in described["description"]


# --- the trail ---------------------------------------------------------------------------------


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
