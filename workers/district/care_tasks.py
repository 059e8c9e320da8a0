"""Grids with their workers in the cast's street, and the day's visit tasks of the whole demonstration."""

from __future__ import annotations

from sqlalchemy import text

from services.visits.tasks import make_tasks
from workers.district.world import CITY_CODE, World

_GRIDS = text(
    "INSERT INTO visit_grid (area_code, name, far, since, drawn_by)"
    " SELECT a.code, a.name || '网格', false, :since, :visitor FROM area a WHERE a.code = :community RETURNING id"
)
_WORKERS = text(
    "INSERT INTO grid_worker (grid_id, area_code, person_id, part, actor_kind, since, set_by)"
    " VALUES (:grid, :community, :visitor, 'lead', 'grid_worker', :since, :visitor)"
)
_DUTIES = text("UPDATE visit_duty SET grid_id = :grid WHERE area_code BETWEEN :community AND :community + 999")


def write_tasks(world: World) -> None:
    """Draw one grid for every community, its community worker in charge, and make the tasks of today."""
    one = world.session.connection().execute
    for community, visitor in sorted(world.visitors.items()):
        facts = {"community": community, "visitor": visitor, "since": world.first_day}
        grid = one(_GRIDS, facts).scalar()
        if grid is not None:
            one(_WORKERS, facts | {"grid": grid})
            one(_DUTIES, facts | {"grid": grid})
    make_tasks(world.session, world.now, CITY_CODE)
