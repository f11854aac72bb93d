"""Schedules in the `records` table. They hold no personal data and are stored in clear.

pk  SCHEDULE
sk  VERSION#<number, ten digits>: a version, proposed or more, never changed
    json      its canonical text, compressed (zlib)
    sha256    of the text
    at        when it was proposed, ms since 1970 UTC
    by        the id of the member of the staff who proposed it; empty for the operator
    replaces  the number of the version in force then, 0 for none
sk  CURRENT: the version in force
    version   its number
sk  PREVIEW#<number, ten digits>: what that version would do (preview_store.py)
"""

import zlib
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import DomainError
from chalicelib.retention.schedule.models import Version
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Check, Moved, Put

SCHEDULE_VERSION = Schema("schedule_version")
SCHEDULE_POINTER = Schema("schedule_pointer")
PARTITION = "SCHEDULE"
_CURRENT = Key(PARTITION, "CURRENT")


class ScheduleStore:
    """Reads versions; makes the writes that add one and that put one in force."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def current_number(self) -> int:
        """The number of the version in force, read consistently; 0 before the first."""
        item = self._records.get(_CURRENT, consistent=True)
        return cast("int", SCHEDULE_POINTER.lift(item)["version"]) if item else 0

    def newest_number(self) -> int:
        """The number of the version added last, read consistently; 0 before the first."""
        page = self._records.query(
            PARTITION, sk_from=_key(0).sk, limit=1, newest_first=True, consistent=True
        )
        return int(str(page.items[0]["sk"]).rpartition("#")[2]) if page.items else 0

    def get(self, number: int) -> Version | None:
        """The version, read consistently, or None. Raises `UnreadableItem`."""
        item = self._records.get(_key(number), consistent=True)
        if item is None:
            return None
        match SCHEDULE_VERSION.lift(item):
            case {
                "json": bytes(packed),
                "sha256": bytes(sha256),
                "at": int(at),
                "by": str(by),
                "replaces": int(replaces),
            }:
                text = zlib.decompress(packed).decode()
                return Version(number, sha256, from_millis(at), by, replaces, text)
        raise UnreadableItem(SCHEDULE_VERSION.item_type)

    def addition(self, version: Version) -> Action:
        """The write that adds `version`."""
        key = _key(version.number)
        return Put(
            self._records,
            SCHEDULE_VERSION.stamp(
                {
                    "pk": key.pk,
                    "sk": key.sk,
                    "json": zlib.compress(version.text.encode(), 9),
                    "sha256": version.sha256,
                    "at": to_millis(version.proposed_at),
                    "by": version.proposed_by,
                    "replaces": version.replaces,
                }
            ),
            # Of two authors at once one gets the number, and a version is never changed: who
            # approves it approves what they read.
            ABSENT,
            otherwise=Moved,
        )

    def still_in_force(self, number: int, otherwise: type[DomainError]) -> Check:
        """For somebody else's transaction: it fails with `otherwise` once another than version
        `number` (0: none) is in force."""
        stands = _version_is(number) if number else ABSENT
        return Check(self._records, _CURRENT, stands, otherwise)

    def putting_in_force(self, version: Version) -> Action:
        """The write that puts `version` in force in place of the one that it `replaces`."""
        # Of two approvals at once one counts; the other was of a change to what is over.
        return Put(
            self._records,
            SCHEDULE_POINTER.stamp(
                {"pk": _CURRENT.pk, "sk": _CURRENT.sk, "version": version.number}
            ),
            _version_is(version.replaces) if version.replaces else ABSENT,
            otherwise=Moved,
        )


def _version_is(number: int) -> Condition:
    return Condition("#version = :number", {"#version": "version"}, {":number": number})


def _key(number: int) -> Key:
    return Key(PARTITION, compose("VERSION", f"{number:010d}"))
