"""What the banner does to the page: what it holds back, lets go, cleans up, and never breaks."""

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from tests.browser.conftest import NewProfile
from tests.browser.driver import TEXTS, Visitor, launch
from tests.browser.servers import Api, Site, configuration, served_banner

SCRIPT = '<script src="__API_URL__/v1/sites/jutsoo/banner.js"></script>'


def page(body: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><title>A page</title>{head}'
        f"<body><h1>A page</h1>{body}{SCRIPT}"
    )


def seen(visitor: Visitor) -> dict[str, bool]:
    """What of the demonstration page's optional content runs."""
    answer: dict[str, bool] = visitor.page.evaluate("""() => ({
      script: document.documentElement.dataset.measured == 'yes',
      template: document.documentElement.dataset.remembered == 'yes',
      frame: !!document.querySelector('iframe').src,
      placeholder: !document.querySelector('[data-consent-else]').hidden,
    })""")
    return answer


HELD = {"script": False, "template": False, "frame": False, "placeholder": True}
RUNNING = {"script": True, "template": True, "frame": True, "placeholder": False}


def wait_until_running(visitor: Visitor, *names: str) -> None:
    for name in names:
        visitor.page.wait_for_selector(f"html[data-{name}]", state="attached")


def test_optional_content_waits_for_its_category(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    assert seen(visitor) == HELD
    visitor.save(performance=True, functional=False)
    wait_until_running(visitor, "measured")
    assert seen(visitor) == {**HELD, "script": True}
    visitor.save(performance=True, functional=True)
    wait_until_running(visitor, "remembered")
    assert seen(visitor) == RUNNING
    api.wait_for_records(2)
    visitor.visit(site.url)
    wait_until_running(visitor, "measured", "remembered")
    assert seen(visitor) == RUNNING
    frame = visitor.page.frame_locator("iframe")
    expect(frame.get_by_text("1:24")).to_be_visible()


def test_nothing_optional_runs_after_a_refusal(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("reject")
    api.wait_for_records(1)
    assert seen(visitor) == HELD
    visitor.visit(site.url)
    assert seen(visitor) == HELD


def test_nothing_optional_runs_when_the_api_cannot_be_reached(visitor: Visitor, site: Site) -> None:
    visitor.page.context.route("**/banner.js", lambda route: route.abort())
    visitor.visit(site.url)
    assert seen(visitor) == HELD


def test_a_revived_script_keeps_its_attributes_order_and_nonce(
    visitor: Visitor, site: Site
) -> None:
    site.pages["index.html"] = page(
        '<script type="text/plain" data-consent="performance" nonce="r4nd0m" id="inline">'
        "window.order = ['inline'];</script>"
        '<script type="text/plain" data-consent="performance" src="/one.js" class="kept">'
        '</script><script type="text/plain" data-consent="performance" src="/two.js"></script>'
        '<script type="text/plain" data-consent="performance" data-type="module" nonce="r4nd0m">'
        "window.module = import.meta.url;</script>"
        '<template data-consent="performance"><script nonce="r4nd0m">order.push("template")'
        '</script><b id="new">new</b></template>'
    )
    site.pages["one.js"] = "order.push(document.currentScript.className)"
    site.pages["two.js"] = "order.push('two')"
    visitor.visit(site.url)
    assert visitor.page.evaluate("window.order") is None
    visitor.press("accept")
    visitor.wait_for("order.length == 4 && window.module")
    order = visitor.page.evaluate("order")
    assert order[0] == "inline"
    assert order.index("kept") < order.index("two")
    for name in ("one", "two"):
        assert not visitor.page.evaluate(f"document.querySelector('[src=\"/{name}.js\"]').async")
    expect(visitor.page.locator("#new")).to_be_visible()
    assert visitor.page.locator("template").count() == 0


def test_a_script_without_the_nonce_stays_refused(profile: BrowserContext, site: Site) -> None:
    site.pages["index.html"] = page(
        '<script type="text/plain" data-consent="performance">window.ran = 1</script>'
    )
    visitor = Visitor(profile.new_page())
    visitor.visit(site.url)
    visitor.press("accept")
    visitor.wait_for("seen.violations.length == 1")
    assert visitor.page.evaluate("window.ran") is None


def test_withdrawal_cleans_up_on_every_domain(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("accept")
    wait_until_running(visitor, "measured", "remembered")
    api.wait_for_records(1)
    cookies: list[Any] = [
        {"name": "_ga", "value": "1", "domain": ".jutsoo.test", "path": "/"},
        {"name": "_ga_ABC", "value": "1", "domain": ".www.jutsoo.test", "path": "/"},
        {"name": "_gat", "value": "1", "domain": "www.jutsoo.test", "path": "/"},
        {"name": "session", "value": "1", "domain": "www.jutsoo.test", "path": "/"},
    ]
    visitor.page.context.add_cookies(cookies)
    visitor.page.evaluate("Object.assign(localStorage, {'analytics:a': 1, 'pref:b': 1, 'cart': 1})")
    visitor.open_preferences()
    with visitor.reloading():
        visitor.press("withdraw")
    assert set(visitor.cookies()) == {"jaga", "_gat", "session"}
    kept = visitor.page.evaluate("Object.keys(localStorage).filter((k) => !k.startsWith('jaga'))")
    assert kept == ["cart"]
    assert seen(visitor) == HELD


def test_giving_up_one_category_leaves_the_other(visitor: Visitor, api: Api, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("accept")
    wait_until_running(visitor, "measured", "remembered")
    assert {"_ga_demo", "jutsoo_pref_view"} <= set(visitor.cookies())
    with visitor.reloading():
        visitor.save(performance=False, functional=True)
    wait_until_running(visitor, "remembered")
    assert set(visitor.cookies()) == {"jaga", "jutsoo_pref_view"}
    assert [record["event"]["action"] for record in api.wait_for_records(2)] == [
        "accept_all", "save",
    ]  # fmt: skip


def test_no_reload_where_nothing_had_run(visitor: Visitor, api: Api, site: Site) -> None:
    site.pages["index.html"] = page("<button data-jaga-open>Cookies</button>")
    visitor.visit(site.url)
    visitor.page.evaluate("window.same = 'page'")
    visitor.press("accept")
    visitor.open_preferences()
    visitor.press("withdraw")
    api.wait_for_records(2)
    visitor.wait_until_sent()
    assert visitor.page.evaluate("same") == "page"


def test_a_page_from_the_back_forward_cache_learns_of_the_withdrawal(
    visitor: Visitor, api: Api, site: Site
) -> None:
    visitor.visit(site.url)
    visitor.press("accept")
    wait_until_running(visitor, "measured", "remembered")
    api.wait_for_records(1)
    value = visitor.cookies()["jaga"]["value"]
    refused = value.replace(".11.", ".00.")
    with visitor.reloading():
        visitor.page.evaluate("""(value) => {
          document.cookie = 'jaga=' + value + ';Path=/';
          dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}));
        }""", refused)  # fmt: skip
    assert seen(visitor) == HELD
    assert set(visitor.cookies()) == {"jaga"}


# Google Consent Mode v2

GTAG = """<script nonce="r4nd0m">
  window.dataLayer = [];
  function gtag() { dataLayer.push(arguments); }
</script>"""
LAYER = "dataLayer.map((call) => [...call])"


def signals(analytics: str, functionality: str) -> dict[str, str]:
    return {
        "ad_storage": "denied",
        "ad_user_data": "denied",
        "ad_personalization": "denied",
        "analytics_storage": analytics,
        "functionality_storage": functionality,
        "personalization_storage": functionality,
        "security_storage": "granted",
    }


@pytest.mark.parametrize(
    "head", [GTAG, '<script nonce="r4nd0m">window.dataLayer = []</script>'], ids=["gtag", "layer"]
)
def test_google_consent_mode_is_told(visitor: Visitor, api: Api, site: Site, head: str) -> None:
    site.pages["index.html"] = page("<button data-jaga-open>Cookies</button>", head)
    visitor.visit(site.url)
    default = ["consent", "default", signals("denied", "denied")]
    assert visitor.page.evaluate(LAYER) == [default]
    visitor.save(performance=True, functional=False)
    visitor.save(performance=False, functional=False)
    assert visitor.page.evaluate(LAYER) == [
        default,
        ["consent", "update", signals("granted", "denied")],
        ["consent", "update", signals("denied", "denied")],
    ]
    # Google tells a command from an event by this.
    assert visitor.page.evaluate("String(dataLayer[0])") == "[object Arguments]"
    api.wait_for_records(2)


def test_consent_mode_hears_of_an_earlier_choice(visitor: Visitor, api: Api, site: Site) -> None:
    site.pages["index.html"] = page("", GTAG)
    visitor.visit(site.url)
    visitor.press("accept")
    api.wait_for_records(1)
    visitor.visit(site.url)
    assert visitor.page.evaluate(LAYER) == [
        ["consent", "default", signals("denied", "denied")],
        ["consent", "update", signals("granted", "granted")],
    ]


def test_no_consent_mode_where_the_page_has_none(visitor: Visitor, site: Site) -> None:
    visitor.visit(site.url)
    visitor.press("reject")
    assert visitor.page.evaluate("[typeof gtag, typeof dataLayer]") == ["undefined"] * 2


# The page itself


def test_no_layout_shift_and_no_long_task(new_profile: NewProfile, api: Api, site: Site) -> None:
    quietest = []
    for _ in range(3):
        visitor = Visitor(new_profile(viewport={"width": 390, "height": 844}).new_page())
        visitor.visit(site.url)
        expect(visitor.first_layer).to_be_visible()
        visitor.press("preferences")
        expect(visitor.dialog).to_be_visible()
        visitor.press("accept")
        wait_until_running(visitor, "measured", "remembered")
        assert visitor.page.evaluate("seen.shift") == 0
        quietest.append(visitor.page.evaluate("seen.tasks"))
    # A busy machine can make any task long; it cannot make one short.
    assert [] in quietest, quietest


@pytest.mark.parametrize(
    ("clock", "at_once"), [("() => 0", True), ("() => ticks += 9", False)], ids=["quick", "slow"]
)
def test_it_comes_with_the_page_where_its_script_was_quick_else_with_the_next_frame(
    visitor: Visitor, site: Site, clock: str, *, at_once: bool
) -> None:
    # In Chromium the event follows the last deferred script in that script's own task.
    visitor.page.add_init_script(f"""
      let ticks = 0;
      performance.now = {clock};
      addEventListener('DOMContentLoaded', () => {{
        window.early = !!document.querySelector('.jaga');
      }});
      const ask = requestAnimationFrame;
      window.requestAnimationFrame = (show) => ask((time) => {{
        show(time);
        window.framed ??= !!document.querySelector('.jaga');
      }});
    """)
    site.pages["index.html"] = page("").replace("<script", "<script defer")
    visitor.visit(site.url)
    expect(visitor.first_layer).to_be_visible()
    assert visitor.page.evaluate("[early, framed]") == [at_once, True]


@pytest.mark.parametrize("answered", [False, True])
def test_a_script_that_comes_later_may_replace_the_page(
    visitor: Visitor, api: Api, site: Site, *, answered: bool
) -> None:
    link = "<button data-jaga-open>Cookies</button>"
    site.pages["app.js"] = f"document.body.innerHTML = '<h1>An app</h1>{link}'"
    site.pages["index.html"] = (
        f'<!doctype html><html lang="en"><title>A page</title>{SCRIPT}'
        '<script src="app.js"></script>'
    ).replace("<script", "<script defer")
    visitor.visit(site.url)
    expect(visitor.first_layer).to_be_visible()
    if not answered:
        return
    visitor.press("reject")
    api.wait_for_records(1)
    visitor.visit(site.url)
    visitor.page.wait_for_timeout(300)
    expect(visitor.pill).to_have_count(0)
    visitor.open_preferences()


def test_a_copy_that_could_not_send_asks_nothing(visitor: Visitor, site: Site) -> None:
    script = served_banner(configuration()).decode()
    site.pages["index.html"] = page("").replace(SCRIPT, f'<script nonce="r4nd0m">{script}</script>')
    visitor.visit(site.url)
    assert visitor.page.evaluate("[typeof jaga, document.cookie]") == ["undefined", ""]
    expect(visitor.first_layer).to_have_count(0)
    assert visitor.errors == ["Failed to construct 'URL': Invalid base URL"]
    visitor.errors.clear()


def test_the_next_script_knows_the_choice(visitor: Visitor, api: Api, site: Site) -> None:
    site.pages["index.html"] = page("") + '<script nonce="r4nd0m">known = jaga.choices()</script>'
    visitor.visit(site.url)
    assert visitor.page.evaluate("known.decided") is False
    visitor.press("accept")
    api.wait_for_records(1)
    visitor.visit(site.url)
    everything = {"essential": True, "performance": True, "functional": True}
    assert visitor.page.evaluate("known") == {**everything, "decided": True, "gpc": False}


def test_the_page_s_styles_do_not_reach_it_and_its_own_do_not_leak(
    visitor: Visitor, site: Site
) -> None:
    site.pages["wild.css"] = """
      * { font: 3px serif !important; color: red !important; display: none; }
      html, body, h1 { display: block; }
      section, div, button { padding: 9rem !important; position: static !important; }
    """
    wild = '<link rel="stylesheet" href="/wild.css">'
    measure = """() => {
      const host = document.querySelector('.jaga'), root = host.shadowRoot;
      return [host, ...root.querySelectorAll('*')].map((element) => {
        const style = getComputedStyle(element);
        return [element.tagName, style.fontSize, style.color, style.padding, style.position];
      });
    }"""
    looks = []
    for head in ("", wild):
        site.pages["index.html"] = page("<p>Text</p>", head)
        visitor.visit(site.url)
        expect(visitor.first_layer).to_be_visible()
        looks.append(visitor.page.evaluate(measure))
    assert looks[0] == looks[1]
    site.pages["index.html"] = page("<button>Plain</button>")
    visitor.visit(site.url)
    plain = visitor.page.get_by_role("button", name="Plain")
    assert plain.evaluate("(b) => getComputedStyle(b).borderRadius") in ("0px", "2px")


def test_a_site_can_give_it_its_own_colours(visitor: Visitor, site: Site) -> None:
    site.pages["brand.css"] = ".jaga { --accent: rgb(90, 20, 120); }"
    site.pages["index.html"] = page("", '<link rel="stylesheet" href="/brand.css">')
    visitor.visit(site.url)
    for word in ("accept", "reject"):
        colour = visitor.button(word).evaluate("(b) => getComputedStyle(b).backgroundColor")
        assert colour == "rgb(90, 20, 120)"
    assert visitor.axe() == []


def test_a_script_in_the_head_waits_for_the_page(visitor: Visitor, site: Site) -> None:
    site.pages["index.html"] = (
        f'<!doctype html><html lang="en"><title>A page</title>{SCRIPT}<h1>A page</h1>'
        "<footer><button data-jaga-open>Cookies</button></footer>"
    )
    visitor.visit(site.url)
    visitor.press("reject")
    expect(visitor.pill).to_have_count(0)


def test_without_scripts_the_page_says_so(playwright: Playwright, api: Api, site: Site) -> None:
    # Switching scripts off for one profile leaves <noscript> unparsed; the whole browser's setting
    # does not. Nothing can be evaluated in such a page, so what it shows is read from outside.
    with launch(playwright, "--blink-settings=scriptEnabled=false") as browser:
        for name, line in (
            ("index.html", "Only essential cookies are used."),
            ("id.html", "Hanya cookie esensial yang digunakan."),
        ):
            page = browser.new_page()
            page.goto(f"{site.url}/{name}")
            session = page.context.new_cdp_session(page)
            tree = json.dumps(session.send("Accessibility.getFullAXTree"), ensure_ascii=False)
            assert line in tree
            assert TEXTS["en"]["accept"] not in tree
            assert page.context.cookies() == []
