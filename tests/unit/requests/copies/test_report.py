"""The report in both languages: complete, escaped, without anything that runs or is fetched."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from chalicelib.audit.entry import GENESIS, Actor, Entity, Entry
from chalicelib.connectors.places import Description, Verdict
from chalicelib.inventory.policy import policy
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.notices.models import LANGUAGES, Language
from chalicelib.requests.copies.models import PartDescription
from chalicelib.requests.copies.report import Report, Searched, report_html
from chalicelib.requests.copies.wording import kept, moment, words
from chalicelib.requests.models import Content, DataRequest, RequestType, Status

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
REQUEST = DataRequest(
    request_id="01JREQUEST",
    type=RequestType.ACCESS,
    status=Status.IN_PROGRESS,
    received_at=AT,
    deadlines=deadlines({"id": None, "eu": "DE"}, "access", Case(received_at=AT)),
    requester="index",
    tracking=bytes(32),
    messages=(),
    content=Content("siti@example.test", "en"),
    subject_id="01JSUBJECT",
)
HOSTILE = '<script>alert("x")</script>'
VOID = {"br", "link", "meta"}


def searched(verdict: Verdict, name: str = "Place", **rows: int) -> Searched:
    place = Description("place", name, "dynamodb", tuple(rows))
    return Searched(PartDescription(place, verdict), rows)


def entry(action: str, kind: str = "subject") -> Entry:
    at = 1_795_000_000_000
    return Entry("01JENTRY", Entity("request", "1"), 1, at, Actor(kind, "1"), action, {}, GENESIS)


def page(
    language: Language = "en",
    places: tuple[Searched, ...] = (),
    trail: tuple[Entry, ...] = (),
    request: DataRequest = REQUEST,
) -> str:
    request = replace(request, content=replace(request.content, language=language))
    return b"".join(report_html(Report(request, AT, places, trail, "thumbprint"))).decode()


class Outline(HTMLParser):
    """The page's elements, and whether each that opens closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def _shape(value: Any) -> Any:
    return {name: _shape(each) for name, each in value.items()} if isinstance(value, dict) else 0


def test_both_languages_have_the_same_words() -> None:
    assert _shape(words("en")) == _shape(words("id"))
    assert words("en") != words("id")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_all_that_the_law_wants_in_the_requesters_language(language: Language) -> None:
    text = page(language, (searched(Verdict.DONE, users=2),), (entry("request.received"),))
    known = policy()
    labels = [
        *(each.label for each in known.data.categories),
        *(each.label for each in known.all_purposes),
        *(each.label for each in known.sharing.recipients),
        *(each.label for each in known.retention.rules),
        *(each.label for each in known.rights.rights),
        *(each.label for each in known.contacts.contacts),
    ]
    for label in labels:
        assert escape(getattr(label, language)) in text
    for basis in {name for purpose in known.all_purposes for name in purpose.bases}:
        (label,) = (each.label for each in known.purposes.bases if each.id == basis)
        assert escape(getattr(label, language)) in text
    assert "privacy@jutsoo.com" in text
    assert words(language)["actions"]["request.received"] in text
    assert ("72 hours" if language == "en" else "72 jam") in text
    assert "GDPR" in text
    assert "01JREQUEST" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_words(language: Language, verdict: Verdict) -> None:
    assert words(language)["verdicts"][verdict.value] in page(language, (searched(verdict),))


def test_what_could_not_be_searched_is_said_beside_what_was_found() -> None:
    places = (searched(Verdict.FAILED, "Books"), searched(Verdict.DONE, "Platform", users=41))
    text = page(places=places)
    assert "Could not be searched" in text
    assert '<td class="count">41</td>' in text
    assert 'href="places/place/users.csv"' in text


def test_only_the_categories_concerned_are_explained() -> None:
    place = Description("place", "Logs", "s3", ("lines",))
    technical = Searched(PartDescription(place, Verdict.DONE, ("technical",)), {"lines": 1})
    text = page(places=(technical,))
    labels = {each.id: each.label.en for each in policy().data.categories}
    assert f"<li>{labels['technical']}</li>" in text
    assert f"<li>{labels['financial']}</li>" not in text
    assert "Payment processors" not in text
    with_unknown = page(places=(technical, searched(Verdict.DONE, users=1)))
    assert f"<li>{labels['financial']}</li>" in with_unknown


def test_values_are_escaped_wherever_they_come_from() -> None:
    places = (
        searched(Verdict.DONE, HOSTILE, **{HOSTILE: 1}),
        searched(Verdict.FAILED, '" onmouseover="x'),
    )
    text = page(places=places, request=replace(REQUEST, request_id=HOSTILE))
    outline = Outline(text)
    assert outline.all("script") == []
    assert HOSTILE not in text
    assert not any("onmouseover" in attributes for _, attributes in outline.found)
    assert "places/place/%3Cscript%3E" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_one_page_that_runs_and_fetches_nothing(language: Language) -> None:
    outline = Outline(page(language, (searched(Verdict.DONE, users=1),)))
    tags = {tag for tag, _ in outline.found}
    assert not tags & {"script", "link", "img", "iframe", "object", "form", "base"}
    for attributes in outline.all("a"):
        assert str(attributes["href"]).startswith(("places/", "mailto:"))
    (policy_tag,) = [each for each in outline.all("meta") if "http-equiv" in each]
    assert policy_tag["content"] == "default-src 'none'; style-src 'unsafe-inline'"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_heard_and_walked_through(language: Language) -> None:
    outline = Outline(page(language, (searched(Verdict.DONE, users=1),)))
    assert outline.open == []
    assert outline.all("html") == [{"lang": language}]
    assert len(outline.all("h1")) == len(outline.all("main")) == len(outline.all("title")) == 1
    tables = outline.all("table")
    assert len(tables) == len(outline.all("caption")) == len(outline.all("thead")) == 5
    assert {each.get("scope") for each in outline.all("th")} == {"row", "col"}
    ids = [attributes["id"] for _, attributes in outline.found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_nobody_of_the_staff_is_named() -> None:
    text = page(trail=(entry("personal_data.read", "staff"),))
    assert "Our staff read what this office knows about you." in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_no_words_yet_is_named(language: Language) -> None:
    text = page(language, trail=(entry("request.some_new_thing", "operator"),))
    assert "request.some_new_thing" in text
    assert words(language)["actors"]["other"] in text


def test_moments_are_the_controllers() -> None:
    assert moment(AT, "en") == "Monday, 23 November 2026 at 17:00 (Asia/Jakarta, UTC+07:00)"
    assert moment(AT, "id") == "Senin, 23 November 2026 pukul 17.00 (Asia/Jakarta, UTC+07:00)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_retention_rule_has_words(language: Language) -> None:
    said = [kept(rule, language) for rule in policy().retention.rules]
    assert all(each.endswith(".") and "{" not in each for each in said)


def test_the_words_of_what_this_code_writes_into_the_trail_are_there() -> None:
    """An entry of a chain that the report shows, written somewhere here, is said in words."""
    root = Path(__file__).parents[4] / "chalicelib"
    written = {
        action
        for source in root.rglob("*.py")
        for action in source.read_text().split('"')
        if action.split(".")[0] in {"request", "copy", "session", "personal_data"}
        and action.count(".") == 1
        and action.replace(".", "").replace("_", "").isalpha()
    }
    assert written
    assert written - words("en")["actions"].keys() == {"personal_data.sought"}  # of the staff's own
