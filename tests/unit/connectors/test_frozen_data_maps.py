"""Published data maps of version 1, frozen: today's code reads what that wrote."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from chalicelib.audit.digests import item_from_json
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.datamap.store import DataMapStore, Version
from chalicelib.tables.codec import Item
from chalicelib.tables.table import Table
from tests.unit.connectors.test_frozen_items import Stored

FIXTURES = Path(__file__).parents[1] / "tables" / "fixtures"


def store_of(name: str) -> DataMapStore:
    item: Item = item_from_json(json.loads((FIXTURES / f"{name}.1.json").read_text()))
    return DataMapStore(Table(cast("Any", Stored(item)), "records", "jaga-records"))


def test_data_map_version_1() -> None:
    version = store_of("data_map_version").get(1)
    assert version is not None
    assert read_map(version.text).datasets["shop"].name == "Shop"
    digest = hashlib.sha256(version.text.encode()).digest()
    assert version == Version(1, digest, datetime(2026, 11, 23, 10, tzinfo=UTC), version.text)


def test_data_map_pointer_1() -> None:
    assert store_of("data_map_pointer").current_number() == 1
