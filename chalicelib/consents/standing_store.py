"""What counts of a person's consents: one item, in clear, read by every check (docs/adr/0019).

    pk             STANDING#<subject id>
    sk             CONSENTS
    et, v, rev     item type, schema version, changes
    entries        by purpose: state, record, at, notice, sha256, terms, language, and where they
                   are: expires_at, former, former_until, asked, asked_at, asked_until, first; ids,
                   constants, hashes and ms since 1970 UTC
    reminded       by purpose: the record of whose end the person was told
    restricted_by  the request that restricts all processing but storage (UU PDP 41)
    objected_by    the request that objects to what rests on a legitimate interest
    erased         true once the person is no more: it answers no, for ever
    due_pk/due_sk  CONSENTS and the next moment at which something ends, for the watcher

It stands in a partition of its own: whoever may ask the gate about many people reads no profile.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.consents.models import Entry, Standing, State
from chalicelib.consents.watching_rules import next_moment
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Check, Moved, Put

CONSENT_STANDING = Schema("consent_standing")
WATCHED = "CONSENTS"
"""The bucket of the index `due` that lists what ends by itself."""
_MILLISECOND = timedelta(milliseconds=1)
_MOMENTS = ("expires_at", "former_until", "asked_at", "asked_until")


class StandingStore:
    """Reads standings; makes the writes that move them."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def get(self, subject_id: str, *, consistent: bool = False) -> Standing:
        """Where the person stands; somebody of whom nothing is known has an empty standing.

        Half a read unit, a whole one when `consistent`.
        """
        item = self._records.get(_key(subject_id), consistent=consistent)
        return _standing_from(item) if item else Standing(subject_id)

    def many(self, subject_ids: Iterable[str]) -> dict[str, Standing]:
        """Where up to 100 people stand, in one batch read. Raises `ReadIncomplete`."""
        keys = {each: _key(each) for each in subject_ids}
        items = self._records.batch_get(keys.values())
        return {
            each: _standing_from(items[key]) if key in items else Standing(each)
            for each, key in keys.items()
        }

    def due(self, until: datetime) -> Iterator[str]:
        """Ids of the people one of whose consents has its moment by `until`, the earliest first.

        Half a read unit per 4 KB of the index, however many consents there are.
        """
        before = f"{to_millis(until + _MILLISECOND):013d}"
        for key in self._records.due(WATCHED, before=before):
            yield key.pk.partition(SEPARATOR)[2]

    def first(self, subject_id: str) -> Action:
        """The write of somebody new, of whom nothing counts yet. The gate knows nobody without."""
        return self.change(Standing(subject_id))

    def unchanged(self, standing: Standing) -> Action:
        """A check for a transaction: it meets `Moved` when the standing changed since."""
        stands = revision_is(standing.revision) if standing.revision else ABSENT
        return Check(self._records, _key(standing.subject_id), stands, Moved)

    def change(self, standing: Standing) -> Action:
        """The write of `standing` in place of the one that it was made from (its revision)."""
        item = CONSENT_STANDING.stamp(_item_of(replace(standing, revision=standing.revision + 1)))
        # Two changes at once: the second sees what the first did, and decides anew.
        stands = revision_is(standing.revision) if standing.revision else ABSENT
        return Put(self._records, item, stands, Moved)


def _key(subject_id: str) -> Key:
    return Key(compose("STANDING", subject_id), "CONSENTS")


def _item_of(standing: Standing) -> Item:
    key = _key(standing.subject_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "rev": standing.revision,
        "entries": {purpose: _fields(entry) for purpose, entry in standing.entries.items()},
        "reminded": dict(standing.reminded),
    }
    for name in ("restricted_by", "objected_by"):
        if (request := getattr(standing, name)) is not None:
            item[name] = request
    if standing.erased:
        item["erased"] = True
    if (moment := next_moment(standing)) is not None:
        item |= {"due_pk": WATCHED, "due_sk": f"{to_millis(moment):013d}#{standing.subject_id}"}
    return item


def _fields(entry: Entry) -> dict[str, Value]:
    fields: dict[str, Value] = {
        "state": entry.state.value,
        "record": entry.record_id,
        "at": to_millis(entry.at),
        "notice": entry.notice_id,
        "sha256": entry.notice_sha256,
        "terms": entry.terms_sha256,
        "language": entry.language,
    }
    if entry.former_terms is not None:
        fields["former"] = entry.former_terms
    if entry.asked is not None:
        fields["asked"] = entry.asked
    if entry.first is not None:
        fields["first"] = entry.first
    for name in _MOMENTS:
        if (moment := getattr(entry, name)) is not None:
            fields[name] = to_millis(moment)
    return fields


def _standing_from(item: Item) -> Standing:
    match CONSENT_STANDING.lift(item):
        case {
            "pk": str(pk),
            "rev": int(revision),
            "entries": dict(entries),
            "reminded": dict(reminded),
        }:
            return Standing(
                subject_id=pk.partition(SEPARATOR)[2],
                entries={
                    purpose: _entry_from(cast("Mapping[str, Any]", fields))
                    for purpose, fields in entries.items()
                },
                restricted_by=cast("str | None", item.get("restricted_by")),
                objected_by=cast("str | None", item.get("objected_by")),
                erased=bool(item.get("erased")),
                reminded={purpose: str(record) for purpose, record in reminded.items()},
                revision=revision,
            )
    raise UnreadableItem(CONSENT_STANDING.item_type)


def _entry_from(fields: Mapping[str, Any]) -> Entry:
    return Entry(
        state=State(fields["state"]),
        record_id=fields["record"],
        at=from_millis(fields["at"]),
        notice_id=fields["notice"],
        notice_sha256=fields["sha256"],
        terms_sha256=fields["terms"],
        language=fields["language"],
        former_terms=fields.get("former"),
        asked=fields.get("asked"),
        first=fields.get("first"),
        **{name: from_millis(fields[name]) for name in _MOMENTS if name in fields},
    )
