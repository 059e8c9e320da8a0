"""Signing in by phone and one-time code, and an elder's own phone bound once for all.

No password, no puzzle. Codes are limited, expire, and are kept as keyed hashes; so are session tokens.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import func, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.outbox import enqueue
from services.people.actions import checked_phone
from services.people.errors import CardUsed, CodeNotCarried, CodeTriesUsedUp, TooManyCodes, UnknownPhone, WrongCode
from services.people.privacy import lookup_hash, seal
from services.people.rights import right_to
from services.people.tables import BindingCard, SignInCode, SignInSession
from services.settings import settings
from services.unit_of_work import Actor, introduce

codes, sessions = table_of(SignInCode), table_of(SignInSession)
REFUSAL_STANDS = timedelta(minutes=10)
"""How long a carrier's refusal of a number is believed; then it is tried again."""


@dataclass(frozen=True)
class SignedIn:
    """A fresh session: its token is shown to the browser or program once and never stored."""

    person_id: int
    session_id: int
    token: str
    expires_at: datetime


def request_code(session: Session, now: datetime, phone: str, sender: str | None = None) -> tuple[str, str]:
    """Make a six-digit code for a phone; gives (phone, code) for the SMS carrier.

    `sender` is the network address that asks: it may not let texts be sent to many phones either, and is kept as a
    keyed hash only. Whether the phone is registered is not told here. Raises BadPhone, TooManyCodes, CodeNotCarried
    (the carrier has just refused this number).
    """
    _, phone, code = _make_code(session, now, phone, sender)
    return phone, code


def _make_code(session: Session, now: datetime, phone: str, sender: str | None) -> tuple[int, str, str]:
    phone = checked_phone(phone)
    refuse_if_not_carried(session, now, phone)
    phone_hash = lookup_hash("phone", phone)
    _hold_to(session, now, codes.c.phone_hash, phone_hash, settings().sign_in_codes_per_hour)
    sender_hash = lookup_hash("sender", network_of(sender)) if sender else None
    if sender_hash is not None:
        _hold_to(session, now, codes.c.sender_hash, sender_hash, settings().sign_in_codes_per_hour_per_sender)
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = SignInCode(
        phone_hash=phone_hash,
        code_hash=lookup_hash("sign-in-code", phone + code),
        created_at=now,
        expires_at=now + timedelta(seconds=settings().sign_in_code_seconds),
        sender_hash=sender_hash,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id, phone, code


def refuse_if_not_carried(session: Session, now: datetime, phone: str) -> None:
    """Raise CodeNotCarried while the carrier's refusal of this number is fresh; whose number it is plays no part."""
    refused = select(codes.c.id).where(
        codes.c.phone_hash == lookup_hash("phone", checked_phone(phone)), codes.c.refused_at > now - REFUSAL_STANDS
    )
    if session.connection().execute(refused.limit(1)).first() is not None:
        raise CodeNotCarried(field="phone", retry_seconds=int(REFUSAL_STANDS.total_seconds()))


def note_not_carried(session: Session, now: datetime, code_id: int) -> None:
    """Keep that the carrier refused a code's number for good, for the page that waits for it."""
    session.connection().execute(update(codes).where(codes.c.id == code_id).values(refused_at=now))


def _hold_to(session: Session, now: datetime, column: Any, asker: bytes, most: int) -> None:
    """Let one phone, or one sender, have so many codes an hour; two requests at once count one after the other."""
    session.connection().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(encode(:h, 'hex'), 7))"), {"h": asker}
    )
    counted = select(func.count()).where(column == asker, codes.c.created_at > now - timedelta(hours=1))
    if session.connection().execute(counted).scalar_one() >= most:
        raise TooManyCodes(retry_seconds=3600)


