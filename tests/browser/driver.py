"""Drives a page that carries the banner, as a visitor would. Knows nothing of who serves it."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

ROOT = Path(__file__).resolve().parents[2]
TEXTS: dict[str, dict[str, str]] = json.loads(
    (ROOT / "chalicelib" / "notices" / "texts" / "cookie_notice.json").read_text("utf-8")
)
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"

type Language = Literal["en", "id"]

# Kept off: anything by which the browser itself would reach for the network. The test sites' names
# resolve to this machine inside the browser alone.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.jutsoo.test 127.0.0.1",
]

# Counts what a page must not do, from its first moment on.
WATCH = """
window.seen = {violations: [], tasks: [], shift: 0};
document.addEventListener('securitypolicyviolation', (e) =>
  seen.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) seen.tasks.push(e.duration);
}).observe({type: 'longtask', buffered: true});
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) seen.shift += e.value;
}).observe({type: 'layout-shift', buffered: true});
"""

# `navigator.globalPrivacyControl` as a browser that supports it exposes it.
GPC = """
Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true});
"""


def executable() -> str:
    """The Chromium to drive: JAGA_CHROMIUM, the system's, or Playwright's own ("" means that)."""
    names = (os.environ.get("JAGA_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), "")


def launch(playwright: Playwright, *more: str) -> Browser:
    """Starts a headless Chromium; fails with what to do when there is none."""
    path = executable() or playwright.chromium.executable_path
    if not Path(path).exists():
        message = f"no Chromium at {path}: run `.venv/bin/playwright install chromium`"
        raise FileNotFoundError(message)
    return playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *more])


class Visitor:
    """One page of one visitor, and what they can see and do on it."""

    def __init__(self, page: Page, language: Language = "en") -> None:
        self.page = page
        self.words = TEXTS[language]
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.add_init_script(WATCH)

    # What there is to see

    @property
    def first_layer(self) -> Locator:
        """The question, or the note under Global Privacy Control."""
        return self.page.get_by_role("region", name=self.words["title"])

    @property
    def dialog(self) -> Locator:
        """The preferences."""
        return self.page.get_by_role("dialog", name=self.words["title"])

    @property
    def pill(self) -> Locator:
        """The reopening button that the banner adds to a page without one."""
        return self.page.locator("div.jaga button.pill")

    def button(self, word: str) -> Locator:
        """A button of whichever layer is open, by the key of its text."""
        layer = self.dialog if self.dialog.count() else self.first_layer
        return layer.get_by_role("button", name=self.words[word], exact=True)

    def box(self, category: str) -> Locator:
        """A category's checkbox in the preferences."""
        return self.dialog.get_by_role("checkbox", name=self.words[category])

    # What there is to do

    def visit(self, url: str) -> None:
        """Goes to a page and waits until the banner has shown what it has to show."""
        self.page.goto(url, wait_until="load")
        self.page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")

    def press(self, word: str) -> None:
        """Presses a button of whichever layer is open, by the key of its text."""
        self.button(word).click()

    def open_preferences(self) -> None:
        """Opens the preferences from the first layer, or when that is gone as the page offers."""
        if not self.choices()["decided"] and self.first_layer.count():
            self.press("preferences")
        else:
            self.page.locator("[data-jaga-open]").last.click()
        expect(self.dialog).to_be_visible()

    def save(self, *, performance: bool, functional: bool) -> None:
        """Opens the preferences, sets both boxes and saves."""
        self.open_preferences()
        self.box("performance").set_checked(performance)
        self.box("functional").set_checked(functional)
        self.press("save")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """What happens inside must make the page reload; returns when it has."""
        with self.page.expect_event("load"):
            yield

    # What is kept

    def choices(self) -> dict[str, bool]:
        """What the page's scripts are told."""
        answer: dict[str, bool] = self.page.evaluate("jaga.choices()")
        return answer

    def cookies(self) -> dict[str, Any]:
        """All cookies of the visitor, by name."""
        return {cookie["name"]: cookie for cookie in self.page.context.cookies()}

    def waiting(self) -> list[str]:
        """The ids of the events that the outbox still holds."""
        keys: list[str] = self.page.evaluate(
            "Object.keys(localStorage).filter((k) => k.startsWith('jaga:')).sort()"
        )
        return [key.removeprefix("jaga:") for key in keys]

    def wait_until_sent(self) -> None:
        """Waits until the outbox is empty."""
        self.wait_for("!Object.keys(localStorage).some((k) => k.startsWith('jaga:'))")

    def wait_for(self, condition: str) -> None:
        """Waits until a JavaScript expression is true.

        Playwright's own ``wait_for_function`` polls with ``eval``, which the page's policy forbids.
        """
        self.page.evaluate(f"""() => new Promise((done, fail) => {{
          setTimeout(() => fail(new Error('it never came true')), 10000);
          (function look() {{ ({condition}) ? done() : setTimeout(look, 10); }})();
        }})""")

    # What must not be

    def violations(self) -> list[str]:
        """Breaches of the page's Content-Security-Policy."""
        found: list[str] = self.page.evaluate("seen.violations")
        return found

    def axe(self, scope: str = ".jaga") -> list[str]:
        """What axe-core finds in ``scope``, best practices included.

        It is evaluated through the debugger, so the page's policy needs no exception for it.
        """
        if not AXE.exists():
            raise FileNotFoundError(f"no axe-core at {AXE}: run `npm ci --prefix web`")
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text("utf-8"))
        found: dict[str, Any] = self.page.evaluate(
            "(scope) => axe.run({include: [[scope]]}, {resultTypes: ['violations', 'passes']})",
            scope,
        )
        assert found["passes"], "axe looked at nothing"
        return [
            f"{v['id']}: {node['html']} {node['failureSummary']}"
            for v in found["violations"]
            for node in v["nodes"]
        ]
