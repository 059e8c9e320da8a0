"""Home care beds (家庭照护床位): a contract, a list of services, and an end. Never counted among institutions' beds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.range import Range
from sqlalchemy import any_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.acts import record_act
from services.beds.errors import BY_CONSTRAINT as BY_RULE
from services.beds.errors import (
    BadTerm,
    EmptyServiceList,
    HomeBedEnded,
    HomeBedForOffice,
    HomeBedNotFound,
    HomeBedTaken,
    LivesInInstitution,
    MustSignHerself,
    PartsDoNotAddUp,
)
from services.beds.tables import BedStay, HomeBed, HomeBedCheck, HomeBedService
from services.clock import civil_date
from services.columns import table_of
from services.people.privacy import seal, unseal
from services.people.rights import right_to
from services.people.tables import Person, Proxy
from services.unit_of_work import Actor

_bed, _line, _check = table_of(HomeBed), table_of(HomeBedService), table_of(HomeBedCheck)
_stay, _person, _proxy = table_of(BedStay), table_of(Person), table_of(Proxy)


@dataclass(frozen=True)
class Owed:
    """One line of the service list: how often in a week or month, and for how many minutes each time."""

    service_code: str
    times: int
    every: str
    minutes: int


@dataclass(frozen=True)
class NewHomeBed:
    """A contract as it was signed; `last_day` is the last day of the term. Fen a month."""

    elder_id: int
    provider_id: int
    contract_number: str
    first_day: date
    last_day: date
    signed_on: date
    signed_by: int
    monthly_price_fen: int
    government_fen: int
    family_fen: int
    services: Sequence[Owed]
    care_plan: str = ""
    devices: Sequence[str] = ()


@dataclass(frozen=True)
class HomeBedCard:
    """A home care bed as an office, the family and the provider see it; `last_day` is the last day of its term."""

    id: int
    elder_id: int
    elder_name: str
    area_code: int
    provider_id: int
    contract_number: str
    first_day: date
    last_day: date
    signed_on: date
    signed_by: int
    by_right: str
    monthly_price_fen: int
    government_fen: int
    family_fen: int
    devices: tuple[str, ...]
    ended_on: date | None
    end_reason: str | None
    active: bool
    services: tuple[Owed, ...]
    care_plan: str


def sign_home_bed(session: Session, now: datetime, actor: Actor, new: NewHomeBed) -> int:
    """Register a signed contract and give its id; by an officer of the elder's area.

    The elder herself signs, or a relative with the right to order for her. Raises NotFound, HomeBedForOffice,
    BadTerm, PartsDoNotAddUp, EmptyServiceList, MustSignHerself, LivesInInstitution, HomeBedTaken, ContractNumberTaken.
    """
    right = right_to(session, actor, new.elder_id, "order", now)
    if right.ground != "office:officer":
        raise HomeBedForOffice(elder_id=new.elder_id)
    _check_terms(new, civil_date(now))
    signed = _signer_right(session, new)
    term = Range(new.first_day, date.fromordinal(new.last_day.toordinal() + 1))
    _check_at_home(session, new.elder_id, term)
    values = {
        "elder_id": new.elder_id, "area_code": right.area_code, "provider_id": new.provider_id,
        "contract_number": new.contract_number.strip(), "during": term, "signed_on": new.signed_on,
        "signed_by": new.signed_by, "by_right": signed, "registered_by": actor.person_id,
        "monthly_price_fen": new.monthly_price_fen, "government_fen": new.government_fen, "family_fen": new.family_fen,
        "care_plan_sealed": seal("health", new.care_plan.strip()) if new.care_plan.strip() else None,
        "devices": [device.strip() for device in new.devices if device.strip()], "recorded_at": now,
    }  # fmt: skip
    try:
        with session.begin_nested():
            home_bed_id: int = session.connection().execute(
                insert(_bed).values(**values).returning(_bed.c.id)
            ).scalar_one()  # fmt: skip
    except IntegrityError as broken:
        meant = BY_RULE.get(getattr(getattr(broken.orig, "diag", None), "constraint_name", None) or "", HomeBedTaken)
        raise meant(elder_id=new.elder_id) from broken
    common = {
        "home_bed_id": home_bed_id, "elder_id": new.elder_id, "area_code": right.area_code, "provider_id": new.provider_id,
    }  # fmt: skip
    session.connection().execute(insert(_line), [common | vars(one) for one in new.services])
    record_act(
        session, now, actor, "sign_home_bed", for_person_id=new.elder_id, by_right=right.ground,
        area_code=right.area_code, subject=("home_bed", home_bed_id), facts={"contract": values["contract_number"]},
    )  # fmt: skip
    return home_bed_id


def _check_terms(new: NewHomeBed, today: date) -> None:
    if new.last_day <= new.first_day or new.signed_on > new.first_day or new.signed_on > today:
        raise BadTerm(field="first_day")
    if new.government_fen + new.family_fen != new.monthly_price_fen or min(new.government_fen, new.family_fen) < 0:
        raise PartsDoNotAddUp(field="family_fen")
    codes = [one.service_code for one in new.services]
    if not codes or len(set(codes)) != len(codes):
        raise EmptyServiceList(field="services")
    if not new.contract_number.strip():
        raise BadTerm(field="contract_number")


def _signer_right(session: Session, new: NewHomeBed) -> str:
    if new.signed_by == new.elder_id:
        return "self"
    proxy = session.connection().execute(
        select(_proxy.c.id).where(
            _proxy.c.elder_id == new.elder_id,
            _proxy.c.proxy_person_id == new.signed_by,
            _proxy.c.state == "confirmed",
            any_(_proxy.c.scopes) == "order",
            or_(_proxy.c.expires_on.is_(None), _proxy.c.expires_on >= new.signed_on),
        )
    ).scalar()  # fmt: skip
    if proxy is None:
        raise MustSignHerself(field="signed_by")
    return f"proxy:{proxy}"


def _check_at_home(session: Session, elder_id: int, term: Any) -> None:
    stays = select(_stay.c.id).where(_stay.c.elder_id == elder_id, _stay.c.during.op("&&")(term)).exists()
    if session.connection().execute(select(stays)).scalar():
        raise LivesInInstitution(elder_id=elder_id)


def end_home_bed(session: Session, now: datetime, actor: Actor, home_bed_id: int, last_day: date, reason: str) -> None:
    """End a contract early: `last_day` is its last day. Raises HomeBedNotFound, HomeBedForOffice, HomeBedEnded, BadTerm."""
    row = session.connection().execute(
        select(_bed).where(_bed.c.id == home_bed_id).with_for_update()
    ).first()  # fmt: skip
    if row is None:
        raise HomeBedNotFound(home_bed_id=home_bed_id)
    right = right_to(session, actor, row.elder_id, "view", now)
    if right.ground != "office:officer":
        raise HomeBedForOffice(home_bed_id=home_bed_id)
    if row.ended_on is not None:
        raise HomeBedEnded(home_bed_id=home_bed_id, ended_on=str(row.ended_on))
    if not row.during.lower <= last_day < row.during.upper or not reason.strip():
        raise BadTerm(field="last_day")
    after = date.fromordinal(last_day.toordinal() + 1)
    session.connection().execute(
        update(_bed)
        .where(_bed.c.id == home_bed_id)
        .values(during=Range(row.during.lower, after), ended_on=last_day, end_reason=reason.strip())
    )
    record_act(
        session, now, actor, "end_home_bed", for_person_id=row.elder_id, by_right=right.ground,
        area_code=row.area_code, subject=("home_bed", home_bed_id), facts={"last_day": last_day.isoformat()},
    )  # fmt: skip


def home_beds_in(session: Session, lo: int, hi: int, on: date, *, active: bool = True) -> list[HomeBedCard]:
    """Give the home care beds of an area range that the actor may see, by elder's name; `active` on a day only."""
    query = _cards().where(_bed.c.area_code.between(lo, hi)).order_by(_person.c.full_name, _bed.c.id)
    if active:
        query = query.where(_bed.c.during.op("@>")(on))
    return _shown(session, query, on)


