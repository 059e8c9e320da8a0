"""Why a provider is not among those who can come, in a code for programs and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row

from services.catalogue.queries import Service
from services.matching.rules import minutes_up
from services.matching.walks import Walk
from services.orders.rules import is_open

Why = Literal["blocked", "not_offering", "closed", "too_far", "no_carer_with_the_skill", "full", "not_as_wished"]
_DAYS = "一二三四五六日"


@dataclass(frozen=True)
class LeftOut:
    """A provider that cannot come in this window, and the first reason that rules it out."""

    provider_id: int
    provider_name: str
    code: Why
    why: str
    facts: dict[str, Any] = field(default_factory=dict)


def why_left_out(
    line: Row[Any],
    walk: Walk,
    slot: Row[Any],
    capacity_left: int,
    service: Service,
    starts_at: datetime,
    ends_at: datetime,
) -> LeftOut | None:
    """Give the first reason why a provider's line cannot serve a window, or None when it can."""
    found = _closed_for_good(line) or _closed_then(line, starts_at, ends_at) or _too_far(line, walk)
    found = found or _no_hands(slot, capacity_left, service)
    if found is None:
        return None
    code, why, facts = found
    return LeftOut(line.provider_id, line.provider_name, code, why, facts)


_Reason = tuple[Why, str, dict[str, Any]]


def _closed_for_good(line: Row[Any]) -> _Reason | None:
    if line.blocked_at is not None:
        return "blocked", "已被暂停接单", {}
    if not line.active or line.status != "open":
        return "not_offering", "现在不提供这项服务", {}
    return None


def _closed_then(line: Row[Any], starts_at: datetime, ends_at: datetime) -> _Reason | None:
    if is_open(line.weekdays, line.from_hour, line.to_hour, starts_at, ends_at):
        return None
    days = "、".join("周" + _DAYS[int(day) - 1] for day in sorted(line.weekdays)) or "每天"
    facts = {"weekdays": list(line.weekdays), "from_hour": line.from_hour, "to_hour": line.to_hour}
    return "closed", f"这个时间不营业（{days}{line.from_hour}点到{line.to_hour}点）", facts


def _too_far(line: Row[Any], walk: Walk) -> _Reason | None:
    if walk.same_area is not None:
        return (
            None if walk.same_area else ("too_far", "不在老人所在的区域（这里不按步行时间匹配）", {"same_area": False})
        )
    if walk.seconds <= line.max_travel_seconds:
        return None
    minutes, most = minutes_up(walk.seconds), line.max_travel_seconds // 60
    how = "（估算）" if walk.estimated else ""
    facts = {
        "walk_seconds": walk.seconds,
        "max_travel_seconds": line.max_travel_seconds,
        "estimated": walk.estimated,
    }
    return "too_far", f"太远：步行{minutes}分钟{how}，最远{most}分钟", facts


def not_as_wished(line: Row[Any], wish: str) -> LeftOut:
    """Leave a provider out that has nobody free as the elder insists on."""
    return LeftOut(line.provider_id, line.provider_name, "not_as_wished", f"那时没有老人要的{wish}", {"wish": wish})


def _no_hands(slot: Row[Any], capacity_left: int, service: Service) -> _Reason | None:
    if service.at_home and slot.skilled == 0:
        facts = {"required_skills": list(service.required_skills)}
        return "no_carer_with_the_skill", "没有具备这项技能、证书有效的护理员", facts
    if capacity_left <= 0:
        return "full", "这个时间已约满", {"booked": slot.booked}
    return None
