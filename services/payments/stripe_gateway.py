"""Stripe behind the house's gateway protocol: cards held first and captured after the visit; WeChat Pay and Alipay
taken at once, because they know no hold, and refunded when the service is not done.

The only import of stripe. Only the payable's number leaves the house: no name, no service, no description.
Source: Stripe API reference, PaymentIntents (`capture_method=manual`), idempotent requests, webhook signatures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

import stripe

from services.payments.errors import (
    BadEvent,
    BadEventSignature,
    GatewayUnknown,
    NoEventSecret,
    PaymentDeclined,
)
from services.payments.gateway import PAGE, TAKEN_AT_ONCE, Charge, ChargeState, Dispute, GatewayEvent, Method, Refund
from services.settings import settings

CURRENCY = "cny"
LISTED_AT_ONCE = 100
ON_THE_PAGE = "自付部分"
"""All that Stripe's payment page says of what is paid."""
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
_DISPUTES = {"won": "won", "lost": "lost", "warning_closed": "won"}
"""How Stripe calls a dispute that has ended; every other status is an open one."""
_REFUNDS = {"succeeded": "done", "failed": "failed", "canceled": "failed"}
_EVENTS: dict[str, ChargeState] = {
    "payment_intent.amount_capturable_updated": "authorised",
    "payment_intent.succeeded": "captured",
    "payment_intent.canceled": "released",
    "payment_intent.payment_failed": "declined",
}

_WAYS: dict[str, Callable[[str], dict[str, Any]]] = {
    "wechat_pay": lambda _url: {"payment_method_options": {"wechat_pay": {"client": "web"}}},
    "alipay": lambda url: {"return_url": url},
}


