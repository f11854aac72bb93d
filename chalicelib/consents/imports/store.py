"""How far imports have come, in clear, in the `records` table: numbers, codes and moments.

pk IMPORT#<import id>

sk IMPORT               client  the client of the platform whose import it is
                        valid, invalid  how many rows were taken, and how many were not
                        outcomes  how many of those that were taken became what: the cursor
                        at, ended  when it was taken in and when it ended, ms since 1970 UTC
                        rev  counts the changes
sk FAULTS               faults  row, field and code of what is wrong with rows, the first 1,000
sk REFUSAL#<row>        code  why a row was not recorded when its turn came
sk PART#<place>         the rows themselves, sealed (part_store.py)

Each has `et`, `v`, and a `ttl`, 30 days after `at`; it counts to the second when it is read.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.consents.imports.models import Fault, Import, Refusal
from chalicelib.errors import Unavailable
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put

IMPORT = Schema("consent_import")
IMPORT_FAULTS = Schema("consent_import_faults")
IMPORT_REFUSAL = Schema("consent_import_refusal")
MOST_REFUSALS = 1000
"""Refused rows that are shown."""
_HEADER, _FAULTS, _REFUSAL = "IMPORT", "FAULTS", "REFUSAL"


class Overtaken(Unavailable):
    """Another worker moved the import on: the rows are its to apply now."""

    code = "import_overtaken"


class ImportStore:
    """Reads imports; makes the writes that move them on."""

    def __init__(self, records: Table, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def get(self, import_id: str) -> Import | None:
        """The import, read consistently; None when there is none (any more)."""
        item = self._records.get(Key(compose("IMPORT", import_id), _HEADER), consistent=True)
        if item is None:
            return None
        import_ = _import_from(IMPORT.lift(item))
        return import_ if self._clock.now() < import_.expires_at else None

    def faults(self, import_id: str) -> list[Fault]:
        """What was wrong with rows that were not taken."""
        item = self._records.get(Key(compose("IMPORT", import_id), _FAULTS), consistent=True)
        if item is None:
            return []
        return [Fault(*each) for each in cast("Any", IMPORT_FAULTS.lift(item)["faults"])]

    def refusals(self, import_id: str) -> list[Refusal]:
        """The first 1,000 rows that were refused when their turn came."""
        page = self._records.query(
            compose("IMPORT", import_id),
            sk_from=compose(_REFUSAL, "0"),
            sk_to=compose(_REFUSAL, "~"),
            limit=MOST_REFUSALS,
            consistent=True,
        )
        return [_refusal_from(IMPORT_REFUSAL.lift(item)) for item in page.items]

    def addition(self, import_: Import, faults: Sequence[Fault]) -> list[Action]:
        """The writes that make the import real."""
        # ABSENT: an id that came twice must not take another import's place.
        actions: list[Action] = [Put(self._records, _header(import_), ABSENT)]
        if faults:
            told: list[Value] = [[each.row, each.field, each.code] for each in faults]
            item = IMPORT_FAULTS.stamp({**_item(import_, _FAULTS), "faults": told})
            actions.append(Put(self._records, item, ABSENT))
        return actions

    def change(self, import_: Import) -> tuple[Import, Action]:
        """The import as it is after the change, and the write of it; it meets `Overtaken`."""
        changed = replace(import_, revision=import_.revision + 1)
        # Of two workers at one row one applies it: the row's writes are in this transaction.
        nobody_else_did = revision_is(import_.revision)
        return changed, Put(self._records, _header(changed), nobody_else_did, Overtaken)

    def refusal(self, import_: Import, refusal: Refusal) -> Action:
        """The write that notes why a row was refused."""
        item = _item(import_, compose(_REFUSAL, f"{refusal.row:06d}"))
        return Put(self._records, IMPORT_REFUSAL.stamp({**item, "code": refusal.code}), ABSENT)


def _item(import_: Import, sk: str) -> Item:
    return {"pk": compose("IMPORT", import_.import_id), "sk": sk, "ttl": import_.ttl}


def _header(import_: Import) -> Item:
    ended = import_.ended_at
    return IMPORT.stamp(
        {
            **_item(import_, _HEADER),
            "client": import_.client_id,
            "valid": import_.valid,
            "invalid": import_.invalid,
            "outcomes": dict(import_.outcomes),
            "at": to_millis(import_.accepted_at),
            "rev": import_.revision,
            **({} if ended is None else {"ended": to_millis(ended)}),
        }
    )


def _import_from(item: Item) -> Import:
    fields = cast("dict[str, Any]", item)
    return Import(
        import_id=fields["pk"].partition("#")[2],
        client_id=fields["client"],
        valid=fields["valid"],
        invalid=fields["invalid"],
        accepted_at=from_millis(fields["at"]),
        outcomes=fields["outcomes"],
        ended_at=from_millis(fields["ended"]) if "ended" in fields else None,
        revision=fields["rev"],
    )


def _refusal_from(item: Item) -> Refusal:
    return Refusal(int(str(item["sk"]).partition("#")[2]), str(item["code"]))
