"""A place in DynamoDB: found by key, index and declared scan; changed only as it was seen."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.connectors.dynamodb import DynamoDbStore
from chalicelib.connectors.places import Outcome, Place, PlaceUnavailable, Seeds, Verdict
from chalicelib.connectors.stored_place import StoredPlace
from chalicelib.inventory.service import mandates
from chalicelib.services import Services
from tests.contract.shop import ADDRESSES, ANI, BY_ADDRESS, CUSTOMERS, ORDERS, SITI, Shop, open_shop
from tests.maps import dataset


@pytest.fixture
def shop(services: Services) -> Shop:
    return open_shop(services)


@pytest.fixture
def place(shop: Shop, services: Services) -> Place:
    return services.places.at("shop")


class Interposed:
    """The client, with something that happens before one of its calls."""

    def __init__(self, client: Any, call: str, before: Callable[[], None]) -> None:
        self._client = client
        self._call = call
        self._before = before

    def __getattr__(self, name: str) -> Any:
        if name == self._call:
            self._before()
        return getattr(self._client, name)


class Dying:
    """The client of a worker that ends after so many writes."""

    def __init__(self, client: Any, writes: int) -> None:
        self._client = client
        self._left = writes

    def __getattr__(self, name: str) -> Any:
        if name in {"delete_item", "update_item"}:
            if self._left == 0:
                raise InterruptedError
            self._left -= 1
        return getattr(self._client, name)


def place_on(client: Any, services: Services) -> StoredPlace:
    store = DynamoDbStore(client, sleep=lambda _seconds: None)
    return StoredPlace(dataset("shop"), store, mandates, services.clock)


def test_everything_of_the_person_is_copied(place: Place) -> None:
    found = [(row.collection, row.values) for row in place.rows(BY_ADDRESS)]
    assert sorted(name for name, _ in found) == [
        "addresses",
        "customers",
        "orders",
        "orders",
        "tickets",
    ]
    (customer,) = [row for name, row in found if name == "customers"]
    assert customer == {"id": "c1", "email": SITI, "name": "Siti", "logins": 7}
    order = next(row for name, row in found if name == "orders")
    assert (order["total"], order["codes"]) == (99.5, ["x", "y"])


def test_erasure_deletes_masks_and_keeps(place: Place, shop: Shop) -> None:
    outcome = place.erase(BY_ADDRESS, rehearse=False)
    assert (outcome.found, outcome.changed, outcome.verdict) == (5, 5, Verdict.RETAINED)
    (kept,) = outcome.kept
    assert (kept.collection, kept.rule, kept.rows, str(kept.until)) == (
        "orders",
        "tax_books",
        1,
        "2035-12-31",
    )
    assert shop.rows("customers") == [{"id": "c2", "email": ANI, "name": "Ani", "logins": 2}]
    assert [order["number"] for order in shop.rows("orders")] == [2, 1]
    (held,) = [each for each in shop.rows("orders") if each["customer_id"] == "c1"]
    assert held == {
        "customer_id": "c1",
        "number": 2,
        "total": 99.5,
        "paid_on": "2025-05-01",
        "address_id": "a-c1",
        "codes": ["x", "y"],
        "processing": "restricted",
    }
    assert {"id": "t1"} in shop.rows("tickets")


@pytest.mark.parametrize("number", ["0", "3"])  # before and behind the one whose end is known
def test_where_one_end_is_not_known_the_end_of_all_is_not(
    place: Place, shop: Shop, number: str
) -> None:
    shop.put("orders", {"customer_id": {"S": "c1"}, "number": {"N": number}})
    (kept,) = place.erase(Seeds({"orders.customer_id": ("c1",)}), rehearse=True).kept
    assert (kept.rows, kept.until) == (2, None)


def test_of_known_ends_the_latest_counts(place: Place, shop: Shop) -> None:
    paid_on = {"paid_on": {"S": "2025-12-31T20:00:00Z"}}  # 2026 in Jakarta
    shop.put("orders", {"customer_id": {"S": "c1"}, "number": {"N": "3"}, **paid_on})
    (kept,) = place.erase(Seeds({"orders.customer_id": ("c1",)}), rehearse=True).kept
    assert (kept.rows, kept.until) == (2, date(2036, 12, 31))


def test_others_rows_stay_as_they_were(place: Place, shop: Shop) -> None:
    place.erase(BY_ADDRESS, rehearse=False)
    assert CUSTOMERS[1] in shop.items("customers")
    assert ORDERS[2] in shop.items("orders")
    assert ADDRESSES[1] in shop.items("addresses")


def test_what_was_not_masked_keeps_its_exact_form(place: Place, shop: Shop) -> None:
    place.erase(BY_ADDRESS, rehearse=False)
    (address,) = [each for each in shop.items("addresses") if each["id"] == {"S": "a-c1"}]
    assert address == {
        "id": {"S": "a-c1"},
        "people": {"L": [{"M": {"name": {"S": "someone"}, "tags": {"SS": ["door"]}}}]},
    }


def test_a_rehearsal_changes_nothing_and_tells_the_same(place: Place, shop: Shop) -> None:
    before = [shop.items(each) for each in ("customers", "orders", "addresses", "tickets")]
    rehearsed = place.erase(BY_ADDRESS, rehearse=True)
    after = [shop.items(each) for each in ("customers", "orders", "addresses", "tickets")]
    assert after == before
    assert place.erase(BY_ADDRESS, rehearse=False) == rehearsed


def test_done_again_nothing_is_found(place: Place) -> None:
    place.erase(BY_ADDRESS, rehearse=False)
    again = place.erase(BY_ADDRESS, rehearse=False)
    assert again == Outcome(0, 0)
    assert again.verdict is Verdict.NOTHING_FOUND


@pytest.mark.parametrize("writes", range(5))
def test_a_worker_that_dies_leaves_the_way_for_the_next(
    shop: Shop, services: Services, writes: int
) -> None:
    with pytest.raises(InterruptedError):
        place_on(Dying(services.dynamodb, writes), services).erase(BY_ADDRESS, rehearse=False)
    place_on(services.dynamodb, services).erase(BY_ADDRESS, rehearse=False)
    texts = [str(shop.rows(each)) for each in ("customers", "orders", "addresses", "tickets")]
    assert SITI not in "".join(texts)
    assert len(shop.rows("orders")) == 2
    assert sum("street" in each for each in shop.rows("addresses")) == 1


def test_a_correction_is_written_and_the_index_follows(place: Place, shop: Shop) -> None:
    values = {"user.name": "Siti Rahmawati"}
    assert place.correct(BY_ADDRESS, values, rehearse=True) == Outcome(5, 2)
    assert place.correct(BY_ADDRESS, values, rehearse=False) == Outcome(5, 2)
    names = {row["id"]: row["name"] for row in shop.rows("customers")}
    assert names == {"c1": "Siti Rahmawati", "c2": "Ani"}
    assert place.correct(BY_ADDRESS, values, rehearse=False) == Outcome(5, 0)


def test_a_new_address_is_corrected_where_it_leads_last(place: Place, shop: Shop) -> None:
    moved = {"user.contact.email": "siti@new.example.test"}
    place.correct(BY_ADDRESS, moved, rehearse=False)
    assert SITI not in str(shop.rows("customers")) + str(shop.rows("tickets"))
    assert place.correct(BY_ADDRESS, moved, rehearse=False).found == 0
    found = place.rows(Seeds({"customers.email": ("siti@new.example.test",)}))
    assert "customers" in {row.collection for row in found}


def test_restriction_marks_once(place: Place, shop: Shop) -> None:
    assert place.restrict(BY_ADDRESS, rehearse=False) == Outcome(5, 3)
    assert place.restrict(BY_ADDRESS, rehearse=False) == Outcome(5, 0)
    marked = [row for row in shop.rows("orders") if row.get("processing") == "restricted"]
    assert {row["customer_id"] for row in marked} == {"c1"}


def test_a_row_that_was_changed_meanwhile_is_decided_on_anew(
    shop: Shop, services: Services
) -> None:
    """The order was unpaid when it was read, and is paid before it is deleted."""
    shop.put("orders", ORDERS[0] | {"note": {"S": "before"}})
    paid = iter([True])

    def pay() -> None:
        if next(paid, False):
            shop.put("orders", ORDERS[0] | {"paid_on": {"S": "2026-01-01"}})

    interposed = Interposed(services.dynamodb, "delete_item", pay)
    outcome = place_on(interposed, services).erase(
        Seeds({"orders.customer_id": ("c1",)}), rehearse=False
    )
    assert outcome.kept[0].rows == 2
    assert {"2026-01-01", "2025-05-01"} == {row["paid_on"] for row in shop.rows("orders")}


def test_a_row_that_is_anothers_by_now_is_left(shop: Shop, services: Services) -> None:
    given = iter([True])

    def give_away() -> None:
        if next(given, False):
            shop.put("customers", CUSTOMERS[0] | {"email": {"S": ANI}})

    interposed = Interposed(services.dynamodb, "delete_item", give_away)
    seeds = Seeds({"customers.email": (SITI,)})
    shop.dynamodb.delete_item(
        TableName="shop-orders", Key={"customer_id": {"S": "c1"}, "number": {"N": "1"}}
    )
    place_on(interposed, services).erase(seeds, rehearse=False)
    assert len(shop.rows("customers")) == 2


def test_a_row_that_never_stands_still_is_left_to_another_try(
    shop: Shop, services: Services
) -> None:
    count = iter(range(100))
    interposed = Interposed(
        services.dynamodb,
        "delete_item",
        lambda: shop.put("customers", CUSTOMERS[0] | {"logins": {"N": str(next(count) + 100)}}),
    )
    shop.dynamodb.delete_item(
        TableName="shop-orders", Key={"customer_id": {"S": "c1"}, "number": {"N": "1"}}
    )
    with pytest.raises(PlaceUnavailable):
        place_on(interposed, services).erase(Seeds({"customers.email": (SITI,)}), rehearse=False)


def test_more_rows_than_a_batch_or_a_page(shop: Shop, services: Services) -> None:
    for number in range(10, 260):
        shop.put("orders", ORDERS[0] | {"number": {"N": str(number)}, "note": {"S": "x" * 5000}})
    seeds = Seeds({"customers.id": tuple(f"c{number}" for number in range(250))})
    rows = [row.collection for row in services.places.at("shop").rows(seeds)]
    assert rows.count("customers") == 2
    assert rows.count("orders") == 253


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "AccessDeniedException"]
)
def test_a_refusal_makes_it_unavailable(shop: Shop, services: Services, code: str) -> None:
    place = place_on(Refusing(services.dynamodb, code), services)
    with pytest.raises(PlaceUnavailable):
        list(place.rows(BY_ADDRESS))


class Refusing:
    """A client whose queries are refused."""

    def __init__(self, client: Any, code: str) -> None:
        self._client = client
        self._code = code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def query(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": self._code}}, "Query")


class Throttled:
    """A client whose batches come half by half."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_get_item(self, **asked: Any) -> Any:
        ((table, wanted),) = asked["RequestItems"].items()
        now, later = wanted["Keys"][:1], wanted["Keys"][1:]
        answer = self._client.batch_get_item(RequestItems={table: wanted | {"Keys": now}})
        unprocessed = {table: wanted | {"Keys": later}} if later else {}
        return {"Responses": answer["Responses"], "UnprocessedKeys": unprocessed}


def test_what_a_batch_left_is_asked_for_again(shop: Shop, services: Services) -> None:
    place = place_on(Throttled(services.dynamodb), services)
    few = Seeds({"customers.id": ("c1", "c2")})
    assert [row.collection for row in place.rows(few)].count("customers") == 2
    many = Seeds({"customers.id": tuple(f"c{number}" for number in range(20))})
    with pytest.raises(PlaceUnavailable):
        list(place.rows(many))


def test_a_table_is_never_scanned_unless_the_map_says_so(shop: Shop, services: Services) -> None:
    place = place_on(services.dynamodb, services)
    with pytest.raises(PlaceUnavailable):
        list(place.rows(Seeds({"customers.name": ("Siti",)})))
