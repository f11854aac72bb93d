"""A place lists its rows, and goes on from wherever somebody stopped."""

import gzip
import json
from typing import Any

import pytest

from chalicelib.connectors.disposals import NotAddressable, NotDeclared, UnknownCollection
from chalicelib.connectors.dynamodb import DynamoDbStore
from chalicelib.connectors.places import Place, PlaceUnavailable, Sighting
from chalicelib.connectors.stored_place import StoredPlace
from chalicelib.inventory.service import mandates
from chalicelib.services import Services
from tests.contract.shop import BUCKET, Shop, open_shop
from tests.maps import ENUMERABLE, dataset

VISITS = "visits/1.ndjson.gz"


@pytest.fixture
def shop(services: Services) -> Shop:
    return open_shop(services, ENUMERABLE)


@pytest.fixture
def customers(shop: Shop, services: Services) -> Place:
    for number in range(7):
        seen = {"N": str(number)}
        shop.put("customers", {"id": {"S": f"n{number}"}, "seen": seen, "name": {"S": "Siti"}})
    return services.places.at("shop")


@pytest.fixture
def logs(shop: Shop, services: Services) -> Place:
    return services.places.at("shop_logs")


def in_steps(place: Place, collection: str) -> list[Any]:
    """All rows, by asking anew behind each."""
    found: list[Sighting] = []
    while following := next(
        place.enumerate(collection, found[-1].position if found else "").rows, None
    ):
        found.append(following)
    return [each.values for each in found if each.values is not None]


def at_once(place: Place, collection: str) -> list[Any]:
    rows = place.enumerate(collection, "").rows
    return [each.values for each in rows if each.values is not None]


def test_every_row_of_a_table_comes_once_with_what_is_asked_for(customers: Place) -> None:
    found = at_once(customers, "customers")
    assert sorted(found, key=str) == sorted(
        [*({"id": f"n{n}", "seen": n} for n in range(7)), {"id": "c1"}, {"id": "c2"}], key=str
    )
    assert in_steps(customers, "customers") == found


def test_a_table_is_read_page_by_page_and_no_further_than_asked(
    customers: Place, services: Services
) -> None:
    asked: list[Any] = []

    def two_at_a_time(params: Any, **_: Any) -> None:
        body = {**json.loads(params["body"]), "Limit": 2}
        asked.append(body.get("ExclusiveStartKey"))
        params["body"] = json.dumps(body)

    services.dynamodb.meta.events.register("before-call.dynamodb.Scan", two_at_a_time)
    rows = customers.enumerate("customers", "").rows
    first = next(rows)
    assert len(asked) == 1
    following = list(rows)
    assert len(following) == 8
    assert len(asked) == len({str(each) for each in asked}) > 4
    behind = customers.enumerate("customers", first.position).rows
    assert [next(behind) for _ in following] == following
    assert next(behind, None) is None


def test_what_the_map_does_not_let_be_listed_is_refused(customers: Place) -> None:
    with pytest.raises(UnknownCollection):
        customers.enumerate("nothing", "")
    with pytest.raises(NotAddressable):
        customers.enumerate("orders", "")
    with pytest.raises(NotDeclared):
        customers.enumerate("tickets", "")


def test_a_table_that_may_not_be_scanned_or_is_not_there_does_not_answer(
    shop: Shop, services: Services
) -> None:
    place = services.places.at("shop")
    shop.dynamodb.delete_table(TableName="shop-customers")
    with pytest.raises(PlaceUnavailable):
        next(place.enumerate("customers", "").rows)
    unscanned = dataset("shop", ENUMERABLE.replace("scan: true", "scan: false", 1))
    store = DynamoDbStore(services.dynamodb)
    refused = StoredPlace(unscanned, store, mandates, services.clock)
    with pytest.raises(PlaceUnavailable):
        next(refused.enumerate("customers", "").rows)


def test_every_row_of_every_object_comes_and_objects_without_rows_are_passed(
    logs: Place, shop: Shop
) -> None:
    shop.s3.put_object(Bucket=BUCKET, Key="visits/0", Body=b"")
    expected = [*shop.visits(), {"customer_id": "c2"}]
    assert at_once(logs, "visits") == expected
    assert in_steps(logs, "visits") == expected
    assert logs.enumerate("visits", "").may_repeat


def test_an_object_that_is_another_by_now_begins_anew(logs: Place, shop: Shop) -> None:
    rows = logs.enumerate("visits", "").rows
    position = [next(rows) for _ in range(4)][-1].position
    left = b'{"customer_id": "c8"}\n{"customer_id": "c9"}\n'
    shop.s3.put_object(Bucket=BUCKET, Key=VISITS, Body=gzip.compress(left))
    following = [each.values for each in logs.enumerate("visits", position).rows]
    assert following == [
        {"customer_id": "c8"},
        {"customer_id": "c9"},
        None,
        {"customer_id": "c2"},
        None,
    ]


def test_an_object_that_went_is_passed(logs: Place, shop: Shop) -> None:
    position = next(logs.enumerate("visits", "").rows).position
    shop.s3.delete_object(Bucket=BUCKET, Key=VISITS)
    following = [each.values for each in logs.enumerate("visits", position).rows]
    assert following == [None, {"customer_id": "c2"}, None]
