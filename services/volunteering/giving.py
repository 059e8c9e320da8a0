"""Hours that move without a visit: gifts, donations, and what a city gives to key elders.

A community worker may enter any of them for people who never go online; who entered it and why stays with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules
from services.cities.queries import city_of_area, rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.people.tables import Elder, Person, Proxy
from services.unit_of_work import Actor
from services.volunteering import rules as arithmetic
from services.volunteering.bank import bank_code, bank_of, ledger_of
from services.volunteering.crossing import send
from services.volunteering.errors import (
    GroupMinutesOnlyDonate,
    GroupNotFound,
    MayNotGive,
    NoAccount,
    NotEnoughHours,
    OfficeOnly,
    ReasonNeeded,
    ReceiverNotFound,
    SameKeyOtherGift,
    StatementNotYours,
)
from services.volunteering.redeeming import fresh_minutes
from services.volunteering.tables import HourMovement, MemberHours, Volunteer, VolunteerGroup
from timebank.errors import CapExceeded, InsufficientMinutes, InvalidMinutes
from timebank.reader import read_balance
from timebank.writer import Request, open_account, record_transfers

_person, _volunteer, _elder, _proxy = table_of(Person), table_of(Volunteer), table_of(Elder), table_of(Proxy)
_movement, _group, _member = table_of(HourMovement), table_of(VolunteerGroup), table_of(MemberHours)
Found = Row[*tuple[Any, ...]]
OFFICES = ("officer", "advisor")


def give_hours(
    session: Session,
    now: datetime,
    actor: Actor,
    giver_id: int,
    passport_number: str,
    minutes: int,
    *,
    key: str,
    reason: str | None = None,
) -> int:
    """Give minutes to another volunteer's account, where the city allows it to that kin; give the movement's id.

    By the giver, or by her community with a reason. `key`: one gift however often it is sent; another gift under it is
    refused (SameKeyOtherGift). Raises
    StatementNotYours, ReasonNeeded, ReceiverNotFound, MayNotGive, GroupMinutesOnlyDonate, NotEnoughHours, NoAccount;
    BanksApart, BanksFull where the receiver's bank is another district's.
    """
    giver, right = _giver(session, now, actor, giver_id, reason)
    rules = rules_in_force(session, giver.area_code, civil_date(now))
    receiver = session.connection().execute(select(func.volunteer_by_passport(passport_number).table_valued(
        "person_id", "account_id", "ledger"))).one_or_none()  # fmt: skip
    if receiver is not None and receiver.person_id == giver_id:
        raise MayNotGive("不能把时间送给自己。", to="self")
    if receiver is None or city_of_area(session, receiver.ledger) != rules.city_code:
        raise ReceiverNotFound(field="passport_number")
    kin = _kinship(session, giver_id, receiver.person_id)
    if kin not in rules.timebank.gift_to:
        raise MayNotGive(to=kin, version=rules.hours_version)
    return _move(
        session, now, actor, rules, kind="gift", from_account=giver.timebank_account_id,
        to_account=receiver.account_id, to_ledger=receiver.ledger, minutes=minutes,
        key=f"gift-{giver_id}-{key}", from_person=giver_id,
        to_person=receiver.person_id, area_code=giver.area_code, right=right, reason=reason,
    )  # fmt: skip


def donate_hours(
    session: Session,
    now: datetime,
    actor: Actor,
    giver_id: int,
    minutes: int,
    *,
    key: str,
    reason: str | None = None,
) -> int:
    """Give minutes to the city's pool for key elders; give the movement's id. Raises as `give_hours`."""
    giver, right = _giver(session, now, actor, giver_id, reason)
    rules = rules_in_force(session, giver.area_code, civil_date(now))
    if "pool" not in rules.timebank.gift_to:
        raise MayNotGive(to="pool", version=rules.hours_version)
    return _move(
        session, now, actor, rules, kind="donate", from_account=giver.timebank_account_id,
        to_account=_pool(session, now, giver.timebank_account_id), minutes=minutes, key=f"donate-{giver_id}-{key}",
        from_person=giver_id, area_code=giver.area_code, right=right, reason=reason,
    )  # fmt: skip


def register_group(
    session: Session, now: datetime, actor: Actor, name: str, contact_id: int | None, area_code: int
) -> int:
    """Put a company, school or club on the register, with an account that can only donate; by the community."""
    covered = actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= area_code <= actor.area_hi
    if not actor.has_role(*OFFICES) or not covered:
        raise OfficeOnly()
    account_id = open_account(
        session, now, ledger=bank_code(rules_in_force(session, area_code, civil_date(now)), area_code),
        kind="organisation", floor_minutes=0, owner_label="group",
    )  # fmt: skip
    group_id: int = session.connection().execute(
        insert(_group)
        .values(
            area_code=area_code, name=name, account_id=account_id, contact_id=contact_id,
            registered_by=actor.person_id, registered_on=civil_date(now),
        )
        .returning(_group.c.id)
    ).scalar_one()  # fmt: skip
    record_act(
        session, now, actor, "register_group", area_code=area_code, subject=("volunteer_group", group_id),
        facts={"name": name},
    )  # fmt: skip
    return group_id


def donate_group_hours(
    session: Session, now: datetime, actor: Actor, group_id: int, minutes: int, *, key: str, reason: str | None = None
) -> int:
    """Give a group's minutes to the pool, by its contact or the community. Raises GroupNotFound, NotEnoughHours."""
    group = session.connection().execute(select(_group).where(_group.c.id == group_id)).one_or_none()
    if group is None:
        raise GroupNotFound(group_id=group_id)
    office = actor.person_id != group.contact_id
    if office and not actor.has_role(*OFFICES):
        raise OfficeOnly()
    if office and not (reason or "").strip():
        raise ReasonNeeded(field="reason")
    rules = rules_in_force(session, group.area_code, civil_date(now))
    key = f"group-{group_id}-{key}"
    before = _moved_before(session, key, ("donate", minutes, None))
    if before is not None:
        return before
    ledger, pool = ledger_of(session, group.account_id), _pool(session, now, group.account_id)
    requests = [
        Request(
            ledger, f"{key}-{step}" if step else key, account_id, pool, "donate", part,
            rule_version=rules.hours_version,
        )
        for step, (account_id, part) in enumerate(_parts(session, group, minutes))
    ]  # fmt: skip
    with refusals_in_words(), session.begin_nested():
        moved = record_transfers(session, now, requests)
    return _write_down(
        session, now, actor, rules, kind="donate", minutes=minutes, transfer_id=moved[0].id, key=key,
        group_id=group_id, area_code=group.area_code, right=f"office:{actor.role}" if office else "self",
        reason=reason,
    )  # fmt: skip


