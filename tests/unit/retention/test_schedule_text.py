"""Schedules as text: what is refused, what stays the same, what the standard one says."""

import json
from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.retention.schedule import text
from chalicelib.retention.schedule.models import Means, Period, Role, Trigger, Unit
from chalicelib.retention.schedule.text import (
    ScheduleText,
    StandardInvalid,
    read_schedule,
    standard,
)

GOOD = json.loads(standard().canonical())


def changed(path: str, value: Any) -> Any:
    """The standard schedule with another value at `path`; None takes it away."""
    document = deepcopy(GOOD)
    *parents, last = (int(each) if each.isdigit() else each for each in path.split("."))
    place: Any = document
    for each in parents:
        place = place[each]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


def parse(document: Any) -> ScheduleText:
    return ScheduleText.model_validate_json(json.dumps(document))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("limits", []),
        ("limits", None),
        ("surplus", 1),
        ("limits", 201 * [GOOD["limits"][0]]),
        ("limits.0.id", "Transactional"),
        ("limits.0.id", 49 * "a"),
        ("limits.0.id", "tax_books"),
        ("limits.1.id", "transactional"),
        ("mandates.1.id", "tax_books"),
        ("limits.0.label", {"en": "only"}),
        ("limits.0.label.id", ""),
        ("limits.0.label.en", 301 * "a"),
        ("limits.0.label.fr", "trop"),
        ("limits.0.roles", []),
        ("limits.0.roles", ["owner"]),
        ("limits.0.categories", []),
        ("limits.0.categories", ["Financial"]),
        ("limits.0.categories", ["two words"]),
        ("limits.0.categories", [f"c{each}" for each in range(41)]),
        ("limits.0.trigger", "choice"),
        ("limits.0.trigger", None),
        ("limits.0.period", {"amount": 1, "unit": "weeks"}),
        ("limits.0.period.amount", -1),
        ("limits.0.period.amount", 1201),
        ("limits.0.period.amount", 1.5),
        ("limits.0.period.amount", "24"),
        ("limits.0.period.amount", True),
        ("limits.0.means", "keep"),
        ("limits.0.yields_to", ["habit"]),
        ("limits.0.yields_to", ["on_request"]),
        ("limits.0.in_force", True),
        ("limits.0.ground", ""),
        ("mandates.0.means", "delete"),
        ("mandates.0.year_end", {"month": 13, "day": 1}),
        ("mandates.0.year_end", {"month": 12, "day": 0}),
        ("mandates.0.period.unit", "months"),
        ("mandates.0.in_force", "no"),
        ("mandates.2.applies_if", "a condition"),
        ("mandates", [*GOOD["mandates"], {"id": "half"}]),
    ],
)
def test_bad_schedules_are_refused(path: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        parse(changed(path, value))


def test_what_is_said_is_what_is_meant() -> None:
    document = changed("limits.0.period", {"amount": 0, "unit": "days"})
    schedule = parse(document).schedule()
    first = schedule.limits[0]
    assert (first.id, first.period, first.means) == (
        "transactional",
        Period(0, Unit.DAYS),
        Means.ANONYMISE,
    )
    assert (first.trigger, first.roles) == (Trigger.LAST_USED, frozenset(Role))
    assert first.label == {"en": "Transactional data", "id": "Data transaksi"}
    books, aml = schedule.mandates["tax_books"], schedule.mandates["aml_records"]
    assert (books.year_end, books.in_force, books.applies_if) == ((12, 31), True, {})
    assert (aml.year_end, aml.in_force, set(aml.applies_if)) == (None, False, {"en", "id"})


def test_a_mandate_is_in_force_unless_it_says_otherwise() -> None:
    document = changed("mandates.0.in_force", None)
    assert parse(document).schedule().mandates["tax_books"].in_force


def test_the_canonical_text_is_read_as_it_was_written() -> None:
    once = standard().canonical()
    assert ScheduleText.model_validate_json(once).canonical() == once
    assert read_schedule(once) == standard().schedule()
    assert " :" not in once
    assert "kerja sama" in once


def test_one_meaning_has_one_text() -> None:
    limit = GOOD["limits"][0]
    for name in ("roles", "categories", "yields_to"):
        shuffled = parse(changed(f"limits.0.{name}", limit[name][::-1]))
        assert shuffled.canonical() == standard().canonical()
    twice = parse(changed("limits.0.categories", 2 * limit["categories"]))
    assert twice.canonical() == standard().canonical()
    keys = {name: GOOD[name] for name in reversed(GOOD)}
    assert parse(keys).canonical() == standard().canonical()
    other = parse(changed("limits.0.period.amount", 25)).canonical()
    assert other != standard().canonical()


def test_accents_and_other_scripts_stay_as_they_are() -> None:
    document = changed("limits.0.label.en", "Données: データ")
    assert "Données: データ" in parse(document).canonical()


@pytest.mark.parametrize("broken", ["limits = [", "limits = []\n"])
def test_a_standard_schedule_that_cannot_be_read_says_so(
    broken: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "standard.toml"
    path.write_text(broken)
    monkeypatch.setattr(text, "_STANDARD", path)
    with pytest.raises(StandardInvalid):
        standard()


def archiving(unit: str = "years", amount: int = 2, means: str = "archive") -> Any:
    said = {**GOOD["limits"][0], "means": means}
    said["archived_for"] = {"amount": amount, "unit": unit}
    return changed("limits.0", said)


def test_how_long_an_archive_is_kept_is_read_and_written() -> None:
    text = parse(archiving())
    (limit,) = [each for each in text.schedule().limits if each.means is Means.ARCHIVE]
    assert limit.archived_for == Period(2, Unit.YEARS)
    assert read_schedule(text.canonical()) == text.schedule()
    assert text.canonical() != parse(archiving(amount=3)).canonical()


@pytest.mark.parametrize(
    "document",
    [
        changed("limits.0.means", "archive"),
        archiving(means="delete"),
        archiving(amount=0),
        archiving("years", 51),
        archiving("months", 601),
    ],
)
def test_only_an_archive_is_kept_for_a_time_that_s3_can_lock(document: Any) -> None:
    with pytest.raises(ValidationError):
        parse(document)


@pytest.mark.parametrize(("unit", "amount"), [("years", 50), ("months", 600), ("hours", 1)])
def test_the_longest_and_the_shortest_archive(unit: str, amount: int) -> None:
    assert parse(archiving(unit, amount))
