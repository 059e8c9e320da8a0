"""That an elder really came for her day, her bath, her meal, or really got it at the door: one proof per booking and day.

Four ways: the four digits of her booking, told at the site or to whoever hands the meal over; the site's plate, scanned
by her side; the word of somebody who is not paid for it. The database copies whom and when from the booking, refuses a
second proof and the word of the payee (sql/425_place_evidence.sql). Settlement takes it as a visit's proof.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Facility
from services.errors import DomainError, NotFound
from services.orders.errors import (
    NoPlateThere,
    NotHeldHere,
    NotYourWord,
    PlaceCodeLocked,
    PlaceCodeNotForYou,
    SaidTooShort,
    WrongPlaceCode,
)
from services.orders.place_giving import check_works_for, take_place
from services.orders.place_tables import PlaceBooking, PlaceEvidence, PlaceSlot, SitePlate
from services.orders.steps import OrderRow, lock_order
from services.orders.tables import CareOrder
from services.people.privacy import lookup_hash, seal, unseal
from services.people.rights import right_to
from services.people.tables import RoleGrant
from services.unit_of_work import Actor

_booking, _slot, _evidence = table_of(PlaceBooking), table_of(PlaceSlot), table_of(PlaceEvidence)
_plate, _facility, _order, _grant = table_of(SitePlate), table_of(Facility), table_of(CareOrder), table_of(RoleGrant)
Found = Row[*tuple[Any, ...]]
CODE_PURPOSE, PLATE_PURPOSE = "place-code", "site-plate"
CODE_TRIES = 5
AROUND = timedelta(hours=2)
SAID_WITHIN = timedelta(days=3)
"""How long after the slot somebody may still say that the elder was there."""


@dataclass(frozen=True)
class Proved:
    """A proof that stands: of which order, by what; `replayed`: it stood already. With a `refusal` the try is counted."""

    order_id: int
    proof: str
    recorded_at: datetime
    replayed: bool = False
    refusal: DomainError | None = None


def read_place_code(session: Session, now: datetime, actor: Actor, order_id: int) -> str:
    """Show the four digits of a booking to the elder's side, making them when first asked for; the reading is written down.

    Raises NotFound, NotAllowed, PlaceCodeNotForYou, NotHeldHere.
    """
    order = lock_order(session, order_id)
    right = right_to(session, actor, order.elder_id, "view", now)
    if right.ground != "self" and not right.ground.startswith("proxy:"):
        raise PlaceCodeNotForYou(order_id=order_id)
    held = _held(session, order)
    if _proof_of(session, held.id) is not None or now > held.ends_at + AROUND:
        raise NotHeldHere(order_id=order_id, state=order.state)
    sealed = held.code_sealed
    if sealed is None:
        sealed = seal(CODE_PURPOSE, f"{secrets.randbelow(10_000):04d}")
        session.connection().execute(update(_booking).where(_booking.c.id == held.id).values(code_sealed=sealed))
    _record(session, now, actor, "read_place_code", order, right.ground, {})
    return unseal(CODE_PURPOSE, sealed)


def prove_by_code(session: Session, now: datetime, actor: Actor, order_id: int, code: str) -> Proved:
    """Record that an elder is here, or got her meal, by the four digits she told; by the site's own people.

    Five wrong tries close this way; a wrong one is answered by `refusal`, not raised, so that it is counted.
    Raises NotFound, NotAllowed, NotHeldHere.
    """
    order = lock_order(session, order_id)
    check_works_for(session, actor, order.provider_id)
    held = _held(session, order)
    proof = "hand_over_code" if held.kind == "meal_delivery" else "elder_code"
    before = _proof_of(session, held.id)
    if before is not None:
        return Proved(order_id, before.proof, before.recorded_at, replayed=True)
    if held.code_tries >= CODE_TRIES:
        return Proved(order_id, proof, now, refusal=PlaceCodeLocked(order_id=order_id))
    right = held.code_sealed is not None and secrets.compare_digest(
        unseal(CODE_PURPOSE, held.code_sealed).encode(), code.strip().encode()
    )
    if not right:
        tries = held.code_tries + 1
        session.connection().execute(update(_booking).where(_booking.c.id == held.id).values(code_tries=tries))
        left = CODE_TRIES - tries
        refusal = WrongPlaceCode(order_id=order_id, tries_left=left) if left else PlaceCodeLocked(order_id=order_id)
        return Proved(order_id, proof, now, refusal=refusal)
    return _prove(session, now, actor, order, held, proof, now, None, f"provider:{order.provider_id}")


def prove_by_plate(session: Session, now: datetime, actor: Actor, order_id: int, token: str) -> Proved:
    """Record that an elder is at the site whose plate her side just scanned.

    Raises NotFound, NotAllowed, NoPlateThere, NotHeldHere.
    """
    order = lock_order(session, order_id)
    right = right_to(session, actor, order.elder_id, "order", now)
    if right.ground != "self" and not right.ground.startswith("proxy:"):
        raise PlaceCodeNotForYou(order_id=order_id)
    held = _held(session, order)
    if facility_of_plate(session, token) != held.facility_id or held.kind == "meal_delivery":
        raise NoPlateThere(order_id=order_id)
    return _prove(session, now, actor, order, held, "site_plate", now, None, right.ground)


def attest_place(
    session: Session, now: datetime, actor: Actor, order_id: int, happened_at: datetime, note: str
) -> Proved:
    """Say that an elder was there or got her meal: her side or her office, never who is paid; up to three days later.

    Raises NotFound, NotAllowed, NotYourWord, SaidTooShort, NotHeldHere.
    """
    order = lock_order(session, order_id)
    right = right_to(session, actor, order.elder_id, "order", now)
    held = _held(session, order)
    paid = select(_grant.c.id).where(
        _grant.c.person_id == actor.person_id, _grant.c.provider_id == order.provider_id, _grant.c.revoked_at.is_(None)
    )
    if actor.read_only or session.connection().execute(paid).first() is not None:
        raise NotYourWord(order_id=order_id)
    if len(note.strip()) < 2:
        raise SaidTooShort(field="note")
    if happened_at.tzinfo is None or happened_at > now or now > held.ends_at + SAID_WITHIN:
        raise NotHeldHere("只能在当天和之后三天内补证明。", order_id=order_id, state=order.state)
    return _prove(session, now, actor, order, held, "attest", happened_at, note.strip(), right.ground)


def proof_of_order(session: Session, order_id: int) -> Found | None:
    """Give what proves an order that was taken at a place, where the actor may see it."""
    return session.connection().execute(select(_evidence).where(_evidence.c.order_id == order_id)).first()


def hang_site_plate(session: Session, now: datetime, actor: Actor, facility_id: int) -> str:
    """Give a new plate's token for a site's entrance, shown this once; an earlier plate stops working.

    Raises NotFound, NotAllowed.
    """
    provider_id = session.connection().execute(
        select(_facility.c.provider_id).where(_facility.c.id == facility_id)
    ).scalar()  # fmt: skip
    if provider_id is None:
        raise NotFound(facility_id=facility_id)
    check_works_for(session, actor, provider_id)
    revoked = update(_plate).where(_plate.c.facility_id == facility_id, _plate.c.revoked_at.is_(None))
    session.connection().execute(revoked.values(revoked_at=now))
    token = secrets.token_hex(16)
    row = upsert(_plate).values(
        facility_id=facility_id, provider_id=provider_id, token_hash=lookup_hash(PLATE_PURPOSE, token),
        issued_by=actor.person_id, issued_at=now,
    )  # fmt: skip
    session.connection().execute(row)
    record_act(
        session, now, actor, "hang_site_plate", by_right=f"provider:{provider_id}", subject=("facility", facility_id)
    )
    return token


def facility_of_plate(session: Session, scanned: str) -> int | None:
    """Give the site at whose entrance a scanned plate hangs, or None. `scanned` is the token or its address."""
    token = scanned.strip().rsplit("/", 1)[-1]
    found: int | None = (
        session.connection()
        .execute(
            select(_plate.c.facility_id).where(
                _plate.c.token_hash == lookup_hash(PLATE_PURPOSE, token), _plate.c.revoked_at.is_(None)
            )
        )
        .scalar()
    )
    return found


def booked_here(session: Session, now: datetime, facility_id: int) -> list[Found]:
    """Give the orders of the acting person's own side that take place at a site about now, to be proved by its plate."""
    return list(
        session.connection().execute(
            select(
                _order.c.id, _order.c.order_number, _order.c.service_code, _order.c.elder_id, _slot.c.starts_at,
                _slot.c.ends_at, _evidence.c.proof,
            )
            .join(_booking, _booking.c.order_id == _order.c.id)
            .join(_slot, _slot.c.id == _booking.c.slot_id)
            .outerjoin(_evidence, _evidence.c.booking_id == _booking.c.id)
            .where(_slot.c.facility_id == facility_id, _booking.c.state != "released")
            .where(_slot.c.starts_at - AROUND <= now, _slot.c.ends_at + AROUND >= now)
            .where(text("care_order.elder_id = ANY ((SELECT linked_elders())::bigint[])"))
            .order_by(_slot.c.starts_at)
        )
    )  # fmt: skip


