"""Taking a city's list of facilities in, whatever its columns: each site on its street, each doubt told."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.acts import record_act
from services.cities.rules import area_range, short_code
from services.clock import civil_date
from services.columns import table_of
from services.directory.importer import kinds_and_functions
from services.directory.tables import Facility, Provider
from services.intake.batch import Ground, Row, Written
from services.intake.fields import PLACE, FieldSpec
from services.intake.placing import original_of
from services.intake.rules import natural_name
from services.unit_of_work import Actor

_facility, _provider = table_of(Facility), table_of(Provider)
STATUSES = (
    ("open", ("开业", "营业", "运营", "正常", "在营", "已开放", "启用")),
    ("planned", ("筹建", "在建", "规划", "待开业")),
    ("closed", ("关闭", "停业", "注销", "歇业", "已关闭")),
)
_KNOWN = text("""
    SELECT id, code, name, type_code, address, functions, provider_id, area_code, phone, status, opened_on, closed_on,
      day_places, floor_area_m2, opening_hours, invented, original_lon, original_lat, original_crs,
      ST_X(geom) AS lon, ST_Y(geom) AS lat
    FROM facility WHERE area_code BETWEEN :lo AND :hi OR code = ANY(CAST(:codes AS text[]))
""")
_COMPARED = (
    "name", "type_code", "functions", "provider_id", "area_code", "address", "phone", "status", "opened_on", "closed_on",
    "day_places", "floor_area_m2", "opening_hours", "invented", "original_lon", "original_lat", "original_crs",
)  # fmt: skip


class FacilityLists:
    """Lists of sites with a door."""

    kind = "facilities"
    on_the_map = True
    fields = (
        FieldSpec("code", "编码", ("设施编码", "机构编码", "编号", "设施编号", "机构代码", "code", "facility_code", "id"), longest=60),
        FieldSpec(
            "name", "名称",
            ("设施名称", "机构名称", "场所名称", "服务点名称", "站点名称", "name", "agencyname", "facility_name", "单位名称"),
            needed=True,
        ),
        FieldSpec(
            "type_code", "类型",
            ("设施类型", "机构类型", "类别", "设施类别", "type", "agencytype", "facility_type", "category"), needed=True,
        ),
        FieldSpec("functions", "功能", ("服务功能", "设施功能", "服务项目", "functions"), reading="list"),
        FieldSpec(
            "provider_code", "服务机构编码", ("运营机构编码", "运营单位编码", "provider_code", "provider", "统一社会信用代码"),
        ),
        FieldSpec("address", "地址", ("详细地址", "机构地址", "设施地址", "地点", "住址", "address", "addr")),
        *PLACE,
        FieldSpec("phone", "电话", ("联系电话", "联系方式", "服务电话", "phone", "tel", "telephone"), longest=60),
        FieldSpec("status", "状态", ("运营状态", "营业状态", "status"), reading="choice", choices=STATUSES),
        FieldSpec("opened_on", "开业日期", ("成立日期", "开办日期", "启用日期", "opened_on"), reading="day"),
        FieldSpec("closed_on", "关闭日期", ("停业日期", "closed_on"), reading="day"),
        FieldSpec("day_places", "日托位", ("日托位数", "日间照料位", "日照位数", "day_places"), reading="count"),
        FieldSpec("floor_area_m2", "建筑面积", ("面积", "建筑面积平方米", "floor_area_m2"), reading="count"),
        FieldSpec("opening_hours", "开放时间", ("营业时间", "服务时间", "opening_hours")),
    )  # fmt: skip

    def key(self, row: Row) -> str:
        """Give the site's code, else its name, kind and address."""
        return row.values.get("code") or site_key(
            row.values.get("name"), row.values.get("type_code"), row.values.get("address")
        )

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Refuse unknown kinds, functions, organisations and foreign codes; a site already known keeps its place."""
        kinds, functions = kinds_and_functions(session, ground.city_code, civil_date(now))
        providers = set(session.connection().execute(select(_provider.c.code)).scalars())
        known = _known_sites(session, ground, rows)
        lo, hi = area_range(ground.city_code)
        for row in rows:
            _check_words(row, kinds, functions, providers)
            site = known.get(row.key)
            if site is None:
                continue
            if not lo <= site.area_code <= hi:
                row.find("taken_elsewhere", f"编码 {row.key} 属于另一个城市的设施", "code")
            elif row.point is None and row.has("missing_coordinates", "default_centre"):
                row.original, row.point, row.how = None, (site.lon, site.lat), "kept"
                row.find("kept_place", "名录没有坐标，沿用已登记的位置", "lon")

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write the sites: new ones are added, known ones changed where they differ."""
        if not rows:
            return Written()
        known = _known_sites(session, ground, rows)
        providers = {one.code: one.id for one in session.connection().execute(select(_provider.c.code, _provider.c.id))}
        values = []
        for row in rows:
            site = known.get(row.key)
            values.append(_values(row, site, ground, _provider_of(session, now, row, site, ground, providers)))
        changed = [one for one in values if _differs(known_by_code(known).get(one["code"]), one)]
        created = len({one["code"] for one in changed} - set(known_by_code(known)))
        if changed:
            statement = insert(_facility)
            fresh = {
                column.name: statement.excluded[column.name]
                for column in _facility.c
                if column.name not in ("id", "code")
            }
            session.connection().execute(statement.on_conflict_do_update(index_elements=["code"], set_=fresh), changed)
            facts = {"created": created, "updated": len(changed) - created}
            record_act(session, now, actor, "write_facilities", area_code=ground.city_code, facts=facts)
        touched = _ids_of(session, [one["code"] for one in changed])
        return Written(created, len(changed) - created, len(values) - len(changed), touched)


