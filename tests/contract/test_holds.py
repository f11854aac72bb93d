"""Legal holds on moto: placed and released in one piece, listed, reminded of, and in the way."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.notices.messages import Channel
from chalicelib.retention.holds import reminding
from chalicelib.retention.holds.models import MOST, Held, Standing
from chalicelib.retention.holds.reminding import Report
from chalicelib.retention.holds.service import RELEASED_WORK, hold_entity
from chalicelib.retention.holds.store import ACTIVE
from chalicelib.retention.targets import Target, TargetKind
from chalicelib.services import Services
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.transactions import Action, Put
from chalicelib.vault.blind_index import Kind
from chalicelib.vault.errors import SealBroken
from tests.contract.holding import (
    CITATION,
    CLIENT,
    CONFIDENTIAL,
    GROUND,
    HOLDS,
    PERSON,
    USER,
    Holding,
)
from tests.contract.killing import meanwhile
from tests.contract.moto_tables import SESSION
from tests.contract.people import mails, records
from tests.contract.policies import Uses
from tests.contract.stopping import put_client
from tests.contract.test_tables import at_once
from tests.fakes import START, FixedClock
from tests.gateway import Answer, Gateway

DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)
MAJU = Target(TargetKind.CLIENT, "pt-maju")
OTHER = Target(TargetKind.CASE, "case-7")
TEAM = ["dpo@jutsoo.test", "privacy@jutsoo.test"]


@pytest.fixture
def holding(services: Services, gateway: Gateway) -> Holding:
    return Holding(services, gateway)


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


def everything(services: Services) -> str:
    """What stands in the tables of records and of the trail, as text."""
    client = SESSION.client("dynamodb")
    names = (services.settings.records_table, services.settings.audit_table)
    return repr([client.scan(TableName=name)["Items"] for name in names])


def erase(services: Services, *targets: Target, name: str = "ERASED") -> None:
    """An erasure's transaction: it begins under the condition that nothing is held."""
    begun: Action = Put(services.records, {"pk": name, "sk": "BEGUN"}, ABSENT)
    services.run_command(lambda: [begun, *services.holds.checks(targets)])


def work(services: Services) -> list[tuple[str, str]]:
    """The kind and the subject of the work about holds that waits."""
    return [
        (item["kind"], item["about"])
        for item in records(services)
        if item["et"] == "outbox_message"
        and item["channel"] == Channel.WORK
        and item["kind"] == RELEASED_WORK
    ]


# --- placing ------------------------------------------------------------------------------------


def test_a_hold_counts_from_its_placement(holding: Holding, services: Services) -> None:
    erase(services, MAJU, name="BEFORE")
    answer = holding.call("POST", HOLDS, holding.said())
    line = answer.json()
    assert (answer.status, line) == (
        201,
        {
            "hold_id": line["hold_id"],
            "kind": "client",
            "value": "pt-maju",
            "owner": holding.who,
            "placed_by": holding.who,
            "placed_at": "2026-11-23T10:00:00.000Z",
            "review_at": "2026-12-23T10:00:00.000Z",
            "released_by": None,
            "released_at": None,
        },
    )
    with pytest.raises(Held):
        erase(services, MAJU)
    with pytest.raises(Held):
        erase(services, OTHER, MAJU)
    erase(services, OTHER, OTHER)
    assert services.holds.on([OTHER, MAJU, MAJU]) == [line["hold_id"]]
    assert services.holds.on([OTHER]) == []
    assert services.holds.on([]) == []
    assert not [item for item in records(services) if item["pk"] == "ERASED"][1:]


def test_a_person_is_held_by_a_token(holding: Holding, services: Services) -> None:
    hold_id = holding.place(PERSON)
    token = services.index.token(Kind.REFERENCE, USER)
    assert services.holds.on([Target(TargetKind.PERSON, token)]) == [hold_id]
    assert services.holds.on(services.holds.person_targets(USER)) == [hold_id]
    assert services.holds.on(services.holds.person_targets(USER + "0")) == []
    (line,) = holding.call("GET", HOLDS).json()["holds"]
    assert (line["kind"], line["value"]) == ("person", None)
    assert token not in holding.read(hold_id).body


def test_nothing_of_a_hold_stands_in_clear(holding: Holding, services: Services) -> None:
    hold_id = holding.place(PERSON)
    holding.review(hold_id, 40)
    holding.release(hold_id, "Siti Rahma withdrew her claim")
    stored = everything(services)
    assert hold_id in stored
    for each in (*CONFIDENTIAL, "Siti"):
        assert each not in stored


