"""What notices say: every fact, in both languages, and nothing else than facts."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from chalicelib.incidents.models import Facts, Kind, Recipient
from chalicelib.incidents.notices.composing import composed
from chalicelib.incidents.notices.gate import Reasons
from chalicelib.incidents.notices.models import Written
from chalicelib.incidents.notices.wording import words
from chalicelib.notices.models import LANGUAGES, Language
from tests.fakes import START
from tests.unit.incidents.notices.breaches import FACTS, INCIDENT_ID, breach, draft
from tests.unit.notices.test_mail import Seen

PEOPLE = (Recipient.SUBJECTS, Recipient.PUBLIC)
HOSTILE = "</p><script>alert(1)</script>\n\nWhom to ask\n\n{{ 7*7 }} \"'& \u202egnp\x00\u2028x"
REASONS = Reasons({"en": "still counted", "id": "masih dihitung"}, {"en": "tired", "id": "letih"})


class Read(HTMLParser):
    """What a reader sees of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.text += data


def bodies(written: Written) -> tuple[str, str]:
    return written.text, Read(written.html).text


@pytest.mark.parametrize("recipient", Recipient)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_holds_every_fact(recipient: Recipient, language: Language) -> None:
    written = composed(draft(recipient))[language]
    labels = {
        "en": ("Names of authorised personnel", "Bank account information"),
        "id": ("Nama personel yang berwenang", "Informasi rekening bank"),
    }[language]
    specific = {"en": "specific personal data", "id": "bersifat spesifik"}[language]
    days = {"en": "22 November 2026 at 21:00", "id": "22 November 2026 pukul 21.00"}[language]
    told = (FACTS.nature, FACTS.how, FACTS.consequences, FACTS.measures, FACTS.recovery)
    for body in bodies(written):
        for texts in told:
            assert texts[language] in body
        for each in (*labels, specific, days, "privacy@jutsoo.com", INCIDENT_ID):
            assert each in body
    assert INCIDENT_ID not in written.subject


@pytest.mark.parametrize("recipient", Recipient)
def test_numbers_and_countries_are_for_those_who_need_them(recipient: Recipient) -> None:
    for language, number in (("en", "1,234"), ("id", "1.234")):
        for body in bodies(composed(draft(recipient))[language]):  # type: ignore[index]  # both
            assert (number in body) == (recipient is not Recipient.SUBJECTS)
            assert ("ID, DE" in body) == (recipient not in PEOPLE)
            assert "crm" not in body


def test_an_authority_reads_under_which_law() -> None:
    text = composed(draft(Recipient.AUTHORITY))["id"].text
    assert "UU PDP 27/2022, 46(1)" in text
    assert "GDPR, 33(1)" in text
    assert "23 November 2026 pukul 17.00" in text  # since when we know


@pytest.mark.parametrize("recipient", PEOPLE)
def test_people_read_no_article(recipient: Recipient) -> None:
    for written in composed(draft(recipient)).values():
        assert not re.search(r"GDPR|UU PDP|Pasal|Article", written.text)


@pytest.mark.parametrize(("language", "mark"), [("en", "DRILL"), ("id", "LATIHAN")])
def test_a_drill_says_so_first(language: Language, mark: str) -> None:
    written = composed(draft(Recipient.SUBJECTS, breach(drill=True)))[language]
    assert written.subject.startswith(f"{mark}: ")
    assert written.text.startswith(f"{mark}. ")
    assert f"<p>{mark}. " in written.html
    assert mark not in str(composed(draft(Recipient.SUBJECTS))[language])


@pytest.mark.parametrize(("language", "mark"), [("en", "Supplement"), ("id", "Pelengkap")])
def test_a_supplement_names_what_it_adds_to(language: Language, mark: str) -> None:
    earlier = ("01JEARL1ER0000000000000000", START + timedelta(hours=2))
    written = composed(draft(Recipient.AUTHORITY, supplements=earlier))[language]
    assert written.subject.startswith(f"{mark}: ")
    assert earlier[0] in written.text
    assert "23 November 2026" in written.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_known_is_left_out_and_said_to_follow(language: Language) -> None:
    incident = breach(replace(FACTS, people=None, how={}))
    follows = ("people", "how")
    written = composed(draft(Recipient.AUTHORITY, incident, follows=follows, reasons=REASONS))[
        language
    ]
    named = words(language)["elements"]
    for body in bodies(written):
        assert f"{named['people']}, {named['how']}" in body
        assert REASONS.in_phases[language] in body
        assert REASONS.late[language] in body
    headings = [each.heading for each in written.sections]
    assert words(language)["headings"]["how"] not in headings
    whole = composed(draft(Recipient.AUTHORITY))[language]
    unsaid = (words(language)["headings"][each] for each in ("follows", "late"))
    assert not set(unsaid) & {each.heading for each in whole.sections}


def test_what_somebody_typed_stays_in_its_place() -> None:
    said = dict.fromkeys(LANGUAGES, HOSTILE)
    facts = replace(FACTS, nature=said, how=said, measures=said)
    for written in composed(draft(Recipient.SUBJECTS, breach(facts))).values():
        seen = Seen(written.html)
        assert "script" not in seen.elements
        assert {name for name, _ in seen.attributes} <= {
            "lang",
            "charset",
            "name",
            "content",
            "http-equiv",
        }
        assert "{{ 7*7 }}" in written.text
        for char in "\u202e\x00\u2028":
            assert char not in written.text + written.html + written.subject
        assert "alert(1)" not in written.subject


def test_a_page_loads_nothing() -> None:
    for written in composed(draft(Recipient.PUBLIC)).values():
        seen = Seen(written.html)
        assert not {"img", "script", "link", "iframe", "object", "a"} & set(seen.elements)
        assert "url(" not in written.html
        assert "@media print" in written.html
        assert "prefers-color-scheme: dark" in written.html


def test_the_same_facts_give_the_same_text() -> None:
    one, other = composed(draft(Recipient.CLIENTS)), composed(draft(Recipient.CLIENTS))
    assert one == other
    assert one["en"].sha256 == other["en"].sha256
    assert one["en"].sha256 != one["id"].sha256
    touched = replace(one["en"], html=one["en"].html + " ")
    assert touched.sha256 != one["en"].sha256


def test_little_is_known_and_still_there_is_a_text() -> None:
    bare = breach(Facts(title="x", nature=FACTS.nature, kinds=frozenset(Kind)))
    for recipient in Recipient:
        for written in composed(draft(recipient, bare)).values():
            assert "None" not in written.text


def test_both_languages_have_the_same_words() -> None:
    def shape(said: object) -> object:
        if isinstance(said, dict):
            return {name: shape(each) for name, each in said.items()}
        return set(re.findall(r"\{(\w+)\}", str(said)))

    assert shape(words("en")) == shape(words("id"))
    assert set(words("en")["subjects"]) == {each.value for each in Recipient}
