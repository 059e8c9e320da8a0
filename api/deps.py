"""How a request becomes one act: who is signed in, one transaction, one now.

The transaction ends before the answer is sent (`scope="function"`), so a COMMIT that fails is never
reported as success.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request
from itsdangerous import BadSignature, Signer
from sqlalchemy import text

from services.errors import NotAllowed, SignInNeeded
from services.people.privacy import lookup_hash
from services.people.queries import actor_of_session
from services.settings import settings
from services.unit_of_work import NOBODY, UnitOfWork, introduce, unit_of_work

SESSION_COOKIE = "yl_session"
ROLE_COOKIE = "yl_role"
CSRF_COOKIE = "yl_csrf"
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
SAFE = {"GET", "HEAD", "OPTIONS"}


def signed(token: str) -> str:
    """Give the cookie value of a session token; a changed cookie is refused before the database is asked."""
    return Signer(settings().derived_secret("session-cookie").hex()).sign(token).decode()


def sender_of(request: Request) -> str | None:
    """Give the network address a request came from, as the server (and a proxy it trusts) tells it."""
    return request.client.host if request.client else None


def cookie_token(request: Request) -> str | None:
    """Give the session token of a request's cookie, or None when there is none or it was altered."""
    value = request.cookies.get(SESSION_COOKIE)
    if value is None:
        return None
    try:
        return Signer(settings().derived_secret("session-cookie").hex()).unsign(value).decode()
    except BadSignature:
        return None


def bearer_token(request: Request) -> str | None:
    """Give the token of an Authorization header, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def csrf_token(session_token: str) -> str:
    """Give the token every form of this session carries."""
    return lookup_hash("csrf", session_token.encode().hex()).hex()[:40]


async def guarded_request(request: Request) -> Request:
    """Refuse a form or script of another site: a cookie alone may not change anything."""
    token = cookie_token(request)
    if request.method in SAFE or token is None or bearer_token(request) is not None:
        return request
    given = request.headers.get(CSRF_HEADER)
    if given is None and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get(CSRF_FIELD, ""))
    if not hmac.compare_digest((given or "").encode(), csrf_token(token).encode()):
        raise NotAllowed("页面已过期，请返回上一页刷新后再试。", reason="csrf")
    return request


def _signed_in(work: UnitOfWork, request: Request) -> UnitOfWork | None:
    token = bearer_token(request) or cookie_token(request)
    if token is None:
        return None
    channel = "api" if bearer_token(request) else "web"
    role = request.headers.get("X-Yinling-Role") or request.cookies.get(ROLE_COOKIE)
    request_id = getattr(request.state, "request_id", None)
    actor = actor_of_session(work.session, work.now, token, channel=channel, role=role, request_id=request_id)
    if actor is None:
        return None
    if actor.read_only:
        work.session.connection().execute(text("SET TRANSACTION READ ONLY"))
    introduce(work.session, actor)
    request.state.actor = actor
    request.state.csrf_token = csrf_token(token)
    request.state.signed_in_name = actor.full_name
    return replace(work, actor=actor)


def signed_in_work(request: Annotated[Request, Depends(guarded_request)]) -> Iterator[UnitOfWork]:
    """Open the act of somebody who is signed in. Raises SignInNeeded."""
    with unit_of_work(replace(NOBODY, request_id=getattr(request.state, "request_id", None))) as work:
        mine = _signed_in(work, request)
        if mine is None:
            raise SignInNeeded()
        yield mine


def open_work(request: Annotated[Request, Depends(guarded_request)]) -> Iterator[UnitOfWork]:
    """Open an act that needs no sign-in; whoever is signed in is still known."""
    with unit_of_work(replace(NOBODY, request_id=getattr(request.state, "request_id", None))) as work:
        yield _signed_in(work, request) or work


Work = Annotated[UnitOfWork, Depends(signed_in_work, scope="function")]
OpenWork = Annotated[UnitOfWork, Depends(open_work, scope="function")]
GuardedRequest = Annotated[Request, Depends(guarded_request)]
