"""Cookie choices of a browser, attached to a person by their own act."""

from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.services import Services
from tests.contract.consenting import Office, Person
from tests.contract.cookies import body, post
from tests.contract.people import records
from tests.gateway import Answer, Gateway

VISITOR = "01JVISITORCANARY0000000000"


@pytest.fixture
def office(services: Services, gateway: Gateway) -> Office:
    return Office(services, gateway)


def attach(person: Person, **changes: str) -> Answer:
    body: dict[str, Any] = {"site": "jutsoo", "visitor_id": VISITOR, **changes}
    return person.call("POST", "/v1/consents/preferences", body)


def test_a_choice_is_shown_with_the_consents_once_it_is_attached(
    office: Office, services: Services
) -> None:
    assert post(office.gateway, body(services, visitor_id=VISITOR)).status == 201
    siti = office.person()
    assert siti.own()["preferences"] == []
    assert attach(siti).status == 201
    (shown,) = siti.own()["preferences"]
    assert (shown["state"], shown["performance"], shown["functional"]) == ("decided", True, True)


def test_to_attach_twice_is_to_attach_once(office: Office) -> None:
    siti = office.person()
    first, second = attach(siti), attach(siti)
    assert first.json() == second.json()
    assert len(siti.own()["preferences"]) == 1


def test_nobody_learns_from_the_table_which_browser_is_whose(
    office: Office, services: Services
) -> None:
    siti = office.person()
    attached = attach(siti).json()["attachment_id"]
    assert VISITOR not in repr(records(services))
    siti.call("DELETE", f"/v1/consents/preferences/{attached}")
    actions = [each.action for each in services.trail.history(Entity("subject", siti.subject_id))]
    assert actions[-2:] == ["browser.attached", "browser.detached"]


def test_a_browser_is_detached_by_its_person_only(office: Office) -> None:
    siti, budi = office.person(), office.person("budi@example.test")
    attached = attach(siti).json()["attachment_id"]
    path = f"/v1/consents/preferences/{attached}"
    assert budi.call("DELETE", path).code == "unknown_attachment"
    assert siti.call("DELETE", path).status == 200
    assert siti.call("DELETE", path).code == "unknown_attachment"
    assert siti.own()["preferences"] == []


def test_what_cannot_be_attached_is_refused(office: Office) -> None:
    siti = office.person()
    assert attach(siti, site="nowhere").code == "unknown_site"
    assert attach(siti, visitor_id="siti@example.test").status == 422
    for number in range(20):
        assert attach(siti, visitor_id=f"{number:026d}").status == 201
    assert attach(siti).code == "too_many_browsers"
