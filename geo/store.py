"""Keeps a city's streets in PostGIS and hands them to the engine; PostGIS is the truth.

An import is one transaction: until it commits, the old network serves; if it fails, the old one stays.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from geo.errors import NoNetwork, UnreadableMap
from geo.files import graph_name, keep_graph, keep_network, network_name
from geo.gates import Gate, GateEffect, apply_gates, fingerprint
from geo.lines_words import LinesSource, is_lines_file
from geo.network import Network, build_network, read_network
from geo.osm_streets import Kept, Progress, told_ways
from geo.profiles import Profile
from geo.report import report_network
from geo.rows import edge_rows, read_inner_ways, read_streets, write_inner_ways, write_streets
from geo.squares import DETOUR, MOST_ENTRANCES
from geo.walkability import RULES
from geo.walking import WalkGraph, build_graph

KEEP_IN_MEMORY = 4
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class StoredVersion:
    """A version of a city's network as stored; `changed` says whether this call made it active.

    `content_key` names its content on every host; `gate_revision` counts the gates added and taken away in the
    city until now; `settled_gates` is the fingerprint of the gates that the stored edges follow.
    """

    id: int
    city_code: int
    name: str
    source_name: str
    source_sha256: str
    imported_at: datetime
    report: dict[str, Any]
    content_key: str = ""
    base_nodes: int = 0
    base_edges: int = 0
    settled_gates: str = ""
    gate_revision: int = 0
    changed: bool = False

    @property
    def revision(self) -> str:
        """What a circle was drawn on: the version and how many times the city's gates had changed."""
        return f"{self.id}.{self.gate_revision}"


def import_network(
    session: Session,
    now: datetime,
    path: str | Path,
    city_code: int,
    name: str,
    progress: Tell | None = None,
    lines: LinesSource | None = None,
    *,
    across: bool = False,
) -> StoredVersion:
    """Makes the streets of a map file the network of a city, replacing the one before in the same moment.

    OpenStreetMap files and, as `lines` says how to read them, a bureau's own lines. The same file, read the same
    way under the same walkability rules, changes nothing; a file imported earlier is put back instead of being
    stored twice. Squares of OpenStreetMap are walked by their outline, or straight `across`. `progress(stage, done,
    total)` has the stages "read" (ways of the file), "join" (one step), "nodes", "edges".
    Raises UnreadableMap; the caller's transaction then leaves the old network in place.
    """
    file = Path(path)
    sha256 = source_sha256(file, lines, across=across)
    _lock_city(session, city_code)
    known = _version_of_file(session, city_code, sha256)
    if known is not None:
        return _activate_known(session, known)
    tell = progress or _silent
    inner: list[Kept] = []
    if lines is None and not is_lines_file(file):
        network = read_network(file, _then_join(tell), inner, across=across)
    else:
        from geo.lines_reader import read_lines  # GDAL is heavy, and only an import of lines needs it

        drawn = read_lines(file, lines or LinesSource(), inner)
        network = build_network(told_ways(drawn, _then_join(tell)))
        if network.edge_count == 0:
            raise UnreadableMap(file.name, "文件中没有可步行的道路，请检查字段映射（--mapping）")
    tell("join", 1, 1)
    return _save(session, now, (network, inner), (city_code, name, file.name, sha256), tell)


def _then_join(tell: Tell) -> Progress:
    """Tell of the reading, and that the joining of what was read begins when it is over."""

    def told(done: int, total: int) -> None:
        tell("read", done, total)
        if done == total:
            tell("join", 0, 1)

    return told


def save_network(
    session: Session, now: datetime, network: Network, city_code: int, name: str, source_name: str, sha256: str
) -> StoredVersion:
    """Stores a network that is already in memory and makes it active; see import_network."""
    _lock_city(session, city_code)
    return _save(session, now, (network, []), (city_code, name, source_name, sha256), _silent)


def source_sha256(file: Path, lines: LinesSource | None, *, across: bool = False) -> str:
    """A fingerprint of a file and of how it is read; a shapefile is all its parts. Raises UnreadableMap."""
    if not file.is_file():
        raise UnreadableMap(file.name, "文件不存在")
    digest = hashlib.sha256()
    parts = sorted(file.parent.glob(f"{file.stem}.*")) if file.suffix.lower() == ".shp" else [file]
    for part in parts:
        with part.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    if across:
        digest.update(b"squares straight across")
    if lines is not None:
        digest.update(lines.told().encode())
    return digest.hexdigest()


