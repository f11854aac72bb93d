"""What a visitor can choose, what is recorded of it, and when they are asked again."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.browser.conftest import NewProfile, page_of
from tests.browser.driver import Language, Visitor
from tests.browser.servers import Api, Site, configuration

DAYS_180 = timedelta(days=180)
NOTHING = {"performance": False, "functional": False}
EVERYTHING = {"performance": True, "functional": True}


def cookie_value(visitor: Visitor) -> str:
    value: str = visitor.cookies()["jaga"]["value"]
    return value


@pytest.mark.parametrize(
    ("word", "action", "choices"),
    [("accept", "accept_all", EVERYTHING), ("reject", "reject_all", NOTHING)],
)
def test_first_layer_records_the_answer(
    profile: BrowserContext, api: Api, site: Site, language: Language,
    word: str, action: str, choices: dict[str, bool],
) -> None:  # fmt: skip
    visitor = Visitor(profile.new_page(), language)
    visitor.visit(f"{site.url}/{page_of(language)}")
    expect(visitor.first_layer).to_be_visible()
    before = datetime.now(UTC)
    visitor.press(word)
    expect(visitor.first_layer).to_have_count(0)
    [record] = api.wait_for_records(1)
    event = record["event"]
    assert event["action"] == action
    assert event["choices"] == choices
    assert event["language"] == language
    assert event["notice_sha256"] == configuration()["text"][language]["sha256"]
    assert event["gpc"] is False
    assert event["source"] == "button"
    assert re.fullmatch("[0-9a-f]{8}", event["banner_build"])
    assert abs(datetime.fromisoformat(event["occurred_at"]) - before) < timedelta(seconds=5)
    assert record["origin"] == site.url
    assert cookie_value(visitor).startswith(event["visitor_id"] + ".")
    assert visitor.choices() == {"essential": True, **choices, "decided": True, "gpc": False}
    visitor.wait_until_sent()
    assert visitor.violations() == visitor.errors == []


def test_the_cookie_is_first_party_compact_and_lasts_180_days(
    visitor: Visitor, api: Api, site: Site
) -> None:
    visitor.visit(site.url)
    visitor.press("reject")
    [record] = api.wait_for_records(1)
    cookie = visitor.cookies()["jaga"]
    notice = record["event"]["notice_sha256"][:12]
    id_, flags, named, time = cookie["value"].split(".")
    assert (id_, flags, named) == (record["event"]["visitor_id"], "00", notice)
    now = datetime.now(UTC).timestamp()
    assert abs(int(time, 36) - now) < 5
    assert abs(cookie["expires"] - now - DAYS_180.total_seconds()) < 60
    assert cookie["domain"] == "www.jutsoo.test"
    assert (cookie["path"], cookie["sameSite"], cookie["secure"]) == ("/", "Lax", False)
    assert set(visitor.cookies()) == {"jaga"}


def test_the_cookie_is_secure_on_https(visitor: Visitor, api: Api, site: Site) -> None:
    home = "https://www.jutsoo.test"

    def fulfil(route: Route, request: Request) -> None:
        path = request.url.removeprefix(home)
        server = api if path.startswith("/v1/") else site
        reply = server.answer(
            request.method, path, request.headers, request.post_data_buffer or b""
        )
        assert reply is not None
        status, headers, content = reply
        route.fulfill(
            status=status,
            headers={name: value.replace(api.url, home) for name, value in headers.items()},
            body=content.decode().replace(api.url, home),
        )

    visitor.page.context.route(f"{home}/**", fulfil)
    visitor.visit(f"{home}/")
    visitor.press("reject")
    assert visitor.cookies()["jaga"]["secure"] is True


def test_nothing_is_asked_again_after_an_answer(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("accept")
    api.wait_for_records(1)
    visitor.wait_until_sent()
    visitor.visit(site.url)
    expect(visitor.first_layer).to_have_count(0)
    visitor.visit(f"{site.url}/id.html")  # the other language's text asks the same
    expect(visitor.page.locator("section.jaga")).to_have_count(0)
    assert visitor.choices()["decided"]
    assert len(api.attempts) == 1


def test_preferences_start_from_nothing_and_can_be_saved_and_changed(
    visitor: Visitor, api: Api, site: Site
) -> None:
    visitor.visit(site.url)
    visitor.press("preferences")
    expect(visitor.box("essential")).to_be_checked()
    expect(visitor.box("essential")).to_be_disabled()
    expect(visitor.box("performance")).not_to_be_checked()
    expect(visitor.box("functional")).not_to_be_checked()
    visitor.box("functional").check()
    visitor.press("save")
    expect(visitor.dialog).to_have_count(0)
    expect(visitor.first_layer).to_have_count(0)
    api.wait_for_records(1)
    visitor.save(performance=True, functional=True)
    api.wait_for_records(2)
    visitor.open_preferences()
    expect(visitor.box("performance")).to_be_checked()
    first, second = (record["event"] for record in api.wait_for_records(2))
    assert first["choices"] == {"performance": False, "functional": True}
    assert second["choices"] == EVERYTHING
    assert first["action"] == second["action"] == "save"
    assert first["visitor_id"] == second["visitor_id"]
    assert first["event_id"] < second["event_id"]


def test_closing_the_preferences_decides_nothing(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("preferences")
    visitor.box("performance").check()
    visitor.press("close")
    expect(visitor.dialog).to_have_count(0)
    expect(visitor.first_layer).to_be_visible()
    assert visitor.cookies() == {}
    assert api.attempts == []


@pytest.mark.parametrize("how", ["withdraw", "save"])
def test_withdrawing_is_as_easy_as_giving(visitor: Visitor, api: Api, site: Site, how: str) -> None:
    visitor.visit(site.url)
    visitor.press("accept")
    api.wait_for_records(1)
    visitor.open_preferences()
    with visitor.reloading():
        if how == "withdraw":
            visitor.press("withdraw")
        else:
            visitor.box("performance").uncheck()
            visitor.box("functional").uncheck()
            visitor.press("save")
    given, withdrawn = (record["event"] for record in api.wait_for_records(2))
    assert (given["action"], withdrawn["action"]) == ("accept_all", "withdraw")
    assert withdrawn["choices"] == NOTHING
    assert visitor.choices()["performance"] is False
    visitor.open_preferences()  # there is nothing left to withdraw
    expect(visitor.button("reject")).to_be_visible()


def test_refusals_expire_after_180_days_too(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("reject")
    [before] = api.wait_for_records(1)
    now = datetime.now(UTC)
    visitor.page.clock.set_fixed_time(now + DAYS_180 - timedelta(minutes=1))
    visitor.visit(site.url)
    expect(visitor.first_layer).to_have_count(0)
    visitor.page.clock.set_fixed_time(now + DAYS_180 + timedelta(minutes=1))
    visitor.visit(site.url)
    expect(visitor.first_layer).to_be_visible()
    assert visitor.choices()["decided"] is False
    visitor.press("reject")
    after = api.wait_for_records(2)[-1]
    assert after["event"]["visitor_id"] == before["event"]["visitor_id"]


def test_a_grant_that_has_expired_runs_nothing(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("accept")
    api.wait_for_records(1)
    visitor.page.clock.set_fixed_time(datetime.now(UTC) + DAYS_180 + timedelta(minutes=1))
    visitor.visit(site.url)
    assert visitor.choices()["performance"] is False
    assert visitor.page.locator("html[data-measured]").count() == 0


def test_a_changed_notice_is_asked_about_again(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("accept")
    api.wait_for_records(1)
    api.config["text"]["en"]["sha256"] = "a" * 64
    api.config["text"]["id"]["sha256"] = "b" * 64
    visitor.visit(site.url)
    expect(visitor.first_layer).to_be_visible()
    assert visitor.choices()["performance"] is False
    visitor.press("accept")
    first, second = (record["event"] for record in api.wait_for_records(2))
    assert second["notice_sha256"] == "a" * 64
    assert second["visitor_id"] == first["visitor_id"]


@pytest.mark.parametrize(
    "value",
    ["", "yes", "1.11.abc.def", "0" * 26 + ".11." + "f" * 12 + ".zzzzzz", "%22%3E.11.x.y"],
)
def test_a_cookie_that_cannot_be_read_grants_nothing(
    visitor: Visitor, site: Site, value: str
) -> None:
    visitor.page.context.add_cookies([{"name": "jaga", "value": value, "url": site.url}])
    visitor.visit(site.url)
    expect(visitor.first_layer).to_be_visible()
    assert visitor.choices() == {
        "essential": True, **NOTHING, "decided": False, "gpc": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("page_says", "script_says", "browser_says", "shown"),
    [
        ("id-ID", "en", "en-US", "id"),
        ("en", "id", "id-ID", "en"),
        ("", "id", "en-US", "id"),
        ("", "", "id-ID", "id"),
        ("fr", "", "fr-FR", "en"),
    ],
)
def test_the_page_decides_the_language(
    new_profile: NewProfile, site: Site,
    page_says: str, script_says: str, browser_says: str, shown: Language,
) -> None:  # fmt: skip
    site.pages["index.html"] = (
        f'<!doctype html><html lang="{page_says}"><title>A page</title>'
        f'<script defer data-lang="{script_says}"'
        ' src="__API_URL__/v1/sites/jutsoo/banner.js"></script>'
    )
    visitor = Visitor(new_profile(locale=browser_says).new_page(), shown)
    visitor.visit(site.url)
    expect(visitor.button("accept")).to_be_visible()
    expect(visitor.first_layer).to_have_attribute("lang", shown)


# Global Privacy Control is a layer, not a choice


def test_gpc_is_honoured_without_a_question(
    new_profile: NewProfile, api: Api, site: Site, language: Language
) -> None:
    visitor = Visitor(new_profile(gpc=True).new_page(), language)
    visitor.visit(f"{site.url}/{page_of(language)}")
    expect(visitor.first_layer).to_contain_text(visitor.words["gpc"])
    expect(visitor.button("accept")).to_have_count(0)
    assert visitor.choices() == {"essential": True, **NOTHING, "decided": False, "gpc": True}
    assert visitor.cookies() == {}
    visitor.press("close")
    visitor.page.reload()
    expect(visitor.first_layer).to_have_count(0)
    assert api.attempts == []
    assert visitor.violations() == visitor.errors == []


def test_an_explicit_choice_wins_over_gpc(new_profile: NewProfile, api: Api, site: Site) -> None:
    visitor = Visitor(new_profile(gpc=True).new_page())
    visitor.visit(site.url)
    visitor.press("preferences")
    visitor.box("functional").check()
    visitor.press("save")
    [record] = api.wait_for_records(1)
    assert record["event"]["gpc"] is True
    assert record["sec_gpc"] == "1"
    assert visitor.choices()["functional"] is True
    visitor.visit(site.url)
    expect(visitor.first_layer).to_have_count(0)
    assert visitor.choices()["functional"] is True


@pytest.mark.parametrize("value", ["false", "'1'", "1", "undefined"])
def test_only_true_is_a_signal(profile: BrowserContext, site: Site, value: str) -> None:
    profile.add_init_script(
        f"Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {{value: {value}}})"
    )
    visitor = Visitor(profile.new_page())
    visitor.visit(site.url)
    expect(visitor.button("accept")).to_be_visible()
    assert visitor.choices()["gpc"] is False


# The way back


def test_the_page_s_own_link_reopens_the_preferences(visitor: Visitor, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("reject")
    expect(visitor.pill).to_have_count(0)
    visitor.open_preferences()


def test_a_page_without_one_gets_a_small_button(visitor: Visitor, site: Site) -> None:
    site.pages["index.html"] = (
        '<!doctype html><html lang="en"><title>A page</title><main><h1>A page</h1></main>'
        '<script src="__API_URL__/v1/sites/jutsoo/banner.js"></script>'
    )
    visitor.visit(site.url)
    expect(visitor.pill).to_have_count(0)
    visitor.press("accept")
    visitor.pill.click()
    expect(visitor.dialog).to_be_visible()
    assert visitor.axe() == []


def test_the_public_interface(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.page.evaluate("""() => {
      window.told = [];
      jaga.on((choices) => told.push(['on', choices.performance]));
      document.addEventListener('jaga:change', (e) => told.push(['event', e.detail.performance]));
      jaga.open();
    }""")
    visitor.press("accept")
    api.wait_for_records(1)
    assert visitor.page.evaluate("told") == [["on", True], ["event", True]]


def open_second(page: Page) -> Page:
    """Another tab of the same visitor."""
    return page.context.new_page()


def test_a_choice_in_one_tab_is_known_in_the_other(visitor: Visitor, api: Api, site: Site) -> None:
    other = Visitor(open_second(visitor.page))
    visitor.visit(site.url)
    other.visit(site.url)
    other.press("accept")
    expect(visitor.first_layer).to_have_count(0)
    assert visitor.choices()["performance"] is True
    assert len(api.wait_for_records(1)) == 1
    assert other.violations() == other.errors == []


def test_a_choice_made_before_this_tab_listened_is_known_too(
    visitor: Visitor, api: Api, site: Site
) -> None:
    # Holds back the moment, a little after the first paint, in which the banner starts to listen.
    visitor.page.add_init_script("""
      const real = setTimeout;
      window.setTimeout = (task, ms) => (ms == 200 ? (window.held = task) : real(task, ms));
    """)
    visitor.visit(site.url)
    other = Visitor(open_second(visitor.page))
    other.visit(site.url)
    other.press("accept")
    api.wait_for_records(1)
    expect(visitor.first_layer).to_be_visible()
    visitor.page.evaluate("held()")
    expect(visitor.first_layer).to_have_count(0)
    assert visitor.choices()["performance"] is True
