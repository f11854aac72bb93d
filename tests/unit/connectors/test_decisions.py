"""What becomes of a row: erased, masked, kept by a mandate, corrected, restricted."""

from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.connectors.datamap.models import Collection, Field, Keep, Mark, Masking
from chalicelib.connectors.decisions import correction, erasure, restriction
from chalicelib.connectors.masking import mask_for
from chalicelib.connectors.places import Json
from chalicelib.connectors.stores import Decision, Hold
from chalicelib.inventory.service import mandates
from tests.maps import dataset

MANDATES = mandates()
TODAY = date(2026, 11, 23)
SALT = bytes(32)
SHOP = dataset("shop")
ORDER: dict[str, Json] = {
    "customer_id": "c1",
    "number": 1,
    "total": 90,
    "paid_on": "2020-03-01",
    "address_id": "a1",
    "note": "leave it with Ani",
}
LAST = date(2030, 12, 31)  # ten years after the end of the tax year 2020


def erase(collection: Collection, row: dict[str, Any]) -> Decision:
    return erasure(collection, MANDATES, TODAY, SALT)(row)


def of(name: str) -> Collection:
    return SHOP.collections[name]


def test_a_row_that_nothing_keeps_goes() -> None:
    assert erase(of("customers"), {"id": "c1"}) == Decision(delete=True)


def test_a_mandate_keeps_what_it_wants_masks_the_rest_and_marks_the_row() -> None:
    assert erase(of("orders"), ORDER) == Decision(
        changes={"note": None, "processing": "restricted"},
        holds=(Hold("tax_books", "UU KUP 28(11)", LAST),),
    )


def test_done_again_it_changes_nothing() -> None:
    once = erase(of("orders"), ORDER)
    again = erase(of("orders"), ORDER | dict(once.changes))
    assert again == Decision(holds=once.holds)


@pytest.mark.parametrize(("paid_on", "kept"), [("2016-01-01", True), ("2015-12-31", False)])
def test_a_hold_ends_with_its_last_day(paid_on: str, kept: bool) -> None:
    assert bool(erase(of("orders"), ORDER | {"paid_on": paid_on}).holds) is kept


@pytest.mark.parametrize(("today", "kept"), [(LAST, True), (LAST + timedelta(days=1), False)])
def test_a_row_is_kept_on_the_last_day_itself(today: date, kept: bool) -> None:
    decision = erasure(of("orders"), MANDATES, today, SALT)(ORDER)
    assert (bool(decision.holds), decision.delete) == (kept, not kept)


@pytest.mark.parametrize(
    ("paid_on", "until"),
    [
        ("2025-12-31T20:00:00Z", 2036),  # 1 January, 03:00 in Jakarta
        ("2025-12-31 20:00:00+00", 2036),
        ("2025-12-31T20:00:00.123456789+00:00", 2036),
        ("2026-01-01T03:00:00+07:00", 2036),
        ("2025-12-31T16:59:59Z", 2035),
        ("2026-01-01T01:00:00+09:00", 2035),
        ("2025-12-31T20:00:00", 2035),  # without an offset: the day as it stands there
        ("2025-12-31", 2035),
    ],
)
def test_a_time_is_in_the_tax_year_that_it_is_in_in_jakarta(paid_on: str, until: int) -> None:
    (hold,) = erase(of("orders"), ORDER | {"paid_on": paid_on}).holds
    assert hold.until == date(until, 12, 31)


def test_what_lasts_of_a_kept_row_is_the_same_after_its_erasure() -> None:
    once = erase(of("orders"), ORDER)
    again = erase(of("orders"), ORDER | dict(once.changes))
    other = erase(of("orders"), ORDER | {"total": 91})
    assert once.lasting == again.lasting
    assert once.lasting == {name: value for name, value in ORDER.items() if name != "note"}
    assert other.lasting != once.lasting


@pytest.mark.parametrize(
    "paid_on",
    [
        *(None, "", "last year", 20160101, "2026-13-01"),
        *("2026-01-01T24:99:00Z", "2026-01-01 UTC", "0001-01-01T00:00:00+14:00"),
        *("9999-12-31", "9999-12-31T23:00:00Z"),
    ],
)
def test_a_date_that_cannot_be_read_keeps_the_row_for_nobody_knows_how_long(paid_on: Any) -> None:
    (hold,) = erase(of("orders"), ORDER | {"paid_on": paid_on}).holds
    assert hold.until is None


