"""Several workers fill one city's reach table together: a plan, parts that know nothing of each other, one end.

Each step is a transaction of its own, so the city is locked only while it is planned and while it is judged. A
part may be done twice (a job sent again): its rows are replaced, not added.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from services.circles.actions import (
    RefreshReport,
    forget_reach,
    judge_everybody,
    lock_city,
    write_door_snaps,
    write_reach,
)
from services.circles.ground import PROFILES_OF_COVERAGE, read_ground
from services.clock import civil_date
from services.outbox import enqueue

FACILITIES_PER_PART = 250
_PLAN = text(
    "INSERT INTO reach_fill (city_code, network_version_id, profiles, started_at)"
    " VALUES (:city, :network, :profiles, :now) RETURNING id"
)
_PART = text("INSERT INTO reach_part (fill_id, part, facility_ids) VALUES (:fill, :part, :ids)")
_MY_PART = text(
    "SELECT f.city_code, f.network_version_id, f.profiles, p.facility_ids, p.done_at FROM reach_fill AS f"
    " JOIN reach_part AS p ON p.fill_id = f.id WHERE f.id = :fill AND p.part = :part FOR UPDATE OF p"
)
_DONE = text("UPDATE reach_part SET done_at = :now, done_by = :by, rows = :rows WHERE fill_id = :fill AND part = :part")
_LAST = text(
    "SELECT NOT EXISTS (SELECT FROM reach_part WHERE fill_id = :fill AND done_at IS NULL) FROM reach_fill"
    " WHERE id = :fill AND finished_at IS NULL"
)


def plan_filling(
    session: Session,
    now: datetime,
    city_code: int,
    profiles: tuple[str, ...] = PROFILES_OF_COVERAGE,
    per_part: int = FACILITIES_PER_PART,
) -> int | None:
    """Begin to fill a city's reach table anew and promise a job per part; gives the filling's id.

    Doors are snapped here, once. Gives None without a network or without facilities: then refresh_reach alone
    has all there is to do. Raises UnknownCity, NoRulesInForce.
    """
    lock_city(session, city_code)
    ground = read_ground(session, city_code, civil_date(now))
    if ground.version_id is None or len(ground.doors.ids) == 0:
        return None
    forget_reach(session, city_code)
    write_door_snaps(session, ground, profiles)
    facts = {"city": city_code, "network": ground.version_id, "profiles": ",".join(profiles), "now": now}
    fill_id = int(session.connection().execute(_PLAN, facts).scalar_one())
    ids = _neighbours_together(ground.doors.ids, ground.doors.lons, ground.doors.lats)
    parts = [ids[first : first + per_part].tolist() for first in range(0, len(ids), per_part)]
    for part, facility_ids in enumerate(parts):
        session.connection().execute(_PART, {"fill": fill_id, "part": part, "ids": facility_ids})
        key = f"circles.refresh_part:{fill_id}:{part}"
        enqueue(session, now, "circles.refresh_part", {"fill_id": fill_id, "part": part}, key=key)
    return fill_id


def fill_part(session: Session, now: datetime, fill_id: int, part: int) -> int:
    """Compute the walks from one part's facilities; who does the last part promises the end. Gives the rows.

    Does nothing when the part was done, or when the city's network was replaced since it was planned.
    """
    connection = session.connection()
    mine = connection.execute(_MY_PART, {"fill": fill_id, "part": part}).one()
    if mine.done_at is not None:
        return 0
    ground = read_ground(session, mine.city_code, civil_date(now))
    rows = 0
    if ground.version_id == mine.network_version_id:
        which = np.flatnonzero(np.isin(ground.doors.ids, np.asarray(mine.facility_ids, dtype=np.int64)))
        connection.execute(
            text("DELETE FROM reach WHERE network_version_id = :network AND facility_id = ANY (:ids)"),
            {"network": mine.network_version_id, "ids": list(mine.facility_ids)},
        )
        rows = sum(write_reach(session, ground, profile, which) for profile in mine.profiles.split(","))
    by = f"{socket.gethostname()}:{os.getpid()}"
    connection.execute(_DONE, {"now": now, "by": by, "rows": rows, "fill": fill_id, "part": part})
    # the filling's row is the gate: of two parts that end together, the second sees the first's mark
    connection.execute(text("SELECT id FROM reach_fill WHERE id = :fill FOR UPDATE"), {"fill": fill_id})
    if connection.execute(_LAST, {"fill": fill_id}).scalar():
        key = f"circles.finish_filling:{fill_id}"
        enqueue(session, now, "circles.finish_filling", {"fill_id": fill_id}, key=key)
    return rows


def finish_filling(session: Session, now: datetime, fill_id: int) -> RefreshReport | None:
    """Judge everybody by the walks the parts computed. Gives None when a newer filling has begun or it was done."""
    connection = session.connection()
    row = connection.execute(
        text(
            "SELECT city_code, network_version_id, profiles, finished_at,"
            " (SELECT max(id) FROM reach_fill AS newer WHERE newer.city_code = f.city_code) AS newest,"
            " (SELECT COALESCE(sum(rows), 0) FROM reach_part WHERE fill_id = f.id) AS rows"
            " FROM reach_fill AS f WHERE id = :fill FOR UPDATE"
        ),
        {"fill": fill_id},
    ).one()
    if row.finished_at is not None or row.newest != fill_id:
        return None
    lock_city(session, row.city_code)
    ground = read_ground(session, row.city_code, civil_date(now))
    connection.execute(text("UPDATE reach_fill SET finished_at = :now WHERE id = :fill"), {"now": now, "fill": fill_id})
    if ground.version_id != row.network_version_id:
        enqueue(session, now, "circles.refresh", {"city_code": row.city_code})
        return None
    connection.execute(
        text("DELETE FROM home_snap WHERE network_version_id = :network"), {"network": ground.version_id}
    )
    connection.execute(
        text("DELETE FROM demand_snap WHERE network_version_id = :network"), {"network": ground.version_id}
    )
    return judge_everybody(session, now, ground, tuple(row.profiles.split(",")), int(row.rows))


def _neighbours_together(
    ids: np.ndarray[tuple[int], np.dtype[np.int64]],
    lons: np.ndarray[tuple[int], np.dtype[np.float64]],
    lats: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Order facilities so that one part's walks stay in one quarter of the city: strips of 0.02 degrees."""
    strips = np.floor(lats / 0.02)
    return ids[np.lexsort((lons, strips))]
