"""A town in a database of its own: streets, facilities and elders nobody knows, laid in bulk and judged once."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import psycopg
from geoalchemy2.shape import from_shape
from psycopg import sql
from shapely import Point
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlmodel import Session

from benchmarks.graphs import ROOT, Graph, generated
from geo.network import build_network
from geo.osm_reader import Way
from geo.store import save_network
from geo.walkability import Walkable
from services.circles.actions import RefreshReport, refresh_reach
from services.cities.actions import load_pack
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.directory.tables import Facility, Provider

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CITY = 320100000000000
DISTRICT = 320102000000000
PACKS = ("dongying", "nanjing_demo")
COMMUNITIES_ACROSS = 15


@dataclass(frozen=True)
class Town:
    """Where it is, whom one may ask about, and what judging it found."""

    engine: Engine
    url: URL
    report: RefreshReport


@contextmanager
def own_database() -> Iterator[tuple[Engine, URL]]:
    """Lay the house's tables in a database of its own on the server of DATABASE_URL; drop it at the end."""
    server = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql")
    name = f"yl_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(_text(server.set(database="postgres")), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = server.set(database=name)
            env = os.environ | {"DATABASE_URL": _text(url)}
            program = "from services.migrating import upgrade; upgrade()"
            subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, check=True)
            engine = create_engine(url.set(drivername="postgresql+psycopg"))
            try:
                yield engine, url
            finally:
                engine.dispose()
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def vacuum(url: URL) -> None:
    """Leave the tables as autovacuum would after a while."""
    with psycopg.connect(_text(url), autocommit=True) as own:
        own.execute("VACUUM ANALYZE")


@contextmanager
def town(elders: int, facilities: int, crossings: int) -> Iterator[Town]:
    """Build it on the server of DATABASE_URL, judge every elder once, drop it at the end."""
    with own_database() as (engine, url):
        with Session(engine) as session:
            _lay(session, elders, facilities, generated(crossings))
            report = refresh_reach(session, NOW, CITY)
            session.commit()
        vacuum(url)
        yield Town(engine, url, report)


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _lay(session: Session, elders: int, facilities: int, graph: Graph) -> None:
    for pack in PACKS:
        load_pack(session, NOW, ROOT / "sample_data" / "cities" / f"{pack}.toml")
    _lay_streets(session, graph)
    chance = np.random.default_rng(7)
    low, high = graph.degrees.min(axis=0), graph.degrees.max(axis=0)
    _open_facilities(session, chance.uniform(low, high, (facilities, 2)), chance, (low, high))
    homes = chance.uniform(low, high, (elders, 2))
    codes = _communities(homes, (low, high))
    session.connection().execute(
        text(
            "INSERT INTO person (area_code, full_name, gender, home, language, invented, created_at)"
            " SELECT code, '老人', 'female', ST_SetSRID(ST_MakePoint(lon, lat), 4326), 'zh_CN', true, :now"
            " FROM unnest(CAST(:codes AS bigint[]), CAST(:lons AS float8[]), CAST(:lats AS float8[])) AS t(code, lon, lat)"
        ),
        {"codes": codes.tolist(), "lons": homes[:, 0].tolist(), "lats": homes[:, 1].tolist(), "now": NOW},
    )
    session.connection().execute(
        text(
            "INSERT INTO elder (person_id, area_code, living, care_level, groups, registered_on)"
            " SELECT id, area_code, 'alone', 0, '{}', DATE '2025-01-01' FROM person WHERE full_name = '老人'"
        )
    )


def _communities(places: np.ndarray, box: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Fifteen streets of fifteen communities in a grid: int64 (p,)."""
    column, row = np.minimum((places - box[0]) / (box[1] - box[0]) * COMMUNITIES_ACROSS, COMMUNITIES_ACROSS - 1).T
    return np.asarray(DISTRICT + (column.astype(np.int64) + 1) * 10**6 + (row.astype(np.int64) + 1) * 10**3)


def _lay_streets(session: Session, graph: Graph) -> None:
    tails = np.repeat(np.arange(graph.count), np.diff(graph.indptr))
    once = np.flatnonzero(tails < graph.indices)
    walked = Walkable("footway", False, True)
    ways = (
        (Way(number + 1, pair + 1, graph.degrees[pair, 0], graph.degrees[pair, 1], {}), walked)
        for number, pair in enumerate(np.column_stack([tails[once], graph.indices[once]]).astype(np.int64))
    )
    save_network(session, NOW, build_network(ways), CITY, "town", "town", "town")


def _open_facilities(
    session: Session, places: np.ndarray, chance: np.random.Generator, box: tuple[np.ndarray, np.ndarray]
) -> None:
    """Open facilities of every kind that a circle of the city asks for, with the functions it must have."""
    rules = rules_in_force(session, CITY, civil_date(NOW))
    kinds = sorted({kind for tier in rules.tiers for kind in rules.types_for_tier(tier.code).items()})
    codes = _communities(places, box).tolist()
    provider = Provider(code="town", name="town", kind="company", area_code=DISTRICT, phone="025", created_at=NOW)
    session.add(provider)
    session.flush()
    for number, ((lon, lat), area) in enumerate(zip(places.tolist(), codes, strict=True)):
        kind, functions = kinds[int(chance.integers(len(kinds)))]
        place = {"geom": from_shape(Point(lon, lat), srid=4326), "original_lon": lon, "original_lat": lat}
        name = f"F{number}"
        session.add(
            Facility(
                code=name,
                provider_id=provider.id,
                name=name,
                type_code=kind,
                functions=list(functions),
                area_code=area,
                address="1",
                original_crs="wgs84",
                **place,
            )
        )
    session.flush()
