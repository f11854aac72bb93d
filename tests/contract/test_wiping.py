"""What an erasure leaves of a person: nothing that they ever said, wherever it waited."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.notices.outbox import message_context, message_scope
from chalicelib.requests.models import DataRequest
from chalicelib.services import Services
from chalicelib.tables.transactions import Action
from tests.contract.asking import code_of, look, make, post, prove, withdraw
from tests.contract.hooks import DPO, URL, ToldInternet
from tests.contract.killing import Killer
from tests.contract.partners import Partner, identity
from tests.contract.people import EMAIL, current, records, signed_in
from tests.contract.remote import CRM, System
from tests.contract.test_fulfilment import decide, status
from tests.contract.working import MemoryPlace, equip, opened, step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import platform_token

SAID = {"name": "Siti Rahma", "details": "all of it"}


@pytest.fixture
def crm(services: Services) -> MemoryPlace:
    place = MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]})
    equip(services, place)
    return place


def erase(gateway: Gateway, services: Services, clock: FixedClock) -> Answer:
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    assert decide(gateway, made, "approve").status == 200
    work(services, clock)
    return made


def kept(services: Services, made: Answer) -> DataRequest:
    return services.request_book.get(made.json()["request_id"])


def buried(services: Services) -> list[tuple[str, str]]:
    return [
        (item["kind"], item["reason"])
        for item in records(services)
        if item["et"] == "outbox_message" and item["state"] == "dead"
    ]


def of_type(services: Services, *types: str) -> list[dict[str, Any]]:
    return [item for item in records(services) if item["et"] in types]


def test_an_erasure_ends_what_is_being_carried_out(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    stuck = opened(gateway, services, type="correction", corrections={"user.name": "Siti R"})
    work(services, clock)
    assert decide(gateway, stuck, "approve").status == 200
    crm.down = 10_000
    work(services, clock)
    crm.down = 0
    later = opened(gateway, services, type="access", **SAID)
    made = erase(gateway, services, clock)
    assert status(gateway, made) == "completed"
    for each in (stuck, later):
        assert status(gateway, each) == "withdrawn"
        assert (kept(services, each).forgotten, kept(services, each).content.email) == (True, "")
    assert decide(gateway, stuck, "places/crm/retry").code == "impossible_now"
    assert buried(services) == []


def test_work_that_waits_for_a_forgotten_request_does_nothing(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    correction = opened(gateway, services, type="correction", corrections={"user.name": "Siti R"})
    work(services, clock)
    assert decide(gateway, correction, "approve").status == 200
    late = waiting(services)
    assert decide(gateway, made, "approve").status == 200
    finish_but(services, late)
    assert status(gateway, correction) == "withdrawn"
    crm.rows_of[EMAIL] = [{"email": EMAIL}]
    work(services, clock)
    assert crm.rows_of[EMAIL] == [{"email": EMAIL}]
    assert buried(services) == []


def finish_but(services: Services, late: list[str]) -> None:
    """Does all work but what `late` names."""
    for _ in range(6):
        for message_id in waiting(services):
            if message_id not in late:
                step(services, message_id)


@pytest.mark.parametrize("when", ["before it reads its parts", "after it was built"])
def test_a_copy_that_is_built_while_its_person_is_erased_is_nowhere(
    gateway: Gateway,
    services: Services,
    clock: FixedClock,
    crm: MemoryPlace,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    access = opened(gateway, services)
    work(services, clock)
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    decide(gateway, access, "approve")
    late = waiting(services)
    build = services._copying.build

    @once
    def meanwhile() -> None:
        decide(gateway, made, "approve")
        finish_but(services, late)

    def built(*args: Any) -> Any:
        if when.startswith("before"):
            meanwhile()
            return build(*args)
        done = build(*args)
        meanwhile()
        return done

    monkeypatch.setattr(services._copying, "build", built)
    work(services, clock)
    assert (status(gateway, access), status(gateway, made)) == ("withdrawn", "completed")
    assert buried(services) == []
    bucket = services.settings.exports_bucket
    assert "Contents" not in services.s3.list_objects_v2(Bucket=bucket)


def once(act: Callable[[], None]) -> Callable[[], None]:
    left = [act]

    def acting() -> None:
        if left:
            left.pop()()

    return acting


def test_one_request_that_cannot_be_wiped_keeps_no_other_from_it(
    gateway: Gateway,
    services: Services,
    clock: FixedClock,
    crm: MemoryPlace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, fine = opened(gateway, services, **SAID), opened(gateway, services, type="objection")
    work(services, clock)
    forget, failures = services.request_book.forget, [broken.json()["request_id"]] * 2

    def failing(request: DataRequest, *rest: Any) -> list[Action]:
        if failures and request.request_id == failures[0]:
            failures.pop()
            raise RuntimeError
        return forget(request, *rest)

    monkeypatch.setattr(services.request_book, "forget", failing)
    erase(gateway, services, clock)
    assert failures == []
    assert [kept(services, each).forgotten for each in (broken, fine)] == [True, True]
    assert of_type(services, "subject_known_as") == []


def test_what_nobody_proved_goes_with_the_person(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    unproved = make(gateway, **SAID)
    strangers = make(gateway, email="budi@example.test", **SAID)
    made = erase(gateway, services, clock)
    assert status(gateway, made) == "completed"
    left = kept(services, unproved)
    assert (left.content.email, left.content.name, left.content.details) == ("", "", "")
    assert status(gateway, unproved) == "withdrawn"
    assert kept(services, strangers).content.name == "Siti Rahma"
    assert len(of_type(services, "asked_request")) == 1


def test_what_is_asked_after_the_erasure_is_a_new_person_s(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    decide(gateway, made, "approve")
    while status(gateway, made) != "completed":
        step(services, waiting(services)[-1])
    clock.advance(timedelta(seconds=1))
    unproved = make(gateway, **SAID)
    again = opened(gateway, services, type="access", **SAID)
    work(services, clock)
    assert [kept(services, each).forgotten for each in (unproved, again)] == [False, False]
    assert kept(services, again).subject_id != kept(services, made).subject_id


def test_what_nobody_proved_is_forgotten_once_it_is_withdrawn(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = make(gateway, **SAID)
    token = made.json()["tracking_token"]
    assert [withdraw(gateway, made, token).json()["status"] for _ in range(2)] == ["withdrawn"] * 2
    (message_id,) = waiting(services)
    work(services, clock)
    step(services, message_id)  # a queue's second delivery
    assert prove(gateway, made, code_of(services)).code == "invalid_code"
    left = kept(services, made)
    assert (left.forgotten, left.requester, left.content.name) == (True, "", "")
    assert of_type(services, "asked_request") == []
    fresh = Services(services.settings, clock=services.clock, create_client=services._create_client)
    assert fresh.request_book.get(made.json()["request_id"]).content.email == ""


def test_an_erasure_finds_what_was_withdrawn_a_moment_ago(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = make(gateway, **SAID)
    withdraw(gateway, made, made.json()["tracking_token"])
    (late,) = waiting(services)
    erasure = opened(gateway, services, type="deletion")
    finish_but(services, [late])
    decide(gateway, erasure, "approve")
    finish_but(services, [late])
    assert kept(services, made).forgotten
    step(services, late)
    assert buried(services) == []


def test_a_proved_request_is_listed_as_unproved_no_more(
    gateway: Gateway, services: Services
) -> None:
    made = make(gateway)
    assert len(of_type(services, "asked_request")) == 1
    assert prove(gateway, made, code_of(services)).status == 200
    assert of_type(services, "asked_request") == []


def test_nothing_links_an_erased_person_to_who_comes_back(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    unproved, other = make(gateway), opened(gateway, services)
    made = erase(gateway, services, clock)
    assert [kept(services, each).requester for each in (unproved, other, made)] == [""] * 3
    assert kept(services, make(gateway)).requester != ""


def test_a_session_ends_with_its_person(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    session = signed_in(gateway, services)
    assert current(gateway, session).status == 200
    decide(gateway, made, "approve")
    while status(gateway, made) != "completed":
        step(services, waiting(services)[-1])
    assert current(gateway, session).status == 401
    assert look(gateway, made, session).status == 401


def test_a_person_with_many_names_is_erased(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="deletion")
    users = [{"email": EMAIL, "user_id": f"u{number}"} for number in range(48)]
    said = {"type": "objection", "client": "PT A", "language": "en", "users": users}
    token = platform_token(clock, "requests:write")
    assert post(gateway, "/v1/platform/requests", said, token).status == 200
    work(services, clock)
    decide(gateway, made, "approve")
    work(services, clock)
    assert status(gateway, made) == "completed"
    assert buried(services) == []
    assert of_type(services, "subject_address", "subject_known_as", "subject_profile") == []


def test_fifty_recipients_are_told_once_though_workers_die(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    services.webhook_client = ToldInternet()
    for _ in range(50):
        services.webhooks.register(DPO, URL, ("data_subject.erased",))
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    decide(gateway, made, "approve")
    killer = Killer(lambda number: "after" if number % 2 and number < 12 else None)
    killer.watch(services)
    killer.armed = True
    work(services, clock)
    killer.armed = False
    assert status(gateway, made) == "completed"
    told = [
        item["endpoint"] for item in records(services) if item.get("kind", "").endswith(".erased")
    ]
    assert (len(told), len(set(told))) == (50, 50)


@pytest.fixture
def system(gateway: Gateway, services: Services) -> System:
    return System(services, gateway)


def test_an_unanswered_question_to_a_place_names_the_erased_no_more(
    gateway: Gateway, services: Services, clock: FixedClock, system: System
) -> None:
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    decide(gateway, made, "approve")
    work(services, clock)
    services.webhooks.pause(DPO, system.endpoint_id)
    deliver_all(services, system)
    assert any(EMAIL in body for body in webhook_bodies(services))
    request_id = made.json()["request_id"]
    progress = services.deciding.progress(request_id)
    assert progress is not None
    services.fulfilment_tasks.fail(request_id, CRM, progress.plan.stage, "place_unavailable")
    by_hand = {"found": 1, "changed": 1}
    other = "bbbbbbbb-2222-4333-8444-555555555555"
    assert decide(gateway, made, f"places/{CRM}/resolve", by_hand, who=other).status == 200
    work(services, clock)
    assert status(gateway, made) == "completed"
    assert not any(EMAIL in body for body in webhook_bodies(services))
    assert buried(services) == [("data_request.erase", "forgotten")]


def test_a_question_that_was_forgotten_is_not_sent_when_somebody_queues_it_again(
    gateway: Gateway, services: Services, clock: FixedClock, system: System
) -> None:
    system.ask()
    (message_id,) = [
        str(item["pk"]).removeprefix("OUTBOX#")
        for item in records(services)
        if item["et"] == "outbox_message" and item["channel"] == "webhook"
    ]
    services.webhooks.pause(DPO, system.endpoint_id)
    deliver_all(services, system)
    services.outbox_store.forget(message_id)
    services.webhooks.resume(DPO, system.endpoint_id)
    message = services.outbox_store.get(message_id)
    assert message is not None
    again = services.outbox_actions.resurrection(message, "01JAGAIN")
    services.run_command(lambda: again)
    deliver_all(services, system)
    assert system.hooks.internet.posted == []


def deliver_all(services: Services, system: System) -> None:
    for item in records(services):
        if item["et"] == "outbox_message" and item["channel"] == "webhook":
            system.hooks.deliver(str(item["pk"]).removeprefix("OUTBOX#"))


def webhook_bodies(services: Services) -> list[str]:
    return [
        services.vault.open(
            message_scope(item), message_context(services.records, item), item["sealed"]
        ).decode()
        for item in records(services)
        if item["et"] == "outbox_message" and item["channel"] == "webhook" and "sealed" in item
    ]


def test_an_answer_that_comes_after_the_erasure_is_forgotten(
    gateway: Gateway, services: Services, clock: FixedClock, system: System
) -> None:
    access = opened(gateway, services)
    work(services, clock)
    (asked,) = system.asked()
    assert system.answer(asked["data"]["task"], rows=[], changed=0).status == 200
    late = waiting(services)
    request = kept(services, access)
    services.run_command(lambda: services._request_store.erase_actions(request))
    services._request_store.forget(request.request_id)
    assert waiting(services) == late
    work(services, clock)
    assert buried(services) == []
    assert "sealed" not in of_type(services, "remote_task")[0]


def test_a_partner_s_callback_is_swept_once_its_request_ended(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    partner = Partner(gateway, clock)
    url = f"https://examplecontroller.com/cb?who={EMAIL}"
    partner.submit(subject_identities=[identity(EMAIL)], status_callback_urls=[url])
    work(services, clock)
    (callback,) = of_type(services, "opendsr_callback")
    assert "ttl" not in callback
    request_id = callback["pk"].removeprefix("CALLBACK#")
    made = Answer(200, {}, json.dumps({"request_id": request_id}))
    decide(gateway, made, "approve")
    work(services, clock)
    (callback,) = of_type(services, "opendsr_callback")
    assert (callback["told"], "ttl" in callback) == ("completed", True)


def test_the_trail_says_by_which_erasure_a_request_was_forgotten(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    unproved = make(gateway)
    made = erase(gateway, services, clock)
    chain = services.trail.history(Entity("request", unproved.json()["request_id"]))
    last = list(chain)[-1]
    assert (last.action, last.facts) == (
        "request.forgotten",
        {"erasure": made.json()["request_id"]},
    )
