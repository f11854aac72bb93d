"""How a data subject signs in, by the API on moto, and what nobody learns by trying."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.identity import allowances
from chalicelib.identity.allowances import (
    CODES_PER_ADDRESS,
    CODES_PER_ADDRESS_AND_NETWORK,
    CODES_PER_NETWORK,
    PROOFS_PER_NETWORK,
)
from chalicelib.identity.codes import MOST_TRIES
from chalicelib.identity.errors import SessionUnknown
from chalicelib.services import Services
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Check
from tests.contract.people import (
    CURRENT,
    EMAIL,
    SESSIONS,
    VERIFY,
    VOUCHED,
    ask,
    codes,
    current,
    mails,
    records,
    signed_in,
    verify,
)
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.tokens import bearer

STRANGER = "nobody.knows@example.test"


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


# --- codes -------------------------------------------------------------------------------------


def test_a_code_from_the_mail_opens_a_session(gateway: Gateway, services: Services) -> None:
    answer = ask(gateway)
    assert (answer.status, answer.json()) == (202, {"status": "accepted"})
    (mail,) = mails(services)
    assert (mail["to"], mail["language"], mail["values"]["minutes"]) == (EMAIL, "id", "10")
    opened = verify(gateway, mail["values"]["code"])
    assert (opened.status, opened.json()["expires_at"]) == (200, "2026-11-23T10:30:00.000Z")
    shown = current(gateway, opened.json()["token"])
    assert shown.json() == {
        "purpose": "self",
        "email": EMAIL,
        "language": "id",
        "expires_at": "2026-11-23T10:30:00.000Z",
    }


def test_a_code_counts_once(gateway: Gateway, services: Services) -> None:
    ask(gateway)
    (code,) = codes(services)
    assert [verify(gateway, code).status for _ in range(2)] == [200, 403]


def test_of_verifications_at_once_one_wins(gateway: Gateway, racing: Services) -> None:
    ask(gateway)
    (code,) = codes(racing)
    outcomes = at_once(4, lambda _: racing.proofs.by_code(EMAIL, code, "203.0.113.7"))
    assert sorted(type(each).__name__ for each in outcomes) == ["InvalidCode"] * 3 + ["Opened"]
    assert len([item for item in records(racing) if item["et"] == "session"]) == 1


def test_only_the_newest_code_counts(gateway: Gateway, services: Services) -> None:
    ask(gateway)
    ask(gateway)
    older, newest = codes(services)
    if older != newest:  # one in a million
        assert verify(gateway, older).code == "invalid_code"
    assert verify(gateway, newest).status == 200


@pytest.mark.parametrize(("minutes", "status"), [(9.99, 200), (10, 403)])
def test_a_code_ends_after_ten_minutes(
    gateway: Gateway, services: Services, clock: FixedClock, minutes: float, status: int
) -> None:
    ask(gateway)
    clock.advance(timedelta(minutes=minutes))
    assert verify(gateway, codes(services)[0]).status == status


def test_five_wrong_tries_end_a_code(gateway: Gateway, services: Services) -> None:
    ask(gateway)
    (code,) = codes(services)
    for _ in range(MOST_TRIES):
        assert verify(gateway, wrong(code)).code == "invalid_code"
    assert verify(gateway, code).code == "invalid_code"
    ask(gateway)
    assert verify(gateway, codes(services)[-1]).status == 200


def test_the_fifth_try_may_be_the_right_one(gateway: Gateway, services: Services) -> None:
    ask(gateway)
    (code,) = codes(services)
    for _ in range(MOST_TRIES - 1):
        verify(gateway, wrong(code))
    assert verify(gateway, code).status == 200


def test_of_many_tries_at_once_five_are_compared(gateway: Gateway, racing: Services) -> None:
    """Whoever sends all codes at once has five of a million, like everybody."""
    ask(gateway)
    (code,) = codes(racing)
    place = racing.proofs._place("self", EMAIL)
    at_once(20, lambda _: racing.proofs.by_code(EMAIL, wrong(code), "203.0.113.7"))
    item = racing.records.get(place.key, consistent=True)
    assert item is not None
    assert item["tries"] == MOST_TRIES
    assert verify(gateway, code).status == 403


def test_a_code_is_for_its_own_address(gateway: Gateway, services: Services) -> None:
    ask(gateway)
    ask(gateway, STRANGER)
    assert verify(gateway, codes(services)[0], STRANGER).status == 403


def test_ways_of_typing_an_address_lead_to_one_person(gateway: Gateway, services: Services) -> None:
    ask(gateway, "  Siti.Rahma@EXAMPLE.test ")
    first = verify(gateway, codes(services)[0]).json()["token"]
    second = signed_in(gateway, services)
    find = services.sessions.find
    assert find(first, "self").subject_id == find(second, "self").subject_id


def test_two_first_sessions_at_once_make_one_person(racing: Services) -> None:
    from chalicelib.tables.conditions import Condition  # noqa: PLC0415

    nothing = Check(racing.records, Key("x", "x"), Condition("attribute_not_exists(pk)"))
    opened = at_once(6, lambda _: racing.sessions.open(EMAIL, "en", nothing, "code"))
    subjects = {each.session.subject_id for each in opened}  # type: ignore[attr-defined]
    assert len(subjects) == 1
    entries = list(racing.trail.history(Entity("subject", subjects.pop())))
    assert [entry.seq for entry in entries] == list(range(1, 7))


# --- sessions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "status"), [(29.99, 200), (30, 401)])
def test_a_session_lasts_thirty_minutes(
    gateway: Gateway, services: Services, clock: FixedClock, minutes: float, status: int
) -> None:
    token = signed_in(gateway, services)
    clock.advance(timedelta(minutes=minutes))
    assert current(gateway, token).status == status


def test_a_session_can_be_ended(gateway: Gateway, services: Services) -> None:
    token = signed_in(gateway, services)
    ended = gateway.call("DELETE", CURRENT, headers=bearer(token))
    assert (ended.status, ended.json()) == (200, {"status": "ended"})
    again = gateway.call("DELETE", CURRENT, headers=bearer(token))
    assert (again.status, again.code) == (401, "session_unknown")
    assert current(gateway, token).headers["www-authenticate"] == "Bearer"


def test_a_session_opens_only_what_is_its_holders(gateway: Gateway, services: Services) -> None:
    mine, theirs = signed_in(gateway, services), signed_in(gateway, services, STRANGER)
    assert current(gateway, mine).json()["email"] == EMAIL
    assert current(gateway, theirs).json()["email"] == STRANGER


def test_a_session_is_for_one_purpose(gateway: Gateway, services: Services) -> None:
    token = signed_in(gateway, services)
    with pytest.raises(SessionUnknown):
        services.sessions.find(token, "request/01JREQUEST")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic c2l0aTp4", "jgs_x", "Bearer jgs_x", "Bearer " + "x" * 4000],
)
def test_what_is_no_session_token_is_refused(gateway: Gateway, header: str) -> None:
    answer = gateway.call("GET", CURRENT, headers={"authorization": header})
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_trail_tells_of_sessions_and_names_nobody(gateway: Gateway, services: Services) -> None:
    token = signed_in(gateway, services)
    subject = services.sessions.find(token, "self").subject_id
    gateway.call("DELETE", CURRENT, headers=bearer(token))
    entries = list(services.trail.history(Entity("subject", subject)))
    assert [(entry.action, dict(entry.facts)) for entry in entries] == [
        ("session.opened", {"means": "code"}),
        ("session.ended", {}),
    ]
    assert {str(entry.actor) for entry in entries} == {f"subject/{subject}"}


def test_neither_address_nor_code_nor_token_is_stored_in_clear(
    gateway: Gateway, services: Services
) -> None:
    token = signed_in(gateway, services)
    everything = repr(records(services)) + repr(
        services.dynamodb.scan(TableName=services.settings.audit_table)["Items"]
    )
    for secret in (EMAIL, "siti", token, codes(services)[0], '"mac"'):
        assert secret not in everything


# --- what nobody learns ------------------------------------------------------------------------


def calls_of(services: Services, act: Callable[[], Any]) -> list[tuple[str, str]]:
    """The AWS calls that `act` makes: operation and what it changes."""
    made: list[tuple[str, str]] = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        made.append((model.name, str(sorted(json.loads(params["body"])))))

    for client in (services.dynamodb, services.kms):
        client.meta.events.register("before-call", note, unique_id="noted")
    act()
    for client in (services.dynamodb, services.kms):
        client.meta.events.unregister("before-call", unique_id="noted")
    return made


def test_asking_for_a_code_tells_nobody_who_is_known(gateway: Gateway, services: Services) -> None:
    signed_in(gateway, services)
    known = calls_of(services, lambda: ask(gateway))
    unknown = calls_of(services, lambda: ask(gateway, STRANGER))
    assert known == unknown
    assert [name for name, _ in known] == ["BatchGetItem", "TransactWriteItems"]
    answers = [ask(gateway), ask(gateway, "somebody.else@example.test")]
    assert len({(each.status, each.body, str(each.headers)) for each in answers}) == 1


@pytest.mark.parametrize("tries", [1, MOST_TRIES, MOST_TRIES + 1])
def test_trying_a_code_tells_nobody_for_whom_one_is_under_way(
    gateway: Gateway, services: Services, tries: int
) -> None:
    ask(gateway)
    code = wrong(codes(services)[0])
    for _ in range(tries - 1):
        verify(gateway, code)
        verify(gateway, code, STRANGER)
    assert calls_of(services, lambda: verify(gateway, code)) == calls_of(
        services, lambda: verify(gateway, code, STRANGER)
    )
    answers = [verify(gateway, code), verify(gateway, code, STRANGER)]
    assert len({(each.status, each.body, str(each.headers)) for each in answers}) == 1


def test_what_a_try_finds_has_one_shape_with_and_without_a_code(
    gateway: Gateway, services: Services
) -> None:
    """DynamoDB's answer, and so the time to read it, is as long for the one as for the other."""
    ask(gateway)
    found: list[dict[str, int]] = []

    def note(parsed: dict[str, Any], **_: Any) -> None:
        if "code_id" in parsed.get("Attributes", {}):
            found.append({name: len(repr(value)) for name, value in parsed["Attributes"].items()})

    services.dynamodb.meta.events.register("after-call.dynamodb.UpdateItem", note)
    verify(gateway, wrong(codes(services)[0]))
    verify(gateway, "000000", STRANGER)
    with_code, without = found
    del with_code["mac"], without["mac"]  # 32 bytes each, whose repr depends on their values
    assert with_code == without