def test_a_ground_opens_for_its_own_target_alone(holding: Holding, services: Services) -> None:
    hold_id = holding.place()
    services.dynamodb.update_item(
        TableName=services.settings.records_table,
        Key={"pk": {"S": f"HOLD#{hold_id}"}, "sk": {"S": "HOLD"}},
        UpdateExpression="SET #value = :other",
        ExpressionAttributeNames={"#value": "value"},
        ExpressionAttributeValues={":other": {"S": "pt-mundur"}},
    )
    with pytest.raises(SealBroken):
        services.holds.get(hold_id)


OTHER_BODY: dict[str, Any] = {"kind": "case", "value": "case-7"}


def test_two_placements_at_once_both_stand(racing: Services, gateway: Gateway) -> None:
    holding = Holding(racing, gateway)
    holding.place(OTHER_BODY)  # what all of them share is there
    ids = at_once(2, lambda _: holding.place())
    assert sorted(racing.holds.on([MAJU])) == sorted(map(str, ids))
    assert len(set(ids)) == 2


def test_of_a_placement_and_an_erasure_at_once_the_later_loses(
    holding: Holding, services: Services
) -> None:
    client = SESSION.client("dynamodb")
    put_client(services, client)
    meanwhile(services, holding.place)
    with pytest.raises(Held):
        erase(services, MAJU)
    assert not [item for item in records(services) if item["pk"] == "ERASED"]
    assert len(services.holds.on([MAJU])) == 1


def test_a_placement_and_erasures_that_race_leave_no_erasure_after_it(
    racing: Services, gateway: Gateway
) -> None:
    holding = Holding(racing, gateway)
    holding.place(OTHER_BODY)

    def act(number: int) -> object:
        if number == 0:
            return holding.place()
        erase(racing, MAJU, name=f"E{number}")
        return None

    outcomes = at_once(4, act)
    begun = [item for item in records(racing) if item["sk"] == "BEGUN"]
    lost = [each for each in outcomes if isinstance(each, Held)]
    assert len(begun) + len(lost) == 3
    assert len(racing.holds.on([MAJU])) == 1
    with pytest.raises(Held):
        erase(racing, MAJU)


def test_a_target_bears_fifty_holds(holding: Holding, services: Services) -> None:
    services.run_command(
        lambda: [
            services._hold_store.change_standing(
                Standing(MAJU, tuple(f"{number:026d}" for number in range(MOST - 1)))
            )
        ]
    )
    last = holding.place()
    assert refused(holding.call("POST", HOLDS, holding.said())) == (409, "too_many_holds")
    assert len(services.holds.on([MAJU])) == MOST
    assert holding.listed() == [last]
    holding.place(OTHER_BODY)
    holding.release(last)
    assert holding.place() in services.holds.on([MAJU])


def test_a_repeat_places_nothing(holding: Holding, services: Services) -> None:
    said = holding.said(PERSON)
    first, again = (holding.call("POST", HOLDS, said, "key-1") for _ in range(2))
    assert (again.status, again.body) == (first.status, first.body)
    assert holding.listed() == [first.json()["hold_id"]]
    other = said | {"ground": "another"}
    assert refused(holding.call("POST", HOLDS, other, "key-1")) == (409, "idempotency_conflict")


BAD: list[tuple[str, dict[str, Any]]] = [
    ("kind", {"target": {"kind": "country", "value": "canary-value"}}),
    ("person by value", {"target": {"kind": "person", "value": "canary-value"}}),
    ("person by both", {"target": {**PERSON, "value": "canary-value"}}),
    ("client by user", {"target": {"kind": "client", "user_id": "canary-value"}}),
    ("nothing named", {"target": {"kind": "category"}}),
    ("separator", {"target": {"kind": "client", "value": "canary#value"}}),
    ("slash", {"target": {"kind": "client", "value": "canary/value"}}),
    ("line end", {"target": {"kind": "client", "value": "canary-value\n"}}),
    ("too long", {"target": {"kind": "client", "value": "canary" + 59 * "x"}}),
    ("first sign", {"target": {"kind": "client", "value": "-canary"}}),
    ("spaces in an id", {"target": {"kind": "person", "user_id": "canary value"}}),
    ("no ground", {"ground": ""}),
    ("long ground", {"ground": "canary" + 1995 * "x"}),
    ("long citation", {"citation": "canary" + 295 * "x"}),
    ("no moment", {"review_at": "canary"}),
    ("a date", {"review_at": "2027-01-01"}),
    ("the past", {"review_at": "2026-11-23T10:00:00.000Z"}),
    ("too far", {"review_at": "2036-11-23T10:00:00.001Z"}),
    ("unknown field", {"until": "canary"}),
]


@pytest.mark.parametrize(("changes"), [each for _, each in BAD], ids=[name for name, _ in BAD])
def test_bad_input_stores_nothing_and_is_not_told(
    holding: Holding, services: Services, changes: dict[str, Any]
) -> None:
    before = everything(services)
    answer = holding.call("POST", HOLDS, holding.said() | changes)
    assert refused(answer) == (422, "invalid_input"), answer.body
    assert everything(services) == before
    assert "canary" not in answer.body


