"""Hours held for an elder's booking: settled when she was helped, given back when she was not.

A hold is one pending transfer of the ledger; it ends once, whoever comes first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlmodel import Session

from services.columns import table_of
from services.messages.actions import tell
from services.volunteering.bank import bank_of, ledger_of
from services.volunteering.crossing import Way, resolve, send, spend
from services.volunteering.following import open_again
from services.volunteering.tables import Redemption
from timebank.writer import Request, reverse_transfer

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
    way = _way(session, held)
    if taken == held.held_minutes:
        resolve(session, now, way, "post", f"redemption-{held.id}-post")
    else:
        resolve(session, now, way, "void", f"redemption-{held.id}-void")
        if taken:
            way = _take_less(session, now, held, taken)
    _end(session, now, held, "settled", taken, way)
    _tell(session, now, held, "volunteering.hours_spent", taken)
    return taken


def release_hold(session: Session, now: datetime, need_id: int) -> bool:
    """Give held hours back: the need was withdrawn, disputed, or nobody came. False when nothing was held."""
    held = _lock(session, need_id)
    if held is None or held.state != "held":
        return False
    way = _way(session, held)
    resolve(session, now, way, "void", f"redemption-{held.id}-void")
    _end(session, now, held, "released", 0, way)
    _tell(session, now, held, "volunteering.hours_returned", held.held_minutes)
    return True


def aim_hold(session: Session, now: datetime, need_id: int, to_ledger: int) -> None:
    """Hold a booking's hours towards the bank whose volunteer said yes, before she goes; nothing where it is so.

    Raises BanksApart, BanksFull: then she cannot take this need, and the hold stays as it was.
    """
    held = _lock(session, need_id)
    if held is None or held.state != "held" or held.to_ledger == to_ledger:
        return
    resolve(session, now, _way(session, held), "void", f"redemption-{held.id}-aim-{held.aims}")
    aims = held.aims + 1
    way = spend(
        session, now, held.account_id, to_ledger, held.held_minutes, key=f"need-{need_id}-redeem-{aims}",
        pending=True, subject=(f"redemption-need-{aims}", need_id), rule_version=held.rule_version,
    )  # fmt: skip
    session.connection().execute(
        update(_redemption)
        .where(_redemption.c.id == held.id)
        .values(transfer_id=way.transfer_id, act_key=way.act_key, to_ledger=to_ledger, aims=aims)
    )


def return_hours(session: Session, now: datetime, need_id: int) -> bool:
    """Give hours back that were settled for a visit that turned out not to have happened, by a counter-entry."""
    held = _lock(session, need_id)
    if held is None or held.state != "settled" or not held.settled_minutes:
        return release_hold(session, now, need_id)
    way = _way(session, held)
    open_again(session, now, held.account_id, 0)
    if way.act_key is None:
        reverse_transfer(session, now, held.transfer_id, f"redemption-{held.id}-reverse")
    else:  # what crossed is answered by sending it back
        back = Request(
            held.to_ledger, f"redemption-{held.id}-back", bank_of(session, now, held.to_ledger).issuance_account_id,
            held.account_id, "clearing", held.settled_minutes, rule_version=held.rule_version,
        )  # fmt: skip
        send(session, now, back, way.ledger)
    _end(session, now, held, "released", 0, way)
    _tell(session, now, held, "volunteering.hours_returned", held.settled_minutes)
    return True


def _lock(session: Session, need_id: int) -> Found | None:
    return (
        session.connection()
        .execute(select(_redemption).where(_redemption.c.need_id == need_id).with_for_update())
        .one_or_none()
    )


def _way(session: Session, held: Found) -> Way:
    return Way(ledger_of(session, held.account_id), held.transfer_id, held.act_key)


def _take_less(session: Session, now: datetime, held: Found, minutes: int) -> Way:
    return spend(
        session, now, held.account_id, held.to_ledger, minutes, key=f"redemption-{held.id}-settle", pending=False,
        subject=("redemption-settled", held.id), rule_version=held.rule_version,
    )  # fmt: skip


def _end(session: Session, now: datetime, held: Found, state: str, minutes: int, way: Way) -> None:
    session.connection().execute(
        update(_redemption)
        .where(_redemption.c.id == held.id)
        .values(
            state=state, settled_minutes=minutes, transfer_id=way.transfer_id, act_key=way.act_key, ended_at=now
        )
    )  # fmt: skip


def _tell(session: Session, now: datetime, held: Found, template: str, minutes: int) -> None:
    tell(
        session, now, recipient_ids=[held.payer_id], template=template, facts={"minutes": minutes},
        elder_id=held.elder_id, area_code=held.area_code, subject=("redemption", held.id), key=f"{template}:{held.id}",
    )  # fmt: skip
