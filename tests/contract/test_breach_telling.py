"""Everybody affected is told once, at a bounded rate, whatever happens meanwhile; all is proven."""

import json
import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.clock import rfc3339, to_millis
from chalicelib.incidents.models import Recipient
from chalicelib.incidents.notices.models import TEMPLATE
from chalicelib.incidents.notices.models import State as NoticeState
from chalicelib.notices.consumer import MAIL_RECEIVES, pause_seconds
from chalicelib.notices.feedback import Feedback
from chalicelib.notices.messages import TEMPLATES
from chalicelib.notices.ses import MailUnavailable
from chalicelib.notices.telling.models import Place
from chalicelib.services import Services
from tests.contract.affecting import PLENTY, Affected, Scene, addresses, many
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.moto_tables import another_container
from tests.contract.noticing import INCIDENT, NOTICE, TEXTS, a_notice, keep
from tests.contract.policies import Uses
from tests.contract.post import Post, parsed, refusal
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import bearer, staff_token

BASE = f"/v1/staff/incidents/{INCIDENT}/notices/{NOTICE}"


@pytest.fixture
def scene(services: Services, clock: FixedClock) -> Scene:
    return Scene(services, clock, Affected())


def post_of(services: Services) -> Post:
    return Post(services, writers={TEMPLATE: services.notice_texts.of})


def deliver(scene: Scene) -> Post:
    """All mails that wait go out."""
    post = post_of(scene.services)
    for message in scene.messages:
        post.deliver(str(message["pk"]).removeprefix("OUTBOX#"))
    return post


def reported(services: Services, kind: str, details: dict[str, Any], line: dict[str, Any]) -> None:
    """What SES reports of the mail of a line."""
    tags = {"jaga-message-id": [line["message"]]}
    body = {"eventType": kind, "mail": {"messageId": "ses", "tags": tags}, kind: details}
    Feedback(services.outbox_store).record(json.dumps(body))


def call(
    gateway: Gateway, method: str, path: str, body: object = None, role: str = "dpo", key: str = ""
) -> Answer:
    headers = {**bearer(staff_token(gateway._clock, role)), "content-type": "application/json"}
    if key:
        headers["idempotency-key"] = key
    text = None if body is None else json.dumps(body)
    return gateway.call(method, path, body=text, headers=headers)


# --- telling -----------------------------------------------------------------------------------


def test_everybody_is_told_once_in_their_language(scene: Scene) -> None:
    scene.affected = many(50)
    scene.start()
    assert scene.run().told == 50
    assert scene.mailed == addresses(scene.affected)
    assert {line["sk"] for line in scene.lines} == set(scene.affected.readers_by_id)
    assert all(line["pk"][-1] == line["sk"].partition("-")[2][0] for line in scene.lines)
    scene.clock.advance(timedelta(minutes=5))
    post = deliver(scene)
    subjects = {(mail["To"], mail["Subject"]) for mail in map(parsed, post.client.raw)}
    assert subjects == {
        (each.email, TEXTS[each.language].subject) for each in scene.affected.readers_by_id.values()
    }


def test_mails_leave_at_a_bounded_rate(scene: Scene) -> None:
    scene.affected = many(40)
    scene.start()
    scene.run()
    leases = sorted(int(each["lease"]) for each in scene.messages if "lease" in each)
    assert len(leases) == 39  # the first may go out at once
    assert min(later - earlier for earlier, later in pairwise(leases)) >= 99
    assert leases[-1] - to_millis(scene.clock.now()) == 3900


def test_two_tellings_share_one_rate(scene: Scene) -> None:
    scene.affected = many(40)
    other = "01JN0T1CE00000000000000001"
    scene.start()
    keep(scene.services, a_notice(notice_id=other, state=NoticeState.APPROVED))
    desk = scene.services.telling_desk
    scene.services.run_command(lambda: desk.start(INCIDENT, other, Recipient.SUBJECTS, drill=False))
    scene.run()
    now = to_millis(scene.clock.now())
    leases = sorted(int(each.get("lease", now)) for each in scene.messages)
    assert leases == [now + 100 * number for number in range(80)]


