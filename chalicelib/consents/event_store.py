"""Consents of known people in the `records` table.

    pk STANDING#<subject id>  sk CONSENTS   all that counts of the person (standing_store.py)
    pk CONSENTS#<subject id>  sk EVENT#<purpose>#<record id>   one event, never changed

An event:

    et, v      item type and schema version
    state, before, language, site, at   in clear: what statistics count, when (ms since 1970 UTC)
    sealed     under the person's key: what was shown, how it was said, who acted, what shows it

The person's key makes the history unreadable with the person.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, cast

from chalicelib.audit.canonical import digest
from chalicelib.clock import from_millis, to_millis
from chalicelib.consents.models import (
    Channel,
    ConsentEvent,
    Evidence,
    Guardian,
    Method,
    Relationship,
    Shown,
    State,
)
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Delete, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

CONSENT_EVENT = Schema("consent_event")
NO_SITE = "-"
_EVENT = "EVENT"


class EventStore:
    """Adds and reads events; there is no update."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def addition(self, event: ConsentEvent) -> tuple[Put, str]:
        """The write of `event` and the hash (hex) of what is stored, for the trail.

        ABSENT: no event is ever overwritten. Raises `KeyDestroyed` when the person was erased.
        """
        key = _key(event.subject_id, event.purpose, event.record_id)
        item = CONSENT_EVENT.stamp(
            {
                "pk": key.pk,
                "sk": key.sk,
                "state": event.state.value,
                "before": event.before.value,
                "language": event.shown.language,
                "site": event.evidence.site or NO_SITE,
                "at": to_millis(event.recorded_at),
            }
        )
        item["sealed"] = self._vault.seal(
            Scope.person(event.subject_id), self._context(item), _confidential(event)
        )
        return Put(self._records, item, ABSENT), digest("jaga.consent.v1", item).hex()

    def still_there(self, subject_id: str) -> Action:
        """For an event's transaction: it fails with `KeyDestroyed` if the person was erased."""
        return self._vault.still_there(Scope.person(subject_id))

    def get(self, subject_id: str, purpose: str, record_id: str) -> ConsentEvent | None:
        """One event, read consistently, or None. Raises `KeyDestroyed`."""
        item = self._records.get(_key(subject_id, purpose, record_id), consistent=True)
        return self._opened(item) if item else None

    def page(
        self, subject_id: str, purpose: str, first: str, limit: int, start: Key | None
    ) -> tuple[list[ConsentEvent], Key | None]:
        """`limit` events of one consent from the record `first` on, all of them where it is empty.

        The newest first, after `start`, and where to go on from. Raises `KeyDestroyed`.
        """
        those = f"{compose(_EVENT, purpose)}{SEPARATOR}"
        page = self._records.query(
            _partition(subject_id),
            sk_from=those + first,
            sk_to=f"{those}~",
            limit=limit,
            start=start,
            newest_first=True,
        )
        return [self._opened(item) for item in page.items], page.last

    def all(self, subject_id: str) -> Iterator[ConsentEvent]:
        """Every event of the person. Raises `KeyDestroyed`."""
        for item in self._records.query_all(_partition(subject_id), consistent=True):
            yield self._opened(item)

    def removals(self, subject_id: str, limit: int) -> list[Action]:
        """The deletes of up to `limit` events of a person who was erased."""
        page = self._records.query(_partition(subject_id), limit=limit, consistent=True)
        keys = (Key(str(item["pk"]), str(item["sk"])) for item in page.items)
        return [Delete(self._records, key) for key in keys]

    def removals_of(
        self, subject_id: str, purpose: str, before: str | None, limit: int
    ) -> list[Action]:
        """The deletes of up to `limit` events of one consent, the oldest first; of those only that
        come before the record `before`, if there is one."""
        those = f"{compose(_EVENT, purpose)}{SEPARATOR}"
        page = self._records.query(
            _partition(subject_id),
            sk_from=those,
            sk_to=f"{those}~",
            limit=limit,
            consistent=True,
        )
        keys = (Key(str(item["pk"]), str(item["sk"])) for item in page.items)
        end = None if before is None else those + before
        return [Delete(self._records, key) for key in keys if end is None or key.sk < end]

    def _opened(self, item: Item) -> ConsentEvent:
        item = CONSENT_EVENT.lift(item)
        subject_id = str(item["pk"]).partition(SEPARATOR)[2]
        sealed = cast("bytes", item["sealed"])
        plain = self._vault.open(Scope.person(subject_id), self._context(item), sealed)
        return _event_from(item, json.loads(plain))

    def _context(self, item: Item) -> SealContext:
        # What stands in clear is bound to it: nobody turns a no into a yes beside the seal.
        clear = ("state", "before", "language", "site", "at")
        return SealContext(
            self._records.logical,
            str(item["pk"]),
            str(item["sk"]),
            str(item["et"]),
            cast("int", item["v"]),
            tuple(f"{name}={item[name]!s}" for name in clear),
        )


def _partition(subject_id: str) -> str:
    return compose("CONSENTS", subject_id)


def _key(subject_id: str, purpose: str, record_id: str) -> Key:
    return Key(_partition(subject_id), compose(_EVENT, purpose, record_id))


def _confidential(event: ConsentEvent) -> bytes:
    shown, evidence, guardian = event.shown, event.evidence, event.evidence.guardian
    fields = {
        "notice": [shown.notice_id, shown.version, shown.sha256, shown.pair_sha256],
        "terms": shown.terms_sha256,
        "validity": shown.validity.days,
        "method": evidence.method,
        "channel": evidence.channel,
        "detail": evidence.detail,
        "guardian": guardian and [guardian.relationship, guardian.name, guardian.verified_by],
        "actor": event.actor,
        "occurred_at": to_millis(event.occurred_at),
        "expires_at": event.expires_at and to_millis(event.expires_at),
        "previous": event.previous,
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def _event_from(item: Item, fields: Mapping[str, Any]) -> ConsentEvent:
    _, purpose, record_id = str(item["sk"]).split(SEPARATOR)
    notice_id, version, sha256, pair_sha256 = fields["notice"]
    site = str(item["site"])
    return ConsentEvent(
        record_id=record_id,
        subject_id=str(item["pk"]).partition(SEPARATOR)[2],
        purpose=purpose,
        state=State(str(item["state"])),
        before=State(str(item["before"])),
        shown=Shown(
            notice_id=notice_id,
            version=version,
            sha256=sha256,
            language=cast("Any", item["language"]),
            pair_sha256=pair_sha256,
            terms_sha256=fields["terms"],
            validity=timedelta(days=fields["validity"]),
        ),
        evidence=Evidence(
            method=Method(fields["method"]),
            channel=Channel(fields["channel"]),
            site="" if site == NO_SITE else site,
            detail=fields["detail"],
            guardian=_guardian(fields["guardian"]),
        ),
        actor=fields["actor"],
        occurred_at=from_millis(fields["occurred_at"]),
        recorded_at=from_millis(cast("int", item["at"])),
        expires_at=from_millis(fields["expires_at"]) if fields["expires_at"] else None,
        previous=fields["previous"],
    )


def _guardian(fields: list[str] | None) -> Guardian | None:
    if fields is None:
        return None
    relationship, name, verified_by = fields
    return Guardian(Relationship(relationship), name, verified_by)
