"""By which right somebody acts for an elder: her own, a relative's proxy, or an office in her area."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlmodel import Session

from services.cities.known import see_stamp
from services.clock import civil_date
from services.errors import NotAllowed, NotFound
from services.unit_of_work import Actor

_SEEN = text(
    "SELECT e.area_code, p.died_on, p.moved_out_on, x.id AS proxy_id, x.scopes, x.expires_on, r.stamp"
    " FROM elder AS e JOIN person AS p ON p.id = e.person_id"
    " LEFT JOIN proxy AS x ON x.elder_id = e.person_id AND x.proxy_person_id = CAST(:me AS bigint)"
    " AND x.state = 'confirmed'"
    " LEFT JOIN rules_stamp AS r ON r.id = 1"
    " WHERE e.person_id = CAST(:elder AS bigint)"
)
"""What she may see of the elder and her proxy, and the stamp of the rules, in one reading."""

Scope = Literal["view", "order", "pay"]
OFFICES: dict[str, frozenset[str]] = {
    "officer": frozenset({"view", "order"}),
    "advisor": frozenset({"view", "order"}),
    "operator": frozenset({"view", "order"}),
    "auditor": frozenset({"view"}),
}


@dataclass(frozen=True)
class Right:
    """The elder an act is for and the ground it stands on: self, proxy:ID or office:ROLE."""

    elder_id: int
    area_code: int
    ground: str
    moved_out_on: date | None = None


def right_to(session: Session, actor: Actor, elder_id: int, scope: Scope, now: datetime) -> Right:
    """Give the right by which the actor may act for this elder.

    Raises NotFound when she may not even know that the elder exists (or the elder has died or is none),
    NotAllowed when she may see the elder but lacks the scope.
    """
    row = session.connection().execute(_SEEN, {"elder": elder_id, "me": actor.person_id}).one_or_none()
    if row is None:
        raise NotFound(elder_id=elder_id)
    see_stamp(session, row.stamp)
    if row.died_on is not None and scope != "view":
        raise NotAllowed("这位老人已登记离世，不能再办理新的服务。", elder_id=elder_id, died_on=str(row.died_on))
    ground = _ground(actor, elder_id, row, scope, now)
    if ground is None:
        raise NotAllowed(elder_id=elder_id, scope=scope)
    return Right(elder_id=elder_id, area_code=row.area_code, ground=ground, moved_out_on=row.moved_out_on)


def _ground(actor: Actor, elder_id: int, row: Row[Any], scope: str, now: datetime) -> str | None:
    if actor.role == "system":
        return "house"
    if actor.person_id == elder_id:
        return "self"
    if row.proxy_id is not None and scope in row.scopes:
        if row.expires_on is None or row.expires_on >= civil_date(now):
            return f"proxy:{row.proxy_id}"
    in_range = (
        actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= row.area_code <= actor.area_hi
    )
    if in_range and scope in OFFICES.get(actor.role, frozenset()):
        return f"office:{actor.role}"
    return None
