"""The banner in Chromium, beside a bare stub and orejime 3.2.1, interleaved in one run.

python -m bench.banner

Every candidate stands on the same page, is served with brotli from 127.0.0.1 and is measured from
a fresh profile each time, once the browser has come to rest: what it does to start the page's
process and to prepare the next one goes on for a while, on the same cores. *Fast*: from the request
for the script until the frame with the banner was painted. *Slow*: from the start of the navigation
until then, on a screen of 390 x 844 with a quarter of this CPU's speed, 1.6 Mbps and 150 ms for
each round trip. Medians.
"""

import gzip
import random
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from typing import Any

import brotli  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Browser, Page, sync_playwright

from bench.table import Row, print_table
from tests.browser.driver import AXE, ROOT, launch
from tests.browser.servers import configuration, served_banner

FAST_ROUNDS = 80
SLOW_ROUNDS = 15
REST = 1000  # milliseconds
OREJIME = ROOT / "web" / "node_modules" / "orejime" / "dist"
STRICT = "default-src 'self'"

# The least that a banner can be: one constructed sheet, one section, two buttons.
STUB = (
    b'(()=>{const s=new CSSStyleSheet;s.replaceSync("#stub{position:fixed;inset:auto 0 0;'
    b'padding:16px;background:#fff;border-top:1px solid}#stub button{min-height:44px;margin:4px}");'
    b'document.adoptedStyleSheets=[s];const e=document.createElement("section");e.id="stub";'
    b'e.ariaLabel="Cookies";e.append("May we use cookies?");for(const t of["Accept","Reject"]){'
    b'const b=document.createElement("button");b.textContent=t;b.onclick=()=>e.remove();'
    b"e.append(b)}document.body.prepend(e)})()"
)

OREJIME_CONFIG = b"""window.orejimeConfig={privacyPolicyUrl:"/privacy",purposes:[
{id:"essential",title:"Essential",description:"Needed for this site to work.",cookies:[],
isMandatory:true},{id:"performance",title:"Performance",description:"See how this site performs.",
cookies:["_ga"]},{id:"functional",title:"Functional",description:"Remember your settings.",
cookies:["_pref"]}]}"""

# Notes the first frame that has the banner, and what a good page has none of. The observer of its
# size is called in that frame, after the layout, whether the banner came before the frame or in it:
# an animation frame asked for here would in the second case be the one after. The message spares
# the driver asking the page, which runs a script there and delays the frame it waits for.
WATCH = """(() => {
  const selector = %r;
  const seen = window.seen = {tasks: [], shift: 0, violations: 0};
  document.addEventListener('securitypolicyviolation', () => { seen.violations++; });
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) seen.tasks.push(e.duration);
  }).observe({type: 'longtask', buffered: true});
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) if (!e.hadRecentInput) seen.shift += e.value;
  }).observe({type: 'layout-shift', buffered: true});
  let done;
  window.painted = new Promise((resolve) => { done = resolve; });
  new MutationObserver((_, arrival) => {
    const banner = document.querySelector(selector);
    if (!banner) return;
    arrival.disconnect();
    new ResizeObserver((_, size) => {
      size.disconnect();
      const {port1, port2} = new MessageChannel();
      port1.onmessage = () => {
        done(performance.now());
        console.debug('painted');
      };
      port2.postMessage(0);
    }).observe(banner);
  }).observe(document, {childList: true, subtree: true});
})()"""

ASKED = "performance.getEntriesByType('resource').find((e) => e.name.endsWith('/%s')).startTime"
SHOWN = "Promise.race([painted, new Promise((r) => setTimeout(() => r(-1), %d))])"


