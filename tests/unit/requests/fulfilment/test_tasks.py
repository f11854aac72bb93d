"""What came of a task, whatever its workers lived to see."""

from datetime import date
from typing import Any

import pytest

from chalicelib.connectors.places import Deed, Kept, Outcome, Verdict
from chalicelib.requests.fulfilment.models import Task
from chalicelib.requests.fulfilment.rules import ending, retained_rules
from chalicelib.requests.rules import Event

TAX = Kept("payments", "tax_books", "UU KUP 28(11)", 2, date(2036, 12, 31))
FOUND = Outcome(5, 5, (TAX,))


def task(deed: Deed = Deed.ERASE, begun: int = 1, **known: Any) -> Task:
    return Task("01JREQUEST", "bank", deed, begun=begun, **known)


@pytest.mark.parametrize("left", [Outcome(0, 0), Outcome(2, 1), Outcome(4, 0, (TAX,)), FOUND])
def test_what_the_law_keeps_is_told_though_a_worker_died_over_the_deed(left: Outcome) -> None:
    """The next one finds less, down to nothing: what led to the kept rows is erased."""
    done = task(prepared=FOUND, outcome=left, begun=2)
    assert done.verdict is Verdict.RETAINED
    assert retained_rules([done]) == ("tax_books",)
    assert ending([done]) is Event.PARTLY_COMPLETED


def test_what_was_erased_before_the_next_worker_came_is_done() -> None:
    again = task(prepared=Outcome(3, 3), outcome=Outcome(0, 0), begun=2)
    assert (again.verdict, again.done) == (Verdict.DONE, Outcome(3, 3))


def test_what_one_worker_did_counts_though_more_was_rehearsed() -> None:
    """Rows came, went and were put under a hold while somebody thought about it."""
    kept = Outcome(2, 0, (TAX,))
    assert task(prepared=Outcome(3, 3), outcome=kept).done == kept
    assert task(prepared=FOUND, outcome=Outcome(1, 1)).verdict is Verdict.DONE


def test_what_somebody_did_by_hand_is_what_they_say() -> None:
    by_hand = task(prepared=FOUND, outcome=Outcome(1, 1), begun=2, resolved_by="22222222")
    assert by_hand.done == Outcome(1, 1)


def test_what_is_found_later_than_rehearsed_counts() -> None:
    done = task(prepared=Outcome(1, 1), outcome=FOUND)
    assert done.done == FOUND


def test_a_rehearsal_alone_is_nothing_done() -> None:
    assert task(prepared=FOUND).verdict is None
    assert retained_rules([task(prepared=FOUND)]) == ()


def test_a_copy_is_done_with_its_parts() -> None:
    assert task(Deed.COPY, prepared=Outcome(2, 0)).verdict is Verdict.DONE
    assert task(Deed.COPY, prepared=Outcome(0, 0)).verdict is Verdict.NOTHING_FOUND
