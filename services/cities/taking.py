"""Taking in the areas of a city with their outlines, and the houses that an address can name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from geo.coordinates import to_wgs84
from services.acts import record_act
from services.cities.actions import save_areas
from services.cities.rules import area_level, area_range, parent_code
from services.cities.tables import Area, Building, NationalStreet
from services.columns import table_of
from services.intake.batch import Ground, Row, Written
from services.intake.fields import POINT, FieldSpec
from services.intake.placing import original_of
from services.intake.rules import natural_name
from services.unit_of_work import Actor

_area, _street, _building = table_of(Area), table_of(NationalStreet), table_of(Building)
MOSTLY_INSIDE = 0.98
"""An outline of which less lies in its parent's is told; outlines of two makers never agree to the metre."""


class AreaLists:
    """Lists of districts, streets, communities and quarters, with outlines where the file has shapes."""

    kind = "areas"
    on_the_map = False
    fields = (
        FieldSpec(
            "code",
            "区划代码",
            ("行政区划代码", "代码", "统计用区划代码", "adcode", "code", "area_code"),
            reading="code",
        ),
        FieldSpec(
            "name", "名称", ("区划名称", "街道名称", "社区名称", "小区名称", "name", "referenceadminname"), needed=True
        ),
        FieldSpec("valid_from", "启用日期", ("生效日期", "valid_from"), reading="day"),
        FieldSpec("valid_to", "停用日期", ("撤销日期", "valid_to"), reading="day"),
        FieldSpec("predecessor_code", "前身代码", ("原区划代码", "predecessor"), reading="code"),
    )

    def key(self, row: Row) -> str:
        """Give the area's code, else its name."""
        code = row.values.get("code")
        return str(code) if code else natural_name(row.values.get("name") or "")

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find each area's code by its name where the list gives none; check parents and outlines."""
        lo, hi = area_range(ground.city_code)
        for row in rows:
            if row.values.get("code") is None and row.values.get("name"):
                row.values["code"] = _code_by_name(session, ground, row.values["name"], lo, hi)
                if row.values["code"] is None:
                    message = f"没有代码，本市也没有或不止一个“{row.values['name'][:30]}”"
                    row.find("unknown_area", message, "code")
        listed = {row.values["code"] for row in rows if row.values.get("code")}
        standing = set(session.connection().execute(select(_area.c.code)).scalars())
        for row in rows:
            _check_area(row, ground, listed | standing, (lo, hi))
            _check_outline(row)
        _check_parents(rows, ground)

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write areas, parents first; an outline that is not given stays as it was."""
        if not rows:
            return Written()
        codes = [row.values["code"] for row in rows]
        found = session.connection().execute(select(_area).where(_area.c.code.in_(codes)))
        known = {one.code: one for one in found}
        values = [_area_values(row, known.get(row.values["code"])) for row in rows]
        outlined = {one["code"] for one in values if one["geom"] is not None}
        same = [
            one for one in values
            if one["code"] in known and one["code"] not in outlined
            and all(getattr(known[one["code"]], name) == one[name] for name in ("name", "valid_from", "valid_to"))
        ]  # fmt: skip
        save_areas(session, values)
        record_act(session, now, actor, "write_areas", area_code=ground.city_code, facts={"areas": len(rows)})
        created = len(set(codes) - set(known))
        return Written(created, len(rows) - created - len(same), len(same))


def _code_by_name(session: Session, ground: Ground, name: str, lo: int, hi: int) -> int | None:
    told = name.strip()
    registered = [area.code for area in ground.outlines.areas if area.name == told]
    query = select(_street.c.code).where(_street.c.name == told, _street.c.code.between(lo, hi))
    found = registered or list(session.connection().execute(query).scalars())
    return found[0] if len(set(found)) == 1 else None


def _check_area(row: Row, ground: Ground, known: set[int], city: tuple[int, int]) -> None:
    code = row.values.get("code")
    if code is None:
        return
    if not city[0] <= code <= city[1]:
        row.find("outside_city", f"区划代码 {code} 不在本市", "code")
        return
    above = parent_code(code)
    if above is not None and above not in known:
        row.find("no_parent", f"上级区划 {above} 没有登记，名录里也没有", "code", parent=above)
    begins, ends = row.values.get("valid_from"), row.values.get("valid_to")
    if begins and ends and ends <= begins:
        row.find("bad_cell", "停用日期须晚于启用日期", "valid_to")
    if not ground.lo <= code <= ground.hi:
        row.find("outside_office", "不在您的辖区", "code")
    row.area_code = code


def _check_outline(row: Row) -> None:
    """Give the row its outline in WGS-84, mended where its rings cross themselves."""
    told = row.geometry
    if not told or told.get("type") in (None, "Point"):
        return
    try:
        drawn = _from_rings(told["coordinates"]) if told["type"] == "EsriRings" else shape(told)
        at = shapely.get_coordinates(drawn)
        if drawn.is_empty or not np.isfinite(at).all() or np.abs(at[:, 0]).max() > 180 or np.abs(at[:, 1]).max() > 90:
            raise ValueError("not degrees")
        crs = row.crs
        drawn = shapely.transform(drawn, lambda at: np.column_stack(to_wgs84(at[:, 0], at[:, 1], crs)))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.GEOSException):
        row.find("bad_outline", "边界读不懂，或坐标不是度", "geometry")
        return
    if not drawn.is_valid:
        row.find("mended_outline", f"边界自相交，已修补：{shapely.is_valid_reason(drawn)[:60]}", "geometry")
        drawn = shapely.make_valid(drawn)
    parts = [part for part in shapely.get_parts(_parts_of(drawn)) if part.geom_type == "Polygon"]
    if not parts:
        row.find("bad_outline", "边界没有面积", "geometry")
        return
    row.values["shape"] = shapely.multipolygons(parts)


def _parts_of(drawn: Any) -> Any:
    flat = [part for one in shapely.get_parts(drawn) for part in shapely.get_parts(one)]
    return shapely.geometrycollections(flat)


def _from_rings(rings: list[list[list[float]]]) -> Any:
    return shapely.build_area(shapely.multilinestrings([shapely.linestrings(ring) for ring in rings]))


def _check_parents(rows: list[Row], ground: Ground) -> None:
    """Tell outlines that reach out of their parent's: another maker's, another system's, or another place."""
    shapes = {area.code: area.shape for area in ground.outlines.areas if area.shape is not None}
    shapes |= {row.values["code"]: row.values["shape"] for row in rows if row.values.get("shape") is not None}
    for row in rows:
        drawn, above = row.values.get("shape"), parent_code(row.values["code"]) if row.values.get("code") else None
        if drawn is None or above not in shapes or drawn.area == 0:
            continue
        share = shapely.intersection(drawn, shapely.make_valid(shapes[above])).area / drawn.area
        if share < MOSTLY_INSIDE:
            row.find("outside_parent", f"边界只有{share:.0%}在上级区划里", "geometry", share=round(share, 3))


