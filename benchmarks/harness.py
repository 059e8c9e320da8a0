"""Measure what an elder, an officer or a program waits for, and compare fairly.

What is compared runs interleaved in one process, after a warm-up, several rounds, and medians are shown:
a machine that is slow for a minute is then slow for every case alike.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import psycopg
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / ".local" / "bench"
PEERS = "--peers"


class Row(TypedDict):
    """One line of a benchmark: the case, its value in a unit, and how many times `against`'s value it is."""

    case: str
    value: float
    unit: str
    against: str | None
    ratio: float | None


def compare(
    cases: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 7,
    warm_up: int = 1,
    unit: str = "ms",
    against: str | None = None,
) -> list[Row]:
    """Time each case `rounds` times, interleaved, after `warm_up` rounds that do not count; give medians.

    `unit` is "s", "ms" or "µs" of one call. `against` names the case the others are compared with (the
    first one if None): ratio = value / value of `against`. Raises ValueError on no case or no round.
    """
    if not cases or rounds < 1:
        raise ValueError("a comparison needs at least one case and one round")
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    names = list(cases)
    for turn in range(warm_up + rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:  # nobody always comes first
            spent = time_once(cases[name])
            if turn >= warm_up:
                seconds[name].append(spent)
    scale = {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
    medians = {name: statistics.median(spent) * scale for name, spent in seconds.items()}
    measure = against or names[0]
    return [row(name, value, unit, *_ratio(name, value, measure, medians)) for name, value in medians.items()]


def time_once(call: Callable[[], object]) -> float:
    """Give the wall seconds of one call, with the garbage collector kept out of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began
    finally:
        if was_on:
            gc.enable()


def row(case: str, value: float, unit: str, against: str | None = None, ratio: float | None = None) -> Row:
    """Make one line, rounded to four significant digits."""
    return Row(
        case=case, value=_round(value), unit=unit, against=against, ratio=None if ratio is None else _round(ratio)
    )


def _round(value: float) -> float:
    return float(f"{value:.4g}")


def _ratio(name: str, value: float, measure: str, medians: Mapping[str, float]) -> tuple[str | None, float | None]:
    if name == measure or medians[measure] == 0:
        return None, None
    return measure, value / medians[measure]


def machine() -> dict[str, Any]:
    """Tell on what the figures were measured."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgresql": _postgresql(),
        "commit": os.environ.get("YINLING_COMMIT", "unknown"),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _postgresql() -> str | None:
    address = os.environ.get("DATABASE_URL")
    if not address:
        return None
    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT current_setting('server_version')").fetchone()
    return str(found[0]) if found else None


def available() -> list[str]:
    """Name the benchmarks there are."""
    here = Path(__file__).resolve().parent
    return sorted(file.stem for file in here.glob("*.py") if "\ndef run() -> list[Row]:" in file.read_text("utf-8"))


def show(name: str, rows: Sequence[Row]) -> None:
    """Print a benchmark's table."""
    table = Table(title=name, title_justify="left")
    for heading, side in (
        ("case", "left"),
        ("value", "right"),
        ("unit", "left"),
        ("ratio", "right"),
        ("against", "left"),
    ):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    for line in rows:
        ratio = "" if line["ratio"] is None else f"{line['ratio']:g} ×"
        table.add_row(line["case"], f"{line['value']:g}", line["unit"], ratio, line["against"] or "")
    Console().print(table)


def main(names: Sequence[str]) -> int:
    """Run the named benchmarks, or all; write .local/bench/NAME.json for each. Give the exit code.

    With --peers, first install the engines that are compared with; alone, nothing is measured.
    """
    if PEERS in names:
        importlib.import_module("benchmarks.peers.install").install()
        names = [name for name in names if name != PEERS]
        if not names:
            return 0
    unknown = sorted(set(names) - set(available()))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(available()) or 'none'}", file=sys.stderr)
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    facts = machine()
    for name in names or available():
        rows: list[Row] = importlib.import_module(f"benchmarks.{name}").run()
        show(name, rows)
        written = json.dumps({"machine": facts, "rows": rows}, ensure_ascii=False, indent=2)
        (OUT / f"{name}.json").write_text(written + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