# --- reviewing and releasing --------------------------------------------------------------------


def test_a_release_ends_the_hold_and_has_what_was_due_run(
    holding: Holding, services: Services, clock: FixedClock
) -> None:
    hold_id = holding.place()
    clock.advance(DAY)
    other = Holding(services, holding.gateway, "99999999-2222-4333-8444-555555555555")
    line = other.release(hold_id).json()
    assert (line["placed_by"], line["released_by"]) == (holding.who, other.who)
    assert line["released_at"] == "2026-11-24T10:00:00.000Z"
    assert (holding.listed(), services.holds.on([MAJU])) == ([], [])
    assert work(services) == [(RELEASED_WORK, hold_id)]
    erase(services, MAJU)
    assert holding.actions_on(hold_id) == ["hold.placed", "hold.released"]
    view = holding.read(hold_id).json()
    assert (view["ground"], view["citation"]) == (GROUND, CITATION)
    assert view["reason"] == "settled"


def test_what_another_hold_is_on_stays_held(holding: Holding, services: Services) -> None:
    first, second = holding.place(), holding.place()
    holding.release(first)
    with pytest.raises(Held):
        erase(services, MAJU)
    assert services.holds.on([MAJU]) == [second]
    holding.release(second)
    erase(services, MAJU)


def test_what_is_released_is_over(holding: Holding, services: Services) -> None:
    hold_id = holding.place()
    assert holding.release(hold_id, key="key-1").status == 200
    assert holding.release(hold_id, key="key-1").status == 200  # the same call
    assert refused(holding.release(hold_id)) == (409, "hold_released")
    assert refused(holding.review(hold_id, 60)) == (409, "hold_released")
    assert work(services) == [(RELEASED_WORK, hold_id)]
    assert holding.actions_on(hold_id) == ["hold.placed", "hold.released"]


def test_of_two_releases_at_once_one_counts(racing: Services, gateway: Gateway) -> None:
    holding = Holding(racing, gateway)
    hold_id = holding.place()
    answers = at_once(2, lambda _: holding.release(hold_id).status)
    assert sorted(map(str, answers)) == ["200", "409"]
    assert work(racing) == [(RELEASED_WORK, hold_id)]


def test_a_review_moves_the_date(holding: Holding, services: Services) -> None:
    late, early = holding.place(days=30), holding.place(days=20)
    assert holding.listed() == [early, late]
    answer = holding.review(late, 10)
    assert answer.json()["review_at"] == "2026-12-03T10:00:00.000Z"
    assert holding.listed() == [late, early]
    assert holding.read(late).json()["ground"] == GROUND
    assert refused(holding.review(late, 0)) == (422, "invalid_input")
    assert refused(holding.review(late, 3654)) == (422, "invalid_input")
    assert holding.actions_on(late) == ["hold.placed", "hold.reviewed", "personal_data.read"]


@pytest.mark.parametrize("hold_id", ["01JHOLD0000000000000000000", "x", "HOLD%23x"])
def test_what_is_not_there_is_unknown(holding: Holding, hold_id: str) -> None:
    for answer in (holding.read(hold_id), holding.release(hold_id), holding.review(hold_id, 9)):
        assert refused(answer) == (404, "unknown_hold")


# --- reading ------------------------------------------------------------------------------------


def test_reading_a_ground_leaves_an_entry_first(holding: Holding, services: Services) -> None:
    hold_id = holding.place()
    view = holding.read(hold_id, role="auditor").json()
    assert (view["ground"], view["citation"], view["reason"]) == (GROUND, CITATION, None)
    (entry,) = [
        each
        for each in services.trail.history(hold_entity(hold_id))
        if each.action == "personal_data.read"
    ]
    assert (str(entry.actor), dict(entry.facts)) == (
        f"staff/{holding.who}",
        {"permission": "holds.read"},
    )


def test_the_list_says_no_ground_and_goes_on_with_its_cursor(holding: Holding) -> None:
    ids = [holding.place(days=days) for days in (10, 20, 30)]
    first = holding.call("GET", f"{HOLDS}?limit=2")
    rest = holding.call("GET", f"{HOLDS}?limit=2&cursor={first.json()['cursor']}")
    shown = [each["hold_id"] for page in (first, rest) for each in page.json()["holds"]]
    assert shown == ids
    assert rest.json()["cursor"] is None
    assert GROUND not in first.body
    assert CITATION not in first.body
    bad = holding.call("GET", f"{HOLDS}?cursor=x")
    assert refused(bad) == (422, "invalid_cursor")


# --- reminding ----------------------------------------------------------------------------------


