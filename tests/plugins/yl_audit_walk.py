"""The audit's part of the walk: an elder's record opened in an emergency, a seed shown, who is served, proper bodies."""

from __future__ import annotations

from typing import Any

from yl_trust_walk import EVERYBODY, MEMBERS

AUDITS = frozenset({"auditor", "officer", "other_officer"})
MAY_OF_AUDIT: dict[str, frozenset[str]] = {
    "GET /api/v1/audit/seeds": EVERYBODY,
    "GET /api/v1/audit/chain": AUDITS,
    "GET /api/v1/audit/rules": AUDITS,
    "GET /api/v1/audit/draw": AUDITS,
    "GET /api/v1/audit/cases/{order_id}": frozenset({"auditor", "officer"}),
    "GET /api/v1/break-glass": MEMBERS,
    "POST /api/v1/break-glass": frozenset({"officer", "other_officer", "operator", "administrator"}),
    # whoever opened it looks, and nobody else
    "GET /api/v1/break-glass/{glass_id}/record": frozenset({"other_officer"}),
    "POST /api/v1/break-glass/{glass_id}/closing": frozenset({"other_officer"}),
    "POST /api/v1/break-glass/{glass_id}/fields": frozenset(),  # she has closed it by then
    "POST /api/v1/break-glass/{glass_id}/review": frozenset({"officer", "administrator"}),
}


def bodies_of_audit(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about openings in an emergency."""
    return {
        "POST /api/v1/break-glass": {
            "full_name": "王秀兰", "phone": "19900000001", "kind": "life", "reason": "老人在超市晕倒了",
        },
        "POST /api/v1/break-glass/{glass_id}/fields": {"field": "phone"},
        "POST /api/v1/break-glass/{glass_id}/review": {"justified": True, "note": "打电话核实过"},
    }  # fmt: skip


def audit(world: Any) -> None:
    """Another street's officer opened 王奶奶's record, the trail is linked and sealed, and today's seed is shown."""
    from services.oversight import chain, draw_seeds, glass

    cast = world.cast
    with cast.work("other_officer") as work:
        told = glass.Emergency("王秀兰", "life", "老人在超市晕倒了", phone="19900000001")
        opened = glass.break_glass(work.session, work.now, work.actor, told)
        assert opened is not None
        world.ids["glass"] = opened.glass_id
    with cast.work("house") as work:
        draw_seeds.promise_seeds(work.session, work.now)
        draw_seeds.show_seeds(work.session, work.now)
        chain.check_chains(work.session, work.now)
        chain.seal_chains(work.session, work.now)


def names_of_audit(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of the audit's calls and pages."""
    return {"glass_id": world.ids["glass"]}
