"""Keeps a city's streets in PostGIS and hands them to the engine; PostGIS is the truth.

An import is one transaction: until it commits, the old network serves; if it fails, the old one stays.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import shapely
from sqlalchemy import text
from sqlmodel import Session

from geo.errors import NoNetwork, UnreadableMap
from geo.network import Network, read_network
from geo.report import report_network
from geo.squares import DETOUR, MOST_ENTRANCES
from geo.walkability import RULES

KEEP_IN_MEMORY = 4


@dataclass(frozen=True)
class StoredVersion:
    """A version of a city's network as stored; `changed` says whether this call made it active."""

    id: int
    city_code: int
    name: str
    source_name: str
    source_sha256: str
    imported_at: datetime
    report: dict[str, Any]
    changed: bool = False


def import_network(
    session: Session,
    now: datetime,
    path: str | Path,
    city_code: int,
    name: str,
    progress: Callable[[str, int, int], None] | None = None,
) -> StoredVersion:
    """Makes the streets of a map file the network of a city, replacing the one before in the same moment.

    The same file under the same walkability rules changes nothing; a file imported earlier is put back instead
    of being stored twice. `progress(stage, done, total)` has the stages "read", "nodes", "edges".
    Raises UnreadableMap; the caller's transaction then leaves the old network in place.
    """
    file = Path(path)
    if not file.is_file():
        raise UnreadableMap(file.name, "文件不存在")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    _lock_city(session, city_code)
    known = _version_of_file(session, city_code, sha256)
    if known is not None:
        return _activate_known(session, known)
    tell = progress or (lambda stage, done, total: None)
    network = read_network(file, lambda done: tell("read", done, 0))
    return _save(session, now, network, (city_code, name, file.name, sha256), tell)


def save_network(
    session: Session, now: datetime, network: Network, city_code: int, name: str, source_name: str, sha256: str
) -> StoredVersion:
    """Stores a network that is already in memory and makes it active; see import_network."""
    _lock_city(session, city_code)
    return _save(session, now, network, (city_code, name, source_name, sha256), lambda stage, done, total: None)


def activate_version(session: Session, version_id: int) -> StoredVersion:
    """Puts a stored version back into service, e.g. after a bad import. Raises NoNetwork(version_id)."""
    rows = _versions(session, "id = :value", version_id)
    if not rows:
        raise NoNetwork(version_id)
    _lock_city(session, rows[0].city_code)
    return _activate_known(session, rows[0])


def active_version(session: Session, city_code: int) -> StoredVersion:
    """The version in service for a city. Raises NoNetwork."""
    rows = _versions(session, "active AND city_code = :value", city_code)
    if not rows:
        raise NoNetwork(city_code)
    return rows[0]


_memory: OrderedDict[tuple[str, int, str], Network] = OrderedDict()
_memory_lock = Lock()


def load_network(session: Session, version: StoredVersion) -> Network:
    """The streets of a version in memory; the last few stay there for the next asker."""
    key = (str(session.get_bind().engine.url), version.id, version.imported_at.isoformat())
    with _memory_lock:
        if key in _memory:
            _memory.move_to_end(key)
            return _memory[key]
    network = _load(session, version.id)
    with _memory_lock:
        _memory[key] = network
        while len(_memory) > KEEP_IN_MEMORY:
            _memory.popitem(last=False)
    return network


@lru_cache(maxsize=1)
def rules_sha256() -> str:
    """A fingerprint of the walkability table, so that a changed rule makes the same file a new version."""
    judged = [(rule.topic, rule.values, rule.verdict, rule.footway) for rule in RULES]
    return hashlib.sha256(json.dumps([judged, DETOUR, MOST_ENTRANCES]).encode()).hexdigest()


def _lock_city(session: Session, city_code: int) -> None:
    """Two imports of one city wait for each other."""
    session.connection().execute(text("SELECT pg_advisory_xact_lock(7305, hashint8(:city))"), {"city": city_code})


def _version_of_file(session: Session, city_code: int, sha256: str) -> StoredVersion | None:
    condition = "city_code = :value AND source_sha256 = :sha AND rules_sha256 = :rules"
    rows = _versions(session, condition, city_code, sha=sha256, rules=rules_sha256())
    return rows[0] if rows else None


def _versions(session: Session, condition: str, value: int, **more: str) -> list[StoredVersion]:
    found = session.connection().execute(
        text(
            "SELECT id, city_code, name, source_name, source_sha256, imported_at, report "
            f"FROM geo.network_version WHERE {condition} ORDER BY active DESC, id DESC"
        ),
        {"value": value, **more},
    )
    return [StoredVersion(*row) for row in found]


def _activate_known(session: Session, version: StoredVersion) -> StoredVersion:
    connection = session.connection()
    facts = {"id": version.id, "city": version.city_code}
    off = text("UPDATE geo.network_version SET active = false WHERE city_code = :city AND active AND id <> :id")
    connection.execute(off, facts)
    on = connection.execute(text("UPDATE geo.network_version SET active = true WHERE id = :id AND NOT active"), facts)
    return replace(version, changed=on.rowcount > 0)


