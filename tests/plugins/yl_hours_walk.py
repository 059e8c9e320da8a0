"""The walk over every endpoint where hours are spent, given, entered or follow somebody: who is served, and with what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from yl_walk import ANONYMOUS, MEMBERS

from services.people.id_numbers import check_digit

HER_SIDE = frozenset({"wang", "daughter"})
OFFICE = frozenset({"officer", "operator", "advisor"})
READERS = OFFICE | {"auditor"}
COMMUNITY = frozenset({"officer", "advisor"})
NOBODY: frozenset[str] = frozenset()
MAY_OF_HOURS: dict[str, frozenset[str]] = {
    # hours; a gift without a reason is answered to the office, and finds no such passport for her
    "POST /api/v1/elders/{elder_id}/redemptions": HER_SIDE | OFFICE,
    "GET /api/v1/elders/{elder_id}/redemptions": HER_SIDE | READERS,
    "POST /api/v1/redemptions/{redemption_id}/release": HER_SIDE | OFFICE,
    "POST /api/v1/redemptions/{redemption_id}/professional": frozenset({"officer", "advisor"}),
    "POST /api/v1/volunteers/{person_id}/gifts": COMMUNITY,
    "POST /api/v1/volunteers/{person_id}/donations": COMMUNITY | {"volunteer"},
    "POST /api/v1/volunteers/{person_id}/estate": NOBODY,
    "POST /api/v1/volunteers/{person_id}/moving": frozenset({"officer"}),
    "POST /api/v1/volunteers/{person_id}/district": frozenset({"officer"}),
    "POST /api/v1/volunteers/newcomers": COMMUNITY,
    "GET /api/v1/hour-moves": COMMUNITY | {"other_officer", "auditor"},
    "POST /api/v1/hour-moves/{move_id}/undoing": NOBODY,
    "POST /api/v1/volunteers/{person_id}/papers": COMMUNITY | {"volunteer"},
    "POST /api/v1/volunteer-groups": COMMUNITY,
    "POST /api/v1/volunteer-groups/{group_id}/donations": COMMUNITY,
    "POST /api/v1/elders/{elder_id}/served-time": COMMUNITY,
    "POST /api/v1/needs/{need_id}/taking-for": COMMUNITY,
    "GET /api/v1/volunteer-call-backs": READERS | {"other_officer"},
    "POST /api/v1/volunteer-sessions/{session_id}/call-back": NOBODY,
    "GET /api/v1/volunteer-signals": COMMUNITY | {"other_officer", "auditor"},
    "GET /api/v1/timebank-clearing": COMMUNITY | {"other_officer", "auditor"},
    "GET /api/v1/hour-papers/{paper_code}": frozenset({*MEMBERS, ANONYMOUS}),
    "GET /api/v1/hour-papers/{paper_code}/file": COMMUNITY | {"volunteer", "auditor"},
}


def bodies_of_hours(world: Any) -> dict[str, dict[str, Any]]:
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
        "POST /api/v1/volunteers/{person_id}/district": {"area_code": 320104006000000, "reason": "户口簿"},
        "POST /api/v1/volunteers/newcomers": {
            "full_name": "何晓燕", "id_number": "32010219790501012" + check_digit("32010219790501012"),
            "area_code": 320102003902901, "reason": "本人到柜台",
        },
        "POST /api/v1/hour-moves/{move_id}/undoing": {"reason": "看错了"},
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