def activate_version(session: Session, version_id: int) -> StoredVersion:
    """Puts a stored version back into service, e.g. after a bad import. Raises NoNetwork(version_id)."""
    rows = _versions(session, "id = :value", version_id)
    if not rows:
        raise NoNetwork(version_id)
    _lock_city(session, rows[0].city_code)
    return _activate_known(session, rows[0])


def restore_previous(session: Session, city_code: int) -> StoredVersion:
    """Puts the version before the active one back into service. Raises NoNetwork when there is none."""
    _lock_city(session, city_code)
    active = active_version(session, city_code)
    earlier = [version for version in _versions(session, "city_code = :value", city_code) if version.id < active.id]
    if not earlier:
        raise NoNetwork(city_code)
    return _activate_known(session, max(earlier, key=lambda version: version.id))


def active_version(session: Session, city_code: int) -> StoredVersion:
    """The version in service for a city. Raises NoNetwork."""
    rows = _versions(session, "active AND city_code = :value", city_code)
    if not rows:
        raise NoNetwork(city_code)
    return rows[0]


_memory: OrderedDict[str, Any] = OrderedDict()
_memory_lock = Lock()


def _remember(name: str, load: Callable[[], Any]) -> Any:
    with _memory_lock:
        if name in _memory:
            _memory.move_to_end(name)
            return _memory[name]
    loaded = load()
    with _memory_lock:
        _memory[name] = loaded
        while len(_memory) > 3 * KEEP_IN_MEMORY:
            _memory.popitem(last=False)
    return loaded


def load_network(session: Session, version: StoredVersion) -> Network:
    """The streets of a version as the gates of this moment leave them, mapped from this host's files.

    The last few stay open in the process for the next asker.
    """
    return load_streets(session, version)[1]


def load_streets(session: Session, version: StoredVersion) -> tuple[str, Network]:
    """The same with their name, by which graph_of finds what was built on them."""
    gates = gates_of(session, version.city_code)
    name = network_name(version.content_key, fingerprint(gates))
    return name, _network(session, version, gates, name)


def graph_of(name: str, network: Network, profile: Profile) -> WalkGraph:
    """Streets of a name as one profile walks them, mapped from this host's files."""
    own = graph_name(name, profile)
    graph: WalkGraph = _remember(own, lambda: keep_graph(own, network, profile, lambda: build_graph(network, profile)))
    return graph


def _network(session: Session, version: StoredVersion, gates: Sequence[Gate], name: str) -> Network:
    def as_drawn() -> Network:
        return read_streets(session, version.id, version.base_nodes, version.base_edges)

    def build() -> Network:
        if not gates:
            return as_drawn()
        base = keep_network(network_name(version.content_key, ""), as_drawn)
        return apply_gates(base, read_inner_ways(session, version.id), gates).network

    loaded: Network = _remember(name, lambda: keep_network(name, build))
    return loaded


def walk_graph(session: Session, version: StoredVersion, profile: Profile) -> WalkGraph:
    """The streets of a version, gates laid, as one profile walks them, mapped from this host's files."""
    return graph_of(*load_streets(session, version), profile)


def gates_of(session: Session, city_code: int) -> tuple[Gate, ...]:
    """The gates and barriers that hold in a city now, in the order they are laid."""
    rows = session.connection().execute(
        text(
            "SELECT id, kind, ST_X(geom), ST_Y(geom) FROM geo.network_gate"
            " WHERE city_code = :city AND removed_at IS NULL ORDER BY id"
        ),
        {"city": city_code},
    )
    return tuple(Gate(*row) for row in rows)


def gate_effects(session: Session, version: StoredVersion) -> dict[int, GateEffect]:
    """What each gate of a city does to the streets of a version, by the gate's number."""
    gates = gates_of(session, version.city_code)
    if not gates:
        return {}
    base = _network(session, version, (), network_name(version.content_key, ""))
    laid = apply_gates(base, read_inner_ways(session, version.id), gates)
    return {effect.gate_id: effect for effect in laid.effects}


