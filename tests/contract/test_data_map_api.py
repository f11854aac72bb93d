"""Data maps through the API: one proposes, another approves."""

import json
from typing import Any

import pytest

from chalicelib.audit.entry import Actor
from chalicelib.connectors.datamap.errors import DataMapMoved
from chalicelib.connectors.datamap.service import DATA_MAP, Checked
from chalicelib.connectors.datamap.text import InvalidDataMap
from chalicelib.connectors.datamap.wire import MAX_BODY_BYTES
from chalicelib.http.permissions import Role
from chalicelib.services import Services
from infra.local.platform.connecting import data_map_text, publish_data_map
from tests.contract.asking import opened
from tests.contract.hooks import URL, Hooks
from tests.contract.people import EMAIL, records
from tests.contract.test_tables import at_once
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.maps import BOTH, DESCRIBED
from tests.tokens import STAFF, bearer, staff_claims, staff_token

PATH = "/v1/staff/data-map"
OTHER = DESCRIBED.replace("name: Shop", "name: The shop")
THIRD = DESCRIBED.replace("name: Shop", "name: A shop")
OPERATOR = Actor("operator", "test")
ANOTHER = "01JANOTHER"


class Api:
    """Calls as an engineer, who knows where the data is and sees none of it, and as the DPO."""

    def __init__(
        self, gateway: Gateway, clock: FixedClock, role: Role = Role.ENGINEER, who: str = ""
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._role = role
        self._who = {"sub": who} if who else {}

    def call(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        token = bearer(STAFF.sign(staff_claims(self._clock, self._role, **self._who)))
        sent = {"content-type": "application/json", **token, **headers}
        content = None if body is None else json.dumps(body)
        return self._gateway.call(method, PATH + path, body=content, headers=sent)

    def propose(self, yaml: str, key: str = "", **also: Any) -> Answer:
        headers = {"idempotency-key": key} if key else {}
        return self.call("POST", "/versions", body={"yaml": yaml, **also}, **headers)

    def approve(self, version: int | str) -> Answer:
        return self.call("POST", f"/versions/{version}/approve", body={})


@pytest.fixture
def api(gateway: Gateway, clock: FixedClock) -> Api:
    return Api(gateway, clock)


@pytest.fixture
def dpo(gateway: Gateway, clock: FixedClock) -> Api:
    return Api(gateway, clock, Role.DPO, ANOTHER)


def entries(services: Services) -> list[tuple[str, Any]]:
    return [(each.action, each.facts["version"]) for each in services.trail.history(DATA_MAP)]


def test_a_map_is_proposed_read_approved_and_in_force(
    api: Api, dpo: Api, services: Services
) -> None:
    proposed = api.propose(BOTH)
    assert proposed.status == 201, proposed.body
    said = proposed.json()
    assert (said["version"], said["replaces"]) == (1, 0)
    assert said["proposed_at"] == "2026-11-23T10:00:00.000Z"
    warned = {"where": "shop_logs.mails.to", "code": "stays_after_erasure", "is_error": False}
    assert warned in said["warnings"]
    assert api.call("GET").code == "no_data_map"
    assert services.data_maps.map_in_force().datasets == {}
    looked_at = dpo.call("GET", "/versions/1").json()
    assert (looked_at["yaml"], looked_at["sha256"]) == (BOTH, said["sha256"])
    assert dpo.approve(1).json() == looked_at == api.call("GET").json()
    assert set(services.data_maps.map_in_force().datasets) == {"shop", "shop_logs"}
    proposal, approval = services.trail.history(DATA_MAP)
    assert proposal.facts == approval.facts == {"version": 1, "sha256": said["sha256"]}
    assert (proposal.action, approval.action) == ("data_map.proposed", "data_map.approved")
    assert (proposal.actor.id, approval.actor) == (
        looked_at["proposed_by"],
        Actor("staff", ANOTHER),
    )


def test_who_proposed_a_map_does_not_approve_it(
    dpo: Api, gateway: Gateway, clock: FixedClock, services: Services
) -> None:
    dpo.propose(DESCRIBED)
    answer = dpo.approve(1)
    assert (answer.status, answer.code) == (409, "same_proposer")
    assert dpo.call("GET").code == "no_data_map"
    assert entries(services) == [("data_map.proposed", 1)]
    assert Api(gateway, clock, Role.DPO).approve(1).status == 200


def test_an_engineer_alone_sends_nobodys_address_anywhere(
    api: Api, dpo: Api, gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    hooks = Hooks(services)
    registered = gateway.call(
        "POST",
        "/v1/staff/webhooks",
        body=json.dumps({"url": URL, "events": ["data_subject.erased"]}),
        headers={
            "content-type": "application/json",
            **bearer(staff_token(clock, Role.ENGINEER)),
        },
    )
    meta = f"meta: {{jaga: {{kind: webhook, endpoint: {registered.json()['endpoint_id']}}}}}"
    asking = DESCRIBED.replace("name: Shop", f"name: Shop\n    {meta}")
    assert api.propose(asking).status == 201
    assert api.approve(1).status == 403
    assert not asked_about(EMAIL, gateway, services, clock, hooks)
    assert dpo.approve(1).status == 200
    assert asked_about("ani@example.test", gateway, services, clock, hooks)


def asked_about(
    email: str, gateway: Gateway, services: Services, clock: FixedClock, hooks: Hooks
) -> bool:
    """Whether any endpoint learns of the address, once its owner asks for a copy."""
    opened(gateway, services, email=email)
    work(services, clock)
    for item in records(services):
        if item["et"] == "outbox_message" and item["channel"] == "webhook":
            hooks.deliver(str(item["pk"]).removeprefix("OUTBOX#"))
    return any(email.encode() in each.body for each in hooks.internet.posted)


def test_a_map_that_is_in_force_stays(api: Api, dpo: Api, services: Services) -> None:
    services.data_maps.publish(OPERATOR, DESCRIBED)
    services.data_maps.publish(OPERATOR, DESCRIBED)
    assert api.propose(DESCRIBED).json()["version"] == 1
    assert api.propose(DESCRIBED, "key-1").json()["version"] == 1
    assert dpo.approve(1).status == 200
    assert entries(services) == [("data_map.published", 1)]


def test_a_seed_replaces_no_map_that_is_in_force(services: Services) -> None:
    publish_data_map(services)
    assert services.data_maps.current().text == data_map_text()
    services.data_maps.propose("01JENGINEER", DESCRIBED)
    services.data_maps.approve("01JDPO", 2)
    publish_data_map(services)
    assert services.data_maps.current().text == DESCRIBED


def test_a_version_is_never_changed(api: Api, dpo: Api, services: Services) -> None:
    for number, text in enumerate((DESCRIBED, OTHER, DESCRIBED), 1):
        assert api.propose(text).json()["version"] == number
        assert dpo.approve(number).status == 200
    services.data_maps.publish(OPERATOR, OTHER)
    stored = {each["sk"] for each in records(services) if each["pk"] == "DATAMAP"}
    assert stored == {"CURRENT", *(f"VERSION#000000000{n}" for n in (1, 2, 3, 4))}
    assert api.call("GET", "/versions/1").json()["yaml"] == DESCRIBED


def test_a_repeat_proposes_nothing(api: Api, services: Services) -> None:
    first = api.propose(DESCRIBED, "key-1")
    api.propose(OTHER)
    assert api.propose(DESCRIBED, "key-1").json() == first.json()
    assert api.propose(OTHER, "key-1").code == "idempotency_conflict"
    assert entries(services) == [("data_map.proposed", 1), ("data_map.proposed", 2)]


def test_what_came_in_between_is_not_replaced_unseen(api: Api, dpo: Api) -> None:
    assert api.propose(DESCRIBED, replaces=1).code == "data_map_moved"
    assert api.propose(DESCRIBED, replaces=0).status == 201
    assert api.propose(OTHER, replaces=0).status == 201
    assert dpo.approve(2).status == 200
    assert dpo.approve(1).code == "data_map_moved"
    assert api.propose(THIRD, replaces=0).code == "data_map_moved"
    assert api.propose(THIRD, replaces=2).json()["version"] == 3


@pytest.mark.parametrize("version", ["7", "0", "-1", "1.0", "CURRENT", "9" * 40])
def test_what_nobody_proposed_is_not_there(dpo: Api, version: str) -> None:
    dpo.propose(DESCRIBED)
    assert dpo.approve(version).code == "unknown_data_map_version"
    assert dpo.call("GET", f"/versions/{version}").code == "unknown_data_map_version"


def test_of_two_authors_at_once_one_is_first(racing: Services) -> None:
    maps = racing.data_maps
    results = at_once(2, lambda number: maps.propose("01JDPO", (DESCRIBED, OTHER)[number]))
    proposed = sum(isinstance(each, Checked) for each in results)
    assert proposed + sum(isinstance(each, DataMapMoved) for each in results) == 2, results
    assert [version for _, version in entries(racing)] == list(range(1, proposed + 1))
    assert proposed


def test_of_two_approvals_at_once_one_counts(racing: Services) -> None:
    maps = racing.data_maps
    for text in (DESCRIBED, OTHER):
        maps.propose("01JENGINEER", text)
    results = at_once(2, lambda number: maps.approve("01JDPO", number + 1))
    assert sum(isinstance(each, DataMapMoved) for each in results) == 1, results
    (approved,) = [version for action, version in entries(racing) if action == "data_map.approved"]
    assert maps.current().number == approved


def test_what_is_wrong_is_named_and_nothing_stored(api: Api, services: Services) -> None:
    wrong = BOTH.replace("rule: tax_books", "rule: habit")
    answer = api.propose(wrong)
    assert (answer.status, answer.code) == (422, "invalid_data_map")
    assert answer.json()["errors"] == [
        {"field": "shop.orders.keep.0.rule", "code": "unknown_mandate"}
    ]
    assert api.propose("a: &x [1]\nb: *x").json()["errors"] == [
        {"field": "line 2", "code": "alias"}
    ]
    assert entries(services) == []


def test_our_own_tables_and_buckets_are_no_places(api: Api, services: Services) -> None:
    ours = services.settings
    in_tables = BOTH.replace("table: shop-orders", f"table: {ours.records_table}").replace(
        "table: shop-tickets",
        f"table: arn:aws:dynamodb:ap-southeast-3:111122223333:table/{ours.keys_table}",
    )
    assert in_tables.count(ours.records_table) == 1
    in_a_bucket = BOTH.replace("bucket: shop-logs", f"bucket: {ours.exports_bucket}")
    for text, places in (
        (in_tables, {"shop.orders", "shop.tickets"}),
        (in_a_bucket, {"shop_logs"}),
    ):
        answer = api.propose(text)
        assert {each["field"] for each in answer.json()["errors"]} == places
        assert {each["code"] for each in answer.json()["errors"]} == {"own_store"}
        with pytest.raises(InvalidDataMap):
            services.data_maps.publish(OPERATOR, text)
    assert entries(services) == []


def test_a_check_tells_all_and_stores_nothing(api: Api, services: Services) -> None:
    fine = api.call("POST", "/check", {"yaml": BOTH}).json()
    assert fine["acceptable"]
    wrong = api.call("POST", "/check", {"yaml": BOTH.replace("user.name", "user.alias")}).json()
    assert not wrong["acceptable"]
    assert {each["code"] for each in wrong["findings"]} == {"unknown_category"}
    assert entries(services) == []


def test_a_long_map_fits_and_a_longer_does_not(api: Api) -> None:
    comment = "#" * (300 * 1024 - len(DESCRIBED.encode()) - 1)
    assert api.propose(DESCRIBED + comment).status == 201
    assert api.propose(DESCRIBED + comment + "##").status == 422
    answer = api.call("POST", "/versions", body={"yaml": "#" * MAX_BODY_BYTES})
    assert answer.code == "too_large"


@pytest.mark.parametrize(
    ("role", "reads", "proposes", "approves"),
    [
        (Role.DPO, True, True, True),
        (Role.ENGINEER, True, True, False),
        (Role.AUDITOR, True, False, False),
        (Role.SECURITY, True, False, False),
        (Role.AGENT, False, False, False),
    ],
)
def test_who_may(
    gateway: Gateway,
    services: Services,
    clock: FixedClock,
    role: Role,
    reads: bool,
    proposes: bool,
    approves: bool,
) -> None:
    services.data_maps.propose(ANOTHER, DESCRIBED)
    api = Api(gateway, clock, role)
    assert (api.propose(OTHER).status == 201) is proposes
    assert (api.call("POST", "/check", {"yaml": DESCRIBED}).status == 200) is proposes
    assert (api.call("GET").status in {200, 404}) is reads
    assert (api.call("GET", "/versions/1").status == 200) is reads
    assert (api.approve(1).status == 200) is approves
