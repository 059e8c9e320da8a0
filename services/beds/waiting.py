"""Waiting for a bed (轮候): applying, being offered the bed when one's turn has come, saying yes or no, letting it pass.

Who comes first is the class of the city's rules, then the moment; the database refuses an offer that passes somebody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.beds.errors import (
    BadBedFacts,
    BadDays,
    BedOfferClosed,
    BedOfferNotFound,
    HomeNotFound,
    NobodyWaits,
    WaitClosed,
    WaitNotFound,
)
from services.beds.grounds import Found, bed_to_run, kept_rules, may_run, said
from services.beds.register_tables import FLAGS
from services.beds.tables import Bed
from services.beds.waiting_tables import WAITING, BedOffer, BedWait
from services.cities.queries import rules_in_force
from services.clock import SHANGHAI, civil_date
from services.columns import table_of
from services.directory.tables import Facility
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.rights import right_to
from services.people.tables import Elder
from services.unit_of_work import SYSTEM, Actor

_wait, _offer, _bed = table_of(BedWait), table_of(BedOffer), table_of(Bed)
_facility, _elder = table_of(Facility), table_of(Elder)


@dataclass(frozen=True)
class Judged:
    """The class an elder waits in, and the facts it was judged by."""

    code: str
    rank: int
    facts: dict[str, Any]


def judge_class(session: Session, now: datetime, home_area: int, elder_id: int) -> Judged:
    """Give the class in which an elder waits for a home of this area, by her record and the city's rules today."""
    rules = rules_in_force(session, home_area, civil_date(now))
    elder = (
        session.connection()
        .execute(select(_elder.c.groups, _elder.c.care_level).where(_elder.c.person_id == elder_id))
        .one()
    )
    chosen = rules.beds.class_of(tuple(elder.groups), elder.care_level)
    asked = {*chosen.groups, *chosen.any_group}
    facts = {
        "name_zh": chosen.name_zh, "name_en": chosen.name_en, "rules_version": rules.version,
        "groups": sorted(asked & set(elder.groups)),
        "care_level": elder.care_level if chosen.least_level and elder.care_level >= chosen.least_level else None,
    }  # fmt: skip
    return Judged(chosen.code, chosen.rank, facts)


def apply_for_bed(
    session: Session, now: datetime, actor: Actor, facility_id: int, elder_id: int, wants: str | None = None
) -> int:
    """Put an elder on a home's waiting list and give the entry's id; `wants` is a flag her bed must carry.

    By herself, a relative who may order, or her office. Raises NotFound, NotAllowed, HomeNotFound, BadBedFacts, WaitsAlready.
    """
    right = right_to(session, actor, elder_id, "order", now)
    home = session.connection().execute(
        select(_facility.c.id, _facility.c.area_code, _facility.c.provider_id).where(
            _facility.c.id == facility_id, select(_bed.c.id).where(_bed.c.facility_id == facility_id).exists()
        )
    ).one_or_none()  # fmt: skip
    if home is None:
        raise HomeNotFound(facility_id=facility_id)
    if wants is not None and wants not in FLAGS:
        raise BadBedFacts(field="wants")
    judged = judge_class(session, now, home.area_code, elder_id)
    with kept_rules(session, elder_id=elder_id, facility_id=facility_id):
        wait_id: int = session.connection().execute(
            insert(_wait)
            .values(
                facility_id=facility_id, provider_id=home.provider_id, elder_id=elder_id, area_code=home.area_code,
                elder_area_code=right.area_code, class_code=judged.code, class_rank=judged.rank, class_facts=judged.facts,
                wants=wants, state="waiting", applied_at=now, queued_at=now, declines=0, applied_by=actor.person_id,
                by_right=right.ground,
            )
            .returning(_wait.c.id)
        ).scalar_one()  # fmt: skip
    record_act(
        session, now, actor, "apply_for_bed", for_person_id=elder_id, by_right=right.ground, area_code=right.area_code,
        subject=("bed_wait", wait_id), facts={"facility_id": facility_id, "class": judged.code},
    )  # fmt: skip
    return wait_id


