"""No affected client is left without somebody who is told, and no list closes under anybody."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.models import Recipient
from chalicelib.incidents.rules import MOST_CLIENTS
from chalicelib.services import Services
from tests.contract.affected import RECIPIENTS
from tests.contract.closing import PROMISE, Ending
from tests.contract.killing import meanwhile
from tests.contract.moto_tables import another_container
from tests.contract.policies import Uses
from tests.contract.post import Post
from tests.contract.responding import FACTS, INCIDENTS, SECURITY
from tests.contract.shop import Shop, open_shop
from tests.contract.test_breach_approvals import put, revise
from tests.contract.test_breach_journey import everybody, rounds
from tests.contract.test_breach_notices import approved
from tests.contract.test_breach_telling import post_of
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.maps import BOTH

PLENTY = 300_000
MAJU = {"kind": "clients", "email": "dpo@maju.test", "client": "pt-maju"}
JAYA = {"kind": "clients", "email": "dpo@jaya.test", "client": "pt-jaya"}
TWO = ["pt-maju", "pt-jaya"]
RUNNING = ("computation", "running")
NO_CONTACT = ("recipients.clients", "no_contact")


@pytest.fixture
def ending(services: Services, gateway: Gateway) -> Ending:
    return Ending(services, gateway)


@pytest.fixture
def post(services: Services) -> Post:
    return post_of(services)


@pytest.fixture
def shop(services: Services) -> Shop:
    return open_shop(services, BOTH)


def lacking(here: Ending, incident_id: str, kind: str = "clients") -> list[str]:
    path = RECIPIENTS.format(incident_id=incident_id)
    answer = here.call("GET", f"{path}/list?kind={kind}")
    assert answer.status == 200, answer.body
    return list(answer.json()["clients_without_contact"])


def promise(here: Ending, incident_id: str) -> str:
    return here.dates(incident_id)[PROMISE][0]


def one_of_two_told(here: Ending, clock: FixedClock, post: Post) -> str:
    """The id of an incident of two clients, of which one has nobody on the list."""
    incident_id = here.known(clients=TWO, countries=["ID"])
    put(here, incident_id, MAJU)
    approved(here, incident_id, "clients")
    assert "dpo@maju.test" in everybody(post, here.services, clock)
    assert promise(here, incident_id) == "open"
    return incident_id


def ask(here: Ending, incident_id: str, *, rehearse: bool = False) -> Answer:
    body = {"place": "shop_logs", "collection": "visits", "rehearse": rehearse}
    return here.act(incident_id, "recipients/compute", body, role="security", who=SECURITY)


def test_the_duty_to_clients_waits_for_a_contact_of_each(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = one_of_two_told(ending, clock, post)
    assert lacking(ending, incident_id) == ["pt-jaya"]
    assert NO_CONTACT in ending.missing(incident_id)
    clock.advance(timedelta(hours=1))
    assert services.breach_teller.run(lambda: PLENTY).stuck == 1
    put(ending, incident_id, JAYA)
    assert "dpo@jaya.test" in everybody(post, services, clock)
    assert promise(ending, incident_id) == "done"
    assert lacking(ending, incident_id) == []
    ending.finish(incident_id)
    assert ending.missing(incident_id) == {("client_report", "untold")}
    everybody(post, services, clock)
    assert ending.close(incident_id).status == 200


def test_a_contact_of_the_other_kind_is_none(ending: Ending) -> None:
    incident_id = ending.known(clients=["pt-maju"], role="processor")
    put(ending, incident_id, MAJU)
    assert lacking(ending, incident_id) == []
    assert lacking(ending, incident_id, "controllers") == ["pt-maju"]
    put(ending, incident_id, MAJU | {"kind": "controllers"})
    assert lacking(ending, incident_id, "controllers") == []


def test_numbers_name_no_client(ending: Ending) -> None:
    incident_id = ending.known(clients=TWO)
    put(ending, incident_id, MAJU)
    answer = ending.call("GET", RECIPIENTS.format(incident_id=incident_id), role="auditor")
    assert answer.status == 200, answer.body
    assert "pt-" not in answer.body
    (maju,) = ending.call("GET", f"{INCIDENTS}/{incident_id}/recipients/list?kind=clients").json()[
        "recipients"
    ]
    verb = f"recipients/{maju['recipient_id']}/remove"
    removed = ending.act(incident_id, verb, {"reason": "not affected"})
    assert removed.status == 200, removed.body
    assert "pt-" not in removed.body


def test_a_client_that_came_after_all_were_told_has_to_be_told(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = ending.complete(countries=["ID"])
    assert ending.missing(incident_id) == set()
    revise(ending, incident_id, countries=["ID"], clients=TWO)
    assert ending.missing(incident_id) == {NO_CONTACT}
    assert ending.close(incident_id).code == "incident_incomplete"
    put(ending, incident_id, JAYA)
    untold = {("recipients.clients", "untold"), ("client_report", "untold")}
    assert ending.missing(incident_id) == untold
    assert "dpo@jaya.test" in everybody(post, services, clock)
    assert ending.close(incident_id).status == 200


def test_a_client_that_is_not_affected_after_all_holds_nothing_up(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = one_of_two_told(ending, clock, post)
    revision = ending.shown(incident_id)["revision"]
    revise(ending, incident_id, clients=["pt-maju"], countries=["ID"], revision=revision)
    rounds(services, clock, 1)
    assert promise(ending, incident_id) == "done"


def test_a_contact_says_whose_it_is(ending: Ending) -> None:
    incident_id = ending.known()
    body = {"recipients": [{"kind": "clients", "email": "dpo@maju.test"}]}
    assert ending.act(incident_id, "recipients", body, role="security").status == 422


def test_facts_lose_no_client_unseen(ending: Ending) -> None:
    incident_id = ending.known(clients=["pt-maju"])
    put(ending, incident_id, JAYA)
    path = f"{INCIDENTS}/{incident_id}/facts"
    answer = ending.call("PUT", path, FACTS)
    assert (answer.status, answer.code) == (409, "clients_would_be_lost")
    assert ending.shown(incident_id)["facts"]["clients"] == TWO
    assert ending.call("PUT", path, FACTS | {"clients": [*TWO, "pt-baru"]}).status == 200
    seen = {"revision": ending.shown(incident_id)["revision"]}
    assert ending.call("PUT", path, FACTS | seen).status == 200
    assert ending.shown(incident_id)["facts"]["clients"] == FACTS["clients"]


def test_more_clients_than_facts_hold_are_said_to_be_more(ending: Ending) -> None:
    many = [f"client-{number}" for number in range(MOST_CLIENTS)]
    incident_id = ending.known(clients=many)
    put(ending, incident_id, JAYA)
    facts = ending.shown(incident_id)["facts"]
    assert (facts["clients"], facts["more_clients"]) == (many, True)
    assert ("facts.more_clients", "unconfirmed") in ending.missing(incident_id)
    path = f"{INCIDENTS}/{incident_id}/facts"
    confirmed: dict[str, Any] = FACTS | {"clients": many}
    seen = {"revision": ending.shown(incident_id)["revision"]}
    assert ending.call("PUT", path, confirmed | seen).status == 200
    assert ("facts.more_clients", "unconfirmed") in ending.missing(incident_id)  # left out
    confirmed |= {"more_clients": False}
    assert ending.call("PUT", path, confirmed).code == "clients_would_be_lost"
    seen = {"revision": ending.shown(incident_id)["revision"]}
    assert ending.call("PUT", path, confirmed | seen).status == 200
    assert ("facts.more_clients", "unconfirmed") not in ending.missing(incident_id)


def test_an_incident_is_not_closed_over_a_running_computation(
    ending: Ending, shop: Shop, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.complete()
    assert ask(ending, incident_id, rehearse=True).status == 202
    assert ending.missing(incident_id) == set()
    assert ask(ending, incident_id).status == 202
    assert ending.missing(incident_id) == {RUNNING}
    assert ending.close(incident_id).code == "incident_incomplete"
    work(services, clock)
    assert RUNNING not in ending.missing(incident_id)


def test_a_computation_fails_when_its_incident_was_closed(
    ending: Ending, shop: Shop, services: Services, clock: FixedClock
) -> None:
    incident_id = ending.known()
    answer = ask(ending, incident_id)
    nothing = {"nature": "no_breach", "reasons": "it was none"}
    assert ending.act(incident_id, "nature", nothing).status == 200
    assert ending.close(incident_id).status == 200
    work(services, clock)
    path = f"recipients/computations/{answer.json()['computation_id']}"
    shown = ending.call("GET", f"{INCIDENTS}/{incident_id}/{path}").json()
    assert (shown["status"], shown["problem"]) == ("failed", "incident_not_open")
    assert services.affected_people(incident_id, Recipient.SUBJECTS).count() == 0


@pytest.mark.parametrize("what", ["listed", "asked"])
def test_of_who_closes_and_who_adds_at_once_one_is_first(
    ending: Ending, shop: Shop, services: Services, what: str
) -> None:
    incident_id = ending.complete()
    other = Ending(another_container(services), ending.gateway)

    def adds() -> None:
        if what == "asked":
            assert ask(other, incident_id).status == 202
        else:
            put(other, incident_id, {"kind": "subjects", "email": "late@client.test"})

    meanwhile(services, adds)
    assert ending.close(incident_id).code == "incident_incomplete"
    expected = RUNNING if what == "asked" else ("recipients.subjects", "untold")
    assert ending.missing(incident_id) == {expected}


@pytest.mark.parametrize("what", ["recipients", "recipients/compute"])
def test_nobody_is_put_on_a_list_that_was_closed_meanwhile(
    ending: Ending, shop: Shop, services: Services, what: str
) -> None:
    incident_id = ending.complete()
    other = Ending(another_container(services), ending.gateway)
    body: dict[str, Any] = {"place": "shop_logs", "collection": "visits"}
    if what == "recipients":
        body = {"recipients": [{"kind": "subjects", "email": "late@client.test"}]}
    meanwhile(services, lambda: other.close(incident_id))
    answer = ending.act(incident_id, what, body, role="security", who=SECURITY)
    assert (answer.status, answer.code) == (409, "incident_not_open")
    reasons = {"reasons": "there is more"}
    assert ending.act(incident_id, "reopen", reasons).status == 200
    assert ending.act(incident_id, what, body, role="security", who=SECURITY).status in {200, 202}


def test_whoever_watches_may_look_for_contacts(
    ending: Ending, services: Services, clock: FixedClock, post: Post
) -> None:
    incident_id = one_of_two_told(ending, clock, post)
    container, uses = another_container(services), Uses()
    uses.watch(container)
    put(ending, incident_id, MAJU | {"language": "en"})
    rounds(container, clock)
    assert ("Query", "records", f"AFFECTED#{incident_id}#0") in uses.seen
    assert uses.refused_by("watch_incidents") == set()