def test_one_address_gets_one_mail_whoever_has_it(scene: Scene) -> None:
    first = scene.affected.add("dini@example.test", name="by address")
    second = scene.affected.add("dini@example.test", name="by user id")
    scene.start()
    scene.runs(2)
    third = scene.affected.add("dini@example.test", name="found later")
    scene.services.telling_desk.tell_rest(INCIDENT, NOTICE, "01JAGENT")
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    scene.runs(2)
    assert len(scene.messages) == 1
    by_id = {line["sk"]: (line["outcome"], line.get("reason")) for line in scene.lines}
    (holder,) = (each for each, (outcome, _) in by_id.items() if outcome == "sent")
    others = {first, second, third} - {holder}
    assert {by_id[each] for each in others} == {("same_address", holder)}
    assert scene.state == "done"


def test_a_run_queues_no_further_than_to_the_next(scene: Scene) -> None:
    scene.affected = many(20)
    scene.start()
    telling = scene.services._breach_tellings
    standing = telling.get(NOTICE)
    assert standing is not None
    late = scene.clock.now() + timedelta(minutes=5, milliseconds=1)
    ahead = replace(standing, place=Place(late))
    scene.services.run_command(lambda: [telling.change(ahead)])
    assert scene.run().told == 0
    scene.clock.advance(timedelta(milliseconds=1))
    assert scene.run().told > 0


def test_a_drill_writes_the_ledger_and_sends_nothing(scene: Scene) -> None:
    scene.affected = many(20)
    scene.start(drill=True)
    scene.runs(2)
    assert scene.outcomes == {"drill": 20}
    assert scene.messages == []
    assert (scene.state, scene.entries) == ("done", ["incident.told"])


def test_who_cannot_be_written_to_stands_in_the_ledger_and_holds_up_nobody(scene: Scene) -> None:
    scene.affected = many(3)
    scene.affected.add("", name="nobody")
    scene.affected.add("no address at all")
    scene.start()
    scene.run()
    assert scene.outcomes == {"queued": 3, "no_address": 1, "dead": 1}


def test_a_list_without_anybody_is_looked_at_again_and_never_done(scene: Scene) -> None:
    scene.start()
    for minutes in range(0, 120, 5):
        assert scene.run().stuck == (minutes > 60)  # every run says so, not every other
        scene.clock.advance(timedelta(minutes=5))
    assert (scene.state, scene.entries) == ("running", [])
    scene.affected.add("late@example.test")
    scene.runs(3)
    assert scene.mailed == ["late@example.test"]


def test_it_stops_when_time_runs_low_and_goes_on(scene: Scene) -> None:
    scene.affected = many(60)
    scene.start()
    left = iter([PLENTY] * 3 + [9_999] * 9)
    assert 0 < scene.run(lambda: next(left)).told < 60
    scene.run()
    assert scene.mailed == addresses(scene.affected)


def test_one_telling_that_fails_holds_up_no_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.affected = many(3)
    scene.start()
    monkeypatch.setattr(scene, "affected", None)
    assert scene.run().failed == 1


# --- who is found later ------------------------------------------------------------------------


def test_who_is_found_behind_the_place_of_the_round_is_told_by_the_next(scene: Scene) -> None:
    scene.affected = many(60)
    scene.start()
    left = iter([PLENTY] * 12 + [0] * 9)
    scene.run(lambda: next(left))
    told = {line["sk"] for line in scene.lines}
    assert 0 < len(told) < 60
    behind = next(
        each for each in map(str, range(999)) if Affected().add("", name=each) < min(told)
    )
    scene.affected.add(f"{behind}@example.test", name=behind)
    scene.run()
    assert scene.mailed == addresses(scene.affected)
    assert len(scene.lines) == 61


def test_who_is_found_afterwards_is_told_when_somebody_asks(scene: Scene, gateway: Gateway) -> None:
    scene.affected = many(130)
    scene.start()
    scene.run()
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    scene.run()
    done_at = call(gateway, "GET", f"{BASE}/telling").json()["done_at"]
    assert (scene.state, scene.entries) == ("done", ["incident.told"])
    for number in range(40):
        scene.affected.add(f"late-{number}@example.test")
    scene.runs(1)
    assert len(scene.lines) == 130
    key = "0f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    for _ in range(2):
        assert call(gateway, "POST", f"{BASE}/tell-rest", key=key).json()["state"] == "running"
    assert scene.run().told == 40
    assert len(scene.lines) == len(scene.messages) == 170
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    scene.run()
    again = call(gateway, "GET", f"{BASE}/telling").json()
    assert (again["state"], again["done_at"], again["outcomes"]) == ("done", done_at, {"sent": 170})
    asked_and_told = ["incident.told", "incident.rest_asked", "incident.rest_told"]
    assert scene.entries == asked_and_told


