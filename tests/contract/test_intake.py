"""Taking a request in: two round trips, whoever asks, and once for a call that comes again."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.identity import allowances
from chalicelib.identity.allowances import CODES_PER_ADDRESS_AND_NETWORK
from chalicelib.requests.models import Accepted, Content, RequestType
from chalicelib.services import Services
from tests.contract.asking import REQUESTS, code_of, look, make, post, prove
from tests.contract.people import EMAIL, mails, records
from tests.contract.test_sessions import calls_of
from tests.contract.test_tables import at_once
from tests.gateway import Gateway

KEY = "2f1c6a54-6d0e-4f0b-9a4b-1f2d3c4b5a69"
STRANGER = "nobody.knows@example.test"
STEADY = ["BatchGetItem", "TransactWriteItems"]


def called(services: Services, act: Any) -> list[str]:
    return [name for name, _ in calls_of(services, act)]


# --- two round trips ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", KEY])
def test_intake_makes_two_calls_with_and_without_a_key(
    gateway: Gateway, services: Services, key: str
) -> None:
    make(gateway, email=STRANGER, key=key)  # fills the caches of keys
    assert called(services, lambda: make(gateway, key=key)) == STEADY


def test_a_request_whose_address_gets_no_code_makes_the_same_calls_of_the_same_size(
    gateway: Gateway, services: Services
) -> None:
    sizes: list[int] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        sizes.append(len(json.loads(params["body"])["TransactItems"]))

    make(gateway, email=STRANGER)
    services.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", note)
    sent = calls_of(services, lambda: make(gateway))
    for _ in range(CODES_PER_ADDRESS_AND_NETWORK.most):
        make(gateway)
    assert calls_of(services, lambda: make(gateway)) == sent
    assert len(set(sizes)) == 1
    assert len([mail for mail in mails(services) if mail["to"] == EMAIL]) == 5


def test_who_has_a_request_already_makes_the_same_calls(
    gateway: Gateway, services: Services
) -> None:
    made = make(gateway)
    prove(gateway, made, code_of(services))
    known = calls_of(services, lambda: make(gateway))
    assert known == calls_of(services, lambda: make(gateway, email=STRANGER))


def test_what_is_refused_for_its_network_stores_and_counts_nothing(
    gateway: Gateway, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(allowances.CODES_PER_NETWORK, most=2)
    monkeypatch.setattr(allowances, "CODES_PER_NETWORK", few)
    make(gateway)
    make(gateway)
    before = records(services)
    refused = make(gateway, email=STRANGER)
    assert (refused.status, refused.code) == (429, "too_many_proofs")
    assert refused.headers["retry-after"] == "3601"
    assert records(services) == before


def test_when_all_asked_for_too_many_codes_a_request_is_taken_in_without_one(
    gateway: Gateway, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of strangers stops nobody's clock: the code comes later."""
    make(gateway, email=STRANGER)
    few = replace(allowances.CODES_IN_ALL, most=2)
    monkeypatch.setattr(allowances, "CODES_IN_ALL", few)
    sent = calls_of(services, lambda: make(gateway, email=STRANGER))
    assert calls_of(services, lambda: make(gateway)) == sent
    made = make(gateway)
    assert (made.status, look(gateway, made).json()["status"]) == (202, "awaiting_identity")
    assert len(mails(services)) == 2
    path = f"{REQUESTS}/{made.json()['request_id']}/code"
    assert post(gateway, path, {}, made.json()["tracking_token"]).status == 200
    monkeypatch.setattr(allowances, "CODES_IN_ALL", replace(few, most=100))
    assert post(gateway, path, {}, made.json()["tracking_token"]).status == 200
    assert prove(gateway, made, code_of(services)).json()["status"] == "open"


