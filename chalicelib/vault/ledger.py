"""The erasure ledger: what was destroyed, when, by which means and rule. Ids only.

What is destroyed gets its line in the transaction that destroys it, so nothing goes without a line
and no line stands for what is still there. Lines are in the table `audit`, which is append-only and
is not restored together with `records` and `keys`: after a restore of those they say what has to go
again (chalicelib/retention/replay).

    pk      LEDGER#<UTC hour of `at`>
    sk      <at, 13 digits>#<kind>/<id>
    et, v   item type and schema version
    at      when, ms since 1970 UTC
    kind    `key`: the data key of a scope; `record`: a record under retention
    id      the scope's value, or the record's id
    means   destroy_key, or how the record went
    rule    in whose name
    facts   of a record: place, collection, category, role, client, run; constants and opaque ids

A destroyed scope also has a mark, `ERASURE#<scope>` / `LEDGER` in `records`, which every making of
a key checks. It is for that check alone, and goes back in time with a restore of `records`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self, cast

from chalicelib.clock import Clock, from_millis, rfc3339, to_millis
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Check, Put
from chalicelib.vault.errors import KeyDestroyed
from chalicelib.vault.keys import Scope

KEY, RECORD = "key", "record"
PREFIX = "LEDGER"
_DESTROY_KEY = "destroy_key"
_ERASURE = Schema("erasure")
_LINE = Schema("erasure_line")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was destroyed at `at` (ms since 1970 UTC); the other fields as above."""

    at: int
    kind: str
    id: str
    means: str
    rule: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """The line stored as `item`. Raises `UnreadableItem`."""
        match _LINE.lift(item):
            case {
                "at": int(at),
                "kind": str(kind),
                "id": str(id_),
                "means": str(means),
                "rule": str(rule),
                "facts": dict(facts),
            }:
                return cls(at, kind, id_, means, rule, cast("Mapping[str, str]", facts))
        raise UnreadableItem(_LINE.item_type)

    @property
    def moment(self) -> datetime:
        """`at` as an aware UTC time."""
        return from_millis(self.at)

    def item(self) -> Item:
        """The line as the audit table stores it."""
        return _LINE.stamp(
            {
                "pk": lines_bucket(self.at),
                "sk": compose(f"{self.at:013d}", f"{self.kind}/{self.id}"),
                "at": self.at,
                "kind": self.kind,
                "id": self.id,
                "means": self.means,
                "rule": self.rule,
                "facts": dict(self.facts),
            }
        )


class ErasureLedger:
    """Makes the writes that note what is destroyed, and the check that nothing of it returns."""

    def __init__(self, records: Table, audit: Table, clock: Clock) -> None:
        self._records = records
        self._audit = audit
        self._clock = clock

    def key_actions(self, scope: Scope, rule: str) -> list[Action]:
        """The mark and the line of a scope whose key goes now, in the name of `rule`."""
        now = self._clock.now()
        return [
            self.mark(scope, now),
            self._addition(Line(to_millis(now), KEY, scope.value, _DESTROY_KEY, rule)),
        ]

    def record_action(
        self, record_id: str, at: datetime, means: str, rule: str, facts: Mapping[str, str]
    ) -> Action:
        """The line of a record that went at `at` (aware). `facts` as in the module's layout."""
        return self._addition(Line(to_millis(at), RECORD, record_id, means, rule, facts))

    def mark(self, scope: Scope, at: datetime) -> Action:
        """The write that lets no key of `scope` be made any more; it was destroyed at `at`."""
        key = _mark_key(scope)
        return Put(self._records, _ERASURE.stamp({"pk": key.pk, "sk": key.sk, "at": rfc3339(at)}))

    def is_marked(self, scope: Scope) -> bool:
        """Whether the scope has its mark, read consistently."""
        return self._records.get(_mark_key(scope), consistent=True) is not None

    def never_destroyed(self, scope: Scope) -> Action:
        """A check for a transaction: it fails with `KeyDestroyed` if the scope has its mark."""
        return Check(self._records, _mark_key(scope), ABSENT, KeyDestroyed)

    def _addition(self, line: Line) -> Action:
        # ABSENT: a line is never replaced. One thing is not destroyed twice in a millisecond.
        return Put(self._audit, line.item(), ABSENT)


def lines_bucket(at: int) -> str:
    """The partition of the audit table that takes the lines of the UTC hour of `at` (ms)."""
    return compose(PREFIX, f"{from_millis(at):%Y-%m-%dT%H}")


def is_line(item: Item) -> bool:
    """Whether an item of the audit table is a line."""
    return str(item["pk"]).startswith(PREFIX + SEPARATOR)


def _mark_key(scope: Scope) -> Key:
    return Key(compose("ERASURE", scope.value), "LEDGER")