def test_whose_address_comes_to_be_known_is_mailed_when_somebody_asks(
    scene: Scene, gateway: Gateway
) -> None:
    scene.affected = many(2)
    found, unknown, called = (scene.affected.add("", name=each) for each in ("a", "b", "c"))
    scene.start()
    scene.run()
    body = {"means": "phone", "at": rfc3339(scene.clock.now())}
    assert call(gateway, "POST", f"{BASE}/recipients/{called}/told", body).status == 200
    for each, name in ((found, "a"), (called, "c")):
        assert scene.affected.add(f"{name}@example.test", name=name) == each
    assert call(gateway, "POST", f"{BASE}/tell-rest").status == 200
    assert scene.run().told == 1
    assert scene.outcomes == {"queued": 3, "no_address": 2}
    assert "a@example.test" in scene.mailed
    shown = call(gateway, "GET", f"{BASE}/telling").json()
    assert (shown["told"], shown["unreachable"]) == (3, 2)
    assert shown["outcomes"] == {"by_other_means": 1, "no_address": 1, "queued": 3}
    assert unknown in {line["sk"] for line in scene.lines if line["outcome"] == "no_address"}


def test_asking_while_it_runs_adds_a_round(scene: Scene, gateway: Gateway) -> None:
    scene.affected = many(3)
    scene.start(drill=True)
    left = iter([PLENTY] * 17 + [0] * 9)
    scene.run(lambda: next(left))
    assert call(gateway, "POST", f"{BASE}/tell-rest").json()["round"] == 1
    scene.runs(2)
    telling = scene.services._breach_tellings.get(NOTICE)
    assert telling is not None
    assert (telling.state, telling.round) == ("done", 2)


# --- when it is done ---------------------------------------------------------------------------


def test_it_is_done_when_every_mail_has_left_and_not_before(scene: Scene) -> None:
    scene.affected = many(30)
    scene.start()
    begun = scene.clock.now()
    scene.run()
    assert scene.state == "leaving"
    scene.clock.advance(timedelta(hours=2))
    report = scene.run()
    assert (report.stuck, report.done, scene.entries) == (1, 0, [])
    deliver(scene)
    report = scene.run()
    assert (report.stuck, report.done, scene.entries) == (0, 1, ["incident.told"])
    telling = scene.services._breach_tellings.get(NOTICE)
    assert telling is not None
    assert telling.done_at == scene.clock.now() == begun + timedelta(hours=2)
    assert scene.run().done == 0


@pytest.mark.parametrize("way", ["recipients/{}/told", "told-publicly"])
def test_a_duty_is_not_done_while_somebody_was_not_reached(
    scene: Scene, gateway: Gateway, way: str
) -> None:
    scene.affected = many(3)
    nobody = scene.affected.add("", name="nobody")
    scene.start()
    scene.run()
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    for _ in range(3):
        report = scene.run()
        assert (report.done, report.unreached, scene.state) == (0, 1, "unreached")
        scene.clock.advance(timedelta(hours=1))
    assert scene.entries == []
    said = {"at": rfc3339(scene.clock.now())}
    body = said | ({"where": "Kompas"} if "publicly" in way else {"means": "letter"})
    assert call(gateway, "POST", f"{BASE}/{way.format(nobody)}", body).status == 200
    assert scene.run().done == 1
    telling = scene.services._breach_tellings.get(NOTICE)
    assert telling is not None
    assert (telling.state, telling.done_at) == ("done", scene.clock.now())
    assert scene.entries[-1] == "incident.told"


