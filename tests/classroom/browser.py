"""A browser for the tests of the site: Debian's chromium, or what the environment names.

``HANDTORCH_BROWSER`` is the path of a Chromium or Chrome; without it the usual names are looked
up. The site is served on this machine with gzip, as a host of static pages serves it; a request
to any other host is refused and remembered.
"""

import functools
import gzip
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
COMPRESSED = (".html", ".js", ".css", ".svg", ".txt", ".json")
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def browser_path() -> str | None:
    """The browser to drive, or None where there is none."""
    named = os.environ.get("HANDTORCH_BROWSER")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class _Compressing(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        if path.suffix in COMPRESSED:
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the page was left meanwhile
            self.wfile.write(body)


class Site:
    """A built site, served, and a browser that sees nothing else."""

    def __init__(self, folder: Path, address: str, browser: Browser) -> None:
        self.folder, self.address, self.browser = folder, address, browser
        self.elsewhere: list[str] = []
        self.errors: list[str] = []

    @contextmanager
    def context(self, **options: Any) -> Iterator[BrowserContext]:
        """A fresh profile. Scripts that fail are collected in `errors`."""
        context = self.browser.new_context(**{**DESKTOP, **options})
        context.set_default_timeout(10_000)
        context.route("**/*", self._only_here)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        try:
            yield context
        finally:
            context.close()

    @contextmanager
    def page(self, path: str, **options: Any) -> Iterator[Page]:
        """A page of the site in a fresh profile, by its path (a question mark may follow)."""
        with self.context(**options) as context:
            page = context.new_page()
            page.goto(self.address + path)
            yield page

    def _only_here(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in ("data", "blob", "file") or route.request.url.startswith(self.address):
            route.continue_()
        else:
            self.elsewhere.append(route.request.url)
            route.abort()


@contextmanager
def serve(folder: Path) -> Iterator[Site]:
    """Serve the folder and start the browser; both end with the block."""
    handler = functools.partial(_Compressing, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=browser_path(),
                args=["--no-sandbox"] if os.geteuid() == 0 else [],
            )
            yield Site(folder, f"http://127.0.0.1:{server.server_port}/", browser)
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
