"""pgRouting's driving distance over the same edges, in a database of its own, where the server has it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import psycopg

DATABASE = "yinling_bench_pgrouting"
WALK = "SELECT node, agg_cost FROM pgr_drivingDistance(%s, %s::bigint, %s::float8, false)"
EDGES = "SELECT id, source, target, cost FROM street WHERE span && box '({},{}),({},{})'"
ROOM_M = 100.0


class PgRouting:
    """Circles by pgr_drivingDistance, edges limited to a box around the door; `missing` says why there are none."""

    kind = "pgRouting"

    def __init__(self, graph: Any, nodes: list[int], limit: float) -> None:
        self._nodes, self._limit = nodes, limit
        room = limit + ROOM_M
        self._edges = [EDGES.format(x - room, y - room, x + room, y + room) for x, y in graph.places[nodes].tolist()]
        self._connection: psycopg.Connection[Any] | None = None
        self._address = os.environ.get("DATABASE_URL", "")
        self.missing = self._absent()
        if self.missing:
            return
        with psycopg.connect(self._address, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            server.execute(f"CREATE DATABASE {DATABASE}")
        self._connection = psycopg.connect(self._address, dbname=DATABASE, autocommit=True)
        try:
            self._connection.execute("CREATE EXTENSION pgrouting CASCADE")
            fill(self._connection, graph)
            self.walk()
        except psycopg.Error as error:
            self.missing = str(error).splitlines()[0]

    def _absent(self) -> str:
        if not self._address:
            return "no DATABASE_URL"
        try:
            with psycopg.connect(self._address) as server:
                known = server.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pgrouting'").fetchone()
        except psycopg.Error as error:
            return f"no database: {type(error).__name__}"
        return "" if known else "the server has no pgrouting (Debian: postgresql-15-pgrouting)"

    def walk(self) -> list[int]:
        """Walk all circles once; crossings found per circle."""
        assert self._connection is not None
        asked = zip(self._edges, self._nodes, strict=True)
        return [len(self._connection.execute(WALK, (edges, node, self._limit)).fetchall()) for edges, node in asked]

    def end(self) -> None:
        """Drop the database again."""
        if self._connection is not None:
            self._connection.close()
            with psycopg.connect(self._address, autocommit=True) as server:
                server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def fill(connection: psycopg.Connection[Any], graph: Any) -> None:
    """Lay the crossings and, once each, the streets with the boxes around them."""
    connection.execute("CREATE TABLE crossing (id bigint PRIMARY KEY, x float8, y float8)")
    connection.execute("CREATE TABLE street (id bigint, source bigint, target bigint, cost float8, span box)")
    tails = np.repeat(np.arange(graph.count), np.diff(graph.indptr))
    once = np.flatnonzero(tails < graph.indices)
    with connection.cursor().copy("COPY crossing FROM STDIN") as copy:
        for number, (x, y) in enumerate(graph.places.tolist()):
            copy.write_row((number, x, y))
    with connection.cursor().copy("COPY street FROM STDIN") as copy:
        for number, arc in enumerate(once.tolist()):
            tail, head = int(tails[arc]), int(graph.indices[arc])
            (x1, y1), (x2, y2) = graph.places[tail].tolist(), graph.places[head].tolist()
            copy.write_row((number, tail, head, float(graph.weights[arc]), f"({x1},{y1}),({x2},{y2})"))
    connection.execute("CREATE INDEX ON street USING gist (span)")
    connection.execute("ANALYZE street")
