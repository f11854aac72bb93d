"""How far the preview of a version has come, in clear, in the `records` table: numbers only.

pk  SCHEDULE
sk  PREVIEW#<number of the version, ten digits>
    cells    [category, month, each of the counts] for each cell, as JSON, compressed (zlib)
    cursor   the place in the stock behind the last page that was counted; missing at its beginning
    started  when the count was asked for, ms since 1970 UTC: "over at once" means then
    ended    when all was counted; missing before
    rev      counts the changes: a page is counted with the change that moves the cursor behind it
"""

import json
import zlib
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.retention.schedule.errors import PreviewOvertaken
from chalicelib.retention.schedule.store import PARTITION
from chalicelib.retention.schedule.tally import Counts, Tally
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put

SCHEDULE_PREVIEW = Schema("schedule_preview")


@dataclass(frozen=True, slots=True)
class Preview:
    """What the version `number` would do to what was counted so far; to all once it `ended_at`."""

    number: int
    started_at: datetime
    tally: Tally = field(default_factory=Tally)
    cursor: str | None = None
    ended_at: datetime | None = None
    revision: int = 1


class PreviewStore:
    """Reads previews; makes the writes that move them on."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def get(self, number: int) -> Preview | None:
        """The preview of the version, read consistently, or None."""
        item = self._records.get(_key(number), consistent=True)
        return None if item is None else _preview_from(number, SCHEDULE_PREVIEW.lift(item))

    def addition(self, preview: Preview) -> Action:
        """The write that begins it."""
        # ABSENT: a count that has begun is not set back.
        return Put(self._records, _item(preview), ABSENT)

    def change(self, preview: Preview) -> tuple[Preview, Action]:
        """The preview as it is after the change, and its write; it meets `PreviewOvertaken`."""
        changed = replace(preview, revision=preview.revision + 1)
        # Of two workers at one page one counts it.
        nobody_else_did = revision_is(preview.revision)
        return changed, Put(self._records, _item(changed), nobody_else_did, PreviewOvertaken)


def _key(number: int) -> Key:
    return Key(PARTITION, compose("PREVIEW", f"{number:010d}"))


def _item(preview: Preview) -> Item:
    key, ended = _key(preview.number), preview.ended_at
    cells = [[*cell, *astuple(counts)] for cell, counts in sorted(preview.tally.cells.items())]
    return SCHEDULE_PREVIEW.stamp(
        {
            "pk": key.pk,
            "sk": key.sk,
            "cells": zlib.compress(json.dumps(cells, separators=(",", ":")).encode(), 9),
            "started": to_millis(preview.started_at),
            "rev": preview.revision,
            **({} if preview.cursor is None else {"cursor": preview.cursor}),
            **({} if ended is None else {"ended": to_millis(ended)}),
        }
    )


def _preview_from(number: int, item: Item) -> Preview:
    fields = cast("dict[str, Any]", item)
    cells = json.loads(zlib.decompress(fields["cells"]))
    return Preview(
        number,
        from_millis(fields["started"]),
        Tally({(category, month): Counts(*counts) for category, month, *counts in cells}),
        fields.get("cursor"),
        from_millis(fields["ended"]) if "ended" in fields else None,
        fields["rev"],
    )
