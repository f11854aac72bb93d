"""All places of the data map in force, and the search for a person through them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, runtime_checkable

from chalicelib.connectors.datamap.models import DataMap, Dataset, StoreKind
from chalicelib.connectors.places import (
    Description,
    Identities,
    Place,
    PlaceUnavailable,
    Seeds,
    UnknownPlace,
)
from chalicelib.connectors.traversal import order

type BuildPlace = Callable[[Dataset], Place]
type Located = Mapping[str, Seeds | PlaceUnavailable]


@runtime_checkable
class LeadingPlace(Protocol):
    """A place that can be read for what leads to others."""

    def leads(self, seeds: Seeds, addresses: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """What the person's rows hold in the fields `addresses`. Raises `PlaceUnavailable`."""
        ...


class MappedPlaces:
    """`places.Places`: each place is built, when it is asked for, by what builds its kind."""

    def __init__(
        self, data_map: Callable[[], DataMap], builders: Mapping[StoreKind, BuildPlace]
    ) -> None:
        self._data_map = data_map
        self._builders = builders

    def at(self, place_id: str) -> Place:
        """The place. Raises `UnknownPlace`."""
        return self._place(self._connected(self._data_map()), place_id)

    def descriptions(self) -> list[Description]:
        """Every place, each after those that lead to it."""
        data_map = self._data_map()
        connected = self._connected(data_map)
        return [self._place(connected, key).description for key in _ordered(data_map, connected)]

    def locate(self, identities: Identities) -> Located:
        """Where the search of each place begins, for a person with these identities.

        Reads only places that lead to others. A place in which nothing leads to the person has no
        seeds. One that does not answer is told of, and with it those that it leads to: what they
        hold is not known.
        """
        data_map = self._data_map()
        connected = self._connected(data_map)
        located: dict[str, Seeds | PlaceUnavailable] = {}
        values: dict[str, dict[str, set[str]]] = {
            key: _known(dataset, identities) for key, dataset in connected.items()
        }
        for key in _ordered(data_map, connected):
            seeds = Seeds({at: tuple(sorted(each)) for at, each in values[key].items() if each})
            located.setdefault(key, seeds)
            onward = [
                lead
                for lead in data_map.leads
                if lead.source.dataset == key
                and lead.target.dataset in connected
                and lead.target.dataset not in located
            ]
            if not onward:
                continue
            found = self._leads(connected, key, located[key], [e.source.within for e in onward])
            for lead in onward:
                if isinstance(found, PlaceUnavailable):
                    located[lead.target.dataset] = found
                else:
                    looked_up = values[lead.target.dataset].setdefault(lead.target.within, set())
                    looked_up.update(found.get(lead.source.within, ()))
        return located

    def _leads(
        self,
        connected: Mapping[str, Dataset],
        key: str,
        seeds: Seeds | PlaceUnavailable,
        addresses: list[str],
    ) -> Mapping[str, tuple[str, ...]] | PlaceUnavailable:
        if isinstance(seeds, PlaceUnavailable):
            return seeds
        place = self._place(connected, key)
        if not seeds or not isinstance(place, LeadingPlace):
            return {}
        try:
            return place.leads(seeds, addresses)
        except PlaceUnavailable as unavailable:
            return unavailable

    def _connected(self, data_map: DataMap) -> Mapping[str, Dataset]:
        return {key: each for key, each in data_map.datasets.items() if each.kind in self._builders}

    def _place(self, connected: Mapping[str, Dataset], place_id: str) -> Place:
        dataset = connected.get(place_id)
        if dataset is None or dataset.kind is None:
            raise UnknownPlace
        return self._builders[dataset.kind](dataset)


def _ordered(data_map: DataMap, connected: Mapping[str, Dataset]) -> list[str]:
    """The places that hold identities first; in a circle of places, the way back does not count."""
    holding = [key for key, each in connected.items() if each.identities()]
    return order(
        [*holding, *connected],
        [
            (each.source.dataset, each.target.dataset)
            for each in data_map.leads
            if {each.source.dataset, each.target.dataset} <= connected.keys()
        ],
    )


def _known(dataset: Dataset, identities: Identities) -> dict[str, set[str]]:
    """Where the person's identities are looked up; addresses in lower case too."""
    known: dict[str, set[str]] = {}
    for kind, address in dataset.identities():
        if value := identities.get(kind):
            spellings = {value, value.lower()} if kind == "email" else {value}
            known.setdefault(address, set()).update(spellings)
    return known
