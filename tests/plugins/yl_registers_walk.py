"""The registers' part of the walk over every endpoint and page: what there is to see, who is served, bodies."""

from __future__ import annotations

from datetime import date
from typing import Any

from yl_gaps_walk import MAY_OF_GAPS, bodies_of_gaps, gaps

OFFICER = frozenset({"officer"})
BOOKS = frozenset({"officer", "other_officer", "auditor"})
OF_KANGLE = frozenset({"officer", "auditor", "dispatcher"})
DESKS = frozenset({"officer", "operator", "advisor", "auditor", "other_officer"})
COMMUNITY = 320102003902000
MAY_OF_REGISTERS: dict[str, frozenset[str]] = {
    **MAY_OF_GAPS,
    "GET /api/v1/purchase-contracts": BOOKS | {"dispatcher", "other_dispatcher"},
    "POST /api/v1/purchase-contracts": frozenset({"officer", "other_officer"}),
    "GET /api/v1/purchase-contracts/{contract_id}": OF_KANGLE,
    "PUT /api/v1/purchase-contracts/{contract_id}/prices/{service_code}": OFFICER,
    "POST /api/v1/purchase-contracts/{contract_id}/budgets": OFFICER,
    "POST /api/v1/purchase-contracts/{contract_id}/start": OFFICER,
    "POST /api/v1/purchase-contracts/{contract_id}/dropping": OFFICER,
    "POST /api/v1/purchase-contracts/{contract_id}/ending": OFFICER,
    "POST /api/v1/purchase-contracts/{contract_id}/acceptances": OFFICER,
    "PUT /api/v1/purchase-budgets/{budget_id}": OFFICER,
    "GET /api/v1/purchase-budgets/{budget_id}/lines": OF_KANGLE,
    **dict.fromkeys(
        [
            f"GET /api/v1/{one}"
            for one in ("project-sites", "area-obligations", "standard-checklists", "facility-checks", "area-flags")
        ],
        DESKS,
    ),
    "POST /api/v1/project-sites": OFFICER,
    "PATCH /api/v1/project-sites/{project_site_id}": OFFICER,
    "POST /api/v1/area-obligations": OFFICER,
    "PATCH /api/v1/area-obligations/{obligation_id}": OFFICER,
    "POST /api/v1/facility-checks": OFFICER,
    "POST /api/v1/facility-checks/{facility_check_id}/withdrawal": OFFICER,
    "POST /api/v1/area-flags": OFFICER,
    "POST /api/v1/area-flags/{flag_id}/ending": OFFICER,
}


def bodies_of_registers(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about registers."""
    kangle, day = world.cast.providers["kangle"], world.ids["now"].date().isoformat()
    return bodies_of_gaps(world) | {
        "POST /api/v1/purchase-contracts": {
            "contract_number": "ZF-2", "title": "居家服务", "buyer": "区民政局", "provider_id": kangle, "method": "open_tender",
            "first_day": "2026-01-01", "last_day": "2026-12-31", "ceiling_fen": 1_000_000,
        },
        "PUT /api/v1/purchase-contracts/{contract_id}/prices/{service_code}": {"unit_fen": 5000},
        "POST /api/v1/purchase-contracts/{contract_id}/budgets": {
            "year": 2026, "number": "2081006-09", "funder": "city", "planned_fen": 1000,
        },
        "POST /api/v1/purchase-contracts/{contract_id}/dropping": {"reason": "写错了"},
        "POST /api/v1/purchase-contracts/{contract_id}/ending": {"ended_on": day, "reason": "机构退出"},
        "POST /api/v1/purchase-contracts/{contract_id}/acceptances": {
            "first_day": "2026-01-01", "last_day": "2026-01-31", "result": "accepted", "note": "抽查合格",
        },
        "PUT /api/v1/purchase-budgets/{budget_id}": {"planned_fen": 600_000, "reason": "追加"},
        "POST /api/v1/project-sites": {
            "project_code": "p", "area_code": COMMUNITY, "name": "二号", "type_code": "street_centre", "planned_on": day,
        },
        "PATCH /api/v1/project-sites/{project_site_id}": {"note": "在谈场地"},
        "POST /api/v1/area-obligations": {"area_code": COMMUNITY, "name": "二期", "required_m2": 100, "due_on": day},
        "PATCH /api/v1/area-obligations/{obligation_id}": {"planned_on": "2024-01-01"},
        "POST /api/v1/facility-checks": {
            "facility_id": world.ids["facility"], "checklist": "happiness_home_v1", "checked_on": day, "answers": {"fire": True},
        },
        "POST /api/v1/facility-checks/{facility_check_id}/withdrawal": {"reason": "记错了"},
        "POST /api/v1/area-flags": {"area_code": COMMUNITY, "flag": "friendly", "since": day, "ground": "文件"},
        "POST /api/v1/area-flags/{flag_id}/ending": {"until": "2090-01-01"},
    }  # fmt: skip


def registers(world: Any) -> None:
    """A contract in force with a price and a budget."""
    from services.settlement import purchasing

    cast, ids = world.cast, world.ids
    with cast.work("officer") as work:
        who = work.session, work.now, work.actor
        year = work.now.year
        new = purchasing.NewContract(
            "ZF-1", "居家养老服务", "玄武门街道", cast.providers["kangle"], "open_tender", date(year, 1, 1), date(year + 1, 12, 31),
            10_000_000,
        )  # fmt: skip
        ids["contract"] = purchasing.write_contract(*who, new)
        purchasing.set_price(*who, ids["contract"], "home_bath", 20_000)
        ids["budget"] = purchasing.add_budget(*who, ids["contract"], year, "2081006-01", "district", 500_000)
        purchasing.start_contract(*who, ids["contract"])
    promised(world)
    gaps(world)


def promised(world: Any) -> None:
    """A site of a project, a residential area's duty, a check and a title."""
    from sqlalchemy import text

    from services.directory import registers
    from services.directory.standard_operation import CHECKLISTS

    cast, ids = world.cast, world.ids
    with cast.work("house") as work:
        work.session.connection().execute(
            text("INSERT INTO area (code, level, name) VALUES (:c, 'community', '青石里社区') ON CONFLICT DO NOTHING"),
            {"c": COMMUNITY},
        )
    with cast.work("officer") as work:
        who, day = (work.session, work.now, work.actor), date(2025, 1, 1)
        ids["project_site"] = registers.add_project_site(
            *who,
            project_code="p",
            area_code=COMMUNITY,
            name="一号",
            type_code="street_centre",
            work="build",
            planned_on=day,
        )
        ids["obligation"] = registers.add_obligation(
            *who,
            obligation_code="residential_facilities",
            area_code=COMMUNITY,
            name="一期",
            required_m2=300,
            due_on=day,
        )
        ids["facility_check"] = registers.record_check(
            *who, facility_id=ids["facility"], checklist="happiness_home_v1", checked_on=day,
            answers=dict.fromkeys(CHECKLISTS["happiness_home_v1"].items, True),
        )  # fmt: skip
        ids["flag"] = registers.raise_flag(
            *who, area_code=COMMUNITY, flag="dementia_friendly", since=day, ground="文件"
        )


def names_of_registers(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of the registers' calls and pages."""
    return {
        "contract_id": world.ids["contract"], "budget_id": world.ids["budget"], "service_code": "home_bath",
        "remedy_id": world.ids["remedy"], "project_site_id": world.ids["project_site"], "obligation_id": world.ids["obligation"],
        "facility_check_id": world.ids["facility_check"], "flag_id": world.ids["flag"], "standard_list": "happiness_home_v1",
    }  # fmt: skip
