"""The kit every page is made of: the Jinja environment, `render`, switches for size and language, headers.

A page works with JavaScript off; htmx only refreshes parts of it. The content security policy
allows nothing inline and nothing from another host.
"""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.pages.filters import FILTERS
from api.pages.languages import (
    LANGUAGES,
    choose_language,
    current_language,
    language_of_a_machine,
    translate,
    translate_counted,
)

WEB_FOLDER = Path(__file__).resolve().parents[2] / "web"
SIZES = ("standard", "large", "largest")
SIZE_COOKIE = "yl_size"
LANGUAGE_COOKIE = "yl_language"
YEAR_SECONDS = 365 * 24 * 3600

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=()",
}

# Some systems map .mjs to text/plain or not at all; a module of another type is refused by browsers.
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


class SecurityHeaders:
    """Middleware that puts the security headers on every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class ReadersLanguage:
    """Middleware that remembers the reader's language for the request, so that words chosen before the page agree."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = current_language.set(_language_asked_for(Request(scope)))
        try:
            await self.app(scope, receive, send)
        finally:
            current_language.reset(token)


def _language_asked_for(request: Request) -> str:
    """Tell which language to answer in: pages and what they fetch follow the switch, a program its own header."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen is None and not request.cookies and request.url.path.startswith("/api/"):
        return language_of_a_machine(request.headers.get("Accept-Language"))
    return choose_language(chosen)


def make_environment(template_folder: Path = WEB_FOLDER / "templates") -> Environment:
    """Build the template environment: escaping always on, an unknown name is an error, never a blank."""
    environment = Environment(
        loader=FileSystemLoader(template_folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        translate, translate_counted, newstyle=True
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters.update(FILTERS)
    environment.globals.update(languages=LANGUAGES, sizes=SIZES)
    return environment


environment = make_environment()


def wants_fragment(request: Request) -> bool:
    """Tell whether htmx asked for a part of the page; Back and plain links get the whole page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") == "partial"


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Write one page, or its main part when htmx asks for a part, in the person's language and size.

    `context` holds the names listed at the top of the template. Names given by the kit itself:
    `language`, `size`, `here` (path and query of this page), `partial`, `csrf_token`, `signed_in_name`
    and `helpline` (the last three from `request.state`, where the sign-in dependency puts them), and
    `demonstration` (from `app.state`), which makes every page say that its people are invented.
    """
    language = choose_language(request.cookies.get(LANGUAGE_COOKIE))
    size = request.cookies.get(SIZE_COOKIE, SIZES[0])
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    state = request.state
    names: dict[str, Any] = {
        "language": language,
        "size": size if size in SIZES else SIZES[0],
        "here": here,
        "partial": wants_fragment(request),
        "csrf_token": getattr(state, "csrf_token", ""),
        "signed_in_name": getattr(state, "signed_in_name", ""),
        "helpline": getattr(state, "helpline", "12349"),
        "demonstration": getattr(request.app.state, "demonstration", False),
    }
    token = current_language.set(language)
    try:
        body = environment.get_template(template).render({**names, **context})
    finally:
        current_language.reset(token)
    answer = HTMLResponse(body, status_code=status_code, headers=dict(headers or {}))
    answer.headers.add_vary_header("HX-Request")
    answer.headers.add_vary_header("HX-Request-Type")
    answer.headers.add_vary_header("Cookie")
    answer.headers["Content-Language"] = language
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def local_path(back: str) -> str:
    """Give a path of this site to return to; anything that could lead elsewhere becomes the front page."""
    safe = back.startswith("/") and not back.startswith(("//", "/\\")) and "\n" not in back and "\r" not in back
    return back if safe else "/"


def _remember(request: Request, name: str, value: str, back: str) -> RedirectResponse:
    answer = RedirectResponse(local_path(back), status_code=303)
    secure = request.url.scheme == "https"
    answer.set_cookie(name, value, max_age=YEAR_SECONDS, httponly=True, samesite="lax", secure=secure)
    return answer


router = APIRouter(include_in_schema=False)


@router.get("/view/size/{size}")
def switch_size(request: Request, size: str, back: str = "/") -> RedirectResponse:
    """Remember how large an elder wants the letters, and go back to the page she was on."""
    return _remember(request, SIZE_COOKIE, size if size in SIZES else SIZES[0], back)


@router.get("/view/language/{language}")
def switch_language(request: Request, language: str, back: str = "/") -> RedirectResponse:
    """Remember the language of the pages, and go back to the page the person was on."""
    chosen = language if language in LANGUAGES else next(iter(LANGUAGES))
    return _remember(request, LANGUAGE_COOKIE, chosen, back)


def add_pages(app: FastAPI) -> None:
    """Give an application the files of the pages at /static, the security headers and the reader's language."""
    app.mount("/static", StaticFiles(directory=WEB_FOLDER / "static"), name="static")
    app.add_middleware(SecurityHeaders)
    app.add_middleware(ReadersLanguage)