def group_accounts(session: Session, group_id: int, account_id: int) -> list[tuple[int, int]]:
    """Give the accounts of a group, its own (`account_id`) first and then its members' parts, with what is free."""
    parts = select(_member.c.account_id).where(_member.c.group_id == group_id).order_by(_member.c.account_id)
    accounts = [account_id, *session.connection().execute(parts).scalars()]
    return [(one, read_balance(session, one).available_minutes or 0) for one in accounts]


def _parts(session: Session, group: Found, minutes: int) -> list[tuple[int, int]]:
    """From which accounts of a group so many minutes come, all or none."""
    accounts, left = group_accounts(session, group.id, group.account_id), minutes
    available = sum(free for _, free in accounts)
    if available < minutes:
        raise NotEnoughHours(needed_minutes=minutes, available_minutes=available)
    parts = []
    for account_id, free in accounts:
        part = min(free, left)
        if part > 0:
            parts.append((account_id, part))
            left -= part
    return parts or [(group.account_id, minutes)]


def _pool(session: Session, now: datetime, account_id: int) -> int:
    """The pool of the bank in which an account lies."""
    return bank_of(session, now, ledger_of(session, account_id)).pool_account_id


def _giver(session: Session, now: datetime, actor: Actor, giver_id: int, reason: str | None) -> tuple[Found, str]:
    """Who gives, and by which right the actor may say so: herself, or her community with a reason."""
    giver = session.connection().execute(
        select(_volunteer.c.area_code, _volunteer.c.group_id, _person.c.timebank_account_id)
        .join(_person, _person.c.id == _volunteer.c.person_id)
        .where(_volunteer.c.person_id == giver_id)
    ).one_or_none()  # fmt: skip
    if giver is None:
        raise StatementNotYours(person_id=giver_id)
    right = "self"
    if actor.person_id != giver_id:
        lo, hi = actor.area_lo, actor.area_hi
        if not actor.has_role(*OFFICES) or lo is None or hi is None or not lo <= giver.area_code <= hi:
            raise StatementNotYours(person_id=giver_id)
        if not (reason or "").strip():
            raise ReasonNeeded(field="reason")
        right = f"office:{actor.role}"
    if giver.timebank_account_id is None:
        raise NoAccount(person_id=giver_id)
    _refuse_groups_minutes(session, now, giver, giver_id)
    return giver, right


def _refuse_groups_minutes(session: Session, now: datetime, giver: Found, giver_id: int) -> None:
    """What a member serves is her group's where the city says so; what she saved before or was given stays her own."""
    if giver.group_id is None or read_balance(session, giver.timebank_account_id).posted:
        return
    if rules_in_force(session, giver.area_code, civil_date(now)).timebank.groups_donate_only:
        raise GroupMinutesOnlyDonate(person_id=giver_id)


