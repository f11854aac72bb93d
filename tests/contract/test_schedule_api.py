"""Retention schedules through the API: one proposes, all see what it would do, another approves."""

import hashlib
import json
from typing import Any

import pytest

from chalicelib.audit.entry import Actor
from chalicelib.http.permissions import Role
from chalicelib.retention.schedule.errors import NoSchedule, ScheduleMoved
from chalicelib.retention.schedule.models import Schedule
from chalicelib.retention.schedule.service import (
    PREVIEW_WORK,
    RESCHEDULE_WORK,
    SCHEDULE,
    Checked,
)
from chalicelib.retention.schedule.text import MAX_BODY_BYTES, standard
from chalicelib.services import Services
from tests.contract.people import records
from tests.contract.schedules import (
    AUTHOR,
    OFFICER,
    STANDARD,
    Api,
    document,
    equip,
    propose_and_count,
    text,
)
from tests.contract.test_tables import at_once
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Gateway

OPERATOR = Actor("operator", "test")


@pytest.fixture
def api(gateway: Gateway, clock: FixedClock) -> Api:
    return Api(gateway, clock)


@pytest.fixture
def dpo(gateway: Gateway, clock: FixedClock) -> Api:
    return Api(gateway, clock, Role.DPO, OFFICER)


def entries(services: Services) -> list[tuple[str, Any]]:
    """What happened after the seed."""
    history = [(each.action, each.facts["version"]) for each in services.trail.history(SCHEDULE)]
    assert history[0] == ("retention_schedule.published", 1)
    return history[1:]


def queued(services: Services, kind: str) -> list[str]:
    return [
        each["about"]
        for each in records(services)
        if each["et"] == "outbox_message" and each["kind"] == kind
    ]


