"""A data subject's request by the API on moto: made, proved, followed, withdrawn."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.identity.allowances import CODES_PER_ADDRESS_AND_NETWORK
from chalicelib.notices.messages import State
from chalicelib.services import Services
from tests.contract.asking import REQUESTS, code_of, look, make, post, prove, withdraw
from tests.contract.people import EMAIL, mails, records, signed_in
from tests.contract.post import Post
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.tokens import bearer

STRANGER = "nobody.knows@example.test"


def test_a_request_is_taken_in_and_opens_with_the_mailed_code(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = make(gateway, name="Siti", details="Everything that you have.")
    assert (made.status, made.json()["status"]) == (202, "awaiting_identity")
    clock.advance(timedelta(minutes=5))
    opened = prove(gateway, made, code_of(services))
    assert (opened.status, opened.json()["status"]) == (200, "open")
    shown = look(gateway, made).json()
    assert [each["event"] for each in shown["timeline"]] == ["request.received", "request.proved"]
    assert shown == opened.json()


def test_the_clock_starts_at_receipt_not_at_proof(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = make(gateway)
    before = look(gateway, made).json()
    assert before["received_at"] == "2026-11-23T10:00:00.000Z"
    assert before["due_at"] == "2026-11-26T10:00:00.000Z"  # 72 hours, UU PDP 32
    clock.advance(timedelta(minutes=9))
    prove(gateway, made, code_of(services))
    after = look(gateway, made).json()
    assert (after["received_at"], after["due_at"]) == (before["received_at"], before["due_at"])


@pytest.mark.parametrize(
    ("country", "laws"),
    [
        (None, ["UU PDP 27/2022"]),
        ("ID", ["UU PDP 27/2022"]),
        ("DE", ["UU PDP 27/2022", "GDPR"]),
        ("EU", ["UU PDP 27/2022"]),
        ("ZZ", ["UU PDP 27/2022"]),
    ],
)
def test_the_laws_of_both_places_run_and_say_why(
    gateway: Gateway, country: str | None, laws: list[str]
) -> None:
    made = make(gateway, **({"country": country} if country else {}))
    shown = look(gateway, made).json()
    assert [each["law"] for each in shown["deadlines"]] == laws
    assert all(each["explanation"] and each["pack_version"] for each in shown["deadlines"])
    assert "72 jam" in " ".join(shown["deadlines"][0]["explanation"])
    english = look(gateway, make(gateway, language="en")).json()
    assert "72 hours" in " ".join(english["deadlines"][0]["explanation"])


def test_a_code_opens_its_own_request_once(gateway: Gateway, services: Services) -> None:
    first, second = make(gateway), make(gateway, type="deletion")
    of_first, of_second = (str(mail["values"]["code"]) for mail in mails(services))
    if of_first != of_second:  # one in a million
        assert prove(gateway, second, of_first).code == "invalid_code"
    assert prove(gateway, first, of_first).status == 200
    assert prove(gateway, first, of_first).code == "invalid_code"
    assert look(gateway, second).json()["status"] == "awaiting_identity"


def test_of_proofs_at_once_one_wins(gateway: Gateway, racing: Services) -> None:
    made = make(gateway)
    request_id, code = made.json()["request_id"], code_of(racing)
    outcomes = at_once(4, lambda _: racing.proving.prove(request_id, code, "203.0.113.7"))
    assert sorted(type(each).__name__ for each in outcomes) == ["DataRequest"] + ["InvalidCode"] * 3


def test_a_code_that_ended_is_replaced_on_request(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = make(gateway)
    clock.advance(timedelta(minutes=11))
    assert prove(gateway, made, code_of(services)).status == 403
    path = f"{REQUESTS}/{made.json()['request_id']}/code"
    assert post(gateway, path, {}).status == 401
    again = post(gateway, path, {}, made.json()["tracking_token"])
    assert [each["state"] for each in again.json()["mails"]] == ["queued", "queued"]
    assert prove(gateway, made, code_of(services)).status == 200
    assert post(gateway, path, {}, made.json()["tracking_token"]).code == "impossible_now"


def test_a_request_is_taken_in_though_its_address_gets_no_more_codes(
    gateway: Gateway, services: Services
) -> None:
    for _ in range(CODES_PER_ADDRESS_AND_NETWORK.most):
        make(gateway)
    made = make(gateway)
    assert made.status == 202
    assert look(gateway, made).json()["mails"] == []
    assert len(mails(services)) == CODES_PER_ADDRESS_AND_NETWORK.most


def test_a_bounce_shows_on_the_request(gateway: Gateway, services: Services) -> None:
    made = make(gateway)
    (mail,) = look(gateway, made).json()["mails"]
    Post(services).store.report(mail["message_id"], State.BOUNCED, "permanent_general")
    assert [each["state"] for each in look(gateway, made).json()["mails"]] == ["bounced"]


def test_only_its_requester_follows_a_request(gateway: Gateway, services: Services) -> None:
    made, other = make(gateway), make(gateway, email=STRANGER)
    prove(gateway, made, code_of(services))
    own, foreign = signed_in(gateway, services), signed_in(gateway, services, STRANGER)
    assert look(gateway, made, own).status == 200
    for token in (foreign, other.json()["tracking_token"]):
        answer = look(gateway, made, token)
        assert (answer.status, answer.code) == (404, "unknown_request")
    forged = made.json()["tracking_token"][:-1] + "A"
    for token in (forged, forged.replace(made.json()["request_id"], "0" * 26), "jgt_x", "x"):
        if token != made.json()["tracking_token"]:
            assert look(gateway, made, token).status == 401
    assert look(gateway, made, "").status == 401


def test_before_its_proof_a_request_is_nobodys_but_its_tokens(
    gateway: Gateway, services: Services
) -> None:
    """A stranger who gives somebody's address neither blocks nor shows that person anything."""
    made = make(gateway)
    assert look(gateway, made, signed_in(gateway, services)).status == 404


