"""What the calendar and life do to hours: grants to key elders, expiry where a city has it, death and moving away.

Grants and expiry are work of the house, repeatable without a second effect; an estate is an officer's act.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules, VisitWho
from services.cities.queries import city_of_area, rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.messages.actions import tell
from services.people.queries import age_on
from services.people.tables import Elder, Person
from services.unit_of_work import SYSTEM, Actor
from services.volunteering.accounts import entries_of_hers
from services.volunteering.bank import bank_code, bank_of, ledger_of, reserve_of
from services.volunteering.banks import banks_in
from services.volunteering.crossing import send
from services.volunteering.errors import (
    MayNotGive,
    NoAccount,
    NothingLeft,
    OfficeOnly,
    ReasonNeeded,
    ReceiverNotFound,
    StatementNotYours,
)
from services.volunteering.giving import refusals_in_words
from services.volunteering.rules import Movement, expired_minutes, months_before
from services.volunteering.tables import ElderHours, HourMovement, Volunteer
from timebank.reader import read_balance
from timebank.writer import Request, open_account, record_transfer, record_transfers

_person, _elder, _volunteer = table_of(Person), table_of(Elder), table_of(Volunteer)
_hours, _movement = table_of(ElderHours), table_of(HourMovement)
Found = Row[*tuple[Any, ...]]
LONG_AGO = civil_midnight(date(2000, 1, 1))


def fund_reserve(session: Session, now: datetime, city_code: int) -> int:
    """Fill the reserve for professionals of each of a city's banks up to its policy; give the minutes. As the house."""
    rules = rules_in_force(session, city_code, civil_date(now))
    if rules.timebank.guarantee is None:
        return 0
    total = 0
    for ledger in banks_in(session, rules):
        total += _fund(session, now, rules, ledger, rules.timebank.guarantee.reserve_minutes)
    if total:
        record_act(session, now, SYSTEM, "fund_reserve", area_code=city_code, facts={"minutes": total})
    return total


def _fund(session: Session, now: datetime, rules: CityRules, ledger: int, wanted: int) -> int:
    bank, reserve = bank_of(session, now, ledger), reserve_of(session, now, ledger)
    missing = wanted - read_balance(session, reserve).posted
    if missing <= 0:
        return 0
    month = civil_date(now).strftime("%Y-%m-%d")
    record_transfer(
        session, now, ledger=bank.ledger, key=f"reserve-{month}-{missing}", entry_type="grant",
        debit_account_id=bank.issuance_account_id, credit_account_id=reserve, minutes=missing,
        rule_version=rules.hours_version,
    )  # fmt: skip
    return missing


def grant_hours(session: Session, now: datetime, city_code: int) -> int:
    """Give this month's hours to the key elders of a city, and the starting hours to who joined; as the house.

    From the purse the policy names; a pool gives only what it holds. Running again gives nothing twice. Gives how
    many elders received something.
    """
    rules = rules_in_force(session, city_code, civil_date(now))
    policy = rules.timebank
    month = civil_date(now).strftime("%Y-%m")
    given: set[int] = set()
    for elder in _elders(session, rules.city_code):
        age = age_on(elder.born_on, civil_date(now))
        if policy.start is not None and _fits(policy.start.who, elder, age):
            asked = (policy.start.minutes, policy.start.fund, f"start-{elder.person_id}")
            given |= {elder.person_id} if _grant(session, now, rules, elder, "start", *asked) else set()
        if policy.monthly_grant_minutes and _fits(policy.grant_who, elder, age):
            wanted = (policy.monthly_grant_minutes, policy.grant_fund, f"grant-{elder.person_id}-{month}")
            given |= {elder.person_id} if _grant(session, now, rules, elder, "grant", *wanted) else set()
    record_act(session, now, SYSTEM, "grant_hours", area_code=rules.city_code, facts={"elders": len(given)})
    return len(given)


def _elders(session: Session, city_code: int) -> list[Found]:
    lo, hi = area_range(city_code)
    return list(
        session.connection().execute(
            select(_elder.c.person_id, _elder.c.area_code, _elder.c.groups, _elder.c.care_level, _person.c.born_on)
            .join(_person, _person.c.id == _elder.c.person_id)
            .where(_elder.c.area_code.between(lo, hi), _person.c.died_on.is_(None), _person.c.moved_out_on.is_(None))
            .order_by(_elder.c.person_id)
        )
    )


def _fits(who: Iterable[VisitWho], elder: Found, age: int | None) -> bool:
    return age is not None and any(
        age >= one.min_age
        and elder.care_level >= one.min_care_level
        and (not one.groups or set(one.groups) & set(elder.groups))
        for one in who
    )


