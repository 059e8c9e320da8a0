"""Signing in inside WeChat's browser: out to WeChat with a state, back with a code, and once bound never a code again.

The state and what waits to be bound travel in cookies of ten minutes that only this house can write and read. WeChat is
asked before the transaction opens.
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, TimestampSigner

from api.deps import OpenWork, Work
from api.pages.kit import local_path, render
from api.pages.session_cookie import with_session
from services.errors import NotFound
from services.people.errors import WechatRefused, WechatStateWrong, WechatTaken
from services.people.privacy import SealBroken, seal, unseal
from services.people.sign_in import SignedIn
from services.people.wechat import WechatAccounts, wechat_accounts
from services.people.wechat_sign_in import How, bind_account, person_of_openid, sign_in_by_wechat
from services.settings import settings
from services.unit_of_work import Actor, UnitOfWork

router = APIRouter(include_in_schema=False)
STATE_COOKIE, WAITING_COOKIE = "yl_wechat_state", "yl_wechat_waiting"
GOOD_FOR_SECONDS = 600
CALLBACK = "/sign-in/wechat/callback"


@dataclass(frozen=True)
class Arrival:
    """Who came back from WeChat, and where she wanted to go."""

    app_id: str
    openid: str
    back: str


def _signer(purpose: str) -> TimestampSigner:
    return TimestampSigner(settings().derived_secret(f"wechat-{purpose}").hex())


def _accounts() -> WechatAccounts:
    accounts = wechat_accounts()
    if accounts is None:
        raise NotFound(page="/sign-in/wechat")
    return accounts


def in_wechat(request: Request) -> bool:
    """Tell whether the page is opened in WeChat's own browser."""
    return "MicroMessenger" in request.headers.get("user-agent", "")


@router.get("/sign-in/wechat")
def leave_for_wechat(request: Request, back: Annotated[str, Query(max_length=200)] = "/") -> Response:
    """Send the browser to WeChat, with a state that only it can bring back."""
    del request
    accounts, state = _accounts(), secrets.token_hex(16)
    answer = RedirectResponse(accounts.authorise_url(f"{settings().public_url}{CALLBACK}", state), status_code=303)
    kept = json.dumps({"state": state, "back": local_path(back)})
    _keep(answer, STATE_COOKIE, _signer("state").sign(kept.encode()).decode())
    return answer


def arrival(
    request: Request,
    code: Annotated[str, Query(max_length=128)] = "",
    state: Annotated[str, Query(max_length=128)] = "",
) -> Arrival:
    """Check that this browser asked, then ask WeChat who it is. Raises WechatStateWrong, WechatRefused, WechatAway."""
    accounts = _accounts()
    try:
        kept = json.loads(_signer("state").unsign(request.cookies.get(STATE_COOKIE, ""), max_age=GOOD_FOR_SECONDS))
    except (BadSignature, ValueError):
        raise WechatStateWrong() from None
    if not state or not hmac.compare_digest(str(kept["state"]).encode(), state.encode()):
        raise WechatStateWrong()
    if not code:  # she pressed "refuse" in WeChat
        raise WechatRefused()
    return Arrival(accounts.app_id, accounts.openid_of(code), local_path(str(kept["back"])))


@router.get(CALLBACK)
def back_from_wechat(request: Request, who: Annotated[Arrival, Depends(arrival)], work: OpenWork) -> Response:
    """Sign in whom the account is bound to; else keep it waiting for a phone code, a card, or her word."""
    if work.actor.person_id is not None:
        holder = person_of_openid(work.session, who.app_id, who.openid)
        if holder == work.actor.person_id:
            return _spent(RedirectResponse(who.back, status_code=303))
        if holder is not None:
            raise WechatTaken()
        answer: Response = render(request, "sign_in/wechat.html", {"name": work.actor.full_name, "back": who.back})
        return _waiting(_spent(answer), who)
    opened = sign_in_by_wechat(work.session, work.now, who.app_id, who.openid)
    if opened is not None:
        return _spent(with_session(RedirectResponse(who.back, status_code=303), opened, settings().session_days))
    to = who.back if who.back.startswith("/card/") else f"/sign-in?{urlencode({'back': who.back})}"
    return _waiting(_spent(RedirectResponse(to, status_code=303)), who)


@router.post("/sign-in/wechat/bind")
def bind_here(request: Request, work: Work) -> Response:
    """Bind the waiting account to whoever is signed in and said so."""
    who = waiting_for(request)
    if who is None:
        raise WechatStateWrong()
    bind_account(work.session, work.now, work.actor, who.app_id, who.openid, "signed_in")
    answer = RedirectResponse(who.back if who.back != "/" else "/me/privacy?done=bound", status_code=303)
    answer.delete_cookie(WAITING_COOKIE)
    return answer


def waiting_for(request: Request) -> Arrival | None:
    """Give the account that waits in this browser to be bound; None when there is none, or it waited too long."""
    try:
        signed = _signer("waiting").unsign(request.cookies.get(WAITING_COOKIE, ""), max_age=GOOD_FOR_SECONDS)
        return Arrival(**json.loads(unseal("wechat-waiting", signed.decode())))
    except (BadSignature, ValueError, SealBroken):
        return None


def bind_waiting(request: Request, answer: Response, work: UnitOfWork, opened: SignedIn, how: How) -> Response:
    """Bind what waits to who has just signed in here; somebody else's account stays hers, and the sign-in stands."""
    who = waiting_for(request)
    if who is None:
        return answer
    actor = Actor(person_id=opened.person_id, role="signing-in", channel="wechat")
    try:
        with work.session.begin_nested():
            bind_account(work.session, work.now, actor, who.app_id, who.openid, how)
    except WechatTaken:
        pass
    answer.delete_cookie(WAITING_COOKIE)
    return answer


def _waiting(answer: Response, who: Arrival) -> Response:
    told = json.dumps({"app_id": who.app_id, "openid": who.openid, "back": who.back})
    _keep(answer, WAITING_COOKIE, _signer("waiting").sign(seal("wechat-waiting", told).encode()).decode())
    return answer


def _spent(answer: Response) -> Response:
    answer.delete_cookie(STATE_COOKIE)
    return answer


def _keep(answer: Response, name: str, value: str) -> None:
    answer.set_cookie(
        name, value, max_age=GOOD_FOR_SECONDS, httponly=True, samesite="lax", secure=settings().cookie_secure
    )
