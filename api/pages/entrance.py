"""The front door: signing in by phone and code, an elder's card, who am I, signing out."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import ROLE_COOKIE, SESSION_COOKIE, OpenWork, Work, sender_of
from api.errors import status_of
from api.pages import wechat
from api.pages.kit import local_path, render
from api.pages.roles import ROLE_HOMES, ROLE_WORDS
from api.pages.session_cookie import with_session
from services.cities.queries import area_names
from services.clock import civil_date
from services.errors import DomainError
from services.people import sign_in
from services.people.demonstration import SAMPLES
from services.people.errors import CardUsed, WrongCode
from services.people.privacy import mask_phone
from services.people.queries import person_card
from services.people.wechat import wechat_accounts
from services.settings import settings
from services.visits.task_queries import has_tasks

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=80)]
Back = Annotated[str, Form(max_length=200)]


@router.get("/")
def front(request: Request, work: OpenWork) -> Response:
    """Lead each person to where her day begins; in demonstration mode, show whom one may sign in as."""
    if work.actor.person_id is not None:
        return RedirectResponse(ROLE_HOMES.get(work.actor.role, "/me"), status_code=303)
    rows = [
        {
            "name": one.full_name,
            "phone": mask_phone(one.phone),
            "who": one.who,
            "href": f"/sign-in?phone={one.phone}",
        }
        for one in (SAMPLES if settings().demonstration else ())
    ]
    return render(request, "front.html", {"cast": rows})


@router.get("/sign-in")
def ask_phone(
    request: Request,
    phone: Annotated[str, Query(max_length=20)] = "",
    back: Annotated[str, Query(max_length=200)] = "/",
) -> Response:
    """Ask for the phone number, or, in WeChat, offer to sign in without one."""
    return _phone_page(request, phone, back, {})


@router.post("/sign-in")
def send_code(request: Request, work: OpenWork, phone: Text = "", back: Back = "/") -> Response:
    """Send a code and ask for it."""
    try:
        sign_in.send_code(work.session, work.now, phone, sender_of(request))
    except DomainError as refused:
        return _phone_page(request, phone, back, {"phone": refused.message_zh}, status_code=422)
    return _code_page(request, phone, back, {})


@router.post("/sign-in/sent")
def ask_if_sent(request: Request, work: OpenWork, phone: Text = "", back: Back = "/") -> Response:
    """Say whether the carrier refused the number, for somebody who waits for a text that does not come."""
    try:
        sign_in.refuse_if_not_carried(work.session, work.now, phone)
    except DomainError as refused:
        return _phone_page(request, phone, back, {"phone": refused.message_zh}, status_code=status_of(refused))
    return _code_page(request, phone, back, {}, on_its_way=True)


@router.post("/sign-in/code")
def prove_code(request: Request, work: OpenWork, phone: Text = "", code: Text = "", back: Back = "/") -> Response:
    """Sign in with the code; a wrong one is counted and asked for again."""
    try:
        if not sign_in.try_code(work.session, work.now, phone, code):
            return _code_page(request, phone, back, {"code": WrongCode.message_zh}, status_code=422)
        opened = sign_in.sign_in_by_phone(work.session, work.now, phone, kind="browser", channel="web")
    except DomainError as refused:
        return _code_page(request, phone, back, {"code": refused.message_zh}, status_code=422)
    answer = with_session(RedirectResponse(local_path(back), status_code=303), opened, settings().session_days)
    return wechat.bind_waiting(request, answer, work, opened, "phone_code")


@router.get("/card/{token}")
def show_card(request: Request, token: str) -> Response:
    """Ask before binding: a link preview that opens the address must not spend the card.

    In WeChat the account is fetched first, so that the card binds it too.
    """
    if wechat.in_wechat(request) and wechat_accounts() is not None and wechat.waiting_for(request) is None:
        return RedirectResponse(f"/sign-in/wechat?back=/card/{quote(token, safe='')}", status_code=303)
    return render(request, "sign_in/card.html", {"token": token})


@router.post("/card/{token}")
def bind_by_card(request: Request, work: OpenWork, token: str) -> Response:
    """Bind the elder's phone that scanned her card; it stays signed in."""
    try:
        opened = sign_in.sign_in_by_card(work.session, work.now, token)
    except CardUsed as used:
        context = {"ok": False, "elder_name": "", "bound_by": "", "reason": used.message_zh}
        return render(request, "sign_in/bound.html", context, status_code=403)
    card = person_card(work.session, opened.person_id, civil_date(work.now))
    context = {"ok": True, "elder_name": card.full_name, "bound_by": "家人或社区", "reason": ""}
    answer = with_session(render(request, "sign_in/bound.html", context), opened, settings().bound_phone_days)
    return wechat.bind_waiting(request, answer, work, opened, "binding_card")


@router.get("/me")
def me(request: Request, work: Work) -> Response:
    """Show who is signed in, and the other roles she may act in."""
    actor = work.actor
    assert actor.person_id is not None
    card = person_card(work.session, actor.person_id, civil_date(work.now))
    names = area_names(work.session, {card.area_code})
    person = {
        "name": card.full_name,
        "phone_masked": card.phone or "",
        "role_words": ROLE_WORDS.get(actor.role, actor.role),
        "area_name": names.get(card.area_code, ""),
        "bound_until": None,
    }
    roles = [{"code": role, "words": ROLE_WORDS[role], "current": role == actor.role} for role in actor.roles]
    return render(
        request, "sign_in/me.html", {"person": person, "roles": roles, "visits": has_tasks(work.session, work.actor)}
    )


@router.post("/me/role")
def change_role(work: Work, role: Text) -> Response:
    """Act in another of one's own roles."""
    answer = RedirectResponse(ROLE_HOMES.get(role, "/me"), status_code=303)
    if role in work.actor.roles:
        answer.set_cookie(ROLE_COOKIE, role, httponly=True, samesite="lax", secure=settings().cookie_secure)
    return answer


@router.post("/sign-out")
def sign_out(work: Work) -> Response:
    """End this session."""
    if work.actor.session_id is not None:
        sign_in.revoke_session(work.session, work.now, work.actor, work.actor.session_id)
    answer = RedirectResponse("/", status_code=303)
    answer.delete_cookie(SESSION_COOKIE)
    answer.delete_cookie(ROLE_COOKIE)
    return answer


def _phone_page(request: Request, phone: str, back: str, errors: dict[str, str], status_code: int = 200) -> Response:
    back = local_path(back)
    context = {
        "errors": errors,
        "phone": phone,
        "back": back,
        "wechat_href": f"/sign-in/wechat?{urlencode({'back': back})}" if wechat_accounts() is not None else "",
        "from_wechat": wechat.waiting_for(request) is not None,
    }
    return render(request, "sign_in/phone.html", context, status_code=status_code)


def _code_page(
    request: Request, phone: str, back: str, errors: dict[str, str], status_code: int = 200, *, on_its_way: bool = False
) -> Response:
    context = {
        "errors": errors,
        "phone": phone,
        "phone_masked": mask_phone(phone),
        "back": local_path(back),
        "on_its_way": on_its_way,
        "minutes_valid": settings().sign_in_code_seconds // 60,
        "code_page": "/dev/messages" if settings().demonstration else "",
    }
    return render(request, "sign_in/code.html", context, status_code=status_code)