@dataclass(frozen=True)
class Candidate:
    """A banner, the files that bring it, and how to find it on the page."""

    name: str
    files: dict[str, bytes]
    script: str
    layer: str
    dialog: str = ""
    opener: str = ""
    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, what: str, value: float) -> None:
        """Keeps one measurement."""
        self.figures.setdefault(what, []).append(value)

    def middle(self, what: str) -> float:
        """The median of what was kept."""
        return median(self.figures[what])

    def page(self) -> bytes:
        """The page that carries this banner."""
        scripts = "".join(
            f'<link rel="stylesheet" href="/{name}">'
            if name.endswith(".css")
            else f'<script defer src="/{name}"></script>'
            for name in self.files
        )
        text = "<p>Treasury is the management of an organisation's money and its risks.</p>" * 30
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"{scripts}<main><h1>A page</h1>{text}</main>"
        ).encode()


def candidates() -> list[Candidate]:
    """Ours first, then the stub, then orejime."""
    if not OREJIME.is_dir():
        raise FileNotFoundError(f"no orejime at {OREJIME}: run `npm ci --prefix web`")
    script = "v1/sites/jutsoo/banner.js"
    return [
        Candidate(
            "jaga",
            {script: served_banner(configuration())},
            script,
            layer="section.jaga",
            dialog="div.jaga",
            opener="section.jaga button.alt",
        ),
        Candidate("bare stub", {"stub.js": STUB}, "stub.js", layer="#stub"),
        Candidate(
            "orejime 3.2.1",
            {
                "orejime.css": (OREJIME / "orejime-standard.css").read_bytes(),
                "config.js": OREJIME_CONFIG,
                "orejime.js": (OREJIME / "orejime-standard-en.js").read_bytes(),
            },
            "orejime.js",
            layer=".orejime-Banner",
            dialog=".orejime-Modal",
            opener=".orejime-Banner-learnMoreButton",
        ),
    ]


class Site:
    """Serves the candidates' pages and files, compressed beforehand."""

    def __init__(self, all_of_them: list[Candidate]) -> None:
        files = {name: data for c in all_of_them for name, data in c.files.items()}
        files |= {f"{c.name}.html".replace(" ", "-"): c.page() for c in all_of_them}
        packed = {f"/{name}": brotli.compress(data, quality=11) for name, data in files.items()}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body are written one after the other: the body would else wait for the
            # browser's acknowledgement of the headers, which it delays by up to 40 ms.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                path, _, policy = self.path.partition("?")
                content = packed.get(path)
                self.send_response(404 if content is None else 200)
                kinds = {"js": "text/javascript", "css": "text/css", "html": "text/html"}
                self.send_header("content-type", kinds.get(path.rpartition(".")[2], "text/plain"))
                if content is not None:
                    self.send_header("content-encoding", "br")
                if policy == "strict":
                    self.send_header("content-security-policy", STRICT)
                self.send_header("content-length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, candidate: Candidate) -> str:
        """The page of a candidate."""
        name = candidate.name.replace(" ", "-")
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}.html"


def fresh(browser: Browser, candidate: Candidate, *, slow: bool = False) -> Page:
    """An empty page in a fresh profile, ready to watch for ``candidate``."""
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.add_init_script(WATCH % candidate.layer)
    page.wait_for_timeout(REST)
    if slow:
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        conditions = {"offline": False, "latency": 150}
        throughput = {"downloadThroughput": 200_000, "uploadThroughput": 93_750}  # bytes a second
        session.send("Network.emulateNetworkConditions", {**conditions, **throughput})
    return page


def visit(browser: Browser, url: str, candidate: Candidate) -> Page:
    """A loaded page in a fresh profile."""
    page = fresh(browser, candidate)
    page.goto(url, wait_until="load")
    return page


def painted(page: Page, url: str) -> float:
    """Goes to ``url``; returns when the banner was painted, in milliseconds since the start."""
    with page.expect_console_message(lambda message: message.text == "painted"):
        page.goto(url, wait_until="commit")
    answer: float = page.evaluate("painted")
    return answer


