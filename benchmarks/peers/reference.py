"""Compiles and calls the C++ reference, where there is a compiler."""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

SOURCE = Path(__file__).with_name("reference.cpp")
OUT = Path(__file__).resolve().parents[2] / ".local" / "bench"


class Reference:
    """The C++ walk over one graph; `missing` says why there is none."""

    def __init__(self) -> None:
        self.missing = "" if shutil.which("g++") else "no g++"
        self._walk: Any = None
        if not self.missing:
            self._walk = ctypes.CDLL(str(_compiled())).walk_bounded
            self._walk.restype = ctypes.c_int64

    def walk(self, graph: Any, nodes: Any, costs: Any, limit: float, best: Any, out: tuple[Any, Any]) -> int:
        """One circle, nearest first, into `out` (int32 nodes, float64 costs as long as the graph). How many."""
        return int(
            self._walk(
                *(_at(array) for array in (graph.indptr, graph.indices, graph.weights, nodes, costs)),
                ctypes.c_int64(len(nodes)),
                ctypes.c_double(limit),
                _at(best),
                ctypes.c_double(np.inf),
                *(_at(array) for array in out),
            )
        )


def _at(array: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _compiled() -> Path:
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    made = OUT / f"reference-{digest}.so"
    if not made.exists():
        OUT.mkdir(parents=True, exist_ok=True)
        command = ["g++", "-O3", "-march=native", "-std=c++17", "-shared", "-fPIC", str(SOURCE), "-o", str(made)]
        subprocess.run(command, check=True)
    return made
