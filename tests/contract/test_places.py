"""Finding a person through all places: what leads where, and what a place that is down takes."""

from collections.abc import Iterable, Iterator, Mapping

import pytest

from chalicelib.connectors.datamap.models import Dataset, Retention, StoreKind
from chalicelib.connectors.datamap.ours import OwnStore
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.places import (
    Description,
    Disposed,
    Identities,
    Json,
    Listing,
    Outcome,
    PlaceUnavailable,
    Row,
    Seeds,
    UnknownPlace,
)
from chalicelib.connectors.registry import MappedPlaces
from chalicelib.services import Services
from tests.contract.shop import DPO, SITI, open_shop
from tests.maps import BOTH, DESCRIBED

CHAIN = """
dataset:
  - fides_key: last
    meta: {jaga: {kind: s3, bucket: abc, collections: {c: {prefix: "", format: csv}}}}
    collections:
      - name: c
        fields:
          - name: phone
            fides_meta: {references: [{dataset: middle, field: c.phone, direction: from}]}
  - fides_key: middle
    meta: {jaga: {kind: dynamodb, collections: {c: {table: t, key: [id]}}}}
    collections:
      - name: c
        fields:
          - name: id
            fides_meta:
              primary_key: true
              references: [{dataset: first, field: c.id, direction: from}]
          - name: phone
  - fides_key: first
    meta: {jaga: {kind: dynamodb, collections: {c: {table: t, key: [id]}}}}
    collections:
      - name: c
        fields:
          - name: id
          - name: email
            fides_meta: {identity: email}
  - fides_key: apart
    meta: {jaga: {kind: dynamodb, collections: {c: {table: t, key: [id]}}}}
    collections:
      - name: c
        fields:
          - name: email
            fides_meta: {identity: email}
"""


class Told:
    """A place that leads to `values`, or is down when it has none."""

    def __init__(self, dataset: Dataset, values: Mapping[str, tuple[str, ...]] | None) -> None:
        self._dataset = dataset
        self._values = values

    @property
    def description(self) -> Description:
        return Description(self._dataset.key, self._dataset.name, "told", ())

    def leads(self, _seeds: Seeds, addresses: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        if self._values is None:
            raise PlaceUnavailable
        return {name: value for name, value in self._values.items() if name in addresses}

    def rows(self, _seeds: Seeds) -> Iterator[Row]:
        return iter(())

    def erase(self, _seeds: Seeds, *, rehearse: bool) -> Outcome:
        return Outcome(0, 0)

    def correct(self, _seeds: Seeds, _values: Mapping[str, str], *, rehearse: bool) -> Outcome:
        return Outcome(0, 0)

    def restrict(self, _seeds: Seeds, *, rehearse: bool) -> Outcome:
        return Outcome(0, 0)

    def dispose(self, *_: object, **__: object) -> Outcome:
        return Outcome(0, 0)

    def copies(self, *_: object) -> list[Mapping[str, Json]]:
        return []

    def enumerate(self, *_: object) -> Listing:
        return Listing("id", Retention("technical", "controller", {}), iter(()))

    def take(self, *_: object) -> None:
        return None

    def dispose_many(self, *_: object, **__: object) -> Iterator[Disposed]:
        return iter(())


def places(
    told: Mapping[str, Mapping[str, tuple[str, ...]] | None], text: str = CHAIN
) -> MappedPlaces:
    def build(dataset: Dataset) -> Told:
        return Told(dataset, told.get(dataset.key, {}))

    data_map = read_map(text)
    return MappedPlaces(lambda: data_map, {StoreKind.DYNAMODB: build, StoreKind.S3: build})


ME: Identities = {"email": "Siti@example.test"}
BY_EMAIL = Seeds({"c.email": ("Siti@example.test", "siti@example.test")})
FULL: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "first": {"c.id": ("7",)},
    "middle": {"c.phone": ("1", "2")},
}


def test_each_place_is_found_through_the_ones_before() -> None:
    assert places(FULL).locate(ME) == {
        "apart": BY_EMAIL,
        "first": BY_EMAIL,
        "middle": Seeds({"c.id": ("7",)}),
        "last": Seeds({"c.phone": ("1", "2")}),
    }


def test_a_place_that_is_down_takes_only_those_that_depend_on_it() -> None:
    located = places({**FULL, "middle": None}).locate(ME)
    assert located["middle"] == Seeds({"c.id": ("7",)})
    assert isinstance(located["last"], PlaceUnavailable)
    assert located["first"] == located["apart"] == BY_EMAIL


def test_those_behind_the_ones_behind_it_too() -> None:
    located = places({**FULL, "first": None}).locate(ME)
    unavailable = {key for key, each in located.items() if isinstance(each, PlaceUnavailable)}
    assert unavailable == {"middle", "last"}


def test_where_nothing_leads_there_are_no_seeds() -> None:
    located = places({**FULL, "first": {}}).locate(ME)
    assert located["middle"] == located["last"] == Seeds()
    assert not any(places(FULL).locate({}).values())


def test_places_come_after_those_that_lead_to_them() -> None:
    ids = [each.id for each in places(FULL).descriptions()]
    assert ids.index("first") < ids.index("middle") < ids.index("last")


def test_a_circle_of_places_ends() -> None:
    circle = CHAIN.replace(
        "          - name: id\n          - name: email",
        "          - name: id\n"
        "          - name: phone\n"
        "            fides_meta: {references: [{dataset: last, field: c.phone, direction: from}]}\n"
        "          - name: email",
    )
    assert places(FULL, circle).locate(ME) == places(FULL).locate(ME)


@pytest.mark.parametrize("place_id", ["nowhere", "shop"])
def test_there_is_no_place_but_the_connected(place_id: str) -> None:
    with pytest.raises(UnknownPlace):
        places({}, DESCRIBED).at(place_id)
    assert places({}, DESCRIBED).descriptions() == []


def test_the_shop_leads_to_its_logs(services: Services) -> None:
    open_shop(services)
    located = services.places.locate({"email": SITI, "user_id": "unused"})
    assert located == {
        "shop": Seeds({"customers.email": (SITI,), "tickets.from": (SITI,)}),
        "shop_logs": Seeds({"mails.to": (SITI,), "visits.customer_id": ("c1",)}),
    }
    kinds = [(each.id, each.store, each.answers_later) for each in services.places.descriptions()]
    assert kinds == [("shop", "dynamodb", False), ("shop_logs", "s3", False)]
    assert services.places.at("shop").description.categories == ("business",)


def test_without_a_map_there_are_no_places(services: Services) -> None:
    assert services.places.locate({"email": SITI}) == {}


def test_a_new_version_counts_at_once(services: Services) -> None:
    shop = open_shop(services)
    assert len(services.places.descriptions()) == 2
    services.data_maps.publish(DPO, BOTH.partition("  - fides_key: shop_logs")[0])
    assert len(services.places.descriptions()) == 1
    assert shop.mails()


@pytest.mark.parametrize(
    ("theirs", "ours", "place"),
    [("table: shop-orders", "records_table", "shop"), ("shop-logs", "exports_bucket", "shop_logs")],
)
def test_a_map_that_came_past_its_check_makes_no_place_of_what_is_ours(
    services: Services, monkeypatch: pytest.MonkeyPatch, theirs: str, ours: str, place: str
) -> None:
    name = getattr(services.settings, ours)
    text = BOTH.replace(theirs, f"table: {name}" if "table" in theirs else name)
    monkeypatch.setattr(services.data_maps, "map_in_force", lambda: read_map(text))
    with pytest.raises(OwnStore):
        services.places.at(place)
