"""Demonstration mode only: the fake WeChat's page, where one chooses whose telephone one holds."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import OpenWork
from api.pages.kit import render
from services.errors import NotFound
from services.people.demonstration import SAMPLES
from services.people.errors import WechatRefused
from services.people.wechat_fake import issue_code
from services.settings import settings
from services.unit_of_work import SYSTEM, unit_of_work

router = APIRouter(include_in_schema=False)
Asked = Annotated[str, Query(max_length=400)]
Sent = Annotated[str, Form(max_length=400)]
NEW = "fake-new-telephone"


@router.get("/dev/wechat")
def choose(
    request: Request,
    visitor: OpenWork,
    appid: Asked = "",
    redirect_uri: Asked = "",
    scope: Asked = "",
    state: Asked = "",
) -> Response:
    """Show whose WeChat one may hold; outside demonstration mode there is no such page."""
    del visitor  # opened so that the form carries her session's token
    _only_here()
    names = {
        "asked": {"appid": appid, "redirect_uri": redirect_uri, "state": state},
        "right": scope == "snsapi_base" and _ours(redirect_uri),
        "people": [{"openid": f"fake-{one.key}", "name": one.full_name, "who": one.who} for one in SAMPLES],
        "new_one": NEW,
    }
    return render(request, "development/wechat.html", names)


@router.post("/dev/wechat")
def chosen(
    visitor: OpenWork, openid: Sent = "", appid: Sent = "", redirect_uri: Sent = "", state: Sent = ""
) -> Response:
    """Send the browser back with a fresh code, as WeChat does."""
    del visitor
    _only_here()
    if not _ours(redirect_uri) or not openid.startswith("fake-"):
        raise WechatRefused()
    with unit_of_work(SYSTEM, login="jobs") as work:  # a request may not write what WeChat knows
        code = issue_code(work.session, work.now, appid, openid)
    return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}", status_code=303)


def _ours(address: str) -> bool:
    return address.startswith(f"{settings().public_url}/")


def _only_here() -> None:
    if not settings().demonstration or settings().wechat_accounts != "fake":
        raise NotFound(page="/dev/wechat")
