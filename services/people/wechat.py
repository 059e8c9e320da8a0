"""Who somebody is to WeChat: web authorisation of an official account (公众号网页授权, scope snsapi_base).

The browser is sent to WeChat with a state, comes back with a code, and the house exchanges the code for an openid: a
name of this person for this one account, and nothing else about her. Source: WeChat official account documentation,
"网页授权": `connect/oauth2/authorize` and `sns/oauth2/access_token`; a code is good once, for five minutes, for one appid.
Never called inside a transaction.
"""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from services.people.errors import WechatAway, WechatRefused
from services.people.wechat_fake import FakeWechat
from services.settings import settings

_BUSY = -1
"""errcode of "system busy": nothing was decided, the same code may be tried again."""


class WechatAccounts(Protocol):
    """The side of WeChat that tells who holds the telephone."""

    app_id: str

    def authorise_url(self, return_to: str, state: str) -> str:
        """Give the address to send the browser to; WeChat sends it back to `return_to` with `code` and `state`."""
        ...

    def openid_of(self, code: str) -> str:
        """Exchange a code for an openid. Raises WechatRefused (used, expired, another account's), WechatAway."""
        ...


class OfficialAccount:
    """WeChat itself, over HTTPS."""

    def __init__(self, open_base: str, api_base: str, app_id: str, secret: str, *, seconds: float = 10.0) -> None:
        self.app_id, self._secret, self._open_base = app_id, secret, open_base
        self._client = httpx.Client(base_url=api_base, timeout=seconds, follow_redirects=False)

    def authorise_url(self, return_to: str, state: str) -> str:
        """Give WeChat's address; the order of the parameters is WeChat's, which refuses another one."""
        asked = {
            "appid": self.app_id, "redirect_uri": return_to, "response_type": "code", "scope": "snsapi_base",
            "state": state,
        }  # fmt: skip
        return f"{self._open_base}/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"

    def openid_of(self, code: str) -> str:
        """Exchange a code; WeChat answers 200 also when it refuses, with an errcode."""
        asked = {"appid": self.app_id, "secret": self._secret, "code": code, "grant_type": "authorization_code"}
        try:
            answer = self._client.get("/sns/oauth2/access_token", params=asked)
            answer.raise_for_status()
            told: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as lost:
            raise WechatAway(reason=type(lost).__name__) from None
        if told.get("errcode") == _BUSY:
            raise WechatAway(errcode=_BUSY)
        openid = told.get("openid")
        if told.get("errcode") or not isinstance(openid, str) or not openid:
            raise WechatRefused(errcode=told.get("errcode"))
        return openid


def wechat_accounts() -> WechatAccounts | None:
    """Give the account the settings name, or None where nobody signs in by WeChat.

    The fake stands in the demonstration only: a real house with the fake would let anybody be anybody.
    """
    here = settings()
    if here.wechat_accounts == "fake":
        return FakeWechat(here.wechat_app_id or "wx-demonstration", here.public_url) if here.demonstration else None
    if here.wechat_accounts == "off" or not here.wechat_app_id:
        return None
    return OfficialAccount(
        here.wechat_open_base,
        here.wechat_api_base,
        here.wechat_app_id,
        here.wechat_app_secret.get_secret_value(),
        seconds=here.outside_call_seconds,
    )
