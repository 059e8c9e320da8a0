"""The one rounding rule of money (去尾规则, the floor rule), and how a bill is shared so that nothing is lost.

**The floor rule**: a percentage of an amount in fen is rounded DOWN to a whole fen. Whoever is named later
carries the rest, and the last payer of a bill is always the elder's side, so that the parts of a bill add up
to the bill, public money never pays more than its percentage, and a fee is never more than its percentage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BASIS = 10_000
"""Basis points in a whole: 4000 is 40 %."""


@dataclass(frozen=True)
class Share:
    """What one payer would take of what is still open: basis points of it, at most `most_fen`."""

    basis_points: int
    most_fen: int


def floor_share_fen(amount_fen: int, basis_points: int) -> int:
    """Give a share of an amount by the floor rule, in fen.

    Raises ValueError for a negative amount or a share outside 0-10000 basis points.
    """
    if amount_fen < 0 or not 0 <= basis_points <= BASIS:
        raise ValueError(f"no such amount or share: {amount_fen} fen, {basis_points} basis points")
    return amount_fen * basis_points // BASIS


def share_bill(bill_fen: int, shares: Sequence[Share]) -> tuple[list[int], int]:
    """Share a bill among payers in their order, each of what the earlier ones left; gives (parts, the rest).

    The parts and the rest always add up to the bill, and none is negative.
    """
    parts: list[int] = []
    open_fen = bill_fen
    for share in shares:
        part = min(floor_share_fen(open_fen, share.basis_points), max(0, share.most_fen))
        parts.append(part)
        open_fen -= part
    return parts, open_fen
