"""Streets between memory and PostGIS, many at a time: COPY in, concatenated columns out.

A city of a million crossings goes through in pieces, so that neither way needs more memory than its arrays.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import text
from sqlmodel import Session

from geo.network import Network, number_components
from geo.osm_reader import Way
from geo.osm_streets import Kept
from geo.walkability import Walkable

CHUNK = 50_000
_HEADER = 9
"""Bytes before the coordinates of a little-endian WKB line: order, type, number of points."""
_EDGE_COLUMNS = (
    "version_id, id, u, v, way_id, length_m, highway, is_steps, is_footway, component, osm_node_ids, geom, no_wheels"
)

Tell = Callable[[str, int, int], None]


def write_streets(
    session: Session, version_id: int, network: Network, tell: Tell, after: tuple[int, int] = (0, 0)
) -> None:
    """Store crossings and edges, those from the numbers `after` on; tells ("nodes"|"edges", done, total)."""
    nodes = "COPY geo.network_node (version_id, id, osm_id, component, geom) FROM STDIN"
    for first in range(after[0], network.node_count, CHUNK):
        _copy(session, nodes, _node_rows(version_id, network, first, min(first + CHUNK, network.node_count)))
        tell("nodes", min(first + CHUNK, network.node_count), network.node_count)
    for first in range(after[1], network.edge_count, CHUNK):
        last = min(first + CHUNK, network.edge_count)
        picks = np.arange(first, last)
        _copy(session, f"COPY geo.network_edge ({_EDGE_COLUMNS}) FROM STDIN", edge_rows(version_id, network, picks))
        tell("edges", last, network.edge_count)


def write_inner_ways(session: Session, version_id: int, inner: Sequence[Kept]) -> None:
    """Store the lanes for residents only."""
    columns = "version_id, id, way_id, highway, is_steps, is_footway, no_wheels, osm_node_ids, geom"
    rows = (
        (version_id, k, way.way_id, *_judged(verdict), way.point_ids.tolist(), geom)
        for k, ((way, verdict), geom) in enumerate(
            zip(inner, _hex(np.array([shapely.linestrings(way.lons, way.lats) for way, _ in inner])), strict=True)
        )
    )
    _copy(session, f"COPY geo.inner_way ({columns}) FROM STDIN", rows)


def _judged(verdict: Walkable) -> tuple[str, bool, bool, bool]:
    return verdict.highway, verdict.is_steps, verdict.is_footway, verdict.no_wheels


def _copy(session: Session, command: str, rows: Iterable[tuple[Any, ...]]) -> None:
    cursor: Any = session.connection().connection.cursor()
    with cursor.copy(command) as copy:
        for row in rows:
            copy.write_row(row)


def _hex(shapes: npt.NDArray[Any]) -> list[str]:
    if len(shapes) == 0:
        return []
    return [str(geom) for geom in shapely.to_wkb(shapely.set_srid(shapes, 4326), hex=True, include_srid=True)]


def _node_rows(version_id: int, network: Network, first: int, last: int) -> Iterator[tuple[Any, ...]]:
    part = slice(first, last)
    geoms = _hex(np.asarray(shapely.points(network.node_lons[part], network.node_lats[part])))
    columns = (network.node_osm_ids[part].tolist(), network.node_component[part].tolist(), geoms)
    for position, (osm_id, component, geom) in enumerate(zip(*columns, strict=True), start=first):
        yield version_id, position, osm_id, component, geom


def edge_rows(version_id: int, network: Network, picks: npt.NDArray[np.int64]) -> Iterator[tuple[Any, ...]]:
    """The rows of some edges as geo.network_edge has its columns, in order."""
    offsets = network.shape_offsets
    counts = (offsets[picks + 1] - offsets[picks]).astype(np.int64)
    bounds = np.concatenate([[0], np.cumsum(counts)])
    points = np.repeat(offsets[picks] - bounds[:-1], counts) + np.arange(bounds[-1])
    places = np.column_stack([network.shape_lons[points], network.shape_lats[points]])
    lines = shapely.linestrings(places, indices=np.repeat(np.arange(len(picks)), counts))
    ids = network.shape_osm_ids[points].tolist()
    columns = (
        picks.tolist(),
        network.edge_u[picks].tolist(),
        network.edge_v[picks].tolist(),
        network.edge_way_ids[picks].tolist(),
        network.edge_length_m[picks].tolist(),
        [network.class_names[kind] for kind in network.edge_class[picks].tolist()],
        network.edge_is_steps[picks].tolist(),
        network.edge_is_footway[picks].tolist(),
        network.node_component[network.edge_u[picks]].tolist(),
        [ids[a:b] for a, b in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)],
        _hex(np.asarray(lines)),
        network.edge_no_wheels[picks].tolist(),
    )
    for row in zip(*columns, strict=True):
        yield (version_id, *row)


_NODES = """
SELECT string_agg(int4send(id), ''), string_agg(int8send(osm_id), ''), string_agg(float8send(ST_X(geom)), ''),
       string_agg(float8send(ST_Y(geom)), '')
FROM (SELECT id, osm_id, geom FROM geo.network_node WHERE version_id = %(version)s AND id >= %(first)s AND id < %(last)s
      ORDER BY id) AS t
"""
_EDGES = """
SELECT string_agg(int4send(id), ''), string_agg(int4send(u), ''), string_agg(int4send(v), ''),
       string_agg(int8send(way_id), ''), string_agg(float8send(length_m), ''),
       string_agg(int4send(array_position(%(names)s::text[], highway)), ''), string_agg(boolsend(is_steps), ''),
       string_agg(boolsend(is_footway), ''), string_agg(boolsend(no_wheels), ''),
       string_agg(int4send(cardinality(osm_node_ids)), ''),
       string_agg(substr(array_send(osm_node_ids), 21), ''), string_agg(ST_AsBinary(geom, 'NDR'), '')
