"""Spending hours: an elder books help with what she saved, was given, or what her family saved for her.

The policy of the day of booking decides who may; the hours are held at once and leave only when she was helped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules, TimebankPolicy
from services.cities.queries import rules_in_force
from services.cities.rules import ancestor_code
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.queries import age_on
from services.people.rights import right_to
from services.people.tables import Elder, Person, Proxy
from services.unit_of_work import Actor
from services.volunteering import rules as arithmetic
from services.volunteering.accounts import entries_of_hers
from services.volunteering.actions import cancel_need, post_need
from services.volunteering.bank import bank_code, helping_bank, ledger_of, reserve_of
from services.volunteering.crossing import Way, spend
from services.volunteering.errors import (
    BadWindow,
    MayNotRedeem,
    NoAccount,
    NoGrantedHours,
    NoReserve,
    NotEnoughHours,
    OfficeOnly,
    ReasonNeeded,
    RedemptionEnded,
    RedemptionNotFound,
    RelativeTooYoung,
    TooLittleSaved,
    TooYoungToRedeem,
)
from services.volunteering.holds import aim_hold, release_hold, settle_hold
from services.volunteering.tables import ElderHours, Need, ProfessionalHours, Redemption
from timebank.errors import InsufficientMinutes
from timebank.reader import read_balance
from timebank.writer import open_account, record_transfer

_need, _redemption, _granted = table_of(Need), table_of(Redemption), table_of(ElderHours)
_person, _elder, _proxy, _professional = table_of(Person), table_of(Elder), table_of(Proxy), table_of(ProfessionalHours)
Found = Row[*tuple[Any, ...]]
OFFICES = ("officer", "advisor", "operator")
REFUSALS: dict[str, type[MayNotRedeem]] = {
    "relation": MayNotRedeem,
    "too_young": TooYoungToRedeem,
    "relative_too_young": RelativeTooYoung,
    "too_little": TooLittleSaved,
}


@dataclass(frozen=True)
class Wish:
    """What is booked: a volunteers' service of the catalogue, when, and its public title (None: its plain name)."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    title: str | None = None


def book_with_hours(
    session: Session,
    now: datetime,
    actor: Actor,
    elder_id: int,
    wish: Wish,
    *,
    payer_id: int | None = None,
    from_grant: bool = False,
    reason: str | None = None,
) -> int:
    """Put an elder's need on the board and hold the hours it will cost; give the redemption's id.

    `payer_id` None: the actor's own hours, or the elder's where an office enters for her. `from_grant`: out of the
    hours the city gave the elder. Somebody other than the payer says why. Raises NotFound, NotAllowed, MayNotRedeem
    and its kinds, NotEnoughHours, NoAccount, NoGrantedHours, ReasonNeeded, BanksApart, BanksFull (the payer's bank and
    the one that helps), and what `post_need` raises.
    """
    right = right_to(session, actor, elder_id, "order", now)
    office = right.ground.startswith("office:")
    payer = payer_id or (elder_id if from_grant or office or actor.person_id is None else actor.person_id)
    if payer != actor.person_id and not (office or from_grant):
        raise MayNotRedeem(refusal="relation", relation="stranger")
    if payer != actor.person_id and not (reason or "").strip():
        raise ReasonNeeded(field="reason")
    rules = rules_in_force(session, right.area_code, civil_date(now))
    account_id = _account(session, elder_id if from_grant else payer, from_grant)
    relation = _refuse_by_policy(session, now, rules, payer, elder_id, account_id, from_grant)
    minutes = _worth(rules.timebank, wish)
    _refuse_fresh(session, now, rules.timebank, account_id, minutes, from_grant)
    need_id = post_need(
        session, now, actor, elder_id,
        kind=wish.kind, title=wish.title, starts_at=wish.starts_at, ends_at=wish.ends_at,
    )  # fmt: skip
    to_ledger = helping_bank(rules, ledger_of(session, account_id), right.area_code)
    held = _hold(session, now, rules, account_id, to_ledger, need_id, minutes)
    redemption_id: int = session.connection().execute(
        insert(_redemption).values(
            payer_id=payer, elder_id=elder_id, area_code=right.area_code, need_id=need_id, relation=relation,
            from_grant=from_grant, account_id=account_id, held_minutes=minutes, transfer_id=held.transfer_id,
            to_ledger=to_ledger, act_key=held.act_key, aims=1,
            rule_version=rules.hours_version, state="held", booked_by=actor.person_id, booked_at=now,
            by_right=right.ground, reason=reason, professional=False,
        ).returning(_redemption.c.id)
    ).scalar_one()  # fmt: skip
    _set_timers(session, now, rules.timebank, redemption_id, wish)
    record_act(
        session, now, actor, "book_with_hours",
        for_person_id=elder_id, by_right=right.ground, area_code=right.area_code,
        subject=("redemption", redemption_id), facts={"minutes": minutes, "reason": reason or ""},
    )  # fmt: skip
    return redemption_id


