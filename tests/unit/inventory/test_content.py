"""What the shipped data says, held against the published policy and the law's research."""

import re
from collections.abc import Iterator
from datetime import date
from hashlib import sha256

import pytest
from pydantic import BaseModel

from chalicelib.inventory.policy import policy
from tests.unit.inventory.source import POLICY, flat, sections, shared_bytes


def quotes(value: object) -> Iterator[str]:
    """Yield every quotation anywhere below `value`."""
    if isinstance(value, tuple):
        for each in value:
            yield from quotes(each)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if name == "quote" and inner is not None:
                yield inner
            else:
                yield from quotes(inner)


def test_the_encoded_text_is_the_published_one() -> None:
    """A policy that changes must be encoded again: its hash then differs from the data's."""
    assert sha256(shared_bytes(POLICY)).hexdigest() == policy().document.source_sha256


def test_every_quotation_stands_in_the_policy() -> None:
    published = {n: flat(text) for n, text in sections(shared_bytes(POLICY).decode()).items()}
    whole = " ".join(published.values())
    found = 0
    for section in policy().sections:
        for quote in quotes(section):
            found += 1
            # Two entries quote another section than their own: credentials (2) are a security
            # measure too, and third-party integrations (3) are a purpose.
            assert quote in whole, f"section {section.section.number}: {quote}"
    assert policy().document.quote in whole
    assert found > 60


def test_titles_and_dates_are_the_policys() -> None:
    text = shared_bytes(POLICY).decode()
    for section in policy().sections:
        assert f"\n{section.section.number}. {section.section.title.en}\n" in text
    assert policy().document.effective == date(2024, 1, 2)
    assert "Effective Date: 2 January 2024" in text
    assert policy().document.updated == date(2025, 1, 3)
    assert "Last Updated: 3 January 2025" in text


def test_every_section_is_encoded() -> None:
    assert [section.section.number for section in policy().sections] == list(range(1, 13))


def test_every_item_that_the_policy_names_is_encoded() -> None:
    """The words of section 2, minus the words of the items, leave only connectives."""
    text = flat(sections(shared_bytes(POLICY).decode())[2])
    for quote in sorted(quotes(policy().data), key=len, reverse=True):
        text = text.replace(quote, "")
    for category in ("Business", "Financial", "Technical and Usage", "Authentication"):
        text = text.replace(f"• {category} Data:", "")
    assert re.sub(r"[;,.\s]|\band\b", "", text) == ""


def test_there_are_four_categories() -> None:
    assert [category.id for category in policy().data.categories] == [
        "business",
        "financial",
        "technical",
        "authentication",
    ]


def test_financial_data_of_people_is_specific() -> None:
    """UU PDP 4(2): personal financial data is specific, and of what the policy names only that."""
    specific = {item.id for item in policy().items if item.specific}
    financial = next(c for c in policy().data.categories if c.id == "financial")
    assert specific == {item.id for item in financial.items}
    assert all(i.kind == "personal_financial" and i.condition for i in financial.items)


def test_personal_data_is_marked() -> None:
    """UU PDP 4(3): what identifies by itself or in combination; a company is no person."""
    assert {item.id for item in policy().items if not item.personal} == {
        "company_name",
        "registration_details",
        "business_identifiers",
    }
    assert {item.id for item in policy().items if item.identifies == "directly"} == {
        "personnel_names",
        "email_addresses",
        "phone_numbers",
        "bank_accounts",
        "credentials",
    }


def test_the_policys_three_bases_are_of_the_laws_vocabulary() -> None:
    bases = policy().purposes.bases
    assert {basis.policy_term: basis.id for basis in bases if basis.policy_term} == {
        "contractual necessity": "contract",
        "regulatory compliance": "legal_obligation",
        "legitimate business interests": "legitimate_interest",
    }
    assert {basis.id for basis in bases} == law_words("Legal bases, UU PDP 20(2): ")


def test_every_purpose_rests_on_a_basis_of_the_law() -> None:
    """UU PDP 20(2); what may be refused rests on consent, and nothing else does."""
    bases = law_words("Legal bases, UU PDP 20(2): ")
    for purpose in policy().all_purposes:
        assert purpose.bases
        assert set(purpose.bases) <= bases
    assert {p.id for p in policy().all_purposes if "consent" in p.bases} == {
        "third_party_integration",
        "cookie_personalisation",
        "cookie_analytics",
    }


def law_words(start: str) -> set[str]:
    law = shared_bytes("facts/law.md").decode()
    line = next(line for line in law.splitlines() if start in line)
    return {word.strip(" .") for word in line.partition(start)[2].split(",")}


def test_only_essential_cookies_cannot_be_refused() -> None:
    assert {kind.id: kind.refusable for kind in policy().cookies.types} == {
        "essential": False,
        "performance": True,
        "functional": True,
    }


def test_cookies_for_operation_and_security_are_essential() -> None:
    purposes = {kind.id: kind.purposes for kind in policy().cookies.types}
    assert set(purposes["essential"]) == {"cookie_functionality", "cookie_security"}


