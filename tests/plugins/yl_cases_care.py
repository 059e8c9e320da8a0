"""Who is served by the calls about standards, assessments, entitlement and home care beds, and their proper bodies."""

from __future__ import annotations

from typing import Any

from yl_walk import ANONYMOUS, MEMBERS, World

EVERYBODY = frozenset({*MEMBERS, ANONYMOUS})
OFFICE = frozenset({"officer", "operator", "advisor"})
READERS = OFFICE | {"auditor"}
HER_SIDE = frozenset({"wang", "daughter"})
COMMUNITY = frozenset({"officer", "advisor"})
NOBODY: frozenset[str] = frozenset()
WHO_MAY: dict[str, frozenset[str]] = {
    # what a city promises is public; an administrator publishes the next version
    "GET /api/v1/open/basic-services": EVERYBODY,
    "GET /api/v1/open/basic-services.csv": EVERYBODY,
    "GET /api/v1/open/standards": EVERYBODY,
    "GET /api/v1/open/standards/{code}": EVERYBODY,
    "GET /api/v1/open/assessment-schemes": EVERYBODY,
    "POST /api/v1/standards/{code}/versions": frozenset({"administrator"}),
    # assessments: written and signed by assessors of her street, appealed against by her side or office
    "GET /api/v1/elders/{elder_id}/assessments": HER_SIDE | READERS,
    "GET /api/v1/elders/{elder_id}/entitlement-decision": HER_SIDE | READERS,
    "POST /api/v1/elders/{elder_id}/assessments": COMMUNITY,
    "POST /api/v1/assessments/{assessment_id}/signature": COMMUNITY,
    "POST /api/v1/assessments/{assessment_id}/return": COMMUNITY,
    "POST /api/v1/assessments/{assessment_id}/appeal": HER_SIDE | OFFICE,
    "DELETE /api/v1/assessment-appeals/{appeal_id}": NOBODY,
    # home care beds: the officer registers; her side, her office and the provider see
    "GET /api/v1/elders/{elder_id}/home-beds": HER_SIDE | READERS,
    "POST /api/v1/elders/{elder_id}/home-beds": frozenset({"officer"}),
    "GET /api/v1/home-beds": READERS | {"other_officer"},
    "GET /api/v1/home-beds/{home_bed_id}/deliveries": HER_SIDE | READERS | {"dispatcher"},
    "POST /api/v1/home-beds/{home_bed_id}/ending": frozenset({"officer"}),
}


def bodies_of_care(world: World) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about standards, assessments and home care beds."""
    cast, day = world.cast, world.ids["now"].date().isoformat()
    return {
        "POST /api/v1/standards/{code}/versions": {"city": "dongying", "valid_from": "2099-01-01", "reason": "标准提高"},
        "POST /api/v1/elders/{elder_id}/assessments": {"assessed_on": day, "answers": {"eating": 4}},
        "POST /api/v1/assessments/{assessment_id}/return": {"reason": "第三项看错了"},
        "POST /api/v1/assessments/{assessment_id}/appeal": {"reason": "不同意"},
        "POST /api/v1/elders/{elder_id}/home-beds": {
            "provider_id": cast.providers["kangle"], "contract_number": "走查1", "first_day": day, "last_day": "2099-01-01",
            "signed_on": day, "signed_by": cast["wang"], "monthly_price_fen": 100, "government_fen": 100, "family_fen": 0,
            "services": [{"service_code": "home_bath", "times": 1, "every": "week", "minutes": 90}],
        },
        "POST /api/v1/home-beds/{home_bed_id}/ending": {"last_day": "2001-01-01", "reason": "住院"},
    }  # fmt: skip
