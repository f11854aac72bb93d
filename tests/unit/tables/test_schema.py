"""Versions of stored items: lifting, refusing, and every version ever written, frozen."""

import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

import chalicelib
from chalicelib.audit.digests import LeafBatch, item_from_json, preference_digest
from chalicelib.audit.entry import SCHEMA as ENTRY_SCHEMA
from chalicelib.audit.entry import Entity, Entry
from chalicelib.audit.link import Link
from chalicelib.audit.pointer import link_from
from chalicelib.audit.trail import Head
from chalicelib.consents.statistics.models import Cell, Occurrence, Source
from chalicelib.consents.statistics.store import CellStore
from chalicelib.cookies.site_store import SiteStore
from chalicelib.cookies.store import PREFERENCE
from chalicelib.notices.store import NoticeStore
from chalicelib.notices.telling.models import Outcome, Telling, TellingState
from chalicelib.notices.telling.store import TellingStore
from chalicelib.tables.codec import Item, encode
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table, key_of
from chalicelib.tables.transactions import Put, Update
from chalicelib.vault.ledger import Line
from tests.fakes import START

FIXTURES = Path(__file__).parent / "fixtures"


def rename(item: Item) -> Item:
    return {**{name: value for name, value in item.items() if name != "old"}, "new": item["old"]}


def double(item: Item) -> Item:
    assert isinstance(item["new"], int)
    return {**item, "new": item["new"] * 2}


SCHEMA = Schema("thing", 3, {1: rename, 2: double})


@pytest.mark.parametrize(
    "stored",
    [
        {"et": "thing", "v": 1, "old": 4},
        {"et": "thing", "v": 2, "new": 4},
        {"et": "thing", "v": 3, "new": 8},
    ],
)
def test_every_version_is_lifted_step_by_step(stored: Item) -> None:
    before = dict(stored)
    assert SCHEMA.lift(stored) == {"et": "thing", "v": 3, "new": 8}
    assert stored == before


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"et": "thing"},
        {"v": 1, "old": 4},
        {"et": "other", "v": 1, "old": 4},
        {"et": "thing", "v": 0, "old": 4},
        {"et": "thing", "v": 4, "new": 8},
        {"et": "thing", "v": -1},
        {"et": "thing", "v": "1", "old": 4},
        {"et": "thing", "v": None},
        {"et": "thing", "v": True, "old": 4},
    ],
)
def test_what_cannot_be_lifted_is_refused(stored: Item) -> None:
    with pytest.raises(UnreadableItem):
        SCHEMA.lift(stored)


def test_the_refusal_names_the_type_only() -> None:
    with pytest.raises(UnreadableItem, match=r"^thing$"):
        SCHEMA.lift({"et": "ani@example.com", "v": 1})


def test_a_stamp_is_read_back() -> None:
    assert SCHEMA.lift(SCHEMA.stamp({"new": 1})) == {"new": 1, "et": "thing", "v": 3}


@pytest.mark.parametrize(
    ("version", "upcasters"),
    [
        (2, {}),
        (1, {1: rename}),
        (3, {1: rename}),
        (3, {2: double}),
        (2, {2: double}),
        (0, {0: rename}),
    ],
)
def test_a_schema_without_exactly_its_upcasters_cannot_be(
    version: int, upcasters: dict[int, Callable[[Item], Item]]
) -> None:
    with pytest.raises(ValueError, match="one upcaster"):
        Schema("thing", version, upcasters)


# --- the fixtures: each version ever written stays readable --------------------------------------

ENTITY = Entity("request", "01JREQUEST")


def fixture(name: str) -> Item:
    """A stored item as DynamoDB's JSON."""
    value: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return item_from_json(value)


def test_audit_entry_1() -> None:
    item = fixture("audit_entry.1")
    entry = Entry.from_fields(ENTRY_SCHEMA.lift(item))
    assert (entry.entity, entry.seq, entry.action) == (ENTITY, 1, "request.opened")
    assert entry.hash == item["hash"]
    assert entry.item() == item


def test_trail_head_1() -> None:
    item = fixture("trail_head.1")
    head = Head.from_item(item)
    assert (head.entity, head.seq) == (ENTITY, 1)
    assert head.item() == item
    assert item["due_pk"] == "HEADS#2026-11-23T10"


def test_leaf_batch_1() -> None:
    item = fixture("leaf_batch.1")
    batch = LeafBatch.from_item(item)
    assert batch.digests == (b"\x01" * 32, b"\x02" * 32)
    assert batch.item() == item


def test_erasure_line_1() -> None:
    item = fixture("erasure_line.1")
    line = Line.from_item(item)
    assert (line.kind, line.means, line.rule) == ("record", "delete", "technical_unused")
    assert line.item() == item


def test_checkpoint_pointer_1() -> None:
    assert link_from(fixture("checkpoint_pointer.1")) == Link(7, b"\x07" * 32, 1795428000000)


