"""Where a city's minutes come from and where those above a volunteer's cap go.

The ledger's accounts are readable to the house only; a request learns a purse's number by `hour_purse`, and that
is all it may know of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlmodel import Session

from services.cities.pack import CityRules
from timebank.writer import open_account


@dataclass(frozen=True)
class Bank:
    """A city's bank in the ledger: `ledger` is the city's code; the pool receives what exceeds a cap."""

    ledger: int
    issuance_account_id: int
    pool_account_id: int


def bank_of(session: Session, now: datetime, city_code: int) -> Bank:
    """Give a city's bank, opening its two purses on first use."""
    _hold(session, city_code)
    return Bank(
        ledger=city_code,
        issuance_account_id=_purse(session, now, city_code, "issuance"),
        pool_account_id=_purse(session, now, city_code, "pool"),
    )


def clawback_of(session: Session, now: datetime, city_code: int) -> int:
    """Give the account that owes minutes which were reversed after they had been spent."""
    _hold(session, city_code)
    return _purse(session, now, city_code, "clawback")


def reserve_of(session: Session, now: datetime, city_code: int) -> int:
    """Give the reserve that pays a professional when no volunteer is free."""
    _hold(session, city_code)
    return _purse(session, now, city_code, "guarantee")


def _hold(session: Session, city_code: int) -> None:
    session.connection().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('volunteer bank', :city))"), {"city": city_code}
    )


def _purse(session: Session, now: datetime, city_code: int, kind: str) -> int:
    found: int | None = session.connection().execute(select(func.hour_purse(city_code, kind))).scalar()
    floor = 0 if kind == "guarantee" else None
    return found or open_account(session, now, ledger=city_code, kind=kind, floor_minutes=floor, owner_label="city")


def open_volunteer_account(session: Session, now: datetime, rules: CityRules, person_id: int) -> int:
    """Open a volunteer's account: never below zero, never above the city's cap; give its number."""
    return open_account(
        session,
        now,
        ledger=rules.city_code,
        kind="volunteer",
        floor_minutes=0,
        cap_minutes=rules.timebank.cap_minutes,
        owner_label=f"volunteer-{person_id}",
    )
