"""What every answer of the API has in common, whoever makes it and whatever went wrong."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ReadTimeoutError

import app as functions
from app import app
from chalicelib.errors import Internal
from chalicelib.http import routes
from chalicelib.http.headers import SECURITY_HEADERS
from chalicelib.services import Services, use
from chalicelib.telemetry import HandlerFailed
from tests.contract.calls import call_signed_in
from tests.contract.cookies import EVENT, ORIGIN, PREFERENCES, VISITOR, body, post, stored
from tests.contract.operations import PARAMETERS
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

# Spelled out once more: what goes missing there must be missed here.
EXPECTED = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "no-store",
}
BANNER = "/v1/sites/{site}/banner.js"
NOTICE = "/v1/sites/{site}/notice"
CHOICES = "/v1/sites/{site}/cookie-preferences"
VIEW = "/v1/sites/{site}/cookie-preferences/{visitor_id}"
ROUTES = [(method, path) for path, methods in sorted(app.routes.items()) for method in methods]
SITE_ROUTES = [(method, path) for method, path in ROUTES if "{site}" in path]
MEANT = {
    "POST": 201,
    "OPTIONS": 204,
    "/v1/consents/check": 200,
    "/v1/consents/imports": 202,
    "PUT /v1/consents/{purpose}": 201,
    "/v1/staff/subjects/{subject_id}/restriction/lift": 200,
    "/v1/staff/subjects/{subject_id}/objection/lift": 200,
    "/v1/places/{place_id}/tasks/{task_id}": 200,
    "/v1/records": 200,
    "/v1/records/check": 200,
    "/v1/requests": 202,
    "GET /v1/requests": 200,
    **{
        f"/v1/requests/{{request_id}}/{verb}": 200
        for verb in ("appeal", "code", "export", "verify", "withdraw")
    },
    "POST /v1/staff/requests": 202,
    **{
        f"/v1/staff/requests/{{request_id}}/{verb}": 200
        for verb in (
            "approve",
            "corrections",
            "extend",
            "identity",
            "pause",
            "places/{place}/resolve",
            "places/{place}/retry",
            "refuse",
            "resume",
            "set-going",
        )
    },
    "/v1/platform/requests": 200,
    "DELETE /opendsr/v2/requests/{subject_request_id}": 202,
    "/v1/sessions": 202,
    "/v1/sessions/verify": 200,
    "/v1/sessions/vouched": 200,
    "POST /v1/staff/clients/{client}/end": 202,
    "POST /v1/staff/retention/enumerations": 202,
    "/v1/staff/data-map/check": 200,
    **{f"/v1/staff/holds/{{hold_id}}/{verb}": 200 for verb in ("release", "review")},
    "/v1/staff/data-map/versions/{version}/approve": 200,
    "/v1/staff/retention/schedule/check": 200,
    "/v1/staff/retention/schedule/versions/{version}/approve": 200,
    "/v1/staff/retention/sweeps/{run_id}/confirm": 200,
    "/v1/staff/stop-orders/{stop_order}/processors/{processor_id}": 200,
    "/v1/staff/subjects/find": 200,
    "/v1/stop-orders/{stop_order}/processors/{processor_id}": 200,
    "/v1/staff/messages/{message_id}": 404,  # an id that nobody has
    "POST /v1/staff/incidents": 201,
    "POST /v1/staff/incidents/{incident_id}/evidence": 202,
    "POST /v1/staff/incidents/{incident_id}/recipients/compute": 202,
    **{
        f"POST /v1/staff/incidents/{{incident_id}}/{verb}": 200
        for verb in (
            "aftermath/actions/{action_id}/done",
            "aftermath/actions/{action_id}/drop",
            "aftermath/report",
            "aftermath/report/approve",
            "assessment",
            "awareness",
            "awareness/correct",
            "close",
            "delay",
            "dismiss",
            "nature",
            "notices/preview",
            "notices/{notice_id}/approve",
            "notices/{notice_id}/filing",
            "notices/{notice_id}/recipients/{recipient_id}/told",
            "notices/{notice_id}/tell-rest",
            "notices/{notice_id}/told-publicly",
            "notices/{notice_id}/withdraw",
            "recipients",
            "recipients/computations/{computation_id}/settle",
            "recipients/{recipient_id}/remove",
            "reopen",
            "take-up",
        )
    },
    **{
        f"/v1/staff/webhooks/{{endpoint_id}}/{verb}": 200
        for verb in ("pause", "redrive", "resume", "rotate")
    },
}

type Call = Callable[..., Answer]


class Broken:
    """Services of which none can be had."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("canary")