def network_of(address: str) -> str:
    """Give what one sender cannot change at will: an IPv4 address, the /64 of an IPv6 one, else the words as they are.

    >>> network_of("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::/64'
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)


def send_code(session: Session, now: datetime, phone: str, sender: str | None = None) -> None:
    """Make a code and promise the job that sends it; phone and code travel sealed. Raises BadPhone, TooManyCodes."""
    code_id, phone, code = _make_code(session, now, phone, sender)
    parcel = {"phone_sealed": seal("sign-in-parcel", phone), "code_sealed": seal("sign-in-parcel", code)}
    enqueue(session, now, "people.send_code", {**parcel, "code_id": code_id})


def try_code(session: Session, now: datetime, phone: str, code: str) -> bool:
    """Spend one try on the newest open code of a phone; True when it was right (and is now used).

    A wrong try must be committed by the caller, or it would not count. Raises CodeTriesUsedUp, and CodeNotCarried when
    the carrier refused the number: no code came, so none can be right.
    """
    phone = checked_phone(phone)
    refuse_if_not_carried(session, now, phone)
    row = (
        session.connection()
        .execute(
            select(codes.c.id, codes.c.code_hash, codes.c.tries)
            .where(
                codes.c.phone_hash == lookup_hash("phone", phone),
                codes.c.used_at.is_(None),
                codes.c.expires_at > now,
            )
            .order_by(codes.c.id.desc())
            .limit(1)
            .with_for_update()
        )
        .one_or_none()
    )
    if row is None:
        return False
    if row.tries >= settings().sign_in_code_tries:
        raise CodeTriesUsedUp(retry_seconds=settings().sign_in_code_seconds)
    right = secrets.compare_digest(row.code_hash, lookup_hash("sign-in-code", phone + code.strip()))
    changed: dict[str, Any] = {"used_at": now} if right else {"tries": row.tries + 1}
    session.connection().execute(update(codes).where(codes.c.id == row.id).values(**changed))
    return right


def sign_in_by_phone(
    session: Session, now: datetime, phone: str, *, kind: str, channel: str, label: str | None = None
) -> SignedIn:
    """Open a session for the person behind a phone whose code was just proved. Raises UnknownPhone."""
    found = (
        session.connection()
        .execute(text("SELECT find_person_by_phone(:h)"), {"h": lookup_hash("phone", checked_phone(phone))})
        .scalar_one()
    )
    if found is None:
        raise UnknownPhone()
    return open_session(session, now, found, kind=kind, channel=channel, label=label)


def open_session(
    session: Session,
    now: datetime,
    person_id: int,
    *,
    kind: str,
    channel: str,
    label: str | None = None,
    bound_by: int | None = None,
) -> SignedIn:
    """Open a browser, bearer or bound-phone session; gives the token once."""
    introduce(session, Actor(person_id=person_id, role="signing-in", channel=channel))
    days = settings().bound_phone_days if kind == "bound_phone" else settings().session_days
    token = secrets.token_urlsafe(32)
    row = SignInSession(
        person_id=person_id,
        kind=kind,
        label=label,
        bound_by=bound_by,
        token_hash=lookup_token(token),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    record_act(
        session,
        now,
        Actor(person_id=person_id, role="signing-in", channel=channel),
        "sign_in",
        for_person_id=person_id,
        by_right="self" if bound_by is None else f"card of:{bound_by}",
        facts={"kind": kind},
    )
    return SignedIn(person_id=person_id, session_id=row.id, token=token, expires_at=row.expires_at)


def lookup_token(token: str) -> bytes:
    """Give the hash under which a session or card token is kept; tokens are case-sensitive, so fold nothing."""
    return lookup_hash("session-token", token.encode().hex())


def revoke_session(session: Session, now: datetime, actor: Actor, session_id: int) -> bool:
    """End one of the actor's own sessions, or one she bound for an elder; False when there is none."""
    ended = session.connection().execute(
        update(sessions).where(sessions.c.id == session_id, sessions.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    record_act(session, now, actor, "revoke_session", subject=("sign_in_session", session_id))
    return ended.rowcount == 1


def issue_binding_card(session: Session, now: datetime, actor: Actor, elder_id: int) -> str:
    """Issue a QR card's token that signs the elder's own phone in once, within 30 days.

    Family with the order scope or the community may issue it. Raises NotFound, NotAllowed.
    """
    right = right_to(session, actor, elder_id, "order", now)
    token = secrets.token_urlsafe(24)
    session.add(
        BindingCard(
            elder_id=elder_id,
            area_code=right.area_code,
            token_hash=lookup_token(token),
            issued_by=actor.person_id or elder_id,
            issued_at=now,
            expires_at=now + timedelta(days=30),
        )
    )
    session.flush()
    record_act(
        session,
        now,
        actor,
        "issue_binding_card",
        for_person_id=elder_id,
        by_right=right.ground,
        area_code=right.area_code,
    )
    return token


def sign_in_by_card(session: Session, now: datetime, token: str) -> SignedIn:
    """Bind the phone that scanned an elder's card; stays signed in until revoked. Raises CardUsed."""
    row = (
        session.connection()
        .execute(
            text("SELECT elder_id, issued_by FROM use_binding_card(:h, :now)"),
            {"h": lookup_token(token), "now": now},
        )
        .one_or_none()
    )
    if row is None:
        raise CardUsed()
    return open_session(
        session,
        now,
        row.elder_id,
        kind="bound_phone",
        channel="web",
        label="老人手机",
        bound_by=row.issued_by,
    )


def require_code(right: bool) -> None:
    """Raise WrongCode unless the code was right; called after the try was committed."""
    if not right:
        raise WrongCode()
