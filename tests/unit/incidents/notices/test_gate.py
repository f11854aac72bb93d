"""The gate: each thing that a law asks for is missed when it is not there."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.models import Duty, DutyState, Recipient, Texts
from chalicelib.incidents.notices.contents import contents
from chalicelib.incidents.notices.gate import Missing, NoticeIncomplete, Reasons, judged
from chalicelib.law.packs import JURISDICTIONS, pack
from tests.fakes import START
from tests.unit.incidents.notices.breaches import FACTS, breach, duties_to

CONTACT = "privacy@jutsoo.test"
EVENTS = {
    "breach_authority",
    "breach_subjects",
    "breach_public",
    "breach_clients",
    "inform_controller",
}
NOTHING: dict[str, Any] = {
    "nature": {},
    "how": {},
    "consequences": {},
    "measures": {},
    "recovery": {},
    "categories": (),
    "occurred_from": None,
    "people": None,
    "records": None,
}
BOTH: Texts = {"en": "still counted", "id": "masih dihitung"}
# By duty what its notice holds, and who says so, as the laws number it.
ASKED = {
    "id.breach-agency": {
        "nature": "UU PDP 46(2)(b)",
        "categories": "UU PDP 46(2)(a)",
        "occurred_from": "UU PDP 46(2)(b)",
        "how": "UU PDP 46(2)(b)",
        "measures": "UU PDP 46(2)(c)",
        "recovery": "UU PDP 46(2)(c)",
    },
    "eu.breach-authority": {
        "nature": "GDPR 33(3)(a)",
        "categories": "GDPR 33(3)(a)",
        "people": "GDPR 33(3)(a)",
        "records": "GDPR 33(3)(a)",
        "consequences": "GDPR 33(3)(c)",
        "measures": "GDPR 33(3)(d)",
    },
    "eu.breach-subjects": {
        "nature": "GDPR 34(2)",
        "categories": "GDPR 34(2)",
        "consequences": "GDPR 34(2), 33(3)(c)",
        "measures": "GDPR 34(2), 33(3)(d)",
    },
    "policy.breach-clients": dict.fromkeys(
        ("nature", "categories", "people", "records", "consequences", "measures"),
        "Privacy Policy, section 10",
    ),
}
ASKED["id.breach-subjects"] = ASKED["id.breach-public"] = ASKED["id.breach-agency"]


def duty(duty_id: str) -> Duty:
    found = breach().duty(duty_id)
    assert found is not None
    return found


def test_every_rule_that_has_somebody_told_says_what() -> None:
    told = {
        f"{jurisdiction}.{rule.id}"
        for jurisdiction in JURISDICTIONS
        for rule in pack(jurisdiction).rules
        if rule.event in EVENTS
    }
    assert told == set(contents())


def test_every_notice_says_what_happened_which_data_and_whom_to_ask() -> None:
    for rule, elements in contents().items():
        firm = {each.element for each in elements if each.firm}
        whole = rule in {"eu.breach-subjects", "uk.breach-subjects"}
        more = {"consequences", "measures"} if whole else set()
        assert firm == {"nature", "categories", "contact"} | more, rule


@pytest.mark.parametrize("duty_id", ASKED)
def test_nothing_is_missing_of_what_is_known(duty_id: str) -> None:
    assert judged(FACTS, [duty(duty_id)], CONTACT, Reasons(), START).missing == ()


@pytest.mark.parametrize(
    ("duty_id", "fact"), [(duty_id, fact) for duty_id in ASKED for fact in NOTHING]
)
def test_what_is_taken_away_is_missed(duty_id: str, fact: str) -> None:
    facts = replace(FACTS, **{fact: NOTHING[fact]})
    found = judged(facts, [duty(duty_id)], CONTACT, Reasons(), START).missing
    article = ASKED[duty_id].get(fact)
    assert found == ((Missing(fact, "missing", article),) if article else ())


@pytest.mark.parametrize("duty_id", contents())
def test_nobody_is_left_without_whom_to_ask(duty_id: str) -> None:
    asked = replace(duty("id.breach-agency"), id=duty_id)
    (found,) = judged(FACTS, [asked], "", Reasons(), START).missing
    assert (found.field, found.code) == ("contact", "missing")


def test_zero_is_a_number() -> None:
    facts = replace(FACTS, people=0, records=0)
    assert judged(facts, [duty("eu.breach-authority")], CONTACT, Reasons(), START).missing == ()


@pytest.mark.parametrize("fact", ["nature", "how", "measures", "recovery"])
def test_what_is_said_in_one_language_is_not_said(fact: str) -> None:
    said: dict[str, Any] = {fact: {"en": "only this"}}
    facts = replace(FACTS, **said)
    for reasons in (Reasons(), Reasons(in_phases=BOTH)):
        (found,) = judged(facts, [duty("id.breach-agency")], CONTACT, reasons, START).missing
        assert (found.field, found.code) == (fact, "untranslated")


def test_what_is_not_known_may_follow_if_the_notice_says_why() -> None:
    facts = replace(FACTS, people=None, measures={})
    asked = [duty("eu.breach-authority")]
    found = judged(facts, asked, CONTACT, Reasons(in_phases=BOTH), START)
    assert (found.missing, found.follows) == ((), ("people", "measures"))
    half = judged(facts, asked, CONTACT, Reasons(in_phases={"en": "still"}), START)
    assert half.missing == (Missing("in_phases_because", "untranslated", "GDPR 33(4)"),)


@pytest.mark.parametrize("fact", ["nature", "categories"])
def test_the_kernel_may_not_follow(fact: str) -> None:
    facts = replace(FACTS, **{fact: NOTHING[fact]})
    found = judged(facts, [duty("id.breach-agency")], CONTACT, Reasons(in_phases=BOTH), START)
    assert [each.field for each in found.missing] == [fact]
    assert fact not in found.follows


@pytest.mark.parametrize("fact", ["consequences", "measures"])
def test_to_people_nothing_follows_that_gdpr_asks_for(fact: str) -> None:
    facts = replace(FACTS, **{fact: NOTHING[fact]}, how={})
    asked = [duty("id.breach-subjects"), duty("eu.breach-subjects")]
    found = judged(facts, asked, CONTACT, Reasons(in_phases=BOTH), START)
    article = ASKED["eu.breach-subjects"][fact]
    assert (found.missing, found.follows) == ((Missing(fact, "missing", article),), ("how",))


def test_who_is_late_says_why() -> None:
    asked = duty("eu.breach-authority")
    assert asked.deadline is not None
    end = asked.deadline.due_at
    assert judged(FACTS, [asked], CONTACT, Reasons(), end).missing == ()
    late = end + timedelta(milliseconds=1)
    (found,) = judged(FACTS, [asked], CONTACT, Reasons(), late).missing
    assert found == Missing("late_because", "reasons_missing", "GDPR 33(1)")
    (half,) = judged(FACTS, [asked], CONTACT, Reasons(late={"id": "x"}), late).missing
    assert half.code == "untranslated"
    assert judged(FACTS, [asked], CONTACT, Reasons(late=BOTH), late).missing == ()
    done = replace(asked, state=DutyState.DONE, done_at=START)
    assert judged(FACTS, [done], CONTACT, Reasons(), late).missing == ()  # a supplement


def test_a_notice_under_two_laws_holds_what_either_asks() -> None:
    both = duties_to(Recipient.AUTHORITY)
    assert {each.id for each in both} == {"id.breach-agency", "eu.breach-authority"}
    facts = replace(FACTS, how={}, records=None)
    found = judged(facts, both, CONTACT, Reasons(), START).missing
    assert {each.article for each in found} == {"UU PDP 46(2)(b)", "GDPR 33(3)(a)"}


def test_the_refusal_names_the_facts_and_says_nothing_of_them() -> None:
    facts = replace(FACTS, how={}, records=None)
    found = judged(facts, duties_to(Recipient.AUTHORITY), CONTACT, Reasons(), START)
    with pytest.raises(NoticeIncomplete) as refused:
        found.check()
    fields = {(each.field, each.code) for each in refused.value.fields}
    assert fields == {("how", "missing"), ("records", "missing")}
