"""Bring a database to this version of the house: roles, extensions, tables, then sql/ as it stands.

Tables change by Alembic revisions, forward only. Functions, triggers and policies live in sql/*.sql, are
safe to apply again, and are applied after every upgrade in the same transaction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from services.settings import settings
from services.tables import metadata

SQL = Path(__file__).resolve().parent.parent / "sql"
LOCK_KEY = 20261122
SCHEMAS = ("public", "geo", "timebank")
target = metadata()


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave PostGIS's own tables alone."""
    if kind == "table":
        return name not in {"spatial_ref_sys", "alembic_version"} and (thing.schema or "public") in SCHEMAS
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, compare_to))


def apply_file(connection: Connection, name: str) -> None:
    """Run one file of sql/ as it stands, without parameters."""
    connection.connection.driver_connection.execute((SQL / name).read_text(encoding="utf-8"))  # type: ignore[union-attr]


def prepare(connection: Connection) -> None:
    """Make roles, schemas and extensions, which need the set-up login's rights."""
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
    apply_file(connection, "000_roles.sql")
    for extension in ("postgis", "btree_gist", "pgcrypto"):
        connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
    for schema in ("geo", "timebank"):
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION yinling_owner"))
    connection.execute(text("GRANT USAGE, CREATE ON SCHEMA public TO yinling_owner"))


def hand_over(connection: Connection) -> None:
    """Give every table to the owner role, then apply functions, triggers and policies."""
    owned = connection.execute(
        text(
            "SELECT format('ALTER TABLE %I.%I OWNER TO yinling_owner', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname = ANY(:schemas) AND tableowner <> 'yinling_owner' AND tablename <> 'spatial_ref_sys'"
        ),
        {"schemas": list(SCHEMAS)},
    ).scalars()
    for statement in list(owned):
        connection.execute(text(statement))
    for path in sorted(SQL.glob("*.sql")):
        apply_file(connection, path.name)


def set_passwords(connection: Connection) -> None:
    """Give the two application logins the passwords that settings derive from the secret key."""
    for login in ("app", "jobs"):
        password = settings().login_password(login)  # type: ignore[arg-type]
        connection.execute(text(f"ALTER ROLE yinling_{login} LOGIN PASSWORD '{password}'"))  # hex, nothing to quote


def run() -> None:
    """Upgrade the database named by DATABASE_URL, all in one transaction.

    `services.migrating.upgrade()` sets the attribute `upgrading`; `alembic check` and `alembic revision` only read.
    """
    engine = create_engine(settings().url("setup"), poolclass=NullPool)
    with engine.connect() as connection:
        upgrading = context.config.attributes.get("upgrading", False)
        with connection.begin():
            if upgrading:
                prepare(connection)
            context.configure(
                connection=connection,
                target_metadata=target,
                include_schemas=True,
                include_object=include_object,
                process_revision_directives=alembic_helpers.writer,
                render_item=alembic_helpers.render_item,
                compare_type=True,
            )
            with context.begin_transaction():
                context.run_migrations()
            if upgrading:
                hand_over(connection)
                set_passwords(connection)


run()