def time_fast(browser: Browser, site: Site, candidate: Candidate) -> None:
    """One visit at full speed."""
    page = fresh(browser, candidate)
    shown = painted(page, site.url(candidate))
    candidate.note("fast", shown - page.evaluate(ASKED % candidate.script))
    candidate.note("shift", page.evaluate("seen.shift"))
    page.context.close()


def time_slow(browser: Browser, site: Site, candidate: Candidate) -> None:
    """One visit with little of everything."""
    page = fresh(browser, candidate, slow=True)
    candidate.note("slow", painted(page, site.url(candidate)))
    candidate.note("tasks", page.evaluate("seen.tasks.length"))
    candidate.note("shift", page.evaluate("seen.shift"))
    page.context.close()


def faults(page: Page) -> int:
    """How many of axe-core's rules fail on the page, which without a banner fails none."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run()")
    return len(found["violations"])


def inspect(browser: Browser, site: Site, candidate: Candidate) -> None:
    """What axe finds on both layers, and what a strict policy refuses."""
    page = visit(browser, site.url(candidate), candidate)
    page.evaluate(SHOWN % 5000)
    candidate.note("axe, first layer", faults(page))
    if candidate.opener:
        page.locator(candidate.opener).click()
        page.locator(candidate.dialog).wait_for(state="attached")
        candidate.note("axe, preferences", faults(page))
    page.context.close()
    page = visit(browser, site.url(candidate) + "?strict", candidate)
    if page.evaluate(SHOWN % 2000) >= 0 and candidate.opener:
        page.locator(candidate.opener).click()
        page.locator(candidate.dialog).wait_for(state="attached")
    candidate.note("strict", page.evaluate("seen.violations"))
    page.context.close()


def measure() -> list[Candidate]:
    """All candidates, measured in turns."""
    everyone = candidates()
    site = Site(everyone)
    with sync_playwright() as playwright, launch(playwright) as browser:
        for candidate in everyone:  # the first visit of a browser pays for its own start
            visit(browser, site.url(candidate), candidate).context.close()
        for once, rounds in ((time_fast, FAST_ROUNDS), (time_slow, SLOW_ROUNDS)):
            for _ in range(rounds):
                # By chance: what the one before leaves behind, each meets as often as the others.
                for candidate in random.sample(everyone, len(everyone)):
                    once(browser, site, candidate)
        for candidate in everyone:
            inspect(browser, site, candidate)
    site.server.shutdown()
    site.server.server_close()
    return everyone


def run() -> list[Row]:
    """Sizes, times and faults: ours beside the stub where speed counts, and beside orejime."""
    ours, stub, orejime = measure()

    def row(label: str, what: str, peer: Candidate, unit: str, target: str) -> Row:
        name = f"banner, {label}"
        return Row(name, ours.middle(what), peer.middle(what), peer.name, unit, target)

    for candidate in (ours, stub, orejime):
        code = candidate.files.values()
        candidate.note("br", sum(len(brotli.compress(data, quality=11)) for data in code))
        candidate.note("gz", sum(len(gzip.compress(data, 9)) for data in code))
    return [
        row("brotli", "br", orejime, "bytes", "≤ 4,096"),
        row("gzip", "gz", orejime, "bytes", "≤ 5,120"),
        row("fast script→paint", "fast", stub, "ms", "≤ peer + 5"),
        row("fast script→paint", "fast", orejime, "ms", "-"),
        row("slow nav→paint", "slow", stub, "ms", "≤ 500"),
        row("slow nav→paint", "slow", orejime, "ms", "-"),
        row("long tasks, slow", "tasks", stub, "count", "0"),
        row("long tasks, slow", "tasks", orejime, "count", "-"),
        row("layout shift", "shift", orejime, "CLS", "0"),
        row("axe, first layer", "axe, first layer", orejime, "rules", "0"),
        row("axe, preferences", "axe, preferences", orejime, "rules", "0"),
        row("strict CSP violations", "strict", orejime, "count", "0"),
    ]


if __name__ == "__main__":
    print_table(run())