FROM (SELECT e.id, COALESCE(b.u, e.u) AS u, COALESCE(b.v, e.v) AS v, e.way_id, COALESCE(b.length_m, e.length_m) AS length_m,
             e.highway, e.is_steps, e.is_footway, e.no_wheels, COALESCE(b.osm_node_ids, e.osm_node_ids) AS osm_node_ids,
             COALESCE(b.geom, e.geom) AS geom
      FROM geo.network_edge AS e
      LEFT JOIN geo.network_edge_before_gates AS b ON b.version_id = e.version_id AND b.id = e.id
      WHERE e.version_id = %(version)s AND e.id >= %(first)s AND e.id < %(last)s ORDER BY e.id) AS t
"""


def read_streets(session: Session, version_id: int, node_count: int, edge_count: int) -> Network:
    """The streets of a version as the map has them, without any gate, in memory."""
    nodes = [_fetch(session, _NODES, version_id, first, node_count) for first in range(0, node_count, CHUNK)]
    osm_ids, lons, lats = (_joined([row[k] for row in nodes], kind) for k, kind in ((1, ">i8"), (2, ">f8"), (3, ">f8")))
    del nodes
    names = _class_names(session, version_id)
    parts = [
        _edge_part(_fetch(session, _EDGES, version_id, first, edge_count, names))
        for first in range(0, edge_count, CHUNK)
    ]
    u, v, ways, lengths, kinds, steps, footways, no_wheels, counts, ids, shape_lons, shape_lats = (
        np.concatenate([part[k] for part in parts]) for k in range(12)
    )
    del parts
    return Network(
        node_osm_ids=osm_ids,
        node_lons=lons,
        node_lats=lats,
        node_component=number_components(node_count, u, v),
        edge_u=u,
        edge_v=v,
        edge_way_ids=ways,
        edge_length_m=lengths,
        edge_class=kinds - 1,
        class_names=names,
        edge_is_steps=steps,
        edge_is_footway=footways,
        edge_no_wheels=no_wheels,
        shape_offsets=np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]),
        shape_osm_ids=ids,
        shape_lons=shape_lons,
        shape_lats=shape_lats,
    )


def read_inner_ways(session: Session, version_id: int) -> list[Kept]:
    """The lanes for residents only, as they were written."""
    rows = session.connection().execute(
        text(
            "SELECT way_id, highway, is_steps, is_footway, no_wheels, osm_node_ids, ST_AsBinary(geom) FROM geo.inner_way"
            " WHERE version_id = :version ORDER BY id"
        ),
        {"version": version_id},
    )
    kept = []
    for way_id, highway, is_steps, is_footway, no_wheels, ids, geom in rows:
        places = shapely.get_coordinates(shapely.from_wkb(bytes(geom)))
        way = Way(way_id, np.array(ids, dtype=np.int64), places[:, 0].copy(), places[:, 1].copy(), {})
        kept.append((way, Walkable(highway, is_steps, is_footway, no_wheels)))
    return kept


def _class_names(session: Session, version_id: int) -> tuple[str, ...]:
    distinct = text("SELECT DISTINCT highway FROM geo.network_edge WHERE version_id = :version ORDER BY 1")
    return tuple(sorted(session.connection().execute(distinct, {"version": version_id}).scalars()))


def _fetch(session: Session, command: str, version_id: int, first: int, count: int, names: Sequence[str] = ()) -> Any:
    cursor: Any = session.connection().connection.cursor(binary=True)
    facts = {"version": version_id, "first": first, "last": min(first + CHUNK, count)}
    row = cursor.execute(command, facts | ({"names": list(names)} if names else {})).fetchone()
    numbers = np.frombuffer(row[0] or b"", dtype=">i4")
    if not np.array_equal(numbers, np.arange(first, facts["last"])):
        raise RuntimeError(f"network version {version_id}: rows {first}..{facts['last']} are not whole")
    return row


def _joined(pieces: list[bytes], kind: str) -> npt.NDArray[Any]:
    native = np.dtype(kind).newbyteorder("=")
    return np.concatenate(
        [np.frombuffer(piece, dtype=kind).astype(native) for piece in pieces] or [np.zeros(0, native)]
    )


def _edge_part(row: Any) -> list[npt.NDArray[Any]]:
    kinds = ((1, ">i4"), (2, ">i4"), (3, ">i8"), (4, ">f8"), (5, ">i4"), (6, "?"), (7, "?"), (8, "?"), (9, ">i4"))
    columns = [_joined([row[k]], kind) for k, kind in kinds]
    elements = np.frombuffer(row[10], dtype=np.uint8).reshape(-1, 12)[:, 4:]
    ids = np.ascontiguousarray(elements).view(">i8").ravel().astype(np.int64)
    places = _places(np.frombuffer(row[11], dtype=np.uint8), columns[8])
    return [*columns, ids, places[:, 0].copy(), places[:, 1].copy()]


def _places(wkb: npt.NDArray[np.uint8], counts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The coordinates of lines laid end to end as little-endian WKB; float64 (k, 2)."""
    sizes = _HEADER + 16 * counts.astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    is_place = np.ones(len(wkb), dtype=bool)
    for byte in range(_HEADER):
        is_place[starts + byte] = False
    return np.asarray(wkb[is_place].view("<f8").reshape(-1, 2).astype(np.float64))
