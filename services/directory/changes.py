"""One site opens, moves, closes or changes what it does: written once, told to the circles by a job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlmodel import Session

from geo.coordinates import CRS_NAMES, to_wgs84
from services.acts import record_act
from services.cities.queries import city_of_area
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.directory.errors import (
    ChangeKeyTaken,
    ChangeUndone,
    FacilityElsewhere,
    FacilityNotYetOpen,
    NoFacilityChange,
    NotYourFacility,
    UnknownCoordinates,
    UnknownFacility,
    UnknownFunction,
)
from services.directory.importer import kinds_and_functions
from services.directory.tables import Facility, FacilityChange
from services.outbox import enqueue
from services.unit_of_work import SYSTEM, Actor

_facility, _change = table_of(Facility), table_of(FacilityChange)
WRITERS = frozenset({"officer", "administrator"})
_PLACE = ("area_code", "original_lon", "original_lat", "original_crs")


@dataclass(frozen=True)
class Moved:
    """Where a site stands now: lon, lat in a named system (wgs84, gcj02, bd09, cgcs2000)."""

    lon: float
    lat: float
    crs: str


@dataclass(frozen=True)
class Wish:
    """What is to change of a site; None or empty leaves it. `functions` replaces all, `gain` and `lose` some."""

    closed: bool | None = None
    functions: tuple[str, ...] | None = None
    gain: tuple[str, ...] = ()
    lose: tuple[str, ...] = ()
    moved: Moved | None = None
    day_places: int | None = None


@dataclass(frozen=True)
class Changed:
    """A change as it was written; `id` None: everything stood so already. `names` are the columns that changed.

    `before` and `after` hold those columns as JSON has them (days as YYYY-MM-DD). `repeated`: the same key and wish
    came before, and nothing was done again.
    """

    id: int | None
    facility_id: int
    names: tuple[str, ...]
    before: dict[str, Any]
    after: dict[str, Any]
    undoes: int | None = None
    repeated: bool = False


def facility_by_code(session: Session, code: str) -> int:
    """Give the id of the site a register calls by this code. Raises UnknownFacility."""
    found: int | None = (
        session.connection().execute(select(_facility.c.id).where(_facility.c.code == code)).scalar_one_or_none()
    )
    if found is None:
        raise UnknownFacility(code=code[:60])
    return found


def change_facility(
    session: Session,
    now: datetime,
    actor: Actor,
    facility_id: int,
    *,
    functions: list[str] | None = None,
    closed: bool | None = None,
    moved: Moved | None = None,
    day_places: int | None = None,
) -> list[str]:
    """Change one site as grant_wish does; gives the names of the columns that changed."""
    every = None if functions is None else tuple(functions)
    wish = Wish(closed=closed, functions=every, moved=moved, day_places=day_places)
    return list(grant_wish(session, now, actor, facility_id, wish).names)


def grant_wish(
    session: Session, now: datetime, actor: Actor, facility_id: int, wish: Wish, *, key: str | None = None
) -> Changed:
    """Change one site and promise that the circles follow at once.

    `closed` True closes it from the Shanghai day of `now`, False opens it again. A site that moves is registered
    in the community whose outline covers its new place, where one does. The same `key` with the same wish is
    answered once more, not done again. Raises UnknownFacility, NotYourFacility, FacilityElsewhere,
    FacilityNotYetOpen, UnknownFunction, UnknownCoordinates, ChangeKeyTaken.
    """
    known = _locked(session, actor, facility_id)
    digest = hashlib.sha256(json.dumps([facility_id, asdict(wish)], sort_keys=True).encode()).hexdigest()
    earlier = _earlier(session, actor, key, digest)
    if earlier is not None:
        return earlier
    today = civil_date(now)
    wanted: dict[str, Any] = {}
    if wish.functions is not None or wish.gain or wish.lose:
        wanted["functions"] = _functions(session, known, wish, today)
    if wish.closed is not None:
        wanted |= _opened_or_closed(known, wish.closed, today)
    if wish.day_places is not None:
        wanted["day_places"] = wish.day_places
    if wish.moved is not None:
        wanted |= _new_place(session, actor, known, wish.moved)
    return _write(session, now, actor, known, wanted, key=key, wish_hash=digest)


def undo_change(
    session: Session, now: datetime, actor: Actor, facility_id: int, change_id: int, *, key: str | None = None
) -> Changed:
    """Take a change back: what it changed stands as before, and the circles follow. It stays in the history.

    Raises UnknownFacility, NotYourFacility, NoFacilityChange, ChangeUndone (taken back before, or changed since).
    """
    known = _locked(session, actor, facility_id)
    digest = hashlib.sha256(f"undo {facility_id} {change_id}".encode()).hexdigest()
    earlier = _earlier(session, actor, key, digest)
    if earlier is not None:
        return earlier
    past = (
        session.connection()
        .execute(select(_change).where(_change.c.id == change_id, _change.c.facility_id == facility_id))
        .one_or_none()
    )
    if past is None:
        raise NoFacilityChange(change_id=change_id)
    stands = {name: _told(getattr(known, name)) for name in past.after}
    undone = session.connection().execute(select(_change.c.id).where(_change.c.undoes == change_id)).first()
    if undone is not None or stands != past.after:
        raise ChangeUndone(change_id=change_id)
    back = {name: date.fromisoformat(value) if name.endswith("_on") and value else value
            for name, value in past.before.items()}  # fmt: skip
    if "area_code" in past.before:
        _must_cover(actor, past.before["area_code"])
    return _write(session, now, actor, known, back, key=key, wish_hash=digest, undoes=change_id)


def changes_of(session: Session, facility_id: int, most: int = 50) -> list[tuple[Changed, datetime]]:
    """Give what was changed of a site and when, the last first."""
    query = select(_change).where(_change.c.facility_id == facility_id).order_by(_change.c.id.desc()).limit(most)
    return [(_read(row), row.changed_at) for row in session.connection().execute(query)]


def _locked(session: Session, actor: Actor, facility_id: int) -> Any:
    """The site, held until the transaction ends, if the actor may change it."""
    connection = session.connection()
    area = connection.execute(select(_facility.c.area_code).where(_facility.c.id == facility_id)).scalar_one_or_none()
    if area is None:
        raise UnknownFacility(facility_id=facility_id)
    if actor.role != SYSTEM.role and actor.role not in WRITERS:
        raise NotYourFacility(role=actor.role)
    _must_cover(actor, area)
    return connection.execute(select(_facility).where(_facility.c.id == facility_id).with_for_update()).one()


def _must_cover(actor: Actor, area_code: int) -> None:
    if actor.role != SYSTEM.role and not _covers(actor, area_code):
        raise NotYourFacility(area_code=area_code)


def _covers(actor: Actor, area_code: int | None) -> bool:
    """An office changes what stands in its area; an administrator, who sees no elder, any site of a known area."""
    if area_code is None:
        return False
    if actor.area_lo is None or actor.area_hi is None:
        return actor.role == "administrator"
    return actor.area_lo <= area_code <= actor.area_hi


def _earlier(session: Session, actor: Actor, key: str | None, digest: str) -> Changed | None:
    """The change this key was used for before. Raises ChangeKeyTaken where it was for another wish."""
    if key is None:
        return None
    mine = _change.c.changed_by.is_not_distinct_from(actor.person_id)
    row = session.connection().execute(select(_change).where(mine, _change.c.key == key)).one_or_none()
    if row is None:
        return None
    if row.wish_hash != digest:
        raise ChangeKeyTaken(change_id=row.id)
    return _read(row, repeated=True)


def _functions(session: Session, known: Any, wish: Wish, today: date) -> list[str]:
    had = set(known.functions)
    wanted = ((had if wish.functions is None else set(wish.functions)) | set(wish.gain)) - set(wish.lose)
    new = wanted - had
    if new:
        _, known_functions = kinds_and_functions(session, city_of_area(session, known.area_code), today)
        if new - known_functions:
            raise UnknownFunction(field="functions", functions=sorted(one[:60] for one in new - known_functions))
    return sorted(wanted)


def _opened_or_closed(known: Any, closed: bool, today: date) -> dict[str, Any]:
    if not closed:
        return {"status": "open", "closed_on": None, "opened_on": known.opened_on or today}
    if known.opened_on is not None and known.opened_on > today:
        raise FacilityNotYetOpen(opened_on=known.opened_on.isoformat())
    return {} if known.status == "closed" else {"status": "closed", "closed_on": today}


def _new_place(session: Session, actor: Actor, known: Any, moved: Moved) -> dict[str, Any]:
    if moved.crs not in CRS_NAMES:
        raise UnknownCoordinates(field="crs", crs=moved.crs[:40], known=list(CRS_NAMES))
    if (known.original_lon, known.original_lat, known.original_crs) == (moved.lon, moved.lat, moved.crs):
        return {}
    lon, lat = to_wgs84(moved.lon, moved.lat, moved.crs)
    lo, hi = area_range(known.area_code // 10**11 * 10**11)
    facts = {"lon": float(lon), "lat": float(lat), "lo": lo, "hi": hi}
    found = session.connection().execute(_COMMUNITY_AT, facts).one()
    if actor.role != SYSTEM.role:
        if found.drawn and not _covers(actor, found.code):
            raise FacilityElsewhere(field="lon", lon=moved.lon, lat=moved.lat, area_code=found.code)
    return {
        "original_lon": moved.lon,
        "original_lat": moved.lat,
        "original_crs": moved.crs,
        "area_code": found.code or known.area_code,
    }


def _write(
    session: Session,
    now: datetime,
    actor: Actor,
    known: Any,
    wanted: dict[str, Any],
    *,
    key: str | None,
    wish_hash: str,
    undoes: int | None = None,
) -> Changed:
    """Write what differs, with its history and its act, and promise the job; nothing where nothing differs."""
    changed = {name: value for name, value in wanted.items() if _told(getattr(known, name)) != _told(value)}
    names = tuple(sorted({"geom" if name.startswith("original") else name for name in changed}))
    if not changed:
        return Changed(None, known.id, (), {}, {})
    connection = session.connection()
    values = dict(changed)
    if "geom" in names:
        placed = {name: changed.get(name, getattr(known, name)) for name in _PLACE}
        changed |= placed
        lon, lat = to_wgs84(placed["original_lon"], placed["original_lat"], placed["original_crs"])
        values = changed | {"geom": f"SRID=4326;POINT({float(lon)!r} {float(lat)!r})"}
    connection.execute(update(_facility).where(_facility.c.id == known.id).values(**values))
    row = connection.execute(
        insert(_change)
        .values(
            facility_id=known.id, changed_at=now, changed_by=actor.person_id, undoes=undoes, key=key,
            wish_hash=wish_hash, before={name: _told(getattr(known, name)) for name in changed},
            after={name: _told(value) for name, value in changed.items()},
        )
        .returning(_change)
    ).one()  # fmt: skip
    facts = {"changed": list(names), "change_id": row.id} | ({"undoes": undoes} if undoes else {})
    record_act(session, now, actor, "change_facility", area_code=known.area_code, subject=("facility", known.id),
               facts=facts)  # fmt: skip
    enqueue(session, now, "circles.facility_changed", {"facility_id": known.id})
    return _read(row)


def _told(value: Any) -> Any:
    """A column's value as JSON has it; lists of functions without order."""
    if isinstance(value, date):
        return value.isoformat()
    return sorted(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _read(row: Any, *, repeated: bool = False) -> Changed:
    names = {"geom" if name.startswith("original") else name for name in row.after}
    return Changed(row.id, row.facility_id, tuple(sorted(names)), row.before, row.after, row.undoes, repeated)


_COMMUNITY_AT = text(
    "SELECT (SELECT code FROM area WHERE level = 'community' AND code BETWEEN :lo AND :hi"
    "  AND ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) ORDER BY code LIMIT 1) AS code,"
    " EXISTS (SELECT FROM area WHERE level = 'community' AND code BETWEEN :lo AND :hi AND geom IS NOT NULL) AS drawn"
)