def give_up_waiting(session: Session, now: datetime, actor: Actor, wait_id: int, reason: str) -> None:
    """Take an entry off the list: by the elder's side or her office she gives up, by the home's office she is removed.

    Raises WaitNotFound, WaitClosed, SayWhy.
    """
    wait = find_wait(session, wait_id)
    ground = may_run(actor, wait.area_code, None)
    state = "removed" if ground is not None else "withdrawn"
    if ground is None:
        ground = right_to(session, actor, wait.elder_id, "order", now).ground
    if wait.state not in WAITING:
        raise WaitClosed(wait_id=wait_id)
    words = said(reason)
    session.connection().execute(
        update(_offer)
        .where(_offer.c.wait_id == wait_id, _offer.c.state.in_(("open", "accepted")))
        .values(state="withdrawn", answered_at=now, reason=words)
    )
    session.connection().execute(
        update(_wait).where(_wait.c.id == wait_id).values(state=state, ended_at=now, end_reason=words)
    )
    record_act(
        session, now, actor, "give_up_waiting", for_person_id=wait.elder_id, by_right=ground, area_code=wait.area_code,
        subject=("bed_wait", wait_id), facts={"state": state, "reason": words},
    )  # fmt: skip


def find_wait(session: Session, wait_id: int) -> Found:
    """Give an entry that the actor may see, held until the transaction ends. Raises WaitNotFound."""
    wait = session.connection().execute(select(_wait).where(_wait.c.id == wait_id).with_for_update()).one_or_none()
    if wait is None:
        raise WaitNotFound(wait_id=wait_id)
    return wait


def offer_bed(
    session: Session, now: datetime, actor: Actor, bed_id: int, first_day: date, wait_id: int | None = None
) -> int:
    """Offer a free bed to who is first on the list and whom it suits; gives the offer's id.

    `wait_id` names whom one means; if it is not the first, NotFirst. By the home or its office. Raises BedNotFound,
    BadDays, NobodyWaits, NotFirst, BedNotFree.
    """
    bed, ground = bed_to_run(session, actor, bed_id)
    if first_day < civil_date(now):
        raise BadDays("入住日期不能早于今天。", field="first_day")
    first = text("SELECT first_for_bed(:bed, :day)")
    chosen = wait_id or session.connection().execute(first, {"bed": bed_id, "day": first_day}).scalar()
    if chosen is None:
        raise NobodyWaits(bed_id=bed_id)
    wait = find_wait(session, chosen)
    policy = rules_in_force(session, bed.home_area, civil_date(now)).beds
    until = now + timedelta(hours=policy.offer_hours)
    with kept_rules(session, bed_id=bed_id, wait_id=chosen):
        offer_id: int = session.connection().execute(
            insert(_offer)
            .values(
                wait_id=chosen, bed_id=bed_id, elder_id=wait.elder_id, area_code=wait.area_code,
                elder_area_code=wait.elder_area_code, provider_id=bed.provider_id, first_day=first_day, state="open",
                offered_by=actor.person_id, offered_at=now, expires_at=until,
            )
            .returning(_offer.c.id)
        ).scalar_one()  # fmt: skip
        session.connection().execute(update(_wait).where(_wait.c.id == chosen).values(state="offered"))
    enqueue(session, now, "beds.expire_offer", {"offer_id": offer_id}, not_before=until, key=f"bed-offer-{offer_id}")
    tell(
        session, now, audience={"elder_side": wait.elder_id}, template="beds.offered", elder_id=wait.elder_id,
        facts={"elder_id": wait.elder_id, "facility_id": bed.facility_id, "until_at": until.isoformat()},
        area_code=wait.elder_area_code, subject=("bed_offer", offer_id), key=f"beds.offered:{offer_id}",
    )  # fmt: skip
    record_act(
        session, now, actor, "offer_bed", for_person_id=wait.elder_id, by_right=ground, area_code=wait.area_code,
        subject=("bed_offer", offer_id), facts={"bed_id": bed_id, "wait_id": chosen},
    )  # fmt: skip
    return offer_id


def answer_offer(session: Session, now: datetime, actor: Actor, offer_id: int, accepts: bool, reason: str = "") -> None:
    """Say yes or no to a bed, for oneself, as a relative who may order, or as her office when she says it by phone.

    A yes holds the bed until `move_in_days` after the first day. Raises BedOfferNotFound, NotAllowed, BedOfferClosed.
    """
    offer = _find_offer(session, offer_id)
    right = right_to(session, actor, offer.elder_id, "order", now)
    if offer.state != "open" or offer.expires_at <= now:
        raise BedOfferClosed(offer_id=offer_id, expires_at=offer.expires_at.isoformat())
    answer = {
        "answered_at": now,
        "answered_by": actor.person_id,
        "by_right": right.ground,
        "reason": reason.strip()[:500],
    }
    state = "accepted" if accepts else "declined"
    session.connection().execute(update(_offer).where(_offer.c.id == offer_id).values(state=state, **answer))
    if accepts:
        session.connection().execute(update(_wait).where(_wait.c.id == offer.wait_id).values(state="accepted"))
        days = rules_in_force(session, offer.area_code, civil_date(now)).beds.move_in_days
        until = datetime.combine(offer.first_day + timedelta(days=days + 1), time(0), SHANGHAI)
        args = {"offer_id": offer_id}
        enqueue(session, now, "beds.release_bed", args, not_before=max(until, now), key=f"bed-move-in-{offer_id}")
    else:
        _wait_on(session, now, offer)
    tell(
        session, now, audience={"provider_id": offer.provider_id}, template=f"beds.{state}", elder_id=offer.elder_id,
        facts={"elder_id": offer.elder_id}, area_code=offer.area_code, subject=("bed_offer", offer_id),
        key=f"beds.{state}:{offer_id}",
    )  # fmt: skip
    record_act(
        session, now, actor, "answer_bed_offer", for_person_id=offer.elder_id, by_right=right.ground,
        area_code=offer.area_code, subject=("bed_offer", offer_id), facts={"state": state},
    )  # fmt: skip


