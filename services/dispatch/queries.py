"""Who can be sent when, and what each carer has to do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, Row, Select, Text, cast, exists, func, select
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlmodel import Session

from services.catalogue.tables import ServiceItem
from services.cities.queries import area_names
from services.cities.rules import ancestor_code
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.directory.tables import Carer
from services.directory.trust_tables import BlacklistEntry
from services.dispatch.tables import Assignment
from services.language import name_for_reader
from services.matching.queries import check_dispatcher
from services.orders.tables import CareOrder
from services.people.tables import Person
from services.unit_of_work import Actor

_assignment = table_of(Assignment)
_carer = table_of(Carer)
_order = table_of(CareOrder)
_item = table_of(ServiceItem)
_person = table_of(Person)
_entry = table_of(BlacklistEntry)


@dataclass(frozen=True)
class CarerView:
    """A carer as her dispatcher sees her."""

    carer_id: int
    display_name: str
    gender: str
    skills: tuple[str, ...]
    skill_grade: int
    certificate_valid_until: date | None


@dataclass(frozen=True)
class Job:
    """One promised time of a carer with an elder. Moments in UTC, start included, end excluded."""

    assignment_id: int
    order_id: int
    order_number: str
    order_state: str
    carer_id: int
    carer_name: str | None
    elder_id: int
    elder_name: str | None
    community_name: str | None
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    state: str


@dataclass(frozen=True)
class UnassignedOrder:
    """An accepted order that waits for a carer, with the skills she must hold."""

    order_id: int
    order_number: str
    elder_id: int
    service_code: str
    service_name: str
    required_skills: tuple[str, ...]
    community_name: str | None
    starts_at: datetime
    ends_at: datetime


def carers_free(
    session: Session,
    provider_id: int,
    during: tuple[datetime, datetime],
    skills: Collection[str] = (),
    *,
    besides_order_id: int | None = None,
) -> list[CarerView]:
    """Give a provider's carers who hold every skill, certified on that day, and are promised nowhere then.

    Whoever stands on the blacklist is left out. `during` is start and end; by name. `besides_order_id` leaves that order's own promise out.
    """
    on = civil_date(during[0])
    busy = (
        select(_assignment.c.id)
        .where(_assignment.c.carer_id == _carer.c.person_id, _assignment.c.state == "planned")
        .where(_assignment.c.during.op("&&")(_span(*during)))
    )
    if besides_order_id is not None:
        busy = busy.where(_assignment.c.order_id != besides_order_id)
    barred = select(_entry.c.id).where(_entry.c.carer_id == _carer.c.person_id, _entry.c.lifted_at.is_(None))
    query = _working(provider_id, on).where(~exists(busy.correlate(_carer)), ~exists(barred.correlate(_carer)))
    if skills:
        query = query.where(_qualified(_carer.c.person_id, skills, on))
    return [_carer_view(row) for row in session.connection().execute(query)]


def skills_for(session: Session, service_code: str, area_code: int, on: date) -> list[str]:
    """Give the skills a service demands in an area on a civil day: the house's and those of the city's standard."""
    demanded = session.connection().execute(select(func.skills_demanded(service_code, area_code, on))).scalar_one()
    return sorted(demanded)


def is_qualified(session: Session, carer_id: int, skills: Collection[str], on: date) -> bool:
    """Tell whether a carer's file (or, without one, her register entry) proves every skill on a civil day."""
    return bool(session.connection().execute(select(_qualified(carer_id, skills, on))).scalar_one())


def is_barred(session: Session, carer_id: int, at: datetime) -> bool:
    """Tell whether a carer stands on the blacklist."""
    return bool(session.connection().execute(select(func.barred_carer(carer_id, at))).scalar_one())


def provider_barred(session: Session, provider_id: int, at: datetime) -> bool:
    """Tell whether a provider stands on the blacklist."""
    return bool(session.connection().execute(select(func.barred_provider(provider_id, at))).scalar_one())


def _qualified(carer_id: Any, skills: Collection[str], on: date) -> Any:
    return func.carer_qualified(carer_id, cast(list(skills), ARRAY(Text)), on)


def carers_of(session: Session, provider_id: int, on: date) -> list[CarerView]:
    """Give the carers who work for a provider on a civil day, by name."""
    return [_carer_view(row) for row in session.connection().execute(_working(provider_id, on))]


def carer_day(session: Session, carer_id: int, day: date) -> list[Job]:
    """Give a carer's jobs of one Shanghai calendar day in order of time; cancelled ones are left out."""
    midnight = civil_midnight(day)
    query = _jobs().where(
        _assignment.c.carer_id == carer_id,
        _assignment.c.during.op("&&")(_span(midnight, midnight + timedelta(days=1))),
    )
    return _read_jobs(session, query)