def _grant(
    session: Session, now: datetime, rules: CityRules, elder: Found, kind: str, minutes: int, fund: str, key: str
) -> bool:  # fmt: skip
    if session.connection().execute(select(_movement.c.id).where(_movement.c.key == key)).scalar() is not None:
        return False
    opened = (
        session.connection().execute(select(_hours.c.account_id).where(_hours.c.elder_id == elder.person_id)).scalar()
    )
    bank = bank_of(session, now, bank_code(rules, elder.area_code) if opened is None else ledger_of(session, opened))
    purse = bank.pool_account_id if fund == "pool" else bank.issuance_account_id
    if fund == "pool" and read_balance(session, purse).posted < minutes:
        return False
    moved = record_transfer(
        session, now, ledger=bank.ledger, key=key, debit_account_id=purse,
        credit_account_id=opened or _open_for_elder(session, now, rules, elder), entry_type="grant", minutes=minutes,
        rule_version=rules.hours_version,
    )  # fmt: skip
    _note(session, now, SYSTEM, rules, kind, elder.area_code, minutes, moved.id, key, to_person=elder.person_id)
    tell(
        session, now, audience={"elder_side": elder.person_id}, template="volunteering.hours_granted",
        facts={"minutes": minutes}, elder_id=elder.person_id, area_code=elder.area_code,
        key=f"volunteering.hours_granted:{key}",
    )  # fmt: skip
    return True


def _open_for_elder(session: Session, now: datetime, rules: CityRules, elder: Found) -> int:
    account_id = open_account(
        session, now, ledger=bank_code(rules, elder.area_code), kind="elder_grant", floor_minutes=0,
        owner_label=f"elder-{elder.person_id}",
    )  # fmt: skip
    session.connection().execute(
        upsert(_hours).values(
            elder_id=elder.person_id, area_code=elder.area_code, account_id=account_id, opened_on=civil_date(now)
        )
    )
    return account_id


def expire_hours(session: Session, now: datetime, city_code: int) -> int:
    """Take back what volunteers of a city left unspent longer than its policy allows; give the minutes; as the house.

    What came in first is spent first. A city without expiry takes nothing, ever.
    """
    rules = rules_in_force(session, city_code, civil_date(now))
    if rules.timebank.expiry_months is None:
        return 0
    last_day = months_before(civil_date(now), rules.timebank.expiry_months)
    lo, hi = area_range(rules.city_code)
    owners = session.connection().execute(
        select(_person.c.id, _person.c.timebank_account_id, _volunteer.c.area_code)
        .join(_volunteer, _volunteer.c.person_id == _person.c.id)
        .where(_volunteer.c.area_code.between(lo, hi), _person.c.timebank_account_id.is_not(None))
        .order_by(_person.c.id)
    )
    total = 0
    for owner in owners:
        total += _expire(session, now, rules, owner, last_day)
    record_act(session, now, SYSTEM, "expire_hours", area_code=rules.city_code, facts={"minutes": total})
    return total


def _expire(session: Session, now: datetime, rules: CityRules, owner: Found, last_day: date) -> int:
    old = expired_minutes(_movements(session, now, owner.timebank_account_id), civil_midnight(last_day))
    free = read_balance(session, owner.timebank_account_id).available_minutes or 0
    minutes, key = min(old, free), f"expiry-{owner.id}-{last_day.isoformat()}"
    known = session.connection().execute(select(_movement.c.id).where(_movement.c.key == key)).scalar()
    if minutes <= 0 or known is not None:
        return 0
    bank = bank_of(session, now, ledger_of(session, owner.timebank_account_id))
    moved = record_transfer(
        session, now, ledger=bank.ledger, key=key, debit_account_id=owner.timebank_account_id,
        credit_account_id=bank.issuance_account_id, entry_type="expiry", minutes=minutes,
        rule_version=rules.hours_version,
    )  # fmt: skip
    _note(session, now, SYSTEM, rules, "expiry", owner.area_code, minutes, moved.id, key, from_person=owner.id)
    return minutes


def _movements(session: Session, now: datetime, account_id: int) -> list[Movement]:
    entries = entries_of_hers(session, account_id, LONG_AGO, now)
    return [Movement(one.recorded_at, one.posted_minutes) for one in entries if one.posted_minutes]


def settle_estate(
    session: Session, now: datetime, actor: Actor, person_id: int, *, heir_passport: str | None, reason: str
) -> int:
    """Hand on the hours of a volunteer who died: to her heir where the city lets them, else to the pool.

    Through an estate account, both steps at once; by an officer of her area, who says what she saw as `reason`.
    Gives the minutes. Raises OfficeOnly, StatementNotYours, ReasonNeeded, NothingLeft, ReceiverNotFound, MayNotGive.
    """
    owner = _closing(session, actor, person_id, reason)
    if owner.died_on is None:
        raise MayNotGive("请先登记离世，再办理时间的继承。", person_id=person_id)
    rules = rules_in_force(session, owner.area_code, civil_date(now))
    minutes = _left(session, owner.timebank_account_id)
    heir = _heir(session, rules, heir_passport)
    with refusals_in_words(), session.begin_nested():
        transfer_id = _hand_on(session, now, rules, person_id, owner.timebank_account_id, heir, minutes)
    _note(
        session, now, actor, rules, "inherit", owner.area_code, minutes, transfer_id, f"estate-{person_id}",
        from_person=person_id, to_person=heir.person_id if heir is not None else None, reason=reason,
    )  # fmt: skip
    _leave(session, now, person_id)
    record_act(
        session, now, actor, "settle_estate",
        for_person_id=person_id, area_code=owner.area_code, facts={"minutes": minutes, "reason": reason},
    )  # fmt: skip
    return minutes


