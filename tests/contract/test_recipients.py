"""Who got the data hears of what became of it (GDPR 19, UU PDP 45), and of nothing else."""

import hashlib
import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from chalicelib.notices.messages import Channel
from chalicelib.services import Services
from tests.contract.asking import look, opened
from tests.contract.handled import by_staff
from tests.contract.hooks import Hooks
from tests.contract.people import EMAIL, records
from tests.contract.test_fulfilment import archive
from tests.contract.working import MemoryPlace, equip, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

ERASED, CORRECTED, RESTRICTED = (
    f"data_subject.{what}" for what in ("erased", "corrected", "restricted")
)
ALL = (ERASED, CORRECTED, RESTRICTED)
NAME = {"user.name": "Dewi"}


@pytest.fixture
def hooks(services: Services) -> Hooks:
    equip(services, MemoryPlace("crm", {EMAIL: [{"email": EMAIL, "user.name": "Siti"}]}))
    return Hooks(services)


def carried_out(
    gateway: Gateway, services: Services, clock: FixedClock, type_: str, **said: Any
) -> Answer:
    made = opened(gateway, services, type=type_, **said)
    work(services, clock)
    if look(gateway, made).json()["status"] == "awaiting_approval":
        assert by_staff(gateway, made, "approve").status == 200
        work(services, clock)
    assert look(gateway, made).json()["status"] == "completed"
    return made


def told(hooks: Hooks) -> list[dict[str, Any]]:
    """What every endpoint was told, after delivering it."""
    for item in records(hooks.services):
        if item["et"] == "outbox_message" and item["channel"] == Channel.WEBHOOK:
            hooks.deliver(str(item["pk"]).removeprefix("OUTBOX#"))
    return [
        {"to": posted.target.host, **json.loads(posted.body)} for posted in hooks.internet.posted
    ]


@pytest.mark.parametrize(
    ("type_", "said", "event"),
    [
        ("deletion", {}, ERASED),
        ("correction", {"corrections": NAME}, CORRECTED),
        ("restriction", {}, RESTRICTED),
        ("objection", {}, RESTRICTED),
        ("consent_withdrawal", {}, RESTRICTED),
    ],
)
def test_who_asked_for_it_learns_whom_it_is_about_and_neither_address_nor_new_value(
    gateway: Gateway,
    services: Services,
    clock: FixedClock,
    hooks: Hooks,
    type_: str,
    said: dict[str, Any],
    event: str,
) -> None:
    hooks.register("https://crm.example.com/jaga", *ALL)
    hooks.register("https://other.example.com/jaga", *(each for each in ALL if each != event))
    made = carried_out(gateway, services, clock, type_, **said)
    (body,) = told(hooks)
    digest = hashlib.sha256(EMAIL.encode()).hexdigest()
    assert (body["to"], body["type"]) == ("crm.example.com", event)
    assert body["data"] == {
        "request_id": made.json()["request_id"],
        "identities": [
            {"identity_type": "email", "identity_format": "sha256", "identity_value": digest}
        ],
        **({"categories": sorted(NAME)} if said else {}),
    }
    assert EMAIL not in repr(body)


@pytest.mark.parametrize("type_", ["access", "portability"])
def test_a_copy_is_nobody_elses_affair(
    gateway: Gateway, services: Services, clock: FixedClock, hooks: Hooks, type_: str
) -> None:
    hooks.register("https://crm.example.com/jaga", *ALL)
    carried_out(gateway, services, clock, type_)
    assert told(hooks) == []


def test_what_is_refused_or_only_rehearsed_is_not_told(
    gateway: Gateway, services: Services, clock: FixedClock, hooks: Hooks
) -> None:
    hooks.register("https://crm.example.com/jaga", *ALL)
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    assert look(gateway, made).json()["status"] == "awaiting_approval"
    assert by_staff(gateway, made, "refuse", {"ground": "id/defence"}).status == 200
    work(services, clock)
    assert told(hooks) == []


def test_a_restriction_is_marked_and_the_copy_says_so(
    gateway: Gateway, services: Services, clock: FixedClock, hooks: Hooks
) -> None:
    first = carried_out(gateway, services, clock, "access")
    assert profile_in(services, first)["restricted"] is False
    made = carried_out(gateway, services, clock, "restriction")
    subject_id = services.request_book.get(made.json()["request_id"]).subject_id
    assert subject_id is not None
    assert services.obeying.is_restricted(subject_id)
    second = carried_out(gateway, services, clock, "access")
    assert profile_in(services, second)["restricted"] is True


def profile_in(services: Services, made: Answer) -> dict[str, Any]:
    with ZipFile(BytesIO(archive(services, made))) as copy:
        (profile,) = json.loads(copy.read("places/privacy-office/profile.json"))
    return dict(profile)
