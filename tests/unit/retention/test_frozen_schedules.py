"""Schedules of every version, frozen: today's code reads what those wrote."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from chalicelib.audit.digests import item_from_json
from chalicelib.retention.schedule.models import Version
from chalicelib.retention.schedule.preview_store import Preview, PreviewStore
from chalicelib.retention.schedule.store import ScheduleStore
from chalicelib.retention.schedule.tally import Counts, Tally
from chalicelib.retention.schedule.text import read_schedule
from chalicelib.tables.codec import Item
from chalicelib.tables.table import Table
from tests.unit.connectors.test_frozen_items import Stored

FIXTURES = Path(__file__).parents[1] / "tables" / "fixtures"
MADE = datetime(2026, 11, 23, 10, tzinfo=UTC)


def table_of(name: str) -> Table:
    item: Item = item_from_json(json.loads((FIXTURES / f"{name}.json").read_text()))
    return Table(cast("Any", Stored(item)), "records", "jaga-records")


def test_schedule_version_1() -> None:
    store = ScheduleStore(table_of("schedule_version.1"))
    version = store.get(3)
    assert version is not None
    assert version == Version(3, version.sha256, MADE, "01JENGINEER", 1, version.text)
    assert version.sha256 == hashlib.sha256(version.text.encode()).digest()
    schedule = read_schedule(version.text)
    assert [each.id for each in schedule.limits] == ["technical_unused"]
    assert set(schedule.mandates) == {"tax_books", "pse_personal_data"}
    assert store.newest_number() == 3


def test_schedule_pointer_1() -> None:
    assert ScheduleStore(table_of("schedule_pointer.1")).current_number() == 3


def test_schedule_preview_1() -> None:
    cells = {
        ("technical", ""): Counts(never=1),
        ("technical", "2027-03"): Counts(
            earlier=1, later=2, newly=3, never=4, unchanged=5, other_means=6, over_at_once=7
        ),
    }
    preview = PreviewStore(table_of("schedule_preview.1")).get(3)
    assert preview == Preview(3, MADE, Tally(cells), "200", MADE, 4)
