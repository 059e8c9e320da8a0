"""The gateway that collects the self-paid part: a protocol, so that a city plugs in its own.

Amounts are BIGINT fen of CNY. Only opaque ids leave the house: no name, no service, no address. Every call
carries an idempotency key and is made outside any transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, Protocol

from services.settings import settings

ChargeState = Literal["pending", "authorised", "captured", "released", "declined"]
Method = Literal["card", "wechat_pay", "alipay"]
PAGE = "page:"
"""How the reference of a gateway's payment page begins, while nobody has paid on it yet."""
TAKEN_AT_ONCE: frozenset[str] = frozenset({"wechat_pay", "alipay"})
"""Ways of paying that know no hold: what the payer pays is taken at once."""


@dataclass(frozen=True)
class Charge:
    """What the gateway knows of one charge; `pending` waits for the payer's own step, told in `payer_step`.

    `captured_fen` is what was really taken (all of it unless said), `refunded_fen` what was given back so far.
    """

    reference: str
    state: ChargeState
    amount_fen: int
    captured_fen: int | None = None
    refunded_fen: int = 0
    payer_step: str | None = None
    payable_id: int | None = None

    @property
    def taken_fen(self) -> int:
        """What was taken, in fen."""
        if self.state != "captured":
            return 0
        return self.amount_fen if self.captured_fen is None else self.captured_fen


@dataclass(frozen=True)
class Refund:
    """Money given back, as the gateway knows it; `pending` is on its way. `refund_id` is our own id, echoed."""

    reference: str
    state: Literal["pending", "done", "failed"]
    amount_fen: int
    refund_id: int | None = None


@dataclass(frozen=True)
class Dispute:
    """A payer's bank takes a payment back, or tries to."""

    reference: str
    state: Literal["open", "won", "lost"]
    amount_fen: int
    reason: str


@dataclass(frozen=True)
class GatewayEvent:
    """A signed notice from the gateway about one charge, a refund or a dispute of it.

    `payable_id` is our own id, echoed. With a refund or a dispute the charge carries its reference only.
    """

    id: str
    kind: str
    charge: Charge
    payable_id: int | None
    refund: Refund | None = None
    dispute: Dispute | None = None


class Gateway(Protocol):
    """Somebody who holds money, takes it once the visit is confirmed, or gives it back.

    Every method raises PaymentDeclined (the answer is no) or GatewayUnknown (no answer: ask again, same key).
    """

    name: str

    def authorise(
        self, *, payable_id: int, amount_fen: int, key: str, method: Method = "card", payer_present: bool = False
    ) -> Charge:
        """Hold an amount (or, by WeChat Pay and Alipay, have it paid); the same key does it once.

        `payer_present`: she chose the way herself and waits for her bank's page. No card number ever reaches us: a
        card is entered on the gateway's own payment page, told as `link:` with a reference that begins with
        PAGE until the payer has paid there.
        """
        ...

    def capture(self, reference: str, *, amount_fen: int, key: str) -> Charge:
        """Take so much of what is held, the rest goes back; a second call takes nothing more."""
        ...

    def refund(self, reference: str, *, amount_fen: int, key: str, refund_id: int | None = None) -> Refund:
        """Give back so much of what was taken; the same key gives it back once."""
        ...

    def statement(self, since: datetime, until: datetime) -> Iterator[Charge]:
        """Give every charge begun between two moments as it stands now, for comparing our books."""
        ...

    def release(self, reference: str, *, key: str) -> Charge:
        """Give back what is held."""
        ...

    def lookup(self, reference: str) -> Charge:
        """Ask what became of a charge."""
        ...

    def read_stored(self, payload: bytes) -> GatewayEvent | None:
        """Read a notice again whose signature was checked when it arrived. Raises BadEvent."""
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
