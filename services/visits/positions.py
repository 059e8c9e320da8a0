"""Where a visitor is while she is with an elder: recorded with her consent, between check-in and check-out, for a month.

The guard `visit_position_between_check_in_and_out` refuses every other moment, whoever writes the SQL. What is kept is
deleted by the month's clearing (docs/privacy.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geoalchemy2.shape import from_shape
from shapely.geometry import Point
from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from geo.coordinates import to_wgs84
from services.acts import record_act
from services.columns import table_of
from services.errors import NotAllowed
from services.people.consents import require_consent
from services.people.errors import PositionOutsideVisit
from services.unit_of_work import Actor
from services.visits.errors import VisitNotFound
from services.visits.position_tables import VisitPosition
from services.visits.tables import Visit

_position, _visit = table_of(VisitPosition), table_of(Visit)
READERS = ("officer", "advisor", "operator", "auditor")


@dataclass(frozen=True)
class Fix:
    """One position as the phone gave it: lon, lat in degrees of the named system, accuracy in metres, its own time."""

    lon: float
    lat: float
    crs: str
    accuracy_m: float | None
    taken_at: datetime


def note_positions(session: Session, now: datetime, actor: Actor, visit_id: int, fixes: list[Fix]) -> int:
    """Keep a visitor's positions of her own visit; gives how many were new. The same ones again change nothing.

    A phone without signal sends them later: the moment they were taken must lie in the visit, not the sending.
    Raises VisitNotFound, PositionOutsideVisit, ConsentMissing, geo.errors.UnknownCrs.
    """
    visit = session.connection().execute(
        select(_visit.c.state, _visit.c.elder_id, _visit.c.area_code, _visit.c.checked_in_at, _visit.c.checked_out_at)
        .where(_visit.c.id == visit_id, _visit.c.visitor_id == actor.person_id)
    ).one_or_none()  # fmt: skip
    if visit is None:
        raise VisitNotFound(visit_id=visit_id)
    assert actor.person_id is not None
    require_consent(session, actor.person_id, "visit_position")
    last = visit.checked_out_at or now
    if visit.checked_in_at is None or any(not visit.checked_in_at <= fix.taken_at <= last for fix in fixes):
        raise PositionOutsideVisit(visit_id=visit_id)
    rows = [
        {
            "visit_id": visit_id, "visitor_id": actor.person_id, "elder_id": visit.elder_id,
            "area_code": visit.area_code, "place": _point(fix), "accuracy_m": fix.accuracy_m,
            "taken_at": fix.taken_at, "recorded_at": now,
        }
        for fix in fixes
    ]  # fmt: skip
    written = (
        upsert(_position).on_conflict_do_nothing(index_elements=["visit_id", "taken_at"]).returning(_position.c.id)
    )
    kept = len(session.connection().execute(written, rows).all()) if rows else 0
    record_act(
        session, now, actor, "note_positions", for_person_id=visit.elder_id, by_right=f"visitor:{visit_id}",
        area_code=visit.area_code, subject=("visit", visit_id), facts={"positions": kept},
    )  # fmt: skip
    return kept


def positions_of(session: Session, now: datetime, actor: Actor, visit_id: int) -> list[Row[Any]]:
    """Give a visit's positions in order, to the visitor herself or to the office; the office's look is written down.

    Raises VisitNotFound, NotAllowed.
    """
    visit = session.connection().execute(
        select(_visit.c.elder_id, _visit.c.visitor_id, _visit.c.area_code).where(_visit.c.id == visit_id)
    ).one_or_none()  # fmt: skip
    if visit is None:
        raise VisitNotFound(visit_id=visit_id)
    if visit.visitor_id != actor.person_id:
        if actor.role not in READERS:
            raise NotAllowed(visit_id=visit_id)
        record_act(
            session, now, actor, "read_positions", for_person_id=visit.visitor_id, area_code=visit.area_code,
            subject=("visit", visit_id),
        )  # fmt: skip
    rows = select(
        func.ST_X(_position.c.place).label("lon"), func.ST_Y(_position.c.place).label("lat"), _position.c.accuracy_m,
        _position.c.taken_at, _position.c.recorded_at,
    )  # fmt: skip
    return list(
        session.connection().execute(rows.where(_position.c.visit_id == visit_id).order_by(_position.c.taken_at))
    )


def _point(fix: Fix) -> Any:
    lon, lat = to_wgs84(fix.lon, fix.lat, fix.crs)
    return from_shape(Point(float(lon), float(lat)), srid=4326)
