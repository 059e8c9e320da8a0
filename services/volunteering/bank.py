"""Where a bank's minutes come from, where those above a volunteer's cap go, and which limits her account has.

The ledger's accounts are readable to the house only; a request learns a purse's number by `hour_purse`, and that
is all it may know of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlmodel import Session

from services.cities.pack import CityRules
from services.cities.rules import LEVELS, ancestor_code, area_contains, area_level
from timebank.limits import change_limits
from timebank.writer import open_account


@dataclass(frozen=True)
class Bank:
    """A bank in the ledger: `ledger` is its city's or district's code; the pool receives what exceeds a cap."""

    ledger: int
    issuance_account_id: int
    pool_account_id: int


def bank_code(rules: CityRules, area_code: int) -> int:
    """Give the ledger that keeps an area's hours: its city's, or its district's where each district is a bank."""
    if rules.timebank.bank_level == "city" or LEVELS.index(area_level(area_code)) < LEVELS.index("district"):
        return rules.city_code
    return ancestor_code(area_code, "district")


def helping_bank(rules: CityRules, payers_ledger: int, area_code: int) -> int:
    """Give the bank whose volunteers help in an area: the payer's own where it reaches there, else the area's."""
    return payers_ledger if area_contains(payers_ledger, area_code) else bank_code(rules, area_code)


def ledger_of(session: Session, account_id: int) -> int:
    """Give the bank an account lies in."""
    found: int = session.connection().execute(select(func.hour_bank(account_id))).scalar_one()
    return found


def bank_of(session: Session, now: datetime, ledger: int) -> Bank:
    """Give a bank, opening its two purses on first use."""
    _hold(session, ledger)
    return Bank(
        ledger=ledger,
        issuance_account_id=_purse(session, now, ledger, "issuance"),
        pool_account_id=_purse(session, now, ledger, "pool"),
    )


def clawback_of(session: Session, now: datetime, ledger: int) -> int:
    """Give the account that owes minutes which were reversed after they had been spent."""
    _hold(session, ledger)
    return _purse(session, now, ledger, "clawback")


def reserve_of(session: Session, now: datetime, ledger: int) -> int:
    """Give the reserve that pays a professional when no volunteer is free."""
    _hold(session, ledger)
    return _purse(session, now, ledger, "guarantee")


def _hold(session: Session, ledger: int) -> None:
    session.connection().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('volunteer bank', :ledger))"), {"ledger": ledger}
    )


def _purse(session: Session, now: datetime, ledger: int, kind: str) -> int:
    found: int | None = session.connection().execute(select(func.hour_purse(ledger, kind))).scalar()
    floor = 0 if kind == "guarantee" else None
    return found or open_account(session, now, ledger=ledger, kind=kind, floor_minutes=floor, owner_label="city")


def open_volunteer_account(session: Session, now: datetime, rules: CityRules, person_id: int, area_code: int) -> int:
    """Open a volunteer's account in her bank: never below zero, never above the city's cap; give its number."""
    return open_account(
        session,
        now,
        ledger=bank_code(rules, area_code),
        kind="volunteer",
        floor_minutes=0,
        cap_minutes=rules.timebank.cap_minutes,
        owner_label=f"volunteer-{person_id}",
    )


_LIMITS = text(
    "SELECT b.cap_minutes, b.daily_cap_minutes, b.posted + b.pending_in AS most, a.kind FROM timebank.balance b"
    " JOIN timebank.account a ON a.id = b.account_id"
    " WHERE b.account_id = :account AND a.kind IN ('volunteer', 'organisation')"
)


def follow_policy(session: Session, now: datetime, account_id: int, rules: CityRules) -> bool:
    """Give a volunteer's account the caps of the policy, by a written decision; False when it has them. As the house.

    Who holds more than a lowered cap keeps it and can add nothing. What a member earns for her group has the cap of
    the day and none in all.
    """
    held = session.connection().execute(_LIMITS, {"account": account_id}).one_or_none()
    if held is None:
        return False
    policy = rules.timebank
    uncapped = policy.cap_minutes is None or held.kind == "organisation"
    cap = None if uncapped else max(policy.cap_minutes or 0, held.most)
    if (held.cap_minutes, held.daily_cap_minutes) == (cap, policy.daily_cap_minutes):
        return False
    change_limits(
        session, now, account_id, floor_minutes=0, cap_minutes=cap, daily_cap_minutes=policy.daily_cap_minutes,
        decided_by="policy", reason=rules.hours_version,
    )  # fmt: skip
    return True
