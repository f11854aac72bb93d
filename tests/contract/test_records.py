"""What the platform registers under retention, and asks before it reads it."""

from datetime import timedelta

import pytest

from chalicelib.clock import rfc3339
from chalicelib.services import Services
from tests.contract.killing import meanwhile
from tests.contract.people import records
from tests.contract.retaining import YEAR, Retained
from tests.fakes import FixedClock
from tests.gateway import Gateway

DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    return Retained(services, gateway, clock)


def test_a_record_gets_its_end_with_the_reasons(office: Retained) -> None:
    (made,) = office.register("c1", client="acme")
    assert made["outcome"] == "created"
    assert made["expiry"]["expires_at"] == rfc3339(office.clock.now() + YEAR)
    assert made["expiry"]["limit"]["rule"] == "technical_unused"
    assert {each["rule"] for each in made["expiry"]["open"]} >= {"on_termination", "on_request"}
    shown = office.shown(made["record_id"])
    assert (shown["state"], shown["client"], shown["readable"]) == ("kept", "acme", True)


def test_a_repeat_changes_nothing_and_writes_nothing(office: Retained) -> None:
    first = office.register("c1", "c2")
    before = records(office.services)
    again = office.register("c1", "c2")
    assert [each["outcome"] for each in again] == ["unchanged", "unchanged"]
    assert [each["record_id"] for each in again] == [each["record_id"] for each in first]
    assert records(office.services) == before


def test_a_trigger_that_moves_moves_the_end(office: Retained) -> None:
    (made,) = office.register("c1")
    month = timedelta(days=30)
    end = office.clock.now() + month + YEAR
    office.later(month)
    (moved,) = office.register("c1")
    assert moved["outcome"] == "updated"
    assert moved["expiry"]["expires_at"] == rfc3339(end)
    assert office.shown(made["record_id"])["expiry"] == moved["expiry"]


def test_a_mandate_outlasts_the_limit_and_restricts(office: Retained) -> None:
    collected = {"collected": "2025-03-14T03:00:00Z", "end_of_engagement": "2026-01-01T00:00:00Z"}
    (made,) = office.register("c1", category="financial", triggers=collected)
    # To the end of 2035 in Jakarta (UU KUP 28(11)).
    assert made["expiry"]["expires_at"] == "2035-12-31T17:00:00.000Z"
    assert made["expiry"]["restricted_from"] == "2026-01-04T00:00:00.000Z"
    assert {each["rule"] for each in made["expiry"]["kept_by"]} == {
        "tax_books",
        "company_documents",
    }
    shown = office.shown(made["record_id"])
    assert (shown["readable"], shown["usable"]) == (True, False)


def test_it_is_unreadable_from_the_very_millisecond_on(office: Retained) -> None:
    (made,) = office.register("c1")
    office.later(YEAR - MILLISECOND)
    assert office.readable("c1")
    office.later(MILLISECOND)
    assert not office.readable("c1")
    assert not office.shown(made["record_id"])["readable"]
    assert office.customers() == ["c1", "c2"]  # no sweep was there yet


def test_what_nobody_registered_is_not_known(office: Retained) -> None:
    place = {"place": "shop", "collection": "customers", "reference": "c9"}
    answer = office.platform("POST", "/v1/records/check", {"records": [place]})
    (view,) = answer.json()["records"]
    assert (view["known"], view["readable"]) == (False, True)
    assert office.platform("GET", f"/v1/records/{'A' * 32}").status == 404


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"place": "nowhere"}, "unaddressable_place"),
        ({"collection": "nothing"}, "unaddressable_place"),
        ({"collection": "orders"}, "unaddressable_place"),  # two fields name its rows
        ({"category": "weather"}, "no_rule"),
    ],
)
def test_what_cannot_stand_under_retention_keeps_out_none_of_the_others(
    office: Retained, said: dict[str, str], problem: str
) -> None:
    body = {"records": [office.said("c1", **said), office.said("c2"), office.said("c2")]}
    answer = office.platform("POST", "/v1/records", body)
    refused, made, twice = answer.json()["records"]
    assert refused["problem"] == problem
    assert made["outcome"] == "created"
    assert twice["problem"] == "duplicate"


def test_a_record_stays_what_it_is(office: Retained) -> None:
    office.register("c1", client="acme")
    (other,) = office.register("c1", client="other")
    assert other["problem"] == "record_disagrees"


def test_a_hundred_come_in_one_call_and_a_hundred_and_one_do_not(office: Retained) -> None:
    many = [f"n{each}" for each in range(101)]
    made = office.register(*many[:100])
    assert {each["outcome"] for each in made} == {"created"}
    bodies = [office.said(each) for each in many]
    assert office.platform("POST", "/v1/records", {"records": bodies}).status == 422


def test_the_reference_and_the_user_stand_nowhere_in_clear(office: Retained) -> None:
    office.put("canary-reference")
    office.register("canary-reference", user_id="canary-user")
    stored = repr(list(records(office.services)))
    assert "canary" not in stored


@pytest.mark.parametrize(
    "said",
    [
        {"triggers": {"last_used": "2026-11-23"}},
        {"triggers": {"tomorrow": "2026-11-23T00:00:00Z"}},
        {"role": "owner"},
        {"client": "PT Maju Jaya"},
        {"reference": ""},
        {"canary": "canary"},
    ],
)
def test_bad_input_stores_nothing_and_is_not_echoed(
    office: Retained, said: dict[str, object]
) -> None:
    before = records(office.services)
    answer = office.platform("POST", "/v1/records", {"records": [office.said("c1", **said)]})
    assert answer.status in {400, 422}, answer.body
    assert "Maju" not in answer.body
    assert "canary" not in answer.body.replace("records.0.canary", "")
    assert records(office.services) == before


def test_of_two_who_register_at_once_one_makes_the_record(office: Retained) -> None:
    meanwhile(office.services, lambda: office.register("c1"))
    (second,) = office.register("c1", triggers={"last_used": rfc3339(office.clock.now() + DAY)})
    assert second["outcome"] == "updated"
    assert second["expiry"]["expires_at"] == rfc3339(office.clock.now() + DAY + YEAR)


def test_registrations_are_in_the_trail(office: Retained) -> None:
    office.register("c1", "c2")
    entries = [each for each in records(office.services) if str(each["pk"]).startswith("TRAIL#rec")]
    assert len(entries) == 1
