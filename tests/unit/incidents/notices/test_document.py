"""The document for an authority: what it holds can be read, printed, taken out again as text."""

import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from chalicelib.incidents.models import Facts, Recipient
from chalicelib.incidents.notices.composing import composed
from chalicelib.incidents.notices.document import html_document, pdf_document
from chalicelib.incidents.notices.models import Notice, State, hashes
from chalicelib.notices.models import LANGUAGES
from tests.contract.noticing import INCIDENT, NOTICE, a_notice
from tests.unit.incidents.notices.breaches import FACTS, breach, draft
from tests.unit.notices.test_mail import Seen


def about(facts: Facts = FACTS, state: State = State.APPROVED) -> Notice:
    texts = composed(draft(Recipient.AUTHORITY, breach(facts)))
    return a_notice(recipient=Recipient.AUTHORITY, texts=texts, sha256=hashes(texts), state=state)


def pages_of(document: bytes) -> list[list[tuple[float, float, str]]]:
    """Of each page its lines: font size, height above the lower edge, text."""
    pages = []
    for packed in re.findall(rb"stream\n(.*?)\nendstream", document, re.DOTALL):
        drawn = zlib.decompress(packed).decode("cp1252")
        found = re.findall(
            r"/\w+ ([\d.]+) Tf\n1 0 0 1 [\d.]+ ([\d.]+) Tm\n\(((?:\\.|[^\\()])*)\) Tj", drawn
        )
        assert len(found) == drawn.count("BT\n")
        pages.append(
            [(float(size), float(y), re.sub(r"\\(.)", r"\1", text)) for size, y, text in found]
        )
    return pages


def text_of(document: bytes) -> str:
    return " ".join(text for page in pages_of(document) for *_, text in page)


def test_a_pdf_holds_both_texts_word_for_word() -> None:
    notice = about()
    text = text_of(pdf_document(notice))
    for language in LANGUAGES:
        written = notice.texts[language]
        assert " ".join(written.text.split()) in text
        assert written.subject in text
        assert notice.sha256[language] in text
    assert text.index(notice.texts["id"].subject) < text.index(notice.texts["en"].subject)


def test_every_page_says_what_it_is_of_and_how_many_there_are() -> None:
    long = dict.fromkeys(LANGUAGES, "panjang sekali " * 500)
    pages = pages_of(pdf_document(about(replace(FACTS, how=long))))
    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        *_, footer = page[-1]
        assert INCIDENT in footer
        assert NOTICE in footer
        assert footer.endswith((f" {number} of {len(pages)}", f" {number} dari {len(pages)}"))


@pytest.mark.parametrize("word", ["kata ", "W" * 3000, "sebuah-kata-yang-panjang"])
def test_nothing_runs_off_the_paper(word: str) -> None:
    long = dict.fromkeys(LANGUAGES, word * 300 if len(word) < 100 else word)
    notice = about(replace(FACTS, how=long))
    document = pdf_document(notice)
    for page in pages_of(document):
        for size, y, text in page:
            assert 20 < y < 842 - 60
            assert len(text) * size * 0.2 < 595 - 2 * 62  # no letter that is used is narrower
    letter = max(set(word), key=word.count)  # whatever stands between, footers for one
    assert text_of(document).count(letter) >= 2 * long["en"].count(letter)


def test_no_heading_ends_a_page() -> None:
    for count in range(1, 60):
        facts = replace(FACTS, nature=dict.fromkeys(LANGUAGES, "baris\n" * count))
        for page in pages_of(pdf_document(about(facts))):
            sizes = [size for size, *_ in page[:-1]]
            assert sizes[-1] == 10.5, count


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Über \u2013 \u201cx\u201d € (a) \\ b", "Über \u2013 \u201cx\u201d € (a) \\ b"),
        ("e\u0301", "é"),
        ("中文 Łódź", "\\u4e2d\\u6587 \\u0141ód\\u017a"),
        (") Tj ET /JS (x", ") Tj ET /JS (x"),
    ],
)
def test_no_character_is_lost_or_breaks_out(said: str, shown: str) -> None:
    facts = replace(FACTS, how=dict.fromkeys(LANGUAGES, said))
    assert text_of(pdf_document(about(facts))).count(shown) == 2


def test_the_same_notice_gives_the_same_bytes() -> None:
    assert pdf_document(about()) == pdf_document(about())
    assert html_document(about()) == html_document(about())


class Articles(HTMLParser):
    """The text of each article, by its language."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self._language = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "article":
            self._language = str(dict(attrs)["lang"])
            self.texts[self._language] = ""

    def handle_data(self, data: str) -> None:
        if self._language:
            self.texts[self._language] += data


def test_a_page_holds_both_texts_and_loads_nothing() -> None:
    notice = about(replace(FACTS, how=dict.fromkeys(LANGUAGES, "<img src=x onerror=alert(1)>")))
    html = html_document(notice).decode()
    articles = Articles(html).texts
    assert list(articles) == ["id", "en"]
    for language in LANGUAGES:
        shown = " ".join(articles[language].split())
        assert " ".join(notice.texts[language].text.split()) in shown
        assert notice.sha256[language] in shown
        assert INCIDENT in shown
    seen = Seen(html)
    assert not {"img", "script", "link", "iframe", "object", "a"} & set(seen.elements)
    assert "url(" not in html
    assert "@media print" in html


@pytest.mark.parametrize(
    ("state", "marks"),
    [
        (State.PROPOSED, ("Draft: not approved.", "Rancangan: belum disetujui.")),
        (State.WITHDRAWN, ("Withdrawn: not given to anybody.", "Ditarik:")),
    ],
)
def test_what_nobody_approved_says_so(state: State, marks: tuple[str, str]) -> None:
    notice = about(state=state)
    for mark in marks:
        assert mark in text_of(pdf_document(notice))
        assert mark in html_document(notice).decode()
        assert mark not in text_of(pdf_document(about()))
