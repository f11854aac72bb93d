"""Holds in the `records` table.

    pk           HOLD#<hold id>
    sk           HOLD
    et, v, rev   item type, schema version, changes
    kind, value  the target, by opaque ids (retention/targets.py)
    owner        who answers for it, an id of the staff; `by` who placed it, `at` when
    review       when somebody has to look at it again
    reminders    how many went out for that date
    released     when it was released, `released_by` by whom; both missing while it is active
    sealed       ground, citation and the release's reason, under the hold's own scope and bound to
                 the target
    due_pk       HOLDREVIEW, with due_sk, the review date (13 digits) and the id, while it is
                 active: the list of all active holds

    pk           HOLDS#<kind>#<value>
    sk           STATE
    holds        the ids of the active holds on the target, at most 50; `active` their number

Times are ms since 1970 UTC. The state is what an erasure asks in its own transaction. It stays when
the last hold goes: its revision must not begin anew under somebody who read it before.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import DomainError
from chalicelib.retention.holds.models import ID_PATTERN, Held, Hold, Standing
from chalicelib.retention.targets import Target, TargetKind
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, Condition, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Check, Moved, Put, Update
from chalicelib.tables.updates import Changes
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

LEGAL_HOLD = Schema("legal_hold")
HOLD_STATE = Schema("hold_state")
ACTIVE = "HOLDREVIEW"
"""The bucket of the index `due` that lists the active holds by their review dates."""
_ID = re.compile(ID_PATTERN)
_LISTED = ("due_pk", "due_sk")
_MILLISECOND = timedelta(milliseconds=1)
_NOT_HELD = Condition(
    "attribute_not_exists(pk) OR #active = :none", {"#active": "active"}, {":none": 0}
)
"""No hold is on the target: of an erasure and a placement at once, one does not happen."""
_NOT_RELEASED = Condition(
    "attribute_exists(pk) AND attribute_not_exists(#released)", {"#released": "released"}
)


class HoldStore:
    """Reads holds and makes the writes that change them."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, hold_id: str) -> Hold | None:
        """The hold, opened, read consistently, or None; also for an id that cannot be one."""
        item = self._item(hold_id)
        if item is None:
            return None
        scope, context = Scope.hold(hold_id), self._context(item)
        said = json.loads(self._vault.open(scope, context, cast("bytes", item["sealed"])))
        return _hold_from(item, said)

    def seen(self, hold_id: str) -> Hold | None:
        """The hold as far as it stands in clear, read consistently, or None."""
        item = self._item(hold_id)
        return _hold_from(item, {}) if item else None

    def many(self, hold_ids: Iterable[str]) -> list[Hold]:
        """The holds as far as they stand in clear, in order, without those that are not there.

        One consistent batch read per hundred. Raises `ReadIncomplete`.
        """
        keys = [_key(each) for each in hold_ids]
        found = self._records.batch_get(keys, consistent=True)
        return [_hold_from(found[key], {}) for key in keys if key in found]

    def page(self, limit: int, start: Key | None) -> tuple[list[str], Key | None]:
        """`limit` ids of active holds after `start`, the earliest review first, and where to go on
        from. The index lags by moments."""
        keys, last = self._records.due_page(ACTIVE, limit, start)
        return list(_ids(keys)), last

    def to_review(self, until: datetime) -> Iterator[str]:
        """The ids of the active holds whose review date is `until` or before, the earliest first.

        Half a read unit per 4 KB of the index, whatever else is held.
        """
        before = f"{to_millis(until + _MILLISECOND):013d}"
        return _ids(self._records.due(ACTIVE, before=before))

    def standing(self, target: Target) -> Standing:
        """The active holds on `target`, read consistently."""
        item = self._records.get(_state_key(target), consistent=True)
        return _standing_from(target, item) if item else Standing(target)

    def standings(self, targets: Iterable[Target]) -> list[Standing]:
        """The active holds on each of `targets`, in one consistent batch read per hundred.

        Raises `ReadIncomplete`.
        """
        wanted = list(dict.fromkeys(targets))
        found = self._records.batch_get(map(_state_key, wanted), consistent=True)
        return [
            _standing_from(target, found[key])
            if (key := _state_key(target)) in found
            else Standing(target)
            for target in wanted
        ]

    def addition(self, hold: Hold) -> list[Action]:
        """The writes of a new hold and of its key."""
        key = _key(hold.hold_id)
        item = LEGAL_HOLD.stamp(
            {
                "pk": key.pk,
                "sk": key.sk,
                "rev": 1,
                "kind": hold.target.kind.value,
                "value": hold.target.value,
                "owner": hold.owner,
                "by": hold.placed_by,
                "at": to_millis(hold.placed_at),
                **_moving(hold),
            }
        )
        item["sealed"], key_writes = self._vault.seal_first(
            Scope.hold(hold.hold_id), self._context(item), _said(hold)
        )
        # ABSENT: an id that came twice must not replace a hold.
        return [Put(self._records, item, ABSENT), *key_writes]

    def review(self, hold: Hold) -> Action:
        """The write of the review date and the count of reminders, in clear, of an active hold."""
        return self._change(hold, Changes(put=_moving(hold), add={"rev": 1}))

    def release(self, hold: Hold) -> Action:
        """The write that ends the hold, with the reason, and takes it from the list."""
        item = self._context_of(hold)
        if hold.released_at is None or hold.released_by is None:
            raise ValueError("the hold is not released")
        put: dict[str, Value] = {
            "released": to_millis(hold.released_at),
            "released_by": hold.released_by,
            "sealed": self._vault.seal(Scope.hold(hold.hold_id), item, _said(hold)),
        }
        return self._change(hold, Changes(put=put, add={"rev": 1}, remove=_LISTED))

    def change_standing(self, standing: Standing) -> Action:
        """The write of the holds on a target in place of those that it was made from."""
        key = _state_key(standing.target)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "rev": standing.revision + 1,
            "holds": list(standing.holds),
            "active": len(standing.holds),
        }
        # Two placements, or a placement and a release: the second sees what the first did.
        unmoved = revision_is(standing.revision) if standing.revision else ABSENT
        return Put(self._records, HOLD_STATE.stamp(item), unmoved, Moved)

    def still_active(self, hold_id: str, otherwise: type[DomainError]) -> Check:
        """For somebody else's transaction: it fails with `otherwise` once the hold is released."""
        return Check(self._records, _key(hold_id), _NOT_RELEASED, otherwise)

    def check(self, target: Target) -> Check:
        """For somebody else's transaction: it fails with `Held` while a hold is on `target`."""
        return Check(self._records, _state_key(target), _NOT_HELD, Held)

    def _change(self, hold: Hold, changes: Changes) -> Action:
        # A reminder, a review and a release meet: what was decided on the old one is decided anew.
        return Update(self._records, _key(hold.hold_id), changes, revision_is(hold.revision), Moved)

    def _item(self, hold_id: str) -> Item | None:
        if not _ID.fullmatch(hold_id):
            return None
        item = self._records.get(_key(hold_id), consistent=True)
        return LEGAL_HOLD.lift(item) if item else None

    def _context(self, item: Item) -> SealContext:
        """Bound to the target: a ground opens for nothing but what it was given for."""
        place = SealContext.of(self._records.logical, item)
        return place._replace(bound=(f"kind={item['kind']!s}", f"value={item['value']!s}"))

    def _context_of(self, hold: Hold) -> SealContext:
        key, target = _key(hold.hold_id), hold.target
        item: Item = {"pk": key.pk, "sk": key.sk, "kind": target.kind.value, "value": target.value}
        return self._context(LEGAL_HOLD.stamp(item))