def test_a_request_can_be_withdrawn_and_stays_so(gateway: Gateway, services: Services) -> None:
    made = make(gateway)
    token = made.json()["tracking_token"]
    assert [withdraw(gateway, made, token).json()["status"] for _ in range(2)] == ["withdrawn"] * 2
    assert prove(gateway, made, code_of(services)).code == "impossible_now"
    events = [each["event"] for each in look(gateway, made).json()["timeline"]]
    assert events == ["request.received", "request.withdrawn"]


def test_the_trail_names_nobody(gateway: Gateway, services: Services) -> None:
    made = make(gateway)
    prove(gateway, made, code_of(services))
    entries = list(services.trail.history(Entity("request", made.json()["request_id"])))
    assert [entry.actor.kind for entry in entries] == ["requester", "subject"]
    assert EMAIL not in repr(entries)


def test_what_a_requester_says_is_stored_sealed(gateway: Gateway, services: Services) -> None:
    said = {"name": "Siti Rahma", "details": "my salary", "client": "PT"}
    made = make(gateway, **said, corrections={"user.name": "my name"})
    everything = repr(records(services))
    for secret in (EMAIL, "Siti", "salary", "my name", made.json()["tracking_token"]):
        assert secret not in everything


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "everything"},
        {"type": None},
        {"email": "no address"},
        {"language": "fr"},
        {"country": "Germany"},
        {"country": "de"},
        {"name": ""},
        {"name": "x" * 201},
        {"details": 7},
        {"admin": True},
    ],
)
def test_bad_input_is_refused_and_stores_nothing(
    gateway: Gateway, services: Services, changes: dict[str, Any]
) -> None:
    before = len(records(services))
    answer = make(gateway, **changes)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    assert len(records(services)) == before


@pytest.mark.parametrize("request_id", ["x", "01JNOBODY00000000000000000", "A%23B"])
def test_a_request_that_is_not_there_tells_nothing(
    gateway: Gateway, services: Services, request_id: str
) -> None:
    answer = post(gateway, f"{REQUESTS}/{request_id}/verify", {"code": "123456"})
    assert answer.code == "invalid_code"
    token = make(gateway).json()["tracking_token"]
    shown = gateway.call("GET", f"{REQUESTS}/{request_id}", headers=bearer(token))
    assert shown.code == "unknown_request"