def _area_values(row: Row, known: Any) -> dict[str, Any]:
    drawn, told = row.values.get("shape"), row.values
    area_level(told["code"])
    return {
        "code": told["code"],
        "name": told["name"],
        "valid_from": told.get("valid_from") or (known.valid_from if known is not None else None),
        "valid_to": told.get("valid_to") or (known.valid_to if known is not None else None),
        "predecessor_code": told.get("predecessor_code"),
        "geom": None if drawn is None else f"SRID=4326;{shapely.to_wkt(drawn, rounding_precision=7)}",
    }


_KNOWN_BUILDINGS = text("""
    SELECT code, name, road, house_number, building_number, address, area_code, original_lon, original_lat, original_crs,
      invented FROM building WHERE code = ANY(CAST(:codes AS text[]))
""")


class BuildingLists:
    """Lists of houses: road, number and building, each with its point; addresses are looked up among them."""

    kind = "buildings"
    on_the_map = True
    fields = (
        FieldSpec("code", "编码", ("楼栋编码", "编号", "osm_id", "code", "id"), needed=True, longest=80),
        FieldSpec("name", "名称", ("小区名称", "小区", "name")),
        FieldSpec("road", "路名", ("道路", "路", "街巷", "lane", "road", "addr:street")),
        FieldSpec("house_number", "门牌号", ("号", "弄号", "number", "addr:housenumber", "housenumber")),
        FieldSpec("building_number", "楼栋号", ("幢号", "栋号", "楼号", "building_no", "building")),
        FieldSpec("address", "地址", ("详细地址", "address")),
        *POINT,
        FieldSpec("area_code", "区划代码", ("小区代码", "社区代码", "quarter_code", "area_code"), reading="code"),
    )

    def key(self, row: Row) -> str:
        """Give the house's own number in its source."""
        return str(row.values.get("code") or "")

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Name a house after its quarter where the list gives no name of its own."""
        for row in rows:
            if not row.values.get("name") and row.named_code is not None and area_level(row.named_code) == "quarter":
                row.values["name"] = ground.outlines.name_of(row.named_code)

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write the houses."""
        if not rows:
            return Written()
        values = [_building_values(row, ground) for row in rows]
        found = session.connection().execute(_KNOWN_BUILDINGS, {"codes": [one["code"] for one in values]})
        known = {one.code: one._mapping for one in found}
        changed = [
            one for one in values
            if one["code"] not in known or any(known[one["code"]][name] != one[name] for name in one if name != "geom")
        ]  # fmt: skip
        created = sum(one["code"] not in known for one in changed)
        if changed:
            statement = insert(_building)
            fresh = {name: statement.excluded[name] for name in changed[0] if name != "code"}
            session.connection().execute(statement.on_conflict_do_update(index_elements=["code"], set_=fresh), changed)
            record_act(
                session, now, actor, "write_buildings", area_code=ground.city_code, facts={"houses": len(changed)}
            )
        return Written(created, len(changed) - created, len(values) - len(changed))


def _building_values(row: Row, ground: Ground) -> dict[str, Any]:
    assert row.point is not None and row.area_code is not None
    lon, lat, crs = original_of(row)
    told = {name: row.values.get(name) for name in ("name", "road", "house_number", "building_number", "address")}
    return told | {
        "code": row.values["code"],
        "area_code": row.area_code,
        "geom": f"SRID=4326;POINT({row.point[0]!r} {row.point[1]!r})",
        "original_lon": lon,
        "original_lat": lat,
        "original_crs": crs,
        "invented": ground.invented,
    }
