"""The one web application: programs under /api/v1, people on server-rendered pages, health for machines."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import uuid
from collections.abc import Awaitable, Callable

import structlog
from fastapi import APIRouter, FastAPI, Request, Response

import api.pages
import api.routes
from api.errors import add_error_handlers
from api.pages.kit import add_pages
from services.logs import set_up_logs
from services.memory import settle_memory
from services.settings import settings
from services.unit_of_work import engine

log = structlog.get_logger("api")
DEVELOPMENT_ONLY = {"development", "fake_bank", "sent_messages", "wechat_people"}
QUIET_PATHS = ("/static/", "/healthz", "/readyz", "/tiles/")


def create_app() -> FastAPI:
    """Build the application from the settings; refuses weak secrets outside demonstration mode."""
    set_up_logs(readable=sys.stderr.isatty())
    refuse_weak_settings()
    app = FastAPI(
        title="银龄圈 Yinling",
        version="1",
        summary="Service circles, point-and-order, visits and the volunteer time bank for elders near home.",
        docs_url=None,  # the page behind it needs inline scripts and another host, which the policy forbids
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.demonstration = settings().demonstration
    add_error_handlers(app)
    app.middleware("http")(with_request_id)
    for router in routers():
        app.include_router(router)
    add_pages(app)
    return app


def serving_app() -> FastAPI:
    """Build the application for a server that stands for long: what `serve` runs."""
    app = create_app()
    settle_memory()
    return app


def refuse_weak_settings() -> None:
    """Raise ValueError when a real installation would start with a default secret or an insecure cookie."""
    if settings().demonstration:
        return
    if len(settings().secret_key.get_secret_value()) < 32:
        raise ValueError("YINLING_SECRET_KEY 至少 32 个字符 (must have at least 32 characters)")
    if not settings().cookie_secure:
        raise ValueError("生产环境必须设置 YINLING_COOKIE_SECURE=1 并使用 HTTPS (cookies need HTTPS)")


def routers() -> list[APIRouter]:
    """Collect `router` of every module under api/routes and api/pages; development pages only in demonstration mode."""
    found = []
    for package in (api.routes, api.pages):
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda item: item.name):
            if info.name in DEVELOPMENT_ONLY and not settings().demonstration:
                continue
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            router = getattr(module, "router", None)
            if isinstance(router, APIRouter):
                found.append(router)
    return found


async def with_request_id(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Give every request an id that its answer, its log line and its acts carry."""
    request_id = uuid.uuid4().hex[:16]
    request.state.request_id = request_id
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    response = await call_next(request)
    response.headers["X-Request-Id"] = request_id
    if not request.url.path.startswith(QUIET_PATHS):
        actor = getattr(request.state, "actor", None)
        log.info(
            "request",
            method=request.method,
            path=request.url.path,
            status=response.status_code,
            person_id=actor.person_id if actor else None,
            role=actor.role if actor else None,
        )
    return response


def dispose_connections() -> None:
    """Close the request pool; used when a server stops."""
    engine("app").dispose()
