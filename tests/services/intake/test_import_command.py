"""`bin/yinling import`: shows before it writes, asks about a guess, and ends with 1 when it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.pages.house_words import said_in_english
from geo.coordinates import from_wgs84
from services.intake.errors import UnreadableList
from workers.commands.importing import app

SITES = "设施名称,设施类型,详细地址,经度,纬度\n梅园助餐点,senior_canteen,梅园新村9号,118.765,32.015\n没有坐标的助餐点,senior_canteen,,,\n"


@pytest.fixture
def run(city, tmp_path):
    def take(kind, content, *options, name="list.csv", answer=None):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        command = [kind, str(file), "--city", "nanjing_demo", *options]
        return CliRunner().invoke(app, command, input=answer, env={"COLUMNS": "160"})

    return take


def test_a_dry_run_shows_the_report_and_writes_nothing(run, city):
    done = run("facilities", SITES, "--crs", "wgs84", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "没有坐标" in done.output and "设施名称" in done.output and "试运行" in done.output
    assert city.rows("SELECT (SELECT count(*) FROM facility), (SELECT count(*) FROM import_run)") == [(0, 0)]


def test_a_guess_is_asked_about_and_yes_takes_it(run, city):
    refused = run("facilities", SITES, "--crs", "wgs84", answer="n\n")
    assert refused.exit_code == 1 and city.rows("SELECT count(*) FROM facility") == [(0,)]
    done = run("facilities", SITES.encode("gb18030"), "--crs", "wgs84", "--yes")
    assert done.exit_code == 0 and "新增1" in done.output and "1行只缺位置" in done.output


def test_a_waiting_row_is_shown_and_mended(run, city):
    run("facilities", SITES, "--crs", "wgs84", "--yes")
    (row,) = city.waiting()
    shown = CliRunner().invoke(app, ["waiting"], env={"COLUMNS": "160"})
    assert "没有坐标的助餐点" in shown.output and str(row.id) in shown.output
    wrong = CliRunner().invoke(app, ["mend", str(row.id), "--set", "lon=118.765"])
    assert wrong.exit_code == 1
    unknown = CliRunner().invoke(app, ["mend", str(row.id), "--set", "spaceship=1"])
    assert unknown.exit_code == 2
    done = CliRunner().invoke(
        app, ["mend", str(row.id), "--set", "lon=118.766", "--set", "lat=32.016", "--set", "crs=wgs84"]
    )
    assert done.exit_code == 0 and city.waiting() == []
    assert "list.csv" in CliRunner().invoke(app, ["runs"], env={"COLUMNS": "160"}).output


def test_a_contradicted_system_shows_both_errors_and_ends_with_a_refusal(run, city):
    rows = []
    for n in range(120):
        lon, lat = from_wgs84(118.7501 + 0.0498 * n / 119, 32.001 + n * 0.0004, "bd09")
        rows.append({"小区名称": f"小区{n}", "区县": "玄武区", "经度": lon, "纬度": lat})
    done = run("compounds", json.dumps(rows), "--crs", "wgs84", "--yes", name="c.json")
    assert done.exit_code != 0 and type(done.exception).__name__ == "CrsContradicted"
    assert "坐标系核对" in done.output and city.rows("SELECT count(*) FROM compound") == [(0,)]
    assert run("compounds", json.dumps(rows), "--crs", "bd09", "--yes", name="c.json").exit_code == 0


def test_a_mapping_that_names_no_column_of_the_file_ends_with_one_and_shows_the_columns(run, tmp_path):
    mapping = Path(tmp_path / "m.toml")
    mapping.write_text('[columns]\nname = "没有这一列"\n', encoding="utf-8")
    done = run("facilities", SITES, "--crs", "wgs84", "--mapping", str(mapping))
    assert done.exit_code == 1


def test_houses_come_from_an_openstreetmap_file_too(run, city):
    streets = Path(__file__).resolve().parents[3] / "sample_data/osm/nanjing_xuanwu_2021-06.osm.xml.gz"
    done = run("buildings", streets.read_bytes(), "--yes", name="xuanwu.osm.xml.gz")
    assert done.exit_code == 0, done.output
    ((houses, with_road),) = city.rows("SELECT count(*), count(road) FROM building")
    assert houses > 50 and with_road >= 5


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"type": "FeatureCollection",\n "features": [{"x" 1}]}', "第2行第20列：缺少冒号"),
        ('[{"name": "梅园",\n "code": "1",}]', "最后一项后面不能有逗号"),
        ('[{"name": "梅园"}, {"name": "后宰', "第1行第27列：引号没有配对，或文件在此中断"),
        ('[{"name": "梅园"}] 完', "内容结束之后还有多余的字"),
    ],
)
def test_outlines_that_are_no_json_are_refused_with_the_place_in_plain_words(run, city, content, told):
    done = run("areas", content, "--crs", "wgs84", "--yes", name="areas.geojson")
    assert done.exit_code != 0 and isinstance(done.exception, UnreadableList)
    assert told in done.exception.message_zh and "Expecting" not in done.exception.message_zh
    assert (words := said_in_english(done.exception.message_zh)) is not None and words.isascii()
