"""One order of the seeded history as rows of every room it passed through."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.benefits.tables import EntitlementUse
from services.clock import civil_date
from services.dispatch.tables import Assignment
from services.matching.tables import Offer
from services.orders.rules import order_number
from services.orders.tables import CareOrder, OrderEvent, Rating
from services.payments.tables import FakeCharge, Payable, PaymentEvent
from services.people.privacy import seal
from services.visits.plans import CODE_PURPOSE
from services.visits.tables import Visit
from workers.district.world import (
    InventedCarer,
    InventedElder,
    InventedProvider,
    World,
    after_a_while,
    by_day,
)

PROOFS, PROOF_WEIGHTS = ("door_plate", "elder_code", "phone_call"), (60, 36, 4)
PRAISE = {
    "home_bath": ("水温正好，很细心", "扶得稳，一点不害怕", "洗完还帮我剪了指甲"),
    "home_cleaning": ("手脚麻利，打扫得干净", "厨房擦得亮堂堂的", "床单也给换了"),
    "meal_delivery": ("饭菜软烂，合口味", "送来还是热的", "菜每天不重样"),
    "home_care": ("有耐心，说话和气", "照顾得周到，家里人放心", "翻身擦背都仔细"),
    "escort_hospital": ("陪我排队取药，省心", "医生的话都写给女儿了", "一路扶着，没让我累着"),
    "escort_outing": ("陪我去了趟银行，很稳当", "走走停停，不催人", "菜也帮我拎回来了"),
    "home_nursing": ("护士手轻，不疼", "换药很干净", "血糖血压都量了，讲得清楚"),
    "home_rehab": ("教得仔细，腿有劲多了", "练习单写得清楚", "每次都先量血压"),
    "urgent_help": ("来得真快", "水管马上就修好了", "打完电话二十分钟就到了"),
}
REASONS = ("not_needed", "other_time", "not_at_home", "hospital")
DOUBT = ("来晚了一刻钟", "还可以", "人很好，就是匆忙了些", "换了个人，还得再熟悉")
COMPLAINT = ("等了半个多小时", "换了人也没有提前说", "没做完就走了")
FACES, FACE_WEIGHTS = (3, 2, 1), (83, 13, 4)
PHONE_SHARE, FAMILY_SHARE = 0.34, 0.7
"""How many orders come by telephone through the operator, and how many of the rest a bound relative places."""


@dataclass
class ServedOrder:
    """What happened, before it is written: who, what, when, by whom, for how much (fen)."""

    elder: InventedElder
    service: str
    day: date
    starts_at: datetime
    ends_at: datetime
    provider: InventedProvider
    carer: InventedCarer
    silent_provider: InventedProvider | None
    price_fen: int
    cancelled: bool
    government_fen: int = 0
    right_id: int | None = None
    id: int = 0
    reason: str | None = None
    placed_by: int = 0
    by_right: str = "self"
    channel: str = "web"
    payer_id: int = 0
    placed_at: datetime = datetime.min
    state: str = ""

    @property
    def self_fen(self) -> int:
        """What the elder's side pays."""
        return self.price_fen - self.government_fen


def write_order(world: World, dice: random.Random, order: ServedOrder) -> None:
    """Queue an order with its offers, assignment, visit, events, money and rating, as far as it came by now."""
    order.placed_at = _placed_at(world, dice, order)
    order.state = _state(world, dice, order)
    order.reason = dice.choice(REASONS) if order.cancelled else None
    if order.state == "":
        return
    accepted_at = _accepted_at(dice, order)
    confirmed_at = min(after_a_while(dice, order.ends_at), world.now)
    cancelled_at = order.starts_at - timedelta(hours=1)
    _who_places(world, dice, order)
    _write_order_row(world, order, accepted_at, confirmed_at, cancelled_at)
    _write_offers(world, order, accepted_at)
    assigned_at = accepted_at + timedelta(minutes=dice.randint(4, 40))
    _write_assignment(world, order, assigned_at)
    _write_visit(world, dice, order, confirmed_at)
    _write_money(world, order, accepted_at, confirmed_at, cancelled_at)
    _write_events(world, order, accepted_at, assigned_at, confirmed_at, cancelled_at)
    if order.state == "confirmed" and dice.random() < 0.62:
        _write_rating(world, dice, order, confirmed_at)


