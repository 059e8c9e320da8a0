"""WeChat subscribe messages (订阅消息): one message per consent, or long-term for 政务民生.

Source: WeChat's server reference, `getStableAccessToken` and `subscribeMessage.send`. WeChat has no idempotency
key: a second try after a lost answer may arrive twice, so an unknown outcome falls to the next rung instead.
"""

from __future__ import annotations

import time
from typing import Any

import httpx

from services.messages.carriers import Channel, Parcel, Receipt
from services.messages.errors import CarrierRefused, CarrierUnknown
from services.settings import settings

_STALE_TOKEN = (40001, 40014, 42001)
_TITLE_LENGTH = 20


class WechatCarrier:
    """Sends the title and the time; the text itself is read inside the house, after the tap."""

    channel: Channel = "wechat"

    def __init__(self, base: str, app_id: str, app_secret: str, template_id: str, *, seconds: float = 10.0) -> None:
        self._app = {"grant_type": "client_credential", "appid": app_id, "secret": app_secret}
        self._template_id = template_id
        self._client = httpx.Client(base_url=base, timeout=seconds, follow_redirects=False)
        self._token: str | None = None
        self._token_ends = 0.0

    @classmethod
    def from_settings(cls) -> WechatCarrier:
        """Make the carrier the settings describe; raises ValueError without an app id."""
        if not settings().wechat_app_id:
            raise ValueError("YINLING_WECHAT_APP_ID is not set")
        return cls(
            settings().wechat_api_base,
            str(settings().wechat_app_id),
            settings().wechat_app_secret.get_secret_value(),
            settings().wechat_template_id,
            seconds=settings().outside_call_seconds,
        )

    def send(self, parcel: Parcel) -> Receipt:
        """Send one subscribe message. Raises CarrierRefused (43101: no consent left), CarrierUnknown."""
        told = self._send_with(self._access_token(), parcel)
        if told.get("errcode") in _STALE_TOKEN:
            self._token = None
            told = self._send_with(self._access_token(), parcel)
        code = told.get("errcode")
        if code == -1:
            raise CarrierUnknown(channel="wechat", errcode=code)
        if code != 0:
            raise CarrierRefused(channel="wechat", errcode=code)
        return Receipt(id=f"wechat-{told.get('msgid', parcel.key)}", state="sent")

    def _send_with(self, token: str, parcel: Parcel) -> dict[str, Any]:
        data = {"thing1": {"value": parcel.title[:_TITLE_LENGTH]}, "time2": {"value": parcel.sent_at}}
        asked = {"touser": parcel.address, "template_id": self._template_id, "page": parcel.page, "data": data}
        return self._post("/cgi-bin/message/subscribe/send", asked, params={"access_token": token})

    def _access_token(self) -> str:
        if self._token is None or time.monotonic() >= self._token_ends:
            told = self._post("/cgi-bin/stable_token", self._app)
            if "access_token" not in told:
                raise CarrierUnknown(channel="wechat", errcode=told.get("errcode"))
            self._token = str(told["access_token"])
            self._token_ends = time.monotonic() + int(told.get("expires_in", 7200)) * 0.8
        return self._token

    def _post(self, path: str, asked: dict[str, Any], params: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = self._client.post(path, json=asked, params=params)
            answer.raise_for_status()
            told: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as lost:
            raise CarrierUnknown(channel="wechat", reason=type(lost).__name__) from None
        return told