def law_rows(part: str) -> list[list[str]]:
    """Return the cells of a table of law.md, without head and ruler."""
    text = shared_bytes("facts/law.md").decode()
    body = text.split(f"\n## {part}. ", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in body.splitlines()
        if line.startswith("|")
    ]
    return rows[2:]


def test_the_laws_mandates_are_all_there() -> None:
    """Table D of law.md, row by row: ground, years, confidence."""
    rows = law_rows("D")
    mandates = {r.ground: r for r in policy().retention.rules if r.kind == "mandate"}
    assert len(mandates) == len(rows) == 5
    for basis, _scope, period, _trigger, confidence in rows:
        rule = mandates[basis.replace("Art ", "")]
        assert rule.period is not None
        assert f"{rule.period.amount} {rule.period.unit[0]}" == period
        assert rule.confidence == confidence


def test_money_laundering_rules_bind_reporting_parties_only() -> None:
    rules = {rule.id: rule for rule in policy().retention.rules}
    assert rules["aml_records"].applies_if
    assert rules["ojk_due_diligence"].applies_if
    assert not rules["tax_books"].applies_if
    assert rules["tax_books"].place == "ID"


def test_a_deletion_request_overrides_the_storage_rule_that_says_so() -> None:
    """Permenkominfo 20/2016 15(3) itself gives way to a request, so the request does not yield."""
    rules = {rule.id: rule for rule in policy().retention.rules}
    assert "pse_personal_data" not in rules["on_request"].yields_to
    assert "pse_personal_data" in rules["on_termination"].yields_to


def test_every_deadline_points_at_a_row_of_the_law() -> None:
    rows = {row[1].split(":")[0].split(" (")[0]: row for row in law_rows("A") if row[0] == "ID"}
    for right in policy().rights.rights:
        if right.deadline is not None:
            row = next(row for key, row in rows.items() if key.startswith(right.deadline.article))
            # The last column is the confidence; a right is as sure as its deadline.
            assert right.confidence == row[-1]


def test_every_type_of_request_is_a_right() -> None:
    contract = shared_bytes("design/contract.md").decode()
    types = re.search(r"types: ([a-z_, ]+) \|", contract)
    assert types is not None
    assert {right.id for right in policy().rights.rights} == set(types[1].split(", "))


def test_rights_that_the_policy_does_not_name_quote_nothing() -> None:
    assert [right.id for right in policy().rights.rights if right.quote is None] == ["objection"]


def test_transfers_follow_the_laws_order() -> None:
    """UU PDP 56: equal or higher protection, then binding safeguards, then consent."""
    assert [ground.id for ground in policy().sharing.transfers] == [
        "equal_protection",
        "binding_safeguards",
        "consent",
    ]


def test_recipients_are_the_policys_with_their_safeguards() -> None:
    recipients = policy().sharing.recipients
    assert {r.id for r in recipients} == {"cloud_services", "analytics", "payment_processors"}
    assert all({"vetted", "confidentiality_agreement"} <= set(r.safeguards) for r in recipients)


def test_affected_clients_authorities_and_people_are_told_within_72_hours() -> None:
    hours = {to: p.hours for p in policy().incidents.promises if p.hours for to in p.to}
    assert hours == {"clients": 72, "authorities": 72, "data_subjects": 72}


def test_significant_updates_are_told_before_they_apply() -> None:
    """UU PDP 21(2)."""
    duty = next(d for d in policy().updates.duties if d.id == "significant_update")
    assert duty.before_effect
    assert set(duty.channels) == {"platform", "email"}


def test_notices_say_all_that_the_law_wants() -> None:
    """UU PDP 21(1) has seven points."""
    law = shared_bytes("facts/law.md").decode()
    line = next(line for line in law.splitlines() if "Notice before consent, 21(1)" in line)
    assert len(line.partition("21(1): ")[2].split(";")) == len(policy().updates.contents) == 7


def test_contacts_are_the_policys() -> None:
    assert {c.id: c.email for c in policy().contacts.contacts} == {
        "dpo": "privacy@jutsoo.com",
        "general": "legal@jutsoo.com",
    }


def texts(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, tuple):
        for each in value:
            yield from texts(each)
    elif isinstance(value, BaseModel):
        fields = set(type(value).model_fields)
        if fields == {"en", "id"}:
            yield getattr(value, "en"), getattr(value, "id")  # noqa: B009  # any two-language value
        else:
            for name in fields:
                yield from texts(getattr(value, name))


def test_both_languages_are_really_there() -> None:
    """Only names that both languages share may read alike."""
    pairs = list(texts(policy()))
    assert len(pairs) > 100
    assert {en for en, indonesian in pairs if en == indonesian} <= {"Cookies", "Platform", "APIs"}


@pytest.mark.parametrize("word", ["TODO", "TBD", "lorem", "FIXME"])
def test_nothing_is_left_to_be_written(word: str) -> None:
    assert all(word.lower() not in en.lower() for en, _ in texts(policy()))