def _moving(hold: Hold) -> dict[str, Value]:
    review = to_millis(hold.review_at)
    return {
        "review": review,
        "reminders": hold.reminders,
        "due_pk": ACTIVE,
        "due_sk": f"{review:013d}{SEPARATOR}{hold.hold_id}",
    }


def _said(hold: Hold) -> bytes:
    said = {"ground": hold.ground, "citation": hold.citation, "reason": hold.reason}
    return json.dumps(said).encode()


def _ids(keys: Iterable[Key]) -> Iterator[str]:
    return (key.pk.partition(SEPARATOR)[2] for key in keys)


def _key(hold_id: str) -> Key:
    return Key(compose("HOLD", hold_id), "HOLD")


def _state_key(target: Target) -> Key:
    return Key(compose("HOLDS", target.kind.value, target.value), "STATE")


def _standing_from(target: Target, item: Item) -> Standing:
    match HOLD_STATE.lift(item):
        case {"holds": list(holds), "rev": int(revision)}:
            return Standing(target, tuple(map(str, holds)), revision)
    raise UnreadableItem(HOLD_STATE.item_type)


def _hold_from(item: Item, said: dict[str, Any]) -> Hold:
    match LEGAL_HOLD.lift(item):
        case {
            "pk": str(pk),
            "rev": int(revision),
            "kind": str(kind),
            "value": str(value),
            "owner": str(owner),
            "by": str(placed_by),
            "at": int(at),
            "review": int(review),
            "reminders": int(reminders),
        }:
            released = cast("int | None", item.get("released"))
            return Hold(
                pk.partition(SEPARATOR)[2],
                Target(TargetKind(kind), value),
                said.get("ground", ""),
                said.get("citation", ""),
                owner,
                placed_by,
                from_millis(at),
                from_millis(review),
                cast("str | None", item.get("released_by")),
                None if released is None else from_millis(released),
                said.get("reason", ""),
                reminders,
                revision,
            )
    raise UnreadableItem(LEGAL_HOLD.item_type)
