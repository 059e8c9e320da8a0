"""Signing in inside WeChat: an account that was bound once, by phone code, binding card or a session, opens a session.

The openid is kept sealed and as a keyed hash, never in clear. One account signs one person in; a person may have several.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import NotAllowed
from services.messages.actions import bind_wechat
from services.messages.tables import WechatSubscriber
from services.people.consents import right_over
from services.people.errors import NoSuchWechat, WechatTaken
from services.people.privacy import lookup_hash, seal
from services.people.privacy_tables import WechatAccount
from services.people.sign_in import SignedIn, open_session
from services.unit_of_work import Actor

_account, _subscriber = table_of(WechatAccount), table_of(WechatSubscriber)
How = Literal["phone_code", "binding_card", "signed_in"]


def openid_hash(openid: str) -> bytes:
    """Give the keyed hash of an openid; capitals count, so nothing is folded."""
    return lookup_hash("openid", openid.encode().hex())


def person_of_openid(session: Session, app_id: str, openid: str) -> int | None:
    """Give whom a WeChat account signs in, or None while it is nobody's."""
    asked = {"h": openid_hash(openid), "app": app_id}
    found = session.connection().execute(text("SELECT find_person_by_openid(:h, :app)"), asked).scalar()
    return None if found is None else int(found)


def sign_in_by_wechat(session: Session, now: datetime, app_id: str, openid: str) -> SignedIn | None:
    """Open a browser session for the person a WeChat account is bound to; None when it is bound to nobody."""
    person_id = person_of_openid(session, app_id, openid)
    if person_id is None:
        return None
    return open_session(session, now, person_id, kind="browser", channel="wechat", label="微信")


def bind_account(session: Session, now: datetime, actor: Actor, app_id: str, openid: str, how: How) -> int:
    """Bind a WeChat account to the signed-in person, who has just shown who she is; gives the row's id.

    Bound to her already: the same id again. Raises WechatTaken when it signs somebody else in, NotAllowed.
    """
    if actor.person_id is None or actor.read_only:
        raise NotAllowed()
    holder = person_of_openid(session, app_id, openid)
    if holder is not None and holder != actor.person_id:
        raise WechatTaken()
    here = openid_hash(openid)
    if holder is not None:
        same = select(_account.c.id).where(_account.c.openid_hash == here, _account.c.unbound_at.is_(None))
        return int(session.connection().execute(same).scalar_one())
    area_code, ground = right_over(session, now, actor, actor.person_id, "view")
    sealed = seal("openid", openid)
    row = {
        "person_id": actor.person_id, "area_code": area_code, "app_id": app_id, "openid_hash": here,
        "openid_sealed": sealed, "bound_how": how, "bound_by": actor.person_id, "bound_at": now,
    }  # fmt: skip
    account_id: int = session.connection().execute(insert(_account).values(row).returning(_account.c.id)).scalar_one()
    _may_be_written_to(session, now, actor.person_id, sealed)
    record_act(
        session, now, actor, "bind_wechat",
        for_person_id=actor.person_id, by_right=ground, area_code=area_code, subject=("wechat_account", account_id),
        facts={"how": how},
    )  # fmt: skip
    return account_id


def _may_be_written_to(session: Session, now: datetime, person_id: int, sealed: str) -> None:
    """Keep the openid for messages too, without a consent to any; what she consented to before stays."""
    known = select(_subscriber.c.person_id).where(
        _subscriber.c.person_id == person_id, _subscriber.c.unbound_at.is_(None)
    )
    if session.connection().execute(known).first() is None:
        bind_wechat(session, now, person_id, sealed)


def unbind_account(session: Session, now: datetime, actor: Actor, person_id: int, account_id: int) -> None:
    """Unbind a WeChat account: her own, or by a relative or the office when the telephone is lost.

    With the last account of hers the sessions that WeChat opened end too, and no message goes there any more. Raises NotFound, NotAllowed, NoSuchWechat.
    """
    area_code, ground = right_over(session, now, actor, person_id, "order")
    if actor.read_only:
        raise NotAllowed()
    done = session.connection().execute(
        update(_account)
        .where(_account.c.id == account_id, _account.c.person_id == person_id, _account.c.unbound_at.is_(None))
        .values(unbound_at=now, unbound_by=actor.person_id)
    )
    if done.rowcount != 1:
        raise NoSuchWechat(account_id=account_id)
    session.connection().execute(text("SELECT end_wechat_access(:person)"), {"person": person_id})
    record_act(
        session, now, actor, "unbind_wechat",
        for_person_id=person_id, by_right=ground, area_code=area_code, subject=("wechat_account", account_id),
    )  # fmt: skip


def accounts_of(session: Session, person_id: int) -> list[Row[Any]]:
    """Give a person's bound WeChat accounts, newest first, without any openid."""
    rows = select(_account.c.id, _account.c.bound_at, _account.c.bound_how).where(
        _account.c.person_id == person_id, _account.c.unbound_at.is_(None)
    )
    return list(session.connection().execute(rows.order_by(_account.c.id.desc())))