def home_beds_of(session: Session, elder_id: int, on: date, *, plan: bool = False) -> list[HomeBedCard]:
    """Give an elder's home care beds, newest first; `plan` opens the sealed care plan (record the reading)."""
    query = _cards().where(_bed.c.elder_id == elder_id).order_by(func.lower(_bed.c.during).desc())
    return _shown(session, query, on, plan=plan)


def home_bed_card(session: Session, home_bed_id: int, on: date, *, plan: bool = False) -> HomeBedCard:
    """Give one contract. Raises HomeBedNotFound."""
    found = _shown(session, _cards().where(_bed.c.id == home_bed_id), on, plan=plan)
    if not found:
        raise HomeBedNotFound(home_bed_id=home_bed_id)
    return found[0]


def count_home_beds(session: Session, lo: int, hi: int, on: date) -> int:
    """Count the home care beds in force in an area range on a day: a figure of its own, beside the bed ratio."""
    counted: int = session.connection().execute(
        select(func.count()).select_from(_bed).where(_bed.c.area_code.between(lo, hi), _bed.c.during.op("@>")(on))
    ).scalar_one()  # fmt: skip
    return counted


def _cards() -> Any:
    # a provider sees the contract, and the name only while it works for her
    return select(_bed, func.coalesce(_person.c.full_name, "").label("elder_name")).join(
        _person, _person.c.id == _bed.c.elder_id, isouter=True
    )


def _shown(session: Session, query: Any, on: date, *, plan: bool = False) -> list[HomeBedCard]:
    rows = session.connection().execute(query).all()
    lines: dict[int, list[Owed]] = {}
    if rows:
        owed = select(_line).where(_line.c.home_bed_id.in_([row.id for row in rows])).order_by(_line.c.service_code)
        for line in session.connection().execute(owed):
            one = Owed(line.service_code, line.times, line.every, line.minutes)
            lines.setdefault(line.home_bed_id, []).append(one)
    return [
        HomeBedCard(
            id=row.id, elder_id=row.elder_id, elder_name=row.elder_name, area_code=row.area_code,
            provider_id=row.provider_id, contract_number=row.contract_number, first_day=row.during.lower,
            last_day=date.fromordinal(row.during.upper.toordinal() - 1), signed_on=row.signed_on, signed_by=row.signed_by,
            by_right=row.by_right, monthly_price_fen=row.monthly_price_fen, government_fen=row.government_fen,
            family_fen=row.family_fen, devices=tuple(row.devices), ended_on=row.ended_on, end_reason=row.end_reason,
            active=row.during.lower <= on < row.during.upper, services=tuple(lines.get(row.id, [])),
            care_plan=unseal("health", row.care_plan_sealed) if plan and row.care_plan_sealed else "",
        )
        for row in rows
    ]  # fmt: skip