def test_an_end_and_a_first_proof_are_obeyed_at_once(gateway: Gateway, services: Services) -> None:
    token = signed_in(gateway, services)
    reads: list[tuple[str, bool]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        reads.append((params["Key"]["pk"]["S"].split("#")[0], params["ConsistentRead"]))

    services.dynamodb.meta.events.register("provide-client-params.dynamodb.GetItem", note)
    current(gateway, token)
    signed_in(gateway, services)
    assert {("SESSION", True), ("ADDRESS", True)} <= set(reads)
    assert {name for name, consistent in reads if not consistent} <= {"SUBJECT"}


def test_an_address_gets_five_codes_an_hour_from_one_network_and_nobody_is_told(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    answers = [ask(gateway) for _ in range(CODES_PER_ADDRESS_AND_NETWORK.most + 2)]
    assert {answer.status for answer in answers} == {202}
    assert len(mails(services)) == CODES_PER_ADDRESS_AND_NETWORK.most
    clock.advance(timedelta(hours=1))
    ask(gateway)
    assert len(mails(services)) == CODES_PER_ADDRESS_AND_NETWORK.most + 1


def test_a_stranger_elsewhere_does_not_use_up_ones_codes(services: Services) -> None:
    for _ in range(20):
        services.proofs.send_code(EMAIL, "en", "198.51.100.1")
    services.proofs.send_code(EMAIL, "en", "203.0.113.7")
    assert len(mails(services)) == CODES_PER_ADDRESS_AND_NETWORK.most + 1


def test_an_address_gets_twenty_codes_a_day_from_everywhere(
    services: Services, clock: FixedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most a hundred guesses at a person's codes a day, however many networks guess."""
    for number in range(CODES_PER_ADDRESS.most + 5):
        services.proofs.send_code(EMAIL, "en", f"198.51.{number}.1")
    assert len(mails(services)) == CODES_PER_ADDRESS.most == 20
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line]
    assert [each["codes_capped"] for each in said] == [[1.0]] * 5
    assert {(each["service"], each["stage"]) for each in said} == {("sign_in", "test")}
    clock.advance(timedelta(days=1))
    services.proofs.send_code(EMAIL, "en", "203.0.113.7")
    assert len(mails(services)) == CODES_PER_ADDRESS.most + 1


def test_codes_that_are_not_sent_cost_the_same_calls(gateway: Gateway, services: Services) -> None:
    ask(gateway, "somebody.else@example.test")  # fills the caches of keys
    sent = calls_of(services, lambda: ask(gateway))
    for _ in range(CODES_PER_ADDRESS_AND_NETWORK.most):
        ask(gateway)
    assert calls_of(services, lambda: ask(gateway)) == sent
    for number in range(CODES_PER_ADDRESS.most):
        services.proofs.send_code(STRANGER, "en", f"198.51.{number}.1")
    capped = calls_of(services, lambda: ask(gateway, STRANGER))
    assert capped == sent
    assert len(codes(services, STRANGER)) == CODES_PER_ADDRESS.most


def test_all_together_get_so_many_codes_an_hour(
    gateway: Gateway, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of mail to strangers ends before the mail provider closes the account."""
    monkeypatch.setattr(allowances, "CODES_IN_ALL", replace(allowances.CODES_IN_ALL, most=3))
    for number in range(3):
        services.proofs.send_code(f"p{number}@example.test", "en", f"198.51.{number}.1")
    refused = ask(gateway)
    assert (refused.status, refused.code) == (429, "too_many_proofs")
    assert len(mails(services)) == 3


def test_a_network_gets_so_many_codes_an_hour_and_is_told(
    gateway: Gateway, services: Services
) -> None:
    for number in range(CODES_PER_NETWORK.most):
        assert ask(gateway, f"person{number}@example.test").status == 202
    refused = ask(gateway, "one.more@example.test")
    assert (refused.status, refused.code) == (429, "too_many_proofs")
    assert refused.headers["retry-after"] == "3601"
    assert len(mails(services)) == CODES_PER_NETWORK.most


def test_a_network_tries_so_many_proofs_an_hour(gateway: Gateway) -> None:
    for number in range(PROOFS_PER_NETWORK.most):
        assert verify(gateway, "000000", f"person{number}@example.test").status == 403
    assert verify(gateway, "000000").status == 429


def test_a_limit_holds_when_all_come_at_once(racing: Services) -> None:
    address = "203.0.113.99"
    at_once(
        CODES_PER_NETWORK.most + 10,
        lambda number: racing.proofs.send_code(f"p{number}@example.test", "en", address),
    )
    assert len(mails(racing)) == CODES_PER_NETWORK.most


def test_a_limit_names_nobody(gateway: Gateway, services: Services) -> None:
    ask(gateway)
    limits = [item for item in records(services) if str(item["pk"]).startswith("LIMIT#")]
    assert len(limits) == 4
    assert "203.0.113" not in repr(limits)
    assert all(item["ttl"] > services.clock.now().timestamp() for item in limits)


@pytest.mark.parametrize(
    "media_type", [None, "", "text/plain", "application/x-www-form-urlencoded"]
)
def test_a_page_of_another_origin_can_neither_ask_nor_prove(
    gateway: Gateway, services: Services, media_type: str | None
) -> None:
    """These are the media types that a page may send without a preflight (Fetch, 4.1)."""
    headers = {"origin": "https://elsewhere.test"}
    if media_type is not None:
        headers["content-type"] = media_type
    for path in (SESSIONS, VERIFY, VOUCHED):
        content = {"email": EMAIL, "language": "en", "code": "123456"}
        answer = gateway.call("POST", path, body=json.dumps(content), headers=headers)
        assert answer.status == 415
    assert mails(services) == []
    preflight = gateway.call("OPTIONS", SESSIONS, headers=headers)
    assert preflight.status == 405


def test_what_a_token_opens_no_other_page_can_read(gateway: Gateway, services: Services) -> None:
    token = signed_in(gateway, services)
    for answer in (ask(gateway), verify(gateway, "000000"), current(gateway, token)):
        assert "access-control-allow-origin" not in answer.headers


# --- bad input ---------------------------------------------------------------------------------

BAD: list[tuple[str, Any, int]] = [
    (SESSIONS, {"email": EMAIL}, 422),
    (SESSIONS, {"email": EMAIL, "language": "fr"}, 422),
    (SESSIONS, {"email": "no address", "language": "en"}, 422),
    (SESSIONS, {"email": "a@b", "language": "en"}, 422),
    (SESSIONS, {"email": "a\r\nBcc: x@example.test@example.test", "language": "en"}, 422),
    (SESSIONS, {"email": "x" * 321 + "@example.test", "language": "en"}, 422),
    (SESSIONS, {"email": EMAIL, "language": "en", "admin": True}, 422),
    (SESSIONS, [EMAIL], 422),
    (VERIFY, {"email": EMAIL, "code": "12345"}, 422),
    (VERIFY, {"email": EMAIL, "code": "1234567"}, 422),
    (VERIFY, {"email": EMAIL, "code": 123456}, 422),
    (VERIFY, {"email": EMAIL, "code": "12345\u0661"}, 422),
    (VERIFY, {"email": EMAIL, "code": "123456\n"}, 422),
    (VERIFY, {"email": EMAIL, "code": "1" * 5000}, 413),
]


@pytest.mark.parametrize(("path", "content", "status"), BAD)
def test_bad_input_is_refused_stores_nothing_and_comes_not_back(
    gateway: Gateway, services: Services, path: str, content: Any, status: int
) -> None:
    before = len(records(services))
    answer = gateway.call(
        "POST", path, body=json.dumps(content), headers={"content-type": "application/json"}
    )
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    for value in (EMAIL, "12345", "Bcc", "xxx", "fr", "admin"):
        assert value not in answer.body.replace("from", "")
    assert len(records(services)) == before