def _placed_at(world: World, dice: random.Random, order: ServedOrder) -> datetime:
    """Give a waking hour one to four days before; an urgent order comes 50 minutes before, and none comes from now on."""
    if order.service == "urgent_help":
        return order.starts_at - timedelta(minutes=50)
    days_before = dice.choice((1, 1, 2, 2, 3, 4))
    if order.starts_at > world.now:
        days_before = max(2, days_before)  # accepted and assigned by now, whatever hour it is
    return by_day(dice, min(order.day, world.today) - timedelta(days=days_before))


def _state(world: World, dice: random.Random, order: ServedOrder) -> str:
    """Give the state an order has reached by now; "" when it would just be under way, which is today's story."""
    if order.cancelled:
        return "cancelled" if order.starts_at < world.now else ""
    if order.starts_at > world.now:
        return "" if order.service == "urgent_help" else "assigned"
    if order.ends_at > world.now - timedelta(hours=1):
        return ""
    recent = order.ends_at > world.now - timedelta(days=2)
    return "served" if recent and dice.random() < 0.5 else "confirmed"


def _accepted_at(dice: random.Random, order: ServedOrder) -> datetime:
    wait = dice.randint(3, 9) if order.service == "urgent_help" else dice.randint(4, 110)
    return order.placed_at + timedelta(minutes=wait + (121 if order.silent_provider else 0))


def _who_places(world: World, dice: random.Random, order: ServedOrder) -> None:
    """Decide whether the operator, a bound child or the elder herself places the order, and by which right."""
    relative = world.relatives.get(order.elder.id)
    if dice.random() < PHONE_SHARE:
        order.placed_by, order.by_right, order.channel = world.cast["zhou"], "office:operator", "phone"
    elif relative is not None and dice.random() < FAMILY_SHARE:
        order.placed_by, order.by_right = relative[0], f"proxy:{relative[1]}"
        order.payer_id = relative[0]
    else:
        order.placed_by = order.elder.id
    order.payer_id = order.payer_id or order.elder.id


def _write_order_row(
    world: World, order: ServedOrder, accepted_at: datetime, confirmed_at: datetime, cancelled_at: datetime
) -> None:
    order.id = world.bulk.take_id(CareOrder)
    world.bulk.add(
        CareOrder,
        id=order.id,
        order_number=order_number(civil_date(order.placed_at), order.id),
        elder_id=order.elder.id,
        area_code=order.elder.quarter_code,
        service_code=order.service,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        state=order.state,
        price_fen=order.price_fen,
        government_fen=order.government_fen,
        voucher_fen=0,
        self_fen=order.self_fen,
        chosen_provider_id=(order.silent_provider or order.provider).id,
        provider_id=order.provider.id,
        placed_by=order.placed_by,
        by_right=order.by_right,
        channel=order.channel,
        idempotency_key=f"history-{order.elder.id}-{order.starts_at:%Y%m%d%H%M}-{order.service}",
        request_hash=hashlib.sha256(f"{order.elder.id}{order.starts_at}{order.service}".encode()).digest(),
        placed_at=order.placed_at,
        accepted_at=accepted_at,
        confirmed_at=confirmed_at if order.state == "confirmed" else None,
        cancelled_at=cancelled_at if order.cancelled else None,
        cancelled_reason=order.reason,
    )


