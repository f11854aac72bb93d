"""Whoever counted as told and was not is found out, and told after all."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.affected.models import Person
from chalicelib.incidents.models import Recipient
from chalicelib.incidents.notices.models import Phase
from chalicelib.incidents.notices.rules import MOST_TOLD
from chalicelib.incidents.telling.models import PARTS, part_of
from chalicelib.services import Services
from tests.contract.closing import PROMISE, Ending
from tests.contract.killing import Killed, Killer
from tests.contract.moto_tables import another_container
from tests.contract.policies import Uses
from tests.contract.post import Post
from tests.contract.responding import INCIDENTS, OFFICER
from tests.contract.test_breach_approvals import put, revise
from tests.contract.test_breach_journey import everybody, rounds, sent
from tests.contract.test_breach_notices import LATE, approved, file, propose
from tests.contract.test_breach_telling import post_of, reported
from tests.contract.test_contacts import MAJU, PLENTY
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

PEOPLE = "id.breach-subjects"
UNTOLD = ("recipients.subjects", "untold")
NOBODY = {"kind": "subjects", "user_id": "user-without-address"}
BOUNCE: dict[str, Any] = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "bouncedRecipients": [],
}


@pytest.fixture
def ending(services: Services, gateway: Gateway) -> Ending:
    return Ending(services, gateway)


@pytest.fixture
def post(services: Services) -> Post:
    return post_of(services)


def somebody(email: str, user_id: str = "") -> dict[str, str]:
    return {"kind": "subjects", "email": email} | ({"user_id": user_id} if user_id else {})


def lines(here: Ending, incident_id: str, notice_id: str) -> list[dict[str, Any]]:
    path = f"{INCIDENTS}/{incident_id}/notices/{notice_id}/ledger"
    found: list[dict[str, Any]] = here.call("GET", path).json()["lines"]
    return found


def state(here: Ending, incident_id: str, notice_id: str) -> str:
    path = f"{INCIDENTS}/{incident_id}/notices/{notice_id}/telling"
    return str(here.call("GET", path).json()["state"])


def bounce(services: Services, line: dict[str, Any]) -> None:
    reported(services, "bounce", BOUNCE, {"message": line["message_id"]})


def by_phone(here: Ending, incident_id: str, notice_id: str, recipient_id: str) -> Answer:
    verb = f"notices/{notice_id}/recipients/{recipient_id}/told"
    return here.act(incident_id, verb, {"means": "phone", "at": here.in_hours(0)})


def in_public(here: Ending, incident_id: str, notice_id: str) -> Answer:
    said = {"at": here.in_hours(0), "where": "our site"}
    return here.act(incident_id, f"notices/{notice_id}/told-publicly", said)


@pytest.mark.parametrize("closes", [False, True])
def test_a_mail_that_comes_back_after_all_were_told_raises_the_alarm(
    ending: Ending, services: Services, clock: FixedClock, post: Post, closes: bool
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, somebody("siti@client.test"), somebody("oka@client.test"))
    notice_id = approved(ending, incident_id, "subjects")
    everybody(post, services, clock)
    done = ending.dates(incident_id)[PEOPLE]
    assert (done[0], state(ending, incident_id, notice_id)) == ("done", "done")
    if closes:
        ending.finish(incident_id)
        assert ending.close(incident_id).status == 200
    _, line = lines(ending, incident_id, notice_id)
    feedback, uses = another_container(services), Uses()
    uses.watch(feedback)
    bounce(feedback, line)
    assert uses.refused_by("record_feedback") == set()
    rounds(services, clock)
    assert state(ending, incident_id, notice_id) == "unreached"
    assert services.breach_teller.run(lambda: PLENTY).unreached == 1
    assert by_phone(ending, incident_id, notice_id, line["recipient_id"]).status == 200
    rounds(services, clock)
    assert services.breach_teller.run(lambda: PLENTY).unreached == 0
    assert state(ending, incident_id, notice_id) == "done"
    assert ending.dates(incident_id)[PEOPLE] == done


def test_who_shares_an_address_is_not_told_by_a_call_to_its_holder(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, *(somebody("shop@client.test", f"u{each}") for each in range(2)))
    notice_id = approved(ending, incident_id, "subjects")
    rounds(services, clock)
    assert len(sent(post, services)) == 1
    both = {each["outcome"]: each for each in lines(ending, incident_id, notice_id)}
    bounce(services, both["sent"])
    assert [e["outcome"] for e in lines(ending, incident_id, notice_id)] == ["bounced", "bounced"]
    path = f"{INCIDENTS}/{incident_id}/notices/{notice_id}/ledger?outcome=bounced"
    assert len(ending.call("GET", path).json()["lines"]) == 2
    holder, other = both["sent"]["recipient_id"], both["same_address"]["recipient_id"]
    assert by_phone(ending, incident_id, notice_id, holder).status == 200
    rounds(services, clock)
    assert state(ending, incident_id, notice_id) == "unreached"
    assert ending.dates(incident_id)[PEOPLE][0] == "open"
    assert by_phone(ending, incident_id, notice_id, other).status == 200
    rounds(services, clock)
    assert ending.dates(incident_id)[PEOPLE][0] == "done"


def test_a_word_in_public_is_for_those_who_were_listed_by_then(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, NOBODY)
    notice_id = approved(ending, incident_id, "subjects")
    rounds(services, clock)
    assert in_public(ending, incident_id, notice_id).status == 200
    rounds(services, clock)
    assert ending.dates(incident_id)[PEOPLE][0] == "done"
    ending.finish(incident_id)
    put(ending, incident_id, somebody("late@client.test"), NOBODY | {"user_id": "another"})
    assert ending.missing(incident_id) == {UNTOLD}
    services.breach_teller.run(lambda: PLENTY)
    outcomes = {each["outcome"] for each in lines(ending, incident_id, notice_id)}
    assert outcomes == {"queued", "no_address"}
    assert ending.missing(incident_id) == {UNTOLD}
    everybody(post, services, clock)
    assert ending.missing(incident_id) == {UNTOLD}
    assert state(ending, incident_id, notice_id) == "unreached"
    assert in_public(ending, incident_id, notice_id).status == 200
    rounds(services, clock)
    assert ending.missing(incident_id) == set()
    assert state(ending, incident_id, notice_id) == "done"


@pytest.mark.parametrize("role", ["controller", "processor"])
def test_nobody_but_people_is_told_in_public(
    ending: Ending, services: Services, clock: FixedClock, role: str
) -> None:
    kind = "clients" if role == "controller" else "controllers"
    incident_id = ending.known(countries=["ID"], role=role)
    put(ending, incident_id, {"kind": kind, "user_id": "u-1", "client": "pt-maju"})
    notice_id = approved(ending, incident_id, kind)
    rounds(services, clock)
    answer = in_public(ending, incident_id, notice_id)
    assert (answer.status, answer.code) == (409, "not_for_the_public")


@pytest.mark.parametrize("way", ["recipients/{}/told", "told-publicly"])
def test_nobody_was_told_of_a_notice_before_it_was_approved(
    ending: Ending, services: Services, clock: FixedClock, way: str
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, NOBODY)
    clock.advance(timedelta(hours=100))
    notice_id = approved(ending, incident_id, "subjects", late_because=LATE)
    rounds(services, clock)
    (line,) = lines(ending, incident_id, notice_id)
    how = {"where": "our site"} if "publicly" in way else {"means": "phone"}
    verb = f"notices/{notice_id}/{way.format(line['recipient_id'])}"
    answer = ending.act(incident_id, verb, how | {"at": ending.in_hours(-50)})
    assert answer.json()["errors"] == [{"field": "at", "code": "before_approval"}]


def test_closing_ends_the_alarm_for_whom_the_public_was_told_instead(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, NOBODY)
    notice_id = approved(ending, incident_id, "subjects")
    everybody(post, services, clock)
    clock.advance(timedelta(minutes=1))
    word = approved(ending, incident_id, "public", duties=[PEOPLE])
    assert file(ending, incident_id, word).status == 200
    ending.finish(incident_id)
    assert services.breach_teller.run(lambda: PLENTY).unreached == 1
    closing, uses = another_container(services), Uses()
    uses.watch(closing)
    closing.closing_incidents.close(incident_id, OFFICER, "all was done")
    assert uses.refused_by("api_handler") == set()
    assert services.breach_teller.run(lambda: PLENTY).unreached == 0
    assert state(ending, incident_id, notice_id) == "stopped"


def test_supplements_leave_room_for_what_is_asked_for(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"])
    put(ending, incident_id, MAJU, somebody("siti@client.test"))
    approved(ending, incident_id, "subjects")
    for _ in range(MOST_TOLD[Phase.SUPPLEMENT]):
        approved(ending, incident_id, "subjects", phase="supplement")
    one_more = propose(ending, incident_id, "subjects", phase="supplement").json()["notice_id"]
    refused = ending.act(incident_id, f"notices/{one_more}/approve")
    assert (refused.status, refused.code) == (409, "too_many_breach_notices")
    approved(ending, incident_id, "clients")
    everybody(post, services, clock)
    ending.finish(incident_id)
    everybody(post, services, clock)
    assert ending.close(incident_id).status == 200


def test_a_client_told_as_controller_has_to_be_told_in_the_other_role(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], role="processor")
    put(ending, incident_id, MAJU | {"kind": "controllers"})
    approved(ending, incident_id, "controllers")
    everybody(post, services, clock)
    assert ending.dates(incident_id)[PROMISE][0] == "done"
    revision = ending.shown(incident_id)["revision"]
    revise(ending, incident_id, countries=["ID"], role="controller", revision=revision)
    assert ending.dates(incident_id)[PROMISE][0] == "open"
    put(ending, incident_id, MAJU)
    approved(ending, incident_id, "clients")
    assert "dpo@maju.test" in everybody(post, services, clock)
    assert ending.dates(incident_id)[PROMISE][0] == "done"


def test_who_was_written_to_at_a_wrong_address_is_at_the_right_one(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, somebody("wrong@client.test", "u1"), somebody("oka@client.test"))
    notice_id = approved(ending, incident_id, "subjects")
    everybody(post, services, clock)
    (wrong,) = (e for e in lines(ending, incident_id, notice_id) if is_of(e, ending, incident_id))
    bounce(services, wrong)
    rounds(services, clock)
    assert state(ending, incident_id, notice_id) == "unreached"
    put(ending, incident_id, somebody("wrong@client.test", "u1"))  # nothing new
    assert len(everybody(post, services, clock)) == 2
    put(ending, incident_id, somebody("right@client.test", "u1"))
    assert "right@client.test" in everybody(post, services, clock)
    assert len(post.client.taken) == 3
    reported(services, "complaint", {}, {"message": wrong["message_id"]})
    (right,) = (e for e in lines(ending, incident_id, notice_id) if is_of(e, ending, incident_id))
    assert right["outcome"] == "sent"
    assert right["message_id"] != wrong["message_id"]
    assert state(ending, incident_id, notice_id) == "done"
    rounds(services, clock, 6)
    assert len(everybody(post, services, clock)) == 3
    path = f"{INCIDENTS}/{incident_id}/notices/{notice_id}/telling"
    assert (shown := ending.call("GET", path).json())["told"] == 2, shown


def is_of(line: dict[str, Any], here: Ending, incident_id: str) -> bool:
    """Whether it is the line of the user u1."""
    person = Person(Recipient.SUBJECTS, user_id="u1")
    return bool(line["recipient_id"] == here.services.affected.id_of(incident_id, person))


def test_who_shares_a_wrong_address_is_told_at_their_own(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, *(somebody("wrong@client.test", f"u{each}") for each in range(2)))
    notice_id = approved(ending, incident_id, "subjects")
    rounds(services, clock)
    sent(post, services)
    (first,) = (e for e in lines(ending, incident_id, notice_id) if e["message_id"])
    bounce(services, first)
    rounds(services, clock)
    holder = next(
        f"u{each}"
        for each in range(2)
        if services.affected.id_of(incident_id, Person(Recipient.SUBJECTS, user_id=f"u{each}"))
        == first["recipient_id"]
    )
    put(ending, incident_id, somebody("right@client.test", holder))
    put(ending, incident_id, somebody("wrong@client.test", "u-late"))
    mailed = everybody(post, services, clock)
    assert set(mailed) == {"wrong@client.test", "right@client.test"}
    outcomes = sorted(e["outcome"] for e in lines(ending, incident_id, notice_id))
    assert outcomes == ["bounced", "bounced", "sent"]  # the right mail is none of the others'
    assert state(ending, incident_id, notice_id) == "unreached"
    other = "u1" if holder == "u0" else "u0"
    put(ending, incident_id, somebody("right@client.test", other))
    put(ending, incident_id, somebody("late@client.test", "u-late"))
    everybody(post, services, clock)
    outcomes = sorted(e["outcome"] for e in lines(ending, incident_id, notice_id))
    assert outcomes == ["same_address", "sent", "sent"]
    assert ending.dates(incident_id)[PEOPLE][0] == "done"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("behind", range(2))
def test_a_worker_that_dies_writes_to_a_new_address_once(
    ending: Ending, services: Services, clock: FixedClock, post: Post, behind: int, when: str
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, somebody("wrong@client.test", "u1"))
    notice_id = approved(ending, incident_id, "subjects")
    everybody(post, services, clock)
    (line,) = lines(ending, incident_id, notice_id)
    bounce(services, line)
    put(ending, incident_id, somebody("right@client.test", "u1"))
    # Each part before theirs is one write, that there is nobody in it.
    theirs = PARTS.index(part_of(line["recipient_id"])) + behind
    killer = Killer(lambda write: when if write == theirs else None)
    worker = another_container(services)
    killer.watch(worker)
    killer.armed = True
    with pytest.raises(Killed):
        worker.breach_teller.run(lambda: PLENTY)
    (line,) = lines(ending, incident_id, notice_id)
    assert (line["outcome"] == "queued") is ((behind, when) != (0, "before"))
    everybody(post, services, clock)
    assert len(post.client.taken) == 2
    assert ending.dates(incident_id)[PEOPLE][0] == "done"
    assert state(ending, incident_id, notice_id) == "done"


def turn(here: Ending, incident_id: str, role: str, *clients: str) -> None:
    """Says that we are in that role."""
    seen = {"revision": here.shown(incident_id)["revision"], "clients": clients or ["pt-maju"]}
    revise(here, incident_id, countries=["ID"], role=role, **seen)


def test_a_role_that_changes_back_finds_its_clients_told(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"])
    put(ending, incident_id, MAJU)
    approved(ending, incident_id, "clients")
    everybody(post, services, clock)
    done = ending.stored(incident_id).duty(PROMISE)
    clock.advance(timedelta(hours=1))
    turn(ending, incident_id, "processor")
    turn(ending, incident_id, "controller")
    assert ending.dates(incident_id)[PROMISE][0] == "open"
    everybody(post, services, clock)
    assert ending.stored(incident_id).duty(PROMISE) == done
    assert len(post.client.taken) == 1
    turn(ending, incident_id, "processor")
    turn(ending, incident_id, "controller", "pt-maju", "pt-jaya")
    rounds(services, clock)
    assert ending.dates(incident_id)[PROMISE][0] == "open"
    clock.advance(timedelta(hours=2))
    assert services.breach_teller.run(lambda: PLENTY).stuck == 1


def test_whoever_is_told_as_what_they_were_does_not_end_what_they_are_owed(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"])
    put(ending, incident_id, MAJU)
    approved(ending, incident_id, "clients")
    services.breach_teller.run(lambda: PLENTY)
    turn(ending, incident_id, "processor")
    assert "dpo@maju.test" in everybody(post, services, clock)
    assert ending.dates(incident_id)[PROMISE][0] == "open"


def test_who_shares_an_address_was_told_when_somebody_called_them(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, *(somebody("shop@client.test", f"u{each}") for each in range(2)))
    notice_id = approved(ending, incident_id, "subjects")
    rounds(services, clock)  # SES is away
    both = {each["outcome"]: each["recipient_id"] for each in lines(ending, incident_id, notice_id)}
    assert by_phone(ending, incident_id, notice_id, both["queued"]).status == 200
    clock.advance(timedelta(hours=80))
    assert by_phone(ending, incident_id, notice_id, both["same_address"]).status == 200
    called = clock.now()
    rounds(services, clock)
    duty = ending.stored(incident_id).duty(PEOPLE)
    assert duty is not None
    assert (duty.done_at, duty.was_late) == (called, True)


def test_what_is_reported_of_the_mail_before_is_not_of_the_one_after(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, somebody("wrong@client.test", "u1"))
    notice_id = approved(ending, incident_id, "subjects")
    rounds(services, clock)
    (line,) = lines(ending, incident_id, notice_id)
    message = services.outbox_store.claim(line["message_id"])
    assert message is not None
    assert services.outbox_store.bury(message, "outcome_unknown")
    rounds(services, clock)
    put(ending, incident_id, somebody("right@client.test", "u1"))
    services.breach_teller.run(lambda: PLENTY)
    reported(services, "delivery", {}, {"message": line["message_id"]})
    (line,) = lines(ending, incident_id, notice_id)
    assert line["outcome"] == "queued"
    assert set(everybody(post, services, clock)) == {"right@client.test"}


def test_a_word_in_public_stays_for_whom_a_new_address_does_not_reach_either(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, NOBODY)
    notice_id = approved(ending, incident_id, "subjects")
    rounds(services, clock)
    assert in_public(ending, incident_id, notice_id).status == 200
    rounds(services, clock)
    put(ending, incident_id, NOBODY | {"email": "wrong@client.test"})
    everybody(post, services, clock)
    (line,) = lines(ending, incident_id, notice_id)
    bounce(services, line)
    rounds(services, clock)
    assert state(ending, incident_id, notice_id) == "done"
