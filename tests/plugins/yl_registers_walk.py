"""The registers' part of the walk over every endpoint and page: what there is to see, who is served, bodies."""

from __future__ import annotations

from datetime import date
from typing import Any

OFFICER = frozenset({"officer"})
BOOKS = frozenset({"officer", "other_officer", "auditor"})
OF_KANGLE = frozenset({"officer", "auditor", "dispatcher"})
MAY_OF_REGISTERS: dict[str, frozenset[str]] = {
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
}


def bodies_of_registers(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about registers."""
    kangle, day = world.cast.providers["kangle"], world.ids["now"].date().isoformat()
    return {
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


def names_of_registers(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of the registers' calls and pages."""
    return {
        "contract_id": world.ids["contract"], "budget_id": world.ids["budget"], "service_code": "home_bath",
    }  # fmt: skip
