"""The banks of a city, whom they honour, and who owes whom: totals of banks, no account and no person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from sqlalchemy import text
from sqlmodel import Session

from services.cities.pack import CityRules
from services.cities.queries import area_names, city_of_area
from services.cities.rules import area_contains, area_range
from services.unit_of_work import Actor
from services.volunteering.bank import bank_of
from services.volunteering.errors import OfficeOnly
from timebank.clearing import ClearingRow, link_banks, net_positions, read_clearing, read_clearing_acts
from timebank.errors import CapExceeded, InsufficientMinutes
from timebank.limits import change_limits

READERS = ("officer", "advisor", "auditor")


@dataclass(frozen=True)
class BankDebt:
    """What one bank owes another in minutes (above zero), what is held between them, and the most it may be.

    `net_minutes`: the first bank's position over all its peers.
    """

    ledger: int
    ledger_name: str
    peer_ledger: int
    peer_name: str
    owed_minutes: int
    held_out_minutes: int
    held_in_minutes: int
    most_minutes: int
    net_minutes: int


@dataclass(frozen=True)
class BankAct:
    """Minutes that crossed between two banks: sent by people, or settled between the banks."""

    recorded_at: datetime
    from_name: str
    to_name: str
    purpose: str
    minutes: int


def who_owes_whom(session: Session, actor: Actor) -> list[BankDebt]:
    """Give the debts of the banks of the office's own city, greatest first. Raises OfficeOnly."""
    city = _city(session, actor)
    rows = read_clearing(session)
    nets = net_positions(rows)
    mine = [row for row in rows if area_contains(city, row.ledger)]
    names = area_names(session, {row.ledger for row in mine} | {row.peer_ledger for row in mine})
    found = [
        BankDebt(
            ledger=row.ledger, ledger_name=names.get(row.ledger, str(row.ledger)), peer_ledger=row.peer_ledger,
            peer_name=names.get(row.peer_ledger, str(row.peer_ledger)), owed_minutes=row.owed_minutes,
            held_out_minutes=row.held_out_minutes, held_in_minutes=row.held_in_minutes,
            most_minutes=row.most_minutes, net_minutes=nets[row.ledger],
        )
        for row in mine
    ]  # fmt: skip
    return sorted(found, key=lambda debt: (-debt.owed_minutes, debt.ledger, debt.peer_ledger))


def latest_crossings(session: Session, actor: Actor, most: int = 20) -> list[BankAct]:
    """Give the last acts between the banks of the office's own city, newest first. Raises OfficeOnly."""
    city = _city(session, actor)
    banks = {row.ledger for row in read_clearing(session) if area_contains(city, row.ledger)}
    acts = {act.out_transfer_id: act for bank in banks for act in read_clearing_acts(session, bank, most)}
    newest = sorted(acts.values(), key=lambda act: (act.recorded_at, act.out_transfer_id), reverse=True)[:most]
    names = area_names(session, {act.from_ledger for act in newest} | {act.to_ledger for act in newest})
    return [
        BankAct(
            act.recorded_at, names.get(act.from_ledger, str(act.from_ledger)),
            names.get(act.to_ledger, str(act.to_ledger)), act.purpose, act.minutes,
        )
        for act in newest
    ]  # fmt: skip


def banks_in(session: Session, rules: CityRules) -> list[int]:
    """Give the ledgers that keep a city's hours: the city's, and those of its districts with accounts. As the house."""
    lo, hi = area_range(rules.city_code)
    opened = session.connection().execute(
        text("SELECT DISTINCT ledger FROM timebank.account WHERE ledger BETWEEN :lo AND :hi"),
        {"lo": lo, "hi": hi},
    )  # fmt: skip
    own = {rules.city_code} if rules.timebank.bank_level == "city" else set()
    return sorted(own | set(opened.scalars()))


def link_city_banks(session: Session, now: datetime, rules: CityRules) -> int:
    """Let all banks of a city honour each other up to the policy's limit; give how many pairs changed. As the house.

    A policy without a limit links nobody; what was linked stays. A limit below what is owed waits for the settlement.
    """
    most = rules.timebank.between_most_minutes
    if most is None:
        return 0
    known = {(row.ledger, row.peer_ledger): row for row in read_clearing(session)}
    changed = 0
    for one, other in combinations(banks_in(session, rules), 2):
        if (one, other) not in known:
            purses = [bank_of(session, now, ledger).issuance_account_id for ledger in (one, other)]
            link_banks(session, now, one, purses[0], other, purses[1], most)
            changed += 1
        elif any(known[pair].most_minutes != most for pair in ((one, other), (other, one))):
            changed += _change_most(session, now, rules, [known[one, other], known[other, one]], most)
    return changed


def _change_most(session: Session, now: datetime, rules: CityRules, pair: list[ClearingRow], most: int) -> int:
    try:
        with session.begin_nested():
            for row in pair:
                change_limits(
                    session, now, row.account_id, floor_minutes=-most, cap_minutes=most,
                    decided_by="policy", reason=rules.hours_version,
                )  # fmt: skip
    except (CapExceeded, InsufficientMinutes):
        return 0
    return 1


def _city(session: Session, actor: Actor) -> int:
    if not actor.has_role(*READERS) or actor.area_lo is None:
        raise OfficeOnly()
    return city_of_area(session, actor.area_lo)