def provider_jobs(
    session: Session, actor: Actor, provider_id: int, starts_from: datetime, starts_before: datetime
) -> list[Job]:
    """Give a provider's jobs in a time span, by carer and time, for its board. Raises NotADispatcher."""
    check_dispatcher(session, actor, provider_id)
    query = _jobs().where(
        _assignment.c.provider_id == provider_id,
        _assignment.c.during.op("&&")(_span(starts_from, starts_before)),
    )
    return sorted(_read_jobs(session, query), key=lambda job: (job.carer_name or "", job.carer_id, job.starts_at))


def unassigned_orders(session: Session, actor: Actor, provider_id: int) -> list[UnassignedOrder]:
    """Give the orders a provider accepted that no carer is promised to, the soonest first. Raises NotADispatcher."""
    check_dispatcher(session, actor, provider_id)
    rows = session.connection().execute(
        select(_order, name_for_reader(_item).label("service_name"), _item.c.required_skills)
        .join(_item, _item.c.code == _order.c.service_code, isouter=True)
        .where(_order.c.provider_id == provider_id, _order.c.state == "accepted")
        .order_by(_order.c.starts_at, _order.c.id)
    ).all()  # fmt: skip
    names = area_names(session, {_community(row.area_code) for row in rows})
    return [
        UnassignedOrder(
            order_id=row.id,
            order_number=row.order_number,
            elder_id=row.elder_id,
            service_code=row.service_code,
            service_name=row.service_name or row.service_code,
            required_skills=tuple(row.required_skills or ()),
            community_name=names.get(_community(row.area_code)),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in rows
    ]


def assignment_of(session: Session, order_id: int) -> Job | None:
    """Give the carer's promised time for an order, or None while nobody is promised."""
    jobs = _read_jobs(session, _jobs().where(_assignment.c.order_id == order_id))
    return jobs[0] if jobs else None


def carers_who_came(session: Session, elder_id: int) -> list[tuple[int, str]]:
    """Give (carer, name) of those who came to an elder and still work where they did, the latest first."""
    rows = session.connection().execute(
        select(_carer.c.person_id, _carer.c.display_name)
        .join(_assignment, _assignment.c.carer_id == _carer.c.person_id)
        .where(_assignment.c.elder_id == elder_id, _assignment.c.state != "cancelled", _carer.c.left_on.is_(None))
        .group_by(_carer.c.person_id, _carer.c.display_name)
        .order_by(func.max(_assignment.c.id).desc())
        .limit(20)
    )
    return [(row.person_id, row.display_name) for row in rows]


def _working(provider_id: int, on: date) -> Select[Any]:
    return (
        select(_carer)
        .where(_carer.c.provider_id == provider_id, _carer.c.since <= on)
        .where(_carer.c.left_on.is_(None) | (_carer.c.left_on > on))
        .order_by(_carer.c.display_name, _carer.c.person_id)
    )


def _span(starts_at: datetime, ends_at: datetime) -> Any:
    return func.tstzrange(starts_at, ends_at, type_=TSTZRANGE)


def _jobs() -> Select[Any]:
    return (
        select(
            _assignment,
            _order.c.order_number,
            _order.c.state.label("order_state"),
            _order.c.service_code,
            name_for_reader(_item).label("service_name"),
            _carer.c.display_name,
            _person.c.full_name,
        )
        .join(_order, _order.c.id == _assignment.c.order_id)
        .join(_item, _item.c.code == _order.c.service_code, isouter=True)
        .join(_carer, _carer.c.person_id == _assignment.c.carer_id, isouter=True)
        .join(_person, _person.c.id == _assignment.c.elder_id, isouter=True)
        .where(_assignment.c.state != "cancelled")
        .order_by(func.lower(_assignment.c.during), _assignment.c.id)
    )


def _read_jobs(session: Session, query: Select[Any]) -> list[Job]:
    rows = session.connection().execute(query).all()
    names = area_names(session, {_community(row.area_code) for row in rows})
    return [_job(row, names.get(_community(row.area_code))) for row in rows]


def _job(row: Row[Any], community_name: str | None) -> Job:
    during: Range[datetime] = row.during
    assert during.lower is not None and during.upper is not None, "a promise has a start and an end"
    return Job(
        assignment_id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        order_state=row.order_state,
        carer_id=row.carer_id,
        carer_name=row.display_name,
        elder_id=row.elder_id,
        elder_name=row.full_name,
        community_name=community_name,
        service_code=row.service_code,
        service_name=row.service_name or row.service_code,
        starts_at=during.lower,
        ends_at=during.upper,
        state=row.state,
    )


def _carer_view(row: Row[Any]) -> CarerView:
    return CarerView(
        carer_id=row.person_id,
        display_name=row.display_name,
        gender=row.gender,
        skills=tuple(row.skills),
        skill_grade=row.skill_grade,
        certificate_valid_until=row.certificate_valid_until,
    )


def _community(area_code: int) -> int:
    try:
        return ancestor_code(area_code, "community")
    except ValueError:
        return area_code
