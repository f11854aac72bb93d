"""Both layers for everybody: keyboard, screen reader, zoom, contrast modes, small screens."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewProfile, page_of
from tests.browser.driver import Language, Visitor
from tests.browser.servers import Api, Site

SIZES = {"desktop": (1280, 800), "phone": (320, 568)}

# Everything inside the banner's shadow roots that can be pressed. A checkbox is pressed by its
# label, which is therefore the target.
TARGETS = """() => [...document.querySelectorAll('.jaga')]
  .flatMap((host) => [...host.shadowRoot.querySelectorAll('button, a, label')])
  .map((element) => {
    const {width, height} = element.getBoundingClientRect();
    return {name: element.textContent, width, height};
  })"""

# How a button looks, lengths to a tenth of a pixel: half a row is not always a whole number of the
# browser's own units of 1/64.
LOOKS = """(button) => {
  const style = getComputedStyle(button);
  const rounded = (value) => value.replace(/\\d+\\.\\d+/g, (number) => (+number).toFixed(1));
  const {width, height} = button.getBoundingClientRect();
  return {
    ...Object.fromEntries([...style].map((name) => [name, rounded(style.getPropertyValue(name))])),
    className: button.className, shown: [width.toFixed(1), height.toFixed(1)],
  };
}"""

# Where the focus is, through shadow roots.
FOCUSED = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element.name || element.ariaLabel || element.textContent.trim() || element.tagName;
}"""

OVERLAP = """() => {
  const focused = document.activeElement, host = document.querySelector('.jaga');
  if (focused == host || focused == document.body) return 0;
  const [a, b] = [focused, host].map((element) => element.getBoundingClientRect());
  return Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)) *
    Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left));
}"""

