"""Appeals: a decision is looked at once more, from the start and by somebody else."""

from datetime import date

import pytest

from chalicelib.connectors.places import Kept, Outcome, Seeds
from chalicelib.requests.fulfilment.models import Progress, Stage
from chalicelib.requests.models import DataRequest
from chalicelib.services import Services
from tests.contract.asking import REQUESTS, look, opened, post
from tests.contract.handled import MEMBER, by_staff
from tests.contract.people import EMAIL
from tests.contract.working import MemoryPlace, MemoryPlaces, equip, step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

SAFETY = {"ground": "id/safety"}
TAX = Kept("rows", "tax_books", "UU KUP 28(11)", 2, date(2036, 12, 31))


class Keeping(MemoryPlace):
    """A place where the law wants two rows left as they are."""

    def restrict(self, seeds: Seeds, *, rehearse: bool) -> Outcome:
        return Outcome(2, 0, (TAX,))


@pytest.fixture
def crm(services: Services) -> MemoryPlace:
    place = MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]})
    equip(services, place)
    return place


def appeal(gateway: Gateway, made: Answer) -> Answer:
    token = made.json()["tracking_token"]
    return post(gateway, f"{REQUESTS}/{made.json()['request_id']}/appeal", {}, token)


def status(gateway: Gateway, made: Answer) -> str:
    return str(look(gateway, made).json()["status"])


def read(services: Services, made: Answer) -> DataRequest:
    return services.request_book.get(made.json()["request_id"])


def progress(services: Services, made: Answer) -> Progress:
    found = services.deciding.progress(made.json()["request_id"])
    assert found is not None
    return found


def refused(gateway: Gateway, services: Services) -> Answer:
    made = opened(gateway, services)
    assert by_staff(gateway, made, "refuse", SAFETY).status == 200
    return made


def test_a_refusal_is_appealed_once(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = refused(gateway, services)
    before = read(services, made)
    assert appeal(gateway, made).json()["status"] == "open"
    again = read(services, made)
    assert (again.closing, again.deadlines) == (None, before.deadlines)  # its dates stand
    assert appeal(gateway, made).json()["status"] == "open"  # it is under appeal
    assert read(services, made) == again
    assert by_staff(gateway, made, "refuse", SAFETY, who=MEMBER).status == 200
    assert appeal(gateway, made).code == "impossible_now"
    assert status(gateway, made) == "refused"


def test_whoever_refused_decides_the_appeal_no_more(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = refused(gateway, services)
    appeal(gateway, made)
    assert by_staff(gateway, made, "refuse", SAFETY).code == "same_decider"
    work(services, clock)
    assert status(gateway, made) == "awaiting_approval"
    assert by_staff(gateway, made, "approve").code == "same_decider"
    assert by_staff(gateway, made, "refuse", SAFETY).code == "same_decider"
    assert status(gateway, made) == "awaiting_approval"
    assert by_staff(gateway, made, "approve", who=MEMBER).status == 200
    work(services, clock)
    assert status(gateway, made) == "completed"
    assert appeal(gateway, made).code == "impossible_now"


def test_whoever_approved_decides_the_appeal_no_more(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    equip(services, Keeping("crm"))
    agent = {"capacity": "agent", "name": "Budi", "email": "budi@agent.test"}
    made = opened(gateway, services, type="restriction", on_behalf=agent)
    work(services, clock)
    assert by_staff(gateway, made, "approve").status == 200
    work(services, clock)
    assert status(gateway, made) == "partly_completed"
    assert appeal(gateway, made).status == 200
    work(services, clock)
    assert by_staff(gateway, made, "approve").code == "same_decider"
    assert by_staff(gateway, made, "approve", who=MEMBER).status == 200


def test_what_could_be_carried_out_is_appealed_by_nobody(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="restriction")
    assert appeal(gateway, made).code == "impossible_now"
    work(services, clock)
    assert status(gateway, made) == "completed"
    assert appeal(gateway, made).code == "impossible_now"


def test_an_erasure_in_part_is_not_appealed(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    """The person's key is destroyed: nobody could be found any more."""
    crm.kept = (TAX,)
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    assert by_staff(gateway, made, "approve").status == 200
    work(services, clock)
    assert status(gateway, made) == "partly_completed"
    assert appeal(gateway, made).code == "impossible_now"
    assert status(gateway, made) == "partly_completed"


def test_beside_the_same_asked_for_anew_nothing_is_appealed(
    gateway: Gateway, services: Services, crm: MemoryPlace
) -> None:
    made = refused(gateway, services)
    anew = opened(gateway, services)
    assert appeal(gateway, made).code == "impossible_now"
    assert (status(gateway, made), status(gateway, anew)) == ("refused", "open")


def test_another_joins_what_is_under_appeal(
    gateway: Gateway, services: Services, crm: MemoryPlace
) -> None:
    made = refused(gateway, services)
    appeal(gateway, made)
    anew = opened(gateway, services)
    assert look(gateway, anew).json()["joined_to"] == made.json()["request_id"]


def test_an_appeal_gets_a_plan_of_the_map_as_it_is_now(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    places = MemoryPlaces({"crm": crm, "old": Keeping("old")})
    services.__dict__["places"] = places
    made = opened(gateway, services, type="restriction")
    work(services, clock)
    assert status(gateway, made) == "partly_completed"
    assert appeal(gateway, made).status == 200
    del places.places["old"]
    work(services, clock)
    second = progress(services, made)
    assert (second.plan.round, second.plan.stage) == (2, Stage.DECIDING)
    (task,) = second.tasks
    assert (task.place, task.round, task.outcome) == ("crm", 2, None)
    assert by_staff(gateway, made, "places/old/retry").code == "unknown_place"
    assert by_staff(gateway, made, "approve", who=MEMBER).status == 200
    work(services, clock)
    assert status(gateway, made) == "completed"


def test_work_left_of_the_first_round_does_no_harm_in_the_second(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="correction", corrections={"user.name": "Dewi"})
    step(services, waiting(services)[0])  # planned
    stale = waiting(services)
    assert len(stale) == 1
    assert by_staff(gateway, made, "refuse", {"ground": "id/safety"}).status == 200
    appeal(gateway, made)
    (plan,) = [each for each in waiting(services) if each not in stale]
    step(services, stale[0])  # before there is a second plan
    step(services, plan)
    second = progress(services, made)
    assert (second.plan.round, second.tasks[0].prepared) == (2, None)
    assert crm.rows_of[EMAIL] == [{"email": EMAIL}]
    work(services, clock)
    assert status(gateway, made) == "awaiting_approval"
    assert by_staff(gateway, made, "approve", who=MEMBER).status == 200
    work(services, clock)
    assert status(gateway, made) == "completed"
    assert crm.rows_of[EMAIL] == [{"email": EMAIL, "user.name": "Dewi"}]
