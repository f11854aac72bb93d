"""The cookie-preference endpoints of the contract, over real request events and moto's AWS."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import app
from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
from chalicelib.cookies import store
from chalicelib.cookies.models import RETENTION
from chalicelib.services import Services
from chalicelib.tables.codec import decode
from chalicelib.vault.keys import Scope
from tests.browser.servers import BANNER, configuration
from tests.contract.cookies import ORIGIN, PREFERENCES, VISITOR, body, post, stored
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

SECOND = timedelta(seconds=1)


def show(gateway: Gateway, query: str = "", **headers: str) -> Answer:
    return gateway.call("GET", f"{PREFERENCES}/{VISITOR}{query}", headers=headers)


def test_a_choice_is_stored_and_answered(gateway: Gateway, services: Services) -> None:
    answer = post(gateway, body(services))
    assert answer.status == 201
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json() == {
        "record_id": answer.json()["record_id"],
        "visitor_id": VISITOR,
        "choices": {"essential": True, "performance": True, "functional": True},
        "recorded_at": rfc3339(services.clock.now()),
        "expires_at": rfc3339(services.clock.now() + RETENTION),
        "receipt": answer.json()["receipt"],
    }
    assert len(stored(services)) == 1


def test_the_same_event_again_answers_with_the_same_record(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    sent = body(services)
    first = post(gateway, sent)
    clock.advance(timedelta(minutes=3))
    again = post(gateway, sent, **{"content-type": "application/json"})
    assert (first.status, again.status) == (201, 200)
    assert first.json() == again.json()
    assert len(stored(services)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"action": "reject_all", "choices": {"performance": False, "functional": False}},
        {"action": "save", "choices": {"performance": True, "functional": False}},
        {"gpc": True},
        {"source": "gpc"},
        {"banner_build": "other"},
        {"occurred_at": "2026-11-23T09:59:59.999Z"},
    ],
)
def test_the_same_event_id_for_another_body_is_a_conflict(
    gateway: Gateway, services: Services, change: dict[str, Any]
) -> None:
    sent = body(services)
    post(gateway, sent)
    answer = post(gateway, sent | change)
    assert (answer.status, answer.code) == (409, "event_conflict")
    assert len(stored(services)) == 1


def test_the_same_event_id_under_another_text_is_a_conflict(
    gateway: Gateway, services: Services
) -> None:
    sent = body(services)
    post(gateway, sent)
    other = {"language": "id", "notice_sha256": services.sites.get("jutsoo").notice.sha256["id"]}
    assert post(gateway, sent | other).code == "event_conflict"


def test_an_event_id_is_one_visitors_own(gateway: Gateway, services: Services) -> None:
    """Its scope is the visitor: docs/adr/0004-idempotency-of-choices.md."""
    sent = body(services)
    other = sent | {"visitor_id": "01JVS1T0R00000000000000002"}
    assert [post(gateway, each).status for each in (sent, other)] == [201, 201]


REFUSALS: list[tuple[str, dict[str, Any], int, str, str]] = [
    (
        "essential refused",
        {"choices": {"performance": True, "functional": True, "essential": False}},
        422,
        "choices.essential",
        "not_allowed",
    ),
    (
        "unknown category",
        {"choices": {"performance": True, "functional": True, "marketing": True}},
        422,
        "choices",
        "unknown_field",
    ),
    ("missing category", {"choices": {"performance": True}}, 422, "choices.functional", "missing"),
    ("unknown notice", {"notice_sha256": "f" * 64}, 422, "notice_sha256", "unknown_notice"),
    ("notice of the other language", {"language": "id"}, 422, "notice_sha256", "unknown_notice"),
    (
        "too far ahead",
        {"occurred_at": "2026-11-23T10:10:00.001Z"},
        422,
        "occurred_at",
        "in_the_future",
    ),
    ("too far back", {"occurred_at": "2026-05-27T10:00:00.000Z"}, 422, "occurred_at", "too_old"),
    ("no time zone", {"occurred_at": "2026-11-23T10:00:00"}, 422, "occurred_at", "invalid_value"),
    ("a number for a time", {"occurred_at": 1795428000}, 422, "occurred_at", "invalid_value"),
    (
        "beyond the calendar",
        {"occurred_at": "9999-12-31T23:59:59-14:00"},
        422,
        "occurred_at",
        "invalid_value",
    ),
    ("unknown field", {"email": "canary@example.test"}, 422, "body", "unknown_field"),
    ("wrong type", {"gpc": "canary"}, 422, "gpc", "wrong_type"),
    ("unknown action", {"action": "canary"}, 422, "action", "not_allowed"),
    ("contradiction", {"action": "reject_all"}, 422, "choices", "contradicts_action"),
    (
        "an address for an id",
        {"visitor_id": "canary@example.test"},
        422,
        "visitor_id",
        "wrong_format",
    ),
    ("a separator in an id", {"event_id": "0123456789#ABCDEF"}, 422, "event_id", "wrong_format"),
    ("no language of ours", {"language": "fr"}, 422, "language", "not_allowed"),
]


@pytest.mark.parametrize(
    ("change", "status", "field", "code"),
    [refusal[1:] for refusal in REFUSALS],
    ids=[refusal[0] for refusal in REFUSALS],
)
def test_bad_input_is_named_stores_nothing_and_echoes_nothing(
    gateway: Gateway, services: Services, change: dict[str, Any], status: int, field: str, code: str
) -> None:
    answer = post(gateway, body(services, **change))
    assert (answer.status, answer.json()["code"]) == (status, "invalid_input")
    assert {"field": field, "code": code} in answer.json()["errors"]
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "canary" not in answer.body
    assert stored(services) == []


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ("{", 400, "malformed_json"),
        (b"\xff\xfe", 400, "malformed_json"),
        ("", 400, "malformed_json"),
        ('{"gpc": NaN', 400, "malformed_json"),
        ("[" * 2000, 400, "malformed_json"),
        ("[]", 422, "invalid_input"),
        ("null", 422, "invalid_input"),
        (" " * 4097, 413, "too_large"),
    ],
)
def test_bodies_that_are_no_choice(
    gateway: Gateway, services: Services, content: str | bytes, status: int, code: str
) -> None:
    answer = post(gateway, content)
    assert (answer.status, answer.code) == (status, code)
    assert stored(services) == []


def test_a_foreign_media_type_is_refused_with_cors(gateway: Gateway, services: Services) -> None:
    answer = post(gateway, body(services), **{"content-type": "application/xml"})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", "https://www.jutsoo.test.evil.test"]
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "GET", "OPTIONS"])
def test_a_foreign_origin_gets_nowhere(
    gateway: Gateway, services: Services, origin: str, method: str
) -> None:
    path = PREFERENCES if method == "POST" else f"{PREFERENCES}/{VISITOR}"
    answer = gateway.call(method, path, body=json.dumps(body(services)), headers={"origin": origin})
    assert (answer.status, answer.code) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in answer.headers
    assert stored(services) == []


def test_a_change_without_an_origin_comes_from_no_page(
    gateway: Gateway, services: Services
) -> None:
    answer = gateway.call("POST", PREFERENCES, body=json.dumps(body(services)), headers={})
    assert answer.code == "origin_not_allowed"


@pytest.mark.parametrize("site", ["unknown", "JUTSOO", "a%23b", "x" * 80])
def test_an_unknown_site(gateway: Gateway, services: Services, site: str) -> None:
    for method, path in [
        ("POST", f"/v1/sites/{site}/cookie-preferences"),
        ("GET", f"/v1/sites/{site}/cookie-preferences/{VISITOR}"),
        ("GET", f"/v1/sites/{site}/notice"),
        ("GET", f"/v1/sites/{site}/banner.js"),
    ]:
        answer = gateway.call(
            method, path, body=json.dumps(body(services)), headers={"origin": ORIGIN}
        )
        assert (answer.status, answer.code) == (404, "unknown_site")


def test_preflight_is_answered_for_the_sites_origin(gateway: Gateway) -> None:
    answer = gateway.call("OPTIONS", f"{PREFERENCES}/{VISITOR}", headers={"origin": ORIGIN})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-methods"] == "GET, DELETE"


def test_the_standing_choice_and_its_history(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    first = post(gateway, body(services)).json()
    clock.advance(SECOND)
    changed = body(
        services,
        event_id="01JEVENT000000000000000002",
        action="save",
        choices={"performance": False, "functional": True},
    )
    second = post(gateway, changed).json()
    view = show(gateway).json()
    assert view["state"] == "decided"
    assert view["choices"] == {"essential": True, "performance": False, "functional": True}
    assert view["expires_at"] == second["expires_at"]
    assert [entry["record_id"] for entry in view["history"]] == [
        second["record_id"],
        first["record_id"],
    ]
    assert view["history"][0]["previous_record_id"] == first["record_id"]
    assert view["history"][1]["previous_record_id"] is None
    assert [entry["receipt"] for entry in view["history"]] == [second["receipt"], first["receipt"]]


def test_history_pages_with_a_cursor(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    for number in range(5):
        clock.advance(SECOND)
        post(gateway, body(services, event_id=f"01JEVENT00000000000000001{number}"))
    seen: list[str] = []
    query = "?limit=2"
    for _ in range(3):
        view = show(gateway, query).json()
        seen += [entry["record_id"] for entry in view["history"]]
        query = f"?limit=2&cursor={view['cursor']}"
    assert view["cursor"] is None
    assert len(set(seen)) == len(seen) == 5


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?limit=0", "invalid_input"),
        ("?limit=101", "invalid_input"),
        ("?limit=²", "invalid_input"),
        ("?cursor=AAAA", "invalid_cursor"),
        ("?cursor=é", "invalid_cursor"),
        ("?canary=1", "invalid_input"),
    ],
)
def test_bad_queries(gateway: Gateway, query: str, code: str) -> None:
    answer = show(gateway, query)
    assert (answer.status, answer.code) == (422, code)
    assert "canary" not in answer.body


def test_a_cursor_of_one_visitor_opens_no_other_list(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    other = "01JVS1T0R00000000000000002"
    for number in range(2):
        clock.advance(SECOND)
        sent = body(services, visitor_id=other, event_id=f"01JEVENT00000000000000001{number}")
        post(gateway, sent)
    view = gateway.call("GET", f"{PREFERENCES}/{other}?limit=1").json()
    assert show(gateway, f"?cursor={view['cursor']}").code == "invalid_cursor"


def test_gpc_makes_an_undecided_visitor_essential_only_and_a_yes_still_counts(
    gateway: Gateway, services: Services
) -> None:
    essential = {"essential": True, "performance": False, "functional": False}
    undecided = show(gateway).json()
    assert (undecided["state"], undecided["choices"]) == ("undecided", essential)
    signalled = show(gateway, **{"sec-gpc": "1"}).json()
    assert (signalled["state"], signalled["choices"]) == ("gpc", essential)
    assert show(gateway, **{"sec-gpc": "true"}).json()["state"] == "undecided"

    post(gateway, body(services), **{"sec-gpc": "1"})
    decided = show(gateway, **{"sec-gpc": "1"}).json()
    assert (decided["state"], decided["choices"]["performance"]) == ("decided", True)
    assert decided["history"][0]["gpc"] is True


def test_a_choice_is_gone_at_the_exact_moment_of_its_expiry(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    post(gateway, body(services))
    clock.advance(RETENTION - timedelta(microseconds=1))
    assert show(gateway).json()["state"] == "decided"
    clock.advance(timedelta(microseconds=1))
    assert show(gateway).json() == {
        "visitor_id": VISITOR,
        "state": "undecided",
        "choices": {"essential": True, "performance": False, "functional": False},
        "expires_at": None,
        "history": [],
        "cursor": None,
    }
    assert len(stored(services)) == 1  # TTL has not swept it: the read filtered it


def test_withdrawing_is_recorded_once(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    post(gateway, body(services))
    clock.advance(SECOND)
    for _ in range(2):
        answer = gateway.call("DELETE", f"{PREFERENCES}/{VISITOR}", headers={"origin": ORIGIN})
        assert answer.status == 200
        assert answer.json()["choices"]["performance"] is False
        assert answer.json()["history"][0]["action"] == "withdraw"
    assert len(stored(services)) == 2


def test_withdrawing_nothing_records_nothing(gateway: Gateway, services: Services) -> None:
    answer = gateway.call("DELETE", f"{PREFERENCES}/{VISITOR}", headers={"origin": ORIGIN})
    assert (answer.status, answer.json()["state"]) == (200, "undecided")
    assert stored(services) == []


def test_what_is_stored_shows_nothing_of_the_choice(gateway: Gateway, services: Services) -> None:
    post(gateway, body(services))
    (item,) = stored(services)
    assert sorted(item) == ["day", "et", "pk", "sealed", "sk", "ttl", "v"]
    for clear in (b"accept", b"performance", ORIGIN.encode(), b"true"):
        assert clear not in item["sealed"]


def test_an_item_moved_to_another_visitor_grants_nothing(
    gateway: Gateway, services: Services, capfd: pytest.CaptureFixture[str]
) -> None:
    other = "01JVS1T0R00000000000000002"
    post(gateway, body(services))
    name = services.settings.preferences_table
    item = services.dynamodb.scan(TableName=name)["Items"][0]
    services.dynamodb.put_item(
        TableName=name, Item={**item, "pk": {"S": f"SITE#jutsoo#VISITOR#{other}"}}
    )
    view = gateway.call("GET", f"{PREFERENCES}/{other}").json()
    assert (view["state"], view["choices"]["performance"], view["history"]) == (
        "unreadable",
        False,
        [],
    )


def test_one_unreadable_record_neither_grants_nor_keeps_from_withdrawing(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    post(gateway, body(services))
    post(gateway, body(services, event_id="01JEVENT000000000000000002"))
    name = services.settings.preferences_table
    item = services.dynamodb.scan(TableName=name)["Items"][0]
    sealed = bytearray(item["sealed"]["B"])
    sealed[-1] ^= 1
    services.dynamodb.put_item(TableName=name, Item={**item, "sealed": {"B": bytes(sealed)}})
    clock.advance(SECOND)
    view = show(gateway).json()
    assert (view["state"], view["choices"]["performance"]) == ("unreadable", False)
    assert len(view["history"]) == 1
    for _ in range(2):
        answer = gateway.call("DELETE", f"{PREFERENCES}/{VISITOR}", headers={"origin": ORIGIN})
        assert (answer.status, answer.json()["history"][0]["action"]) == (200, "withdraw")
    assert len(stored(services)) == 3


@pytest.mark.parametrize(
    "damage",
    [{"day": {"S": "never"}}, {"v": {"N": "9"}}, {"et": {"S": "other"}}, {"sealed": {"S": "text"}}],
)
def test_an_item_damaged_in_any_way_neither_grants_nor_blocks(
    gateway: Gateway, services: Services, damage: dict[str, Any]
) -> None:
    post(gateway, body(services))
    name = services.settings.preferences_table
    item = services.dynamodb.scan(TableName=name)["Items"][0]
    services.dynamodb.put_item(TableName=name, Item={**item, **damage})
    assert show(gateway).json()["state"] == "unreadable"
    for _ in range(2):
        answer = gateway.call("DELETE", f"{PREFERENCES}/{VISITOR}", headers={"origin": ORIGIN})
        assert answer.status == 200
    assert len(stored(services)) == 2


def test_a_withdrawal_counts_although_the_visitors_clock_was_set_back(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    post(gateway, body(services))
    clock.advance(timedelta(minutes=5))
    back = rfc3339(clock.now() - timedelta(hours=1))
    withdrawal = body(
        services,
        event_id="01JEVENT000000000000000002",
        action="withdraw",
        choices={"performance": False, "functional": False},
        occurred_at=back,
    )
    assert post(gateway, withdrawal).status == 201
    assert show(gateway).json()["choices"]["performance"] is False


def test_a_withdrawal_counts_although_our_clock_is_behind(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    post(gateway, body(services))
    clock.advance(timedelta(milliseconds=-5))
    answer = gateway.call("DELETE", f"{PREFERENCES}/{VISITOR}", headers={"origin": ORIGIN})
    assert answer.json()["choices"]["performance"] is False


def test_nobody_can_take_the_id_of_a_withdrawal(gateway: Gateway, services: Services) -> None:
    record = post(gateway, body(services)).json()["record_id"]
    assert post(gateway, body(services, event_id=f"withdraw:{record}")).status == 422


def test_withdrawing_reads_consistently_and_showing_costs_half_a_unit(
    gateway: Gateway, services: Services
) -> None:
    post(gateway, body(services))
    asked: list[bool] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(json.loads(params["body"])["ConsistentRead"])

    services.dynamodb.meta.events.register("before-call.dynamodb.Query", note)
    show(gateway)
    gateway.call("DELETE", f"{PREFERENCES}/{VISITOR}", headers={"origin": ORIGIN})
    assert asked == [False, True, True]


def test_more_choices_than_are_read_grant_nothing(
    gateway: Gateway, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_LONGEST_HISTORY", 3)
    for number in range(4):
        post(gateway, body(services, event_id=f"01JEVENT00000000000000001{number}"))
    view = show(gateway).json()
    assert (view["state"], len(view["history"])) == ("unreadable", 3)
    assert view["choices"]["performance"] is False


def test_keys_and_items_end_with_the_day(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    yesterday = rfc3339(clock.now() - timedelta(days=1))
    post(gateway, body(services))
    post(gateway, body(services, event_id="01JEVENT000000000000000002", occurred_at=yesterday))
    keys = [
        decode(item)
        for item in services.dynamodb.scan(TableName=services.settings.keys_table)["Items"]
    ]
    ends = {str(key["pk"]): key["ttl"] for key in keys if "ttl" in key}
    assert ends == {  # 180 days after the last moment of the day
        "SCOPE#visitors/jutsoo/2026-11-22": int(datetime(2027, 5, 22, tzinfo=UTC).timestamp()),
        "SCOPE#visitors/jutsoo/2026-11-23": int(datetime(2027, 5, 23, tzinfo=UTC).timestamp()),
    }
    assert {item["day"]: item["ttl"] for item in stored(services)} == {
        "2026-11-22": int((clock.now() - timedelta(days=1) + RETENTION).timestamp()),
        "2026-11-23": int((clock.now() + RETENTION).timestamp()),
    }


def test_destroying_a_days_key_ends_that_day_only(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    yesterday = rfc3339(clock.now() - timedelta(days=1))
    kept = post(gateway, body(services)).json()
    post(gateway, body(services, event_id="01JEVENT000000000000000002", occurred_at=yesterday))
    scope = Scope.visitors("jutsoo", clock.now().date() - timedelta(days=1))
    services.run_command(lambda: services.keyring.destroy_actions(scope))
    services.keyring.forget(scope)
    view = show(gateway).json()
    assert [entry["record_id"] for entry in view["history"]] == [kept["record_id"]]
    assert view["state"] == "decided"


def test_a_repeat_of_a_record_whose_key_is_gone_is_refused_for_good(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    sent = body(services, occurred_at=rfc3339(clock.now() - timedelta(days=1)))
    post(gateway, sent)
    scope = Scope.visitors("jutsoo", clock.now().date() - timedelta(days=1))
    services.run_command(lambda: services.keyring.destroy_actions(scope))
    services.keyring.forget(scope)
    assert post(gateway, sent).status == 404


def test_a_repeat_after_the_expiry_is_too_old(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    ahead = body(services, occurred_at=rfc3339(clock.now() + timedelta(minutes=8)))
    assert post(gateway, ahead).status == 201
    clock.advance(RETENTION + timedelta(minutes=5))
    assert post(gateway, ahead).status == 422


def test_the_longest_record_is_under_a_kilobyte(gateway: Gateway, services: Services) -> None:
    origin = "https://" + "o" * 92
    site = services.sites.get("jutsoo")
    record = replace(site.record, origins=frozenset({origin}))
    services.sites.publish(record, site.notice, Actor("operator", "test"))
    longest = body(
        services, visitor_id="v" * 64, event_id="e" * 64, banner_build="b" * 16, gpc=True
    )
    assert post(gateway, longest, origin=origin).status == 201
    (item,) = stored(services)
    size = sum(
        len(name) + (len(value) if isinstance(value, str | bytes) else 21)
        for name, value in item.items()
    )
    assert size <= 1024


def test_the_banner_is_cacheable_and_carries_the_notice(
    gateway: Gateway, services: Services
) -> None:
    answer = gateway.call("GET", "/v1/sites/jutsoo/banner.js")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/javascript")
    assert answer.headers["cache-control"].startswith("public, max-age=300")
    assert "__JAGA_CONFIG__" not in answer.body
    for digest in services.sites.get("jutsoo").notice.sha256.values():
        assert digest in answer.body
    etag = answer.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
    again = gateway.call("GET", "/v1/sites/jutsoo/banner.js", headers={"if-none-match": etag})
    assert (again.status, again.body) == (304, "")


def test_the_browser_tests_are_given_the_script_that_is_served(gateway: Gateway) -> None:
    answer = gateway.call("GET", "/v1/sites/jutsoo/banner.js")
    before, after = BANNER.read_text("utf-8").split('"__JAGA_CONFIG__"')
    served = json.loads(answer.body.removeprefix(before).removesuffix(after))
    assert served.keys() == configuration().keys()
    assert served["text"] == configuration()["text"]


def test_the_notice_gives_texts_and_hashes_in_both_languages(gateway: Gateway) -> None:
    notice = gateway.call("GET", "/v1/sites/jutsoo/notice").json()
    assert sorted(notice["texts"]) == sorted(notice["sha256"]) == ["en", "id"]
    assert notice["categories"] == ["essential", "performance", "functional"]
    assert notice["retention_days"] == 180


def test_every_answer_has_security_headers_and_a_request_id(gateway: Gateway) -> None:
    for method, path in [
        ("GET", "/v1/health"),
        ("GET", "/v1/sites/none/notice"),
        ("PUT", "/v1/health"),
    ]:
        answer = gateway.call(method, path)
        assert answer.headers["x-request-id"] == "request-1"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "max-age" in answer.headers["strict-transport-security"]


def test_a_wrong_method_is_a_problem(gateway: Gateway) -> None:
    assert gateway.call("PUT", "/v1/health").code == "method_not_allowed"


def test_health_gpc_and_openapi(gateway: Gateway) -> None:
    assert gateway.call("GET", "/v1/health").json()["status"] == "ok"
    support = gateway.call("GET", "/.well-known/gpc.json").json()
    assert support["gpc"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", support["lastUpdate"])
    document = gateway.call("GET", "/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    documented = {(path, method) for path, item in document["paths"].items() for method in item}
    served = {
        (path, method.lower())
        for path, methods in app.routes.items()
        for method in methods
        if method != "OPTIONS"
    }
    assert documented == served
