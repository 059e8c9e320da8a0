"""Which rules an elder's city runs under on a day, and which areas it is made of."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row, func, or_, select, text
from sqlmodel import Session

from services.cities.errors import NoRulesInForce, UnknownArea, UnknownCity
from services.cities.known import keep
from services.cities.pack import CityPack, CityRules, MoneyPolicy, TimebankPolicy, VoucherKind
from services.cities.rules import ancestor_code, area_range
from services.cities.tables import Area, City, CityPackVersion, NationalStreet, RulesAdoption

Found = Row[*tuple[Any, ...]]
_city: Any = City.__table__  # type: ignore[attr-defined]
_version: Any = CityPackVersion.__table__  # type: ignore[attr-defined]
_adoption: Any = RulesAdoption.__table__  # type: ignore[attr-defined]
_area: Any = Area.__table__  # type: ignore[attr-defined]
_street: Any = NationalStreet.__table__  # type: ignore[attr-defined]


def rules_in_force(session: Session, city_code: int, on: date) -> CityRules:
    """Give the rules under which a fact of that day (Asia/Shanghai) is judged for a city's elders.

    `city_code` is the 15-digit code of the city, or of any area inside it. A city that adopted a
    neighbour's rules is judged by the neighbour's version of that day. The answer is frozen and cached
    until rules change (known.py). Raises UnknownCity, or NoRulesInForce(city_code, on).
    """
    district = city_code // 10**9 * 10**9  # one city's rules hold in all of a district: kept once, not per quarter
    return keep(session, ("rules", district, on), lambda: _read_rules(session, city_code, on))


def _read_rules(session: Session, city_code: int, on: date) -> CityRules:
    city = city_of_area(session, city_code)
    rules_city = rules_city_on(session, city, on)
    found = (
        session.connection()
        .execute(
            select(
                _version.c.id,
                _version.c.version,
                _version.c.sha256,
                _version.c.valid_from,
                _city.c.key,
                _city.c.name_zh,
                _city.c.name_en,
            )
            .join(_city, _city.c.code == _version.c.city_code)
            .where(_version.c.city_code == rules_city, _version.c.valid_from <= on)
            .where(_version.c.document["rules"].astext.is_not(None))
            .order_by(_version.c.valid_from.desc(), _version.c.id.desc())
            .limit(1)
        )
        .first()
    )
    if found is None:
        raise NoRulesInForce(city_code=city, rules_city_code=rules_city, on=on.isoformat())
    kept = _own_parts(session, city, on) if rules_city != city else []
    own = next((one for one in kept if one.hours is not None), None)
    money = next((one for one in kept if one.vouchers is not None or one.money is not None), None)
    return _judged_by(session, city, rules_city, found, own, money)


def _own_parts(session: Session, city: int, on: date) -> list[Found]:
    """The versions, newest first, in which a city keeps a time bank, vouchers or money rules over what it borrows."""
    hours, vouchers, money = (_version.c.document[name] for name in ("timebank", "vouchers", "money"))
    return list(
        session.connection().execute(
            select(
                _version.c.id, _version.c.version, _version.c.sha256,
                hours.label("hours"), vouchers.label("vouchers"), money.label("money"),
            )
            .where(_version.c.city_code == city, _version.c.valid_from <= on)
            .where(or_(*(part.astext.is_not(None) for part in (hours, vouchers, money))))
            .order_by(_version.c.valid_from.desc(), _version.c.id.desc())
        )
    )  # fmt: skip


def _judged_by(
    session: Session, city: int, rules_city: int, found: Found, own: Found | None = None, money: Found | None = None
) -> CityRules:
    # a number alone may mean another document in another database
    key = (
        found.id,
        city,
        found.sha256,
        own.sha256 if own is not None else "",
        money.sha256 if money is not None else "",
    )
    if key not in _cache:
        document = (
            session.connection().execute(select(_version.c.document).where(_version.c.id == found.id)).scalar_one()
        )
        pack = CityPack.model_validate(document)
        assert pack.rules is not None, "only versions with rules of their own are chosen"
        if len(_cache) > 200:
            _cache.clear()
        parts = {name: getattr(pack.rules, name) for name in type(pack.rules).model_fields}
        if own is not None:
            parts["timebank"] = TimebankPolicy.model_validate(own.hours)
        if money is not None and money.vouchers is not None:
            parts["vouchers"] = tuple(VoucherKind.model_validate(one) for one in money.vouchers)
        if money is not None and money.money is not None:
            parts["money"] = MoneyPolicy.model_validate(money.money)
        _cache[key] = CityRules(
            **parts,
            timebank_version=own.version if own is not None else "",
            city_code=city,
            rules_city_code=rules_city,
            rules_city_key=found.key,
            rules_city_name_zh=found.name_zh,
            rules_city_name_en=found.name_en,
            version_id=found.id,
            version=found.version,
            valid_from=found.valid_from,
            sources=pack.sources,
        )
    return _cache[key]


def rules_city_on(session: Session, city_code: int, on: date) -> int:
    """Give the code of the city whose rules this city runs under on a day: its own unless it adopted some."""
    adopted: int | None = (
        session.connection()
        .execute(
            select(_adoption.c.rules_city_code)
            .where(_adoption.c.city_code == city_code, _adoption.c.adopted_from <= on)
            .order_by(_adoption.c.adopted_from.desc())
            .limit(1)
        )
        .scalar()
    )
    return adopted or city_code


def city_of_area(session: Session, area_code: int) -> int:
    """Give the code of the loaded city an area belongs to.

    A municipality such as Shanghai is one province-level code, so both levels are tried. Raises
    UnknownCity(area_code).
    """
    return keep(session, ("city", area_code), lambda: _read_city_of(session, area_code))


def _read_city_of(session: Session, area_code: int) -> int:
    tried = {ancestor_code(area_code, "province"), area_code}
    if area_code % 10**13:
        tried.add(ancestor_code(area_code, "city"))
    if area_code % 10**11:
        tried.add(ancestor_code(area_code, "district"))
    code: int | None = (
        session.connection().execute(select(func.max(_city.c.code)).where(_city.c.code.in_(tried))).scalar()
    )
    if code is None:
        raise UnknownCity(area_code=area_code)
    return code


def city_by_key(session: Session, key_or_code: str) -> int:
    """Give a city's code from its key ("dongying"), its GB/T 2260 code or its Chinese name."""
    wanted = key_or_code.strip()
    code = int(wanted.ljust(15, "0")) if wanted.isascii() and wanted.isdigit() and len(wanted) <= 15 else 0
    found: int | None = (
        session.connection()
        .execute(
            select(_city.c.code).where((_city.c.key == wanted) | (_city.c.code == code) | (_city.c.name_zh == wanted))
        )
        .scalar()
    )
    if found is None:
        raise UnknownCity(city=key_or_code)
    return found


