"""Publishing data maps through the API."""

import json
from typing import Any

import pytest

from chalicelib.audit.entry import Actor
from chalicelib.connectors.datamap.service import DATA_MAP, DataMapMoved, Published
from chalicelib.connectors.datamap.wire import MAX_BODY_BYTES
from chalicelib.http.permissions import Role
from chalicelib.services import Services
from tests.contract.people import records
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.maps import BOTH, DESCRIBED
from tests.tokens import bearer, staff_token

PATH = "/v1/staff/data-map"
OTHER = DESCRIBED.replace("name: Shop", "name: The shop")


class Api:
    """Calls as an engineer, who knows where the data is and sees none of it."""

    def __init__(self, gateway: Gateway, clock: FixedClock, role: Role = Role.ENGINEER) -> None:
        self._gateway = gateway
        self._clock = clock
        self._role = role

    def call(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        token = bearer(staff_token(self._clock, self._role))
        sent = {"content-type": "application/json", **token, **headers}
        content = None if body is None else json.dumps(body)
        return self._gateway.call(method, PATH + path, body=content, headers=sent)

    def publish(self, yaml: str, key: str = "", **also: Any) -> Answer:
        headers = {"idempotency-key": key} if key else {}
        return self.call("PUT", body={"yaml": yaml, **also}, **headers)


@pytest.fixture
def api(gateway: Gateway, clock: FixedClock) -> Api:
    return Api(gateway, clock)


def entries(services: Services) -> list[tuple[str, Any]]:
    return [(each.action, each.facts["version"]) for each in services.trail.history(DATA_MAP)]


def test_a_map_is_published_and_shown(api: Api, services: Services) -> None:
    assert api.call("GET").code == "no_data_map"
    published = api.publish(BOTH)
    assert published.status == 200, published.body
    said = published.json()
    assert (said["version"], said["published_at"]) == (1, "2026-11-23T10:00:00.000Z")
    warned = {"where": "shop_logs.mails.to", "code": "stays_after_erasure", "is_error": False}
    assert warned in said["warnings"]
    shown = api.call("GET").json()
    assert shown["yaml"] == BOTH
    assert shown["sha256"] == said["sha256"]
    (entry,) = services.trail.history(DATA_MAP)
    assert entry.facts == {"version": 1, "sha256": said["sha256"]}
    assert entry.actor.kind == "staff"


def test_a_map_that_is_in_force_stays(api: Api, services: Services) -> None:
    api.publish(DESCRIBED)
    assert api.publish(DESCRIBED).json()["version"] == 1
    assert api.publish(DESCRIBED, "key-1").json()["version"] == 1
    assert entries(services) == [("data_map.published", 1)]


def test_a_version_is_never_changed(api: Api, services: Services) -> None:
    api.publish(DESCRIBED)
    api.publish(OTHER)
    api.publish(DESCRIBED)
    assert [version for _, version in entries(services)] == [1, 2, 3]
    stored = {each["sk"] for each in records(services) if each["pk"] == "DATAMAP"}
    assert stored == {"CURRENT", *(f"VERSION#000000000{n}" for n in (1, 2, 3))}


def test_a_repeat_publishes_nothing(api: Api, services: Services) -> None:
    first = api.publish(DESCRIBED, "key-1")
    api.publish(OTHER)
    assert api.publish(DESCRIBED, "key-1").json() == first.json()
    assert api.publish(OTHER, "key-1").code == "idempotency_conflict"
    assert [version for _, version in entries(services)] == [1, 2]


def test_what_another_published_in_between_is_not_replaced_unseen(api: Api) -> None:
    assert api.publish(DESCRIBED, replaces=1).code == "data_map_moved"
    assert api.publish(DESCRIBED, replaces=0).status == 200
    assert api.publish(OTHER, replaces=0).code == "data_map_moved"
    assert api.publish(OTHER, replaces=1).json()["version"] == 2


def test_of_two_at_once_one_publishes_first(racing: Services) -> None:
    maps, author = racing.data_maps, Actor("staff", "01JDPO")
    results = at_once(2, lambda number: maps.publish(author, (DESCRIBED, OTHER)[number]))
    published = sum(isinstance(each, Published) for each in results)
    assert published + sum(isinstance(each, DataMapMoved) for each in results) == 2, results
    assert [version for _, version in entries(racing)] == list(range(1, published + 1))
    assert published


def test_what_is_wrong_is_named_and_nothing_published(api: Api, services: Services) -> None:
    wrong = BOTH.replace("rule: tax_books", "rule: habit")
    answer = api.publish(wrong)
    assert (answer.status, answer.code) == (422, "invalid_data_map")
    assert answer.json()["errors"] == [
        {"field": "shop.orders.keep.0.rule", "code": "unknown_mandate"}
    ]
    assert api.publish("a: &x [1]\nb: *x").json()["errors"] == [
        {"field": "line 2", "code": "alias"}
    ]
    assert entries(services) == []


def test_a_check_tells_all_and_publishes_nothing(api: Api, services: Services) -> None:
    fine = api.call("POST", "/check", {"yaml": BOTH}).json()
    assert fine["acceptable"]
    wrong = api.call("POST", "/check", {"yaml": BOTH.replace("user.name", "user.alias")}).json()
    assert not wrong["acceptable"]
    assert {each["code"] for each in wrong["findings"]} == {"unknown_category"}
    assert entries(services) == []


def test_a_long_map_fits_and_a_longer_does_not(api: Api) -> None:
    comment = "#" * (300 * 1024 - len(DESCRIBED.encode()) - 1)
    assert api.publish(DESCRIBED + comment).status == 200
    assert api.publish(DESCRIBED + comment + "##").status == 422
    answer = api.call("PUT", body={"yaml": "#" * MAX_BODY_BYTES})
    assert answer.code == "too_large"


@pytest.mark.parametrize(
    ("role", "reads", "publishes"),
    [
        (Role.DPO, True, True),
        (Role.ENGINEER, True, True),
        (Role.AUDITOR, True, False),
        (Role.SECURITY, True, False),
        (Role.AGENT, False, False),
    ],
)
def test_who_may(
    gateway: Gateway, clock: FixedClock, role: Role, reads: bool, publishes: bool
) -> None:
    api = Api(gateway, clock, role)
    assert (api.publish(DESCRIBED).status == 200) is publishes
    assert (api.call("POST", "/check", {"yaml": DESCRIBED}).status == 200) is publishes
    assert (api.call("GET").status in {200, 404}) is reads
