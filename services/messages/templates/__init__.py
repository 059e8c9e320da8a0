"""What people are told: one file of `TEMPLATES` per room of the house, found here by name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from services.messages.errors import UnknownTemplate
from services.messages.template import Template

__all__ = ["Template", "all_templates", "find_template"]


@lru_cache(maxsize=1)
def all_templates() -> dict[str, Template]:
    """Gather every room's templates; raises ValueError when two rooms use one name."""
    gathered: dict[str, Template] = {}
    for found in pkgutil.iter_modules(__path__):
        room: dict[str, Template] = importlib.import_module(f"{__name__}.{found.name}").TEMPLATES
        twice = gathered.keys() & room.keys()
        if twice:
            raise ValueError(f"templates named twice: {', '.join(sorted(twice))}")
        gathered |= room
    return gathered


def find_template(name: str) -> Template:
    """Give a template by name ("orders.placed"). Raises UnknownTemplate."""
    found = all_templates().get(name)
    if found is None:
        raise UnknownTemplate(template=name)
    return found