def _write_offers(world: World, order: ServedOrder, accepted_at: datetime) -> None:
    minutes = world.rules.offer_minutes(str(world.menu[order.service].get("urgency", "normal")))
    offered_at = order.placed_at + timedelta(seconds=2)
    facts: dict[str, Any] = {"elder_id": order.elder.id, "area_code": order.elder.quarter_code, "order_id": order.id}
    rank = 1
    if order.silent_provider is not None:
        expires_at = offered_at + timedelta(minutes=min(minutes, 120))
        world.bulk.add(
            Offer, provider_id=order.silent_provider.id, rank=1, state="expired", offered_at=offered_at,
            expires_at=expires_at, **facts,
        )  # fmt: skip
        offered_at, rank = expires_at, 2
    world.bulk.add(
        Offer, provider_id=order.provider.id, rank=rank, state="accepted", offered_at=offered_at,
        expires_at=max(offered_at + timedelta(minutes=minutes), accepted_at), answered_at=accepted_at,
        answered_by=order.provider.dispatcher_id, **facts,
    )  # fmt: skip


def _write_assignment(world: World, order: ServedOrder, assigned_at: datetime) -> None:
    states = {"assigned": "planned", "cancelled": "cancelled"}
    world.bulk.add(
        Assignment,
        order_id=order.id,
        elder_id=order.elder.id,
        area_code=order.elder.quarter_code,
        carer_id=order.carer.id,
        provider_id=order.provider.id,
        during=f"[{order.starts_at.isoformat()},{order.ends_at.isoformat()})",
        state=states.get(order.state, "done"),
        assigned_by=order.provider.dispatcher_id,
        assigned_at=assigned_at,
        cancelled_reason="order_cancelled" if order.cancelled else None,
    )


def _write_visit(world: World, dice: random.Random, order: ServedOrder, confirmed_at: datetime) -> None:
    facts: dict[str, Any] = {"state": {"assigned": "planned", "cancelled": "cancelled"}.get(order.state, "finished")}
    if facts["state"] == "planned":
        facts["code_sealed"] = seal(CODE_PURPOSE, f"{dice.randint(0, 9999):04d}")
    if facts["state"] == "finished":
        arrived = order.starts_at + timedelta(minutes=dice.choice((-6, -4, -3, -2, 0, 1, 2, 4, 7, 12)))
        left = max(order.ends_at + timedelta(minutes=dice.randint(-12, 10)), arrived + timedelta(minutes=8))
        facts |= {
            "checked_in_at": arrived,
            "check_in_recorded_at": arrived + timedelta(seconds=2),
            "check_in_proof": dice.choices(PROOFS, PROOF_WEIGHTS)[0],
            "check_in_facts": {"accuracy_m": dice.randint(5, 60)},
            "checked_out_at": left,
            "check_out_recorded_at": left + timedelta(seconds=2),
            "tasks_done": world.menu[order.service]["checklist"],
        }
        if order.state == "confirmed":
            facts |= {"confirmed_at": confirmed_at, "confirmed_by": order.payer_id}
    world.bulk.add(
        Visit,
        kind="care",
        order_id=order.id,
        elder_id=order.elder.id,
        area_code=order.elder.quarter_code,
        visitor_id=order.carer.id,
        planned_start=order.starts_at,
        planned_end=order.ends_at,
        **facts,
    )


