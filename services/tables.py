"""Every table of the house in one import, for migrations and tests."""

from __future__ import annotations

import importlib
from pathlib import Path

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import services.acts
import services.clock
import services.outbox  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent


def metadata() -> MetaData:
    """Import each room's tables and give the one metadata that Alembic compares with the database."""
    for package in ("services", "geo", "timebank"):
        for path in sorted((ROOT / package).rglob("*tables.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if module != "services.tables":
                importlib.import_module(module)
    return SQLModel.metadata
