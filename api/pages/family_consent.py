"""Who may act for an elder: she says yes or takes it back; a relative sees what she was given and gives it back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering_side import ElderSide, Side
from services.clock import civil_date
from services.errors import DomainError, NotFound
from services.people.proxies import confirm_proxy, proxies_of, revoke_proxy
from services.people.queries import person_card
from services.people.tables import Proxy

router = APIRouter(include_in_schema=False)
ProxyId = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/elder/consent")
@router.get("/family/{elder_id:int}/consent")
def consent(request: Request, side: Side) -> Response:
    """Show who may act for her."""
    return _page(request, side)


@router.post("/elder/consent/{proxy_id:int}/confirm")
def say_yes(request: Request, side: Side, proxy_id: ProxyId) -> Response:
    """Let a relative act for her, from now on."""
    return _act(request, side, proxy_id, confirm_proxy)


@router.post("/elder/consent/{proxy_id:int}/revoke")
@router.post("/family/{elder_id:int}/consent/{proxy_id:int}/revoke")
def take_back(request: Request, side: Side, proxy_id: ProxyId) -> Response:
    """Take a right back; views and orders stop at once."""
    return _act(request, side, proxy_id, revoke_proxy)


def _act(request: Request, side: ElderSide, proxy_id: int, act: Any) -> Response:
    work = side.work
    proxy = next((one for one in proxies_of(work.session, side.elder_id) if one.id == proxy_id), None)
    if proxy is None:
        raise NotFound(proxy_id=proxy_id)
    mine = proxy.proxy_person_id == work.actor.person_id
    try:
        with work.session.begin_nested():
            act(work.session, work.now, work.actor, proxy_id)
    except DomainError as refused:
        return _page(request, side, refused)
    return RedirectResponse("/family" if mine else f"{side.base}/consent", status_code=303)


def _page(request: Request, side: ElderSide, refused: DomainError | None = None) -> Response:
    is_elder = side.ground == "self"
    names = side.names(
        is_elder=is_elder,
        proxies=[_shown(side, proxy) for proxy in proxies_of(side.work.session, side.elder_id)],
        errors={"proxies": refused.message_zh} if refused else {},
    )
    return render(request, "family/consent.html", names, status_code=status_of(refused) if refused else 200)


def _shown(side: ElderSide, proxy: Proxy) -> dict[str, Any]:
    mine = proxy.proxy_person_id == side.work.actor.person_id
    return {
        "id": proxy.id,
        "name": side.work.actor.full_name if mine else _name(side, proxy.proxy_person_id),
        "relation": proxy.relation,
        "scopes": list(proxy.scopes),
        "status": "confirmed" if proxy.state == "confirmed" else "waiting",
        "by_elder": proxy.confirmed_by == side.elder_id,
        "confirmed_at": proxy.confirmed_at,
        "mine": mine,
    }


def _name(side: ElderSide, person_id: int) -> str:
    try:
        return person_card(side.work.session, person_id, civil_date(side.work.now)).full_name
    except NotFound:
        return ""
