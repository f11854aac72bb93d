"""Where the address of somebody is who is only known by an id: other collections of the data map.

Followed are leads between the fields that hold a person's own id, either way, within a place and
across: so the id stays the same, and nobody's employer or colleague is taken for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.connectors.datamap.models import Address, DataMap
from chalicelib.connectors.places import Places
from chalicelib.connectors.reading import ReadablePlace, is_way
from chalicelib.incidents.affected.models import Person
from chalicelib.incidents.affected.sighting import PersonFields, people_in, person_fields


@dataclass(frozen=True, slots=True)
class AddressBook:
    """A collection in which people's addresses are found by their ids."""

    place: str
    collection: str
    fields: PersonFields


def address_books(data_map: DataMap, place: str, collection: str) -> list[AddressBook]:
    """Those that the people of a collection can be looked up in, the nearest first."""
    fields = person_fields(data_map.datasets[place].collections[collection])
    if not fields.user_id:
        return []
    start = Address(place, collection, fields.user_id)
    neighbours = _neighbours(data_map)
    reached, seen = [start], {start}
    for at in reached:  # grows while it is gone through: breadth first
        new = [each for each in neighbours.get(at, ()) if each not in seen]
        reached += new
        seen.update(new)
    return [book for at in reached[1:] if (book := _book_at(data_map, at))]


def with_addresses(
    places: Places, books: Sequence[AddressBook], people: Sequence[Person]
) -> list[Person]:
    """The same people, with addresses and languages as far as the books have them.

    Reads only for those without an address. Raises `PlaceUnavailable`.
    """
    found = list(people)
    for book in books:
        missing = frozenset(each.user_id for each in found if each.user_id and not each.email)
        if not missing:
            break
        place = places.at(book.place)
        if isinstance(place, ReadablePlace):
            known = dict(_read(place, book, missing))
            found = list(map(partial(_completed, known), found))
    return found


def _completed(known: Mapping[str, Person], person: Person) -> Person:
    other = known.get(person.user_id)
    # Only what the book is read for: the client is that of the row, or of none.
    return person if other is None else person.completed_by(replace(other, client=""))


def _read(
    place: ReadablePlace, book: AddressBook, ids: frozenset[str]
) -> Iterator[tuple[str, Person]]:
    fields = book.fields
    for row in place.find(book.collection, fields.paths, {fields.user_id: ids}):
        for person in people_in(row, fields, ""):
            if person.email:
                yield person.user_id, person


def _neighbours(data_map: DataMap) -> dict[Address, list[Address]]:
    own = {
        (key, name): person_fields(each).user_id
        for key, dataset in data_map.datasets.items()
        for name, each in dataset.collections.items()
    }
    inner = (lead for dataset in data_map.datasets.values() for lead in dataset.leads)
    found: dict[Address, list[Address]] = {}
    for lead in dict.fromkeys((*inner, *data_map.leads)):
        ends = lead.source, lead.target
        if all(own.get((each.dataset, each.collection)) == each.path for each in ends):
            for one, other in (ends, ends[::-1]):
                found.setdefault(one, []).append(other)
    return found


def _book_at(data_map: DataMap, at: Address) -> AddressBook | None:
    dataset = data_map.datasets[at.dataset]
    collection = dataset.collections[at.collection]
    fields = person_fields(collection)
    if not fields.email or not is_way(dataset, collection, at.path):
        return None
    return AddressBook(at.dataset, at.collection, fields)