def test_a_row_without_the_date_is_kept() -> None:
    row = {name: value for name, value in ORDER.items() if name != "paid_on"}
    assert erase(of("orders"), row).holds


def test_a_mandate_without_fields_keeps_the_whole_row() -> None:
    collection = Collection("c", of("orders").fields, keeps=(Keep("tax_books", "paid_on"),))
    assert dict(erase(collection, ORDER).changes) == {}


def test_of_several_mandates_those_that_still_hold_say_what_stays() -> None:
    keeps = (
        Keep("tax_books", "paid_on", frozenset({"total"})),
        Keep("pse_personal_data", "paid_on", frozenset({"note"})),  # five years: over by now
    )
    collection = Collection("c", of("orders").fields, keeps=keeps)
    decided = erase(collection, ORDER)
    assert [hold.rule for hold in decided.holds] == ["tax_books"]
    assert dict(decided.changes) == {"note": None}


def test_personal_fields_are_masked_through_lists_and_keys_stay() -> None:
    row = {
        "id": "a1",
        "street": "Jl. Melati 1",
        "people": [{"name": "Ani", "since": 1}, {"name": None, "since": 2}, {"since": 3}],
    }
    assert erase(of("addresses"), row) == Decision(
        changes={
            "street": None,
            "people": [
                {"name": "someone", "since": 1},
                {"name": None, "since": 2},
                {"since": 3},
            ],
        }
    )


def test_a_row_is_corrected_by_category_where_it_holds_something() -> None:
    decide = correction(of("customers"), {"user.name": "Siti Rahma", "user.unique_id": "c9"})
    assert decide({"id": "c1", "name": "Siti"}) == Decision(changes={"name": "Siti Rahma"})
    assert decide({"id": "c1", "name": "Siti Rahma"}) == Decision()
    assert decide({"id": "c1"}) == Decision()


def test_a_finer_category_is_not_corrected_by_a_coarser_one() -> None:
    decide = correction(of("addresses"), {"user.contact.address": "x"})
    assert decide({"id": "a1", "street": "Jl. Melati 1"}) == Decision()


def test_what_is_restricted_is_corrected_on_request() -> None:
    decide = correction(of("customers"), {"user.name": "Siti Rahma"})
    assert decide({"id": "c1", "name": "Siti", "processing": "restricted"}).alters


def test_what_is_read_only_stays() -> None:
    field = Field("name", ("user.name",), read_only=True)
    collection = Collection("c", {"name": field})
    assert erase(collection, {"name": "Siti"}) == Decision()
    assert correction(collection, {"user.name": "Ani"})({"name": "Siti"}) == Decision()


def test_a_row_is_marked_once_where_the_map_says_how() -> None:
    collection = Collection("c", {"x": Field("x")}, restriction=Mark("x"))
    assert restriction(collection)({}) == Decision(changes={"x": True})
    assert restriction(collection)({"x": True}) == Decision()
    assert restriction(Collection("c", {}))({}) == Decision()


def masked(value: Any, strategy: str, length: int | None = None, **configuration: Any) -> Any:
    field = Field("f", length=length, masking=Masking(strategy, configuration))
    return mask_for(field, SALT)(value)


def test_masking_strategies() -> None:
    suffix: dict[str, Any] = {"format_preservation": {"suffix": "@masked.test"}}
    assert masked("a", "null_rewrite") is None
    assert masked("a", "string_rewrite", rewrite_value="x", **suffix) == "x@masked.test"
    assert masked("a", "string_rewrite", length=2, rewrite_value="xyz") == "xy"
    random = Field("f", masking=Masking("random_string_rewrite", {"length": 5, **suffix}))
    drawn = mask_for(random, SALT)("a")
    assert drawn != mask_for(random, SALT)("a")
    assert len(str(drawn)) == len("12345@masked.test")
    assert masked("a", "hash") == masked("a", "hmac", algorithm="SHA-256") != masked("b", "hash")
    assert len(masked("a", "hash", algorithm="SHA-512")) == 128
    assert len(masked("a", "hash", length=40)) == 40


def test_a_hash_cannot_be_found_by_trying() -> None:
    field = Field("f", masking=Masking("hash"))
    assert mask_for(field, bytes(32))("a") != mask_for(field, bytes([1] * 32))("a")
