"""No record is lost and none is doubled, whatever the network does."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from tests.browser.driver import ARGUMENTS, Visitor, executable
from tests.browser.servers import Api, Site

ONLINE = "dispatchEvent(new Event('online'))"


def decide_many(count: int) -> str:
    """A script that saves the preferences ``count`` times, as fast as it can."""
    return f"""async () => {{
      for (let i = 0; i < {count}; i++) {{
        jaga.open();
        const root = [...document.querySelectorAll('div.jaga')]
          .map((host) => host.shadowRoot).find((root) => root.querySelector('dialog'));
        root.querySelector('input[name=performance]').checked = true;
        const closed = new Promise((done) =>
          root.querySelector('dialog').addEventListener('close', done));
        root.querySelector('.row .alt').click();
        await closed;
      }}
    }}"""


def test_cookie_and_outbox_are_written_before_the_click_returns(
    visitor: Visitor, api: Api, site: Site
) -> None:
    api.failing = "gone"
    visitor.visit(site.url)
    [kept, cookie] = visitor.page.evaluate("""() => {
      document.querySelector('section.jaga').shadowRoot.querySelector('button').click();
      return [Object.keys(localStorage).filter((k) => k.startsWith('jaga:')), document.cookie];
    }""")
    assert len(kept) == 1
    assert cookie.startswith("jaga=")


def test_offline_then_online(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.page.context.set_offline(True)
    visitor.press("accept")
    [event] = visitor.waiting()
    assert api.attempts == []
    assert visitor.choices()["performance"] is True
    visitor.page.context.set_offline(False)
    [record] = api.wait_for_records(1)
    assert record["event"]["event_id"] == event
    visitor.wait_until_sent()


@pytest.mark.parametrize("failure", [429, 503, 500, "gone"])
def test_a_passing_failure_is_tried_again_with_the_same_event(
    visitor: Visitor, api: Api, site: Site, failure: int
) -> None:
    api.failing = failure
    visitor.visit(site.url)
    visitor.press("accept")
    api.wait(lambda api: len(api.attempts) >= 1)
    api.failing = None
    api.wait_for_records(1)  # nothing but the banner's own backoff brings this about
    visitor.wait_until_sent()
    assert len({attempt["event_id"] for attempt in api.attempts}) == 1


@pytest.mark.parametrize("refusal", [401, 403, 404, 422])
def test_what_may_be_taken_later_is_kept(
    visitor: Visitor, api: Api, site: Site, refusal: int
) -> None:
    """A deployment in progress, a firewall, a clock that is wrong today."""
    api.failing = refusal
    visitor.visit(site.url)
    visitor.press("reject")
    api.wait(lambda api: len(api.attempts) >= 1)
    assert len(visitor.waiting()) == 1
    api.failing = None
    visitor.visit(site.url)
    visitor.wait_until_sent()
    assert [record["event"]["action"] for record in api.wait_for_records(1)] == ["reject_all"]


def test_what_is_older_than_a_choice_may_be_is_given_up(
    visitor: Visitor, api: Api, site: Site
) -> None:
    api.failing = 422
    visitor.visit(site.url)
    visitor.press("reject")
    api.wait(lambda api: len(api.attempts) >= 1)
    visitor.page.evaluate("""() => {
      const key = Object.keys(localStorage).find((key) => key.startsWith("jaga:"));
      const event = JSON.parse(localStorage[key]);
      event.occurred_at = new Date(Date.now() - 181 * 864e5).toISOString();
      localStorage[key] = JSON.stringify(event);
    }""")
    visitor.visit(site.url)
    visitor.wait_until_sent()


@pytest.mark.parametrize("refusal", [400, 409, 413, 415])
def test_a_final_refusal_does_not_loop(
    visitor: Visitor, api: Api, site: Site, refusal: int
) -> None:
    api.failing = refusal
    visitor.visit(site.url)
    visitor.press("reject")
    visitor.wait_until_sent()
    visitor.visit(site.url)
    visitor.page.evaluate(ONLINE)
    assert len(api.attempts) == 1
    expect(visitor.first_layer).to_have_count(0)  # the visitor's own answer still holds


@pytest.mark.parametrize("failure", [503, "gone"])
def test_page_closed_at_once_while_the_api_fails(
    profile: BrowserContext, api: Api, site: Site, failure: int
) -> None:
    api.failing = failure
    first = Visitor(profile.new_page())
    first.visit(site.url)
    first.press("accept")
    first.page.close()
    api.wait(lambda api: len(api.attempts) >= 1)
    assert api.records == {}
    api.failing = None
    again = Visitor(profile.new_page())
    again.visit(site.url)
    [record] = api.wait_for_records(1)
    again.wait_until_sent()
    assert record["event"]["action"] == "accept_all"
    assert {attempt["event_id"] for attempt in api.attempts} == set(api.records)
    assert again.violations() == again.errors == []


def test_browser_closed_at_once_while_the_api_fails(
    playwright: Playwright, api: Api, site: Site, tmp_path: Path
) -> None:
    def start() -> BrowserContext:
        return playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=executable() or None, args=ARGUMENTS
        )

    api.failing = 503
    with start() as before:
        first = Visitor(before.new_page())
        first.visit(site.url)
        first.press("reject")
    api.failing = None
    assert api.records == {}
    with start() as after:
        again = Visitor(after.new_page())
        again.visit(site.url)
        [record] = api.wait_for_records(1)
        again.wait_until_sent()
        expect(again.first_layer).to_have_count(0)
    assert record["event"]["action"] == "reject_all"


def test_the_request_outlives_the_page(profile: BrowserContext, api: Api, site: Site) -> None:
    visitor = Visitor(profile.new_page())
    visitor.visit(site.url)
    visitor.press("accept")
    visitor.page.close()
    api.wait_for_records(1)


def test_an_answer_that_was_never_read_doubles_nothing(
    profile: BrowserContext, api: Api, site: Site
) -> None:
    """The server has the record, but the page went before it could hear so."""
    first = Visitor(profile.new_page())
    first.visit(site.url)
    first.page.evaluate("""() => {
      document.querySelector('section.jaga').shadowRoot.querySelector('button').click();
      location.href = '/film.html';
    }""")
    first.page.wait_for_url("**/film.html")
    api.wait_for_records(1)
    first.visit(site.url)
    first.wait_until_sent()
    assert len(api.wait_for_records(1)) == 1
    assert len({attempt["event_id"] for attempt in api.attempts}) == 1


def test_a_last_try_as_the_page_goes(visitor: Visitor, api: Api, site: Site) -> None:
    api.failing = 503
    visitor.visit(site.url)
    visitor.press("accept")
    api.wait(lambda api: len(api.attempts) >= 1)
    visitor.page.evaluate("clearTimeout(setTimeout(() => {}))")
    api.failing = None
    visitor.page.goto("about:blank")
    api.wait_for_records(1)
    visitor.visit(site.url)
    visitor.wait_until_sent()
    assert len(api.wait_for_records(1)) == 1


def test_the_page_is_listened_to_from_the_scripts_first_task_on(
    visitor: Visitor, site: Site
) -> None:
    """Who chooses and leaves within a fifth of a second has a last try, too."""
    visitor.page.add_init_script("""
      window.whileRunning = [];
      const listen = window.addEventListener;
      window.addEventListener = function (type, ...rest) {
        if (document.currentScript) whileRunning.push(type);
        return listen.call(this, type, ...rest);
      };
    """)
    visitor.visit(site.url)
    registered: list[str] = visitor.page.evaluate("whileRunning")
    assert {"pagehide", "online"} <= set(registered)


def test_two_tabs_share_one_outbox_and_lose_nothing(
    profile: BrowserContext, api: Api, site: Site
) -> None:
    api.failing = 503
    tabs = [Visitor(profile.new_page()), Visitor(profile.new_page())]
    for tab in tabs:
        tab.visit(site.url)
        tab.page.evaluate(f"window.many = {decide_many(6)}; 0")
    # Both run at the same time: the calls return at once, the tabs go on.
    for tab in tabs:
        tab.page.evaluate("window.done = many().then(() => true); 0")
    for tab in tabs:
        assert tab.page.evaluate("done")
    assert len(tabs[0].waiting()) == 12
    api.failing = None
    for tab in tabs:
        tab.page.evaluate(f"{ONLINE}; 0")
    records = api.wait_for_records(12)
    for tab in tabs:
        tab.wait_until_sent()
        assert tab.errors == []
    assert len(api.wait_for_records(12)) == len(records)
    assert len({record["event"]["visitor_id"] for record in records}) == 1


def test_choices_arrive_in_the_order_in_which_they_were_made(
    visitor: Visitor, api: Api, site: Site
) -> None:
    api.failing = 503
    visitor.visit(site.url)
    visitor.page.evaluate(f"({decide_many(5)})()")
    api.failing = None
    visitor.page.evaluate(f"{ONLINE}; 0")
    api.wait_for_records(5)
    assert list(api.records) == sorted(api.records)


def test_a_browser_that_refuses_storage_still_records(
    profile: BrowserContext, api: Api, site: Site
) -> None:
    profile.add_init_script("""
      Object.defineProperty(window, 'localStorage', {
        get() { throw new DOMException('denied', 'SecurityError'); },
      });
    """)
    visitor = Visitor(profile.new_page())
    visitor.visit(site.url)
    visitor.press("accept")
    api.wait_for_records(1)
    assert visitor.errors == []


def test_a_full_storage_still_records(profile: BrowserContext, api: Api, site: Site) -> None:
    visitor = Visitor(profile.new_page())
    visitor.visit(site.url)
    visitor.page.evaluate("""() => {
      for (let size = 2 ** 22, n = 0; size; ) {
        try { localStorage['full' + n++] = 'x'.repeat(size); } catch { size >>= 1; }
      }
    }""")
    visitor.press("accept")
    api.wait_for_records(1)
    assert visitor.errors == []