def _account(session: Session, person_id: int, granted: bool) -> int:
    wanted = (
        select(_granted.c.account_id).where(_granted.c.elder_id == person_id)
        if granted
        else select(_person.c.timebank_account_id).where(_person.c.id == person_id)
    )
    found: int | None = session.connection().execute(wanted).scalar()
    if found is None:
        raise NoGrantedHours(elder_id=person_id) if granted else NoAccount(person_id=person_id)
    return found


def _refuse_by_policy(
    session: Session, now: datetime, rules: CityRules, payer: int, elder_id: int, account_id: int, granted: bool
) -> str:
    """Hold the wish against the city's policy of today; give the kinship it was judged by."""
    born = {
        row.id: age_on(row.born_on, civil_date(now))
        for row in session.connection().execute(
            select(_person.c.id, _person.c.born_on).where(_person.c.id.in_((payer, elder_id)))
        )
    }
    groups = session.connection().execute(select(_elder.c.groups).where(_elder.c.person_id == elder_id)).scalar_one()
    relation = "self" if payer == elder_id else _kinship(session, payer, elder_id)
    saved = read_balance(session, account_id).posted
    refusal = arithmetic.redeem_refusal(
        rules.timebank, relation=relation, payer_age=born.get(payer), elder_age=born.get(elder_id),
        elder_groups=groups, saved_minutes=saved, granted=granted,
    )  # fmt: skip
    if refusal is not None:
        raise REFUSALS[refusal](refusal=refusal, relation=relation, version=rules.hours_version)
    return relation


def _kinship(session: Session, payer: int, elder_id: int) -> str:
    link = (
        session.connection()
        .execute(
            select(_proxy.c.relation, _proxy.c.ground).where(
                _proxy.c.elder_id == elder_id, _proxy.c.proxy_person_id == payer, _proxy.c.state == "confirmed"
            )
        )
        .first()
    )
    return arithmetic.relation_of(link.relation, link.ground) if link is not None else "stranger"


def _worth(policy: TimebankPolicy, wish: Wish) -> int:
    """What the whole booked time costs by the price list; a part of an hour is never free."""
    if wish.starts_at.tzinfo is None or wish.ends_at.tzinfo is None:
        raise BadWindow(field="starts_at")
    planned = arithmetic.served_minutes(wish.starts_at, wish.ends_at)
    minutes = arithmetic.priced_minutes(policy.price_of(wish.kind), max(planned, 0))
    if minutes <= 0:
        raise BadWindow(field="ends_at")
    return minutes


def _refuse_fresh(
    session: Session, now: datetime, policy: TimebankPolicy, account_id: int, minutes: int, granted: bool
) -> None:
    """Minutes of the last days of cooling-off may still be corrected, so they cannot be spent yet."""
    available = read_balance(session, account_id).available_minutes or 0
    if policy.cooling_off_days and not granted:
        available -= fresh_minutes(session, now, policy.cooling_off_days, account_id)
    if available < minutes:
        raise NotEnoughHours(needed_minutes=minutes, available_minutes=max(0, available))


