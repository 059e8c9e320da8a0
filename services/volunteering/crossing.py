"""Minutes on their way from an account: within its bank by one entry, to another bank by both legs or none.

What a bank's people spend on help from another's it owes that bank, up to a limit the two agreed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from services.volunteering.bank import bank_of, ledger_of
from services.volunteering.errors import BanksApart, BanksFull
from timebank.clearing import resolve_between, send_between
from timebank.errors import BanksNotLinked, CapExceeded, InsufficientMinutes
from timebank.writer import Request, post_transfer, record_transfer, void_transfer


@dataclass(frozen=True)
class Way:
    """Minutes that left an account: the entry in its own bank; the act's key and the other entry where they crossed."""

    ledger: int
    transfer_id: int
    act_key: str | None
    in_transfer_id: int | None = None


def send(
    session: Session,
    now: datetime,
    request: Request,
    to_ledger: int,
) -> Way:
    """Move or hold minutes: `request` says from where, to where and of which type within one bank.

    Towards another bank the type is "clearing" and both legs are written at once. Raises BanksApart, BanksFull, and
    the ledger's own refusals of either account.
    """
    if to_ledger == request.ledger:
        return Way(request.ledger, record_transfer(session, now, **request.__dict__).id, None)
    over = Request(
        request.ledger, request.key, request.debit_account_id, request.credit_account_id, "clearing", request.minutes,
        pending=request.pending, subject=request.subject, rule_version=request.rule_version,
    )  # fmt: skip
    with _between(over.debit_account_id, over.credit_account_id, to_ledger):
        act = send_between(session, now, over, to_ledger)
    return Way(request.ledger, act.out_transfer_id, act.key, act.in_transfer_id)


def spend(
    session: Session, now: datetime, account_id: int, to_ledger: int, minutes: int, *, key: str, pending: bool,
    subject: tuple[str, int], rule_version: str,
) -> Way:  # fmt: skip
    """Spend minutes on help from a bank: they go where its volunteers' minutes come from. Raises as `send`."""
    ledger = ledger_of(session, account_id)
    request = Request(
        ledger, key, account_id, bank_of(session, now, to_ledger).issuance_account_id, "redeem", minutes,
        pending=pending, subject=subject, rule_version=rule_version,
    )  # fmt: skip
    return send(session, now, request, to_ledger)


def resolve(session: Session, now: datetime, way: Way, outcome: str, key: str) -> None:
    """Post or void held minutes, on both sides where they crossed."""
    if way.act_key is not None:
        resolve_between(session, now, way.ledger, way.act_key, outcome, key)
    elif outcome == "post":
        post_transfer(session, now, way.transfer_id, key)
    else:
        void_transfer(session, now, way.transfer_id, key)


@contextmanager
def _between(giver: int, receiver: int, to_ledger: int) -> Iterator[None]:
    """Say in the house's words what two banks refuse; what an account lacks is the account's own refusal."""
    try:
        yield
    except BanksNotLinked as apart:
        raise BanksApart(to_ledger=to_ledger) from apart
    except CapExceeded as full:
        if full.facts.get("account_id") == receiver:
            raise
        raise BanksFull(to_ledger=to_ledger, room_minutes=full.room_minutes) from full
    except InsufficientMinutes as short:
        if short.facts.get("account_id") == giver:
            raise
        raise BanksFull(to_ledger=to_ledger, room_minutes=short.available_minutes) from short
