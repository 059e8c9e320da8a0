"""Gates and barriers: what an officer knows of her compounds better than any map, and the circles follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

import geo.errors
from geo.coordinates import to_wgs84
from geo.store import active_version, gate_effects
from services.acts import record_act
from services.circles.errors import GateElsewhere, NoSuchGate, UnknownWay
from services.circles.host_files import keep_on_this_host
from services.cities.queries import area_at
from services.cities.rules import area_contains
from services.errors import NotAllowed
from services.outbox import enqueue
from services.unit_of_work import SYSTEM, Actor

KINDS = ("gate", "barrier")
_LEVELS = ("community", "street", "district")
_INSERT = text(
    "INSERT INTO geo.network_gate (city_code, area_code, kind, geom, given_lon, given_lat, given_crs, reason, valid_from,"
    " added_by) VALUES (:city, :area, :kind, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :given_lon, :given_lat, :crs,"
    " :reason, :now, :person) RETURNING id"
)
_ONE = text("SELECT id, city_code, area_code, kind, removed_at FROM geo.network_gate WHERE id = :gate FOR UPDATE")
_REMOVE = text("UPDATE geo.network_gate SET removed_at = :now, removed_by = :person WHERE id = :gate")
_LIST = text(
    "SELECT id, kind, area_code, ST_X(geom) AS lon, ST_Y(geom) AS lat, given_lon, given_lat, given_crs, reason,"
    " valid_from, removed_at FROM geo.network_gate WHERE city_code = :city AND area_code BETWEEN :lo AND :hi"
    " AND (CAST(:past AS boolean) OR removed_at IS NULL) ORDER BY id"
)


@dataclass(frozen=True)
class GateRow:
    """One gate or barrier as an officer sees it.

    `lon`, `lat` WGS-84; what was given stands beside it. `effect`: `opens`, `bars`, `no_street` (nothing within
    reach), `no_other_side` (whatever is near can be walked to anyway), `no_network`, or `removed`; `way_ids` are
    the map's streets concerned.
    """

    id: int
    kind: str
    area_code: int
    lon: float
    lat: float
    given_lon: float
    given_lat: float
    given_crs: str
    reason: str
    valid_from: datetime
    removed_at: datetime | None
    effect: str
    way_ids: tuple[int, ...]
    distance_m: float


def add_gate(
    session: Session,
    now: datetime,
    actor: Actor,
    city_code: int,
    kind: str,
    place: tuple[float, float],
    crs: str,
    reason: str,
) -> int:
    """Say that here one walks through (`gate`) or does not (`barrier`); gives the gate's number.

    `place` is (lon, lat) in `crs`. It holds from now on, for this and every later map; circles drawn on demand
    follow at once, stored reach by a job. Raises NotAllowed, GateElsewhere (outside the officer's area),
    UnknownWay.
    """
    _must_be_office(actor)
    if kind not in KINDS:
        raise UnknownWay(field="kind", known=list(KINDS), given=kind)
    try:
        lon, lat = to_wgs84(*place, crs)
    except geo.errors.UnknownCrs as error:
        raise UnknownWay(field="crs", known=list(error.known), given=crs) from error
    area = _area_of(session, actor, city_code, lon, lat)
    facts = {
        "city": city_code, "area": area, "kind": kind, "lon": float(lon), "lat": float(lat), "given_lon": place[0],
        "given_lat": place[1], "crs": crs, "reason": reason, "now": now, "person": actor.person_id,
    }  # fmt: skip
    gate_id = int(session.connection().execute(_INSERT, facts).scalar_one())
    _changed(session, now, actor, "add_gate", (gate_id, city_code, area, kind))
    return gate_id


def remove_gate(session: Session, now: datetime, actor: Actor, gate_id: int) -> None:
    """Take a gate or barrier away again; the map's own streets come back there. It stays in the history.

    Raises NotAllowed, NoSuchGate (unknown, already removed, or of another office's area).
    """
    _must_be_office(actor)
    found = session.connection().execute(_ONE, {"gate": gate_id}).first()
    if found is None or found.removed_at is not None or not _covers(actor, found.area_code):
        raise NoSuchGate(gate_id=gate_id)
    session.connection().execute(_REMOVE, {"now": now, "person": actor.person_id, "gate": gate_id})
    _changed(session, now, actor, "remove_gate", (gate_id, found.city_code, found.area_code, found.kind))


def list_gates(session: Session, city_code: int, lo: int, hi: int, *, with_removed: bool = False) -> list[GateRow]:
    """The gates and barriers of the areas from `lo` to `hi`, in the order they are laid, with what each does."""
    keep_on_this_host()
    try:
        effects = gate_effects(session, active_version(session, city_code))
        missing = "removed"
    except geo.errors.NoNetwork:
        effects, missing = {}, "no_network"
    rows = []
    for row in session.connection().execute(_LIST, {"city": city_code, "lo": lo, "hi": hi, "past": with_removed}):
        effect = effects.get(row.id)
        state = effect.state if effect else "removed" if row.removed_at else missing
        ways, metres = (effect.way_ids, effect.distance_m) if effect else ((), 0.0)
        rows.append(GateRow(**row._mapping, effect=state, way_ids=ways, distance_m=metres))
    return rows


def _must_be_office(actor: Actor) -> None:
    if actor.role == SYSTEM.role or actor.has_role("officer", "administrator"):
        return
    raise NotAllowed("只有民政干部和系统管理员可以增减出入口。", reason="role")


def _covers(actor: Actor, area_code: int) -> bool:
    if actor.area_lo is None or actor.area_hi is None:
        return actor.role in (SYSTEM.role, "administrator")
    return actor.area_lo <= area_code <= actor.area_hi


def _area_of(session: Session, actor: Actor, city_code: int, lon: float, lat: float) -> int:
    """The smallest area with an outline around the point; without outlines, the officer's own area."""
    if city_code < 0:
        return city_code
    found = next((code for level in _LEVELS if (code := area_at(session, lon, lat, level)) is not None), None)
    if found is None:
        return actor.area_lo if actor.area_lo is not None else city_code
    if not _covers(actor, found) or not area_contains(city_code, found):
        raise GateElsewhere(area_code=found)
    return found


def _changed(session: Session, now: datetime, actor: Actor, verb: str, gate: tuple[int, int, int, str]) -> None:
    gate_id, city_code, area, kind = gate
    recorded = area if area > 0 else None
    subject = ("network_gate", gate_id)
    record_act(session, now, actor, verb, area_code=recorded, subject=subject, facts={"kind": kind})
    key = f"circles.refresh:{verb}:{gate_id}"
    enqueue(session, now, "circles.refresh", {"city_code": city_code}, key=key)
