"""The packs that ship, and packs that must be refused."""

import hashlib
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.inventory import register
from chalicelib.inventory.policy import policy
from chalicelib.law.calendars import is_holiday
from chalicelib.law.models import Pack, Timing
from chalicelib.law.packs import DIRECTORY, JURISDICTIONS, pack, read
from chalicelib.law.parsing import parse

PACKS = [pack(each) for each in JURISDICTIONS]
BY_ID = pytest.mark.parametrize("law", PACKS, ids=lambda law: law.id)

# Every row of the researched table: jurisdiction, rule, article, limit (timing where it has none).
ROWS = {
    ("id", "correction", "30", "72 hours"),
    ("id", "access", "32", "72 hours"),
    ("id", "consent-withdrawal", "40", "72 hours"),
    ("id", "restriction", "41", "72 hours"),
    ("id", "deletion", "42/43/44", "72 hours"),
    ("id", "deletion-notice", "45", "none_stated"),
    ("id", "breach-agency", "46(1)", "72 hours"),
    ("id", "breach-subjects", "46(1)", "72 hours"),
    ("id", "breach-public", "46(3)", "none_stated"),
    ("id", "processor", "52", "72 hours"),
    ("id", "notice-change", "21(2)", "before"),
    ("id", "merger", "48", "before_and_after"),
    ("eu", "request", "12(3)", "1 months"),
    ("eu", "refusal", "12(4)", "1 months"),
    ("eu", "breach-authority", "33(1)", "72 hours"),
    ("eu", "processor", "33(2)", "72 hours"),
    ("eu", "breach-subjects", "34", "72 hours"),
    ("eu", "recipients", "19", "none_stated"),
    ("uk", "request", "12(3)", "1 months"),
    ("uk", "request", "12A", "1 months"),
    ("uk", "breach-authority", "33(1)", "72 hours"),
    ("uk", "breach-subjects", "34", "72 hours"),
    ("us-ca", "acknowledge", "§7021(a)", "10 business_days"),
    ("us-ca", "request", "§7021(b)", "45 days"),
    ("us-ca", "opt-out", "§7026", "15 business_days"),
    ("us-ca", "limit", "§7027", "15 business_days"),
    ("us-ca", "gpc", "§7025", "at_once"),
    ("us-ca", "log", "§7101", "24 months"),
    ("sg", "access", "s21", "30 days"),
    ("sg", "breach-assessment", "s26C", "30 days"),
    ("sg", "breach", "s26D", "3 days"),
    ("sg", "breach-subjects", "s26D(2)", "72 hours"),
    ("br", "access", "19", "15 days"),
    ("br", "breach", "ANPD 15/2024", "3 business_days"),
    ("br", "breach-subjects", "ANPD 15/2024", "3 business_days"),
    ("br", "breach-small", "ANPD 15/2024", "6 business_days"),
    ("br", "breach-supplement", "ANPD 15/2024", "20 days"),
    ("policy", "breach-clients", "section 10", "72 hours"),
    ("policy", "aftermath-clients", "section 10", "none_stated"),
}


# A request freezes the version, so a version may name one content only.
VERSIONS = {
    "policy": ("2026.1", "6f61754e298ef73404543c1294f5013995f8ace1c515e17fa66daedf4afcecfb"),
    "id": ("2026.2", "9319ccafa2102ad9b8babadd53f5fce638f62220f186c585e8ef4135924c4d60"),
    "eu": ("2026.2", "fe8eaf05f7e5c464396a95c6daafe7eb6f7ca9a57e247f4bdc630a23b74de9da"),
    "uk": ("2026.2", "c01ebd39fb70b4e91cc956346bdb10712601d85511efcd385fcb3de9fd2e8026"),
    "us-ca": ("2026.1", "c1d76d1d541c12538ef39aa78d00eb70ee766e60afc0ade678eef7f69c4796ab"),
    "sg": ("2026.2", "f847bdd1254ce1ae966edd05104893d55d1ed78e846dbc7ed08012eb3be720fe"),
    "br": ("2026.2", "8ab77b4e8b752bf6fc813a5569cdccd0a66325b98830957c2f3c203ea8a8277d"),
}