def settle_gates(session: Session, version: StoredVersion) -> bool:
    """Lets the stored streets follow the gates; tell whether anything changed.

    Called in the transaction that also rebuilds what was computed from the streets (reach, snapped doors), so
    that the tables never speak of two states. Needs the rights of the house's own jobs.
    """
    gates = gates_of(session, version.city_code)
    if fingerprint(gates) == version.settled_gates:
        return False
    connection, facts = (
        session.connection(),
        {"version": version.id, "nodes": version.base_nodes, "edges": version.base_edges},
    )
    for statement in _UNSETTLE:
        connection.execute(text(statement), facts)
    if gates:
        base = _network(session, version, (), network_name(version.content_key, ""))
        laid = apply_gates(base, read_inner_ways(session, version.id), gates)
        _write_changes(session, version, laid.network, laid.changed)
    settled = text("UPDATE geo.network_version SET settled_gates = :gates WHERE id = :version")
    connection.execute(settled, {"gates": fingerprint(gates), "version": version.id})
    return True


_UNSETTLE = (
    "UPDATE geo.network_edge AS e SET u = b.u, v = b.v, length_m = b.length_m, osm_node_ids = b.osm_node_ids,"
    " geom = b.geom FROM geo.network_edge_before_gates AS b"
    " WHERE b.version_id = :version AND e.version_id = :version AND e.id = b.id",
    "DELETE FROM geo.network_edge WHERE version_id = :version AND id >= :edges",
    "DELETE FROM geo.network_node WHERE version_id = :version AND id >= :nodes",
    "DELETE FROM geo.network_edge_before_gates WHERE version_id = :version",
)


def _write_changes(session: Session, version: StoredVersion, network: Network, changed: Any) -> None:
    connection = session.connection()
    keep = text(
        "INSERT INTO geo.network_edge_before_gates (version_id, id, u, v, length_m, osm_node_ids, geom)"
        " SELECT version_id, id, u, v, length_m, osm_node_ids, geom FROM geo.network_edge"
        " WHERE version_id = :version AND id = ANY (:changed)"
    )
    connection.execute(keep, {"version": version.id, "changed": changed.tolist()})
    change = text(
        "UPDATE geo.network_edge SET u = :u, v = :v, length_m = :length, osm_node_ids = :ids,"
        " geom = CAST(:geom AS geometry) WHERE version_id = :version AND id = :id"
    )
    for row in edge_rows(version.id, network, np.asarray(changed, dtype=np.int64)):
        facts = {"id": row[1], "u": row[2], "v": row[3], "length": row[5], "ids": row[10], "geom": row[11]}
        connection.execute(change, facts | {"version": version.id})
    write_streets(session, version.id, network, _silent, after=(version.base_nodes, version.base_edges))


@lru_cache(maxsize=1)
def rules_sha256() -> str:
    """A fingerprint of the walkability table, so that a changed rule makes the same file a new version."""
    judged = [(rule.topic, rule.values, rule.verdict, rule.footway) for rule in RULES]
    return hashlib.sha256(json.dumps([judged, DETOUR, MOST_ENTRANCES]).encode()).hexdigest()


def _silent(stage: str, done: int, total: int) -> None:
    return None


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
            "SELECT id, city_code, name, source_name, source_sha256, imported_at, report, CAST(content_key AS text),"
            " base_nodes, base_edges, settled_gates, (SELECT count(*) + count(g.removed_at)"
            " FROM geo.network_gate AS g WHERE g.city_code = network_version.city_code)"
            f" FROM geo.network_version WHERE {condition} ORDER BY active DESC, id DESC"
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
    streets: tuple[Network, Sequence[Kept]],
    source: tuple[int, str, str, str],
    tell: Tell,
) -> StoredVersion:
    network, inner = streets
    city_code, name, source_name, sha256 = source
    report = report_network(network).as_json()
    version_id = (
        session.connection()
        .execute(
            text(
                "INSERT INTO geo.network_version (city_code, name, source_name, source_sha256, rules_sha256, imported_at,"
                " active, report, base_nodes, base_edges) VALUES (:city, :name, :source, :sha, :rules, :now, false,"
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
        )
        .scalar_one()
    )
    write_streets(session, version_id, network, tell)
    write_inner_ways(session, version_id, inner)
    return _activate_known(session, _versions(session, "id = :value", version_id)[0])
