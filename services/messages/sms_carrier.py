"""Text messages through a city's HTTP SMS gateway (docs/messages.md states the contract an adapter must keep)."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass

import httpx

from services.messages.carriers import Channel, Parcel, Receipt
from services.messages.errors import BadReport, BadReportSignature, CarrierRefused, CarrierUnknown
from services.settings import settings


class SmsGatewayCarrier:
    """POSTs {"to", "text", "out_id"} with a bearer key; the gateway carries one `out_id` once."""

    channel: Channel = "sms"

    def __init__(self, url: str, key: str, *, seconds: float = 10.0) -> None:
        self._url = url
        self._client = httpx.Client(timeout=seconds, headers={"Authorization": f"Bearer {key}"}, follow_redirects=False)

    @classmethod
    def from_settings(cls) -> SmsGatewayCarrier:
        """Make the carrier the settings describe; raises ValueError without YINLING_SMS_GATEWAY_URL."""
        if not settings().sms_gateway_url:
            raise ValueError("YINLING_SMS_GATEWAY_URL is not set")
        return cls(
            str(settings().sms_gateway_url),
            settings().sms_gateway_key.get_secret_value(),
            seconds=settings().outside_call_seconds,
        )

    def send(self, parcel: Parcel) -> Receipt:
        """Hand one text over. 2xx accepted, 4xx refused, anything else unknown (and asked again)."""
        asked = {"to": parcel.address, "text": parcel.body, "out_id": parcel.key}
        try:
            answer = self._client.post(self._url, json=asked, headers={"Idempotency-Key": parcel.key})
        except httpx.HTTPError as lost:
            raise CarrierUnknown(channel=self.channel, reason=type(lost).__name__) from lost
        if answer.status_code in (408, 409, 425, 429) or answer.status_code >= 500:
            raise CarrierUnknown(channel=self.channel, status=answer.status_code)
        if answer.status_code >= 300:
            raise CarrierRefused(channel=self.channel, status=answer.status_code)
        try:
            told = answer.json()
            return Receipt(id=str(told["id"]), state="delivered" if told.get("status") == "delivered" else "sent")
        except (ValueError, KeyError, TypeError, AttributeError) as garbled:
            raise CarrierUnknown(channel=self.channel, reason="unreadable answer") from garbled


@dataclass(frozen=True)
class Report:
    """What the gateway later says of a text: whether it reached the phone."""

    receipt: str
    arrived: bool
    reason: str | None


def read_report(payload: bytes, signature: str | None) -> Report:
    """Check and read a delivery report: {"id", "status": "delivered" | "failed", "reason"}.

    The signature is the hex HMAC-SHA256 of the body under the gateway's key. Without a configured key nothing is
    believed. Raises BadReportSignature, BadReport.
    """
    key = settings().sms_gateway_key.get_secret_value().encode()
    wanted = hmac.new(key, payload, hashlib.sha256).hexdigest()
    if not key or not hmac.compare_digest(wanted.encode(), (signature or "").encode()):
        raise BadReportSignature()
    try:
        told = json.loads(payload)
        status, receipt = str(told["status"]), str(told["id"])
    except (ValueError, KeyError, TypeError) as garbled:
        raise BadReport() from garbled
    if status not in ("delivered", "failed"):
        raise BadReport(status=status[:40])
    return Report(
        receipt=receipt[:200], arrived=status == "delivered", reason=str(told.get("reason") or "")[:200] or None
    )
