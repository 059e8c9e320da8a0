"""The circle of a door as programs read it: snapped place, map points, pieces of streets, outlines."""

from typing import Any

import numpy as np

from geo.circles import Circle, costs_along_shapes, draw_circle, shrink
from geo.errors import NoSuchMinutes, NotSnapped
from geo.polygons import circle_polygon
from geo.snap import SNAP_LIMIT_M, Snapper
from geo.walking import WalkGraph

LONGEST_MINUTES = 120
GB50180_LIMIT_M = {5: 300.0, 10: 500.0, 15: 1000.0}
"""GB 50180-2018: the five-, ten- and fifteen-minute circles as distances along the streets."""


def limit_of(graph: WalkGraph, minutes: int) -> float:
    """The limit of a circle of so many minutes: seconds, or metres of GB 50180. Raises NoSuchMinutes."""
    if graph.profile.measure == "seconds":
        if not 0 < minutes <= LONGEST_MINUTES:
            raise NoSuchMinutes(minutes, f"1 至 {LONGEST_MINUTES}")
        return 60.0 * minutes
    if minutes not in GB50180_LIMIT_M:
        raise NoSuchMinutes(minutes, "、".join(map(str, GB50180_LIMIT_M)))
    return GB50180_LIMIT_M[minutes]


def answer_circles(
    graph: WalkGraph, snapper: Snapper, lon: float, lat: float, minutes: list[int], *, outlines: bool = True
) -> dict[str, Any]:
    """Every place within the minutes of a door at (lon, lat) WGS-84, ready for JSON.

    `nodes` are all OpenStreetMap points on walkable ways within the largest limit, each once, with exact
    `seconds` (`metres` for a distance profile); `edges` are pieces in the direction she walks them, fractions
    counted from `from`, with the cost on arriving at `to_fraction`; `polygons` one outline per number of
    minutes. Raises NotSnapped, NoSuchMinutes.
    """
    limits = {number: limit_of(graph, number) for number in sorted(set(minutes))}
    origin = snapper.snap(lon, lat)
    if not origin.found[0]:
        raise NotSnapped(lon, lat, SNAP_LIMIT_M)
    circle = draw_circle(graph, origin, max(limits.values()))
    polygons = {str(number): circle_polygon(shrink(circle, limit)) for number, limit in limits.items() if outlines}
    return {
        "snapped": {
            "lon": float(origin.lons[0]),
            "lat": float(origin.lats[0]),
            "distance_m": float(origin.distance_m[0]),
        },
        "profile": graph.profile.code,
        "limits": {str(number): limit for number, limit in limits.items()},
        "nodes": _nodes(circle),
        "edges": _edges(circle),
        "polygons": polygons,
    }


def _nodes(circle: Circle) -> list[dict[str, Any]]:
    network, measure = circle.graph.network, circle.graph.profile.measure
    cost = costs_along_shapes(circle)
    order = np.argsort(cost, kind="stable")
    order = order[np.isfinite(cost[order])]
    ids, first = np.unique(network.shape_osm_ids[order], return_index=True)
    picks = order[np.sort(first)]
    return [
        {"osm_id": osm_id, "lon": lon, "lat": lat, measure: seconds}
        for osm_id, lon, lat, seconds in zip(
            network.shape_osm_ids[picks].tolist(),
            network.shape_lons[picks].tolist(),
            network.shape_lats[picks].tolist(),
            cost[picks].tolist(),
            strict=True,
        )
    ]


def _edges(circle: Circle) -> list[dict[str, Any]]:
    network, pieces, measure = circle.graph.network, circle.pieces, circle.graph.profile.measure
    forward = pieces.end >= pieces.start
    tail = np.where(forward, network.edge_u[pieces.edge], network.edge_v[pieces.edge])
    head = np.where(forward, network.edge_v[pieces.edge], network.edge_u[pieces.edge])
    columns = (
        network.edge_way_ids[pieces.edge].tolist(),
        network.node_osm_ids[tail].tolist(),
        network.node_osm_ids[head].tolist(),
        np.where(forward, pieces.start, 1.0 - pieces.start).tolist(),
        np.where(forward, pieces.end, 1.0 - pieces.end).tolist(),
        pieces.costs.tolist(),
    )
    names = ("way_id", "from", "to", "from_fraction", "to_fraction", measure)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
