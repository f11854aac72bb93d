"""A person's second request of a kind joins the first; nobody else learns or blocks anything."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.requests.models import DataRequest
from chalicelib.services import Services
from tests.contract.asking import REQUESTS, code_of, look, make, opened, prove, withdraw
from tests.contract.people import mails, records, signed_in
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.tokens import bearer

STRANGER = "nobody.knows@example.test"
CORRECTION: dict[str, Any] = {"type": "correction", "corrections": {"user.name": "Siti Rahma"}}


def events(services: Services, request_id: str) -> list[tuple[str, dict[str, Any]]]:
    chain = services.trail.history(Entity("request", request_id))
    return [(entry.action, dict(entry.facts)) for entry in chain]


def markers(services: Services) -> list[dict[str, Any]]:
    return [each for each in records(services) if each["et"] == "open_request"]


def test_a_second_request_of_the_person_joins_the_first(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    first = opened(gateway, services).json()
    clock.advance(timedelta(hours=5))
    made = make(gateway, details="And my photos.")
    joined = prove(gateway, made, code_of(services)).json()
    assert (joined["joined_to"], joined["status"]) == (first["request_id"], "open")
    assert joined["due_at"] == "2026-11-26T10:00:00.000Z"  # of the first
    assert joined["received_at"] == "2026-11-23T15:00:00.000Z"
    request_id = made.json()["request_id"]
    assert events(services, request_id)[-1] == (
        "request.joined",
        {"means": "code", "to": first["request_id"]},
    )
    assert events(services, first["request_id"])[-1] == (
        "request.joined_by",
        {"request": request_id},
    )
    kept = services.request_book.get(request_id)
    assert (kept.status, kept.content.details) == ("joined", "And my photos.")


def test_who_tracks_a_joined_request_sees_what_becomes_of_the_first(
    gateway: Gateway, services: Services
) -> None:
    first, second = opened(gateway, services), opened(gateway, services)
    refused = withdraw(gateway, second, second.json()["tracking_token"])
    assert refused.code == "impossible_now"  # the first is not the second's to withdraw
    withdraw(gateway, first, first.json()["tracking_token"])
    shown = look(gateway, second).json()
    assert (shown["status"], shown["joined_to"]) == ("withdrawn", first.json()["request_id"])
    assert [each["event"] for each in shown["timeline"]] == ["request.received", "request.joined"]
    assert len(shown["mails"]) == 1
    own = look(gateway, first, second.json()["tracking_token"])
    assert own.code == "unknown_request"


@pytest.mark.parametrize(
    ("earlier", "later", "joins"),
    [
        ({}, {}, True),
        ({}, {"type": "deletion"}, False),
        ({}, {"email": STRANGER}, False),
        ({}, {"client": "PT Maju"}, False),
        ({"client": "PT Maju"}, {"client": " pt  MAJU"}, True),
        ({}, {"country": "DE", "name": "Siti", "language": "en"}, True),
        (CORRECTION, CORRECTION | {"details": "Please."}, True),
        (CORRECTION, {"type": "correction", "corrections": {"user.name": "Siti"}}, False),
        (CORRECTION, {"type": "correction", "details": "My name is Siti Rahma."}, False),
        (
            {},
            {"on_behalf": {"capacity": "agent", "name": "Budi", "email": "budi@agent.test"}},
            False,
        ),
    ],
)
def test_of_a_kind_are_requests_that_one_answer_answers(
    gateway: Gateway,
    services: Services,
    earlier: dict[str, Any],
    later: dict[str, Any],
    joins: bool,
) -> None:
    first, second = opened(gateway, services, **earlier), opened(gateway, services, **later)
    shown = look(gateway, second).json()
    assert shown["joined_to"] == (first.json()["request_id"] if joins else None)


def test_after_the_first_ended_another_opens(gateway: Gateway, services: Services) -> None:
    first = opened(gateway, services)
    assert len(markers(services)) == 1
    withdraw(gateway, first, first.json()["tracking_token"])
    assert markers(services) == []
    second = opened(gateway, services)
    assert look(gateway, second).json()["joined_to"] is None


def test_of_proofs_at_once_one_opens_and_the_others_join_it(
    gateway: Gateway, racing: Services
) -> None:
    made = [make(gateway).json()["request_id"] for _ in range(4)]
    codes = [str(mail["values"]["code"]) for mail in mails(racing)]
    proved = at_once(4, lambda n: racing.proving.prove(made[n], codes[n], "203.0.113.7"))
    assert all(isinstance(each, DataRequest) for each in proved), proved
    now = [racing.request_book.get(each) for each in made]
    assert Counter(each.status.value for each in now) == {"open": 1, "joined": 3}
    (first,) = [each for each in now if each.status == "open"]
    assert {each.joined_to for each in now if each is not first} == {first.request_id}
    assert len({each.subject_id for each in now}) == 1
    assert len(events(racing, first.request_id)) == 5


def test_a_withdrawal_and_a_proof_at_once_leave_nothing_joined_to_an_end(
    gateway: Gateway, racing: Services
) -> None:
    for _ in range(2):  # an address gets five codes
        first = opened(gateway, racing).json()["request_id"]
        second = make(gateway).json()["request_id"]
        acts: list[Callable[[], object]] = [
            partial(racing.requests.withdraw, first, f"request/{first}"),
            partial(racing.proving.prove, second, code_of(racing), "203.0.113.7"),
        ]
        at_once(2, lambda n, acts=acts: acts[n]())  # type: ignore[misc]  # mypy infers no default
        request = racing.request_book.get(second)
        told = "request.joined_by" in dict(events(racing, first))
        assert (request.status, told) in {("joined", True), ("open", False)}
        if request.status == "open":
            racing.requests.withdraw(second, f"request/{second}")


def test_an_unproved_request_neither_blocks_nor_shows(gateway: Gateway, services: Services) -> None:
    """A stranger gives somebody's address, before and after the person does."""
    make(gateway)
    first = opened(gateway, services)
    assert look(gateway, first).json()["joined_to"] is None
    strangers = look(gateway, make(gateway)).json()
    assert (strangers["status"], strangers["joined_to"]) == ("awaiting_identity", None)