def _write_money(
    world: World, order: ServedOrder, accepted_at: datetime, confirmed_at: datetime, cancelled_at: datetime
) -> None:
    done = {"confirmed": confirmed_at, "cancelled": cancelled_at}.get(order.state)
    if order.right_id is not None and order.government_fen:
        world.bulk.add(
            EntitlementUse,
            entitlement_id=order.right_id,
            elder_id=order.elder.id,
            area_code=order.elder.quarter_code,
            order_id=order.id,
            month=order.day.replace(day=1),
            amount_fen=order.government_fen,
            state={"confirmed": "spent", "cancelled": "released"}.get(order.state, "held"),
            recorded_at=done or order.placed_at,
        )
    if not order.self_fen:
        return
    end = {"confirmed": "captured", "cancelled": "released"}.get(order.state, "authorised")
    reference = f"fake-history-{order.id}"
    taken_fen = order.self_fen if end == "captured" else 0
    payable_id = world.bulk.add(
        Payable, subject_type="care_order", subject_id=order.id, elder_id=order.elder.id, payer_id=order.payer_id,
        area_code=order.elder.quarter_code, amount_fen=order.self_fen, captured_fen=taken_fen, state=end, gateway="fake",
        gateway_reference=reference, created_at=accepted_at, updated_at=done or accepted_at,
    )  # fmt: skip
    world.bulk.add(
        FakeCharge, reference=reference, idempotency_key=f"payable-{payable_id}", amount_fen=order.self_fen, state=end,
        captured_fen=taken_fen, payable_id=payable_id, created_at=accepted_at,
        updated_at=done or accepted_at,
    )  # fmt: skip
    for kind, moment in (("authorised", accepted_at), (end, done)):
        if moment is not None:
            world.bulk.add(
                PaymentEvent,
                payable_id=payable_id,
                area_code=order.elder.quarter_code,
                happened_at=moment,
                kind=kind,
                gateway="fake",
                gateway_event_id=f"{reference}-{kind}",
                facts={"amount_fen": order.self_fen},
            )


def _write_events(
    world: World, order: ServedOrder, accepted_at: datetime, assigned_at: datetime, confirmed_at: datetime,
    cancelled_at: datetime,
) -> None:  # fmt: skip
    office, carer = order.provider.dispatcher_id, order.carer.id
    silent = order.silent_provider
    steps: list[tuple[str, datetime, int | None, dict[str, Any]]] = [
        ("placed", order.placed_at, order.placed_by, _placed_facts(order))
    ]
    if silent is not None:
        steps.append(("offered", order.placed_at, None, {"provider_id": silent.id}))
        steps.append(("expired", order.placed_at + timedelta(minutes=120), None, {"provider_id": silent.id}))
    offered_at = order.placed_at + timedelta(minutes=120 if silent else 0, seconds=2)
    steps.append(("offered", offered_at, None, {"provider_id": order.provider.id}))
    steps.append(("accepted", accepted_at, office, {"provider_id": order.provider.id}))
    steps.append(("assigned", assigned_at, office, {"carer_id": carer}))
    if order.state in ("served", "confirmed"):
        steps += [("in_service", order.starts_at, carer, {}), ("served", order.ends_at, carer, {})]
    if order.state == "confirmed":
        steps.append(("confirmed", confirmed_at, order.payer_id, {}))
    if order.cancelled:
        steps.append(("cancelled", cancelled_at, order.elder.id, {"reason": order.reason}))
    for kind, moment, actor_id, facts in steps:
        world.bulk.add(
            OrderEvent, order_id=order.id, elder_id=order.elder.id, area_code=order.elder.quarter_code, kind=kind,
            happened_at=moment, actor_id=actor_id, facts=facts,
        )  # fmt: skip


def _placed_facts(order: ServedOrder) -> dict[str, Any]:
    return {
        "by_right": order.by_right,
        "channel": order.channel,
        "service_code": order.service,
        "starts_at": order.starts_at.isoformat(),
        "ends_at": order.ends_at.isoformat(),
        "price_fen": order.price_fen,
        "government_fen": order.government_fen,
        "chosen_provider_id": (order.silent_provider or order.provider).id,
    }


def _write_rating(world: World, dice: random.Random, order: ServedOrder, confirmed_at: datetime) -> None:
    face = dice.choices(FACES, FACE_WEIGHTS)[0]
    words = {3: PRAISE[order.service], 2: DOUBT, 1: COMPLAINT}[face]
    world.bulk.add(
        Rating,
        order_id=order.id,
        elder_id=order.elder.id,
        area_code=order.elder.quarter_code,
        provider_id=order.provider.id,
        face=face,
        comment=dice.choice(words) if dice.random() < 0.45 else None,
        rated_by=order.payer_id,
        by_right=order.by_right if order.payer_id == order.placed_by else "self",
        rated_at=confirmed_at,
    )
