"""The officer's map as a file: her own area, with definition, confidence and day on the sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner
from yl_cast import CITY


@pytest.fixture
def client(cast: Any) -> Any:
    from api.app import create_app

    with TestClient(create_app()) as client:
        yield client


def ask(client: TestClient, cast: Any, who: str, path: str, **query: str) -> Any:
    from api.deps import SESSION_COOKIE, signed

    return client.get(path, params=query, headers={"Cookie": f"{SESSION_COOKIE}={signed(cast.token(who))}"})


def test_an_officer_takes_her_map_along_as_a_drawing_or_a_page(cast: Any, client: TestClient) -> None:
    for kind, media, begins in (("svg", "image/svg+xml", b"<?xml"), ("pdf", "application/pdf", b"%PDF")):
        answer = ask(client, cast, "officer", f"/officer/map.{kind}")
        assert answer.status_code == 200, answer.text[:300]
        assert answer.headers["content-type"].startswith(media) and answer.content.startswith(begins)
        assert f".{kind}" in answer.headers["content-disposition"]


def test_the_sheet_names_confidence_definition_day_and_profile(cast: Any) -> None:
    from services.cities.queries import rules_in_force
    from services.clock import civil_date
    from services.oversight.printing import coverage_map

    with cast.work("house") as work:
        rules = rules_in_force(work.session, CITY, civil_date(work.now))
        tier = rules.tiers[0]
        sheet = coverage_map(work.session, CITY, CITY, tier=tier.code, profile=tier.default_profile)
        today = civil_date(work.now)
    assert sheet.headline.startswith("路网可信度") and tier.name_zh in sheet.title
    assert today.isoformat() in dict(sheet.facts).values() and "步行方式" in dict(sheet.facts)
    assert "OpenStreetMap" in sheet.source and "所占比例" in sheet.definition
    assert sum(len(one.lons) for one in sheet.places) > 0 and sheet.streets


def test_nobody_else_gets_it_and_an_unknown_circle_is_named(cast: Any, client: TestClient) -> None:
    assert ask(client, cast, "outsider", "/officer/map.svg").status_code in (403, 404)
    assert ask(client, cast, "officer", "/officer/map.svg", tier="moon").status_code == 422
    assert ask(client, cast, "officer", "/officer/map.gif").status_code == 422


def test_the_command_line_writes_the_same_sheet(cast: Any, tmp_path: Path) -> None:
    from workers.commands.circles import app

    out = tmp_path / "map.svg"
    done = CliRunner().invoke(app, ["picture", "--city", str(CITY), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_bytes().startswith(b"<?xml")
    wrong = CliRunner().invoke(app, ["picture", "--city", str(CITY), "--out", "map.gif"])
    assert wrong.exit_code == 2 and ".png" in wrong.output