def empty(services: Services) -> None:
    """As before the first deployment."""
    for item in records(services):
        if item["pk"] == "SCHEDULE":
            services.dynamodb.delete_item(
                TableName=services.records.name,
                Key={"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}},
            )


def test_the_operator_publishes_the_standard_schedule(api: Api, services: Services) -> None:
    shown = api.call("GET").json()
    assert (shown["version"], shown["replaces"], shown["proposed_by"]) == (1, 0, "")
    assert shown["schedule"]["limits"][0]["id"] == "transactional"
    canonical = json.dumps(STANDARD, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert shown["sha256"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert services.schedules.in_force() == (1, standard().schedule())
    assert queued(services, PREVIEW_WORK) == []
    assert api.preview(1).code == "no_schedule_preview"


def test_a_schedule_is_proposed_counted_approved_and_in_force(
    api: Api, dpo: Api, services: Services, clock: FixedClock
) -> None:
    proposed = api.propose(document())
    assert proposed.status == 201, proposed.body
    said = proposed.json()
    assert (said["version"], said["replaces"]) == (2, 1)
    assert said["proposed_at"] == "2026-11-23T10:00:00.000Z"
    assert {each["code"] for each in said["warnings"]} == {"does_not_yield"}
    assert queued(services, PREVIEW_WORK) == ["2"]
    assert api.call("GET").json()["version"] == 1
    assert services.schedules.in_force()[0] == 1
    early = dpo.approve(2)
    assert (early.status, early.code) == (409, "schedule_preview_pending")
    work(services, clock)
    looked_at = dpo.call("GET", "/versions/2").json()
    assert (looked_at["proposed_by"], looked_at["sha256"]) == (AUTHOR, said["sha256"])
    assert dpo.approve(2).json() == looked_at == api.call("GET").json()
    number, schedule = services.schedules.in_force()
    assert (number, schedule) == (2, text().schedule())
    assert queued(services, RESCHEDULE_WORK) == ["2"]
    _, proposal, approval = services.trail.history(SCHEDULE)
    assert proposal.facts == approval.facts == {"version": 2, "sha256": said["sha256"]}
    assert (proposal.action, proposal.actor) == (
        "retention_schedule.proposed",
        Actor("staff", AUTHOR),
    )
    assert (approval.action, approval.actor) == (
        "retention_schedule.approved",
        Actor("staff", OFFICER),
    )


def test_what_is_shown_can_be_proposed_again(api: Api) -> None:
    shown = api.call("GET").json()["schedule"]
    assert api.propose(shown).json()["version"] == 1
    assert api.call("POST", "/check", {"schedule": shown}).json()["acceptable"]


def test_what_it_would_do_is_shown_by_category_and_month(
    api: Api, services: Services, clock: FixedClock
) -> None:
    equip(services)
    api.propose(document(6))
    shown = api.preview(2).json()
    assert (shown["complete"], shown["ended_at"], shown["cells"]) == (False, None, [])
    assert shown["started_at"] == "2026-11-23T10:00:00.000Z"
    work(services, clock)
    shown = api.preview(2).json()
    assert (shown["version"], shown["replaces"], shown["complete"]) == (2, 1, True)
    assert shown["ended_at"] == "2026-11-23T10:00:00.000Z"
    assert shown["total"] == {
        **dict.fromkeys(("later", "newly", "never", "unchanged", "other_means"), 0),
        "earlier": 7,
        "over_at_once": 1,  # last used 300 days ago
    }
    where = [(each["category"], each["month"]) for each in shown["cells"]]
    assert where == sorted(where)
    assert ("authentication", "2026-07") in where
    assert {each["category"] for each in shown["cells"]} == {"authentication", "technical"}
    assert sum(each["counts"]["earlier"] for each in shown["cells"]) == 7


def test_who_proposed_a_schedule_does_not_approve_it(
    gateway: Gateway, dpo: Api, clock: FixedClock, services: Services
) -> None:
    dpo.propose(document())
    work(services, clock)
    answer = dpo.approve(2)
    assert (answer.status, answer.code) == (409, "same_schedule_proposer")
    assert entries(services) == [("retention_schedule.proposed", 2)]
    assert services.schedules.in_force()[0] == 1
    assert Api(gateway, clock, Role.DPO, "01JOTHER").approve(2).status == 200


def test_what_is_in_force_stays(api: Api, dpo: Api, services: Services, clock: FixedClock) -> None:
    assert api.propose(STANDARD).json()["version"] == 1
    assert api.propose(STANDARD, "key-1").json()["version"] == 1
    assert dpo.approve(1).status == 200
    assert entries(services) == []
    number = propose_and_count(services, clock)
    assert dpo.approve(number).status == dpo.approve(number).status == 200
    assert queued(services, RESCHEDULE_WORK) == [str(number)]


def test_a_seed_replaces_no_schedule_that_is_in_force(
    services: Services, clock: FixedClock
) -> None:
    services.schedules.approve(OFFICER, propose_and_count(services, clock))
    assert services.schedules.publish(OPERATOR, standard()).number == 2
    assert services.schedules.in_force()[0] == 2
    assert [action for action, _ in entries(services)].count("retention_schedule.published") == 0


def test_before_the_first_nothing_ends(services: Services, api: Api) -> None:
    empty(services)
    assert services.schedules.in_force() == (0, Schedule((), {}))
    assert api.call("GET").code == "no_schedule"
    with pytest.raises(NoSchedule):
        services.schedules.current()
    assert services.schedules.publish(OPERATOR, standard()).number == 1


def test_of_two_operators_at_once_one_publishes(racing: Services) -> None:
    empty(racing)
    results = at_once(2, lambda _: racing.schedules.publish(OPERATOR, standard()).number)
    assert results == [1, 1]
    assert {each["sk"] for each in records(racing) if each["pk"] == "SCHEDULE"} == {
        "CURRENT",
        "VERSION#0000000001",
    }


def test_a_version_is_never_changed(
    api: Api, dpo: Api, services: Services, clock: FixedClock
) -> None:
    for number, months in enumerate((18, 19, 18), 2):
        assert propose_and_count(services, clock, months) == number
        assert dpo.approve(number).status == 200
    stored = {each["sk"] for each in records(services) if each["pk"] == "SCHEDULE"}
    versions = {f"VERSION#000000000{number}" for number in (1, 2, 3, 4)}
    previews = {f"PREVIEW#000000000{number}" for number in (2, 3, 4)}
    assert stored == {"CURRENT"} | versions | previews
    first, second = (api.call("GET", f"/versions/{number}").json() for number in (2, 4))
    assert first["sha256"] == second["sha256"]


def test_a_repeat_proposes_nothing(api: Api, services: Services) -> None:
    first = api.propose(document(), "key-1")
    api.propose(document(19))
    assert api.propose(document(), "key-1").json() == first.json()
    assert api.propose(document(19), "key-1").code == "idempotency_conflict"
    proposed = "retention_schedule.proposed"
    assert entries(services) == [(proposed, 2), (proposed, 3)]
    assert queued(services, PREVIEW_WORK) == ["2", "3"]


def test_what_came_in_between_is_not_replaced_unseen(
    api: Api, dpo: Api, services: Services, clock: FixedClock
) -> None:
    assert api.propose(document(), replaces=0).code == "schedule_moved"
    assert api.propose(document(), replaces=1).status == 201
    assert api.propose(document(19), replaces=1).status == 201
    work(services, clock)
    assert dpo.approve(3).status == 200
    answer = dpo.approve(2)
    assert (answer.status, answer.code) == (409, "schedule_moved")
    assert api.propose(document(20), replaces=1).code == "schedule_moved"
    assert api.propose(document(20), replaces=3).json()["version"] == 4


@pytest.mark.parametrize("version", ["7", "0", "-1", "1.0", "CURRENT", "9" * 40])
def test_what_nobody_proposed_is_not_there(dpo: Api, version: str) -> None:
    assert dpo.approve(version).code == "unknown_schedule_version"
    assert dpo.preview(version).code == "unknown_schedule_version"
    assert dpo.call("GET", f"/versions/{version}").code == "unknown_schedule_version"


def test_of_two_authors_at_once_one_is_first(racing: Services) -> None:
    results = at_once(2, lambda place: racing.schedules.propose(AUTHOR, text(18 + place)))
    proposed = sum(isinstance(each, Checked) for each in results)
    assert proposed + sum(isinstance(each, ScheduleMoved) for each in results) == 2, results
    assert [version for _, version in entries(racing)] == list(range(2, proposed + 2))
    assert len(queued(racing, PREVIEW_WORK)) == proposed >= 1


def test_of_two_approvals_at_once_one_counts(racing: Services, clock: FixedClock) -> None:
    numbers = [propose_and_count(racing, clock, months) for months in (18, 19)]
    results = at_once(2, lambda place: racing.schedules.approve(OFFICER, numbers[place]))
    assert sum(isinstance(each, ScheduleMoved) for each in results) == 1, results
    (approved,) = [
        version for action, version in entries(racing) if action == "retention_schedule.approved"
    ]
    assert racing.schedules.current().number == approved
    assert queued(racing, RESCHEDULE_WORK) == [str(approved)]


def test_what_breaks_the_law_is_named_and_nothing_stored(api: Api, services: Services) -> None:
    before = records(services)
    short = {"amount": 9, "unit": "years"}
    mandates = [
        {**each, "period": short} if each["id"] == "tax_books" else each
        for each in STANDARD["mandates"]
    ]
    answer = api.propose({**STANDARD, "mandates": mandates}, "key-1")
    assert (answer.status, answer.code) == (422, "invalid_schedule")
    assert answer.json()["errors"] == [{"field": "mandates.tax_books", "code": "mandate_shortened"}]
    assert records(services) == before
    checked = api.call("POST", "/check", {"schedule": {**STANDARD, "mandates": mandates}}).json()
    assert not checked["acceptable"]
    wrong = {"where": "mandates.tax_books", "code": "mandate_shortened", "is_error": True}
    assert wrong in checked["findings"]


CANARY = "ani_canary_example"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"schedule": CANARY},
        {"schedule": {**STANDARD, CANARY: 1}},
        {"schedule": STANDARD, "replaces": CANARY},
        {"schedule": STANDARD, "replaces": -1},
        {"schedule": {**STANDARD, "limits": []}},
        {"schedule": {**STANDARD, "limits": [{**STANDARD["limits"][0], "id": f"{CANARY}@"}]}},
        {"schedule": {**STANDARD, "limits": [{**STANDARD["limits"][0], "means": CANARY}]}},
        {
            "schedule": {
                **STANDARD,
                "limits": [
                    {**STANDARD["limits"][0], "categories": [CANARY]},
                    *STANDARD["limits"][1:],
                ],
            }
        },
        {
            "schedule": {
                **STANDARD,
                "limits": [
                    *STANDARD["limits"],
                    {**STANDARD["limits"][0], "id": CANARY, "categories": [CANARY]},
                ],
            }
        },
        {"schedule": {**STANDARD, "limits": 2 * STANDARD["limits"]}},
        {"schedule": {**STANDARD, "mandates": []}},
    ],
)
@pytest.mark.parametrize("path", ["/versions", "/check"])
def test_bad_bodies_store_nothing_and_echo_nothing(
    api: Api, services: Services, body: Any, path: str
) -> None:
    before = records(services)
    answer = api.call("POST", path, body)
    refused = answer.status == 422 or not answer.json()["acceptable"]
    assert refused, answer.body
    assert CANARY not in answer.body
    assert records(services) == before


