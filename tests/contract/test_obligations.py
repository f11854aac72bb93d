"""The shipped register: complete, honest about its tests, and at home in the house."""

import re
from typing import get_args

from chalicelib.inventory.register import Capability, Obligation, load
from infra.obligations import ROOT, broken_references
from tests.unit.inventory.source import POLICY, flat, sections, shared_bytes, statements

# What law.md lists for Indonesia outside its tables, by article of UU PDP.
UU_PDP = {4, 14, 15, *range(20, 27), *range(29, 36), *range(36, 47), 48, 52, 56, 57}

# What the policy prints beside its statements: dates, headings, and words that announce a list.
NO_STATEMENTS = {
    "Effective Date: 2 January 2024",
    "Last Updated: 3 January 2025",
    "We use cookies and similar technologies to:",
    "Types of Cookies Used",
    "Trusted Third-Party Service Providers",
    "Cross-Border Transfers",
    "Where international data transfers are necessary, we:",
    "For inquiries regarding this Privacy Policy or data protection matters, contact us at:",
}


def by_section() -> dict[int, list[Obligation]]:
    found: dict[int, list[Obligation]] = {number: [] for number in range(13)}
    for each in load():
        if each.source == "policy":
            found[0 if each.article == "preamble" else int(each.article or "")].append(each)
    return found


def articles(source: str) -> set[int]:
    return {
        int(number[0])
        for each in load()
        if each.source == source and (number := re.match(r"\d+", each.article or ""))
    }


def test_every_named_test_exists_and_runs() -> None:
    assert list(broken_references(load(), ROOT)) == []


def test_every_capability_is_a_package_of_the_house() -> None:
    """Kept by a package that exists, or that the house's plan names."""
    house = shared_bytes("design/house.md").decode().split("```")[1]
    rooms = set(re.findall(r"^ *([a-z]+)/ ", house, flags=re.MULTILINE))
    assert set(get_args(Capability.__value__)) <= rooms
    assert {each.capability for each in load()} <= rooms | {None}


def test_every_statement_of_the_policy_has_an_obligation() -> None:
    """Sentence by sentence and bullet by bullet, each holds some obligation's quotation."""
    published = sections(shared_bytes(POLICY).decode())
    assert sorted(published) == list(range(13))
    quoted = by_section()
    left = {
        statement
        for number, section in published.items()
        for statement in statements(section)
        if not any(each.quote and each.quote in statement for each in quoted[number])
    }
    assert left == NO_STATEMENTS


def test_every_quotation_stands_in_its_section() -> None:
    published = sections(shared_bytes(POLICY).decode())
    for number, obligations in by_section().items():
        assert obligations
        for each in obligations:
            assert each.quote is not None
            assert each.quote in flat(published[number]), each.id


def test_every_article_of_indonesian_law_has_an_obligation() -> None:
    assert articles("pdp") == UU_PDP


def test_every_indonesian_row_of_the_laws_tables_has_an_obligation() -> None:
    """Table A by its articles and confidence, table D by its statutes."""
    law = shared_bytes("facts/law.md").decode()
    rows = re.findall(r"^\| ID \| ([\d/()]+): .*\| (\S*) \|$", law, flags=re.MULTILINE)
    assert len(rows) > 8
    for cited, _ in rows:
        for number in cited.split("/"):
            assert int(number.partition("(")[0]) in articles("pdp"), cited
    assert articles("kup") == {28}
    assert articles("uu8-1997") == {11}
    assert articles("uu8-2010") == {21}
    assert articles("permenkominfo20-2016") == {15}
    assert any(each.source == "pojk8-2023" for each in load())


def test_confidence_is_the_researchs() -> None:
    """A row of table A that grades an article grades its obligations."""
    law = shared_bytes("facts/law.md").decode()
    rows = dict(re.findall(r"^\| ID \| ([\d()]+): .*\| (\S*) \|$", law, flags=re.MULTILINE))
    graded = 0
    for each in load():
        if each.source == "pdp" and each.article in rows:
            graded += 1
            assert each.confidence == rows[each.article], each.id
    assert graded >= 8


def test_rules_for_reporting_parties_say_so() -> None:
    conditional = {each.source for each in load() if each.applies_if}
    assert conditional == {"uu8-2010", "pojk8-2023", "permenkominfo20-2016"}


def test_what_no_software_can_keep_is_agreed_one_by_one() -> None:
    """So that nothing open is quietly declared somebody else's matter."""
    assert {each.id for each in load() if each.status == "organisational"} == {
        "policy-preamble-priority",
        "policy-preamble-frameworks",
        "policy-preamble-expectations",
        "policy-5-analytics-aggregated",
        "policy-7-certified",
        "policy-7-internal-audits",
        "policy-7-third-party-audits",
        "policy-9-vetted",
        "policy-9-confidentiality",
        "policy-11-review",
        "pdp-23-clauses",
        "pdp-57-sanctions",
    }