def test_who_changes_a_pack_raises_its_version() -> None:
    found = {
        law.id: (
            law.version,
            hashlib.sha256((DIRECTORY / f"{law.id}.toml").read_bytes()).hexdigest(),
        )
        for law in PACKS
    }
    assert found == VERSIONS


def test_the_packs_hold_the_researched_rows_and_no_others() -> None:
    found = {
        (
            law.id,
            rule.id,
            rule.article,
            f"{rule.limit.amount} {rule.limit.unit}" if rule.limit else str(rule.timing),
        )
        for law in PACKS
        for rule in law.rules
    }
    assert found == ROWS


def test_every_file_is_a_jurisdiction() -> None:
    assert {path.stem for path in DIRECTORY.glob("*.toml")} == set(JURISDICTIONS)


@BY_ID
def test_every_row_is_found_on_its_first_day(law: Pack) -> None:
    for rule in law.rules:
        for right in rule.rights:
            assert law.rule_for(right, rule.in_force_from) is rule
        if rule.event is not None:
            assert law.rule_on(rule.event, rule.in_force_from) is rule


@BY_ID
def test_every_place_has_its_zone_and_calendars(law: Pack) -> None:
    for place in law.places.values():
        assert ZoneInfo(place.zone).key == place.zone
        if place.calendars:
            assert is_holiday(date(2025, 12, 25), place.calendars), place.id


def test_every_member_state_is_a_place_of_the_eu() -> None:
    places = pack("eu").places
    assert len([each for each in places.values() if each.calendars]) == 27 + 3  # EU and EEA
    assert all(each.calendars == (each.id,) for each in places.values() if each.calendars)


def test_every_indonesian_article_has_an_obligation() -> None:
    known = {str(each.article).split("(")[0] for each in register.load() if each.source == "pdp"}
    law = pack("id")
    cited = {rule.article for rule in law.rules} | {ground.article for ground in law.grounds}
    articles = {number.split("(")[0] for each in cited for number in each.split("/")}
    assert articles <= known
    assert {
        "15",
        "21",
        "30",
        "32",
        "33",
        "40",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "48",
    } <= articles


def test_every_deadline_of_the_policy_is_a_row() -> None:
    pointed = [right for right in policy().rights.rights if right.deadline is not None]
    assert pointed
    for right in pointed:
        assert right.deadline is not None
        rule = pack(right.deadline.jurisdiction.lower()).rule_for(right.id, date(2026, 11, 24))
        assert rule is not None
        assert rule.article == right.deadline.article


def test_article_15_never_limits_access_or_correction() -> None:
    law = pack("id")
    limited = {right for each in law.grounds if each.article == "15(1)" for right in each.rights}
    assert limited == {"deletion", "consent_withdrawal", "objection", "restriction", "portability"}
    for right in ("access", "correction"):
        grounds = law.grounds_for(right, date(2026, 1, 1))
        assert {each.article for each in grounds} == {"33"}


@BY_ID
def test_grounds_are_found_from_their_first_day(law: Pack) -> None:
    for ground in law.grounds:
        for right in ground.rights:
            assert ground in law.grounds_for(right, ground.in_force_from)
            assert ground not in law.grounds_for(right, date(2000, 1, 1))


def test_a_jurisdiction_without_pack_is_refused() -> None:
    with pytest.raises(ValueError, match="no pack"):
        pack("../id")


def test_a_file_that_calls_itself_otherwise_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "fr.toml"
    copy.write_bytes((DIRECTORY / "eu.toml").read_bytes())
    with pytest.raises(ValueError, match=r"fr\.toml calls itself eu"):
        read(copy)


def table() -> dict[str, Any]:
    """A sound pack of one rule and one ground."""
    return tomllib.loads("""
        id = "xx"
        version = "1"
        name = { en = "Somewhere", id = "Suatu tempat" }
        law = "Act"
        default_place = "XX"
        [[places]]
        id = "XX"
        zone = "UTC"
        calendars = []
        [[rules]]
        id = "access"
        article = "1"
        about = { en = "Access", id = "Akses" }
        rights = ["access"]
        starts = "receipt"
        limit = { amount = 1, unit = "months" }
        source = "Act"
        confidence = "V"
        in_force_from = 2020-01-01
        [[grounds]]
        id = "safety"
        article = "2"
        text = { en = "Safety", id = "Keamanan" }
        rights = ["access"]
        source = "Act"
        confidence = "V"
        in_force_from = 2020-01-01
    """)


