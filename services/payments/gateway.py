"""The gateway that collects the self-paid part: a protocol, so that a city plugs in its own.

Amounts are BIGINT fen of CNY. Only opaque ids leave the house: no name, no service, no address. Every call
carries an idempotency key and is made outside any transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

from services.settings import settings

ChargeState = Literal["pending", "authorised", "captured", "released", "declined"]


@dataclass(frozen=True)
class Charge:
    """What the gateway knows of one charge; `pending` waits for the payer's own step."""

    reference: str
    state: ChargeState
    amount_fen: int


@dataclass(frozen=True)
class GatewayEvent:
    """A signed notice from the gateway about one charge; `payable_id` is our own id, echoed."""

    id: str
    kind: str
    charge: Charge
    payable_id: int | None


class Gateway(Protocol):
    """Somebody who holds money, takes it once the visit is confirmed, or gives it back.

    Every method raises PaymentDeclined (the answer is no) or GatewayUnknown (no answer: ask again, same key).
    """

    name: str

    def authorise(self, *, payable_id: int, amount_fen: int, key: str) -> Charge:
        """Hold an amount; the same key holds it once."""
        ...

    def capture(self, reference: str, *, amount_fen: int, key: str) -> Charge:
        """Take what is held; a second call takes nothing more."""
        ...

    def release(self, reference: str, *, key: str) -> Charge:
        """Give back what is held."""
        ...

    def lookup(self, reference: str) -> Charge:
        """Ask what became of a charge."""
        ...

    def read_event(self, payload: bytes, signature: str | None) -> GatewayEvent | None:
        """Check and read a notice; None for a kind that does not concern us.

        Raises BadEventSignature, BadEvent, NoEventSecret.
        """
        ...


def gateway(name: str | None = None) -> Gateway:
    """Give the gateway of this name, or the one the settings name for new payables."""
    return _gateway(name or settings().payment_gateway)


@lru_cache(maxsize=4)
def _gateway(name: str) -> Gateway:
    if name == "fake":
        from services.payments.fake_gateway import FakeGateway

        return FakeGateway()
    if name == "stripe":
        from services.payments.stripe_gateway import StripeGateway

        return StripeGateway.from_settings()
    raise ValueError(f"unknown payment gateway: {name}")