def _ids_of(session: Session, codes: list[str]) -> tuple[int, ...]:
    found = session.connection().execute(select(_facility.c.id).where(_facility.c.code.in_(codes)))
    return tuple(sorted(found.scalars()))


def site_key(name: str | None, type_code: str | None, address: str | None) -> str:
    """Give a site's natural key: name, kind and address without blanks and punctuation; empty without a name."""
    if not name:
        return ""
    return "|".join((natural_name(name), natural_name(type_code or ""), natural_name(address or "")))


def made_code(prefix: str, city_code: int, key: str) -> str:
    """Give a code to what a list gives none: the same name, kind and address get the same code again."""
    return f"{prefix}{short_code(city_code)}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def known_by_code(known: dict[str, Any]) -> dict[str, Any]:
    """Give the known sites by code."""
    return {site.code: site for site in known.values()}


def _known_sites(session: Session, ground: Ground, rows: list[Row]) -> dict[str, Any]:
    """The register's sites under the keys of these rows: by code, else by name, kind and address."""
    lo, hi = area_range(ground.city_code)
    codes = [row.values["code"] for row in rows if row.values.get("code")]
    found = session.connection().execute(_KNOWN, {"lo": lo, "hi": hi, "codes": codes}).all()
    by_code = {site.code: site for site in found}
    by_key: dict[str, Any] = {}
    for site in found:
        by_key.setdefault(site_key(site.name, site.type_code, site.address), site)
        if not site.address:
            continue
        by_key.setdefault(site_key(site.name, site.type_code, None), site)
    known = {row.key: by_code.get(row.key) or by_key.get(row.key) for row in rows}
    return {key: site for key, site in known.items() if site is not None}


def _check_words(row: Row, kinds: set[str], functions: set[str], providers: set[str]) -> None:
    kind = row.values.get("type_code")
    if kind is not None and kind not in kinds:
        row.find("unknown_type", f"规则包里没有设施类型“{kind[:40]}”", "type_code", told=kind[:40])
    unknown = [name for name in row.values.get("functions") or [] if name not in functions]
    if unknown:
        row.find("unknown_function", f"规则包里没有功能“{'、'.join(unknown)[:80]}”", "functions")
    provider = row.values.get("provider_code")
    if provider is not None and provider not in providers:
        row.find("unknown_provider", f"没有登记服务机构“{provider[:40]}”", "provider_code")
    opened, closed = row.values.get("opened_on"), row.values.get("closed_on")
    if opened and closed and closed < opened:
        row.find("bad_cell", "关闭日期早于开业日期", "closed_on")


def _provider_of(
    session: Session, now: datetime, row: Row, site: Any, ground: Ground, providers: dict[str, int]
) -> int:
    """The organisation the row names, else the known site's, else the city's stand for sites listed without one."""
    told = row.values.get("provider_code")
    if told is not None:
        return providers[told]
    if site is not None:
        return int(site.provider_id)
    code = f"listed-{short_code(ground.city_code)}"
    if code not in providers:
        providers[code] = session.connection().execute(
            insert(_provider)
            .values(
                code=code, name=f"{ground.outlines.city_name}名录（未写明运营机构）", kind="community",
                area_code=ground.city_code, phone="", grade=3, invented=ground.invented, created_at=now,
                blocked_at=now, blocked_reason="名录没有写明运营机构，不接单",
            )
            .returning(_provider.c.id)
        ).scalar_one()  # fmt: skip
    return providers[code]


def _values(row: Row, site: Any, ground: Ground, provider_id: int) -> dict[str, Any]:
    assert row.point is not None and row.area_code is not None
    told = row.values
    lon, lat, crs = original_of(row) if row.how != "kept" else (site.original_lon, site.original_lat, site.original_crs)
    return {
        "code": site.code if site is not None else told.get("code") or made_code("L", ground.city_code, row.key),
        "provider_id": provider_id,
        "name": told["name"],
        "type_code": told["type_code"],
        "functions": told.get("functions") or (site.functions if site is not None else []),
        "area_code": row.area_code,
        "address": told.get("address") or (site.address if site is not None else ""),
        "phone": told.get("phone") or (site.phone if site is not None else None),
        "geom": f"SRID=4326;POINT({row.point[0]!r} {row.point[1]!r})",
        "original_lon": lon,
        "original_lat": lat,
        "original_crs": crs,
        "status": told.get("status") or (site.status if site is not None else "open"),
        "opened_on": told.get("opened_on") or (site.opened_on if site is not None else None),
        "closed_on": told.get("closed_on") or (site.closed_on if site is not None else None),
        "day_places": _told(told.get("day_places"), site.day_places if site is not None else 0),
        "floor_area_m2": _told(told.get("floor_area_m2"), site.floor_area_m2 if site is not None else 0),
        "opening_hours": told.get("opening_hours") or (site.opening_hours if site is not None else None),
        "invented": ground.invented,
    }


def _told(value: int | None, before: int) -> int:
    return before if value is None else value


def _differs(site: Any, values: dict[str, Any]) -> bool:
    return site is None or any(getattr(site, name) != values[name] for name in _COMPARED)