def _hand_on(
    session: Session, now: datetime, rules: CityRules, person_id: int, account_id: int, heir: Found | None, minutes: int
) -> int:
    """Within a bank by way of an estate account; to an heir in another bank with both legs at once. The last entry."""
    bank = bank_of(session, now, ledger_of(session, account_id))
    version = rules.hours_version
    if heir is not None and heir.ledger != bank.ledger:
        asked = Request(
            bank.ledger, f"estate-{person_id}-0", account_id, heir.account_id, "inherit", minutes, rule_version=version
        )
        return send(session, now, asked, heir.ledger).transfer_id
    estate = open_account(
        session, now, ledger=bank.ledger, kind="estate", floor_minutes=0, owner_label=f"estate-{person_id}"
    )
    receiver, entry = (heir.account_id, "inherit") if heir is not None else (bank.pool_account_id, "donate")
    steps = [(account_id, estate, "inherit"), (estate, receiver, entry)]
    requests = [
        Request(bank.ledger, f"estate-{person_id}-{step}", debit, credit, one, minutes, rule_version=version)
        for step, (debit, credit, one) in enumerate(steps)
    ]
    return record_transfers(session, now, requests)[-1].id


def settle_moving(session: Session, now: datetime, actor: Actor, person_id: int, reason: str) -> int:
    """Close the register for a volunteer who moves away: her hours stay hers, or go to the pool, as the city says.

    Gives the minutes that went to the pool. Raises as `settle_estate`.
    """
    owner = _closing(session, actor, person_id, reason)
    rules = rules_in_force(session, owner.area_code, civil_date(now))
    held = read_balance(session, owner.timebank_account_id)
    minutes = (held.available_minutes or 0) if rules.timebank.moving_away == "pool" else 0
    if minutes:
        key = f"moved-{person_id}-{civil_date(now).isoformat()}"
        bank = bank_of(session, now, ledger_of(session, owner.timebank_account_id))
        moved = record_transfer(
            session, now, ledger=bank.ledger, key=key, debit_account_id=owner.timebank_account_id,
            credit_account_id=bank.pool_account_id, entry_type="donate", minutes=minutes,
            rule_version=rules.hours_version,
        )  # fmt: skip
        _note(
            session, now, actor, rules, "leave", owner.area_code, minutes, moved.id, key,
            from_person=person_id, reason=reason,
        )  # fmt: skip
    _leave(session, now, person_id)
    record_act(
        session, now, actor, "settle_moving",
        for_person_id=person_id, area_code=owner.area_code, facts={"minutes": minutes, "reason": reason},
    )  # fmt: skip
    return minutes


def _closing(session: Session, actor: Actor, person_id: int, reason: str) -> Found:
    if not actor.has_role("officer") or actor.person_id == person_id:
        raise OfficeOnly(person_id=person_id)
    owner = session.connection().execute(
        select(_person.c.died_on, _person.c.timebank_account_id, _volunteer.c.area_code)
        .join(_volunteer, _volunteer.c.person_id == _person.c.id)
        .where(_person.c.id == person_id, _volunteer.c.area_code.between(actor.area_lo, actor.area_hi))
    ).one_or_none()  # fmt: skip
    if owner is None:
        raise StatementNotYours(person_id=person_id)
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    if owner.timebank_account_id is None:
        raise NoAccount(person_id=person_id)
    return owner


def _left(session: Session, account_id: int) -> int:
    minutes = read_balance(session, account_id).available_minutes or 0
    if minutes <= 0:
        raise NothingLeft(available_minutes=minutes)
    return minutes


def _heir(session: Session, rules: CityRules, passport: str | None) -> Found | None:
    if passport is None:
        return None
    if rules.timebank.inheritance != "heir":
        raise MayNotGive("按本市规定，离世者的时间归入捐赠池，不能继承。", version=rules.hours_version)
    wanted = func.volunteer_by_passport(passport).table_valued("person_id", "account_id", "ledger")
    found = session.connection().execute(select(wanted)).one_or_none()
    if found is None or city_of_area(session, found.ledger) != rules.city_code:
        raise ReceiverNotFound(field="heir_passport")
    return found


def _leave(session: Session, now: datetime, person_id: int) -> None:
    session.connection().execute(
        update(_volunteer).where(_volunteer.c.person_id == person_id).values(left_on=civil_date(now))
    )


def _note(
    session: Session, now: datetime, actor: Actor, rules: CityRules, kind: str, area_code: int, minutes: int,
    transfer_id: int, key: str, *, from_person: int | None = None, to_person: int | None = None,
    reason: str | None = None,
) -> None:  # fmt: skip
    session.connection().execute(
        insert(_movement).values(
            kind=kind, from_person_id=from_person, to_person_id=to_person, area_code=area_code, minutes=minutes,
            transfer_id=transfer_id, rule_version=rules.hours_version, entered_by=actor.person_id,
            by_right="house" if actor is SYSTEM else f"office:{actor.role}", reason=reason, happened_at=now, key=key,
        )
    )  # fmt: skip
