"""Judging finished visits by the formula of their day, and the list a supervisor looks through: by doubt, and a drawn sample."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.tables import ServiceItem
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.orders.tables import CareOrder
from services.people.tables import Person
from services.unit_of_work import SYSTEM, Actor
from services.visits.errors import NotForReview, NotToldWhy, ReviewNotFound
from services.visits.evidence_tables import PlausibilityFormula, VisitDoubt, VisitException
from services.visits.plausibility import Judged, Other, Place, doubts_of, points_of
from services.visits.tables import Visit

_visit, _doubt, _formula = table_of(Visit), table_of(VisitDoubt), table_of(PlausibilityFormula)
_person, _order, _item, _exception = (
    table_of(Person),
    table_of(CareOrder),
    table_of(ServiceItem),
    table_of(VisitException),
)
Found = Row[*tuple[Any, ...]]
MEMORY = timedelta(days=31)
REVIEWERS = ("officer", "advisor", "auditor")


@dataclass(frozen=True)
class Listed:
    """A visit to look at, with why it is on the list: its doubts, or the draw."""

    visit: Found
    drawn: bool


def judge_visit(session: Session, now: datetime, visit_id: int) -> int | None:
    """Count what does not fit about a finished visit; gives its points, None for one that is not finished.

    Judged again it gives the newer count (a later visit may overlap). Runs as the house.
    """
    visit = session.connection().execute(_with_home().where(_visit.c.id == visit_id)).one_or_none()
    if visit is None or visit.state != "finished":
        return None
    formula = formula_on(session, civil_date(visit.checked_in_at))
    doubts = doubts_of(formula.weights, _judged(session, visit), _others(session, visit))
    values = {
        "elder_id": visit.elder_id, "visitor_id": visit.visitor_id, "area_code": visit.area_code,
        "started_at": visit.checked_in_at, "points": points_of(doubts), "reasons": [asdict(one) for one in doubts],
        "formula_version": formula.version, "judged_at": now,
    }  # fmt: skip
    row = upsert(_doubt).values(visit_id=visit_id, **values)
    session.connection().execute(row.on_conflict_do_update(index_elements=[_doubt.c.visit_id], set_=values))
    record_act(
        session, now, SYSTEM, "judge_visit", for_person_id=visit.elder_id, area_code=visit.area_code,
        subject=("visit", visit_id), facts={"points": values["points"], "formula": formula.version},
    )  # fmt: skip
    return points_of(doubts)


def formula_on(session: Session, on: date) -> Found:
    """Give the formula in force on a civil day."""
    return (
        session.connection()
        .execute(
            select(_formula).where(_formula.c.in_force_from <= on).order_by(_formula.c.in_force_from.desc()).limit(1)
        )
        .one()
    )


def visits_to_look_at(
    session: Session, actor: Actor, lo: int, hi: int, month: date, *, limit: int = 100
) -> tuple[list[Listed], str]:
    """Give a month's visits of an area range a supervisor should look at, the most doubtful first, and the draw's seed.

    All from the formula's points on, and of the others a share drawn by a published seed (month and formula), so that
    anybody can draw again. Raises NotForReview.
    """
    if actor.role not in REVIEWERS:
        raise NotForReview(role=actor.role)
    first = month.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    formula = formula_on(session, after - timedelta(days=1))
    review, seed = formula.weights["review"], f"{first:%Y-%m}/{formula.version}"
    visitor = _person.alias("visitor")
    rows = session.connection().execute(
        select(_doubt, _person.c.full_name.label("elder_name"), visitor.c.full_name.label("visitor_name"))
        .outerjoin(_person, _person.c.id == _doubt.c.elder_id)
        .outerjoin(visitor, visitor.c.id == _doubt.c.visitor_id)
        .where(_doubt.c.started_at >= civil_midnight(first), _doubt.c.started_at < civil_midnight(after))
        .where(_doubt.c.area_code.between(lo, hi))
        .order_by(_doubt.c.points.desc(), _doubt.c.visit_id)
    )
    found = []
    for row in rows:
        doubtful = row.points >= review["from_points"]
        if doubtful or is_drawn(seed, row.visit_id, review["sample_percent"]):
            found.append(Listed(row, drawn=not doubtful))
    return found[:limit], seed


def is_drawn(seed: str, visit_id: int, percent: int) -> bool:
    """Tell whether a visit is in the sample: the first 4 bytes of SHA-256("seed:id") modulo 100 lie below the share."""
    digest = hashlib.sha256(f"{seed}:{visit_id}".encode()).digest()
    return int.from_bytes(digest[:4]) % 100 < percent


def note_look(session: Session, now: datetime, actor: Actor, visit_id: int, note: str) -> None:
    """Write down that a supervisor looked at a visit and what she found; the points stay as they are.

    Raises NotForReview, ReviewNotFound, NotToldWhy.
    """
    if actor.role not in REVIEWERS or actor.read_only:
        raise NotForReview(role=actor.role)
    if len(note.strip()) < 2:
        raise NotToldWhy(field="note")
    done = session.connection().execute(
        update(_doubt)
        .where(_doubt.c.visit_id == visit_id, _doubt.c.visitor_id != actor.person_id)
        .values(looked_at=now, looked_by=actor.person_id, looked_note=note.strip())
        .returning(_doubt.c.elder_id, _doubt.c.area_code)
    )
    found = done.first()
    if found is None:
        raise ReviewNotFound(visit_id=visit_id)
    record_act(
        session, now, actor, "look_at_visit", for_person_id=found.elder_id, area_code=found.area_code,
        subject=("visit", visit_id),
    )  # fmt: skip


def doubt_of(session: Session, visit_id: int) -> Found | None:
    """Give what was counted about a visit, where the actor may see it."""
    return session.connection().execute(select(_doubt).where(_doubt.c.visit_id == visit_id)).one_or_none()


def _with_home() -> Any:
    return select(
        _visit, func.ST_X(_person.c.home).label("home_lon"), func.ST_Y(_person.c.home).label("home_lat")
    ).join(_person, _person.c.id == _visit.c.elder_id)


def _others(session: Session, visit: Found) -> list[Other]:
    rows = session.connection().execute(
        _with_home()
        .where(_visit.c.visitor_id == visit.visitor_id, _visit.c.id != visit.id, _visit.c.state == "finished")
        .where(_visit.c.checked_in_at.between(visit.checked_in_at - MEMORY, visit.checked_in_at + MEMORY))
        .order_by(_visit.c.checked_in_at)
        .limit(500)
    )
    return [
        Other(row.id, row.checked_in_at, row.checked_out_at, _home(row), _position(row.check_in_facts)) for row in rows
    ]


def _judged(session: Session, visit: Found) -> Judged:
    standard = session.connection().execute(
        select(_item.c.minutes).join(_order, _order.c.service_code == _item.c.code).where(_order.c.id == visit.order_id)
    ).scalar()  # fmt: skip
    counted = select(func.count()).where(
        _exception.c.visit_id == visit.id, func.coalesce(_exception.c.decision, "") != "accepted"
    )
    facts, leaving = visit.check_in_facts, visit.check_out_facts
    skews = [abs(one.get("skew_seconds") or 0) for one in (facts, leaving)]
    return Judged(
        started_at=visit.checked_in_at, ended_at=visit.checked_out_at, proof=visit.check_in_proof, home=_home(visit),
        position=_position(facts), distance_m=facts.get("distance_m"), accuracy_m=facts.get("accuracy_m"),
        skew_seconds=max(skews), doubts=[*facts.get("doubts", []), *leaving.get("doubts", [])],
        standard_minutes=standard, exceptions=session.connection().execute(counted).scalar_one(),
    )  # fmt: skip


def _home(row: Found) -> Place | None:
    return None if row.home_lon is None else Place(row.home_lon, row.home_lat)


def _position(facts: dict[str, Any]) -> Place | None:
    if facts.get("lon") is None or facts.get("lat") is None:
        return None
    return Place(facts["lon"], facts["lat"])
