"""Records are taken away as they were copied: never under a hold, never another than that."""

import pytest

from chalicelib.connectors.disposals import UnknownCollection
from chalicelib.connectors.places import PlaceUnavailable
from chalicelib.connectors.remote.place import AnswersLater, RemotePlace
from tests.contract.moto_tables import Tables
from tests.contract.registers import (
    GUESTS,
    BucketRegister,
    Held,
    Register,
    TableRegister,
    guard,
    hold,
)
from tests.contract.test_dynamodb_place import Interposed
from tests.contract.test_s3_place import once
from tests.maps import register


@pytest.fixture(params=["dynamodb", "s3", "versions"])
def there(request: pytest.FixtureRequest, tables: Tables) -> Register:
    """The register in each kind of store, filled."""
    filled: Register = (
        TableRegister(tables.records.client)
        if request.param == "dynamodb"
        else BucketRegister(tables.s3, versions=request.param == "versions")
    )
    filled.put("guests", *GUESTS)
    return filled


def test_a_copy_is_the_whole_row_and_changes_nothing(there: Register) -> None:
    assert there.place().copies("guests", "1") == [GUESTS[0]]
    assert there.place().copies("guests", "99") == []
    assert there.rows("guests") == GUESTS


def test_what_was_copied_is_taken_and_may_be_again(there: Register, tables: Tables) -> None:
    place = there.place()
    copied = place.copies("guests", "1")
    for _ in range(2):
        place.take("guests", "1", copied, guard(tables))
        assert there.rows("guests") == GUESTS[1:]


def test_older_versions_go_too_whatever_they_hold(tables: Tables) -> None:
    there = BucketRegister(tables.s3, versions=True)
    there.put("guests", {**GUESTS[0], "room": 1})
    there.put("guests", *GUESTS)
    there.place().take("guests", "1", [GUESTS[0]], guard(tables))
    assert (there.rows("guests"), there.versions()) == (GUESTS[1:], 1)


def test_what_somebody_changed_since_stays(there: Register, tables: Tables) -> None:
    changed = {**GUESTS[0], "room": 13}
    copied = there.place().copies("guests", "1")
    there.put("guests", changed)
    with pytest.raises(PlaceUnavailable):
        there.place().take("guests", "1", copied, guard(tables))
    assert there.rows("guests") == [changed, *GUESTS[1:]]


def test_what_somebody_changes_at_that_moment_stays(there: Register, tables: Tables) -> None:
    changed = {**GUESTS[0], "room": 13}
    act = once(lambda: there.put("guests", changed))
    place = there.place(Interposed(there.client, there.write, act))
    with pytest.raises(PlaceUnavailable):
        place.take("guests", "1", [GUESTS[0]], guard(tables))
    assert there.rows("guests") == [changed, *GUESTS[1:]]


def test_a_truth_is_no_number(there: Register, tables: Tables) -> None:
    there.put("guests", {**GUESTS[0], "room": 1})
    with pytest.raises(PlaceUnavailable):
        there.place().take("guests", "1", [{**GUESTS[0], "room": True}], guard(tables))


def test_under_a_hold_nothing_is_taken(there: Register, tables: Tables) -> None:
    copied = there.place().copies("guests", "1")
    hold(tables)
    with pytest.raises(Held):
        there.place().take("guests", "1", copied, guard(tables))
    assert there.rows("guests") == GUESTS


def test_what_cannot_be_named_is_not_copied(there: Register) -> None:
    with pytest.raises(UnknownCollection):
        there.place().copies("nobody", "1")
    with pytest.raises(UnknownCollection):
        there.place().take("nobody", "1", [], ())


def test_a_place_that_answers_later_has_no_copies() -> None:
    place = RemotePlace(register("dynamodb"))
    with pytest.raises(AnswersLater):
        place.copies("guests", "1")
    with pytest.raises(AnswersLater):
        place.take("guests", "1", [], ())
