"""What the house does after an act: one module of handlers per room, found by name (docs/outbox.md)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any


@dataclass
class Handlers:
    """Handlers by job name: `inside` run in one transaction, `outside` call beyond the house.

    `seconds`: how long a job may run, where that is not the house's own `job_timeout_seconds`.
    """

    inside: dict[str, Callable[..., None]] = field(default_factory=dict)
    outside: dict[str, Callable[..., None]] = field(default_factory=dict)
    seconds: dict[str, int] = field(default_factory=dict)

    def seconds_for(self, job: str, usual: int) -> int:
        """Give how long a job may run; never less than the `usual` time."""
        return max(usual, self.seconds.get(job, usual))


@lru_cache(maxsize=1)
def handlers() -> Handlers:
    """Collect HANDLERS, OUTSIDE and SECONDS of every module beside this one.

    Raises ValueError on a name given twice, and on a time for a job that its module does not do.
    """
    found = Handlers()
    for module_info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        own: list[tuple[dict[str, Any], dict[str, Any]]] = [
            (getattr(module, "HANDLERS", {}), found.inside),
            (getattr(module, "OUTSIDE", {}), found.outside),
        ]
        for names, into in own:
            for name, handler in names.items():
                if name in found.inside or name in found.outside:
                    raise ValueError(f"job {name} has two handlers")
                into[name] = handler
        seconds: dict[str, int] = getattr(module, "SECONDS", {})
        if unknown := seconds.keys() - own[0][0].keys() - own[1][0].keys():
            raise ValueError(f"a time for jobs nobody does: {sorted(unknown)}")
        found.seconds |= seconds
    return found
