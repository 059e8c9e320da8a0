"""One command puts the demonstration district under any city's rules, and what depends on them is promised."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from services.clock import civil_date
from workers.commands import city

CITIES = Path(__file__).resolve().parents[3] / "sample_data" / "cities"


def test_the_packs_are_loaded_together_and_again_change_nothing(cast: Any) -> None:
    told = CliRunner().invoke(city.app, ["load", str(CITIES / "taizhou.toml"), str(CITIES / "ningguo.toml")])
    assert told.exit_code == 0 and told.output.count("未作改动") == 2
    shown = CliRunner().invoke(city.app, ["list"]).output
    assert all(name in shown for name in ("dongying", "hulunbuir", "taizhou", "ningguo", "shanghai"))


@pytest.mark.parametrize(
    ("key", "circles", "rights"),
    [("hulunbuir", "街道养老服务圈", {"hulunbuir"}), ("ningguo", "乡镇（街道）养老服务圈", set())],
)
def test_the_district_runs_under_another_citys_rules_from_today_and_its_lists_follow(
    cast: Any, key: str, circles: str, rights: set[str]
) -> None:
    told = CliRunner().invoke(city.app, ["rules", "nanjing_demo", "--from", key])
    assert told.exit_code == 0 and circles in told.output.replace("\n", "")
    for job in ("visits.refresh_duties", "benefits.settle_every_elder"):
        assert job in cast.run_jobs(only=job)
    with cast.work("house") as work:
        found = work.session.connection().execute(
            text(
                "SELECT DISTINCT c.key FROM entitlement e JOIN entitlement_rule r ON r.id = e.rule_id"
                " JOIN city c ON c.code = r.city_code WHERE e.elder_id = :e AND e.during @> CAST(:today AS date)"
            ),
            {"e": cast["wang"], "today": civil_date(work.now)},
        )
        assert set(found.scalars()) == rights, "at 78 and alone: from seventy here, from eighty there"


def test_a_city_nobody_loaded_lends_no_rules(cast: Any) -> None:
    assert CliRunner().invoke(city.app, ["rules", "nanjing_demo", "--from", "atlantis"]).exit_code == 1