def _kinship(session: Session, giver_id: int, receiver_id: int) -> str:
    """The kin the register knows, either way round; else an elder in hardship, else a friend."""
    link = session.connection().execute(
        select(_proxy.c.relation, _proxy.c.ground)
        .where(_proxy.c.state == "confirmed")
        .where(
            ((_proxy.c.elder_id == giver_id) & (_proxy.c.proxy_person_id == receiver_id))
            | ((_proxy.c.elder_id == receiver_id) & (_proxy.c.proxy_person_id == giver_id))
        )
    ).first()  # fmt: skip
    if link is not None:
        return arithmetic.relation_of(link.relation, link.ground)
    groups = session.connection().execute(select(_elder.c.groups).where(_elder.c.person_id == receiver_id)).scalar()
    return "hardship_elder" if any(one in arithmetic.HARDSHIP for one in groups or ()) else "friend"


def _move(
    session: Session,
    now: datetime,
    actor: Actor,
    rules: CityRules,
    *,
    kind: str,
    from_account: int,
    to_account: int,
    minutes: int,
    key: str,
    area_code: int,
    right: str,
    reason: str | None,
    from_person: int | None = None,
    to_person: int | None = None,
    to_ledger: int | None = None,
) -> int:
    before = _moved_before(session, key, (kind, minutes, to_person))
    if before is not None:
        return before
    _refuse_fresh(session, now, rules, from_account, minutes)
    with refusals_in_words():
        with session.begin_nested():
            ledger = ledger_of(session, from_account)
            asked = Request(ledger, key, from_account, to_account, kind, minutes, rule_version=rules.hours_version)
            moved = send(session, now, asked, ledger if to_ledger is None else to_ledger)
    return _write_down(
        session, now, actor, rules, kind=kind, minutes=minutes, transfer_id=moved.transfer_id, key=key,
        from_person=from_person, to_person=to_person, area_code=area_code, right=right, reason=reason,
    )  # fmt: skip


def _moved_before(session: Session, key: str, asked: tuple[str, int, int | None]) -> int | None:
    """The movement this key was used for; another one under it is refused."""
    before = session.connection().execute(select(_movement).where(_movement.c.key == key)).one_or_none()
    if before is None:
        return None
    if (before.kind, before.minutes, before.to_person_id) != asked:
        raise SameKeyOtherGift(movement_id=before.id, minutes=before.minutes)
    return int(before.id)


def _write_down(
    session: Session,
    now: datetime,
    actor: Actor,
    rules: CityRules,
    *,
    kind: str,
    minutes: int,
    transfer_id: int,
    key: str,
    area_code: int,
    right: str,
    reason: str | None,
    from_person: int | None = None,
    to_person: int | None = None,
    group_id: int | None = None,
) -> int:
    movement_id: int = session.connection().execute(
        insert(_movement)
        .values(
            kind=kind, from_person_id=from_person, to_person_id=to_person, group_id=group_id, area_code=area_code,
            minutes=minutes, transfer_id=transfer_id, rule_version=rules.hours_version, entered_by=actor.person_id,
            by_right=right, reason=reason, happened_at=now, key=key,
        )
        .returning(_movement.c.id)
    ).scalar_one()  # fmt: skip
    if to_person is not None:
        _tell_receiver(session, now, to_person, minutes, area_code, movement_id)
    record_act(
        session, now, actor, "give_hours" if kind == "gift" else "donate_hours",
        for_person_id=from_person, by_right=right, area_code=area_code, subject=("hour_movement", movement_id),
        facts={"minutes": minutes, "reason": reason or ""},
    )  # fmt: skip
    return movement_id


def _tell_receiver(
    session: Session, now: datetime, person_id: int, minutes: int, area_code: int, movement_id: int
) -> None:
    tell(
        session, now, recipient_ids=[person_id], template="volunteering.hours_given", facts={"minutes": minutes},
        area_code=area_code, subject=("hour_movement", movement_id), key=f"volunteering.hours_given:{movement_id}",
    )  # fmt: skip


def _refuse_fresh(session: Session, now: datetime, rules: CityRules, account_id: int, minutes: int) -> None:
    available = read_balance(session, account_id).available_minutes or 0
    if rules.timebank.cooling_off_days:
        available -= fresh_minutes(session, now, rules.timebank.cooling_off_days, account_id)
    if available < minutes:
        raise NotEnoughHours(needed_minutes=minutes, available_minutes=max(0, available))


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """Say the ledger's refusals of a gift as this room says them."""
    try:
        yield
    except InsufficientMinutes as short:
        raise NotEnoughHours(needed_minutes=short.needed_minutes, available_minutes=short.available_minutes) from short
    except CapExceeded as full:
        raise MayNotGive("对方的账户已到上限，收不下这么多。", room_minutes=full.room_minutes) from full
    except InvalidMinutes as wrong:
        raise MayNotGive("请填写大于零的整数分钟。", **wrong.facts) from wrong
