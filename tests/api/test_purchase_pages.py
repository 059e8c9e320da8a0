"""The officer's way from a contract to the evidence on pages, and what a form says when the house refuses."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from yl_page_walk import cookies_of
from yl_walk import HTML, World

HOME = "/officer/registers/purchase"


@pytest.fixture(scope="module")
def site(world: World) -> Any:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False) as client:
        yield client


def get(site: Any, world: World, who: str, path: str) -> Any:
    return site.get(path, headers={**HTML, **cookies_of(world, who)})


def post(site: Any, world: World, who: str, path: str, **data: str) -> Any:
    """Send a form with the token of the person's own page."""
    headers = {**HTML, **cookies_of(world, who)}
    token = re.search(r'name="csrf_token" value="([^"]+)"', site.get("/me", headers=headers).text)
    assert token is not None
    return site.post(path, data={"csrf_token": token[1], **data}, headers=headers)


def test_an_officer_writes_a_contract_on_the_page_and_takes_its_tables_away(world: World, site: Any) -> None:
    terms = {
        "contract_number": "ZF-P", "title": "助餐", "buyer": "街道", "provider_id": str(world.cast.providers["kangle"]),
        "method": "inquiry", "first_day": "2030-01-01", "last_day": "2030-12-31", "ceiling_fen": "1万",
    }  # fmt: skip
    wrong = post(site, world, "officer", HOME, **terms | {"ceiling_fen": "很多"})
    assert wrong.status_code == 422 and "请写金额，单位元" in wrong.text and 'value="助餐"' in wrong.text
    made = post(site, world, "officer", HOME, **terms)
    assert made.status_code == 303
    here = made.headers["location"].split("?")[0]
    early = post(site, world, "officer", f"{here}/start")
    assert early.status_code == 409 and "生效前请先写服务单价和预算" in early.text
    assert post(site, world, "officer", f"{here}/prices", service_code="home_bath", unit_fen="60").status_code == 303
    money = {"budget_year": "2030", "budget_number": "2081006-01", "funder": "city", "planned_fen": "10001"}
    over = post(site, world, "officer", f"{here}/budgets", **money)
    assert over.status_code == 409 and "各预算合计不能超过合同最高金额" in over.text
    assert post(site, world, "officer", f"{here}/budgets", **money | {"planned_fen": "9000"}).status_code == 303
    assert post(site, world, "officer", f"{here}/start").status_code == 303
    told = get(site, world, "auditor", here).text
    assert "9,000 元" in told and "生效中" in told and "<form" not in told.split("</header>")[1]
    book = load_workbook(io.BytesIO(get(site, world, "officer", f"{HOME}?table=contracts&file=xlsx").content))
    assert "ZF-P" in [row[0].value for row in book.active.iter_rows()]
    assert get(site, world, "other_officer", here).status_code == 404


def test_a_budget_page_leads_to_each_lines_evidence(world: World, site: Any) -> None:
    told = get(site, world, "officer", f"{HOME}/budgets/{world.ids['budget']}")
    assert told.status_code == 200 and "支出明细" in told.text
    changed = post(site, world, "officer", f"{HOME}/budgets/{world.ids['budget']}", planned_fen="6000", reason=" ")
    assert changed.status_code == 422 and "请写明原因" in changed.text
