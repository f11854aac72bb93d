"""The report of a copy as a file in a browser: for everybody, on small screens, with no network."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Request

from chalicelib.connectors.places import Verdict
from chalicelib.notices.models import LANGUAGES, Language
from tests.browser.conftest import NewProfile
from tests.browser.driver import AXE
from tests.unit.requests.copies.test_report import entry, page, searched

WIDTHS = (1280, 320)
PLACES = (
    searched(Verdict.DONE, "Jutsoo platform", users=1, transaction_history_of_accounts=41_200),
    searched(Verdict.NOTHING_FOUND, "Access logs"),
    searched(Verdict.FAILED, "The books"),
)
TRAIL = tuple(map(entry, ("request.received", "request.proved", "request.alerted")))


@pytest.fixture
def opened(new_profile: NewProfile, tmp_path: Path) -> Page:
    """An empty page that files can be shown in."""
    return new_profile(viewport={"width": 1280, "height": 800}).new_page()


def show(opened: Page, folder: Path, language: Language, width: int) -> list[str]:
    """Shows the report; returns what the page asked the network for, besides itself."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    opened.on("request", note)
    opened.set_viewport_size({"width": width, "height": 800})
    file = folder / "report.html"
    file.write_text(page(language, PLACES, TRAIL), encoding="utf-8")
    opened.goto(file.as_uri())
    return [url for url in asked if url != file.as_uri()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_is_cut_off(
    opened: Page, tmp_path: Path, language: Language, width: int
) -> None:
    assert show(opened, tmp_path, language, width) == []
    opened.evaluate(AXE.read_text(encoding="utf-8"))
    found = opened.evaluate("axe.run(document, {resultTypes: ['violations', 'passes']})")
    assert found["passes"], "axe looked at nothing"
    assert [each["id"] for each in found["violations"]] == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width  # WCAG 1.4.10


def test_it_prints_on_paper(opened: Page, tmp_path: Path) -> None:
    show(opened, tmp_path, "id", 1280)
    assert opened.pdf(format="A4").startswith(b"%PDF")
