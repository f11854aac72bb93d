"""What tests of several folders share: one Chromium for all of them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.driver import launch


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, once: a process can run it only once at a time."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for all tests; profiles are their own."""
    running = launch(playwright)
    yield running
    running.close()
