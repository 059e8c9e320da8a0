"""What is open, for anybody: every table with what it says, its licence, its day and its addresses."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.deps import OpenWork
from api.pages.kit import render
from api.pages.officer_office import speaking
from api.pages.public_services import city_of_page
from api.routes.open_data import open_path
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.language import for_reader
from services.oversight.open_registers import COLUMNS, DATASETS, open_rows
from services.oversight.open_sums import open_months, open_sums
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
City = Annotated[str, Query(max_length=40)]


@router.get("/open-data")
def open_data_page(request: Request, work: OpenWork, city: City = "") -> Response:
    """Show the tables a city publishes, with licence, day and addresses."""
    here, cities = city_of_page(work, city)
    code = int(here["code"])
    policy = rules_in_force(work.session, code, civil_date(work.now)).open_data
    with speaking(request):
        names = {
            "home": "/",
            "city": here,
            "cities": cities,
            "licence": policy.licence,
            "licence_url": policy.licence_url,
            "smallest": policy.smallest_shown,
            "tables": [_table(work, here, name) for name in DATASETS],
            "months": [f"{month:%Y-%m}" for month in open_months(work.session, code)],
        }
    return render(request, "catalogue/open.html", names)


def _table(work: UnitOfWork, here: dict[str, Any], name: str) -> dict[str, Any]:
    title, title_en, told, forms = DATASETS[name]
    code = int(here["code"])
    changed, count = None, None
    if name in COLUMNS:
        found = open_rows(work.session, code, name, civil_date(work.now))
        changed, count = found.changed_at, len(found.rows)
    elif name == "indicators" and open_months(work.session, code):
        sums = open_sums(work.session, code)
        changed, count = sums.published_at, len(sums.content["rows"])
    chinese, _, english = told.partition("。")
    return {
        "name": for_reader(title, title_en),
        "told": for_reader(f"{chinese}。", english),
        "changed": changed,
        "count": count,
        "forms": [(form.upper(), open_path(name, form, here["key"])) for form in forms],
    }
