"""Voice calls that read a text out, through a city's HTTP voice gateway; the contract is that of the SMS gateway."""

from __future__ import annotations

from services.messages.carriers import Channel
from services.messages.sms_carrier import SmsGatewayCarrier
from services.settings import settings


class VoiceGatewayCarrier(SmsGatewayCarrier):
    """POSTs {"to", "text", "out_id"} with a bearer key; the gateway rings one `out_id` once and reads the text out."""

    channel: Channel = "call"

    @classmethod
    def from_settings(cls) -> VoiceGatewayCarrier:
        """Make the carrier the settings describe; raises ValueError without YINLING_VOICE_GATEWAY_URL."""
        if not settings().voice_gateway_url:
            raise ValueError("YINLING_VOICE_GATEWAY_URL is not set")
        return cls(
            str(settings().voice_gateway_url),
            settings().voice_gateway_key.get_secret_value(),
            seconds=settings().outside_call_seconds,
        )
