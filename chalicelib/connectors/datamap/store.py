"""Published data maps in the `records` table. They hold no personal data and are stored in clear.

pk  DATAMAP
sk  VERSION#<number, ten digits>: a version, never changed
    yaml     the file, compressed (zlib): at most 300 KB before, so it always fits into an item
    sha256   of the file
    at       when it was published, ms since 1970 UTC
sk  CURRENT: the version in force
    version  its number, which counts up
"""

import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put

DATA_MAP_VERSION = Schema("data_map_version")
DATA_MAP_POINTER = Schema("data_map_pointer")
_PARTITION = "DATAMAP"
_CURRENT = Key(_PARTITION, "CURRENT")


@dataclass(frozen=True, slots=True)
class Version:
    """A published data map: the YAML file as it was given."""

    number: int
    sha256: bytes
    published_at: datetime
    text: str = field(repr=False)


class DataMapStore:
    """Reads versions; makes the writes that publish one."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def current_number(self) -> int:
        """The number of the version in force, read consistently; 0 before the first."""
        item = self._records.get(_CURRENT, consistent=True)
        return cast("int", DATA_MAP_POINTER.lift(item)["version"]) if item else 0

    def get(self, number: int) -> Version | None:
        """The version, read consistently, or None."""
        item = self._records.get(_key(number), consistent=True)
        if item is None:
            return None
        match DATA_MAP_VERSION.lift(item):
            case {"yaml": bytes(packed), "sha256": bytes(sha256), "at": int(at)}:
                return Version(number, sha256, from_millis(at), zlib.decompress(packed).decode())
        raise UnreadableItem(DATA_MAP_VERSION.item_type)

    def publication(self, version: Version) -> list[Action]:
        """The writes that put `version` in force, in place of the one numbered just before it."""
        before, key = version.number - 1, _key(version.number)
        # Of two authors at once one publishes; the other looks at what came first.
        one_before_stands = Condition(
            "#version = :before", {"#version": "version"}, {":before": before}
        )
        return [
            # ABSENT: a version is never changed, even after the pointer was set back by a restore.
            Put(
                self._records,
                DATA_MAP_VERSION.stamp(
                    {
                        "pk": key.pk,
                        "sk": key.sk,
                        "yaml": zlib.compress(version.text.encode(), 9),
                        "sha256": version.sha256,
                        "at": to_millis(version.published_at),
                    }
                ),
                ABSENT,
                otherwise=Moved,
            ),
            Put(
                self._records,
                DATA_MAP_POINTER.stamp(
                    {"pk": _CURRENT.pk, "sk": _CURRENT.sk, "version": version.number}
                ),
                one_before_stands if before else ABSENT,
                otherwise=Moved,
            ),
        ]


def _key(number: int) -> Key:
    return Key(_PARTITION, compose("VERSION", f"{number:010d}"))
