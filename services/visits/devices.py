"""The visitors' phones: a key that never leaves the phone, its public half kept here, taken back when the phone is lost.

A phone signs what it records while there is no signal (ECDSA P-256 with SHA-256, as WebCrypto gives it: r and s, 64
bytes). The signed bytes are canonical JSON: sorted names, no blanks, UTF-8; anything else is refused, so that no two
readings of the same bytes exist.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.people.tables import SignInSession
from services.unit_of_work import Actor
from services.visits.errors import (
    BadDeviceKey,
    BadEvent,
    BadSignature,
    DeviceNotFound,
    KeyTaken,
    NotAVisitor,
    SignInAgain,
    TooManyDevices,
)
from services.visits.evidence_tables import CarerDevice

_device, _session = table_of(CarerDevice), table_of(SignInSession)
Found = Row[*tuple[Any, ...]]
MOST = 3
FRESH = timedelta(minutes=30)
"""How soon after signing in a phone is registered: a phone picked up later registers nothing."""
VISITORS = ("carer", "volunteer")


def register_device(session: Session, now: datetime, actor: Actor, public_key: bytes, label: str) -> int:
    """Register the phone the visitor just signed in on; gives its id. The same key of the same person is the same phone.

    `public_key`: SPKI in DER. Raises NotAVisitor, SignInAgain, BadDeviceKey, TooManyDevices, KeyTaken.
    """
    if not actor.has_role(*VISITORS) or actor.person_id is None:
        raise NotAVisitor(role=actor.role)
    read_key(public_key)
    mine = devices_of(session, actor.person_id)
    known = next((one for one in mine if bytes(one.public_key) == public_key), None)
    if known is not None:
        if known.revoked_at is not None:
            raise KeyTaken()
        return int(known.id)
    signed_in_at = (
        session.connection().execute(select(_session.c.created_at).where(_session.c.id == actor.session_id)).scalar()
    )
    if signed_in_at is None or now - signed_in_at > FRESH:
        raise SignInAgain(minutes=FRESH.seconds // 60)
    if sum(one.revoked_at is None for one in mine) >= MOST:
        raise TooManyDevices(most=MOST)
    row = insert(_device).values(
        person_id=actor.person_id, public_key=public_key, label=label.strip()[:60], registered_at=now,
        registered_session_id=actor.session_id,
    )  # fmt: skip
    device_id: int = session.connection().execute(row.returning(_device.c.id)).scalar_one()
    record_act(
        session, now, actor, "register_device", for_person_id=actor.person_id, subject=("carer_device", device_id)
    )
    return device_id


def revoke_device(session: Session, now: datetime, actor: Actor, device_id: int) -> None:
    """Take a phone out of use, by its owner or her provider's dispatcher; what it signed before stays. Raises DeviceNotFound."""
    done = session.connection().execute(
        update(_device)
        .where(_device.c.id == device_id, _device.c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by=actor.person_id)
        .returning(_device.c.person_id)
    )
    found = done.first()
    if found is None:
        raise DeviceNotFound(device_id=device_id)
    record_act(session, now, actor, "revoke_device", for_person_id=found.person_id, subject=("carer_device", device_id))


def devices_of(session: Session, person_id: int) -> list[Found]:
    """Give a person's phones the actor may see, the newest first."""
    return list(
        session.connection().execute(
            select(_device).where(_device.c.person_id == person_id).order_by(_device.c.id.desc())
        )
    )


def device_in_use(session: Session, actor: Actor, device_id: int) -> Found:
    """Give the actor's own registered phone and keep it from being revoked meanwhile. Raises DeviceNotFound."""
    found = (
        session.connection()
        .execute(
            select(_device)
            .where(_device.c.id == device_id, _device.c.person_id == actor.person_id, _device.c.revoked_at.is_(None))
            .with_for_update(read=True)
        )
        .one_or_none()
    )
    if found is None:
        raise DeviceNotFound(device_id=device_id)
    return found


def read_key(public_key: bytes) -> ec.EllipticCurvePublicKey:
    """Read a public key. Raises BadDeviceKey for anything but a point of P-256 in SPKI."""
    try:
        key = load_der_public_key(public_key)
    except ValueError as broken:
        raise BadDeviceKey(field="public_key") from broken
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadDeviceKey(field="public_key")
    return key


def check_signature(public_key: bytes, body: str, signature: bytes) -> None:
    """Refuse bytes this phone did not sign. Raises BadSignature."""
    if len(signature) != 64:
        raise BadSignature()
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        read_key(public_key).verify(encode_dss_signature(r, s), body.encode(), ec.ECDSA(SHA256()))
    except InvalidSignature as wrong:
        raise BadSignature() from wrong


def canonical(facts: dict[str, Any]) -> str:
    """Give the one way to write an event: sorted names, no blanks. Numbers are whole or written as text."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_canonical(body: str) -> dict[str, Any]:
    """Read signed bytes. Raises BadEvent unless they are exactly the canonical form of what they say."""
    try:
        facts = json.loads(body)
    except ValueError as broken:
        raise BadEvent(field="body") from broken
    if not isinstance(facts, dict) or canonical(facts) != body:
        raise BadEvent(field="body")
    return facts
