"""Who owes whom between districts, as an officer sees it: totals of banks, no account and no person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from services.cities.queries import area_names, city_of_area
from services.cities.rules import area_contains
from services.unit_of_work import Actor
from services.volunteering.errors import OfficeOnly
from timebank.clearing import net_positions, read_clearing

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


def who_owes_whom(session: Session, actor: Actor) -> list[BankDebt]:
    """Give the debts of the banks of the office's own city, greatest first. Raises OfficeOnly."""
    if not actor.has_role(*READERS) or actor.area_lo is None:
        raise OfficeOnly()
    city = city_of_area(session, actor.area_lo)
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
