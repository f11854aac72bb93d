"""Closing asks whether what was approved reached those who are affected now, and in which role."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.affected.models import Computation, Stage
from chalicelib.incidents.notices.models import Phase
from chalicelib.incidents.notices.rules import MOST_TOLD
from chalicelib.incidents.telling.models import State
from chalicelib.services import Services
from chalicelib.tables.transactions import Action
from chalicelib.vault import sealing
from tests.contract.affected import list_many
from tests.contract.closing import PROMISE, Ending
from tests.contract.killing import meanwhile
from tests.contract.moto_tables import another_container
from tests.contract.policies import Uses
from tests.contract.post import Post
from tests.contract.responding import INCIDENTS, SCORES, SECURITY
from tests.contract.shop import BUCKET, Shop, open_shop
from tests.contract.test_breach_approvals import put, revise
from tests.contract.test_breach_journey import everybody, pack, rounds
from tests.contract.test_breach_notices import approved, file, proposed
from tests.contract.test_breach_telling import post_of
from tests.contract.test_contacts import JAYA, MAJU, PLENTY, TWO, ask, one_of_two_told
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.maps import BOTH

REPORT = ("client_report", "untold")
SUBJECTS = ("recipients.subjects", "untold")
NOBODY = {"kind": "subjects", "user_id": "user-without-address"}
ID_PEOPLE, EU_PEOPLE = "id.breach-subjects", "eu.breach-subjects"
NO_BREACH = {"nature": "no_breach", "reasons": "it was none"}


@pytest.fixture
def ending(services: Services, gateway: Gateway) -> Ending:
    return Ending(services, gateway)


@pytest.fixture
def post(services: Services) -> Post:
    return post_of(services)


@pytest.fixture
def shop(services: Services) -> Shop:
    return open_shop(services, BOTH)


def revised(here: Ending, incident_id: str, **changes: Any) -> None:
    """Says what is known now, as somebody does who read what was known."""
    revise(here, incident_id, revision=here.shown(incident_id)["revision"], **changes)


def test_a_report_from_before_its_clients_is_asked_for_again(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.complete(clients=[], countries=["ID"])
    assert ending.missing(incident_id) == set()
    put(ending, incident_id, JAYA)
    approved(ending, incident_id, "clients")
    everybody(post, services, clock)
    assert ending.missing(incident_id) == {REPORT}
    assert ending.close(incident_id).code == "incident_incomplete"
    assert ending.reported(incident_id).status == 200
    assert ending.missing(incident_id) == {REPORT}  # approved, and on its way
    everybody(post, services, clock)
    assert ending.close(incident_id).status == 200


def test_a_report_to_clients_in_the_other_role_is_asked_for_again(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.complete(countries=["ID"])
    assert ending.missing(incident_id) == set()
    revised(ending, incident_id, countries=["ID"], role="processor")
    put(ending, incident_id, MAJU | {"kind": "controllers"})
    approved(ending, incident_id, "controllers")
    everybody(post, services, clock)
    assert ending.missing(incident_id) == {REPORT}
    assert ending.reported(incident_id).status == 200
    everybody(post, services, clock)
    assert ending.missing(incident_id) == set()


def test_what_was_said_in_public_excuses_no_later_supplement(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, NOBODY)
    approved(ending, incident_id, "subjects")
    everybody(post, services, clock)
    clock.advance(timedelta(minutes=1))
    word = approved(ending, incident_id, "public", duties=[ID_PEOPLE])
    assert file(ending, incident_id, word).status == 200
    ending.finish(incident_id)
    assert ending.missing(incident_id) == set()
    clock.advance(timedelta(minutes=1))
    supplement = approved(ending, incident_id, "subjects", phase="supplement")
    everybody(post, services, clock)
    assert ending.missing(incident_id) == {SUBJECTS}
    assert ending.tell_otherwise(incident_id, supplement, "letter") == 1
    assert ending.missing(incident_id) == set()


def test_what_was_said_in_public_by_one_law_excuses_it_alone(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(clients=[])
    put(ending, incident_id, NOBODY)
    assert ending.act(incident_id, "assessment", SCORES).status == 200
    approved(ending, incident_id, "subjects", duties=[ID_PEOPLE, EU_PEOPLE])
    everybody(post, services, clock)
    clock.advance(timedelta(minutes=1))
    word = approved(ending, incident_id, "public", duties=[EU_PEOPLE])
    assert file(ending, incident_id, word).status == 200
    ending.finish(incident_id)
    assert ending.missing(incident_id) == {SUBJECTS}


def test_a_telling_without_anybody_ends_with_its_incident(
    ending: Ending, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known(countries=["ID"])
    notice_id = approved(ending, incident_id, "clients")
    revised(ending, incident_id, countries=["ID"], clients=[])
    ending.finish(incident_id)
    rounds(services, clock)
    telling = services._breach_tellings.get(notice_id)
    assert telling is not None
    assert telling.state is State.RUNNING  # somebody may be put on the list
    assert ending.close(incident_id).status == 200
    rounds(services, clock)
    telling = services._breach_tellings.get(notice_id)
    assert telling is not None
    assert telling.state is State.STOPPED
    clock.advance(timedelta(hours=2))
    assert services.breach_teller.run(lambda: PLENTY).stuck == 0


def test_it_goes_on_when_somebody_is_put_on_the_list_later(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"])
    approved(ending, incident_id, "clients")
    revised(ending, incident_id, countries=["ID"], clients=[])
    ending.finish(incident_id)
    assert ending.close(incident_id).status == 200
    rounds(services, clock)
    assert ending.act(incident_id, "reopen", {"reasons": "there was one"}).status == 200
    put(ending, incident_id, MAJU)
    assert "dpo@maju.test" in everybody(post, services, clock)


def test_whom_a_notice_went_to_needs_no_client_among_the_facts(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.known(countries=["ID"], clients=[])
    put(ending, incident_id, MAJU)
    revised(ending, incident_id, countries=["ID"], clients=[])
    assert ("facts.clients", "missing") in ending.missing(incident_id)
    revise(ending, incident_id, countries=["ID"], clients=["pt-maju"])
    approved(ending, incident_id, "clients")
    everybody(post, services, clock)
    revised(ending, incident_id, countries=["ID"], clients=[])
    ending.finish(incident_id)
    assert ending.close(incident_id).status == 200


def test_a_client_that_facts_name_late_raises_the_alarm(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.complete(countries=["ID"])
    revise(ending, incident_id, countries=["ID"], clients=TWO)
    rounds(services, clock)
    clock.advance(timedelta(hours=2))
    assert services.breach_teller.run(lambda: PLENTY).stuck == 2  # the notice, and the report
    put(ending, incident_id, JAYA)
    everybody(post, services, clock)
    assert services.breach_teller.run(lambda: PLENTY).stuck == 0


def test_contacts_are_looked_for_when_something_changed(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = one_of_two_told(ending, clock, post)
    looked = ("Query", "records", f"AFFECTED#{incident_id}#0")
    for expected in (False, True):
        if expected:
            revised(ending, incident_id, countries=["ID"], clients=[*TWO, "pt-baru"])
        watcher, uses = another_container(services), Uses()
        uses.watch(watcher)
        watcher.incident_rounds.run(lambda: PLENTY)
        watcher.incident_rounds.run(lambda: PLENTY)
        assert (looked in uses.seen) is expected
    revised(ending, incident_id, countries=["ID"], clients=["pt-maju"])
    rounds(services, clock)
    assert ending.dates(incident_id)[PROMISE][0] == "done"


def test_a_computation_that_ends_as_its_incident_is_closed_failed(
    ending: Ending, shop: Shop, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident_id = ending.known()
    computation_id = ask(ending, incident_id).json()["computation_id"]
    assert ending.act(incident_id, "nature", NO_BREACH).status == 200
    other = Ending(another_container(services), ending.gateway)
    computation = services._computations.get(incident_id, computation_id)
    assert computation is not None
    change = services._computations.change

    def closed_before(ended: Computation) -> Action:
        if not ending.stored(incident_id).has_ended:
            assert other.close(incident_id).status == 200
        return change(ended)

    monkeypatch.setattr(services._computations, "change", closed_before)
    services.computing_affected._ending.end(replace(computation, stage=Stage.DONE))
    assert ending.stored(incident_id).has_ended
    ended = services._computations.get(incident_id, computation_id)
    assert ended is not None
    assert (ended.stage, ended.problem) == (Stage.FAILED, "incident_not_open")


def test_clients_that_facts_have_no_room_for_are_said_to_be_there(
    services: Services, gateway: Gateway, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The emulator finds an item full long before a seal of ours is.
    monkeypatch.setattr(sealing, "LONGEST_PLAINTEXT", 100 * 1024)
    shop = open_shop(services, BOTH.replace("name: ip", "name: client", 1))
    clients = [f"client-{number:03}".ljust(64, "x") for number in range(40)]
    rows = "".join(f'{{"customer_id": "c1", "client": "{each}"}}\n' for each in clients)
    shop.s3.put_object(Bucket=BUCKET, Key="visits/9.ndjson", Body=rows.encode())
    ending = Ending(services, gateway)
    incident_id = ending.known()
    for length in (8000, 500):  # of three bytes each
        said = {"nature": "breach", "reasons": "字" * length}
        while ending.act(incident_id, "nature", said).status == 200:
            pass
    body = {"place": "shop_logs", "collection": "visits", "client_field": "client"}
    how = {"role": "security", "who": SECURITY}
    asked = ending.act(incident_id, "recipients/compute", body, **how).json()
    work(services, clock)
    path = f"{INCIDENTS}/{incident_id}/recipients/computations/{asked['computation_id']}"
    shown = ending.call("GET", path).json()
    assert (shown["status"], shown["problem"]) == ("failed", "no_room_for_clients")
    assert shown["more_clients"]
    assert ("facts.more_clients", "unconfirmed") in ending.missing(incident_id)
    assert ("computation", "running") not in ending.missing(incident_id)


def test_whatever_more_is_known_of_somebody_moves_the_list(
    ending: Ending, services: Services
) -> None:
    incident_id = ending.known()
    put(ending, incident_id, MAJU)
    before = services.affected_counts.revision(incident_id)
    put(ending, incident_id, MAJU)
    assert services.affected_counts.revision(incident_id) == before
    put(ending, incident_id, MAJU | {"language": "en"})
    assert services.affected_counts.revision(incident_id) == before + 1


@pytest.mark.parametrize(
    ("what", "code"), [("closes", "incident_not_open"), ("approves", "recipients_final")]
)
def test_nobody_is_taken_off_a_list_that_was_closed_or_used_meanwhile(
    ending: Ending, services: Services, what: str, code: str
) -> None:
    incident_id = ending.known(countries=["ID"])
    put(ending, incident_id, MAJU)
    notice_id = proposed(ending, incident_id, "clients")
    listed = ending.call("GET", f"{INCIDENTS}/{incident_id}/recipients/list?kind=clients").json()
    (maju,) = listed["recipients"]
    other = Ending(another_container(services), ending.gateway)

    def acts() -> None:
        if what == "approves":
            assert other.act(incident_id, f"notices/{notice_id}/approve").status == 200
        else:
            assert other.act(incident_id, "nature", NO_BREACH).status == 200
            assert other.close(incident_id).status == 200

    meanwhile(services, acts)
    verb = f"recipients/{maju['recipient_id']}/remove"
    answer = ending.act(incident_id, verb, {"reason": "not affected"})
    assert (answer.status, answer.code) == (409, code)
    assert services.affected_counts.counts(incident_id)[maju["kind"]].recipients == 1


def test_so_many_notices_have_room_in_the_transaction_that_adds_people(
    ending: Ending, services: Services
) -> None:
    incident_id = ending.known(countries=["ID"])
    list_many(services, incident_id, 1)
    approved(ending, incident_id, "subjects")
    for _ in range(MOST_TOLD[Phase.SUPPLEMENT]):
        approved(ending, incident_id, "subjects", phase="supplement")
    assert ending.found(incident_id).status == 200
    ending.planned(incident_id)
    for _ in range(MOST_TOLD[Phase.REPORT]):
        assert ending.reported(incident_id).status == 200
    assert ending.reported(incident_id).code == "too_many_breach_notices"
    approved(ending, incident_id, "clients")
    people = ({"kind": "subjects", "email": f"p{each}@client.test"} for each in range(49))
    put(ending, incident_id, *people, MAJU, JAYA | {"kind": "controllers"})


def test_the_transaction_that_adds_people_has_room_for_as_many_notices_as_there_may_be() -> None:
    people_with_counts_trail_facts_and_key = 50 + 1 + 3 + 3 + 1
    assert sum(MOST_TOLD.values()) + people_with_counts_trail_facts_and_key <= 100


def waiting_for_a_computation(here: Ending, clock: FixedClock, post: Post) -> tuple[str, str]:
    """The ids of an incident whose people were told but for those whom a computation finds, and of
    that."""
    incident_id = here.known(countries=["ID"], clients=[])
    put(here, incident_id, {"kind": "subjects", "email": "siti@client.test"})
    computation_id = str(ask(here, incident_id).json()["computation_id"])
    approved(here, incident_id, "subjects")
    everybody(post, here.services, clock)
    return incident_id, computation_id


def test_a_computation_that_failed_holds_up_what_it_may_have_found_people_for(
    ending: Ending, shop: Shop, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id, computation_id = waiting_for_a_computation(ending, clock, post)
    settle = f"recipients/computations/{computation_id}/settle"
    reason = {"reason": "Siti counted by hand"}
    assert ending.act(incident_id, settle, reason).code == "computation_not_failed"
    services.computing_affected.give_up(incident_id, computation_id, "place_unavailable")
    rounds(services, clock)
    assert ending.dates(incident_id)[ID_PEOPLE][0] == "open"
    clock.advance(timedelta(hours=2))
    assert services.breach_teller.run(lambda: PLENTY).stuck == 1
    assert ("computation", "failed") in ending.missing(incident_id)
    answer = ending.act(incident_id, settle, reason, role="security", who=SECURITY)
    assert (answer.status, answer.json()["status"]) == (200, "settled")
    assert "Siti" not in answer.body
    assert ending.act(incident_id, settle, reason).code == "computation_not_failed"
    rounds(services, clock)
    assert ending.dates(incident_id)[ID_PEOPLE][0] == "done"
    assert ("computation", "failed") not in ending.missing(incident_id)
    assert ending.act(incident_id, "evidence").status == 202
    (kept,) = json.loads(pack(services, incident_id)["computations.json"])["computations"]
    assert (kept["status"], kept["collection"]) == ("settled", "visits")
    assert kept["settled_because"] == reason["reason"]


def test_asking_anew_settles_what_failed(
    ending: Ending, shop: Shop, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id, computation_id = waiting_for_a_computation(ending, clock, post)
    services.computing_affected.give_up(incident_id, computation_id, "place_unavailable")
    assert ask(ending, incident_id, rehearse=True).status == 202
    other = {"place": "shop", "collection": "customers", "filter": {"id": ["nobody"]}}
    assert ending.act(incident_id, "recipients/compute", other).status == 202
    assert ("computation", "failed") in ending.missing(incident_id)
    assert ask(ending, incident_id).status == 202
    stages = {each[1] for each in ending.missing(incident_id) if each[0] == "computation"}
    assert stages == {"running"}
    work(services, clock)
    everybody(post, services, clock)
    assert ending.dates(incident_id)[ID_PEOPLE][0] == "done"
    assert not {each for each in ending.missing(incident_id) if each[0] == "computation"}


def test_a_contact_of_the_other_kind_has_the_clients_notice_looked_at(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.complete(countries=["ID"])
    put(ending, incident_id, JAYA | {"kind": "controllers"})
    everybody(post, services, clock)
    clock.advance(timedelta(hours=2))
    assert services.breach_teller.run(lambda: PLENTY).stuck == 2  # the notice, and the report
    assert ("recipients.clients", "no_contact") in ending.missing(incident_id)
