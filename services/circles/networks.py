"""A city gets its streets, gets them back, and everything computed from them follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session

import geo.errors
from geo.lines_words import LinesSource
from geo.store import (
    StoredVersion,
    activate_version,
    active_version,
    import_network,
    restore_previous,
    settle_gates,
)
from services.acts import record_act
from services.circles.confidence import judge_areas
from services.circles.errors import NoEarlierNetwork, NoSuchVersion, UnreadableStreets
from services.circles.host_files import keep_on_this_host
from services.clock import read_now
from services.outbox import enqueue
from services.unit_of_work import Actor

_HAS_RULES = text("SELECT EXISTS (SELECT FROM rules_adoption WHERE city_code = :city)")
_JUDGED = text("SELECT EXISTS (SELECT FROM geo.area_confidence WHERE version_id = :version)")


def take_network(
    session: Session,
    now: datetime,
    actor: Actor,
    path: Path,
    city_code: int,
    name: str,
    progress: Callable[[str, int, int], None] | None = None,
    lines: LinesSource | None = None,
    *,
    across: bool = False,
) -> StoredVersion:
    """Make the streets of a map file a city's network, judge every community's streets, let the circles follow.

    The same file again changes nothing. Raises UnreadableStreets; the old network then stays in place.
    """
    try:
        stored = import_network(session, now, path, city_code, name, progress, lines, across=across)
    except (geo.errors.UnreadableMap, geo.errors.UnknownCrs) as error:
        raise UnreadableStreets(str(error), file_name=path.name) from error
    return _followed(session, now, actor, "import_network", stored)


def put_network_back(session: Session, now: datetime, actor: Actor, version_id: int) -> StoredVersion:
    """Put a stored version back into service. Raises NoSuchVersion."""
    try:
        stored = activate_version(session, version_id)
    except geo.errors.NoNetwork as error:
        raise NoSuchVersion(version_id=version_id) from error
    return _followed(session, now, actor, "activate_network", stored)


def restore_network(session: Session, now: datetime, actor: Actor, city_code: int) -> StoredVersion:
    """Put the version before the one in service back. Raises NoEarlierNetwork."""
    try:
        stored = restore_previous(session, city_code)
    except geo.errors.NoNetwork as error:
        raise NoEarlierNetwork(city_code=city_code) from error
    return _followed(session, now, actor, "activate_network", stored)


def _followed(session: Session, now: datetime, actor: Actor, verb: str, stored: StoredVersion) -> StoredVersion:
    if not stored.changed:
        return stored
    if not session.connection().execute(_JUDGED, {"version": stored.id}).scalar():
        judge_areas(session, now, stored.id, stored.city_code)
    area = stored.city_code if stored.city_code > 0 else None
    facts = {"name": stored.name, "source": stored.source_name}
    record_act(session, now, actor, verb, area_code=area, subject=("network_version", stored.id), facts=facts)
    if session.connection().execute(_HAS_RULES, {"city": stored.city_code}).scalar():
        enqueue(session, now, "circles.refresh", {"city_code": stored.city_code})
    return stored


def follow_gates(session: Session, city_code: int) -> None:
    """Let a city's stored streets follow its gates, and judge its areas if nobody has; nothing without a network.

    Part of the transaction that rebuilds what was computed from the streets.
    """
    try:
        version = active_version(session, city_code)
    except geo.errors.NoNetwork:
        return
    keep_on_this_host()
    settle_gates(session, version)
    if not session.connection().execute(_JUDGED, {"version": version.id}).scalar():
        judge_areas(session, read_now(session), version.id, city_code)
