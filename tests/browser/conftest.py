"""A real headless Chromium, and what every page must bear: axe, the content policy, targets, no sideways scroll."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from api.pages.development import make_gallery_app

AXE_SOURCE = (Path(__file__).parent / "assets" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
AXE_RUN = """() => axe.run(document, {runOnly: {type: 'tag',
  values: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']}})"""
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
SMALL_TARGETS = """(least) => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .filter((e) => e.type !== 'hidden' && e.checkVisibility() && !e.closest('.unseen') && !e.matches('.skip'))
  .map((e) => ({e, box: (e.closest('label') ?? e).getBoundingClientRect(), size: parseFloat(getComputedStyle(e).fontSize)}))
  .filter(({e, box, size}) => box.width < least.side - 0.5 || box.height < least.side - 0.5
    || (e.innerText && size < least.font - 0.1))
  .map(({e, box, size}) => `${e.outerHTML.slice(0, 90)} ${box.width.toFixed(0)}x${box.height.toFixed(0)} ${size}px`)"""
SMALL_TEXT = """(least) => [...document.querySelectorAll('main *, header *, footer *')]
  .filter((e) => e.checkVisibility() && !e.closest('svg') && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
    && parseFloat(getComputedStyle(e).fontSize) < least - 0.1)
  .map((e) => `${e.outerHTML.slice(0, 90)} ${getComputedStyle(e).fontSize}`)"""


@contextmanager
def _served(app: Any) -> Iterator[str]:
    """Serve an application on a free port of this machine, in a thread of the test run; gives its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def gallery_url() -> Iterator[str]:
    """The gallery of all pages with invented examples."""
    with _served(make_gallery_app()) as address:
        yield address


@dataclass
class CastSite:
    """The whole application over the cast's database, and a browser that is signed in as one of them."""

    url: str
    cast: Any
    open_page: Callable[..., Page]

    def open(self, key: str, path: str, width: int = 390, **options: Any) -> Page:
        """Open a page as a member of the cast, in a browser of her own."""
        from api.deps import SESSION_COOKIE, signed

        return self.open_page(self.url + path, width, {SESSION_COOKIE: signed(self.cast.token(key))}, **options)


@pytest.fixture
def cast_site(cast: Any, open_page: Callable[..., Page]) -> Iterator[CastSite]:
    """The application with the cast in it; jobs are done when a test says so (`cast_site.cast.run_jobs()`)."""
    from api.app import create_app

    with _served(create_app()) as address:
        yield CastSite(url=address, cast=cast, open_page=open_page)


@pytest.fixture
def quarter_site(quarter: Any, open_page: Callable[..., Page]) -> Iterator[CastSite]:
    """The application over the invented quarter, where orders were served, settled and paid."""
    from api.app import create_app

    with _served(create_app()) as address:
        httpx.get(address, timeout=120)  # the first answer of a process loads what the others share
        yield CastSite(url=address, cast=quarter, open_page=open_page)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the run; a machine without it cannot show that the pages work, so it fails."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "install Debian's packages chromium and fonts-noto-cjk"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, headless=True, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def _empty_tile(route: Route) -> None:
    route.fulfill(status=200, body=b"", content_type="application/vnd.mapbox-vector-tile")


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of a given width; complaints of the browser are kept in `page.complaints`."""
    contexts: list[BrowserContext] = []

    def open_one(url: str, width: int = 390, cookies: dict[str, str] | None = None, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 844 if width < 800 else 900},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=width < 800,
            is_mobile=width < 800,
            service_workers="block",
            **options,
        )
        contexts.append(context)
        context.add_cookies([{"name": k, "value": v, "url": urljoin(url, "/")} for k, v in (cookies or {}).items()])
        page = context.new_page()
        complaints: list[str] = []
        page.complaints = complaints  # type: ignore[attr-defined]
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.route("**/tiles/**", _empty_tile)
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[[Page], None]:
    """axe finds nothing serious or critical, and something to look at."""

    def check(page: Page) -> None:
        page.evaluate(AXE_SOURCE)
        found = page.evaluate(AXE_RUN)
        assert found["passes"], "axe looked at nothing"
        grave = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
        assert not grave, "\n".join(f"{v['id']}: {[n['html'][:160] for n in v['nodes']]}" for v in grave)

    return check


@pytest.fixture(scope="session")
def assert_no_csp_violations() -> Callable[[Page], None]:
    """The browser refused nothing and no script failed."""

    def check(page: Page) -> None:
        complaints: list[str] = page.complaints  # type: ignore[attr-defined]
        assert not complaints, complaints

    return check


@pytest.fixture(scope="session")
def assert_fits() -> Callable[[Page], None]:
    """The page does not scroll sideways."""

    def check(page: Page) -> None:
        wide = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1], f"{page.url} is {wide[0]} wide on a screen of {wide[1]}"

    return check


@pytest.fixture(scope="session")
def assert_easy_to_hit() -> Callable[..., None]:
    """Every link, button and field is at least `side` pixels each way and its text at least `font` pixels."""

    def check(page: Page, side: int = 60, font: int = 18) -> None:
        small = page.evaluate(SMALL_TARGETS, {"side": side, "font": font})
        assert not small, small
        tiny = page.evaluate(SMALL_TEXT, font)
        assert not tiny, tiny

    return check