class Stored:
    """A client that holds one item."""

    def __init__(self, item: Item) -> None:
        self._item = encode(item)

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": self._item}

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": [self._item]}


def records(item: Item) -> Table:
    return Table(cast("Any", Stored(item)), "records", "jaga-records")


def test_site_1() -> None:
    item = fixture("site.1")
    store = SiteStore(records(item))
    site = store.get("jutsoo")
    assert site is not None
    assert (site.revision, site.notice_version) == (1, "2026-11-01.1")
    assert site.cookies == {"performance": ("_ga", "_ga_*")}
    assert store.put_action(site, replaces=None).item == item


def test_notice_version_1() -> None:
    item = fixture("notice_version.1")
    store = NoticeStore(records(item))
    (notice,) = store.versions("cookies-jutsoo")
    assert notice.texts == {"en": {"title": "Cookies"}, "id": {"title": "Kuki"}}
    # What is known of it since: it took effect at once, told nobody and asked nothing.
    assert (notice.takes_effect_at, notice.needs_telling) == (notice.published_at, False)
    assert (notice.significant, dict(notice.asks), dict(notice.summary)) == (False, {}, {})


def test_notice_version_2() -> None:
    item = fixture("notice_version.2")
    store = NoticeStore(records(item))
    (notice,) = store.versions("privacy-policy")
    assert notice.needs_telling
    assert notice.asks == {"third_party_integration": {"validity_days": 730}}
    version, *texts = store.publish_actions(notice)
    assert isinstance(version, Put)
    assert version.item == item
    assert isinstance(texts[0], Put)
    assert texts[0].item == fixture("notice_text.1")


def test_notice_text_1() -> None:
    item = fixture("notice_text.1")
    sha256 = str(item["pk"]).removeprefix("TEXT#")
    assert NoticeStore(records(item)).published_as(sha256) == [("privacy-policy", "2027-01", "en")]


def test_notice_told_1() -> None:
    item = fixture("notice_told.1")
    store = NoticeStore(records(item))
    (version,) = NoticeStore(records(fixture("notice_version.2"))).versions("privacy-policy")
    assert store.told_at(version) == START
    assert store.told_action("privacy-policy", "2027-01", START).item == item


TELLING = Telling(
    "privacy-policy",
    "2027-01",
    TellingState.RUNNING,
    START,
    START + timedelta(days=8),
    START + timedelta(minutes=10),
    round=2,
    part=3,
    after="01JSUBJECT0000000000000003",
    told=7,
    unreachable=1,
    asked=2,
    revision=4,
)


def test_notice_telling_1() -> None:
    item = fixture("notice_telling.1")
    store = TellingStore(records(item))
    assert store.get("privacy-policy", "2027-01") == TELLING
    written = store.change(replace(TELLING, revision=3))
    assert isinstance(written, Put)
    assert written.item == item


def test_notice_told_person_1() -> None:
    item = fixture("notice_told_person.1")
    store = TellingStore(records(item))
    (line,), _ = store.page("privacy-policy", "2027-01", 10, None)
    assert (line.outcome, line.message_id) == (Outcome.QUEUED, "01JMESSAGE")
    written = store.line(TELLING, line)
    assert isinstance(written, Put)
    assert written.item == item


def test_preference_1_keeps_its_digest() -> None:
    item = fixture("preference.1")
    assert PREFERENCE.lift(item) == item
    digest = "649c8e7069a0fb61195d06e04c0a57ce250680b574dbebf8b2945c534f5bd822"
    assert preference_digest(item).hex() == digest


CELL = Cell(date(2026, 11, 23), Source.CONSENTS, "third_party_integration", "given", "id", "-")


def test_statistics_cell_1() -> None:
    item = fixture("statistics_cell.1")
    store = CellStore(records(item))
    assert store.page([CELL.day], 10, None) == ([(CELL, 12)], None)
    _, count = store.additions([Occurrence(CELL, "01JAGA00000000000000000001")], START)
    assert isinstance(count, Update)
    assert {**key_of(count.key), **count.changes.put, "n": 12} == item


def test_counted_record_1() -> None:
    item = fixture("counted_record.1")
    occurrence = Occurrence(CELL, "01JAGA00000000000000000001")
    marker, _ = CellStore(records(item)).additions([occurrence], START)
    assert isinstance(marker, Put)
    assert marker.item == item


def every_schema() -> set[tuple[str, int]]:
    """Type and version of each `Schema` that a module of ours holds, older versions included."""
    found = set()
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        if not module.name.endswith("__main__"):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Schema):
                    found |= {(value.item_type, each + 1) for each in range(value.version)}
    return found


def test_every_version_of_every_item_type_is_frozen() -> None:
    frozen = {
        (name, int(version))
        for name, version in (path.stem.split(".") for path in FIXTURES.glob("*.json"))
    }
    assert frozen == every_schema()