def test_who_gets_an_address_is_mailed_and_then_it_is_done(scene: Scene, gateway: Gateway) -> None:
    scene.affected = many(2)
    scene.affected.add("", name="nobody")
    scene.start()
    scene.run()
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    scene.run()
    assert scene.state == "unreached"
    scene.affected.add("found@example.test", name="nobody")
    assert call(gateway, "POST", f"{BASE}/tell-rest").status == 200
    scene.run()
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    scene.run()
    assert (scene.state, scene.outcomes) == ("done", {"sent": 3})


def test_it_is_done_when_the_last_mail_left_whatever_is_reported_later(
    scene: Scene, services: Services
) -> None:
    scene.affected = many(2)
    scene.start()
    scene.run()
    scene.clock.advance(timedelta(hours=100))
    deliver(scene)
    left_at = scene.clock.now()
    scene.clock.advance(timedelta(hours=1))
    for line in scene.lines:
        reported(services, "complaint", {}, line)
    scene.run()
    telling = services._breach_tellings.get(NOTICE)
    assert telling is not None
    assert (telling.state, telling.done_at) == ("done", left_at)


def test_it_is_not_done_while_more_are_listed_than_told_or_a_computation_runs(
    scene: Scene,
) -> None:
    scene.affected = many(3)
    scene.start()
    scene.run()
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    scene.affected.growing = True
    scene.runs(2)
    assert scene.state == "leaving"
    scene.affected.growing = False
    scene.affected.add("late@example.test")
    scene.runs(2)
    assert (scene.state, scene.outcomes) == ("leaving", {"sent": 3, "queued": 1})
    deliver(scene)
    scene.run()
    assert (scene.state, scene.outcomes) == ("done", {"sent": 4})


# --- outcomes ----------------------------------------------------------------------------------


def test_what_ses_reports_stands_in_the_ledger(scene: Scene, services: Services) -> None:
    scene.affected = many(4)
    scene.start()
    scene.run()
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    assert scene.outcomes == {"sent": 4}
    delivered, bounced, complained, late = scene.lines
    bounce = {"bounceType": "Permanent", "bounceSubType": "General"}
    for line in (delivered, complained, late):
        reported(services, "delivery", {"processingTimeMillis": 3}, line)
    assert scene.outcomes == {"delivered": 3, "sent": 1}
    reported(services, "bounce", bounce, bounced)
    reported(services, "bounce", bounce, late)
    reported(services, "complaint", {}, complained)
    for line in (bounced, complained, late):
        reported(services, "delivery", {}, line)  # late news
    found = {line["sk"]: (line["outcome"], line.get("reason")) for line in scene.lines}
    assert found == {
        delivered["sk"]: ("delivered", None),
        bounced["sk"]: ("bounced", "permanent_general"),
        complained["sk"]: ("complained", "complaint"),
        late["sk"]: ("bounced", "permanent_general"),
    }


def test_a_mail_that_is_given_up_is_dead_in_the_ledger(scene: Scene) -> None:
    scene.affected = many(1)
    scene.start()
    scene.run()
    (line,) = scene.lines
    claimed = scene.services.outbox_store.claim(str(line["message"]))
    assert claimed
    assert scene.services.outbox_store.bury(claimed, "mail_refused")
    assert scene.outcomes == {"dead": 1}
    scene.runs(2)
    assert (scene.state, scene.entries) == ("unreached", [])


# --- by other means, and what is shown -----------------------------------------------------------


def test_who_was_told_otherwise_stays_so_whatever_ses_reports(
    scene: Scene, services: Services, gateway: Gateway
) -> None:
    scene.affected = many(1)
    nobody = scene.affected.add("", name="nobody")
    scene.start()
    scene.run()
    (mailed,) = (line for line in scene.lines if "message" in line)
    body = {"means": "letter", "at": rfc3339(scene.clock.now())}
    for recipient in (nobody, mailed["sk"]):
        path = f"{BASE}/recipients/{recipient}/told"
        answer = call(gateway, "POST", path, body)
        assert (answer.status, answer.json()["outcome"]) == (200, "by_other_means")
        again = call(gateway, "POST", path, body)
        assert (again.status, again.code) == (409, "telling_noted")
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    reported(services, "complaint", {}, mailed)
    page = call(gateway, "GET", f"{BASE}/ledger?outcome=by_other_means").json()["lines"]
    assert {(each["recipient_id"], each["mail"]) for each in page} == {
        (nobody, "no_address"),
        (mailed["sk"], "complained"),
    }
    assert scene.entries.count("incident.told_otherwise") == 2


