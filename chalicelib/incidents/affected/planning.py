"""From a question to how it is answered: which fields are read of which rows. Pure decisions."""

from dataclasses import dataclass, replace

from chalicelib.connectors.datamap.models import Collection, DataMap, Dataset
from chalicelib.connectors.reading import is_readable, is_way
from chalicelib.connectors.stores import Lookup
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.incidents.affected.addresses import AddressBook, address_books
from chalicelib.incidents.affected.models import Question
from chalicelib.incidents.affected.sighting import PersonFields, person_fields


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered. `lookup` is the way to its rows; None where all are read."""

    question: Question
    people: PersonFields
    fields: tuple[str, ...]
    lookup: Lookup | None
    books: tuple[AddressBook, ...]


def plan(data_map: DataMap, question: Question) -> Plan:
    """The plan, with the fields that the data map knows where the question names none.

    Raises `InvalidInput` where the map in force does not allow it: what is unknown, a collection
    whose rows name nobody, one that may not be read as a whole and no way to the rows.
    """
    dataset = data_map.datasets.get(question.place)
    if dataset is None or dataset.kind is None:
        raise InvalidInput(FieldError("place", "unknown_place"))
    collection = dataset.collections.get(question.collection)
    if collection is None:
        raise InvalidInput(FieldError("collection", "unknown_collection"))
    question = _with_defaults(question, collection)
    _check_fields(question, collection)
    people = person_fields(collection)
    if not (people.user_id or people.email):
        raise InvalidInput(FieldError("collection", "names_nobody"))
    lookup = _way(dataset, collection, question)
    if lookup is None and not is_readable(dataset, collection):
        raise InvalidInput(FieldError("filter", "no_way_to_rows"))
    named = (*people.paths, question.time_field, question.client_field, *question.filter)
    return Plan(
        question,
        people,
        tuple(dict.fromkeys(filter(None, named))),
        lookup,
        tuple(address_books(data_map, question.place, question.collection)),
    )


def _with_defaults(question: Question, collection: Collection) -> Question:
    declared = collection.retention
    if declared is None:
        return question
    asks_time = question.since is not None or question.until is not None
    known = [*declared.triggers.values()]
    # With two moments on a row nobody knows which one is meant.
    time_field = known[0] if asks_time and len(known) == 1 else ""
    return replace(
        question,
        time_field=question.time_field or time_field,
        client_field=question.client_field or declared.client,
    )


def _check_fields(question: Question, collection: Collection) -> None:
    errors = [
        FieldError(name, "unknown_field")
        for name in ("time_field", "client_field")
        if (path := getattr(question, name)) and path not in collection.fields
    ]
    if not question.filter.keys() <= collection.fields.keys():
        errors.append(FieldError("filter", "unknown_field"))
    if bool(question.time_field) != bool(question.since or question.until):
        errors.append(FieldError("time_field", "missing" if not question.time_field else "unused"))
    if errors:
        raise InvalidInput(*errors)


def _way(dataset: Dataset, collection: Collection, question: Question) -> Lookup | None:
    """The first field of the filter that rows are found by."""
    for path, values in sorted(question.filter.items()):
        if is_way(dataset, collection, path):
            return {path: values}
    return None
