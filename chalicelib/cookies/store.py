"""Visitors' choices in the `preferences` table.

    pk      SITE#<site>#VISITOR#<visitor id>
    sk      EVENT#<event id>
    et, v   item type and schema version
    day     the UTC day of the choice: with the site it names the data key's scope
    ttl     epoch seconds, when DynamoDB may sweep the item
    sealed  everything else

The key makes a repeated event hit its first record. All choices of one site and day share a data
key that dies when the last of them has expired, which makes them unreadable in one delete. With
the key, in the same transaction, comes whatever has to know that there is such a day.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from math import ceil
from typing import Any, cast

from chalicelib.audit.digests import preference_digest, receipt_of
from chalicelib.clock import from_millis, to_millis
from chalicelib.cookies.models import RETENTION, Action, Choices, Preference
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action as Write
from chalicelib.telemetry import log_failure
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

PREFERENCE = Schema("preference")
_LONGEST_HISTORY = 500
_UNREADABLE = (SealBroken, UnreadableItem, LookupError, TypeError, ValueError)
"""What an item raises that somebody else wrote, that was damaged, or that is of a later version."""

type DayBegins = Callable[[str, date], list[Write]]
"""Makes the writes that belong to the first choice of a day (UTC) on a site."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored choice, the receipt of the item it is stored in, and whether this call stored it."""

    preference: Preference
    receipt: str
    created: bool


@dataclass(frozen=True, slots=True)
class History:
    """What could be read of one visitor, in no particular order.

    Not `complete` when an item does not open, or when there are more than 500: whoever decides by
    it must not take what is missing for granted. Choices whose key ended with their day are not
    missing, they are gone.
    """

    recorded: list[Recorded]
    complete: bool


class PreferenceStore:
    """Adds and reads choices; there is no update."""

    def __init__(self, preferences: Table, vault: Vault, day_begins: DayBegins) -> None:
        self._preferences = preferences
        self._vault = vault
        self._day_begins = day_begins

    def add(self, preference: Preference) -> Recorded:
        """Stores `preference` unless its event id is taken; then returns what stands there.

        One conditional write; with the day's key in memory nothing else leaves the process.
        Raises `KeyDestroyed` when what stands there cannot be read any more.
        """
        item = self._item(preference)
        standing = self._preferences.put_new(item)
        if standing is None:
            return Recorded(preference, _receipt(item), created=True)
        opened = self._opened([standing])
        if not opened:
            raise KeyDestroyed
        return opened[0]

    def history(self, site: str, visitor_id: str, *, consistent: bool) -> History:
        """The visitor's choices, expired or not, of one query of at most 500 items.

        Half a read unit per 4 KB, a whole one when `consistent`.
        """
        page = self._preferences.query(
            _partition(site, visitor_id),
            limit=_LONGEST_HISTORY,
            newest_first=True,
            consistent=consistent,
        )
        try:
            return History(self._opened(page.items), complete=page.last is None)
        except _UNREADABLE:
            return History(self._opened_singly(page.items), complete=False)

    def opened(self, items: Sequence[Item]) -> list[Preference]:
        """The choices stored as `items`, as far as they open. One batch read for keys not cached.

        Operators hear of what was tampered with. Raises `ReadIncomplete`.
        """
        try:
            recorded = self._opened(items)
        except _UNREADABLE:
            recorded = self._opened_singly(items)
        return [each.preference for each in recorded]

    def _item(self, preference: Preference) -> Item:
        day = preference.effective_at.date()
        item: Item = {
            "pk": _partition(preference.site, preference.visitor_id),
            "sk": compose("EVENT", preference.event_id),
            "day": day.isoformat(),
            "ttl": ceil(preference.expires_at.timestamp()),
        }
        item = PREFERENCE.stamp(item)
        item["sealed"] = self._vault.seal(
            Scope.visitors(preference.site, day),
            SealContext.of(self._preferences.logical, item),
            _confidential(preference),
            key_expires=_key_expiry(day),
            beside_key=partial(self._day_begins, preference.site, day),
        )
        return item

    def _opened_singly(self, items: Sequence[Item]) -> list[Recorded]:
        """Whatever opens of `items`; what does not was tampered with, and operators hear of it."""
        found: list[Recorded] = []
        for item in items:
            try:
                found += self._opened([item])
            except _UNREADABLE as error:
                log_failure(error, "")
        return found

    def _opened(self, items: Sequence[Item]) -> list[Recorded]:
        sealed = [
            (
                Scope.visitors(_site_of(item), date.fromisoformat(str(item["day"]))),
                SealContext.of(self._preferences.logical, item),
                cast("bytes", item["sealed"]),
            )
            for item in items
        ]
        return [
            Recorded(
                _preference_from(PREFERENCE.lift(item), plaintext), _receipt(item), created=False
            )
            for item, plaintext in zip(items, self._vault.open_many(sealed), strict=True)
            if plaintext is not None
        ]


def _partition(site: str, visitor_id: str) -> str:
    return compose("SITE", site, "VISITOR", visitor_id)


def _site_of(item: Item) -> str:
    return str(item["pk"]).split("#")[1]


def _key_expiry(day: date) -> datetime:
    """The first moment at which every choice of `day` has expired."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1) + RETENTION


def _receipt(item: Item) -> str:
    return receipt_of(preference_digest(item))


def _confidential(preference: Preference) -> bytes:
    # Short names: the whole item must stay under the kilobyte that one write unit pays for.
    return json.dumps(
        {
            "id": preference.record_id,
            "a": preference.action,
            "c": [preference.choices.performance, preference.choices.functional],
            "n": preference.notice_sha256,
            "l": preference.language,
            "g": [preference.gpc_script, preference.gpc_header],
            "o": preference.origin,
            "s": preference.source,
            "b": preference.banner_build,
            "t": to_millis(preference.occurred_at),
            "r": to_millis(preference.recorded_at),
        },
        separators=(",", ":"),
    ).encode()


def _preference_from(item: Item, plaintext: bytes) -> Preference:
    fields: dict[str, Any] = json.loads(plaintext)
    performance, functional = fields["c"]
    gpc_script, gpc_header = fields["g"]
    _, site, _, visitor_id = str(item["pk"]).split("#")
    return Preference(
        record_id=fields["id"],
        event_id=str(item["sk"]).removeprefix("EVENT#"),
        visitor_id=visitor_id,
        site=site,
        action=Action(fields["a"]),
        choices=Choices(performance, functional),
        notice_sha256=fields["n"],
        language=fields["l"],
        gpc_script=gpc_script,
        gpc_header=gpc_header,
        origin=fields["o"],
        source=fields["s"],
        banner_build=fields["b"],
        occurred_at=from_millis(fields["t"]),
        recorded_at=from_millis(fields["r"]),
    )
