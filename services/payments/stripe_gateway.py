"""Stripe behind the house's gateway protocol: PaymentIntents held first and captured after the visit.

The only import of stripe. Only the payable's number leaves the house: no name, no service, no description.
Source: Stripe API reference, PaymentIntents (`capture_method=manual`), idempotent requests, webhook signatures.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import stripe

from services.payments.errors import (
    BadEvent,
    BadEventSignature,
    GatewayUnknown,
    NoEventSecret,
    PaymentDeclined,
)
from services.payments.gateway import Charge, ChargeState, GatewayEvent
from services.settings import settings

CURRENCY = "cny"
REPLAY_SECONDS = 300
_STATES: dict[str, ChargeState] = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "processing": "pending",
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "released",
}
_EVENTS: dict[str, ChargeState] = {
    "payment_intent.amount_capturable_updated": "authorised",
    "payment_intent.succeeded": "captured",
    "payment_intent.canceled": "released",
    "payment_intent.payment_failed": "declined",
}


class StripeGateway:
    """Speaks to Stripe, or to stripe-mock at `api_base`.

    Without `payment_method` the payer completes the PaymentIntent herself and a webhook tells; with one (a saved
    method, or a test method) it is confirmed at once.
    """

    name = "stripe"

    def __init__(
        self,
        api_key: str,
        *,
        api_base: str | None = None,
        event_secret: str | None = None,
        payment_method: str | None = None,
        seconds: float = 10.0,
    ) -> None:
        bases = cast(Any, {"api": api_base.rstrip("/")} if api_base else {})
        self._client = stripe.StripeClient(
            api_key,
            base_addresses=bases,
            max_network_retries=0,  # the outbox retries, with the same key
            http_client=stripe.RequestsClient(timeout=seconds),
        )
        self._event_secret = event_secret
        self._payment_method = payment_method

    @classmethod
    def from_settings(cls) -> StripeGateway:
        """Make the gateway the settings describe."""
        secret = settings().stripe_webhook_secret
        return cls(
            settings().stripe_api_key.get_secret_value(),
            api_base=settings().stripe_api_base,
            event_secret=secret.get_secret_value() if secret else None,
            payment_method=settings().stripe_payment_method,
            seconds=settings().outside_call_seconds,
        )

    def authorise(self, *, payable_id: int, amount_fen: int, key: str) -> Charge:
        """Create the PaymentIntent that holds the amount; one per key."""
        asked: dict[str, Any] = {
            "amount": amount_fen,
            "currency": CURRENCY,
            "capture_method": "manual",
            "metadata": {"payable": str(payable_id)},
        }
        if self._payment_method is not None:
            asked |= {"confirm": True, "payment_method": self._payment_method, "payment_method_types": ["card"]}
        intents = self._client.v1.payment_intents
        return _charge(_call(lambda: intents.create(cast(Any, asked), cast(Any, {"idempotency_key": key}))))

    def capture(self, reference: str, *, amount_fen: int, key: str) -> Charge:
        """Capture the held amount; one already captured is answered as it stands."""
        asked = cast(Any, {"amount_to_capture": amount_fen})
        intents = self._client.v1.payment_intents
        return self._settle(reference, lambda: intents.capture(reference, asked, cast(Any, {"idempotency_key": key})))

    def release(self, reference: str, *, key: str) -> Charge:
        """Cancel the PaymentIntent, which gives back what it held."""
        intents = self._client.v1.payment_intents
        options = cast(Any, {"idempotency_key": key})
        return self._settle(reference, lambda: intents.cancel(reference, cast(Any, {}), options))

    def lookup(self, reference: str) -> Charge:
        """Retrieve the PaymentIntent."""
        return _charge(_call(lambda: self._client.v1.payment_intents.retrieve(reference)))

    def read_event(self, payload: bytes, signature: str | None) -> GatewayEvent | None:
        """Check Stripe's signature and its age (300 s), then read the notice."""
        if not self._event_secret:
            raise NoEventSecret()
        try:
            stripe.WebhookSignature.verify_header(payload, signature, self._event_secret, REPLAY_SECONDS)
            told = json.loads(payload)
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as bad:
            raise BadEventSignature() from bad
        except ValueError as garbled:
            raise BadEvent() from garbled
        try:
            return _event(told)
        except (KeyError, TypeError, ValueError, AttributeError) as garbled:
            raise BadEvent() from garbled

    def _settle(self, reference: str, call: Callable[[], Any]) -> Charge:
        """Do a last step; when Stripe says the intent is past it, look up how it stands."""
        try:
            return _charge(_call(call))
        except PaymentDeclined as declined:
            if declined.facts.get("code") != "payment_intent_unexpected_state":
                raise
            return self.lookup(reference)


def _event(told: dict[str, Any]) -> GatewayEvent | None:
    state = _EVENTS.get(str(told["type"]))
    if state is None:
        return None
    intent = told["data"]["object"]
    ours = intent.get("metadata", {}).get("payable")
    charge = Charge(str(intent["id"]), state, int(intent["amount"]))
    return GatewayEvent(str(told["id"]), str(told["type"]), charge, int(ours) if ours else None)


def _charge(intent: Any) -> Charge:
    return Charge(str(intent.id), _STATES.get(str(intent.status), "pending"), int(intent.amount))


def _call(call: Callable[[], Any]) -> Any:
    """Make one call; a clear no is PaymentDeclined, everything else is unknown and asked again with the same key."""
    try:
        return call()
    except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as refused:
        body = refused.json_body if isinstance(refused.json_body, dict) else {}
        intent = body.get("error", {}).get("payment_intent", {}) if isinstance(body.get("error"), dict) else {}
        raise PaymentDeclined(code=refused.code, status=refused.http_status, reference=intent.get("id")) from refused
    except stripe.StripeError as unknown:
        raise GatewayUnknown(reason=type(unknown).__name__, status=unknown.http_status) from unknown
