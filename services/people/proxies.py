"""Relatives and guardians: asked for by them, confirmed by the elder or her community, taken back at any time."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import Invalid, NotAllowed, NotFound
from services.people.errors import ElderNotFound, ProxyNotOpen
from services.people.privacy import lookup_hash
from services.people.tables import Proxy
from services.unit_of_work import Actor

proxies = table_of(Proxy)
SCOPES = ("view", "order", "pay")
CONFIRMING_OFFICES = ("officer", "advisor", "operator")


def request_proxy(
    session: Session,
    now: datetime,
    actor: Actor,
    *,
    elder_name: str,
    elder_id_number: str,
    relation: str,
    scopes: list[str],
    expires_on: date | None = None,
) -> int:
    """Ask to act for an elder named by full name and ID number; gives the proxy's id, not yet in force.

    Raises ElderNotFound (which of the two is wrong is not told), Invalid for an unknown scope,
    AlreadyBound (by constraint).
    """
    if not scopes or set(scopes) - set(SCOPES):
        raise Invalid("请选择可查看、可下单或可支付。", field="scopes", known=list(SCOPES))
    if actor.person_id is None:
        raise NotAllowed()
    found = (
        session.connection()
        .execute(
            text("SELECT elder_id, area_code FROM find_elder_to_bind(:h, :name)"),
            {"h": lookup_hash("id_number", elder_id_number), "name": elder_name.strip()},
        )
        .one_or_none()
    )
    if found is None or found.elder_id == actor.person_id:
        raise ElderNotFound(field="elder_id_number")
    proxy = Proxy(
        elder_id=found.elder_id,
        area_code=found.area_code,
        proxy_person_id=actor.person_id,
        relation=relation.strip(),
        scopes=sorted(set(scopes) | {"view"}),
        requested_at=now,
        expires_on=expires_on,
    )
    session.add(proxy)
    session.flush()
    assert proxy.id is not None
    record_act(
        session,
        now,
        actor,
        "request_proxy",
        for_person_id=found.elder_id,
        by_right="asking",
        area_code=found.area_code,
        subject=("proxy", proxy.id),
    )
    return proxy.id


def confirm_proxy(session: Session, now: datetime, actor: Actor, proxy_id: int) -> None:
    """Put a requested proxy in force: by the elder herself, or by her community worker on a visit.

    Raises NotFound, ProxyNotOpen, NotAllowed (the relative cannot confirm herself; the database refuses too).
    """
    proxy = _lock(session, proxy_id)
    by_elder = actor.person_id == proxy.elder_id
    by_office = actor.role in CONFIRMING_OFFICES and actor.person_id != proxy.proxy_person_id
    if not (by_elder or by_office):
        raise NotAllowed("需要老人本人或社区工作人员确认。", proxy_id=proxy_id)
    if proxy.state != "requested":
        raise ProxyNotOpen(proxy_id=proxy_id, state=proxy.state)
    session.connection().execute(
        update(proxies)
        .where(proxies.c.id == proxy_id)
        .values(state="confirmed", confirmed_by=actor.person_id, confirmed_channel=actor.channel, confirmed_at=now)
    )
    ground = "self" if by_elder else f"office:{actor.role}"
    record_act(
        session,
        now,
        actor,
        "confirm_proxy",
        for_person_id=proxy.elder_id,
        by_right=ground,
        area_code=proxy.area_code,
        subject=("proxy", proxy_id),
    )


def revoke_proxy(session: Session, now: datetime, actor: Actor, proxy_id: int) -> None:
    """Take a proxy back: the elder, the relative herself or the community. Views and orders stop at once."""
    proxy = _lock(session, proxy_id)
    if proxy.state == "revoked":
        raise ProxyNotOpen(proxy_id=proxy_id, state=proxy.state)
    session.connection().execute(
        update(proxies)
        .where(proxies.c.id == proxy_id)
        .values(state="revoked", revoked_by=actor.person_id, revoked_at=now)
    )
    own = {proxy.elder_id: "self", proxy.proxy_person_id: f"proxy:{proxy_id}"}
    record_act(
        session,
        now,
        actor,
        "revoke_proxy",
        for_person_id=proxy.elder_id,
        by_right=own.get(actor.person_id or 0),
        area_code=proxy.area_code,
        subject=("proxy", proxy_id),
    )


def proxies_of(session: Session, elder_id: int) -> list[Proxy]:
    """Give everybody who may act, or has asked to act, for an elder, newest first."""
    rows = session.execute(
        select(Proxy).where(proxies.c.elder_id == elder_id, proxies.c.state != "revoked").order_by(proxies.c.id.desc())
    )
    return list(rows.scalars())


def _lock(session: Session, proxy_id: int) -> Proxy:
    proxy: Proxy | None = session.execute(
        select(Proxy).where(proxies.c.id == proxy_id).with_for_update()
    ).scalar_one_or_none()
    if proxy is None:
        raise NotFound(proxy_id=proxy_id)
    return proxy
