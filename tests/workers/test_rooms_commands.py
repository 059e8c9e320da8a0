"""`facilities import` and `messages` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from services.cities.actions import load_pack
from services.directory.errors import UnknownCoordinates
from services.directory.tables import Provider
from services.messages import carriers
from services.unit_of_work import SYSTEM, unit_of_work

ROOT = Path(__file__).resolve().parents[2]
HEADER = "code,name,type_code,functions,provider_code,address,lon,lat\n"
GOOD = "S1,梅园服务站,day_care_centre,meals,kangle,梅园新村1号,118.7974,32.0437\n"


@pytest.fixture
def city(database, now):
    with unit_of_work(SYSTEM, login="setup") as work:
        for name in ("dongying", "nanjing_demo"):
            load_pack(work.session, work.now, ROOT / f"sample_data/cities/{name}.toml")
        work.session.add(
            Provider(code="kangle", name="康乐", kind="company", area_code=1, phone="1", created_at=now)
        )  # fmt: skip
        work.session.flush()
        work.session.connection().execute(
            text(
                "UPDATE area SET geom = ST_Multi(ST_MakeEnvelope(118.7, 32, 118.9, 32.1, 4326)) WHERE code = 320102002000000"
            )
        )


def run(path: Path, crs: str = "wgs84", city: str = "320100"):
    from workers.commands.facilities import app

    return CliRunner().invoke(app, ["import", str(path), "--crs", crs, "--city", city], env={"COLUMNS": "200"})


def test_a_good_list_is_taken_over_and_a_bad_one_ends_with_one_and_its_lines(city, tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(HEADER + GOOD, encoding="utf-8-sig")
    bad.write_text(HEADER + GOOD.replace("118.7974,32.0437", "32.0437,118.7974"), encoding="utf-8")
    done = run(good)
    assert done.exit_code == 0 and "新增1" in done.output
    refused = run(bad)
    assert refused.exit_code == 1 and "填反" in refused.output and "2" in refused.output
    (tmp_path / "gbk.csv").write_bytes((HEADER + GOOD).encode("gbk"))
    assert run(tmp_path / "gbk.csv").exit_code == 2
    assert isinstance(run(good, crs="mars").exception, UnknownCoordinates)
    with unit_of_work(SYSTEM, login="jobs") as work:
        assert work.session.connection().execute(text("SELECT area_code FROM facility")).scalars().all() == [
            320102002000000
        ]


def test_messages_shows_the_newest_texts(database, now):
    from workers.commands.messages import command

    for number in range(3):
        carriers.send_code(f"1390000001{number}", f"00000{number}", key=f"c{number}")
    app = typer.Typer()
    app.command()(command)
    shown = CliRunner().invoke(app, ["--last", "2"], env={"COLUMNS": "200"}).output
    assert "000002" in shown and "000001" in shown and "000000" not in shown