def test_a_mail_that_does_not_leave_waits_for_nobody_who_was_told_otherwise(
    scene: Scene, gateway: Gateway
) -> None:
    scene.affected = many(1)
    scene.start()
    scene.runs(2)
    assert scene.state == "leaving"
    (line,) = scene.lines
    body = {"means": "phone", "at": rfc3339(scene.clock.now())}
    assert call(gateway, "POST", f"{BASE}/recipients/{line['sk']}/told", body).status == 200
    scene.run()
    assert scene.state == "done"


def test_what_was_said_in_public_is_said_once_and_sealed(scene: Scene, gateway: Gateway) -> None:
    scene.affected.add("", name="nobody")
    scene.start()
    scene.run()
    body = {"at": rfc3339(scene.clock.now()), "where": "Kompas, page 3"}
    assert call(gateway, "POST", f"{BASE}/told-publicly", body).status == 200
    assert call(gateway, "POST", f"{BASE}/told-publicly", body).code == "telling_noted"
    shown = call(gateway, "GET", f"{BASE}/telling").json()
    assert shown["in_public"]["where"] == "Kompas, page 3"
    assert shown["outcomes"] == {"no_address": 1}
    items = scene.services.dynamodb.scan(TableName=scene.services.records.name)["Items"]
    assert "Kompas" not in str(items)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (f"recipients/subjects-{'0' * 32}/told", {"means": "phone"}, 404, "notice_not_told"),
        ("recipients/somebody/told", {"means": "phone"}, 422, "invalid_input"),
        ("told-publicly", {"where": "x", "at": "2030-01-01T00:00:00Z"}, 422, "invalid_input"),
        ("told-publicly", {"where": ""}, 422, "invalid_input"),
    ],
)
def test_what_cannot_be_is_refused(
    scene: Scene, gateway: Gateway, path: str, body: dict[str, str], status: int, code: str
) -> None:
    scene.start()
    said = {"at": rfc3339(scene.clock.now()), **body}
    answer = call(gateway, "POST", f"{BASE}/{path}", said)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert scene.entries == []


def test_a_telling_is_its_incidents(scene: Scene, gateway: Gateway) -> None:
    scene.start()
    other = BASE.replace(INCIDENT, NOTICE)
    for method, path in (("GET", "telling"), ("GET", "ledger"), ("POST", "tell-rest")):
        assert call(gateway, method, f"{other}/{path}").code == "notice_not_told"


def test_an_auditor_reads_and_changes_nothing(scene: Scene, gateway: Gateway) -> None:
    scene.start()
    assert call(gateway, "GET", f"{BASE}/ledger", role="auditor").status == 200
    assert call(gateway, "POST", f"{BASE}/tell-rest", role="auditor").status == 403