def test_what_is_too_long_is_not_read(api: Api) -> None:
    answer = api.call("POST", "/versions", body={"schedule": "#" * MAX_BODY_BYTES})
    assert answer.code == "too_large"


def test_the_longest_schedule_fits_into_an_item(
    api: Api, services: Services, clock: FixedClock
) -> None:
    words = iter(range(10**9))
    limits = [
        {
            **STANDARD["limits"][0],
            "id": f"more_{place}",
            "ground": " ".join(f"{next(words):07d}" for _ in range(37)),
        }
        for place in range(160)
    ]
    long = {**STANDARD, "limits": [*STANDARD["limits"], *limits]}
    assert len(json.dumps({"schedule": long})) > MAX_BODY_BYTES * 0.8
    assert api.propose(long).status == 201
    work(services, clock)
    services.schedules.approve(OFFICER, 2)
    assert len(services.schedules.in_force()[1].limits) == len(long["limits"])


@pytest.mark.parametrize(
    ("role", "proposes", "approves"),
    [
        (Role.DPO, True, True),
        (Role.ENGINEER, True, False),
        (Role.AUDITOR, False, False),
        (Role.SECURITY, False, False),
        (Role.AGENT, False, False),
    ],
)
def test_who_may(
    gateway: Gateway,
    services: Services,
    clock: FixedClock,
    role: Role,
    proposes: bool,
    approves: bool,
) -> None:
    number = propose_and_count(services, clock)
    api = Api(gateway, clock, role, "01JSOMEBODY")
    assert api.call("GET").status == api.call("GET", "/versions/1").status == 200
    assert api.preview(number).status == 200
    assert (api.propose(document(19)).status == 201) is proposes
    assert (api.call("POST", "/check", {"schedule": document(19)}).status == 200) is proposes
    assert (api.approve(number).status == 200) is approves