@pytest.fixture
def call(gateway: Gateway, services: Services) -> Call:
    """Calls a route by its pattern, as a page of the site would."""
    content = json.dumps(body(services))

    def call(method: str, path: str, query: str = "", site: str = "jutsoo", **headers: str) -> Any:
        sent = {"origin": ORIGIN, "content-type": "text/plain"} | headers
        where = path.replace("{site}", site).replace("{visitor_id}", VISITOR)
        if path.startswith("/v1/sites/"):
            return gateway.call(method, where + query, body=content, headers=sent)
        return call_signed_in(gateway, services, method, path, query)

    return call


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The types of what the edge logged."""
    logged: list[str] = []

    def note(error: Exception, request_id: str) -> None:
        assert request_id == "request-1"
        logged.append(type(error).__name__)

    monkeypatch.setattr(routes, "log_failure", note)
    return logged


def away(services: Services, clock: FixedClock, error: Exception) -> None:
    """Lets every call to DynamoDB end in `error`, once no site is in memory."""
    clock.advance(timedelta(minutes=2))

    def fail(**_: Any) -> None:
        raise error

    services.dynamodb.meta.events.register("before-call.dynamodb", fail)


def throttled() -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "canary"}}, "GetItem")


def assert_complete(answer: Answer, *, cacheable: bool = False) -> None:
    expected = EXPECTED | {"x-request-id": "request-1"}
    if cacheable:
        del expected["cache-control"]
    assert expected.items() <= answer.headers.items()


def test_the_security_headers_are_these() -> None:
    assert SECURITY_HEADERS == EXPECTED


KEPT = {
    BANNER,
    "/v1/consents/check",
    "/v1/notices/{notice_id}",
    "/v1/notices/{notice_id}/versions/{version}",
}
"""What may be kept for a while says so itself."""


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_has_all_security_headers(
    gateway: Gateway, call: Call, failures: list[str], method: str, path: str
) -> None:
    meant = call(method, path)
    known = (f"{method} {path}", path, method)
    assert meant.status == next((MEANT[each] for each in known if each in MEANT), 200)
    assert_complete(meant, cacheable=path in KEPT)

    refused = (
        call(method, path, site="unknown")
        if "{site}" in path
        else call(method, path, query="?canary=1")
    )
    assert refused.status in (404, 422) or path.startswith("/opendsr/")
    assert 400 <= refused.status < 500
    assert_complete(refused)

    wrong = gateway.call("PATCH", path.format(**PARAMETERS))
    assert (wrong.status, wrong.code) == (405, "method_not_allowed")
    assert_complete(wrong)


@pytest.mark.parametrize(("method", "path"), SITE_ROUTES)
def test_what_breaks_is_logged_once_and_says_nothing(
    call: Call, failures: list[str], method: str, path: str
) -> None:
    use(cast("Services", Broken()))
    answer = call(method, path)
    assert (answer.status, answer.code) == (500, "internal")
    assert_complete(answer)
    assert "canary" not in answer.body
    assert failures == ["RuntimeError"]


@pytest.mark.parametrize(("method", "path"), SITE_ROUTES)
def test_whoever_meets_throttling_is_told_to_come_back(
    call: Call,
    services: Services,
    clock: FixedClock,
    failures: list[str],
    method: str,
    path: str,
) -> None:
    away(services, clock, throttled())
    answer = call(method, path)
    assert (answer.status, answer.code) == (503, "dependency_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert_complete(answer)
    assert "canary" not in answer.body
    assert failures == ["ClientError"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(ReadTimeoutError(endpoint_url="canary"), 503), (NoCredentialsError(), 500)],
    ids=["absent", "ours to mend"],
)
def test_only_what_passes_by_itself_is_worth_coming_back_for(
    call: Call,
    services: Services,
    clock: FixedClock,
    failures: list[str],
    error: Exception,
    status: int,
) -> None:
    away(services, clock, error)
    assert call("GET", NOTICE).status == status
    assert len(failures) == 1


def test_a_broken_promise_of_our_own_is_logged(call: Call, failures: list[str]) -> None:
    class Fails:
        def get(self, site: str) -> Any:
            raise Internal

    use(cast("Services", SimpleNamespace(sites=Fails())))
    assert call("GET", NOTICE).status == 500
    assert failures == ["Internal"]


def test_a_refusal_is_not_logged(call: Call, failures: list[str]) -> None:
    assert call("GET", NOTICE, site="unknown").status == 404
    assert failures == []


def test_what_the_caller_holds_is_not_sent_again(call: Call) -> None:
    etag = call("GET", BANNER).headers["etag"]
    answer = call("GET", BANNER, **{"if-none-match": etag})
    assert (answer.status, answer.body) == (304, "")
    assert_complete(answer, cacheable=True)


@pytest.mark.parametrize("path", [BANNER, NOTICE])
def test_problems_of_public_calls_can_be_read_by_any_page(call: Call, path: str) -> None:
    for answer in (call("GET", path), call("GET", path, site="unknown")):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-expose-headers"] == "etag, x-request-id"


def test_answers_to_pages_say_who_may_read_what(call: Call) -> None:
    for answer in (call("POST", CHOICES), call("GET", VIEW)):
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["access-control-expose-headers"] == "etag, x-request-id"
        assert answer.headers["vary"] == "Origin"


def test_a_read_without_an_origin_still_varies_with_it(gateway: Gateway) -> None:
    answer = gateway.call("GET", f"{PREFERENCES}/{VISITOR}")
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "anything"])
def test_a_preflight_is_answered_whatever_its_media_type(call: Call, media_type: str) -> None:
    answer = call("OPTIONS", VIEW, **{"content-type": media_type})
    assert answer.status == 204
    allowed = {name: value for name, value in answer.headers.items() if "access-control" in name}
    assert allowed == {
        "access-control-allow-origin": ORIGIN,
        "access-control-expose-headers": "etag, x-request-id",
        "access-control-allow-methods": "GET, DELETE",
        "access-control-allow-headers": "content-type, idempotency-key, if-none-match",
        "access-control-max-age": "7200",
    }
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(("length", "status"), [(4095, 201), (4096, 201), (4097, 413)])
def test_a_body_of_4096_bytes_is_the_longest(
    gateway: Gateway, services: Services, length: int, status: int
) -> None:
    content = json.dumps(body(services)).ljust(length)
    assert post(gateway, content).status == status
    assert len(stored(services)) == (status == 201)


def test_the_limit_counts_bytes_not_characters(gateway: Gateway) -> None:
    assert post(gateway, '"' + "é" * 2048 + '"').status == 413


@pytest.mark.parametrize("content", ["\ud800", '{"event_id": "\udfff"}', '"\\ud800"'])
def test_a_lone_surrogate_is_no_json(gateway: Gateway, services: Services, content: str) -> None:
    answer = post(gateway, content)
    assert (answer.status, answer.code) == (400, "malformed_json")
    assert stored(services) == []


def test_a_lone_surrogate_of_a_foreign_media_type_is_refused_for_that(gateway: Gateway) -> None:
    assert post(gateway, "\ud800", **{"content-type": "application/xml"}).status == 415


def test_a_thousand_mistakes_make_a_short_answer(gateway: Gateway, services: Services) -> None:
    content = json.dumps(body(services) | {f"x{number}": 0 for number in range(350)})
    answer = post(gateway, content)
    assert answer.json()["errors"] == [{"field": "body", "code": "unknown_field"}]


@pytest.mark.parametrize("value", ["true", "0", "", "11", "1, 1", "yes"])
def test_only_a_1_is_the_gpc_signal(gateway: Gateway, call: Call, value: str) -> None:
    assert call("GET", VIEW, **{"sec-gpc": value}).json()["state"] == "undecided"
    call("POST", CHOICES, **{"sec-gpc": value})
    assert call("GET", VIEW).json()["history"][0]["gpc"] is False


def test_a_1_is_the_gpc_signal_and_part_of_the_evidence(call: Call) -> None:
    assert call("GET", VIEW, **{"sec-gpc": "1"}).json()["state"] == "gpc"
    call("POST", CHOICES, **{"sec-gpc": "1"})
    assert call("GET", VIEW).json()["history"][0]["gpc"] is True


class TestIdempotency:
    """docs/adr/0004-idempotency-of-choices.md."""

    def test_the_document_says_so(self, gateway: Gateway) -> None:
        paths = gateway.call("GET", "/v1/openapi.json").json()["paths"]
        described = paths[CHOICES]["post"]
        assert "event id is the idempotency key" in described["description"]
        taken = {each["name"]: each["required"] for each in described["parameters"]}
        assert taken == {"site": True, "Origin": True, "Sec-GPC": False, "Idempotency-Key": False}

    def test_the_event_id_is_the_key(self, gateway: Gateway, services: Services) -> None:
        first = post(gateway, body(services), **{"idempotency-key": "one"})
        again = post(gateway, body(services), **{"idempotency-key": "two"})
        assert (first.status, again.status) == (201, 200)
        assert first.json() == again.json()

    def test_the_header_is_not_the_key(self, gateway: Gateway, services: Services) -> None:
        for event in (EVENT, "01JEVENT000000000000000002"):
            answer = post(gateway, body(services, event_id=event), **{"idempotency-key": "one"})
            assert answer.status == 201
        assert len(stored(services)) == 2

    def test_another_visitors_event_is_another(self, gateway: Gateway, services: Services) -> None:
        for visitor in (VISITOR, "01JVS1T0R00000000000000002"):
            assert post(gateway, body(services, visitor_id=visitor)).status == 201
        assert len(stored(services)) == 2

    @pytest.mark.parametrize("again", [False, True])
    def test_it_costs_one_write_and_no_read(
        self, gateway: Gateway, services: Services, again: bool
    ) -> None:
        post(gateway, body(services))
        called: list[str] = []
        for client in (services.dynamodb, services.kms):
            client.meta.events.register("before-call", lambda model, **_: called.append(model.name))
        event = EVENT if again else "01JEVENT000000000000000002"
        assert post(gateway, body(services, event_id=event)).status == (200 if again else 201)
        assert called == ["PutItem"]


SCHEDULED = dict.fromkeys(
    ("version", "account", "region", "detail", "detail-type", "source", "time", "id", "resources")
)
EVENTS: dict[str, dict[str, Any]] = {
    "digest_preferences": {"Records": [{"eventID": "1", "dynamodb": {"NewImage": {}}}]},
    "checkpoint_trail": SCHEDULED,
    "watch_requests": SCHEDULED,
    "watch_consents": SCHEDULED,
    "watch_incidents": SCHEDULED,
    "sweep_retention": SCHEDULED,
    "relay_outbox": {"Records": []},
    "count_consents": {"Records": []},
    "count_preferences": {"Records": []},
    "send_mail": {"Records": []},
    "record_feedback": {"Records": []},
    "take_findings": {"Records": []},
    "send_webhooks": {"Records": []},
    "fulfil_requests": {"Records": []},
}


def test_every_event_handler_is_tried_below() -> None:
    assert {source.name for source in app.event_sources} == set(EVENTS)


@pytest.mark.parametrize("handler", sorted(EVENTS))
def test_a_handler_that_fails_says_only_what_kind_of_failure(
    services: Services, handler: str
) -> None:
    use(cast("Services", Broken()))
    context = SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=None)
    with pytest.raises(HandlerFailed) as failure:
        getattr(functions, handler)(EVENTS[handler], context)
    assert str(failure.value) == "RuntimeError"
    assert (failure.value.__cause__, failure.value.__context__) == (None, None)
