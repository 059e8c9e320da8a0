"""The welfare visits (探访) of the seeded months: most doors open, some do not, and each silence was followed up."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from services.visits.tables import Escalation, VisitAttempt
from workers.district.world import InventedElder, World, at, month_starts

CHANNELS, CHANNEL_WEIGHTS = ("home", "phone", "video"), (64, 32, 4)
SILENCE = 0.03
NOTES = (
    None, None, None, None, "精神不错，家里整洁", "血压药快吃完了，提醒家属", "冰箱里有吃的，水电气正常", "腿疼，联系了社区医生",
    "想找人陪着去银行", "夜里睡不好", "女儿周末来过",
)  # fmt: skip


def write_attempts(world: World) -> None:
    """Write every try since the history began, by the community worker of each elder's community."""
    dice = world.dice("attempts")
    months = month_starts(world.first_day, world.today)
    for place, month in enumerate(months):
        met = 0.84 + 0.11 * place / max(1, len(months) - 1)
        for elder in world.elders:
            if elder.visit_class is None or elder.registered_on >= _after(month):
                continue
            for day in _days(dice, elder, month, place):
                if day <= world.today and dice.random() < met:
                    _knock(world, dice, elder, day)


def _after(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _days(dice: random.Random, elder: InventedElder, month: date, place: int) -> list[date]:
    """Give the days of a month on which an elder's class asks for a visit: weekly, monthly or quarterly."""
    length = (_after(month) - month).days
    if elder.visit_class == "high":
        return [month + timedelta(days=min(length - 1, 7 * week + dice.randint(0, 6))) for week in range(4)]
    if elder.visit_class == "general" and place % 3 != elder.id % 3:
        return []
    return [month + timedelta(days=min(dice.randint(1, 26), length - 1))]


def _knock(world: World, dice: random.Random, elder: InventedElder, day: date) -> None:
    moment = at(day, dice.randint(17, 34) / 2 + dice.randint(0, 29) / 60)
    if moment > world.now - timedelta(hours=2):
        return
    visitor = world.visitors[elder.quarter_code // 1000 * 1000]
    channel = dice.choices(CHANNELS, CHANNEL_WEIGHTS)[0]
    if dice.random() >= SILENCE:
        _write(world, dice, elder, visitor, channel, moment)
        return
    silent = _write(world, dice, elder, visitor, channel, moment, outcome="no_answer")
    answered = moment + timedelta(minutes=dice.randint(20, 105))
    _write(world, dice, elder, visitor, dice.choice(("home", "phone")), answered)
    _write_escalation(world, elder, visitor, silent, moment, answered)


def _write(
    world: World, dice: random.Random, elder: InventedElder, visitor: int, channel: str, moment: datetime,
    outcome: str | None = None,
) -> int:  # fmt: skip
    wait = timedelta(minutes=dice.randint(1, 50)) if dice.random() < 0.96 else timedelta(hours=dice.randint(30, 70))
    return world.bulk.add(
        VisitAttempt,
        elder_id=elder.id,
        area_code=elder.quarter_code,
        channel=channel,
        outcome=outcome or ("seen" if channel in ("home", "video") else "spoken"),
        happened_at=moment,
        recorded_at=min(moment + wait, world.now),
        by_person_id=visitor,
        note=dice.choice(NOTES) if outcome is None else "敲门和电话都没有应答",
    )


def _write_escalation(
    world: World, elder: InventedElder, visitor: int, attempt_id: int, knocked: datetime, answered: datetime
) -> None:
    steps = world.rules.escalation
    high = elder.visit_class == "high"
    waited = steps[1].high_risk_after_minutes if high else steps[1].after_minutes
    world.bulk.add(
        Escalation,
        elder_id=elder.id,
        area_code=elder.quarter_code,
        attempt_id=attempt_id,
        step=1,
        in_charge_id=visitor,
        opened_at=knocked,
        due_at=knocked + timedelta(minutes=waited),
        closed_at=answered,
        closed_by=visitor,
        resolution="contacted",
        history=[
            {
                "at": knocked.isoformat(),
                "step": 1,
                "action": steps[0].action,
                "in_charge_id": visitor,
                "due_at": (knocked + timedelta(minutes=waited)).isoformat(),
                "why": "opened",
                "attempt_id": attempt_id,
            }
        ],  # fmt: skip
    )
