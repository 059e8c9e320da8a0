"""One's own data: what one agreed to, who looked, a copy, being forgotten, and WeChat. For an elder, her family, anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering_side import called, elder_side
from api.pages.privacy_words import reading_line, state_words
from services.clock import civil_date
from services.errors import DomainError
from services.oversight import copying, erasing
from services.people import consents, wechat_sign_in
from services.people.disclosing import readings_of
from services.people.queries import person_card
from services.people.wechat import wechat_accounts
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Word = Annotated[str, Form(max_length=40)]


@dataclass(frozen=True)
class Whose:
    """Whose data the page shows, and at which address: /elder, /family/ID or /me."""

    work: UnitOfWork
    person_id: int
    base: str
    shell: str
    name: str
    mine: bool
    may_say: bool


def whose_data(request: Request, work: Work) -> Whose:
    """Open one's own page, or an elder's for her relative. Raises NotFound for anybody else."""
    if request.url.path.startswith("/me/"):
        assert work.actor.person_id is not None
        card = person_card(work.session, work.actor.person_id, civil_date(work.now))
        return Whose(work, card.id, "/me", "phone", card.full_name, True, not work.actor.read_only)
    side = elder_side(request, work)
    mine = side.ground == "self"
    name = called(side.card) if side.shell == "elder" else side.card.full_name
    return Whose(work, side.elder_id, side.base, side.shell, name, mine, mine or side.may("order"))


Mine = Annotated[Whose, Depends(whose_data)]


@router.get("/elder/privacy")
@router.get("/family/{elder_id:int}/privacy")
@router.get("/me/privacy")
def privacy(request: Request, whose: Mine, done: str = "") -> Response:
    """Show what was agreed to, who looked, and what can be asked for."""
    return _page(request, whose, done=done[:20])


@router.post("/elder/privacy/consents")
@router.post("/family/{elder_id:int}/privacy/consents")
@router.post("/me/privacy/consents")
def say(
    request: Request, whose: Mine, purpose: Word = "", version: Annotated[int, Form()] = 0, word: Word = ""
) -> Response:
    """Say yes or no to one purpose; a no holds from this moment."""
    act = (whose.work.session, whose.work.now, whose.work.actor, whose.person_id, purpose)

    def speak() -> None:
        if word == "yes":
            consents.give_consent(*act, version)
        else:
            consents.withdraw_consent(*act)

    return _do(request, whose, f"consent-{purpose}", speak, "said")


@router.post("/elder/privacy/copy")
@router.post("/me/privacy/copy")
def ask_copy(request: Request, whose: Mine) -> Response:
    """Ask for the copy of everything."""
    work = whose.work
    return _do(
        request, whose, "copy", lambda: copying.ask_copy(work.session, work.now, work.actor, whose.person_id), "copy"
    )


@router.post("/elder/privacy/erasure")
@router.post("/me/privacy/erasure")
def ask_erasure(request: Request, whose: Mine) -> Response:
    """Ask to be forgotten; it can be taken back until somebody decided."""
    work = whose.work

    def ask() -> None:
        erasing.ask_erasure(work.session, work.now, work.actor, whose.person_id)

    return _do(request, whose, "erasure", ask, "erasure")


@router.post("/elder/privacy/erasure/{erasure_id:int}/withdraw")
@router.post("/me/privacy/erasure/{erasure_id:int}/withdraw")
def withdraw_erasure(request: Request, whose: Mine, erasure_id: Id) -> Response:
    """Take the request back."""
    work = whose.work
    return _do(
        request,
        whose,
        "erasure",
        lambda: erasing.withdraw_erasure(work.session, work.now, work.actor, erasure_id),
        "withdrawn",
    )


@router.post("/elder/privacy/wechat/{account_id:int}/unbind")
@router.post("/family/{elder_id:int}/privacy/wechat/{account_id:int}/unbind")
@router.post("/me/privacy/wechat/{account_id:int}/unbind")
def unbind(request: Request, whose: Mine, account_id: Id) -> Response:
    """Unbind a WeChat account; what it signed in is signed out."""
    work = whose.work
    return _do(
        request,
        whose,
        "wechat",
        lambda: wechat_sign_in.unbind_account(work.session, work.now, work.actor, whose.person_id, account_id),
        "unbound",
    )


def _do(request: Request, whose: Whose, field: str, act: Any, done: str) -> Response:
    try:
        with whose.work.session.begin_nested():
            act()
    except DomainError as refused:
        return _page(request, whose, errors={field: refused.message_zh}, status_code=status_of(refused))
    return RedirectResponse(f"{whose.base}/privacy?done={done}", status_code=303)


def _page(
    request: Request, whose: Whose, *, errors: dict[str, str] | None = None, done: str = "", status_code: int = 200
) -> Response:
    work = whose.work
    request_row = erasing.request_of(work.session, whose.person_id)
    names = {
        "shell": whose.shell,
        "base": whose.base,
        "home": "/me" if whose.base == "/me" else whose.base,
        "elder_name": whose.name,
        "mine": whose.mine,
        "may_say": whose.may_say,
        "consents": consents.consents_of(work.session, work.now, whose.person_id),
        "readings": [reading_line(one) for one in readings_of(work.session, whose.person_id, 50)],
        "copies": copying.copies_of(work.session, work.actor, whose.person_id) if whose.mine else [],
        "erasure": request_row,
        "erasure_words": state_words().get(request_row.state, "") if request_row else "",
        "accounts": wechat_sign_in.accounts_of(work.session, whose.person_id),
        "wechat_href": f"/sign-in/wechat?back={whose.base}/privacy" if whose.mine and wechat_accounts() else "",
        "errors": errors or {},
        "done": done,
    }
    return render(request, "privacy/page.html", names, status_code=status_code)
