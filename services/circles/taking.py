"""Taking a list of residential compounds in: where elders live who are counted, not named."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.acts import record_act
from services.circles.tables import Compound
from services.cities.rules import area_range
from services.columns import table_of
from services.directory.taking import made_code
from services.intake.addresses import Known, take_apart
from services.intake.batch import Ground, Row, Written
from services.intake.fields import PLACE, FieldSpec
from services.intake.outlines import Outlines
from services.intake.placing import original_of
from services.intake.rules import natural_name
from services.unit_of_work import Actor

_compound = table_of(Compound)
_KNOWN = text("""
    SELECT code, name, area_code, address, households, population, elders, source, invented, original_lon,
      original_lat, original_crs, ST_X(geom) AS lon, ST_Y(geom) AS lat
    FROM compound WHERE area_code BETWEEN :lo AND :hi OR code = ANY(CAST(:codes AS text[]))
""")
_COMPARED = (
    "name", "area_code", "address", "households", "population", "elders", "source", "invented", "original_lon",
    "original_lat", "original_crs",
)  # fmt: skip


class CompoundLists:
    """Lists of residential compounds (小区)."""

    kind = "compounds"
    on_the_map = True
    fields = (
        FieldSpec("code", "编码", ("小区编码", "编号", "小区编号", "code", "id"), longest=60),
        FieldSpec("name", "小区名称", ("名称", "小区", "小区名", "楼盘名称", "name", "community_name"), needed=True),
        FieldSpec("address", "地址", ("小区地址", "详细地址", "address", "addr")),
        *PLACE,
        FieldSpec("households", "户数", ("总户数", "居民户数", "households", "total_units", "units"), reading="count"),
        FieldSpec("population", "人口", ("人口数", "常住人口", "居民人数", "population"), reading="count"),
        FieldSpec("elders", "老年人数", ("60岁以上", "老年人口", "老人数", "elders"), reading="count"),
    )

    def key(self, row: Row) -> str:
        """Give the compound's code, else its name with the district it names, and its address."""
        if row.values.get("code"):
            return str(row.values["code"])
        if not row.values.get("name"):
            return ""
        return compound_key(row.values["name"], row.named_code, row.values.get("address"))

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Let a compound already known keep its place where the list gives none; refuse another city's code."""
        lo, hi = area_range(ground.city_code)
        known = _known(session, ground, rows)
        for row in rows:
            place = known.get(row.key)
            if place is None:
                continue
            if not lo <= place.area_code <= hi:
                row.find("taken_elsewhere", f"编码 {row.key} 属于另一个城市的小区", "code")
            elif row.point is None and place.lon is not None and row.has("missing_coordinates", "default_centre"):
                row.original, row.point, row.how = None, (place.lon, place.lat), "kept"
                row.find("kept_place", "名录没有坐标，沿用已登记的位置", "lon")

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write the compounds: new ones are added, known ones changed where they differ."""
        if not rows:
            return Written()
        known = _known(session, ground, rows)
        before = {place.code: place for place in known.values()}
        values = [_values(row, known.get(row.key), ground, now) for row in rows]
        changed = [one for one in values if _differs(before.get(one["code"]), one)]
        created = len({one["code"] for one in changed} - set(before))
        if changed:
            statement = insert(_compound)
            kept = ("id", "code", "created_at")
            fresh = {column.name: statement.excluded[column.name] for column in _compound.c if column.name not in kept}
            session.connection().execute(statement.on_conflict_do_update(index_elements=["code"], set_=fresh), changed)
            facts = {"created": created, "updated": len(changed) - created}
            record_act(session, now, actor, "write_compounds", area_code=ground.city_code, facts=facts)
        return Written(created, len(changed) - created, len(values) - len(changed))


def compound_key(name: str, area_code: int | None, address: str | None) -> str:
    """Give a compound's natural key: names repeat from district to district, so the district belongs to it."""
    district = (area_code or 0) // 10**9
    return "|".join((natural_name(name), str(district), natural_name(address or "")))


def _known(session: Session, ground: Ground, rows: list[Row]) -> dict[str, Any]:
    lo, hi = area_range(ground.city_code)
    codes = [made_code("C", ground.city_code, row.key) for row in rows] + [row.key for row in rows]
    found = session.connection().execute(_KNOWN, {"lo": lo, "hi": hi, "codes": codes}).all()
    by_code = {place.code: place for place in found}
    by_key = {compound_key(place.name, place.area_code, place.address): place for place in found}
    known: dict[str, Any] = {}
    for row in rows:
        place = by_code.get(row.key) or by_code.get(made_code("C", ground.city_code, row.key)) or by_key.get(row.key)
        if place is not None:
            known[row.key] = place
    return known


def _values(row: Row, place: Any, ground: Ground, now: datetime) -> dict[str, Any]:
    assert row.point is not None and row.area_code is not None
    told = row.values
    kept = row.how == "kept"
    lon, lat, crs = (place.original_lon, place.original_lat, place.original_crs) if kept else original_of(row)
    before = {name: getattr(place, name, None) for name in ("households", "population", "elders")}
    return {
        "code": place.code if place is not None else told.get("code") or made_code("C", ground.city_code, row.key),
        "name": told["name"],
        "area_code": row.area_code,
        "address": told.get("address") or (place.address if place is not None else ""),
        "geom": f"SRID=4326;POINT({row.point[0]!r} {row.point[1]!r})",
        "original_lon": lon,
        "original_lat": lat,
        "original_crs": crs,
        **{name: told.get(name) if told.get(name) is not None else before[name] for name in before},
        "source": ground.source,
        "invented": ground.invented,
        "created_at": now,
    }


def _differs(place: Any, values: dict[str, Any]) -> bool:
    return place is None or any(getattr(place, name) != values[name] for name in _COMPARED)


def compounds_of(session: Session, outlines: Outlines) -> list[Known]:
    """Give a city's compounds as places that an address can name, WGS-84."""
    lo, hi = area_range(outlines.city_code)
    rows = session.connection().execute(_KNOWN, {"lo": lo, "hi": hi, "codes": []})
    known = []
    for row in rows:
        if row.lon is None:
            continue
        at = take_apart(row.address, outlines) if row.address else None
        road, number = (at.road, at.number) if at else ("", None)
        known.append(Known("compound", row.name, row.lon, row.lat, row.area_code, road, number))
    return known
