"""From DynamoDB stream events to what is counted of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.audit.digests import item_from_json
from chalicelib.clock import from_millis
from chalicelib.consents.event_store import CONSENT_EVENT
from chalicelib.consents.models import State
from chalicelib.consents.statistics.models import Cell, Occurrence, Source
from chalicelib.cookies.models import Action, Preference
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import SEPARATOR
from chalicelib.tables.schema import UnreadableItem
from chalicelib.telemetry import log_failure

type Readable[T] = tuple[list[T], int]
"""What could be read, and how many could not: their errors' types are logged."""


def inserted(event: Mapping[str, Any], item_type: str) -> Readable[Item]:
    """The items of `item_type` that a Lambda stream `event` says were inserted.

    All others are passed over. A shard goes on only behind what its reader accepts, so a record
    that makes no sense does not fail.
    """
    items, senseless = _each(event["Records"], lambda record: _item(record, item_type))
    return [item for item in items if item is not None], senseless


def consents(items: Iterable[Item]) -> Readable[Occurrence]:
    """What is counted of events of consents, as they are stored: nothing of them is opened."""
    return _each(items, _consent)


def choices(preferences: Iterable[Preference]) -> Readable[Occurrence]:
    """What is counted of visitors' choices: each of the two categories."""
    pairs, unread = _each(preferences, _choice)
    return [each for pair in pairs for each in pair], unread


def _each[T, V](values: Iterable[T], read: Callable[[T], V]) -> Readable[V]:
    found: list[V] = []
    unread = 0
    for value in values:
        try:
            found.append(read(value))
        except Exception as error:  # noqa: BLE001  # no I/O here: whatever failed, the record made it
            unread += 1
            log_failure(error, "")
    return found, unread


def _item(record: Mapping[str, Any], item_type: str) -> Item | None:
    if record["eventName"] != "INSERT":
        return None
    image = record["dynamodb"]["NewImage"]
    return item_from_json(image) if image.get("et") == {"S": item_type} else None


def _consent(item: Item) -> Occurrence:
    match CONSENT_EVENT.lift(item):
        case {
            "pk": str(pk),
            "sk": str(sk),
            "state": str(state),
            "language": "en" | "id" as language,
            "site": str(site),
            "at": int(at),
        }:
            _, subject_id = pk.split(SEPARATOR)
            _, purpose, _ = sk.split(SEPARATOR)
            day, known = from_millis(at).date(), State(state)
            cell = Cell(day, Source.CONSENTS, purpose, known.value, language, site)
            return Occurrence(cell, subject_id)
    raise UnreadableItem(CONSENT_EVENT.item_type)


def _choice(choice: Preference) -> list[Occurrence]:
    day = choice.recorded_at.date()
    no = State.WITHDRAWN if choice.action is Action.WITHDRAW else State.REFUSED
    answers = {
        "performance": choice.choices.performance,
        "functional": choice.choices.functional,
    }
    return [
        Occurrence(
            Cell(
                day,
                Source.COOKIES,
                category,
                (State.GIVEN if yes else no).value,
                choice.language,
                choice.site,
            ),
            choice.visitor_id,
        )
        for category, yes in answers.items()
    ]
