"""The client platform makes a request for each of its users."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.services import Services
from tests.contract.asking import look, opened, post
from tests.contract.people import EMAIL, mails, records, signed_in
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import bearer, platform_token

PATH = "/v1/platform/requests"
KEY = "k"
LONGEST = 65_536
USERS = [{"email": EMAIL, "user_id": "u-1"}, {"user_id": "u-2"}, {"email": "budi@example.test"}]


def send(gateway: Gateway, services: Services, key: str = "", **changes: Any) -> Answer:
    said = {"type": "deletion", "client": "PT Maju", "language": "id", "users": USERS} | changes
    token = platform_token(services.clock, "requests:write")
    return post(gateway, PATH, said, token, key=key)


def rows(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.body
    return list(answer.json()["requests"])


def requests_in(services: Services) -> int:
    return len([each for each in records(services) if each["et"] == "data_request"])


def test_each_user_gets_a_request_that_is_open_at_once(
    gateway: Gateway, services: Services
) -> None:
    made = rows(send(gateway, services))
    assert [each["user"] for each in made] == [0, 1, 2]
    assert [each["status"] for each in made] == ["open"] * 3
    assert mails(services) == []
    first = services.request_book.get(made[0]["request_id"])
    assert (first.source, first.content.client) == ("platform", "PT Maju")
    entity = Entity("request", first.request_id)
    entry = next(iter(services.trail.history(entity)))
    assert (entry.actor.kind, dict(entry.facts)) == (
        "platform",
        {"type": "deletion", "source": "platform", "means": "platform"},
    )
    path = f"/v1/requests/{made[2]['request_id']}"
    assert gateway.call("GET", path, headers=bearer(made[2]["tracking_token"])).status == 200


def test_a_user_is_known_by_either_of_both_names(gateway: Gateway, services: Services) -> None:
    first = rows(send(gateway, services, users=[{"email": EMAIL, "user_id": "u-1"}]))[0]
    by_id = rows(send(gateway, services, users=[{"user_id": "u-1"}]))[0]
    by_address = rows(send(gateway, services, users=[{"email": EMAIL.upper()}]))[0]
    for again in (by_id, by_address):
        assert (again["status"], again["joined_to"]) == ("joined", first["request_id"])
    session = bearer(signed_in(gateway, services))
    listed = gateway.call("GET", "/v1/requests", headers=session).json()["requests"]
    assert len(listed) == 3


def test_neither_joins_what_the_person_asked_for_nor_is_joined_by_it(
    gateway: Gateway, services: Services
) -> None:
    own = opened(gateway, services, type="deletion", client="PT Maju")
    made = rows(send(gateway, services))[0]
    assert (made["status"], made["joined_to"]) == ("open", None)
    again = opened(gateway, services, type="deletion", client="PT Maju")
    assert look(gateway, again).json()["joined_to"] == own.json()["request_id"]


def test_one_that_names_more_of_the_person_does_not_join_one_that_names_less(
    gateway: Gateway, services: Services
) -> None:
    """The first is searched for by the address alone: what the id leads to would stay."""
    less = rows(send(gateway, services, users=[{"email": EMAIL}]))[0]
    more, again = (
        rows(send(gateway, services, users=[{"email": EMAIL, "user_id": "u-1"}]))[0]
        for _ in range(2)
    )
    assert (more["status"], more["joined_to"]) == ("open", None)
    assert again["joined_to"] == more["request_id"]
    subset = rows(send(gateway, services, users=[{"email": EMAIL.upper()}]))[0]
    assert subset["joined_to"] == less["request_id"]


def test_an_id_is_added_to_an_address_and_the_persons_chain_says_so(
    gateway: Gateway, services: Services
) -> None:
    signed_in(gateway, services)
    made = rows(send(gateway, services, users=USERS[:1]))[0]
    subject = services.request_book.get(made["request_id"]).subject_id
    assert subject == services.subjects.holder_of(EMAIL)
    entry = list(services.trail.history(Entity("subject", str(subject))))[-1]
    assert (entry.actor.kind, entry.action, dict(entry.facts)) == (
        "platform",
        "subject.linked",
        {"identifier": "reference"},
    )
    before = len(list(services.trail.history(Entity("subject", str(subject)))))
    rows(send(gateway, services, users=USERS[:1], type="access"))
    assert len(list(services.trail.history(Entity("subject", str(subject))))) == before


def test_an_address_is_never_added_to_a_known_id(gateway: Gateway, services: Services) -> None:
    first = rows(send(gateway, services, users=[{"user_id": "u-1"}]))[0]
    evil = "mallory@evil.test"
    made = rows(send(gateway, services, users=[{"email": evil, "user_id": "u-1"}]))[0]
    assert made["status"] == "open"
    session = bearer(signed_in(gateway, services, evil))
    assert gateway.call("GET", "/v1/requests", headers=session).json()["requests"] == []
    for each in (first, made):
        path = f"/v1/requests/{each['request_id']}"
        assert gateway.call("GET", path, headers=session).code == "unknown_request"


def test_names_of_two_people_are_refused(gateway: Gateway, services: Services) -> None:
    signed_in(gateway, services)
    users = [{"user_id": "u-1"}, {"email": EMAIL, "user_id": "u-1"}]
    made = rows(send(gateway, services, users=users))
    assert (made[0]["status"], made[1]["problem"]) == ("open", "identifiers_of_two_people")


def test_a_repeat_does_nothing_and_reports_the_same(gateway: Gateway, services: Services) -> None:
    first, again = rows(send(gateway, services, KEY)), rows(send(gateway, services, KEY))
    assert first == again
    assert requests_in(services) == 3


def test_a_call_that_was_cut_off_goes_on_where_it_was(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    written: list[int] = []

    def die(params: dict[str, Any], **_: Any) -> None:
        written.append(len(json.loads(params["body"])["TransactItems"]))
        if len(written) == 4:
            raise RuntimeError("killed")

    events = services.dynamodb.meta.events
    rows(send(gateway, services, users=[{"user_id": "u-9"}]))  # fills the caches of keys
    events.register("before-call.dynamodb.TransactWriteItems", die, unique_id="die")
    assert send(gateway, services, KEY).status == 500
    events.unregister("before-call.dynamodb.TransactWriteItems", unique_id="die")
    assert requests_in(services) == 2  # one of before, one of this call
    clock.advance(timedelta(minutes=5))
    made = rows(send(gateway, services, KEY))
    assert [each["status"] for each in made] == ["open"] * 3
    assert requests_in(services) == 4


def test_a_key_for_a_user_is_for_one_request(gateway: Gateway, services: Services) -> None:
    send(gateway, services, KEY)
    more = [*USERS, {"user_id": "u-4"}]
    other = rows(send(gateway, services, KEY, type="access", users=more))
    assert [each["problem"] for each in other] == ["idempotency_conflict"] * 3 + [None]
    assert other[3]["status"] == "open"


def test_one_who_is_refused_holds_up_nobody(gateway: Gateway, services: Services) -> None:
    users = [{"email": "nobody"}, {"user_id": "u-2"}]
    made = rows(send(gateway, services, users=users))
    assert (made[0]["problem"], made[0]["request_id"]) == ("unusable_identifier", None)
    assert (made[1]["problem"], made[1]["status"]) == (None, "open")


def test_the_same_call_at_once_makes_one_request_for_each(
    gateway: Gateway, racing: Services
) -> None:
    answers = at_once(3, lambda _: send(gateway, racing, KEY).json())
    assert all(answer == answers[0] for answer in answers), answers
    assert requests_in(racing) == 3


def test_a_hundred_users_fit_into_a_call(gateway: Gateway, services: Services) -> None:
    token = platform_token(services.clock, "requests:write")
    headers = {"content-type": "application/json", **bearer(token)}
    longest = {"email": "x" * 320, "user_id": "u" * 128}
    said = {"type": "access", "client": "c" * 200, "details": "d" * 2000, "language": "id"}
    assert len(json.dumps(said | {"users": [longest] * 100})) < LONGEST
    one = json.dumps(said | {"users": [{"user_id": "u-1"}]})
    for length, status in ((LONGEST, 200), (LONGEST + 1, 413)):
        body = one.ljust(length)
        assert gateway.call("POST", PATH, body=body, headers=headers).status == status
    assert send(gateway, services, users=[{"user_id": "u"}] * 101).status == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"users": []},
        {"users": [{}]},
        {"users": [{"email": EMAIL, "name": "Siti"}]},
        {"users": [{"user_id": "a b"}]},
        {"client": ""},
        {"type": "everything"},
    ],
)
def test_bad_input_stores_nothing(
    gateway: Gateway, services: Services, changes: dict[str, Any]
) -> None:
    before = len(records(services))
    assert send(gateway, services, **changes).status == 422
    assert len(records(services)) == before


def test_it_takes_the_scope(gateway: Gateway, services: Services) -> None:
    token = platform_token(services.clock, "records:write", "consents:write")
    assert post(gateway, PATH, {}, token).code == "not_permitted"


def test_an_erased_users_names_lead_nowhere(gateway: Gateway, services: Services) -> None:
    made = rows(send(gateway, services, users=[{"email": EMAIL, "user_id": "u-1"}]))[0]
    subject = services.request_book.get(made["request_id"]).subject_id
    assert subject is not None
    services.run_command(lambda: services.subjects.erase_actions(subject))
    left = [each for each in records(services) if str(each["pk"]).startswith("ADDRESS#")]
    assert left == []
    # They lead to what else is to be wiped, and go then.
    services.subjects.forget_names(subject, services.subjects.names(subject))
    assert not [each for each in records(services) if str(each["sk"]).startswith("KNOWN_AS#")]
