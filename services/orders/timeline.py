"""The timeline families read: each event in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row

from services.benefits.rules import yuan
from services.orders.rules import CANCEL_REASONS, HOUSE_REASONS, SHANGHAI

Tone = Literal["info", "ok", "warn", "bad"]

_WORDS: dict[str, tuple[str, Tone]] = {
    "placed": ("下单成功", "info"),
    "offered": ("正在请{provider}接单", "info"),
    "put_up_for_claim": ("已请{count}家机构来接，谁先接谁来", "info"),
    "awaiting_bureau": ("正在等民政部门安排机构", "info"),
    "named_by_bureau": ("民政部门安排了{provider}", "info"),
    "bureau_passed_on": ("民政部门没有及时安排，改为逐家询问", "warn"),
    "given_back": ("{provider}来不了，正在找下一家", "warn"),
    "declined": ("{provider}接不了，正在找下一家", "warn"),
    "expired": ("{provider}没有及时答复，正在找下一家", "warn"),
    "withdrawn": ("{provider}不能接单了，正在找下一家", "warn"),
    "place_held": ("{provider}的位子订好了", "ok"),
    "accepted": ("{provider}已接单", "ok"),
    "assigned": ("已安排好上门的人", "ok"),
    "reassigned": ("换了一位上门的人", "warn"),
    "rescheduled": ("时间改到{when}", "info"),
    "rescheduled_anew": ("时间改到{when}，原来的机构那时来不了，正在另找", "warn"),
    "carer_late": ("上门的人没有按时到，已换人，马上就来", "warn"),
    "unassigned": ("原来安排的人来不了，机构正在另派", "warn"),
    "price_lowered": ("{provider}的价格更低，订单改为{price}", "ok"),
    "in_service": ("已到门口，开始服务", "info"),
    "served": ("服务做完了，请您确认", "ok"),
    "confirmed": ("已确认", "ok"),
    "rated": ("已评价：{face}", "ok"),
    "cancelled": ("已取消：{reason}", "bad"),
    "unfilled": ("暂时没有人能接，社区会打电话给您", "bad"),
}
_CANCELLED_WORDS = {**CANCEL_REASONS, **HOUSE_REASONS}
_FACES = {3: "好", 2: "一般", 1: "不好"}


@dataclass(frozen=True)
class TimelineStep:
    """One line of an order's timeline; `words` are for people, `facts` for programs."""

    id: int
    kind: str
    happened_at: datetime
    words: str
    tone: Tone
    actor_id: int | None
    facts: dict[str, Any]


def _when(facts: dict[str, Any]) -> str:
    if "starts_at" not in facts:
        return ""
    local = datetime.fromisoformat(facts["starts_at"]).astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def step_of(row: Row[*tuple[Any, ...]]) -> TimelineStep:
    """Put one event into words; an unknown kind is shown by its code, never hidden."""
    words, tone = _WORDS.get(row.kind, (row.kind, "info"))
    facts: dict[str, Any] = row.facts
    face = getattr(row, "face", None)
    if row.kind == "rated" and face is None:
        words = "已评价"  # the reader may not see yet how
    told = words.format(
        provider=row.provider_name or "服务机构",
        reason=_CANCELLED_WORDS.get(str(facts.get("reason")), "其他原因"),
        face=_FACES.get(face or 0, ""),
        when=_when(facts),
        count=len(facts.get("provider_ids", ())),
        price=yuan(int(facts.get("price_fen", 0))),
    )
    return TimelineStep(
        id=row.id,
        kind=row.kind,
        happened_at=row.happened_at,
        words=told,
        tone=tone,
        actor_id=row.actor_id,
        facts=facts,
    )
