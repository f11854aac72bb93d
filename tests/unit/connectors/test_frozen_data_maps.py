"""Data maps of every version, frozen: today's code reads what those wrote."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from chalicelib.audit.digests import item_from_json
from chalicelib.connectors.datamap.models import Version
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.datamap.store import DataMapStore
from chalicelib.tables.codec import Item
from chalicelib.tables.table import Table
from tests.unit.connectors.test_frozen_items import Stored

FIXTURES = Path(__file__).parents[1] / "tables" / "fixtures"
MADE = datetime(2026, 11, 23, 10, tzinfo=UTC)


def store_of(name: str) -> DataMapStore:
    item: Item = item_from_json(json.loads((FIXTURES / f"{name}.json").read_text()))
    return DataMapStore(Table(cast("Any", Stored(item)), "records", "jaga-records"))


def read(name: str, number: int) -> Version:
    """The version, whose file is a good map and has the digest that it says."""
    version = store_of(name).get(number)
    assert version is not None
    assert read_map(version.text).datasets["shop"].name == "Shop"
    assert version.sha256 == hashlib.sha256(version.text.encode()).digest()
    return version


def test_data_map_version_1_was_in_force_at_once() -> None:
    version = read("data_map_version.1", 1)
    assert version == Version(1, version.sha256, MADE, "", 0, version.text)


def test_data_map_version_2_knows_who_proposed_it_in_place_of_what() -> None:
    version = read("data_map_version.2", 3)
    assert version == Version(3, version.sha256, MADE, "01JENGINEER", 1, version.text)
    assert store_of("data_map_version.2").newest_number() == 3


def test_data_map_pointer_1() -> None:
    assert store_of("data_map_pointer.1").current_number() == 1
