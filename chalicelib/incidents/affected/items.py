"""Items of the affected, in the `records` table.

    pk         AFFECTED#<incident id>#<part>      the list in 16 parts: the first digit of the MAC
    sk         <kind>-<MAC>                       the recipient's id
    et, v, rev item type, schema version, changes
    came, at   how and when (ms since 1970 UTC) it came
    removed    whether it was taken off: then it is kept, so that no computation puts it back
    sealed     e-mail, language, user id, client, and why it was removed

    pk         AFFECTED#<incident id>
    sk         COUNTS                             by kind how many, and how many without address:
                                                  moved in the transaction that moves the list
    rev                                           changes of the list, and of what will change it
    final_<kind>                                  once a notice to the kind was approved: nobody of
                                                  it is removed then
    closed                                        while the incident is closed: nobody is put on
                                                  the list then (counts_store.py)

Sealed under one key for the whole incident, bound to `removed`. The id is a MAC of incident, kind,
who it is and, but for subjects, of which client, so that somebody found twice is there once;
nothing can be guessed from it, and lists of two incidents have no id in common.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.affected.models import LISTED, Came, Count, Entry, Person
from chalicelib.incidents.models import Recipient
from chalicelib.notices.models import Language
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem

AFFECTED = Schema("affected_recipient")
AFFECTED_COUNTS = Schema("affected_counts")
PARTS = "0123456789abcdef"
ID_PATTERN = r"^(subjects|clients|controllers)-[0-9a-f]{32}$"
_WITHOUT = "_without_address"


def partition(incident_id: str, part: str) -> str:
    return compose("AFFECTED", incident_id, part)


def key_of_recipient(incident_id: str, recipient_id: str) -> Key:
    digit = recipient_id.partition("-")[2][0]
    return Key(partition(incident_id, digit), recipient_id)


def kind_of(recipient_id: str) -> Recipient:
    """The kind that the id says."""
    return Recipient(recipient_id.partition("-")[0])


def key_of_counts(incident_id: str) -> Key:
    return Key(compose("AFFECTED", incident_id), "COUNTS")


def final_field(kind: Recipient) -> str:
    """The name of what says that nobody of the kind is removed any more."""
    return f"final_{kind.value}"


def clear_item(incident_id: str, entry: Entry) -> Item:
    """The item without what is sealed."""
    key = key_of_recipient(incident_id, entry.recipient_id)
    return AFFECTED.stamp(
        {
            "pk": key.pk,
            "sk": key.sk,
            "rev": entry.revision,
            "came": entry.came.value,
            "at": to_millis(entry.at),
            "removed": entry.is_removed,
        }
    )


def said_of(entry: Entry) -> bytes:
    """What is sealed."""
    person = entry.person
    said = [person.email, person.language, person.user_id, person.client, entry.removed_because]
    return json.dumps(said, separators=(",", ":")).encode()


def entry_from(item: Item, said: bytes) -> Entry:
    """The entry. Raises `UnreadableItem`."""
    match AFFECTED.lift(item):
        case {"sk": str(sk), "rev": int(rev), "came": str(came), "at": int(at)}:
            email, language, user_id, client, because = json.loads(said)
            person = Person(
                kind_of(sk),
                email,
                user_id,
                client,
                cast("Language | None", language),
            )
            return Entry(sk, Came(came), from_millis(at), person, because, rev)
    raise UnreadableItem(AFFECTED.item_type)


def counts_from(item: Item | None) -> dict[Recipient, Count]:
    """By kind; each is there."""
    fields = cast("dict[str, Any]", AFFECTED_COUNTS.lift(item)) if item else {}
    return {
        kind: Count(fields.get(kind.value, 0), fields.get(kind.value + _WITHOUT, 0))
        for kind in LISTED
    }


def count_fields(counts: Mapping[Recipient, Count]) -> dict[str, int]:
    """What is added to the numbers of the item."""
    fields = {kind.value: each.recipients for kind, each in counts.items()}
    fields |= {kind.value + _WITHOUT: each.without_address for kind, each in counts.items()}
    return {name: number for name, number in fields.items() if number}
