"""Visitors in a real Chromium, on the demonstration site, against the deployed stack."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import BrowserContext, Route, expect

from infra.local.stack import Stack
from tests.browser.driver import Language, Visitor

type NewProfile = Callable[..., BrowserContext]

PAGES: dict[Language, str] = {"en": "/index.html", "id": "/id.html"}
ESSENTIAL = {"performance": False, "functional": False}
EVERYTHING = {"performance": True, "functional": True}


def arrive(stack: Stack, profile: BrowserContext, language: Language = "en") -> Visitor:
    visitor = Visitor(profile.new_page(), language)
    visitor.visit(stack.site_url + PAGES[language])
    return visitor


def recorded(http: httpx.Client, visitor: Visitor) -> list[tuple[str, dict[str, bool], str]]:
    """Action, choices and language of everything recorded of `visitor`, oldest first."""
    cookie = visitor.cookies()["jaga"]["value"]
    visitor_id = next(part for part in cookie.replace("%", ".").split(".") if len(part) == 26)
    view = http.get(f"/v1/sites/jutsoo/cookie-preferences/{visitor_id}").json()
    return [
        (
            entry["action"],
            {name: entry["choices"][name] for name in ("performance", "functional")},
            entry["language"],
        )
        for entry in reversed(view["history"])
    ]


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize("gpc", [False, True], ids=["plain", "gpc"])
def test_accept_change_withdraw(
    stack: Stack, http: httpx.Client, new_profile: NewProfile, language: Language, gpc: bool
) -> None:
    visitor = arrive(stack, new_profile(gpc=gpc), language)
    if gpc:
        visitor.save(performance=True, functional=True)
    else:
        visitor.press("accept")
    visitor.wait_until_sent()
    assert EVERYTHING.items() <= visitor.choices().items()

    with visitor.reloading():
        visitor.save(performance=False, functional=True)
    visitor.wait_until_sent()
    with visitor.reloading():
        visitor.open_preferences()
        visitor.press("withdraw")
    visitor.wait_until_sent()
    assert ESSENTIAL.items() <= visitor.choices().items()

    assert recorded(http, visitor) == [
        ("save" if gpc else "accept_all", EVERYTHING, language),
        ("save", {"performance": False, "functional": True}, language),
        ("withdraw", ESSENTIAL, language),
    ]
    assert visitor.violations() == []
    assert visitor.errors == []


@pytest.mark.parametrize("language", ["en", "id"])
def test_reject(
    stack: Stack, http: httpx.Client, new_profile: NewProfile, language: Language
) -> None:
    visitor = arrive(stack, new_profile(), language)
    visitor.press("reject")
    visitor.wait_until_sent()
    assert recorded(http, visitor) == [("reject_all", ESSENTIAL, language)]
    visitor.visit(stack.site_url + PAGES[language])
    expect(visitor.first_layer).to_have_count(0)


def test_offline_and_back(stack: Stack, http: httpx.Client, new_profile: NewProfile) -> None:
    profile = new_profile()
    visitor = arrive(stack, profile)
    profile.set_offline(True)
    visitor.press("accept")
    assert len(visitor.waiting()) == 1
    profile.set_offline(False)
    visitor.wait_until_sent()
    assert [action for action, _, _ in recorded(http, visitor)] == ["accept_all"]


def test_a_page_closed_at_once_while_the_api_answers_503(
    stack: Stack, http: httpx.Client, new_profile: NewProfile
) -> None:
    profile = new_profile()
    outage = f"{stack.api_url}/v1/sites/jutsoo/cookie-preferences"

    def refuse(route: Route) -> None:
        route.fulfill(status=503, headers={"access-control-allow-origin": stack.site_url})

    profile.route(outage, refuse)
    visitor = arrive(stack, profile)
    visitor.press("reject")
    visitor.page.close()

    profile.unroute(outage)
    back = arrive(stack, profile)
    back.wait_until_sent()
    assert [action for action, _, _ in recorded(http, back)] == ["reject_all"]


def test_a_record_whose_answer_was_lost_is_not_doubled(
    stack: Stack, http: httpx.Client, new_profile: NewProfile
) -> None:
    profile = new_profile()
    api = f"{stack.api_url}/v1/sites/jutsoo/cookie-preferences"

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    profile.route(api, lose_the_answer)
    visitor = arrive(stack, profile)
    with visitor.page.expect_event("requestfailed"):
        visitor.press("accept")
    visitor.page.close()
    profile.unroute(api)
    back = arrive(stack, profile)
    back.wait_until_sent()
    assert [action for action, _, _ in recorded(http, back)] == ["accept_all"]
