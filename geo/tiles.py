"""Vector tiles of the streets and of a circle, made by PostGIS itself (Mapbox Vector Tile, web mercator).

z, x, y as in every web map; layers carry only what the map paints. Nobody's home is ever in a tile.
"""

import json
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel import Session

NETWORK_FROM_ZOOM = 11
MAIN_CLASSES = ("trunk", "primary", "secondary", "tertiary")
ALL_FROM_ZOOM = 14


def layer_tile(layer: str, attributes: str, rows_sql: str) -> TextClause:
    """The statement that makes one layer: `rows_sql` must select `geom` (4326) and the named attributes.

    Parameters of the statement: z, x, y and whatever `rows_sql` names. In `rows_sql` the tile's own outline
    is available as `tile.box` (4326), with a margin of 64/4096 so that lines do not break at the border.
    """
    return text(
        "WITH tile AS (SELECT ST_TileEnvelope(:z, :x, :y) AS mercator,"
        " ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 64.0 / 4096), 4326) AS box),"
        f" wanted AS ({rows_sql}),"
        f" clipped AS (SELECT {attributes},"
        " ST_AsMVTGeom(ST_Transform(wanted.geom, 3857), tile.mercator, 4096, 64, true) AS shape FROM wanted, tile)"
        f" SELECT ST_AsMVT(clipped.*, '{layer}', 4096, 'shape') FROM clipped WHERE shape IS NOT NULL"
    )


NETWORK_TILE = layer_tile(
    "network",
    "edge_id, highway, is_footway, is_steps",
    "SELECT e.id AS edge_id, e.highway, e.is_footway, e.is_steps, e.geom FROM geo.network_edge AS e, tile"
    " WHERE e.version_id = :version AND e.geom && tile.box"
    " AND (:z >= 14 OR e.highway = ANY (CAST(:main AS text[])))",
)
CIRCLE_TILE = layer_tile(
    "circle",
    "minutes",
    "SELECT CAST(c.key AS int) AS minutes, ST_SetSRID(ST_GeomFromGeoJSON(c.value), 4326) AS geom"
    " FROM jsonb_each_text(CAST(:polygons AS jsonb)) AS c ORDER BY 1 DESC",
)

FEATURE_ROWS = (
    "SELECT f.value->'properties' AS properties, g.geom FROM tile,"
    " jsonb_array_elements(CAST(:features AS jsonb)) AS f CROSS JOIN LATERAL"
    " (SELECT ST_SetSRID(ST_GeomFromGeoJSON(f.value->>'geometry'), 4326) AS geom) AS g WHERE g.geom && tile.box"
)


def feature_tile(session: Session, layer: str, features: list[dict[str, Any]], z: int, x: int, y: int) -> bytes:
    """GeoJSON features (WGS-84 degrees) as one layer of a tile, their properties as they are. `layer` is a fixed name."""
    facts = {"z": z, "x": x, "y": y, "features": json.dumps(features)}
    statement = layer_tile(layer, "properties", FEATURE_ROWS)
    return bytes(session.connection().execute(statement, facts).scalar_one() or b"")


def network_tile(session: Session, version_id: int, z: int, x: int, y: int) -> bytes:
    """The streets of a network version in one tile: main streets from zoom 11, all of them from zoom 14."""
    if z < NETWORK_FROM_ZOOM:
        return b""
    facts: dict[str, Any] = {"z": z, "x": x, "y": y, "version": version_id, "main": list(MAIN_CLASSES)}
    return bytes(session.connection().execute(NETWORK_TILE, facts).scalar_one() or b"")


def circle_tile(session: Session, polygons: dict[str, Any], z: int, x: int, y: int) -> bytes:
    """The outlines of a circle (geo.answer's `polygons`: minutes to GeoJSON) in one tile."""
    facts = {"z": z, "x": x, "y": y, "polygons": json.dumps(polygons)}
    return bytes(session.connection().execute(CIRCLE_TILE, facts).scalar_one() or b"")