HOURS = {"amount": 72, "unit": "hours"}
CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"event": "breach"}, "either rights or an event"),
    ({"rights": []}, "either rights or an event"),
    ({"limit": None}, "a date without a limit"),
    ({"limit": None, "timing": "before", "rolls": True}, "without a limit nothing"),
    ({"limit": None, "timing": "before", "limit_by": "policy"}, "without a limit nothing"),
    ({"timing": "none_stated"}, "a limit of the law has a date"),
    ({"limit_by": "policy"}, "one of the policy stands where the law has none"),
    ({"extension": HOURS}, "counts in another unit"),
    ({"limit": HOURS, "rolls": True}, "never roll"),
    ({"limit": HOURS, "pauses": ["identity"]}, "never wait"),
    ({"limit": {"amount": 3, "unit": "business_days"}, "rolls": True}, "never roll"),
    ({"in_force_until": date(2019, 12, 31)}, "ends before it begins"),
    ({"limit": {"amount": 0, "unit": "hours"}}, "limit is missing or wrong"),
    ({"limit": {"amount": True, "unit": "hours"}}, "amount is missing or wrong"),
    ({"limit": {"amount": 1, "unit": "weeks"}}, "weeks"),
    ({"limit": {"amount": 1, "unit": "hours", "or": 2}}, "unknown or"),
    ({"article": " "}, "article is missing or wrong"),
    ({"about": {"en": "Access"}}, "id is missing or wrong"),
    ({"rights": ["access", "access"]}, "rights is missing or wrong"),
    ({"pauses": ["holiday"]}, "holiday"),
    ({"rolls": 1}, "rolls is missing or wrong"),
    ({"confidence": "certain"}, "certain"),
    ({"in_force_from": "2020-01-01"}, "in_force_from is missing or wrong"),
    ({"hours": 72}, "unknown hours"),
]


@pytest.mark.parametrize(("change", "problem"), CONTRADICTIONS)
def test_a_contradictory_rule_is_refused(change: dict[str, Any], problem: str) -> None:
    broken = table()
    changed = broken["rules"][0] | change
    broken["rules"][0] = {name: value for name, value in changed.items() if value is not None}
    with pytest.raises(ValueError, match=problem):
        parse(broken)


def test_two_versions_may_follow_each_other_but_not_overlap() -> None:
    two = table()
    later = two["rules"][0] | {"in_force_from": date(2026, 1, 1), "article": "1A"}
    two["rules"].append(later)
    with pytest.raises(ValueError, match="two versions of access are in force at once"):
        parse(two)
    two["rules"][0]["in_force_until"] = date(2026, 1, 1)
    with pytest.raises(ValueError, match="two versions of access are in force at once"):
        parse(two)
    two["rules"][0]["in_force_until"] = date(2025, 12, 31)
    law = parse(two)
    assert law.rules[0] is law.rule_for("access", date(2025, 12, 31))
    assert law.rules[1] is law.rule_for("access", date(2026, 1, 1))


def test_two_rules_never_answer_the_same() -> None:
    two = table()
    two["rules"].append(two["rules"][0] | {"id": "again"})
    with pytest.raises(ValueError, match="access and again answer the same at once"):
        parse(two)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"default_place": "YY"}, "the default place is none of its places"),
        ({"places": []}, "places is missing or wrong"),
        ({"rules": ["access"]}, "rules is missing or wrong"),
        ({"grounds": table()["grounds"] * 2}, "an id of its grounds occurs twice"),
        ({"grounds": [table()["grounds"][0] | {"rights": []}]}, "a ground that limits no right"),
        ({"motto": "x"}, "unknown motto"),
    ],
)
def test_a_contradictory_pack_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse(table() | change)


def test_the_pack_that_the_refused_ones_vary_is_sound() -> None:
    assert parse(table()).rules[0].timing is Timing.WITHIN


def test_holidays_are_imported_when_the_first_is_asked_for() -> None:
    code = """
import sys
from datetime import UTC, datetime
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.law.explain import explain
case = Case(received_at=datetime(2025, 3, 1, tzinfo=UTC))
explain(*deadlines({"id": None}, "access", case), "en")
assert "holidays" not in sys.modules
deadlines({"eu": "DE"}, "access", case)
assert "holidays" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
