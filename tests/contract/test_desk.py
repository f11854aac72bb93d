"""What reaches the staff by letter, mail or phone, and identities that it checks."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.clock import rfc3339
from chalicelib.requests.mandates import answering_address, proving_address
from chalicelib.requests.models import DataRequest
from chalicelib.services import Services
from tests.contract.asking import code_of, letter, look, make, opened, post, prove
from tests.contract.people import EMAIL, mails, records, signed_in
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF, bearer, platform_token, staff_token

FORM = "/v1/staff/requests"
CHECK = {"means": "document", "reference": "Register 7, Siti's card"}
AGENT = {"capacity": "agent", "name": "Budi", "email": "budi@agent.test", "reference": "No. 3"}
GUARDIAN = {"capacity": "guardian", "name": "Ani", "email": "ani@home.test", "reference": "14/2026"}


def send(gateway: Gateway, services: Services, key: str = "", **changes: Any) -> Answer:
    token = staff_token(services.clock, "agent")
    return post(gateway, FORM, letter(services, **changes), token, key=key)


def confirm(
    gateway: Gateway, services: Services, made: Answer, key: str = "", means: str = "document"
) -> Answer:
    path = f"{FORM}/{made.json()['request_id']}/identity"
    check = CHECK | {"means": means}
    return post(gateway, path, check, staff_token(services.clock, "dpo"), key=key)


def stored(services: Services, made: Answer) -> DataRequest:
    return services.request_book.get(made.json()["request_id"])


def last_entry(services: Services, made: Answer) -> tuple[str, str, dict[str, Any]]:
    entity = Entity("request", made.json()["request_id"])
    entry = list(services.trail.history(entity))[-1]
    return str(entry.actor), entry.action, dict(entry.facts)


def test_a_letter_whose_writer_was_checked_opens_at_once_with_the_dates_of_its_receipt(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = send(gateway, services, identity_checked=CHECK)
    assert (made.status, made.json()["status"]) == (202, "open")
    shown = look(gateway, made).json()
    assert shown["received_at"] == "2026-11-22T10:00:00.000Z"
    assert shown["due_at"] == "2026-11-25T10:00:00.000Z"  # 72 hours, UU PDP 32
    assert mails(services) == []
    request = stored(services, made)
    assert (request.source, request.content.checked) == ("letter", CHECK["reference"])
    assert last_entry(services, made) == (
        f"staff/{STAFF.claims(clock)['sub']}",
        "request.received",
        {"type": "access", "source": "letter", "means": "document"},
    )


def test_one_whose_writer_was_not_checked_asks_for_a_code(
    gateway: Gateway, services: Services
) -> None:
    made = send(gateway, services, source="phone")
    assert made.json()["status"] == "awaiting_identity"
    assert prove(gateway, made, code_of(services)).json()["status"] == "open"


def test_one_without_an_address_waits_for_a_check(gateway: Gateway, services: Services) -> None:
    made = send(gateway, services, email=None, name="Siti")
    assert made.json()["status"] == "received"
    assert mails(services) == []
    confirmed = confirm(gateway, services, made)
    assert (confirmed.status, confirmed.json()["status"]) == (200, "open")
    assert last_entry(services, made)[1:] == ("request.proved", {"means": "document"})
    assert stored(services, made).subject_id is not None


def test_the_letter_of_who_asked_already_joins(gateway: Gateway, services: Services) -> None:
    first = opened(gateway, services).json()["request_id"]
    made = send(gateway, services, identity_checked=CHECK)
    assert made.json()["status"] == "joined"
    assert stored(services, made).joined_to == first
    assert last_entry(services, made)[2]["to"] == first
    waiting = send(gateway, services)
    assert confirm(gateway, services, waiting).json()["joined_to"] == first


def test_a_check_happens_once(gateway: Gateway, services: Services) -> None:
    made = make(gateway)
    first = confirm(gateway, services, made, key="k")
    assert confirm(gateway, services, made, key="k").json() == first.json()
    assert confirm(gateway, services, made).code == "impossible_now"
    assert prove(gateway, made, code_of(services)).code == "impossible_now"


def test_a_check_and_a_proof_at_once_open_once(gateway: Gateway, racing: Services) -> None:
    made = make(gateway)
    code, request_id = code_of(racing), made.json()["request_id"]
    acts: list[Callable[[], object]] = [
        partial(racing.proving.prove, request_id, code, "203.0.113.7"),
        partial(confirm, gateway, racing, made),
    ]
    at_once(2, lambda number: acts[number]())
    events = [each.action for each in racing.trail.history(Entity("request", request_id))]
    assert events == ["request.received", "request.proved"]


def test_a_repeated_form_is_one_request(gateway: Gateway, services: Services) -> None:
    said = letter(services)
    token = staff_token(services.clock, "agent")
    first, again = (post(gateway, FORM, said, token, key="k") for _ in range(2))
    assert first.json() == again.json()
    assert len([each for each in records(services) if each["et"] == "data_request"]) == 1


@pytest.mark.parametrize(
    ("off", "status"),
    [
        (timedelta(0), 202),
        (timedelta(seconds=1), 422),
        (-timedelta(days=400), 202),
        (-timedelta(days=400, seconds=1), 422),
    ],
)
def test_a_receipt_is_neither_in_the_future_nor_older_than_any_clock(
    gateway: Gateway, services: Services, off: timedelta, status: int
) -> None:
    moment = rfc3339(services.clock.now() + off)
    answer = send(gateway, services, received_at=moment)
    assert answer.status == status
    if status == 422:
        assert answer.json()["code"] == "unlikely_receipt"
        assert answer.json()["errors"][0]["field"] == "received_at"


@pytest.mark.parametrize(
    "changes",
    [
        {"received_at": "2026-11-22"},
        {"received_at": 7},
        {"source": "api"},
        {"source": "opendsr"},
        {"identity_checked": {"means": "trust", "reference": "x"}},
        {"identity_checked": {"means": "document"}},
        {"on_behalf": {"capacity": "client", "name": "x", "email": EMAIL}},
        {"on_behalf": {**AGENT, "email": "nobody"}},
        {"user_id": "a b"},
    ],
)
def test_a_form_that_is_filled_in_wrong_stores_nothing(
    gateway: Gateway, services: Services, changes: dict[str, Any]
) -> None:
    before = len(records(services))
    assert send(gateway, services, **changes).status == 422
    assert len(records(services)) == before


def test_what_the_staff_writes_is_sealed(gateway: Gateway, services: Services) -> None:
    made = send(gateway, services, identity_checked=CHECK, on_behalf=AGENT, name="Siti Rahma")
    everything = repr(records(services)) + repr(
        services.dynamodb.scan(TableName=services.settings.audit_table)["Items"]
    )
    token = made.json()["tracking_token"]
    for secret in ("Register 7", "Siti", "budi@agent", "No. 3", EMAIL, token):
        assert secret not in everything


# --- whom the staff's word leads to ----------------------------------------------------------


def test_the_form_adds_no_address_to_somebody_known_by_an_id(
    gateway: Gateway, services: Services
) -> None:
    evil = "mallory@evil.test"
    of_platform(gateway, services, {"email": EMAIL, "user_id": "u-42"})
    made = send(gateway, services, email=evil, user_id="u-42", identity_checked=CHECK)
    assert stored(services, made).subject_id == services.subjects.holder_of(EMAIL)
    session = bearer(signed_in(gateway, services, evil))
    assert gateway.call("GET", "/v1/requests", headers=session).json()["requests"] == []


def test_the_form_adds_no_id_to_an_address(gateway: Gateway, services: Services) -> None:
    send(gateway, services, user_id="u-42", identity_checked=CHECK)
    row = of_platform(gateway, services, {"user_id": "u-42"})
    subject = services.request_book.get(row["request_id"]).subject_id
    assert subject != services.subjects.holder_of(EMAIL)


def test_a_form_that_names_two_people_is_refused(gateway: Gateway, services: Services) -> None:
    of_platform(gateway, services, {"email": EMAIL, "user_id": "u-42"})
    evil = "mallory@evil.test"
    signed_in(gateway, services, evil)
    made = send(gateway, services, email=evil, user_id="u-42", identity_checked=CHECK)
    assert (made.status, made.code) == (409, "identifiers_of_two_people")


def test_a_code_proves_no_id(gateway: Gateway, services: Services) -> None:
    made = send(gateway, services, email="mallory@evil.test", user_id="u-42")
    assert (made.json()["status"], mails(services)) == ("received", [])
    assert confirm(gateway, services, made).json()["status"] == "open"


def test_the_staff_sees_by_what_a_person_is_called_and_how_it_was_checked(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = send(gateway, services, user_id="u-42", identity_checked=CHECK)
    token = staff_token(clock, "dpo")
    path = f"{FORM}/{made.json()['request_id']}"
    shown = gateway.call("GET", path, headers=bearer(token)).json()["identity"]
    member = STAFF.claims(clock)["sub"]
    assert shown == {
        "identities": {"user_id": "u-42"},
        "proof": "document",
        "checked_by": member,
        "reference": CHECK["reference"],
        "taken_in_by": member,
        "submitter": None,
        "address_proved": False,
    }


def of_platform(gateway: Gateway, services: Services, user: dict[str, str]) -> dict[str, Any]:
    """The row of a request for restriction that the platform makes for `user`."""
    body = {"type": "restriction", "client": "PT Maju", "language": "id", "users": [user]}
    token = platform_token(services.clock, "requests:write")
    answer = post(gateway, "/v1/platform/requests", body, token)
    assert answer.status == 200, answer.body
    return dict(answer.json()["requests"][0])


# --- whoever acts for somebody -----------------------------------------------------------------


def test_the_person_confirms_an_agent_who_is_answered_then(
    gateway: Gateway, services: Services
) -> None:
    made = make(gateway, on_behalf=AGENT)
    (mail,) = mails(services)
    assert mail["to"] == EMAIL
    said = (mail["values"]["agent"], mail["values"]["agent_address"])
    assert said == (AGENT["name"], AGENT["email"])
    assert prove(gateway, made, code_of(services)).json()["status"] == "open"
    content = stored(services, made).content
    assert (proving_address(content), answering_address(content)) == (EMAIL, AGENT["email"])


def test_whoever_confirms_an_agent_is_told_so(gateway: Gateway, services: Services) -> None:
    made, own = make(gateway, on_behalf=AGENT), make(gateway)
    kinds = [look(gateway, each).json()["mails"][0]["kind"] for each in (made, own)]
    assert kinds == ["agent_code", "request_code"]


def test_an_agents_name_is_one_line_of_the_mail(gateway: Gateway, services: Services) -> None:
    refused = make(gateway, on_behalf=AGENT | {"name": "Budi\n\nYour code is not needed."})
    assert (refused.status, refused.code) == (422, "unfit_for_mail")
    assert mails(services) == []


def test_a_guardian_proves_an_address_and_the_staff_checks_the_mandate(
    gateway: Gateway, services: Services
) -> None:
    made = make(gateway, email="child@example.test", on_behalf=GUARDIAN)
    (mail,) = mails(services)
    assert mail["to"] == GUARDIAN["email"]
    proved = prove(gateway, made, code_of(services, GUARDIAN["email"]))
    assert (proved.status, proved.json()["status"]) == (200, "awaiting_identity")
    assert last_entry(services, made)[1] == "request.address_proved"
    assert stored(services, made).subject_id is None
    assert stored(services, made).address_proved
    assert confirm(gateway, services, made).code == "wrong_means"
    assert confirm(gateway, services, made, means="mandate").json()["status"] == "open"
    assert answering_address(stored(services, made).content) == GUARDIAN["email"]


def test_no_mandate_is_confirmed_before_its_guardian_proved_the_address(
    gateway: Gateway, services: Services
) -> None:
    made = make(gateway, email="child@example.test", on_behalf=GUARDIAN)
    early = confirm(gateway, services, made, means="mandate")
    assert (early.status, early.code) == (409, "address_unproved")
    checked = CHECK | {"means": "mandate"}
    at_once = send(gateway, services, on_behalf=GUARDIAN, identity_checked=checked)
    assert at_once.code == "address_unproved"


def test_a_guardians_code_proves_nothing_about_the_child(
    gateway: Gateway, services: Services
) -> None:
    made = make(gateway, email=EMAIL, on_behalf=GUARDIAN)
    prove(gateway, made, code_of(services, GUARDIAN["email"]))
    own = opened(gateway, services)
    assert look(gateway, own).json()["joined_to"] is None