class StripeGateway:
    """Speaks to Stripe, or to stripe-mock at `api_base`.

    Without `payment_method` a card is entered on Stripe's own payment page (Checkout), never on ours, and a webhook
    tells; with one (a saved method, or a test method) it is confirmed at once. `return_url` begins the address to
    which the payer comes back: /pay/{payable}.
    """

    name = "stripe"

    def __init__(
        self,
        api_key: str,
        *,
        api_base: str | None = None,
        event_secret: str | None = None,
        payment_method: str | None = None,
        return_url: str | None = None,
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
        self._return_url = return_url

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

    def authorise(
        self, *, payable_id: int, amount_fen: int, key: str, method: Method = "card", payer_present: bool = False
    ) -> Charge:
        """Create what holds the amount, or has it paid by WeChat Pay or Alipay; one per key.

        A card that is not known yet is entered on Stripe's page, present or not.
        """
        if method == "card" and self._payment_method is None:
            return self._open_page(payable_id, amount_fen, key)
        asked: dict[str, Any] = {
            "amount": amount_fen,
            "currency": CURRENCY,
            "capture_method": "automatic" if method in TAKEN_AT_ONCE else "manual",
            "metadata": {"payable": str(payable_id)},
        }
        if method in TAKEN_AT_ONCE:
            asked |= {"confirm": True, "payment_method_types": [method], "payment_method_data": {"type": method}}
            asked |= _WAYS[method](self._back(payable_id))
        else:
            asked |= {"confirm": True, "payment_method": self._payment_method, "payment_method_types": ["card"]}
        intents = self._client.v1.payment_intents
        return _charge(_call(lambda: intents.create(cast(Any, asked), cast(Any, {"idempotency_key": key}))))

    def _open_page(self, payable_id: int, amount_fen: int, key: str) -> Charge:
        """Open a Checkout session whose PaymentIntent holds the amount; it lives 24 hours."""
        back = self._back(payable_id)
        price = {"currency": CURRENCY, "unit_amount": amount_fen, "product_data": {"name": ON_THE_PAGE}}
        asked = {
            "mode": "payment", "payment_method_types": ["card"], "success_url": back, "cancel_url": back,
            "line_items": [{"quantity": 1, "price_data": price}], "metadata": {"payable": str(payable_id)},
            "payment_intent_data": {"capture_method": "manual", "metadata": {"payable": str(payable_id)}},
        }  # fmt: skip
        pages = self._client.v1.checkout.sessions
        return _page(_call(lambda: pages.create(cast(Any, asked), cast(Any, {"idempotency_key": key}))))

    def _back(self, payable_id: int) -> str:
        return f"{(self._return_url or settings().public_url).rstrip('/')}/pay/{payable_id}"

    def _close_page(self, reference: str, key: str) -> Charge:
        """Expire a page nobody has paid on; what was held there meanwhile is cancelled, what was taken is told."""
        pages = self._client.v1.checkout.sessions
        number = reference.removeprefix(PAGE)
        try:
            return _page(_call(lambda: pages.expire(number, cast(Any, {}), cast(Any, {"idempotency_key": key}))))
        except PaymentDeclined:
            stands = self.lookup(reference)
        if stands.reference.startswith(PAGE) or stands.state != "authorised":
            return stands
        return self.release(stands.reference, key=f"{key}-held")

    def capture(self, reference: str, *, amount_fen: int, key: str) -> Charge:
        """Capture the held amount; one already captured is answered as it stands."""
        asked = cast(Any, {"amount_to_capture": amount_fen})
        intents = self._client.v1.payment_intents
        return self._settle(reference, lambda: intents.capture(reference, asked, cast(Any, {"idempotency_key": key})))

    def release(self, reference: str, *, key: str) -> Charge:
        """Cancel the PaymentIntent, which gives back what it held; or take its page away."""
        if reference.startswith(PAGE):
            return self._close_page(reference, key)
        intents = self._client.v1.payment_intents
        options = cast(Any, {"idempotency_key": key})
        return self._settle(reference, lambda: intents.cancel(reference, cast(Any, {}), options))

    def refund(self, reference: str, *, amount_fen: int, key: str, refund_id: int | None = None) -> Refund:
        """Refund so much of the PaymentIntent; one refund per key."""
        asked: dict[str, Any] = {"payment_intent": reference, "amount": amount_fen}
        if refund_id is not None:
            asked["metadata"] = {"refund": str(refund_id)}
        refunds = self._client.v1.refunds
        return _refund(_plain(_call(lambda: refunds.create(cast(Any, asked), cast(Any, {"idempotency_key": key})))))

    def lookup(self, reference: str) -> Charge:
        """Retrieve the PaymentIntent, or its page, with what was captured and refunded of it."""
        if reference.startswith(PAGE):
            wide = cast(Any, {"expand": ["payment_intent.latest_charge"]})
            pages = self._client.v1.checkout.sessions
            return _page(_call(lambda: pages.retrieve(reference.removeprefix(PAGE), wide)))
        asked = cast(Any, {"expand": ["latest_charge"]})
        return _charge(_call(lambda: self._client.v1.payment_intents.retrieve(reference, asked)))

    def statement(self, since: datetime, until: datetime) -> Iterator[Charge]:
        """List the PaymentIntents begun between two moments, page after page, as they stand now."""
        begun = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        after: str | None = None
        while True:
            asked: dict[str, Any] = {"created": begun, "limit": LISTED_AT_ONCE, "expand": ["data.latest_charge"]}
            if after is not None:
                asked["starting_after"] = after
            page = _call(lambda asked=asked: self._client.v1.payment_intents.list(cast(Any, asked)))  # type: ignore[misc]
            for intent in page.data:
                yield _charge(intent)
            if not page.has_more or not page.data:
                return
            after = str(page.data[-1].id)

    def read_event(self, payload: bytes, signature: str | None) -> GatewayEvent | None:
        """Check Stripe's signature and its age (300 s), then read the notice."""
        if not self._event_secret:
            raise NoEventSecret()
        try:
            stripe.WebhookSignature.verify_header(payload, signature, self._event_secret, REPLAY_SECONDS)
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as bad:
            raise BadEventSignature() from bad
        return self.read_stored(payload)

    def read_stored(self, payload: bytes) -> GatewayEvent | None:
        """Read a notice that was checked when it came."""
        try:
            return _event(json.loads(payload))
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
    kind, thing = str(told["type"]), told["data"]["object"]
    if kind.startswith("refund."):
        refund = _refund(thing)
        return _about(told, thing["payment_intent"], refund=refund) if thing.get("payment_intent") else None
    if kind.startswith("charge.dispute."):
        state = cast(Any, _DISPUTES.get(str(thing["status"]), "open"))
        dispute = Dispute(str(thing["id"]), state, int(thing["amount"]), str(thing.get("reason", "")))
        return _about(told, thing["payment_intent"], dispute=dispute) if thing.get("payment_intent") else None
    if kind == "checkout.session.expired":
        ended = Charge(PAGE + str(thing["id"]), "released", int(thing["amount_total"]), payable_id=_ours(thing))
        return GatewayEvent(str(told["id"]), kind, ended, ended.payable_id)
    state = _EVENTS.get(kind)
    if state is None:
        return None
    ours = _ours(thing)
    taken = int(thing.get("amount_received") or thing["amount"]) if state == "captured" else None
    charge = Charge(str(thing["id"]), state, int(thing["amount"]), taken, payable_id=ours)
    return GatewayEvent(str(told["id"]), kind, charge, ours)


def _about(
    told: dict[str, Any], intent: Any, *, refund: Refund | None = None, dispute: Dispute | None = None
) -> GatewayEvent:
    charge = Charge(str(intent), "pending", 0)
    return GatewayEvent(str(told["id"]), str(told["type"]), charge, None, refund, dispute)


def _refund(told: dict[str, Any]) -> Refund:
    ours = (told.get("metadata") or {}).get("refund")
    state = cast(Any, _REFUNDS.get(str(told["status"]), "pending"))
    return Refund(str(told["id"]), state, int(told["amount"]), int(ours) if ours and str(ours).isdigit() else None)


def _ours(intent: dict[str, Any]) -> int | None:
    ours = (intent.get("metadata") or {}).get("payable")
    return int(ours) if ours and str(ours).isdigit() else None


def _plain(thing: Any) -> dict[str, Any]:
    plain: dict[str, Any] = thing.to_dict()
    return plain


def _charge(intent: Any) -> Charge:
    told = _plain(intent)
    state = _STATES.get(str(told["status"]), "pending")
    latest = told.get("latest_charge")
    given_back = int(latest.get("amount_refunded") or 0) if isinstance(latest, dict) else 0
    taken = int(told.get("amount_received") or told["amount"]) if state == "captured" else None
    return Charge(str(told["id"]), state, int(told["amount"]), taken, given_back, _payer_step(told), _ours(told))


def _page(session: Any) -> Charge:
    """A payment page as a charge: what was held or paid on it, else a link that waits, or a page that is gone."""
    told = _plain(session)
    intent = told.get("payment_intent")
    if isinstance(intent, dict):
        paid = _charge(session.payment_intent)
        if paid.state != "pending":
            return paid
    state: ChargeState = "released" if told.get("status") == "expired" else "pending"
    step = f"link:{told['url']}" if told.get("url") and state == "pending" else None
    total = int(told.get("amount_total") or 0)
    return Charge(PAGE + str(told["id"]), state, total, payer_step=step, payable_id=_ours(told))


def _payer_step(intent: dict[str, Any]) -> str | None:
    """What the payer must do, for a page to show: scan a code, follow a link, or enter a card."""
    step = intent.get("next_action") or {}
    if code := (step.get("wechat_pay_display_qr_code") or {}).get("data"):
        return f"code:{code}"
    link = (step.get("alipay_handle_redirect") or step.get("redirect_to_url") or {}).get("url")
    if link:
        return f"link:{link}"
    secret = intent.get("client_secret")
    return f"card:{secret}" if secret and intent.get("status") == "requires_payment_method" else None


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
