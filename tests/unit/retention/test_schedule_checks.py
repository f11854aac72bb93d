"""What a schedule is checked for: promises held, mandates kept, nothing without an end."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.inventory.service import data_categories, retention_rules
from chalicelib.retention.schedule.checks import OWN_CATEGORIES, Finding, check_schedule
from chalicelib.retention.schedule.models import Means, Period, Role, Schedule, Trigger, Unit
from chalicelib.retention.schedule.text import standard

STANDARD = standard().schedule()


def check(schedule: Schedule) -> set[Finding]:
    return set(check_schedule(schedule, data_categories(), retention_rules()))


def news(schedule: Schedule) -> set[Finding]:
    """What speaks against it and not against the standard one."""
    return check(schedule) - check(STANDARD)


def errors(schedule: Schedule) -> set[tuple[str, str]]:
    return {(each.where, each.code) for each in check(schedule) if each.is_error}


def with_limit(name: str, **changes: Any) -> Schedule:
    assert name in {each.id for each in STANDARD.limits}
    limits = [replace(each, **changes) if each.id == name else each for each in STANDARD.limits]
    return replace(STANDARD, limits=limits)


def with_mandate(name: str, **changes: Any) -> Schedule:
    changed = {name: replace(STANDARD.mandates[name], **changes)}
    return replace(STANDARD, mandates={**STANDARD.mandates, **changed})


def without_mandate(name: str) -> Schedule:
    mandates = {key: each for key, each in STANDARD.mandates.items() if key != name}
    limits = [replace(each, yields_to=each.yields_to - {name}) for each in STANDARD.limits]
    return Schedule(limits, mandates)


def test_the_standard_schedule_may_be_published() -> None:
    assert errors(STANDARD) == set()
    used = {name for each in STANDARD.limits for name in each.categories}
    assert {each for each in used if each.startswith("own.")} == OWN_CATEGORIES


def test_it_warns_only_where_the_policy_itself_does_not_yield() -> None:
    warned = {STANDARD.limits[int(each.where.split(".")[1])].id for each in check(STANDARD)}
    assert warned == {"transactional", "on_request", "consent_withdrawn"}
    assert {each.code for each in check(STANDARD)} == {"does_not_yield"}


def test_a_category_that_nobody_knows() -> None:
    limits = with_limit("transactional", categories=frozenset({"financial", "secret_name"}))
    assert news(limits) == {Finding("limits.0.categories", "unknown_category")}
    books = STANDARD.mandates["tax_books"].categories | {"own.secret_name"}
    mandates = with_mandate("tax_books", categories=books)
    assert news(mandates) == {Finding("mandates.0.categories", "unknown_category")}


@pytest.mark.parametrize("role", list(Role))
def test_data_that_nothing_ends(role: Role) -> None:
    limits = [
        replace(each, roles=each.roles - {role})
        for each in STANDARD.limits
        if "technical" in each.categories
    ]
    found = errors(replace(STANDARD, limits=limits))
    assert (f"technical.{role}", "no_limit") in found
    other = next(each for each in Role if each is not role)
    assert (f"technical.{other}", "no_limit") not in found


@pytest.mark.parametrize("name", list(STANDARD.mandates))
def test_a_mandate_that_is_missing(name: str) -> None:
    assert errors(without_mandate(name)) == {(f"mandates.{name}", "mandate_missing")}


@pytest.mark.parametrize(
    ("name", "changes", "shortened"),
    [
        ("tax_books", {"period": Period(9, Unit.YEARS)}, True),
        ("tax_books", {"period": Period(119, Unit.MONTHS)}, True),
        ("tax_books", {"period": Period(120, Unit.MONTHS)}, False),
        ("tax_books", {"period": Period(11, Unit.YEARS)}, False),
        ("tax_books", {"period": Period(3650, Unit.DAYS)}, True),
        ("tax_books", {"period": Period(3660, Unit.DAYS)}, False),
        ("tax_books", {"year_end": None}, True),
        ("company_documents", {"year_end": None}, True),
        ("pse_personal_data", {"year_end": (12, 31)}, False),
        ("aml_records", {"period": Period(4, Unit.YEARS)}, True),
    ],
)
def test_a_mandate_that_is_too_short(
    name: str, changes: Mapping[str, Any], shortened: bool
) -> None:
    expected = {(f"mandates.{name}", "mandate_shortened")} if shortened else set()
    assert errors(with_mandate(name, **changes)) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"categories": frozenset({"financial"})},
        {"roles": frozenset({Role.PROCESSOR})},
        {"trigger": Trigger.REQUEST},
    ],
)
def test_a_mandate_that_speaks_of_less(changes: Mapping[str, Any]) -> None:
    found = errors(with_mandate("tax_books", **changes))
    assert found == {("mandates.tax_books", "mandate_narrowed")}


def test_a_mandate_that_is_switched_off() -> None:
    for changes in ({}, {"applies_if": {"en": "we like", "id": "kami suka"}}):
        found = errors(with_mandate("tax_books", in_force=False, **changes))
        assert found == {("mandates.tax_books", "mandate_suspended")}
    for name in ("aml_records", "ojk_due_diligence", "pse_personal_data"):
        assert errors(with_mandate(name, in_force=True)) == set()
    own = replace(STANDARD.mandates["tax_books"], id="own_law", in_force=False)
    mandates = {**STANDARD.mandates, "own_law": own}
    place = f"mandates.{len(STANDARD.mandates)}"
    assert errors(replace(STANDARD, mandates=mandates)) == {(place, "mandate_suspended")}
    mandates["own_law"] = replace(own, applies_if={"en": "if", "id": "jika"})
    assert errors(replace(STANDARD, mandates=mandates)) == set()


@pytest.mark.parametrize(
    "name", [each.id for each in STANDARD.limits if each.id != "cookie_preferences"]
)
def test_a_limit_that_does_not_yield_is_warned_of(name: str) -> None:
    """Not where no mandate speaks of such data, in such a role."""
    place = [each.id for each in STANDARD.limits].index(name)
    found = check(with_limit(name, yields_to=frozenset()))
    ours = name in {
        "requests_closed",
        "copies_made",
        "sessions",
        "consents_ended",
        "incidents_closed",
    }
    warning = Finding(f"limits.{place}.yields_to", "does_not_yield", is_error=False)
    assert (warning in found) is not ours
    assert not any(each.is_error for each in found)


def test_a_role_that_no_mandate_is_for_need_not_yield() -> None:
    theirs = frozenset({Role.PROCESSOR})
    place = [each.id for each in STANDARD.limits].index("technical_unused")
    found = check(with_limit("technical_unused", roles=theirs, yields_to=frozenset()))
    assert f"limits.{place}.yields_to" not in {each.where for each in found}


@pytest.mark.parametrize(
    ("name", "period", "broken"),
    [
        ("on_request", Period(73, Unit.HOURS), True),
        ("on_request", Period(72, Unit.HOURS), False),
        ("on_request", Period(3, Unit.DAYS), False),
        ("on_request", Period(4, Unit.DAYS), True),
        ("on_request", Period(1, Unit.MONTHS), True),
        ("consent_withdrawn", Period(73, Unit.HOURS), True),
        ("cookie_preferences", Period(181, Unit.DAYS), True),
        ("cookie_preferences", Period(6, Unit.MONTHS), True),
        ("cookie_preferences", Period(5, Unit.MONTHS), False),
        ("transactional", Period(50, Unit.YEARS), False),
    ],
)
def test_a_promise_that_is_broken(name: str, period: Period, broken: bool) -> None:
    found = {each for each in errors(with_limit(name, period=period)) if "broken" in each[1]}
    assert found == ({(f"limits.{name}", "promise_broken")} if broken else set())


@pytest.mark.parametrize("name", [each.id for each in retention_rules() if each.kind != "mandate"])
def test_a_promise_without_its_limit(name: str) -> None:
    limits = [each for each in STANDARD.limits if each.id != name]
    assert (f"limits.{name}", "promise_missing") in errors(replace(STANDARD, limits=limits))


def test_a_promise_by_other_means() -> None:
    found = errors(with_limit("on_request", means=Means.ARCHIVE))
    assert found == {("limits.on_request", "promise_means")}
    impossible = (f"limits.{place_of('on_request')}.means", "means_impossible")
    assert errors(with_limit("on_request", means=Means.DESTROY_KEY)) == {impossible}
    assert errors(with_limit("on_request", means=Means.ANONYMISE)) == set()


def test_what_connected_places_hold_may_be_archived_and_nothing_of_our_own() -> None:
    assert errors(with_limit("business_after_engagement", means=Means.ARCHIVE)) == set()
    for name in ("copies_made", "requests_closed"):
        impossible = (f"limits.{place_of(name)}.means", "means_impossible")
        assert impossible in errors(with_limit(name, means=Means.ARCHIVE))
    mixed = frozenset({"technical", "own.exports"})
    found = errors(with_limit("technical_unused", means=Means.ARCHIVE, categories=mixed))
    assert (f"limits.{place_of('technical_unused')}.means", "means_impossible") in found


def place_of(name: str) -> int:
    return next(n for n, each in enumerate(STANDARD.limits) if each.id == name)


@pytest.mark.parametrize(
    "change",
    [
        lambda: with_limit("on_request", categories=frozenset({"technical"})),
        lambda: with_limit("on_request", roles=frozenset({Role.CONTROLLER})),
        lambda: with_limit("on_request", trigger=Trigger.CLOSED),
    ],
)
def test_a_promise_about_less(change: Callable[[], Schedule]) -> None:
    assert errors(change()) == {("limits.on_request", "promise_narrowed")}


def test_two_limits_may_hold_one_promise_together() -> None:
    """As `business_after_engagement` does for `on_termination`, but not when it takes longer."""
    late = with_limit("business_after_engagement", period=Period(90, Unit.DAYS))
    assert errors(late) == {("limits.on_termination", "promise_narrowed")}


@pytest.mark.parametrize(
    ("name", "period", "too_early"),
    [
        ("sessions", Period(0, Unit.DAYS), True),
        ("sessions", Period(0, Unit.HOURS), True),
        ("sessions", Period(1, Unit.HOURS), False),
        ("cookie_preferences", Period(179, Unit.DAYS), True),
        ("cookie_preferences", Period(180 * 24 - 1, Unit.HOURS), True),
        ("cookie_preferences", Period(6, Unit.MONTHS), True),
        ("cookie_preferences", Period(180, Unit.DAYS), False),
        ("requests_closed", Period(0, Unit.DAYS), False),
    ],
)
def test_what_is_read_without_asking_does_not_end_before(
    name: str, period: Period, *, too_early: bool
) -> None:
    place = [each.id for each in STANDARD.limits].index(name)
    found = check(with_limit(name, period=period))
    assert (Finding(f"limits.{place}.period", "ends_while_read") in found) is too_early


@pytest.mark.parametrize("category", sorted(OWN_CATEGORIES))
def test_each_kind_of_ours_has_a_limit_that_can_run(category: str) -> None:
    (limit,) = STANDARD.limits_on(category, Role.CONTROLLER)
    others = [each for each in STANDARD.limits if each is not limit]
    missing = Finding(f"{category}.controller", "no_limit")
    assert missing in check(replace(STANDARD, limits=others))
    place = [each.id for each in STANDARD.limits].index(limit.id)
    wrong = Finding(f"limits.{place}.trigger", "trigger_impossible")
    assert wrong in check(with_limit(limit.id, trigger=Trigger.LAST_USED))