def fresh_minutes(session: Session, now: datetime, days: int, account_id: int) -> int:
    """Give what came into an account in the last so many days, less what was taken back."""
    entries = entries_of_hers(session, account_id, now - timedelta(days=days), now + timedelta(minutes=6))
    return max(0, sum(e.posted_minutes for e in entries if e.posted_minutes > 0 or e.entry_type == "reversal"))


def _hold(
    session: Session, now: datetime, rules: CityRules, account_id: int, to_ledger: int, need_id: int, minutes: int
) -> Way:
    try:
        with session.begin_nested():
            return spend(
                session, now, account_id, to_ledger, minutes, key=f"need-{need_id}-redeem", pending=True,
                subject=("redemption-need", need_id), rule_version=rules.hours_version,
            )  # fmt: skip
    except InsufficientMinutes as short:
        raise NotEnoughHours(needed_minutes=minutes, available_minutes=short.available_minutes) from short


def _set_timers(session: Session, now: datetime, policy: TimebankPolicy, redemption_id: int, wish: Wish) -> None:
    if policy.guarantee is not None:
        due = wish.starts_at - timedelta(hours=policy.guarantee.before_hours)
        enqueue(
            session, now, "volunteering.find_professional", {"redemption_id": redemption_id},
            not_before=max(now, due), key=f"volunteering.find_professional:{redemption_id}",
        )  # fmt: skip
    enqueue(
        session, now, "volunteering.return_unused_hours", {"redemption_id": redemption_id},
        not_before=wish.ends_at, key=f"volunteering.return_unused_hours:{redemption_id}",
    )  # fmt: skip


def find_professional(session: Session, now: datetime, redemption_id: int) -> bool:
    """When no volunteer took the need in time: take it off the board for a professional. As the house."""
    held, need = _both(session, redemption_id)
    if held.state != "held" or need.state != "open":
        return False
    rules = rules_in_force(session, held.area_code, civil_date(now))
    reserve = reserve_of(session, now, bank_code(rules, held.area_code))
    if (read_balance(session, reserve).available_minutes or 0) < held.held_minutes:
        return False
    session.connection().execute(update(_need).where(_need.c.id == need.id).values(state="cancelled"))
    session.connection().execute(update(_redemption).where(_redemption.c.id == redemption_id).values(professional=True))
    tell(
        session, now,
        audience={"office": {"role": "officer", "area_code": ancestor_code(held.area_code, "street")}},
        template="volunteering.professional_wanted", facts={"starts_at": need.starts_at.isoformat()},
        elder_id=held.elder_id, area_code=held.area_code, subject=("redemption", redemption_id),
        key=f"volunteering.professional_wanted:{redemption_id}",
    )  # fmt: skip
    return True


def return_unused_hours(session: Session, now: datetime, redemption_id: int) -> bool:
    """When the time is over and nobody took the need: the hours are free again. As the house."""
    held, need = _both(session, redemption_id)
    if held.state != "held" or held.professional or need.state not in ("open", "cancelled"):
        return False
    session.connection().execute(update(_need).where(_need.c.id == need.id).values(state="cancelled"))
    return release_hold(session, now, held.need_id)


def release_booking(session: Session, now: datetime, actor: Actor, redemption_id: int) -> None:
    """Withdraw a booking on the elder's side; the hours are free at once. Raises as `cancel_need`, RedemptionEnded."""
    found = session.connection().execute(select(_redemption).where(_redemption.c.id == redemption_id)).one_or_none()
    if found is None:
        raise RedemptionNotFound(redemption_id=redemption_id)
    right = right_to(session, actor, found.elder_id, "order", now)
    if found.state != "held":
        raise RedemptionEnded(redemption_id=redemption_id, state=found.state)
    if not found.professional:
        cancel_need(session, now, actor, found.need_id)
        return
    release_hold(session, now, found.need_id)
    record_act(
        session, now, actor, "release_booking",
        for_person_id=found.elder_id, by_right=right.ground, area_code=found.area_code,
        subject=("redemption", redemption_id),
    )  # fmt: skip