def _prove(
    session: Session, now: datetime, actor: Actor, order: OrderRow, held: Found, proof: str, happened_at: datetime,
    note: str | None, ground: str,
) -> Proved:  # fmt: skip
    if not held.starts_at - AROUND <= happened_at <= held.ends_at + AROUND:
        raise NotHeldHere("不在这一餐、这一次服务的时间里。", order_id=order.id, state=order.state)
    if order.state not in ("accepted", "in_service", "served", "confirmed"):
        raise NotHeldHere(order_id=order.id, state=order.state)
    row = (
        upsert(_evidence)
        .values(
            booking_id=held.id, order_id=order.id, elder_id=order.elder_id, area_code=order.area_code,
            provider_id=order.provider_id, on_day=civil_date(held.starts_at), proof=proof, note=note,
            happened_at=happened_at, recorded_at=now, recorded_by=actor.person_id,
        )
        .on_conflict_do_nothing(constraint="place_evidence_one_a_day_key")
        .returning(_evidence.c.id)
    )  # fmt: skip
    if session.connection().execute(row).first() is None:
        before = _proof_of(session, held.id)
        return Proved(order.id, before.proof if before else proof, before.recorded_at if before else now, replayed=True)
    if order.state == "accepted":
        over = now if held.kind == "meal_delivery" else held.ends_at
        take_place(session, now, actor.person_id, order, over)
    _record(session, now, actor, "prove_place", order, ground, {"proof": proof})
    return Proved(order.id, proof, now)


def _held(session: Session, order: OrderRow) -> Found:
    found = (
        session.connection()
        .execute(
            select(
                _booking.c.id, _booking.c.state, _booking.c.code_sealed, _booking.c.code_tries, _slot.c.kind,
                _slot.c.facility_id, _slot.c.starts_at, _slot.c.ends_at,
            )
            .join(_slot, _slot.c.id == _booking.c.slot_id)
            .where(_booking.c.order_id == order.id, _booking.c.state != "released")
            .with_for_update(of=_booking)
        )
        .one_or_none()
    )  # fmt: skip
    if found is None or order.state == "cancelled":
        raise NotHeldHere(order_id=order.id, state=order.state)
    return found


def _proof_of(session: Session, booking_id: int) -> Found | None:
    return session.connection().execute(select(_evidence).where(_evidence.c.booking_id == booking_id)).first()


def _record(
    session: Session, now: datetime, actor: Actor, verb: str, order: OrderRow, ground: str, facts: dict[str, Any]
) -> None:
    record_act(
        session, now, actor, verb,
        for_person_id=order.elder_id, by_right=ground, area_code=order.area_code, subject=("care_order", order.id),
        facts=facts,
    )  # fmt: skip
