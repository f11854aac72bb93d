"""The end of an engagement: one call, a plan, the sweep, a certificate."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.audit.jws import Jws
from chalicelib.clock import rfc3339
from chalicelib.retention.engagements.rules import chained
from chalicelib.services import Services
from tests.contract.retaining import HOURLY, LONG, Retained
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Gateway

DAY = timedelta(days=1)
CLIENT = "/v1/staff/clients/acme"


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    return Retained(services, gateway, clock)


def ended(office: Retained) -> dict[str, Any]:
    """How far the end is, after it was ordered and planned."""
    body = {"ended_at": rfc3339(office.clock.now())}
    answer = office.staff("POST", CLIENT + "/end", body)
    assert answer.status == 202, answer.body
    assert answer.json()["stage"] == "planning"
    work(office.services, office.clock)
    return dict(office.staff("GET", CLIENT + "/end").json())


def hour(office: Retained) -> None:
    """What an hour brings: sweep, look, and the workers of both."""
    office.later(HOURLY)
    office.services.retention_rounds.run(lambda: LONG)
    work(office.services, office.clock)


def filled(office: Retained) -> list[str]:
    """Ids of what acme has: two technical records, one of them a person's, and a tax voucher."""
    office.put("c3", "c4")
    made = office.register("c1", client="acme")
    made += office.register("c2", client="acme", user_id="u1")
    voucher = {"collected": "2025-03-14T03:00:00Z"}
    made += office.register("c3", client="acme", category="financial", triggers=voucher)
    office.register("c4", client="other")
    return [str(each["record_id"]) for each in made]


def test_the_plan_says_what_goes_and_what_a_law_keeps_until_when(office: Retained) -> None:
    filled(office)
    found = ended(office)
    day = (office.clock.now() + 3 * DAY).date().isoformat()
    assert found["stage"] == "running"
    assert found["records_of_people"] == 1
    assert found["plan"] == [
        {
            "category": "financial",
            "rule": "on_termination",
            "means": "delete",
            "until": "2035-12-31",
            "kept_by": ["company_documents", "tax_books"],
            "records": 1,
        },
        {
            "category": "technical",
            "rule": "on_termination",
            "means": "delete",
            "until": day,
            "records": 2,
            "kept_by": [],
        },
    ]


def test_it_ends_in_a_certificate(office: Retained) -> None:
    ids = filled(office)
    ended(office)
    assert office.staff("GET", CLIENT + "/certificate").json()["code"] == "not_certified"
    office.later(3 * DAY)
    for _ in range(30):
        hour(office)
    assert office.customers() == ["c3", "c4"]
    answer = office.staff("GET", CLIENT + "/certificate")
    assert answer.status == 200, answer.body
    said = Jws.parse(answer.json()["certificate"]).payload
    assert said["client"] == "acme"
    assert said["disposed_of"] == [
        {"category": "technical", "rule": "on_termination", "means": "delete", "records": 2}
    ]
    assert said["kept"] == [
        {
            "category": "financial",
            "records": 1,
            "until": "2035-12-31",
            "kept_by": [
                {"rule": "company_documents", "ground": "UU 8/1997 11(1)"},
                {"rule": "tax_books", "ground": "UU KUP 28(11)"},
            ],
        }
    ]
    chain = ""
    for each in sorted(ids[:2]):
        chain = chained(chain, each)
    assert said["records_chain"] == chain


def test_nothing_is_certified_while_something_is_overdue(
    office: Retained, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(office)
    ended(office)
    office.later(3 * DAY)
    monkeypatch.setattr(office.services.places, "at", lambda _place: None)  # nobody can delete
    for _ in range(30):
        hour(office)
    assert office.staff("GET", CLIENT + "/certificate").json()["code"] == "not_certified"
    monkeypatch.undo()
    for _ in range(60):
        hour(office)
    assert office.staff("GET", CLIENT + "/certificate").status == 200


def test_what_is_held_is_certified_as_kept(office: Retained) -> None:
    filled(office)
    office.hold("person", "u1")
    ended(office)
    office.later(3 * DAY)
    for _ in range(30):
        hour(office)
    answer = office.staff("GET", CLIENT + "/certificate")
    said = Jws.parse(answer.json()["certificate"]).payload
    held = [each for each in said["kept"] if each["category"] == "technical"]
    assert [each["kept_by"] for each in held] == [[{"rule": "legal_hold", "ground": None}]]
    assert "c2" in office.customers()


def test_a_repeat_changes_nothing_and_another_moment_is_refused(office: Retained) -> None:
    filled(office)
    body = {"ended_at": rfc3339(office.clock.now())}
    first = office.staff("POST", CLIENT + "/end", body)
    again = office.staff("POST", CLIENT + "/end", body)
    assert (again.status, again.json()) == (first.status, first.json())
    body = {"ended_at": rfc3339(office.clock.now() - DAY)}
    assert office.staff("POST", CLIENT + "/end", body).json()["code"] == "engagement_ended"


def test_it_does_not_end_in_the_future_nor_for_a_name(office: Retained) -> None:
    body = {"ended_at": rfc3339(office.clock.now() + DAY)}
    assert office.staff("POST", CLIENT + "/end", body).status in {400, 422}
    assert office.staff("POST", "/v1/staff/clients/PT%20Maju/end", body).status in {400, 404, 422}
    assert office.staff("GET", CLIENT + "/end").json()["code"] == "unknown_engagement"
