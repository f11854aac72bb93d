"""Records under retention as items of the `records` table.

    pk        HELD#<record id>
    sk        RECORD
    et, v     item type and schema version
    rev       counts the changes
    place, collection, category, role, client, person, case
              as in models.py; the last three are empty where they are not known
    triggers  what happened when, ms since 1970 UTC
    at        when it was registered, ms
    schedule  the number of the version that its end was computed by
    state     kept, held, failed, archived, disposed
    attempts  counts the sweep's failures in a row
    archive   the sealed copy, once there is one: its `name` in the archive, by which `rule`, from
              when (`at`) and `until` when it is kept, ms; `archived` says that it is all there is
    gone_at, gone_by, means
              when it was disposed of, by which rule, how
    sealed    the reference, under the key of its client's records; gone once it was disposed of
    due_pk    RETAIN#<shard>: all that live, in eight shards, so that many may come at once;
              HELDBY#<hold id> for what waits until that hold is released
    due_sk    <its end, ms, 13 digits>#<record id>; FOREVER for what nothing ends yet
    client_pk CLIENT#<client>, in the index `client`, while it lives; GONE#<client> afterwards

What stands in clear and never changes is bound into the sealed part: whoever can write the table
still cannot have the row of another place disposed of.
"""

import zlib
from datetime import datetime
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.retention.expiry import Archived
from chalicelib.retention.records.models import Copy, Facts, HeldRecord, Place, State
from chalicelib.retention.schedule.models import Means, Role, Trigger
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.vault.sealing import SealContext

HELD_RECORD = Schema("held_record")
SHARDS = 8
LISTED = ("due_pk", "due_sk")
CLIENT_INDEX = "client"
_FOREVER = "9999999999999"
_BOUND = ("place", "collection", "category", "role", "client", "person", "case")


def key_of_record(record_id: str) -> Key:
    """Where the record stands."""
    return Key(compose("HELD", record_id), "RECORD")


def record_id_of(key: Key) -> str:
    """The id of the record that stands there."""
    return key.pk.partition(SEPARATOR)[2]


def shard_of(record_id: str) -> int:
    """Which of the lists a record is in."""
    return zlib.crc32(record_id.encode()) % SHARDS


def bucket_of_shard(shard: int) -> str:
    """The bucket of the index `due` that lists the living records of a shard by their ends."""
    return compose("RETAIN", str(shard))


def bucket_of_hold(hold_id: str) -> str:
    """The bucket of the index `due` that lists what waits for the hold's release."""
    return compose("HELDBY", hold_id)


def client_partition(client: str) -> str:
    """The partition of the index `client` that lists the client's living records."""
    return compose("CLIENT", client)


def gone_partition(client: str) -> str:
    """The partition of the index `client` that lists what was disposed of."""
    return compose("GONE", client)


def moment_key(ends: datetime | None) -> str:
    """A moment as the lists sort it."""
    return _FOREVER if ends is None else f"{to_millis(ends):013d}"


def clear_item(record: HeldRecord) -> Item:
    """All of the record that stands in clear."""
    key, facts = key_of_record(record.record_id), record.facts
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "rev": record.revision,
        "place": record.at.place,
        "collection": record.at.collection,
        "category": facts.category,
        "role": facts.role.value,
        "client": facts.client,
        "person": facts.person,
        "case": facts.case,
        "at": to_millis(record.registered_at),
        **changing(record),
    }
    return HELD_RECORD.stamp(item)


def changing(record: HeldRecord) -> dict[str, Value]:
    """What of the item may change while it lives, and where it is listed."""
    record_id = record.record_id
    changed: dict[str, Value] = {
        "triggers": {name.value: to_millis(at) for name, at in record.triggers.items()},
        "schedule": record.schedule,
        "state": record.state.value,
        "attempts": record.attempts,
    }
    if record.copy:
        changed |= {"archive": _archive(record.copy), "archived": record.archived}
    if record.state is State.DISPOSED:
        if record.facts.client:
            changed["client_pk"] = gone_partition(record.facts.client)
        return changed | {
            "gone_at": to_millis(cast("datetime", record.disposed_at)),
            "gone_by": record.disposed_by,
            "means": cast("Means", record.means).value,
        }
    bucket = bucket_of_shard(shard_of(record_id))
    if record.state is State.HELD:
        bucket = bucket_of_hold(record.held_by)
    changed |= {"due_pk": bucket, "due_sk": f"{moment_key(record.ends)}#{record_id}"}
    if record.facts.client:
        changed["client_pk"] = client_partition(record.facts.client)
    return changed


def context_of(logical: str, item: Item) -> SealContext:
    """What the sealed reference of `item` is bound to."""
    return SealContext(
        logical,
        str(item["pk"]),
        str(item["sk"]),
        HELD_RECORD.item_type,
        HELD_RECORD.version,
        tuple(f"{name}={item[name]!s}" for name in _BOUND),
    )


def record_from(item: Item) -> HeldRecord:
    """The record, unopened. Raises `UnreadableItem`."""
    match HELD_RECORD.lift(item):
        case {
            "pk": str(pk),
            "rev": int(revision),
            "place": str(place),
            "collection": str(collection),
            "category": str(category),
            "role": str(role),
            "client": str(client),
            "person": str(person),
            "case": str(case),
            "triggers": dict(triggers),
            "at": int(at),
            "schedule": int(schedule),
            "state": str(state),
            "attempts": int(attempts),
        }:
            return HeldRecord(
                pk.partition(SEPARATOR)[2],
                Place(place, collection, ""),
                Facts(category, Role(role), client, person, case),
                {Trigger(name): from_millis(cast("int", ms)) for name, ms in triggers.items()},
                from_millis(at),
                schedule,
                _listed_end(item),
                State(state),
                _holding(item),
                attempts,
                *_gone(item),
                _copy(item),
                item.get("archived") is True,
                revision,
            )
    raise UnreadableItem(HELD_RECORD.item_type)


def _listed_end(item: Item) -> datetime | None:
    moment, _, _ = str(item.get("due_sk", _FOREVER)).partition(SEPARATOR)
    return None if moment == _FOREVER else from_millis(int(moment))


def _holding(item: Item) -> str:
    kind, _, hold_id = str(item.get("due_pk", "")).partition(SEPARATOR)
    return hold_id if kind == "HELDBY" else ""


def _archive(copy: Copy) -> dict[str, Value]:
    kept = copy.kept
    return {
        "name": copy.name,
        "rule": kept.rule,
        "at": to_millis(kept.since),
        "until": to_millis(kept.until),
    }


def _copy(item: Item) -> Copy | None:
    match item.get("archive"):
        case {"name": str(name), "rule": str(rule), "at": int(at), "until": int(until)}:
            return Copy(name, Archived(rule, from_millis(at), from_millis(until)))
    return None


def _gone(item: Item) -> tuple[datetime | None, str, Means | None]:
    match item:
        case {"gone_at": int(at), "gone_by": str(rule), "means": str(means)}:
            return from_millis(at), rule, Means(means)
    return None, "", None
