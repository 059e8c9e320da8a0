"""Where a served hour goes: to the volunteer, to her group, and what is above the caps to the pool or to honours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from services.cities.pack import CityRules
from services.columns import table_of
from services.people.tables import Person
from services.volunteering.bank import Bank, bank_of
from services.volunteering.errors import NoAccount
from services.volunteering.rules import Credit
from services.volunteering.tables import Volunteer, VolunteerGroup
from timebank.errors import CapExceeded
from timebank.reader import read_balance
from timebank.writer import record_transfer

_person, _volunteer, _group = table_of(Person), table_of(Volunteer), table_of(VolunteerGroup)
Found = Row[*tuple[Any, ...]]
CLOCKED = ("elder_code", "door_plate")


@dataclass(frozen=True)
class Held:
    """What a session holds: its own transfer, the one for the pool, and minutes that are honours only."""

    transfer_id: int | None
    over_transfer_id: int | None
    credit_minutes: int
    honour_minutes: int


def proof_of(visit: Found) -> str:
    """Tell whether a visit was clocked at the door or attested by somebody who was not there; kept apart for good."""
    recorded_for_her = bool((visit.check_out_facts or {}).get("recorded_by"))
    return "clocked" if visit.check_in_proof in CLOCKED and not recorded_for_her else "attested"


def transfers_of(found: Found) -> list[int]:
    """Give the ledger's transfers of a session: none where the hours are honours only."""
    return [one for one in (found.transfer_id, found.over_transfer_id) if one is not None]


def hold_minutes(session: Session, now: datetime, visit: Found, rules: CityRules, credit: Credit) -> Held:
    """Hold a visit's minutes as the city's policy says. As the house. Raises NoAccount, CapExceeded."""
    bank = bank_of(session, now, rules.city_code)
    account_id = _account(session, visit.visitor_id)
    worth, honours = credit.credit_minutes, 0
    if rules.timebank.daily_overflow == "honours":
        honours += credit.over_minutes
    if rules.timebank.overflow == "honours":
        room = _room(session, account_id)
        if room is not None and room < worth:
            worth, honours = room, honours + worth - room
    if worth + honours == 0 and credit.over_minutes == 0:
        raise CapExceeded(account_id=account_id, minutes=credit.credit_minutes, room_minutes=0)
    earned = _earn(session, now, visit, rules, bank, account_id, worth) if worth else None
    over = None
    if rules.timebank.daily_overflow == "donation_pool" and credit.over_minutes:
        over = _overflow(session, now, visit, rules, bank, credit.over_minutes)
        honours += 0 if worth else credit.over_minutes
    return Held(earned, over, worth, honours)


def _account(session: Session, volunteer_id: int) -> int:
    row = (
        session.connection()
        .execute(
            select(_person.c.timebank_account_id, _group.c.account_id)
            .outerjoin(_volunteer, _volunteer.c.person_id == _person.c.id)
            .outerjoin(_group, _group.c.id == _volunteer.c.group_id)
            .where(_person.c.id == volunteer_id)
        )
        .one()
    )
    account_id: int | None = row.account_id or row.timebank_account_id
    if account_id is None:
        raise NoAccount(person_id=volunteer_id)
    return account_id


def _room(session: Session, account_id: int) -> int | None:
    held = read_balance(session, account_id)
    return None if held.cap_minutes is None else max(0, held.cap_minutes - held.posted - held.pending_in)


def _earn(
    session: Session, now: datetime, visit: Found, rules: CityRules, bank: Bank, account_id: int, minutes: int
) -> int:
    to_pool = rules.timebank.overflow == "donation_pool"
    return record_transfer(
        session, now, ledger=bank.ledger, key=f"visit-{visit.id}-earn", debit_account_id=bank.issuance_account_id,
        credit_account_id=account_id, entry_type="earn", minutes=minutes,
        service_minutes=_served(visit), pending=True, event_at=visit.checked_out_at, subject=("visit", visit.id),
        rule_version=rules.hours_version, overflow_account_id=bank.pool_account_id if to_pool else None,
    ).id  # fmt: skip


def _overflow(session: Session, now: datetime, visit: Found, rules: CityRules, bank: Bank, minutes: int) -> int:
    return record_transfer(
        session, now, ledger=bank.ledger, key=f"visit-{visit.id}-over", debit_account_id=bank.issuance_account_id,
        credit_account_id=bank.pool_account_id, entry_type="overflow", minutes=minutes, service_minutes=0,
        pending=True, event_at=visit.checked_out_at, subject=("visit-over", visit.id),
        rule_version=rules.hours_version,
    ).id  # fmt: skip


def _served(visit: Found) -> int:
    return int((visit.checked_out_at - visit.checked_in_at).total_seconds() // 60)
