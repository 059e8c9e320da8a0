"""Where a served hour goes: to the volunteer, to her group, and what is above the caps to the pool or to honours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlmodel import Session

from services.cities.pack import CityRules
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Person
from services.volunteering.accounts import earned_that_day
from services.volunteering.bank import Bank, bank_of, follow_policy, ledger_of
from services.volunteering.errors import NoAccount
from services.volunteering.rules import Credit
from services.volunteering.tables import MemberHours, Volunteer, VolunteerGroup
from timebank.errors import CapExceeded
from timebank.reader import read_balance
from timebank.writer import open_account, record_transfer

_person, _volunteer, _group = table_of(Person), table_of(Volunteer), table_of(VolunteerGroup)
_member = table_of(MemberHours)
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


def earned_on_the_day(session: Session, now: datetime, visit: Found, rules: CityRules) -> int:
    """Give what a visit's volunteer earned already on the Shanghai day it began, as the ledger counts it. As the house.

    Her account takes the caps of the policy first, so that the ledger itself refuses what is above them. What she
    serves for a group is counted in her own part of the group's hours.
    """
    account_id = _account(session, now, visit.visitor_id, rules)
    follow_policy(session, now, account_id, rules)
    return earned_that_day(session, account_id, visit.checked_in_at)


def hold_minutes(session: Session, now: datetime, visit: Found, rules: CityRules, credit: Credit) -> Held:
    """Hold a visit's minutes as the city's policy says. As the house. Raises NoAccount, CapExceeded."""
    account_id = _account(session, now, visit.visitor_id, rules)
    bank = bank_of(session, now, ledger_of(session, account_id))
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


def _account(session: Session, now: datetime, volunteer_id: int, rules: CityRules) -> int:
    """The account that earns: her own, or her part of her group's where its minutes are for donating only."""
    row = (
        session.connection()
        .execute(
            select(_person.c.timebank_account_id, _group.c.id, _group.c.account_id, _group.c.area_code)
            .outerjoin(_volunteer, _volunteer.c.person_id == _person.c.id)
            .outerjoin(_group, _group.c.id == _volunteer.c.group_id)
            .where(_person.c.id == volunteer_id)
        )
        .one()
    )
    if row.account_id is not None and rules.timebank.groups_donate_only:
        return _members_part(session, now, volunteer_id, row)
    if row.timebank_account_id is None:
        raise NoAccount(person_id=volunteer_id)
    return int(row.timebank_account_id)


def _members_part(session: Session, now: datetime, volunteer_id: int, group: Found) -> int:
    """Her part of her group's hours, opened with the first visit, in the group's bank and of its kind."""
    mine = select(_member.c.account_id).where(_member.c.person_id == volunteer_id, _member.c.group_id == group.id)
    found: int | None = session.connection().execute(mine).scalar()
    if found is not None:
        return found
    opened = open_account(
        session, now, ledger=ledger_of(session, group.account_id), kind="organisation", floor_minutes=0,
        owner_label=f"member-{volunteer_id}-group-{group.id}",
    )  # fmt: skip
    session.connection().execute(
        insert(_member).values(
            person_id=volunteer_id, group_id=group.id, area_code=group.area_code, account_id=opened,
            opened_on=civil_date(now),
        )
    )  # fmt: skip
    return opened


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
        service_minutes=_served(visit), pending=True, event_at=visit.checked_in_at, subject=("visit", visit.id),
        rule_version=rules.hours_version, overflow_account_id=bank.pool_account_id if to_pool else None,
    ).id  # fmt: skip


def _overflow(session: Session, now: datetime, visit: Found, rules: CityRules, bank: Bank, minutes: int) -> int:
    return record_transfer(
        session, now, ledger=bank.ledger, key=f"visit-{visit.id}-over", debit_account_id=bank.issuance_account_id,
        credit_account_id=bank.pool_account_id, entry_type="overflow", minutes=minutes, service_minutes=0,
        pending=True, event_at=visit.checked_in_at, subject=("visit-over", visit.id),
        rule_version=rules.hours_version,
    ).id  # fmt: skip


def _served(visit: Found) -> int:
    return int((visit.checked_out_at - visit.checked_in_at).total_seconds() // 60)
