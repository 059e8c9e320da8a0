"""By which right somebody acts for an elder: her own, a relative's proxy, or an office in her area."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlmodel import Session

from services.clock import civil_date
from services.columns import table_of
from services.errors import NotAllowed, NotFound
from services.people.tables import Elder, Person, Proxy
from services.unit_of_work import Actor

person, elder, proxies = table_of(Person), table_of(Elder), table_of(Proxy)

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


def right_to(session: Session, actor: Actor, elder_id: int, scope: Scope, now: datetime) -> Right:
    """Give the right by which the actor may act for this elder.

    Raises NotFound when she may not even know that the elder exists (or the elder has died or is none),
    NotAllowed when she may see the elder but lacks the scope.
    """
    row = (
        session.connection()
        .execute(
            select(elder.c.area_code, person.c.died_on)
            .join(person, person.c.id == elder.c.person_id)
            .where(elder.c.person_id == elder_id)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound(elder_id=elder_id)
    if row.died_on is not None and scope != "view":
        raise NotAllowed("这位老人已登记离世，不能再办理新的服务。", elder_id=elder_id, died_on=str(row.died_on))
    ground = _ground(session, actor, elder_id, row.area_code, scope, now)
    if ground is None:
        raise NotAllowed(elder_id=elder_id, scope=scope)
    return Right(elder_id=elder_id, area_code=row.area_code, ground=ground)


def _ground(session: Session, actor: Actor, elder_id: int, area: int, scope: Scope, now: datetime) -> str | None:
    if actor.role == "system":
        return "house"
    if actor.person_id == elder_id:
        return "self"
    proxy = (
        session.connection()
        .execute(
            select(proxies.c.id, proxies.c.scopes, proxies.c.expires_on).where(
                proxies.c.elder_id == elder_id,
                proxies.c.proxy_person_id == actor.person_id,
                proxies.c.state == "confirmed",
            )
        )
        .one_or_none()
    )
    if (
        proxy is not None
        and scope in proxy.scopes
        and (proxy.expires_on is None or proxy.expires_on >= civil_date(now))
    ):
        return f"proxy:{proxy.id}"
    in_range = actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= area <= actor.area_hi
    if in_range and scope in OFFICES.get(actor.role, frozenset()):
        return f"office:{actor.role}"
    return None
