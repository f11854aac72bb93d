"""A notice as a document to be filed, in Indonesian and then in English: HTML for a screen and a
printer, PDF for an authority's desk. Both are made from what the notice froze."""

from dataclasses import dataclass

from chalicelib.incidents.notices.models import Notice, Section
from chalicelib.incidents.notices.pdf import Flow, pdf
from chalicelib.incidents.notices.wording import render, words
from chalicelib.notices.models import Language

_LANGUAGES: tuple[Language, ...] = ("id", "en")
"""In the order of the document: the authority at home reads Indonesian."""


@dataclass(frozen=True, slots=True)
class Article:
    """The notice in one language. `standing` says that it was not given to anybody, if so;
    `texts` is the hash of the frozen text."""

    language: Language
    subject: str
    standing: str
    sections: tuple[Section, ...]
    reference: str
    texts: str


def html_document(notice: Notice) -> bytes:
    """The notice, opened, as one self-contained page without scripts, UTF-8."""
    articles = [_article(notice, language) for language in _LANGUAGES]
    return render("document.html", articles=articles).encode()


def pdf_document(notice: Notice) -> bytes:
    """The notice, opened, as a PDF with real text; each language begins on a page of its own."""
    flows = [_flow(_article(notice, language)) for language in _LANGUAGES]
    return pdf(flows, flows[0].title)


def _article(notice: Notice, language: Language) -> Article:
    written, terms = notice.texts[language], words(language)["document"]
    ids = {"incident_id": notice.incident_id, "notice_id": notice.notice_id}
    return Article(
        language,
        written.subject,
        terms.get(f"state_{notice.state.value}", ""),
        written.sections,
        terms["reference"].format(**ids),
        terms["texts"].format(sha256=notice.sha256[language]),
    )


def _flow(article: Article) -> Flow:
    terms = words(article.language)["document"]
    standing = (Section("", (article.standing,)),) if article.standing else ()
    sections = (*standing, *article.sections, Section("", (article.reference, article.texts)))

    def footer(page: int, pages: int) -> str:
        return str(terms["page"].format(reference=article.reference, page=page, pages=pages))

    return Flow(article.subject, [(each.heading, each.paragraphs) for each in sections], footer)
