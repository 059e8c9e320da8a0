"""Where the walks go: every page, what fills its address, and the cookie of whoever looks."""

from __future__ import annotations

import os
import re
from typing import Any

from yl_rooms_walk import names_of_rooms
from yl_walk import ANONYMOUS, World

WALK = re.compile(os.environ.get("YINLING_WALK", ""))
"""Narrows the walks to the addresses in which it is found, for whoever builds one page; empty in a real run."""


def pages() -> list[tuple[str, str]]:
    """Give (method, path) of every page route."""
    from api.app import routers

    return sorted(
        (method, route.path)
        for router in routers()
        for route in router.routes
        if not (getattr(route, "include_in_schema", True) and router.include_in_schema)
        for method in route.methods - {"HEAD"}
        if WALK.search(route.path)
    )


def fill(path: str, world: World) -> str:
    """Put what exists in the world into a page's address."""
    ids, cast = world.ids, world.cast
    names: dict[str, Any] = {
        "elder_id": cast["wang"], "order_id": ids["order"], "offer_id": ids["offer"], "visit_id": ids["friendly"],
        "need_id": ids["need"], "escalation_id": ids["escalation"], "proxy_id": ids["proxy"], "kind": "friendly_visit",
        "facility_id": ids["facility"], "category": "bathing", "indicator_code": "nursing_bed_ratio", "code": "home_bath", "token": "no-such-token",
        "name": "elder-home", "size": "large", "language": "en",
        "file_type": "svg", "gate_id": ids["gate"], "run_id": ids["run"], "row_id": ids["row"], "siting_run_id": ids["siting_run"],
        "redemption_id": ids["redemption"], "group_id": ids["group"], "person_id": cast["volunteer"],
        "home_bed_id": ids["home_bed"], "plan_id": 1, "dish_id": 1,
        "payable_id": ids["payable"], "reference": ids["charge"],
        "settlement_id": ids["settlement"], "line_id": ids["line"], "difference_id": ids["difference"], "account_id": ids["account"],
        "scenario_id": ids["scenario"], "paper_code": ids["paper"], "form": "csv", "session_id": 1, "move_id": 1, "series_id": 1, "alert_id": 1, "device_id": 1, "assessment_id": ids["assessment"], "check_id": ids["check"], "erasure_id": ids["erasure"],
    }  # fmt: skip
    names |= names_of_rooms(world)
    if path.startswith("/carer"):
        names["visit_id"] = ids["visit"]
    return path.replace(":int", "").format(**names)


def cookies_of(world: World, who: str) -> dict[str, str]:
    """Give the header with a member's session cookie; none for nobody in particular."""
    from api.deps import signed

    return {"cookie": f"yl_session={signed(world.tokens[who])}"} if who != ANONYMOUS else {}
