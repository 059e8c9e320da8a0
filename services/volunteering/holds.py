"""Hours held for an elder's booking: settled when she was helped, given back when she was not.

A hold is one pending transfer of the ledger; it ends once, whoever comes first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlmodel import Session

from services.cities.queries import city_of_area
from services.columns import table_of
from services.messages.actions import tell
from services.volunteering.bank import bank_of
from services.volunteering.tables import Redemption
from timebank.writer import post_transfer, record_transfer, reverse_transfer, void_transfer

_redemption = table_of(Redemption)
Found = Row[*tuple[Any, ...]]


def settle_hold(session: Session, now: datetime, need_id: int, minutes: int) -> int | None:
    """Take what the help was worth out of the hold of a need, never more than was held; the rest is free again.

    Gives the minutes taken, or None when the need was not booked with hours or its hold has ended.
    """
    held = _lock(session, need_id)
    if held is None or held.state != "held":
        return None
    taken = min(minutes, int(held.held_minutes))
    transfer_id = held.transfer_id
    if taken == held.held_minutes:
        post_transfer(session, now, transfer_id, f"redemption-{held.id}-post")
    else:
        void_transfer(session, now, transfer_id, f"redemption-{held.id}-void")
        if taken:
            transfer_id = _take_less(session, now, held, taken)
    _end(session, now, held, "settled", taken, transfer_id)
    _tell(session, now, held, "volunteering.hours_spent", taken)
    return taken


def release_hold(session: Session, now: datetime, need_id: int) -> bool:
    """Give held hours back: the need was withdrawn, disputed, or nobody came. False when nothing was held."""
    held = _lock(session, need_id)
    if held is None or held.state != "held":
        return False
    void_transfer(session, now, held.transfer_id, f"redemption-{held.id}-void")
    _end(session, now, held, "released", 0, held.transfer_id)
    _tell(session, now, held, "volunteering.hours_returned", held.held_minutes)
    return True


def return_hours(session: Session, now: datetime, need_id: int) -> bool:
    """Give hours back that were settled for a visit that turned out not to have happened, by a counter-entry."""
    held = _lock(session, need_id)
    if held is None or held.state != "settled" or not held.settled_minutes:
        return release_hold(session, now, need_id)
    reverse_transfer(session, now, held.transfer_id, f"redemption-{held.id}-reverse")
    _end(session, now, held, "released", 0, held.transfer_id)
    _tell(session, now, held, "volunteering.hours_returned", held.settled_minutes)
    return True


def _lock(session: Session, need_id: int) -> Found | None:
    return (
        session.connection()
        .execute(select(_redemption).where(_redemption.c.need_id == need_id).with_for_update())
        .one_or_none()
    )


def _take_less(session: Session, now: datetime, held: Found, minutes: int) -> int:
    bank = bank_of(session, now, city_of_area(session, held.area_code))
    return record_transfer(
        session, now, ledger=bank.ledger, key=f"redemption-{held.id}-settle", debit_account_id=held.account_id,
        credit_account_id=bank.issuance_account_id, entry_type="redeem", minutes=minutes,
        subject=("redemption-settled", held.id), rule_version=held.rule_version,
    ).id  # fmt: skip


def _end(session: Session, now: datetime, held: Found, state: str, minutes: int, transfer_id: int) -> None:
    session.connection().execute(
        update(_redemption)
        .where(_redemption.c.id == held.id)
        .values(state=state, settled_minutes=minutes, transfer_id=transfer_id, ended_at=now)
    )


def _tell(session: Session, now: datetime, held: Found, template: str, minutes: int) -> None:
    tell(
        session, now, recipient_ids=[held.payer_id], template=template, facts={"minutes": minutes},
        elder_id=held.elder_id, area_code=held.area_code, subject=("redemption", held.id), key=f"{template}:{held.id}",
    )  # fmt: skip
