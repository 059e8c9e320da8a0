"""What a voucher pays of an order, and for which days it stands. Pure; rounded by the floor rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.benefits.rounding import Share, share_bill
from services.benefits.rules import Split, yuan


@dataclass(frozen=True)
class VoucherRight:
    """A voucher as it stands for one order: basis points of what is left to pay, fen left, most for one order."""

    voucher_id: int
    name: str
    basis_points: int
    left_fen: int
    per_order_cap_fen: int | None = None
    provider_codes: tuple[str, ...] = ()

    @property
    def most_fen(self) -> int:
        """The most it gives to one order, in fen."""
        return self.left_fen if self.per_order_cap_fen is None else min(self.left_fen, self.per_order_cap_fen)


def take_voucher(shared: Split, vouchers: Sequence[VoucherRight], provider_code: str | None = None) -> Split:
    """Let the one voucher that helps most pay of what government left; the parts still add up to the price.

    A voucher that only some providers take counts only where `provider_code` is one of them. Equal help comes from the older voucher (the smaller id), so that the answer never depends on row order.
    """
    best: tuple[int, VoucherRight] | None = None
    for right in sorted(vouchers, key=lambda one: one.voucher_id):
        if right.provider_codes and provider_code not in right.provider_codes:
            continue
        (part,), _ = share_bill(shared.self_fen, [Share(right.basis_points, right.most_fen)])
        if part > 0 and (best is None or part > best[0]):
            best = part, right
    if best is None:
        return shared
    part, right = best
    reason = f"{right.name}：抵扣{yuan(part)}"
    return replace(
        shared,
        self_fen=shared.self_fen - part,
        voucher_fen=part,
        voucher_id=right.voucher_id,
        reasons=(*shared.reasons, reason),
    )


def period_of(period: str, on: date) -> tuple[date, date]:
    """Give the first day of the month, quarter or year a civil day lies in, and the first day after it."""
    if period == "year":
        return date(on.year, 1, 1), date(on.year + 1, 1, 1)
    months = {"month": 1, "quarter": 3}[period]
    first = (on.month - 1) // months * months + 1
    beyond = first + months
    return date(on.year, first, 1), date(on.year + (beyond > 12), beyond if beyond <= 12 else beyond - 12, 1)


def place_of_use(category: str, at_home: bool, volunteer: bool) -> str:
    """Give where a service is taken, as vouchers know it: home, community, institution or neighbour."""
    if category == "residential":
        return "institution"
    if volunteer:
        return "neighbour"
    return "home" if at_home else "community"
