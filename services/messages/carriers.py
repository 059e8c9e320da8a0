"""The ladder's rungs: who carries a message to a phone, in the house's own words.

`Carrier` is the protocol. The stateful fake keeps parcels in PostgreSQL with receipts; the real ones speak HTTP.
None is ever called inside a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

from services.settings import settings

Channel = Literal["wechat", "sms", "call"]


@dataclass(frozen=True)
class Parcel:
    """What is to be carried: `address` is a phone number (sms, call) or an openid (wechat).

    `key` makes a second try harmless; `label` is what a development page may show instead of the address.
    """

    key: str
    address: str
    label: str
    title: str
    body: str
    sent_at: str
    page: str = ""


@dataclass(frozen=True)
class Receipt:
    """The carrier's answer: accepted (`sent`), or known to have arrived (`delivered`)."""

    id: str
    state: Literal["sent", "delivered"]


class Carrier(Protocol):
    """Somebody who carries parcels over one channel."""

    channel: Channel

    def send(self, parcel: Parcel) -> Receipt:
        """Carry one parcel; the same key is carried once and gives the same receipt.

        Raises CarrierRefused (it will not arrive this way) or CarrierUnknown (ask again, same key).
        """
        ...


def sms() -> Carrier:
    """Give the carrier of text messages that the settings name."""
    return _carrier("sms", settings().message_carriers)


def wechat() -> Carrier:
    """Give the carrier of WeChat subscribe messages that the settings name."""
    return _carrier("wechat", settings().message_carriers)


def voice() -> Carrier | None:
    """Give the carrier of voice calls that the settings name; None: this city has no voice gateway."""
    if settings().message_carriers == "real" and not settings().voice_gateway_url:
        return None
    return _carrier("call", settings().message_carriers)


def send_code(phone: str, code: str, *, key: str) -> Receipt:
    """Send a one-time sign-in code by SMS, outside any transaction. `key` is the code row's own, never the code.

    Raises CarrierRefused or CarrierUnknown.
    """
    minutes = max(1, settings().sign_in_code_seconds // 60)
    body = f"【{settings().sms_signature}】验证码{code}，{minutes}分钟内有效。工作人员不会向您索要验证码。"
    label = f"{phone[:3]}****{phone[-4:]}"
    return sms().send(Parcel(key=key, address=phone, label=label, title="登录验证码", body=body, sent_at=""))


@lru_cache(maxsize=8)
def _carrier(channel: Channel, kind: str) -> Carrier:
    if kind == "fake":
        from services.messages.fake_carrier import FakeCarrier

        return FakeCarrier(channel)
    if channel == "sms":
        from services.messages.sms_carrier import SmsGatewayCarrier

        return SmsGatewayCarrier.from_settings()
    if channel == "call":
        from services.messages.voice_carrier import VoiceGatewayCarrier

        return VoiceGatewayCarrier.from_settings()
    from services.messages.wechat_carrier import WechatCarrier

    return WechatCarrier.from_settings()
