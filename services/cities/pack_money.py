"""What a city decides about money besides its subsidies: fees of a cancellation, budget lines, prepaid fees.

Money in fen, shares in percent, spans in hours, days and months.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.cities.pack_part import Called, Code, Named, Part, Percent


class CancelFee(Part):
    """What cancelling late costs the elder's side: a share of her own part, from so many hours before on.

    Of several that apply the one with the fewest hours holds; `free_reasons` cost nothing.
    """

    within_hours: int = Field(gt=0)
    percent: Percent
    cap_fen: int = Field(ge=0)
    free_reasons: tuple[Code, ...] = ()
    source: Code


class BudgetLine(Called):
    """A line of a budget out of which subsidies and vouchers are paid, named as the finance bureau names it."""

    number: str = Field(min_length=1)
    funder: Literal["national", "province", "city", "district", "welfare_lottery"]
    pays_for: tuple[Code, ...] = Field(min_length=1)
    source: Code


class PrepaidLimit(Named):
    """How much of one kind of money an institution may take in advance from one resident.

    At most `most_months` of the monthly fee (or `most_fen`, the smaller); from `alert_percent` of that on the
    office is told. What is left goes back within `refund_days` of leaving.
    """

    most_months: int | None = Field(default=None, gt=0, le=60)
    most_fen: int | None = Field(default=None, gt=0)
    alert_percent: Percent
    refund_days: int = Field(gt=0)
    source: Code


class MoneyPolicy(Part):
    """A city's money rules: fees of late cancelling, budget lines, limits of prepaid fees."""

    cancel_fees: tuple[CancelFee, ...] = ()
    budget_lines: tuple[BudgetLine, ...] = ()
    prepaid: tuple[PrepaidLimit, ...] = ()
    settlement_day: int = Field(default=5, ge=1, le=28)

    def cancel_fee(self, hours_before: float, reason: str | None = None) -> CancelFee | None:
        """Give the fee of cancelling so many hours before the start (negative: after it), if any."""
        due = [fee for fee in self.cancel_fees if hours_before < fee.within_hours and reason not in fee.free_reasons]
        return min(due, key=lambda fee: fee.within_hours) if due else None

    def budget_line(self, code: str) -> BudgetLine | None:
        """Give the budget line out of which a subsidy or voucher kind is paid."""
        return next((line for line in self.budget_lines if code in line.pays_for), None)

    def prepaid_limit(self, code: str) -> PrepaidLimit:
        """Give the limit of one kind of prepaid money; raises KeyError."""
        return {limit.code: limit for limit in self.prepaid}[code]
