"""Reports' and open data's part of the walk: who is served, a proper body for each call, what stands in addresses."""

from __future__ import annotations

from typing import Any

MEMBERS = frozenset({
    "wang", "sun", "daughter", "officer", "other_officer", "operator", "advisor", "auditor", "administrator",
    "dispatcher", "other_dispatcher", "carer", "other_carer", "volunteer", "outsider",
})  # fmt: skip
EVERYBODY = MEMBERS | {"anonymous"}
READERS = frozenset({"officer", "operator", "advisor", "auditor"})
DESKS = READERS | {"other_officer"}
OFFICER = frozenset({"officer"})
STREET = 320102003000000
HSDS = ("organizations", "services", "service_at_locations", "taxonomies", "taxonomy_terms")
MAY_OF_OPEN: dict[str, frozenset[str]] = {
    **dict.fromkeys(("GET /hsds/v3/", *(f"GET /hsds/v3/{name}" for name in HSDS)), EVERYBODY),
    **dict.fromkeys((f"GET /hsds/v3/{name}/{{hsds_id}}" for name in HSDS if name != "organizations"), frozenset()),
    "GET /hsds/v3/organizations/{hsds_id}": EVERYBODY,
    **dict.fromkeys(
        (f"GET /api/v1/open/{name}" for name in ("catalogue", "facilities.geojson", "registers/{register}.csv")),
        EVERYBODY,
    ),
    # nothing is published in the walked world; tests/api/test_open_data.py publishes
    **dict.fromkeys(("GET /api/v1/open/indicators", "GET /api/v1/open/indicators.csv"), frozenset()),
    "GET /api/v1/changes": EVERYBODY,
    "GET /api/v1/area-statistics": EVERYBODY,
    "POST /api/v1/area-statistics": OFFICER,
    "POST /api/v1/area-statistics/{statistic_id}/withdrawal": OFFICER,
    "GET /api/v1/area-reports": DESKS,
    "POST /api/v1/area-reports": OFFICER,
    "GET /api/v1/area-reports/{report_id}": READERS,
    "GET /api/v1/area-reports/{report_id}/recount": READERS,
}


def bodies_of_open(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about counts of people and reports."""
    return {
        "POST /api/v1/area-statistics": {
            "area_code": STREET, "what": "elders_80", "counted_on": "2025-12-31", "value": 5, "source": "公报",
        },
        "POST /api/v1/area-reports": {"area_code": STREET, "month": "2026-08-01"},
        "POST /api/v1/area-statistics/{statistic_id}/withdrawal": {"reason": "抄错了"},
    }  # fmt: skip


def open_data(world: Any) -> None:
    """A count of people of the street, a made report of its October, a form."""
    import io
    from datetime import date

    from openpyxl import Workbook

    from services.oversight.report_forms import keep_form
    from services.oversight.reports import ask_report, find_report, gather_report, keep_report
    from services.oversight.statistics import NewStatistic, record_statistic

    with world.cast.work("officer") as work:
        new = NewStatistic(STREET, "residents", date(2025, 12, 31), 40_000, "区统计局公报")
        world.ids["statistic"] = record_statistic(work.session, work.now, work.actor, new)
        world.ids["report"] = ask_report(work.session, work.now, work.actor, STREET, date(2026, 9, 1))
        book, out = Workbook(), io.BytesIO()
        book.active["A1"] = "{{title}}"
        book.save(out)
        world.ids["report_form"] = keep_form(work.session, work.now, work.actor, "区里的表", out.getvalue())
    with world.cast.work("house") as work:
        report = find_report(work.session, world.ids["report"])
        keep_report(work.session, work.now, work.actor, report, gather_report(work.session, report))


def names_of_open(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of these calls and pages."""
    ids = world.ids
    from services.oversight.hsds import stable_id

    kangle = stable_id("organization", world.cast.providers["kangle"])
    return {
        "hsds_id": kangle,
        "register": "facilities",
        "statistic_id": ids["statistic"],
        "report_id": ids["report"],
        "form_id": ids["report_form"],
    }