def test_the_team_is_reminded_before_at_and_after_the_date(
    holding: Holding, clock: FixedClock
) -> None:
    hold_id = holding.place(days=30)
    clock.set(START + 23 * DAY - MILLISECOND)
    assert holding.remind() == Report()
    for day, left in ((23, "7"), (30, "0"), (37, "-7"), (44, "-14")):
        clock.set(START + day * DAY)
        assert holding.remind() == Report(reminded=1, reminders=1)
        assert holding.remind() == Report()
        assert holding.reminded()[-2:] == [(each, left) for each in TEAM]
    names = ["168h_before", "at", "168h_after", "336h_after"]
    assert holding.raised(hold_id) == [(each, each, 1) for each in names]
    assert len(holding.reminded()) == 8


def test_missed_reminders_go_out_as_one(holding: Holding, clock: FixedClock) -> None:
    hold_id = holding.place(days=30)
    clock.set(START + 45 * DAY)
    assert holding.remind() == Report(reminded=1, reminders=4)
    assert holding.raised(hold_id) == [("168h_before", "336h_after", 4)]
    assert holding.reminded() == [(each, "-15") for each in TEAM]


def test_another_date_has_reminders_of_its_own(holding: Holding, clock: FixedClock) -> None:
    hold_id = holding.place(days=5)
    assert holding.remind().reminders == 1  # seven days before is over
    holding.review(hold_id, 30)
    assert holding.remind() == Report()
    clock.set(START + 23 * DAY)
    assert holding.remind().reminders == 1
    holding.release(hold_id)
    clock.set(START + 60 * DAY)
    assert holding.remind() == Report()


def test_two_runs_at_once_remind_once(
    racing: Services, gateway: Gateway, clock: FixedClock
) -> None:
    holding = Holding(racing, gateway)
    hold_id = holding.place(days=5)
    reports = at_once(2, lambda _: holding.remind().reminders)
    assert sorted(map(str, reports)) == ["0", "1"]
    assert holding.raised(hold_id) == [("168h_before", "168h_before", 1)]
    assert len(holding.reminded()) == len(TEAM)


def test_one_that_fails_holds_up_no_other(
    holding: Holding, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = holding.place(days=3), holding.place(days=5)
    seen = services._hold_store.seen
    calls: list[str] = []

    def fail(hold_id: str) -> Any:
        calls.append(hold_id)
        if hold_id == broken and calls.count(broken) == 1:
            raise RuntimeError("canary")
        return seen(hold_id)

    monkeypatch.setattr(services._hold_store, "seen", fail)
    clock.advance(timedelta(seconds=90))
    report = holding.remind()
    assert (report.reminded, report.failed) == (1, 1)
    assert report.watch_lag_seconds == 4 * 86_400 + 90
    assert [holding.raised(each) != [] for each in (broken, sound)] == [False, True]
    assert holding.remind().reminded == 1


def test_what_there_is_no_time_for_waits(holding: Holding, services: Services) -> None:
    hold_id = holding.place(days=3)
    report = holding.remind(remaining_ms=reminding.RESERVE - 1)
    assert (report.reminded, report.watch_lag_seconds) == (0, 4 * 86_400)
    assert [key.pk for key in services.records.due(ACTIVE)] == [f"HOLD#{hold_id}"]


def test_the_round_counts_reminders(holding: Holding, services: Services) -> None:
    holding.place(days=3)
    counts = services.consent_rounds.run(lambda: 60_000)
    assert (counts["holds_reminded"], counts["holds_failed"], counts["broken"]) == (1, 0, 0)


def test_no_mail_says_whom_or_what_is_held(holding: Holding, services: Services) -> None:
    holding.place(PERSON, days=3)
    holding.place(CLIENT, days=3)
    holding.remind()
    said = repr(mails(services))
    assert "category" not in said
    assert said.count("person") == len(TEAM)
    for each in (*CONFIDENTIAL, "pt-maju", services.index.token(Kind.REFERENCE, USER)):
        assert each not in said


# --- what the functions may -----------------------------------------------------------------------


@pytest.fixture
def uses(services: Services) -> Uses:
    put_client(services, SESSION.client("dynamodb"))
    watching = Uses()
    watching.watch(services)
    return watching


def test_the_api_may_do_what_the_staff_does(holding: Holding, uses: Uses) -> None:
    hold_id = holding.place(PERSON, key="key-1")
    holding.review(hold_id, 60)
    holding.listed()
    holding.read(hold_id)
    holding.release(hold_id)
    assert ("UpdateItem", "records", f"HOLD#{hold_id}") in uses.seen
    assert uses.refused_by("api_handler") == set()


def test_the_watcher_may_remind(holding: Holding, uses: Uses) -> None:
    hold_id = holding.place(days=3)
    uses.seen.clear()
    assert holding.remind().reminders == 1
    assert ("UpdateItem", "records", f"HOLD#{hold_id}") in uses.seen
    assert uses.refused_by("watch_consents") == set()