def bookings_of(session: Session, elder_id: int) -> list[Found]:
    """Give an elder's bookings with hours to her side, newest first."""
    wanted = (
        select(
            _redemption.c.id, _redemption.c.need_id, _redemption.c.state, _redemption.c.held_minutes,
            _redemption.c.settled_minutes, _redemption.c.from_grant, _redemption.c.relation,
            _redemption.c.professional, _redemption.c.booked_at, _redemption.c.reason, _need.c.kind, _need.c.title,
            _need.c.starts_at, _need.c.ends_at,
        )
        .join(_need, _need.c.id == _redemption.c.need_id)
        .where(_redemption.c.elder_id == elder_id)
        .order_by(_redemption.c.id.desc())
        .limit(100)
    )  # fmt: skip
    return list(session.connection().execute(wanted))


def record_professional(
    session: Session, now: datetime, actor: Actor, redemption_id: int, provider_id: int, minutes: int, reason: str
) -> None:
    """Settle help a professional gave because no volunteer was free; the reserve pays her provider's account.

    By the elder's office, with what was checked as `reason`; `minutes` served. Raises RedemptionNotFound,
    OfficeOnly, RedemptionEnded, NoReserve, ReasonNeeded.
    """
    found = session.connection().execute(select(_redemption).where(_redemption.c.id == redemption_id)).one_or_none()
    if found is None:
        raise RedemptionNotFound(redemption_id=redemption_id)
    right = right_to(session, actor, found.elder_id, "order", now)
    if right.ground not in ("office:officer", "office:advisor"):
        raise OfficeOnly(redemption_id=redemption_id)
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    if found.state != "held" or not found.professional:
        raise RedemptionEnded(redemption_id=redemption_id, state=found.state)
    rules = rules_in_force(session, found.area_code, civil_date(found.booked_at))
    bank = bank_code(rules, found.area_code)
    with session.begin_nested():
        aim_hold(session, now, found.need_id, bank)
    taken = settle_hold(session, now, found.need_id, minutes)
    if taken is None:
        raise RedemptionEnded(redemption_id=redemption_id, state=found.state)
    if taken:
        _pay_from_reserve(session, now, rules, bank, found, provider_id, taken)
    session.connection().execute(
        update(_redemption).where(_redemption.c.id == redemption_id).values(provider_id=provider_id)
    )
    record_act(
        session, now, actor, "record_professional",
        for_person_id=found.elder_id, by_right=right.ground, area_code=found.area_code,
        subject=("redemption", redemption_id),
        facts={"minutes": taken, "provider_id": provider_id, "reason": reason},
    )  # fmt: skip


def _pay_from_reserve(
    session: Session, now: datetime, rules: CityRules, bank: int, found: Found, provider_id: int, minutes: int
) -> None:
    account_id = session.connection().execute(
        select(_professional.c.account_id).where(
            _professional.c.provider_id == provider_id, _professional.c.ledger == bank,
            _professional.c.kind == "organisation",
        )
    ).scalar()  # fmt: skip
    if account_id is None:
        account_id = open_account(
            session, now, ledger=bank, kind="organisation", floor_minutes=0,
            owner_label=f"professional-{provider_id}",
        )  # fmt: skip
        session.connection().execute(
            insert(_professional).values(
                provider_id=provider_id, ledger=bank, kind="organisation", account_id=account_id
            )
        )
    try:
        with session.begin_nested():
            record_transfer(
                session, now, ledger=bank, key=f"redemption-{found.id}-professional",
                debit_account_id=reserve_of(session, now, bank), credit_account_id=account_id,
                entry_type="earn", minutes=minutes, subject=("redemption-professional", found.id),
                rule_version=rules.hours_version,
            )  # fmt: skip
    except InsufficientMinutes as short:
        raise NoReserve(available_minutes=short.available_minutes) from short


def _both(session: Session, redemption_id: int) -> tuple[Found, Found]:
    held = (
        session.connection()
        .execute(select(_redemption).where(_redemption.c.id == redemption_id).with_for_update())
        .one()
    )
    need = session.connection().execute(select(_need).where(_need.c.id == held.need_id).with_for_update()).one()
    return held, need