def test_a_person_lists_what_was_proved_to_be_theirs(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    ids = []
    for type_ in ("access", "access", "deletion"):
        clock.advance(timedelta(hours=1))
        ids.append(opened(gateway, services, type=type_).json()["request_id"])
    make(gateway, type="objection")  # not proved
    opened(gateway, services, email=STRANGER)
    session = bearer(signed_in(gateway, services))
    shown = gateway.call("GET", REQUESTS, headers=session).json()
    assert [each["request_id"] for each in shown["requests"]] == ids[::-1]
    assert [each["status"] for each in shown["requests"]] == ["open", "joined", "open"]
    assert shown["requests"][1]["joined_to"] == ids[0]
    assert shown["requests"][2]["due_at"] == "2026-11-26T11:00:00.000Z"
    page = gateway.call("GET", f"{REQUESTS}?limit=2", headers=session).json()
    rest = gateway.call("GET", f"{REQUESTS}?cursor={page['cursor']}", headers=session).json()
    assert page["requests"] + rest["requests"] == shown["requests"]
    assert rest["cursor"] is None


def test_a_tracking_token_lists_nothing(gateway: Gateway, services: Services) -> None:
    token = opened(gateway, services).json()["tracking_token"]
    assert gateway.call("GET", REQUESTS, headers=bearer(token)).status == 401


def test_what_makes_a_kind_is_stored_as_a_mac(gateway: Gateway, services: Services) -> None:
    opened(gateway, services, **CORRECTION, client="PT Maju")
    (marker,) = markers(services)
    assert marker["sk"].startswith("correction#")
    assert "Siti" not in repr(records(services))
    assert "Maju" not in repr(records(services))