def list_cities(session: Session) -> list[Found]:
    """Give every loaded city: code, key, names, how many versions, and from when the newest holds."""
    newest = (
        select(
            _version.c.city_code,
            func.count().label("versions"),
            func.max(_version.c.valid_from).label("valid_from"),
        )
        .group_by(_version.c.city_code)
        .subquery()
    )
    return list(
        session.connection().execute(
            select(_city, newest.c.versions, newest.c.valid_from)
            .join(newest, newest.c.city_code == _city.c.code)
            .order_by(_city.c.code)
        )
    )


def find_area(session: Session, code: int) -> Found:
    """Give one area with its parent's name: code, level, name, parent_code, validity, predecessor, centre.

    `lon`, `lat` are a point inside the area (EPSG:4326) where its outline is known. Raises UnknownArea.
    """
    above = _area.alias()
    inside = func.ST_PointOnSurface(_area.c.geom)
    found = session.connection().execute(
        select(
            _area.c.code, _area.c.level, _area.c.name, _area.c.parent_code, above.c.name.label("parent_name"),
            _area.c.valid_from, _area.c.valid_to, _area.c.predecessor_code,
            func.ST_X(inside).label("lon"), func.ST_Y(inside).label("lat"),
        )
        .join(above, above.c.code == _area.c.parent_code, isouter=True)
        .where(_area.c.code == code)
    ).first()  # fmt: skip
    if found is None:
        raise UnknownArea(code=code)
    return found


def areas_inside(session: Session, code: int, level: str | None = None, on: date | None = None) -> list[Found]:
    """Give the areas within an area (itself too), optionally of one level and existing on a day, by code."""
    first, last = area_range(code)
    query = select(_area.c.code, _area.c.level, _area.c.name, _area.c.parent_code).where(
        _area.c.code.between(first, last)
    )
    if level is not None:
        query = query.where(_area.c.level == level)
    if on is not None:
        query = query.where((_area.c.valid_from.is_(None)) | (_area.c.valid_from <= on))
        query = query.where((_area.c.valid_to.is_(None)) | (_area.c.valid_to > on))
    return list(session.connection().execute(query.order_by(_area.c.code)))


def area_at(session: Session, lon: float, lat: float, level: str = "community") -> int | None:
    """Give the code of the area of a level in which a point (EPSG:4326, degrees) lies, or None."""
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
    code: int | None = (
        session.connection()
        .execute(
            select(_area.c.code)
            .where(_area.c.level == level, func.ST_Covers(_area.c.geom, point))
            .order_by(_area.c.code)
            .limit(1)
        )
        .scalar()
    )
    return code


def area_names(session: Session, codes: set[int]) -> dict[int, str]:
    """Give the names of areas by code; codes without an area are left out."""
    if not codes:
        return {}
    rows = session.connection().execute(select(_area.c.code, _area.c.name).where(_area.c.code.in_(codes)))
    return {row.code: row.name for row in rows}


def names_of_rights(session: Session) -> dict[str, str]:
    """Give the English names of what government pays (subsidies, vouchers) by the Chinese ones that rights carry."""
    rows = session.connection().execute(_NAMES_OF_RIGHTS)
    return {row.name_zh: row.name_en for row in rows}


_NAMES_OF_RIGHTS = text(
    "SELECT part.name_zh, max(part.name_en) AS name_en FROM city_pack_version AS pack"
    " CROSS JOIN (VALUES ('subsidies'), ('vouchers')) AS list (name)"
    " CROSS JOIN LATERAL jsonb_array_elements(COALESCE(pack.document -> 'rules' -> list.name, '[]')) AS entry (one)"
    " CROSS JOIN LATERAL (SELECT entry.one ->> 'name_zh' AS name_zh, entry.one ->> 'name_en' AS name_en) AS part"
    " WHERE jsonb_typeof(pack.document -> 'rules') = 'object' GROUP BY part.name_zh"
)
_cache: dict[tuple[int, int, str, str, str], CityRules] = {}