def _find_offer(session: Session, offer_id: int) -> Found:
    offer = session.connection().execute(select(_offer).where(_offer.c.id == offer_id).with_for_update()).one_or_none()
    if offer is None:
        raise BedOfferNotFound(offer_id=offer_id)
    return offer


def _wait_on(session: Session, now: datetime, offer: Found, *, counts: bool = True) -> None:
    """Let an entry wait on; after too many beds declined or let pass it goes behind the others of its class."""
    wait = session.connection().execute(select(_wait).where(_wait.c.id == offer.wait_id).with_for_update()).one()
    most = rules_in_force(session, wait.area_code, civil_date(now)).beds.most_declines
    declines = wait.declines + (1 if counts else 0)
    behind = {"declines": 0, "queued_at": now, "jumped_at": None} if declines >= most else {"declines": declines}
    session.connection().execute(update(_wait).where(_wait.c.id == wait.id).values(state="waiting", **behind))


def withdraw_offer(session: Session, now: datetime, actor: Actor, offer_id: int, reason: str) -> None:
    """Take an offer back: the bed is not free after all. The elder keeps her turn. Raises BedOfferNotFound, BedOfferClosed, SayWhy."""
    offer = _find_offer(session, offer_id)
    ground = may_run(actor, offer.area_code, offer.provider_id)
    if ground is None:
        raise BedOfferNotFound(offer_id=offer_id)
    if offer.state not in ("open", "accepted"):
        raise BedOfferClosed(offer_id=offer_id, state=offer.state)
    words = said(reason)
    session.connection().execute(
        update(_offer).where(_offer.c.id == offer_id).values(state="withdrawn", answered_at=now, reason=words)
    )
    _wait_on(session, now, offer, counts=False)
    tell(
        session, now, audience={"elder_side": offer.elder_id}, template="beds.withdrawn", elder_id=offer.elder_id,
        facts={"elder_id": offer.elder_id}, area_code=offer.area_code, subject=("bed_offer", offer_id),
        key=f"beds.withdrawn:{offer_id}",
    )  # fmt: skip
    record_act(
        session, now, actor, "withdraw_bed_offer", for_person_id=offer.elder_id, by_right=ground,
        area_code=offer.area_code, subject=("bed_offer", offer_id), facts={"reason": words},
    )  # fmt: skip


def lapse_offer(session: Session, now: datetime, offer_id: int, *, accepted: bool) -> bool:
    """Let an offer go whose time ran out: unanswered, or accepted and nobody moved in. As the house; twice is harmless."""
    offer = session.connection().execute(select(_offer).where(_offer.c.id == offer_id).with_for_update()).one()
    if offer.state != ("accepted" if accepted else "open") or (not accepted and offer.expires_at > now):
        return False
    state = "withdrawn" if accepted else "expired"
    session.connection().execute(
        update(_offer).where(_offer.c.id == offer_id).values(state=state, answered_at=offer.answered_at or now)
    )
    _wait_on(session, now, offer)
    for audience in ({"elder_side": offer.elder_id}, {"provider_id": offer.provider_id}):
        tell(
            session, now, audience=audience, template="beds.passed", facts={"elder_id": offer.elder_id},
            elder_id=offer.elder_id, area_code=offer.area_code, subject=("bed_offer", offer_id),
            key=f"beds.passed:{offer_id}:{next(iter(audience))}",
        )  # fmt: skip
    record_act(
        session, now, SYSTEM, "lapse_bed_offer", for_person_id=offer.elder_id, area_code=offer.area_code,
        subject=("bed_offer", offer_id), facts={"state": state},
    )  # fmt: skip
    return True