def test_the_last_code_of_an_address_goes_to_one_of_those_who_ask_at_once(
    racing: Services,
) -> None:
    content = Content(EMAIL, "en")
    taken = at_once(8, lambda _: racing.intake.accept(RequestType.ACCESS, content, "203.0.113.7"))
    assert all(isinstance(each, Accepted) for each in taken), taken
    assert len(mails(racing)) == CODES_PER_ADDRESS_AND_NETWORK.most
    requests = [each for each in records(racing) if each["et"] == "data_request"]
    assert sorted(len(each["mails"]) for each in requests) == [0] * 3 + [1] * 5


def test_a_new_requests_key_is_stored_with_it_or_not_at_all(
    gateway: Gateway, services: Services
) -> None:
    def die(**_: Any) -> None:
        raise RuntimeError("killed")

    make(gateway)  # fills the caches of keys
    before = services.dynamodb.scan(TableName=services.settings.keys_table)["Count"]
    events = services.dynamodb.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", die, unique_id="die")
    assert make(gateway).status == 500
    events.unregister("before-call.dynamodb.TransactWriteItems", unique_id="die")
    assert services.dynamodb.scan(TableName=services.settings.keys_table)["Count"] == before


# --- a call that comes again -------------------------------------------------------------------


def test_a_repeat_is_the_same_request_and_is_told_its_token_again(
    gateway: Gateway, services: Services
) -> None:
    first, again = (make(gateway, key=KEY, details="All.") for _ in range(2))
    assert first.json() == again.json()
    assert look(gateway, again).status == 200
    assert len(mails(services)) == 1
    prove(gateway, first, code_of(services))
    later = make(gateway, key=KEY, details="All.").json()
    assert later == first.json() | {"status": "open"}


def test_a_key_counts_for_one_address_and_one_request(gateway: Gateway) -> None:
    first = make(gateway, key=KEY)
    assert make(gateway, key=KEY, type="deletion").code == "idempotency_conflict"
    other = make(gateway, key=KEY, email=STRANGER)
    assert other.status == 202
    assert other.json()["request_id"] != first.json()["request_id"]
    assert other.json()["tracking_token"][-43:] != first.json()["tracking_token"][-43:]


@pytest.mark.parametrize("key", ["short", "k" * 15, "k" * 65, "with a blank in the key"])
def test_a_key_that_somebody_might_guess_is_refused(gateway: Gateway, key: str) -> None:
    refused = make(gateway, key=key)
    assert refused.status == 422
    assert refused.json()["errors"] == [{"field": "idempotency-key", "code": "wrong_format"}]


def test_without_a_key_each_call_is_a_request_of_its_own(gateway: Gateway) -> None:
    assert len({make(gateway).json()["request_id"] for _ in range(2)}) == 2


def test_neither_key_nor_token_is_stored(gateway: Gateway, services: Services) -> None:
    token = make(gateway, key=KEY).json()["tracking_token"]
    everything = repr(records(services))
    for secret in (KEY, token, token[-43:], EMAIL):
        assert secret not in everything


def test_of_calls_at_once_under_a_key_one_is_taken_in(racing: Services, gateway: Gateway) -> None:
    answers = at_once(5, lambda _: make(gateway, key=KEY).json())
    assert all(answer == answers[0] for answer in answers), answers
    assert len([each for each in records(racing) if each["et"] == "data_request"]) == 1


def test_a_repeated_proof_answers_the_same(gateway: Gateway, services: Services) -> None:
    made = make(gateway)
    code = code_of(services)
    first, again = (prove(gateway, made, code, key=KEY) for _ in range(2))
    assert (first.status, first.json()) == (200, again.json())
    assert prove(gateway, made, code).code == "invalid_code"
    other = f"{(int(code) + 1) % 10**6:06d}"
    assert prove(gateway, made, other, key=KEY).code == "idempotency_conflict"


def test_a_repeated_ask_for_a_code_sends_one(gateway: Gateway, services: Services) -> None:
    made = make(gateway).json()
    path = f"{REQUESTS}/{made['request_id']}/code"
    for _ in range(2):
        assert post(gateway, path, {}, made["tracking_token"], key="k").status == 200
    assert len(mails(services)) == 2