def _save(
    session: Session,
    now: datetime,
    network: Network,
    source: tuple[int, str, str, str],
    tell: Callable[[str, int, int], None],
) -> StoredVersion:
    city_code, name, source_name, sha256 = source
    report = report_network(network).as_json()
    connection = session.connection()
    version_id = connection.execute(
        text(
            "INSERT INTO geo.network_version"
            " (city_code, name, source_name, source_sha256, rules_sha256, imported_at, active, report,"
            " base_nodes, base_edges) VALUES (:city, :name, :source, :sha, :rules, :now, false,"
            " CAST(:report AS jsonb), :nodes, :edges) RETURNING id"
        ),
        {
            "city": city_code,
            "name": name,
            "source": source_name,
            "sha": sha256,
            "rules": rules_sha256(),
            "now": now,
            "report": json.dumps(report, ensure_ascii=False),
            "nodes": network.node_count,
            "edges": network.edge_count,
        },
    ).scalar_one()
    cursor = connection.connection.cursor()
    nodes = "COPY geo.network_node (version_id, id, osm_id, component, geom) FROM STDIN"
    _copy(cursor, nodes, _node_rows(version_id, network), lambda done: tell("nodes", done, network.node_count))
    edges = (
        "COPY geo.network_edge (version_id, id, u, v, way_id, length_m, highway, is_steps, is_footway,"
        " component, osm_node_ids, geom) FROM STDIN"
    )
    _copy(cursor, edges, _edge_rows(version_id, network), lambda done: tell("edges", done, network.edge_count))
    stored = StoredVersion(version_id, city_code, name, source_name, sha256, now, report)
    return _activate_known(session, stored)


def _copy(cursor: Any, command: str, rows: Iterator[tuple[Any, ...]], tell: Callable[[int], None]) -> None:
    done = 0
    with cursor.copy(command) as copy:
        for done, row in enumerate(rows, start=1):
            copy.write_row(row)
            if done % 5000 == 0:
                tell(done)
    tell(done)


def _node_rows(version_id: int, network: Network) -> Iterator[tuple[Any, ...]]:
    points = shapely.set_srid(np.asarray(shapely.points(network.node_lons, network.node_lats)), 4326)
    geoms = shapely.to_wkb(points, hex=True, include_srid=True)
    columns = (network.node_osm_ids.tolist(), network.node_component.tolist(), geoms.tolist())
    for position, (osm_id, component, geom) in enumerate(zip(*columns, strict=True)):
        yield version_id, position, osm_id, component, geom


def _edge_rows(version_id: int, network: Network) -> Iterator[tuple[Any, ...]]:
    geoms = shapely.to_wkb(shapely.set_srid(network.lines(), 4326), hex=True, include_srid=True)
    offsets = network.shape_offsets
    columns = (
        network.edge_u.tolist(),
        network.edge_v.tolist(),
        network.edge_way_ids.tolist(),
        network.edge_length_m.tolist(),
        [network.class_names[kind] for kind in network.edge_class],
        network.edge_is_steps.tolist(),
        network.edge_is_footway.tolist(),
        network.edge_component.tolist(),
        [network.shape_osm_ids[a:b].tolist() for a, b in zip(offsets[:-1], offsets[1:], strict=True)],
        geoms.tolist(),
    )
    for position, row in enumerate(zip(*columns, strict=True)):
        yield (version_id, position, *row)


def _load(session: Session, version_id: int) -> Network:
    connection, facts = session.connection(), {"id": version_id}
    nodes = connection.execute(
        text(
            "SELECT osm_id, component, ST_X(geom), ST_Y(geom) FROM geo.network_node WHERE version_id = :id ORDER BY id"
        ),
        facts,
    ).all()
    edges = connection.execute(
        text(
            "SELECT u, v, way_id, length_m, highway, is_steps, is_footway, osm_node_ids, ST_AsBinary(geom)"
            " FROM geo.network_edge WHERE version_id = :id ORDER BY id"
        ),
        facts,
    ).all()
    osm_ids, components, lons, lats = zip(*nodes, strict=True)
    u, v, way_ids, lengths, kinds, steps, footways, shape_ids, shapes = zip(*edges, strict=True)
    names, classes = np.unique(np.array(kinds), return_inverse=True)
    coordinates = shapely.get_coordinates(shapely.from_wkb([bytes(shape) for shape in shapes]))
    return Network(
        node_osm_ids=np.array(osm_ids, dtype=np.int64),
        node_lons=np.array(lons),
        node_lats=np.array(lats),
        node_component=np.array(components, dtype=np.int32),
        edge_u=np.array(u, dtype=np.int32),
        edge_v=np.array(v, dtype=np.int32),
        edge_way_ids=np.array(way_ids, dtype=np.int64),
        edge_length_m=np.array(lengths),
        edge_class=classes.astype(np.int32),
        class_names=tuple(str(name) for name in names),
        edge_is_steps=np.array(steps, dtype=bool),
        edge_is_footway=np.array(footways, dtype=bool),
        shape_offsets=np.concatenate([[0], np.cumsum([len(ids) for ids in shape_ids])]).astype(np.int64),
        shape_osm_ids=np.concatenate([np.array(ids, dtype=np.int64) for ids in shape_ids]),
        shape_lons=coordinates[:, 0].copy(),
        shape_lats=coordinates[:, 1].copy(),
    )
