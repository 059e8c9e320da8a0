"""Grids (网格): the smallest area of visits, inside one community, and who walks them. Dated rows, never written over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, text, update
from sqlmodel import Session

from geo.coordinates import to_wgs84
from services.acts import record_act
from services.cities.rules import area_level, area_range
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Person
from services.unit_of_work import Actor
from services.visits.care_errors import (
    BadGrid,
    GridNameTaken,
    GridNotFound,
    NotYourGrid,
    UnknownActorKind,
    UnknownWorker,
)
from services.visits.care_tables import GridWorker, VisitActorKind, VisitGrid

_grid, _worker, _kind, _person = table_of(VisitGrid), table_of(GridWorker), table_of(VisitActorKind), table_of(Person)
Found = Row[*tuple[Any, ...]]
WRITERS = ("officer", "advisor")
CORNERS = 500
_OF_ELDERS = text(
    """
    SELECT e.person_id, g.id, g.far FROM visit_grid w
    JOIN elder e ON e.area_code BETWEEN w.area_code / 1000 * 1000 AND w.area_code / 1000 * 1000 + 999
    JOIN person p ON p.id = e.person_id
    CROSS JOIN LATERAL (
      SELECT g.id, g.far FROM visit_grid g
      WHERE g.ended_on IS NULL AND g.area_code BETWEEN e.area_code / 1000 * 1000 AND e.area_code / 1000 * 1000 + 999
        AND CASE WHEN g.outline IS NULL THEN g.area_code % 1000 = 0 OR g.area_code = e.area_code
                 ELSE ST_Covers(g.outline, p.home) END
      ORDER BY (g.outline IS NULL), (g.area_code % 1000 = 0), g.id LIMIT 1) AS g
    WHERE w.ended_on IS NULL AND w.area_code BETWEEN :lo AND :hi AND g.id = w.id
    """
)


def grids_of_elders(session: Session, city_code: int) -> dict[int, tuple[int, bool]]:
    """Give (grid, whether the way is long) by elder: the outline her home lies in, else her quarter's or community's."""
    lo, hi = area_range(city_code)
    rows = session.connection().execute(_OF_ELDERS, {"lo": lo, "hi": hi})
    return {row.person_id: (row.id, row.far) for row in rows}


def draw_grid(
    session: Session,
    now: datetime,
    actor: Actor,
    area_code: int,
    name: str,
    *,
    far: bool = False,
    outline: Sequence[Sequence[float]] | None = None,
    crs: str = "wgs84",
) -> int:
    """Draw a grid in a community or quarter of one's area; give its id. Tomorrow's lists go by it.

    `outline`: the corners (lon, lat) in the coordinate system `crs`. Raises NotYourGrid, BadGrid.
    """
    _refuse_other_area(actor, area_code)
    if area_level(area_code) not in ("community", "quarter") or not 0 < len(name.strip()) <= 60:
        raise BadGrid(field="name")
    row = insert(_grid).values(
        area_code=area_code, name=name.strip(), far=far, since=civil_date(now), drawn_by=actor.person_id,
        outline=_outline(outline, crs),
    )  # fmt: skip
    standing = _grid.c.area_code == area_code, _grid.c.name == name.strip(), _grid.c.ended_on.is_(None)
    if session.connection().execute(select(_grid.c.id).where(*standing)).first() is not None:
        raise GridNameTaken(field="name")
    grid_id: int = session.connection().execute(row.returning(_grid.c.id)).scalar_one()
    record_act(
        session, now, actor, "draw_grid", area_code=area_code, subject=("visit_grid", grid_id), facts={"far": far}
    )
    return grid_id


def _outline(corners: Sequence[Sequence[float]] | None, crs: str) -> Any:
    if not corners:
        return None
    if not 3 <= len(corners) <= CORNERS:
        raise BadGrid("边界要有3到500个角点。", field="outline")
    try:
        placed = [to_wgs84(float(lon), float(lat), crs) for lon, lat in corners]
    except (ValueError, TypeError) as wrong:
        raise BadGrid("边界的坐标不对：每个角点写“经度 纬度”。", field="outline") from wrong
    ring = [[lon, lat] for lon, lat in placed]
    shape = {"type": "Polygon", "coordinates": [ring if ring[0] == ring[-1] else [*ring, ring[0]]]}
    return func.ST_SetSRID(func.ST_GeomFromGeoJSON(json.dumps(shape)), 4326)


def close_grid(session: Session, now: datetime, actor: Actor, grid_id: int) -> None:
    """End a grid and its workers today; elders fall to their community until another grid holds them.

    Raises GridNotFound, NotYourGrid.
    """
    grid = _open_grid(session, actor, grid_id)
    today = civil_date(now)
    for table, of in ((_worker, _worker.c.grid_id), (_grid, _grid.c.id)):
        session.connection().execute(
            update(table).where(of == grid_id, table.c.ended_on.is_(None)).values(ended_on=today)
        )
    record_act(session, now, actor, "close_grid", area_code=grid.area_code, subject=("visit_grid", grid_id))


def set_worker(
    session: Session, now: datetime, actor: Actor, grid_id: int, person_id: int, actor_kind: str, part: str = "lead"
) -> None:
    """Put somebody in charge of a grid, or beside who is: from today on; a former lead's row ends.

    Raises GridNotFound, NotYourGrid, UnknownActorKind, UnknownWorker.
    """
    grid = _open_grid(session, actor, grid_id)
    refuse_unknown_kind(session, actor_kind, part)
    refuse_unknown_person(session, person_id)
    today = civil_date(now)
    ends = _worker.c.person_id == person_id
    if part == "lead":
        ends = ends | (_worker.c.part == "lead")
    session.connection().execute(
        update(_worker).where(_worker.c.grid_id == grid_id, _worker.c.ended_on.is_(None), ends).values(ended_on=today)
    )
    session.connection().execute(
        insert(_worker).values(
            grid_id=grid_id, area_code=grid.area_code, person_id=person_id, part=part, actor_kind=actor_kind,
            since=today, set_by=actor.person_id,
        )
    )  # fmt: skip
    facts = {"person_id": person_id, "part": part, "actor_kind": actor_kind}
    record_act(
        session, now, actor, "set_grid_worker", area_code=grid.area_code, subject=("visit_grid", grid_id), facts=facts
    )


def refuse_unknown_kind(session: Session, actor_kind: str, part: str) -> None:
    """Raise UnknownActorKind unless such people take visits in this part today."""
    does = _kind.c.leads if part == "lead" else _kind.c.accompanies
    query = select(_kind.c.code).where(_kind.c.code == actor_kind, does, _kind.c.ended_on.is_(None))
    if part not in ("lead", "companion") or session.connection().execute(query).first() is None:
        raise UnknownActorKind(field="actor_kind", actor_kind=actor_kind)


def refuse_unknown_person(session: Session, person_id: int) -> None:
    """Raise UnknownWorker unless the actor may know such a person, alive."""
    query = select(_person.c.id).where(_person.c.id == person_id, _person.c.died_on.is_(None))
    if session.connection().execute(query).first() is None:
        raise UnknownWorker(field="person_id", person_id=person_id)


def actor_kinds(session: Session) -> list[Found]:
    """Give the kinds of people who may take a visit: code, names, leads, accompanies."""
    query = select(_kind).where(_kind.c.ended_on.is_(None)).order_by(_kind.c.rank, _kind.c.code)
    return list(session.connection().execute(query))


def grids(session: Session, lo: int, hi: int) -> list[Found]:
    """Give the grids of an area as they stand, each with the lead's name and how many come along."""
    lead = _worker.alias("lead")
    along = (
        select(func.count())
        .where(_worker.c.grid_id == _grid.c.id, _worker.c.part == "companion", _worker.c.ended_on.is_(None))
        .scalar_subquery()
    )
    outlined = _grid.c.outline.is_not(None).label("outlined")
    query = (
        select(
            _grid.c.id, _grid.c.area_code, _grid.c.name, _grid.c.far, _grid.c.since, outlined,
            lead.c.person_id.label("lead_id"), lead.c.actor_kind, _person.c.full_name.label("lead_name"),
            along.label("companions"),
        )
        .outerjoin(lead, (lead.c.grid_id == _grid.c.id) & (lead.c.part == "lead") & lead.c.ended_on.is_(None))
        .outerjoin(_person, _person.c.id == lead.c.person_id)
        .where(_grid.c.area_code.between(lo, hi), _grid.c.ended_on.is_(None))
        .order_by(_grid.c.area_code, _grid.c.name)
    )  # fmt: skip
    return list(session.connection().execute(query))


def workers_on(session: Session, lo: int, hi: int, on: date) -> list[Found]:
    """Give who walks the grids of an area on a day: grid_id, person_id, part, actor_kind."""
    query = (
        select(_worker.c.grid_id, _worker.c.person_id, _worker.c.part, _worker.c.actor_kind)
        .where(_worker.c.area_code.between(lo, hi), _worker.c.since <= on)
        .where(_worker.c.ended_on.is_(None) | (_worker.c.ended_on > on))
        .order_by(_worker.c.id)
    )
    return list(session.connection().execute(query))


def _open_grid(session: Session, actor: Actor, grid_id: int) -> Found:
    query = select(_grid.c.id, _grid.c.area_code).where(_grid.c.id == grid_id, _grid.c.ended_on.is_(None))
    grid = session.connection().execute(query.with_for_update()).one_or_none()
    if grid is None:
        raise GridNotFound(grid_id=grid_id)
    _refuse_other_area(actor, grid.area_code)
    return grid


def _refuse_other_area(actor: Actor, area_code: int) -> None:
    covers = actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= area_code <= actor.area_hi
    if not covers or actor.role not in WRITERS or actor.read_only:
        raise NotYourGrid(area_code=area_code)
