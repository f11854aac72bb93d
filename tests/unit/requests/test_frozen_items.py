"""Items of requests as version 1 wrote them: today's code reads them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.requests.copies.models import Copy
from chalicelib.requests.copies.store import DATA_COPY, CopyStore
from chalicelib.requests.items import DATA_REQUEST, listing
from chalicelib.requests.models import Content, DataRequest, RequestType, Status
from chalicelib.requests.register import (
    ASKED_REQUEST,
    PERSON_REQUEST,
    Register,
    asked_actions,
    asked_by,
)
from chalicelib.requests.store import RequestStore
from chalicelib.tables.transactions import Put
from chalicelib.vault.vault import Vault
from tests.unit.identity.test_frozen_items import ADDRESS_INDEX, OneKey, fixture, records

RECEIVED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DATES = tuple(
    replace(each, version="2026.1")
    for each in deadlines({"id": None}, "access", Case(received_at=RECEIVED))
)
REQUEST = DataRequest(
    request_id="01JREQUEST",
    type=RequestType.ACCESS,
    status=Status.OPEN,
    received_at=RECEIVED,
    deadlines=DATES,
    requester=ADDRESS_INDEX,
    tracking=bytes(range(32)),
    messages=("01JMESSAGE",),
    content=Content("siti@example.test", "id", details="Everything."),
    subject_id="01JSUBJECT",
    revision=2,
)


def test_open_request_1() -> None:
    item = fixture("open_request")
    register = Register(records(item), lambda: bytes(32))
    kind = register.kind_of(REQUEST)
    assert register.living("01JSUBJECT", kind) == "01JREQUEST"
    assert register.open_action(REQUEST, "01JSUBJECT", kind).item == item


def test_person_request_1() -> None:
    item = fixture("person_request")
    assert PERSON_REQUEST.lift(item) == item
    register = Register(records(item), lambda: bytes(32))
    assert register.list_action("01JREQUEST", "01JSUBJECT").item == item


def test_asked_request_1() -> None:
    item = fixture("asked_request")
    assert ASKED_REQUEST.lift(item) == item
    table = records(item)
    assert list(asked_by(table, ADDRESS_INDEX)) == ["01JREQUEST"]
    waiting = replace(REQUEST, status=Status.AWAITING_IDENTITY)
    assert [each.item for each in asked_actions(table, waiting) if isinstance(each, Put)] == [item]
    assert asked_actions(table, REQUEST) == []


def test_data_request_1() -> None:
    item = fixture("data_request")
    assert DATA_REQUEST.lift(item) == item
    assert RequestStore(records(item), cast("Vault", OneKey())).get("01JREQUEST") == REQUEST


def test_a_request_is_listed_under_its_next_moment() -> None:
    """48 hours before its date; the form is what the watcher's bound is compared with."""
    assert listing(REQUEST) == {"due_pk": "REQUESTS", "due_sk": "1795514400000#01JREQUEST"}
    assert listing(replace(REQUEST, status=Status.COMPLETED)) == {}


def test_data_copy_1() -> None:
    item = fixture("data_copy")
    assert DATA_COPY.lift(item) == item
    store = CopyStore(records(item))
    copy = Copy(
        request_id="01JREQUEST",
        object_id="01JOBJECT",
        sha256="ab" * 32,
        size=12345,
        released_at=RECEIVED,
        opened_until=RECEIVED + timedelta(hours=24),
        gone_at=RECEIVED + timedelta(days=7),
        links_left=4,
        openings=1,
        revision=2,
    )
    assert store.get("01JREQUEST") == copy
    assert store.put_action(replace(copy, revision=1)).item == item