def test_a_ledger_is_read_page_by_page_with_and_without_an_outcome(
    scene: Scene, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.incidents.telling.ledger_store._MOST_LOOKED_AT", 7)
    scene.affected = many(30)
    for number in range(5):
        scene.affected.add("", name=f"nobody-{number}")
    scene.start()
    scene.run()
    for query, expected in (("", 35), ("&outcome=queued", 30), ("&outcome=no_address", 5)):
        seen: list[str] = []
        cursor = ""
        while True:
            answer = call(gateway, "GET", f"{BASE}/ledger?limit=3{query}{cursor}").json()
            assert len(answer["lines"]) <= 3
            seen += [each["recipient_id"] for each in answer["lines"]]
            if answer["cursor"] is None:
                break
            cursor = f"&cursor={answer['cursor']}"
        assert len(seen) == len(set(seen)) == expected
    assert call(gateway, "GET", f"{BASE}/ledger?outcome=gone").status == 422
    shown = call(gateway, "GET", f"{BASE}/telling").json()
    assert shown["outcomes"] == {"queued": 30, "no_address": 5}
    assert (shown["told"], shown["unreachable"]) == (30, 5)


# --- bad days ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_telling_killed_anywhere_tells_each_once(scene: Scene, seed: int) -> None:
    scene.affected = many(80)
    scene.start()
    chance = random.Random(seed)  # noqa: S311  # a seed to repeat the kills by
    killer = Killer(lambda _: chance.choice(["before", "after", None, None]))
    killer.watch(scene.services)
    while len(killer.kills) < 10 and scene.state == "running":
        killer.armed = True
        with suppress(Killed):
            scene.run()
        killer.armed = False
    assert len(killer.kills) >= 5
    scene.run()
    assert scene.mailed == addresses(scene.affected)
    assert scene.outcomes == {"queued": 80}
    scene.clock.advance(timedelta(minutes=5))
    deliver(scene)
    scene.run()
    assert (scene.state, scene.entries) == ("done", ["incident.told"])


def test_of_two_runs_at_once_one_tells_each(scene: Scene) -> None:
    scene.affected = many(40)
    scene.start()
    other = scene.teller(another_container(scene.services))
    meanwhile(scene.services, lambda: other.run(lambda: PLENTY))
    assert scene.run().failed == 0  # whoever was overtaken looks anew
    assert scene.mailed == addresses(scene.affected)
    assert len(scene.lines) == 40


def test_mails_outwait_ses_until_an_hour_before_the_deadline_and_go_out_once(
    scene: Scene,
) -> None:
    scene.affected = many(5)
    deadline = scene.clock.now() + timedelta(hours=72)
    scene.start()
    scene.run()
    scene.clock.advance(timedelta(seconds=10))
    post = post_of(scene.services)
    away = refusal("ServiceUnavailable")
    waiting = {str(each["pk"]).removeprefix("OUTBOX#") for each in scene.messages}
    receives = 0
    while scene.clock.now() < deadline - timedelta(hours=1):
        receives += 1
        if receives < 20 or receives % 50 == 0:  # the others are the same
            for message_id in waiting:
                post.client.failures = [away]
                with pytest.raises(MailUnavailable):
                    post.deliver(message_id)
        scene.clock.advance(timedelta(seconds=pause_seconds(receives) / 2))  # the shortest
    assert receives < MAIL_RECEIVES
    assert TEMPLATES[TEMPLATE].life >= timedelta(days=14)
    scene.run()
    assert (scene.state, post.client.taken) == ("leaving", [])
    post.client.failures = []
    for message_id in waiting:
        post.deliver(message_id)
        post.deliver(message_id)  # a copy
    assert sorted(each["Destinations"][0] for each in post.client.taken) == addresses(
        scene.affected
    )
    scene.run()
    assert (scene.state, scene.clock.now() < deadline) == ("done", True)


# --- rights ------------------------------------------------------------------------------------


def test_functions_do_what_their_policies_allow(
    scene: Scene, services: Services, gateway: Gateway
) -> None:
    scene.affected = many(3)
    nobody = scene.affected.add("", name="nobody")
    scene.start()
    watching, container = Uses(), another_container(services)
    watching.watch(container)
    teller = scene.teller(container)
    for _ in range(3):
        teller.run(lambda: PLENTY)
        scene.clock.advance(timedelta(minutes=5))
    sending, mailer = Uses(), another_container(services)
    sending.watch(mailer)
    for message in scene.messages:
        post_of(mailer).deliver(str(message["pk"]).removeprefix("OUTBOX#"))
    assert sending.refused_by("send_mail") == set()
    hearing, recorder = Uses(), another_container(services)
    hearing.watch(recorder)
    reported(recorder, "delivery", {}, next(line for line in scene.lines if "message" in line))
    assert hearing.refused_by("record_feedback") == set()
    teller.run(lambda: PLENTY)
    assert scene.state == "unreached"
    api = Uses()
    api.watch(services)
    now = rfc3339(scene.clock.now())
    told = {"means": "platform", "at": now}
    for method, path, body in (
        ("GET", "telling", None),
        ("GET", "ledger", None),
        ("POST", f"recipients/{nobody}/told", told),
        ("POST", "told-publicly", {"at": now, "where": "our page"}),
        ("POST", "tell-rest", None),
    ):
        assert call(gateway, method, f"{BASE}/{path}", body).status == 200
    assert api.refused_by("api_handler") == set()
    teller.run(lambda: PLENTY)
    teller.run(lambda: PLENTY)
    assert scene.state == "done"
    assert watching.refused_by("watch_incidents") == set()
