"""A site, an API and a visitor for each test; the browser is shared, the profile is not."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.driver import GPC, Language, Visitor
from tests.browser.servers import Api, Site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is in this folder, and nothing else."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def api() -> Iterator[Api]:
    """An API on a port of its own, so that no late request of another test's page reaches it."""
    with Api() as running:
        yield running


@pytest.fixture
def site(api: Api) -> Iterator[Site]:
    """A site on an origin of its own."""
    with Site(api) as running:
        yield running


type NewProfile = Callable[..., BrowserContext]


@pytest.fixture
def new_profile(browser: Browser, api: Api) -> Iterator[NewProfile]:
    """Makes fresh profiles, with ``gpc=True`` one whose browser sends Global Privacy Control."""
    profiles: list[BrowserContext] = []

    def make(*, gpc: bool = False, **options: object) -> BrowserContext:
        profile = browser.new_context(**options)  # type: ignore[arg-type]  # passed on as they are
        profile.set_default_timeout(10_000)
        if gpc:
            profile.add_init_script(GPC)
            profile.set_extra_http_headers({"Sec-GPC": "1"})
        profiles.append(profile)
        return profile

    yield make
    for profile in profiles:
        profile.close()


@pytest.fixture
def profile(new_profile: NewProfile) -> BrowserContext:
    """A fresh profile of an ordinary visitor."""
    return new_profile()


@pytest.fixture
def visitor(profile: BrowserContext) -> Iterator[Visitor]:
    """An ordinary visitor; no page they see may breach its policy or throw an error."""
    someone = Visitor(profile.new_page())
    yield someone
    assert someone.errors == []
    assert someone.violations() == []


@pytest.fixture(params=["en", "id"])
def language(request: pytest.FixtureRequest) -> Language:
    """Each language in turn."""
    return request.param  # type: ignore[no-any-return]  # the parameters above


def page_of(language: Language) -> str:
    """The demonstration page in a language."""
    return {"en": "index.html", "id": "id.html"}[language]
