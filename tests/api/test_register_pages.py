"""Registers on pages: a checklist filled in item by item, a step written and taken back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from yl_page_walk import cookies_of
from yl_walk import HTML, World

from services.directory.standard_operation import CHECKLISTS


@pytest.fixture(scope="module")
def site(world: World) -> Any:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False) as client:
        yield client


def post(site: Any, world: World, path: str, **data: str) -> Any:
    headers = {**HTML, **cookies_of(world, "officer")}
    token = re.search(r'name="csrf_token" value="([^"]+)"', site.get("/me", headers=headers).text)
    assert token is not None
    return site.post(path, data={"csrf_token": token[1], **data}, headers=headers)


def test_a_checklist_wants_every_item_and_a_step_can_be_taken_back(world: World, site: Any) -> None:
    here = "/officer/registers/checks/new/happiness_home_v1"
    every = dict.fromkeys(CHECKLISTS["happiness_home_v1"].items, "yes")
    told = {"facility_id": str(world.ids["facility"]), "checked_on": "2025-03-01", **every}
    lacking = post(site, world, here, **told | {"fire": ""})
    assert lacking.status_code == 422 and "清单里的每一项都要回答" in lacking.text
    assert post(site, world, here, **told).status_code == 303
    duty = f"/officer/registers/obligations/{world.ids['obligation']}"
    wrong = post(site, world, duty, built_on="2024-01-01")
    assert wrong.status_code == 409 and "日期要按先后填" in wrong.text
    assert post(site, world, duty, planned_on="2024-01-01").status_code == 303
    assert post(site, world, duty, planned_on="").status_code == 303
    told = site.get(duty, headers={**HTML, **cookies_of(world, "officer")}).text
    assert told.count("2024-01-01") >= 2, "what stood before is on the page"
