"""A handful of elders and facilities on the real streets of Nanjing, for the tests of circles."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy import text
from sqlmodel import Session

from geo.network import build_network, geodesic_m
from geo.osm_reader import Way, read_ways
from geo.store import save_network
from geo.walkability import judge_way
from services.cities.actions import load_pack
from services.directory.tables import Facility, Provider
from services.people.tables import Elder, Person

ROOT = Path(__file__).resolve().parents[3]
STREETS = ROOT / "sample_data" / "osm" / "nanjing_xuanwu_2021-06.osm.xml.gz"
CITY = 320100000000000
STREET = 320102002000000
NEIGHBOUR_STREET = 320102003000000
WANG_HOME = (118.7790, 32.0410)
LAKE = (118.7890, 32.0440)
"""The middle of a lake of 350 m that the tests lay over the streets, so that somebody has no street near."""


@dataclass
class Quarter:
    """Ids of those who live and work here."""

    elders: dict[str, int]
    facilities: dict[str, int]


def lay_ground(session: Session, now: datetime, packs: tuple[str | Path, ...] = ("dongying", "nanjing_demo")) -> int:
    """Load the rules, and the streets but those in the lake, trusted as they are; give the network's version."""
    for pack in packs:
        path = ROOT / "sample_data" / "cities" / f"{pack}.toml" if isinstance(pack, str) else pack
        load_pack(session, now, path)
    judged = ((way, judge_way(way.tags)) for way in read_ways(STREETS))
    dry = [(way, verdict) for way, verdict in judged if verdict is not None and not _in_the_lake(way)]
    version = save_network(session, now, build_network(dry), CITY, "玄武", STREETS.name, "with-a-lake").id
    trust(session, version, "high")
    return version


def trust(session: Session, version_id: int, confidence: str) -> None:
    """Say that the map is good, or not: this extract is poor in footways, and tests of walks need a trusted one."""
    session.connection().execute(
        text(
            "UPDATE geo.network_version SET report = jsonb_set(report, '{confidence}', to_jsonb(CAST(:told AS text)))"
            " WHERE id = :id"
        ),
        {"told": confidence, "id": version_id},
    )


def mark_low(session: Session, version_id: int, community: int) -> None:
    """Say that one community's streets are poorly known."""
    session.connection().execute(
        text(
            "INSERT INTO geo.area_confidence (version_id, area_code, level, length_m, footway_share, usable_share,"
            " confidence, reasons, computed_at) VALUES (:id, :code, 'community', 100, 0, 1, 'low', '{}', now())"
            " ON CONFLICT (version_id, area_code) DO UPDATE SET confidence = 'low'"
        ),
        {"id": version_id, "code": community},
    )


def pastoral_pack(folder: Path, code: str) -> Path:
    """Write Dongying's rules with minutes switched off for one area."""
    rules = (ROOT / "sample_data" / "cities" / "dongying.toml").read_text(encoding="utf-8")
    off = (
        f'\n[[rules.areas_without_minutes]]\ncode = "{code}"\narea_level = "street"\nreason = "牧区，测试"\n'
        'source = "assumed"\n'
    )
    path = folder / "pastoral.toml"
    path.write_text(rules + off, encoding="utf-8")
    return path


def _in_the_lake(way: Way) -> bool:
    many = np.ones(len(way.lons))
    return bool(geodesic_m(way.lons, way.lats, LAKE[0] * many, LAKE[1] * many).min() < 350.0)


def add_elder(session: Session, now: datetime, name: str, home: tuple[float, float] | None, area: int = STREET) -> int:
    """Register an elder at (lon, lat)."""
    geom: Any = None if home is None else from_shape(Point(*home), srid=4326)
    person = Person(area_code=area, full_name=name, gender="female", home=geom, created_at=now)
    session.add(person)
    session.flush()
    assert person.id is not None
    session.add(
        Elder(person_id=person.id, area_code=area, living="alone", care_level=0, registered_on=date(2025, 1, 1))
    )
    session.flush()
    return person.id


def add_facility(
    session: Session,
    code: str,
    place: tuple[float, float],
    type_code: str,
    functions: tuple[str, ...],
    **facts: Any,
) -> int:
    """Open a facility at (lon, lat)."""
    provider = Provider(
        code=code, name=code, kind="company", area_code=STREET, phone="025-0000000", created_at=facts.pop("now")
    )
    session.add(provider)
    session.flush()
    facility = Facility(
        code=code,
        provider_id=provider.id,
        name=code,
        type_code=type_code,
        functions=list(functions),
        area_code=STREET,
        address="测试路1号",
        geom=from_shape(Point(*place), srid=4326),
        original_lon=place[0],
        original_lat=place[1],
        original_crs="wgs84",
        **facts,
    )
    session.add(facility)
    session.flush()
    assert facility.id is not None
    return facility.id
