"""Serves the demonstration site's pages on an origin of their own, under a strict policy."""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from infra.local.aws import HOST

PAGES = Path(__file__).parents[1] / "site"
_PLACEHOLDER = b"__API_URL__"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Site:
    """The pages of `infra/site` on `port`, with `api_url` in place of `__API_URL__`."""

    def __init__(self, port: int, api_url: str) -> None:
        pages = _read_pages(api_url)
        headers = _headers(api_url)

        class Handler(BaseHTTPRequestHandler):
            server_version = "jaga-site"
            sys_version = ""
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(with_body=True)

            def do_HEAD(self) -> None:
                self._answer(with_body=False)

            def _answer(self, *, with_body: bool) -> None:
                path = urlsplit(self.path).path
                name = "index.html" if path == "/" else path.removeprefix("/")
                # Only names that were read at the start: no path reaches the disk.
                found = name in pages
                self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
                content = pages[name] if found else b"Not found\n"
                self.send_header(
                    "Content-Type", _TYPES[Path(name).suffix] if found else "text/plain"
                )
                self.send_header("Content-Length", str(len(content)))
                for header, value in headers.items():
                    self.send_header(header, value)
                self.end_headers()
                if with_body:
                    self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # inherited
                pass

        self.port = port
        self._server = ThreadingHTTPServer((HOST, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def origins(port: int) -> list[str]:
    """The origins under which a browser may know the site."""
    return [f"http://{HOST}:{port}", f"http://localhost:{port}"]


def _read_pages(api_url: str) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes().replace(_PLACEHOLDER, api_url.encode())
        for path in PAGES.iterdir()
        if path.suffix in _TYPES
    }


def _headers(api_url: str) -> dict[str, str]:
    parts = urlsplit(api_url)
    api_origin = f"{parts.scheme}://{parts.netloc}"
    return {
        "Content-Security-Policy": "; ".join(
            (
                "default-src 'self'",
                f"script-src 'self' {api_origin}",
                f"connect-src 'self' {api_origin}",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'self'",
            )
        ),
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
