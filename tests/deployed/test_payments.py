"""Deeds on the demonstration's payments: the worker's own way, the data map's words, PostgreSQL."""

from pathlib import Path
from typing import Any

import pytest

from chalicelib.connectors.datamap.models import Dataset
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.places import Place, Seeds, Verdict
from chalicelib.services import Services
from infra.local.platform.payments import fill_payments
from infra.local.platform.people import USERS
from infra.local.stack import Stack
from tests.deployed.test_permissions import _session

SITES = Path(__file__).parents[2] / "infra" / "sites"
WHO_LEADS_HERE = """
  - fides_key: jutsoo_platform
    collections:
      - name: users
        fields:
          - name: user_id
"""
MINE, OTHER = USERS[1].user_id, USERS[2].user_id
"""Other tests erase other users."""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    text = (SITES / "jutsoo-payments.yml").read_text("utf-8")
    return read_map(text + WHO_LEADS_HERE).datasets["jutsoo_payments"]


@pytest.fixture(scope="module")
def place(stack: Stack, dataset: Dataset) -> Place:
    """The place as the worker's role sees it."""
    worker = _session(stack, "FulfilRequestsRole")

    def create_client(name: str, **settings: Any) -> Any:
        return worker.client(name, endpoint_url=stack.endpoint_url, **settings)  # type: ignore[call-overload]

    return Services(stack.settings, create_client=create_client)._rds_place(dataset)


def seeds(user_id: str = MINE) -> Seeds:
    return Seeds({"payments.ordered_by": (user_id,), "payment_approvals.user_id": (user_id,)})


def test_who_ordered_and_approved_gets_a_copy(place: Place) -> None:
    rows = list(place.rows(seeds()))
    assert [row.collection for row in rows].count("payments") == 3
    assert [row.collection for row in rows].count("payment_approvals") == 3
    payment = next(dict(row.values) for row in rows if row.collection == "payments")
    assert (payment["amount"], payment["currency"]) == ("1504000.50", "IDR")
    assert payment["labels"] == ["supplier", "monthly"]


def test_an_erasure_keeps_what_the_tax_law_wants_and_no_more(place: Place) -> None:
    rehearsed = place.erase(seeds(), rehearse=True)
    assert len(list(place.rows(seeds()))) == 6
    done = place.erase(seeds(), rehearse=False)
    assert done == rehearsed
    assert done.verdict is Verdict.RETAINED
    assert {(kept.collection, kept.rule, kept.rows) for kept in done.kept} == {
        ("payments", "tax_books", 2),
        ("payment_approvals", "tax_books", 2),
    }
    left = list(place.rows(seeds()))
    assert sorted(str(row.values["payment_id"]) for row in left) == ["2", "3", "5", "6"]
    for row in left:
        assert row.values["restricted"] is True
        for name in ("note", "ip_address"):
            assert row.values.get(name) is None
    again = place.erase(seeds(), rehearse=False)
    assert (again.found, again.changed, again.kept) == (4, 0, done.kept)


def test_nobody_elses_payments_were_touched(place: Place) -> None:
    rows = [row for row in place.rows(seeds(OTHER)) if row.collection == "payments"]
    assert len(rows) == 3
    assert all(row.values["note"] for row in rows)


def test_who_was_erased_does_not_come_back(stack: Stack, place: Place) -> None:
    before = [dict(row.values) for row in place.rows(seeds())]
    fill_payments(stack.session, USERS)
    assert [dict(row.values) for row in place.rows(seeds())] == before


def test_whom_nobody_knows_is_not_found(place: Place) -> None:
    assert place.erase(seeds("nobody"), rehearse=False).verdict is Verdict.NOTHING_FOUND
