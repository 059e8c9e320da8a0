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
    """Handlers by job name: `inside` run in one transaction, `outside` call beyond the house."""

    inside: dict[str, Callable[..., None]] = field(default_factory=dict)
    outside: dict[str, Callable[..., None]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def handlers() -> Handlers:
    """Collect HANDLERS and OUTSIDE of every module beside this one. Raises ValueError on a name given twice."""
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
    return found
