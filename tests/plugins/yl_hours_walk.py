"""Proper bodies of the calls about hours, for the walk over every endpoint."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from yl_walk import World


def bodies_of_hours(world: World) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about hours that are spent, given, entered by the office or asked about."""
    ids, cast = world.ids, world.cast
    day, starts = ids["now"].date().isoformat(), ids["starts"] + timedelta(days=5)
    ago = ids["now"] - timedelta(hours=3)
    return {
        "POST /api/v1/elders/{elder_id}/redemptions": {
            "kind": "friendly_visit", "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(minutes=60)).isoformat(),
        },
        "POST /api/v1/redemptions/{redemption_id}/professional": {
            "provider_id": cast.providers["kangle"], "minutes": 60, "reason": "电话核实",
        },
        "POST /api/v1/volunteers/{person_id}/gifts": {"passport_number": "演示志愿-999999", "minutes": 30, "key": "walk-1"},
        "POST /api/v1/volunteers/{person_id}/donations": {"minutes": 30, "key": "walk-1"},
        "POST /api/v1/volunteers/{person_id}/estate": {"reason": "公证书"},
        "POST /api/v1/volunteers/{person_id}/moving": {"reason": "迁往外地"},
        "POST /api/v1/volunteers/{person_id}/papers": {"kind": "statement", "from_day": day, "to_day": day},
        "POST /api/v1/volunteer-groups": {"name": "新街口小学", "area_code": 320102003000000},
        "POST /api/v1/volunteer-groups/{group_id}/donations": {"minutes": 30, "key": "walk-1"},
        "POST /api/v1/elders/{elder_id}/served-time": {
            "volunteer_id": cast["volunteer"], "kind": "friendly_visit", "started_at": ago.isoformat(),
            "ended_at": (ago + timedelta(minutes=60)).isoformat(), "reason": "社区签到簿",
        },
        "POST /api/v1/needs/{need_id}/taking-for": {"volunteer_id": cast["volunteer"], "reason": "来电报名"},
        "POST /api/v1/volunteer-sessions/{session_id}/call-back": {"answer": "right"},
    }  # fmt: skip