# Resolves once the frames are over in which the banner may move.
SETTLED = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"""


def long_page(style: str = "") -> str:
    links = "".join(f'<p><a href="#{n}">Link {n}</a></p>' for n in range(25))
    return (
        '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
        f'<title>A page</title><link rel="stylesheet" href="/site.css">{style}'
        '<script defer src="__API_URL__/v1/sites/jutsoo/banner.js"></script>'
        f"<main><h1>A page</h1>{links}</main>"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_on_either_layer(
    new_profile: NewProfile, site: Site, language: Language, scheme: str, size: str
) -> None:
    width, height = SIZES[size]
    profile = new_profile(viewport={"width": width, "height": height}, color_scheme=scheme)
    visitor = Visitor(profile.new_page(), language)
    visitor.visit(f"{site.url}/{page_of(language)}")
    assert visitor.axe() == []
    visitor.press("preferences")
    assert visitor.axe() == []
    visitor.press("accept")
    visitor.open_preferences()
    assert visitor.axe("body") == []  # the demonstration page and the preferences after a grant
    assert visitor.violations() == visitor.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_note_under_gpc(
    new_profile: NewProfile, site: Site, language: Language, scheme: str
) -> None:
    visitor = Visitor(new_profile(gpc=True, color_scheme=scheme).new_page(), language)
    visitor.visit(f"{site.url}/{page_of(language)}")
    expect(visitor.first_layer).to_be_visible()
    assert visitor.axe() == []


def test_what_a_screen_reader_is_told(visitor: Visitor, site: Site) -> None:
    visitor.visit(site.url)
    expect(visitor.first_layer).to_match_aria_snapshot("""
      - region "Cookie preferences":
        - heading "Cookie preferences" [level=2]
        - paragraph
        - link "Privacy Policy"
        - button "Accept all"
        - button "Reject all"
        - button "Preferences"
    """)
    assert visitor.page.evaluate("document.body.firstElementChild.matches('section.jaga')")
    visitor.press("preferences")
    expect(visitor.dialog).to_match_aria_snapshot("""
      - dialog "Cookie preferences":
        - heading "Cookie preferences" [level=2]
        - button "Close"
        - paragraph
        - text: /Essential/
        - checkbox /Essential/ [checked] [disabled]
        - text: /Performance/
        - checkbox /Performance/
        - text: /Functional/
        - checkbox /Functional/
        - button "Accept all"
        - button "Reject all"
        - button "Save choices"
    """)
    assert visitor.dialog.evaluate("(dialog) => dialog.matches(':modal')")


def test_no_focus_is_stolen(visitor: Visitor, site: Site) -> None:
    site.pages["index.html"] = long_page().replace("<h1>", "<input autofocus name=search><h1>")
    visitor.visit(site.url)
    expect(visitor.first_layer).to_be_visible()
    assert visitor.page.evaluate(FOCUSED) == "search"
    visitor.visit(f"{site.url}/id.html")
    assert visitor.page.evaluate("document.activeElement == document.body")


def test_a_walk_with_the_keyboard(visitor: Visitor, api: Api, site: Site) -> None:
    page, words = visitor.page, visitor.words
    visitor.visit(site.url)
    walked = []
    for _ in range(5):
        page.keyboard.press("Tab")
        walked.append(page.evaluate(FOCUSED))
    first = [words[key] for key in ("policy", "accept", "reject", "preferences")]
    assert walked == [*first, "English"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(visitor.dialog).to_be_visible()
    inside = [words["close"], "performance", "functional"]
    inside += [words[key] for key in ("accept", "reject", "save")]
    walked = [page.evaluate(FOCUSED)]
    for _ in range(5):
        page.keyboard.press("Tab")
        walked.append(page.evaluate(FOCUSED))
    assert walked == inside
    page.keyboard.press("Escape")
    # Not shown any more is sooner than closed: until its event came, it does not open again.
    visitor.wait_for("!document.querySelector('div.jaga')")
    assert page.evaluate(FOCUSED) == words["preferences"]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(visitor.box("performance")).to_be_checked()
    visitor.button("save").focus()
    page.keyboard.press("Enter")
    [record] = api.wait_for_records(1)
    assert record["event"]["choices"] == {"performance": True, "functional": False}


@pytest.mark.parametrize("how", ["Escape", "close", "save"])
def test_the_focus_returns_to_what_opened_the_preferences(
    visitor: Visitor, site: Site, how: str
) -> None:
    visitor.visit(site.url)
    visitor.press("reject")
    visitor.open_preferences()
    if how == "Escape":
        visitor.page.keyboard.press("Escape")
    else:
        visitor.press(how)
    expect(visitor.dialog).to_have_count(0)
    assert visitor.page.evaluate(
        "document.activeElement == [...document.querySelectorAll('[data-jaga-open]')].at(-1)"
    )


def test_after_an_answer_the_keyboard_goes_on_at_the_start_of_the_page(
    visitor: Visitor, site: Site
) -> None:
    visitor.visit(site.url)
    visitor.button("reject").focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.first_layer).to_have_count(0)
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate(FOCUSED) == "English"


@pytest.mark.parametrize(
    ("size", "gpc"),
    [((1280, 800), False), ((390, 844), True), ((320, 568), False)],
)
def test_it_moves_away_from_what_has_the_focus(
    new_profile: NewProfile, site: Site, size: tuple[int, int], gpc: bool
) -> None:
    site.pages["index.html"] = long_page()
    profile = new_profile(viewport={"width": size[0], "height": size[1]}, gpc=gpc)
    visitor = Visitor(profile.new_page())
    visitor.visit(site.url)
    expect(visitor.first_layer).to_be_visible()
    for key, steps in (("Tab", 29), ("Shift+Tab", 25)):
        for _ in range(steps):
            visitor.page.keyboard.press(key)
            visitor.page.evaluate(SETTLED)
            assert visitor.page.evaluate(OVERLAP) == 0, visitor.page.evaluate(FOCUSED)


def test_it_moves_away_after_a_smooth_scroll_too(visitor: Visitor, site: Site) -> None:
    site.pages["index.html"] = long_page('<link rel="stylesheet" href="/smooth.css">')
    site.pages["smooth.css"] = "html { scroll-behavior: smooth }"
    visitor.visit(site.url)
    visitor.page.evaluate("document.documentElement.scrollTop = 400")
    visitor.page.locator("main a").last.focus()
    visitor.wait_for(f"({OVERLAP})() == 0")


def test_a_choice_already_focused_is_not_covered(visitor: Visitor, site: Site) -> None:
    site.pages["index.html"] = long_page().replace(
        "</main>", '</main><input autofocus aria-label="Search">'
    )
    visitor.visit(site.url)
    visitor.wait_for(f"({OVERLAP})() == 0")


@pytest.mark.parametrize("size", SIZES)
def test_targets_are_at_least_44_pixels(
    new_profile: NewProfile, site: Site, language: Language, size: str
) -> None:
    width, height = SIZES[size]
    profile = new_profile(viewport={"width": width, "height": height})
    visitor = Visitor(profile.new_page(), language)
    visitor.visit(f"{site.url}/{page_of(language)}")
    visitor.press("preferences")
    targets: list[dict[str, Any]] = visitor.page.evaluate(TARGETS)
    assert len(targets) == 11
    assert [t for t in targets if t["height"] < 44 or t["width"] < 44] == []
    visitor.dialog.get_by_text(visitor.words["performance_text"]).click()
    expect(visitor.box("performance")).to_be_checked()


@pytest.mark.parametrize("size", SIZES)
def test_accept_and_reject_are_equally_prominent(
    new_profile: NewProfile, site: Site, language: Language, size: str
) -> None:
    width, height = SIZES[size]
    profile = new_profile(viewport={"width": width, "height": height})
    visitor = Visitor(profile.new_page(), language)
    visitor.visit(f"{site.url}/{page_of(language)}")
    for layer in ("first", "preferences"):
        if layer == "preferences":
            visitor.press("preferences")
        accept = visitor.button("accept").evaluate(LOOKS)
        reject = visitor.button("reject").evaluate(LOOKS)
        assert {k: (v, reject[k]) for k, v in accept.items() if v != reject[k]} == {}


@pytest.mark.parametrize("size", [(320, 568), (320, 256), (320, 200)])
def test_everything_can_be_reached_on_a_small_screen_and_at_400_percent(
    new_profile: NewProfile, site: Site, language: Language, size: tuple[int, int]
) -> None:
    # 1280 x 1024 at 400 % is a window of 320 x 256 CSS pixels.
    profile = new_profile(viewport={"width": size[0], "height": size[1]}, device_scale_factor=4)
    visitor = Visitor(profile.new_page(), language)
    visitor.visit(f"{site.url}/{page_of(language)}")
    sideways = """() => [document.documentElement, ...[...document.querySelectorAll('.jaga')]
      .map((host) => host.shadowRoot.lastChild)].some((e) => e.scrollWidth > e.clientWidth)"""
    assert not visitor.page.evaluate(sideways)
    box = visitor.first_layer.bounding_box()
    assert box is not None
    assert box["height"] <= size[1] * 0.6 + 1
    visitor.press("preferences")
    assert not visitor.page.evaluate(sideways)
    visitor.box("functional").check()
    visitor.press("close")
    visitor.press("reject")
    expect(visitor.first_layer).to_have_count(0)


def test_text_at_200_percent_alone_is_not_cut_off(visitor: Visitor, site: Site) -> None:
    visitor.visit(site.url)
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    size = visitor.button("accept").evaluate("(b) => getComputedStyle(b).fontSize")
    assert size == "32px"  # it follows the visitor's own setting, not the site's
    for word in ("accept", "reject", "preferences"):
        assert visitor.button(word).evaluate("(b) => b.scrollWidth <= b.clientWidth")


def test_forced_colours_keep_every_border_and_both_layers(
    new_profile: NewProfile, site: Site
) -> None:
    profile = new_profile(forced_colors="active")
    visitor = Visitor(profile.new_page())
    visitor.visit(site.url)
    for layer in ("first", "preferences"):
        if layer == "preferences":
            visitor.press("preferences")
        for word in ("accept", "reject"):
            style = visitor.button(word).evaluate(
                "(b) => [getComputedStyle(b).borderStyle, getComputedStyle(b).borderWidth]"
            )
            assert style == ["solid", "2px"]
        assert visitor.axe() == []
    visitor.page.keyboard.press("Tab")
    outline = visitor.box("performance").evaluate("(b) => getComputedStyle(b).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_by_itself(new_profile: NewProfile, site: Site, motion: str) -> None:
    visitor = Visitor(new_profile(reduced_motion=motion).new_page())
    visitor.visit(site.url)
    visitor.press("preferences")
    moving = visitor.page.evaluate("""() => document.getAnimations().length +
      [...document.querySelectorAll('.jaga')]
        .flatMap((host) => [host, ...host.shadowRoot.querySelectorAll('*')])
        .filter((e) => getComputedStyle(e).transitionDuration != '0s' ||
          getComputedStyle(e).animationName != 'none').length""")
    assert moving == 0


def test_it_is_not_printed(visitor: Visitor, site: Site) -> None:
    visitor.visit(site.url)
    visitor.page.emulate_media(media="print")
    expect(visitor.first_layer).to_be_hidden()
