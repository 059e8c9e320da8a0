"""Bring the database to this version of the house; the only caller of Alembic outside its own command."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from services.unit_of_work import engine

ROOT = Path(__file__).resolve().parent.parent


def alembic_config() -> Config:
    """Give Alembic's configuration with absolute paths, so that it works from any directory."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def upgrade() -> None:
    """Upgrade the database of DATABASE_URL from whatever it is (empty included) to the newest revision.

    Runs in one transaction, so a failed upgrade leaves the database as it was. Raises sqlalchemy errors.
    """
    config = alembic_config()
    config.attributes["upgrading"] = True
    command.upgrade(config, "head")


def revision() -> str | None:
    """Give the revision the database stands at; None before the first upgrade."""
    with engine("setup").connect() as connection:
        if connection.execute(text("SELECT to_regclass('public.alembic_version')")).scalar() is None:
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM public.alembic_version")).scalar()
        return found


def check() -> None:
    """Compare the tables in code with the migrated database; raises alembic.util.CommandError on a difference."""
    command.check(alembic_config())
