"""Two small HTTP servers for the banner's tests: a site, and an API that keeps what it is sent.

The API answers like the contract: it refuses what the contract refuses, answers the same event
twice with the same record, and can be told to fail, so that the tests see what a visitor's browser
would do on a bad day. They listen on 127.0.0.1 only.
"""

import hashlib
import json
import re
import threading
import tomllib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, Self

ROOT = Path(__file__).resolve().parents[2]
BANNER = ROOT / "chalicelib" / "static" / "banner.js"
TEXTS = ROOT / "chalicelib" / "notices" / "texts" / "cookie_notice.json"
SITE = ROOT / "infra" / "site"
SETTINGS = ROOT / "infra" / "sites" / "jutsoo.toml"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ACTIONS = {"accept_all", "reject_all", "save", "withdraw"}

type Answer = tuple[int, dict[str, str], bytes]


def canonical(value: object) -> bytes:
    """The canonical JSON whose SHA-256 names a text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def configuration(texts: dict[str, dict[str, str]] | None = None) -> dict[str, Any]:
    """A site's configuration as the server bakes it into the script; the real texts by default."""
    words = json.loads(TEXTS.read_text("utf-8")) if texts is None else texts
    published = tomllib.loads(SETTINGS.read_text("utf-8"))
    return {
        "days": 180,
        "text": {
            language: {"sha256": hashlib.sha256(canonical(t)).hexdigest(), "t": t}
            for language, t in words.items()
        },
        "cookies": published["cookies"],
        "storage": published["storage"],
        "policy_url": published["policy_url"],
    }


def served_banner(config: dict[str, Any]) -> bytes:
    """The built file with ``config`` in the place of the placeholder, as the server serves it."""
    compact = json.dumps(config, separators=(",", ":"), ensure_ascii=False)
    built = BANNER.read_text("utf-8")
    return built.replace('"__JAGA_CONFIG__"', compact.replace("<", "\\u003c")).encode()


class Server:
    """An HTTP server on a free port of 127.0.0.1, in a thread of its own."""

    def __init__(self) -> None:
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                reply = answer(self.command, self.path, dict(self.headers.items()), body)
                if reply is None:  # as a server that has gone: the connection breaks
                    self.close_connection = True
                    return
                status, headers, content = reply
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_OPTIONS = handle_any  # noqa: N815 - the names http.server wants

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:  # the browser went away, as some tests make it
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """Answers one request; ``None`` breaks the connection instead."""
        raise NotImplementedError


class Api(Server):
    """Serves the banner and keeps the choices that are sent to it."""

    def __init__(self) -> None:
        super().__init__()
        self._news = threading.Condition()
        self.config = configuration()
        self.failing: int | Literal["gone"] | None = None
        self.attempts: list[dict[str, Any]] = []
        self.refused: list[tuple[str, dict[str, Any]]] = []
        self.records: dict[str, dict[str, Any]] = {}

    @property
    def url(self) -> str:
        """The base of the API, up to and excluding ``/v1``."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self, enough: Callable[[Self], bool], seconds: float = 10) -> None:
        """Returns as soon as ``enough(self)``; fails the test after ``seconds``."""
        with self._news:
            assert self._news.wait_for(lambda: enough(self), seconds), (
                f"the API saw {self.attempts}, recorded {list(self.records)}, "
                f"refused {self.refused}"
            )

    def wait_for_records(self, count: int) -> list[dict[str, Any]]:
        """The records in the order of their events, once there are ``count``."""
        self.wait(lambda api: len(api.records) >= count)
        assert len(self.records) == count
        assert self.refused == []
        return [self.records[key] for key in sorted(self.records)]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """The banner, a record, or the failure that the test asked for."""
        if method == "GET" and path == "/v1/sites/jutsoo/banner.js":
            kind = {"content-type": "text/javascript; charset=utf-8"}
            return 200, kind, served_banner(self.config)
        if method != "POST" or path != "/v1/sites/jutsoo/cookie-preferences":
            return 404, {}, b""
        with self._news:
            try:
                return self._post({k.lower(): v for k, v in headers.items()}, body)
            finally:
                self._news.notify_all()

    def _post(self, headers: dict[str, str], body: bytes) -> Answer | None:
        self.attempts.append(json.loads(body))
        if self.failing == "gone":
            return None
        allowed = {
            "access-control-allow-origin": headers.get("origin", ""),
            "content-type": "application/json",
        }
        if self.failing is not None:
            return self.failing, allowed, b"{}"
        event = json.loads(body)
        fault = self._fault(headers, event)
        if fault:
            self.refused.append((fault, event))
            return 400, allowed, json.dumps({"code": fault}).encode()
        known = self.records.get(event["event_id"])
        if known is not None:
            return (200, allowed, b"{}") if known["event"] == event else (409, allowed, b"{}")
        self.records[event["event_id"]] = {
            "event": event,
            "origin": headers["origin"],
            "sec_gpc": headers.get("sec-gpc"),
        }
        return 201, allowed, b"{}"

    def _fault(self, headers: dict[str, str], event: dict[str, Any]) -> str:
        hashes = {lang: text["sha256"] for lang, text in self.config["text"].items()}
        required = {
            "event_id", "visitor_id", "action", "choices", "notice_sha256", "language", "gpc",
            "occurred_at",
        }  # fmt: skip
        checks = {
            "type": headers.get("content-type", "").startswith("text/plain"),
            "cookies_sent": "cookie" not in headers,
            "fields": required <= event.keys() <= required | {"banner_build", "source"},
            "event_id": ULID.fullmatch(event["event_id"]),
            "visitor_id": ULID.fullmatch(event["visitor_id"]),
            "action": event["action"] in ACTIONS,
            "choices": event["choices"].keys() == {"performance", "functional"}
            and all(isinstance(v, bool) for v in event["choices"].values()),
            "notice": hashes.get(event["language"]) == event["notice_sha256"],
            "gpc": isinstance(event["gpc"], bool),
            "occurred_at": INSTANT.fullmatch(event["occurred_at"]),
            "build": 0 < len(event["banner_build"]) <= 16,
            "source": event["source"] == "button",
        }
        return next((name for name, fine in checks.items() if not fine), "")


class Site(Server):
    """Serves the demonstration site, and pages that a test adds, under a strict policy."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api
        self.pages: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The site's origin. The name is mapped to this machine in the browser's own resolver."""
        return f"http://www.jutsoo.test:{self.port}"

    def policy(self) -> str:
        """The Content-Security-Policy of every page."""
        api = self._api.url
        return f"default-src 'self'; script-src 'self' 'nonce-r4nd0m' {api}; connect-src {api}"

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """A page, or one of the site's files."""
        name = path.partition("?")[0].removeprefix("/") or "index.html"
        file = SITE / name
        if name in self.pages:
            text = self.pages[name]
        elif file.parent == SITE and file.is_file():
            text = file.read_text("utf-8")
        else:
            return 404, {}, b""
        content = text.replace("__API_URL__", self._api.url).encode()
        kind = TYPES[file.suffix]
        return 200, {"content-type": kind, "content-security-policy": self.policy()}, content
