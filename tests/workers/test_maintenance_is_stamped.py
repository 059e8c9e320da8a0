"""What changes a city's map or list from the command line stands in the trail, with its channel."""

from __future__ import annotations

import importlib
from pathlib import Path

import typer
from sqlalchemy import text
from typer.testing import CliRunner

from workers.backup import Saved

ROOT = Path(__file__).resolve().parents[2]
CITY = "320100000000000"


def acts(cast) -> list[tuple]:
    with cast.work("house") as work:
        rows = work.session.connection().execute(
            text("SELECT verb, channel, by_right IS NOT NULL FROM act WHERE channel = 'command_line' ORDER BY id")
        )
        return [tuple(row) for row in rows]


def ran(app, *words: str) -> None:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output


def command(name: str) -> typer.Typer:
    """A command that stands alone, as `bin/yinling` mounts it."""
    single = typer.Typer()
    single.command()(importlib.import_module(f"workers.commands.{name}").command)
    return single


def test_sealing_the_books_circles_streets_and_a_backup_are_acts(cast, tmp_path):
    from workers.commands import circles, city, network, timebank

    before = len(acts(cast))
    ran(network.app, "import", str(ROOT / "sample_data/osm/helsinki_center.osm.pbf"), "--city", CITY, "--name", "again")
    ran(circles.app, "refresh", "--city", CITY)
    ran(timebank.app, "seal", CITY, "--directory", str(tmp_path / "seals"))
    ran(city.app, "streets", str(ROOT / "sample_data/codes/streets.csv.gz"))
    ran(command("backup"), str(tmp_path / "house.yl"))
    assert acts(cast)[before:] == [
        (verb, "command_line", True)
        for verb in ("import_network", "refresh_circles", "seal_timebank", "load_streets", "backup")
    ]


def test_a_restored_house_says_that_it_was_restored(cast, tmp_path, monkeypatch):
    """The act stands in the house that was brought back; bringing back itself has its own tests."""
    from workers.commands import restore

    before = len(acts(cast))
    monkeypatch.setattr(restore, "bring_back", lambda file, force: Saved(30, 900, 2, 5, 1000))
    file = tmp_path / "house.yl"
    file.write_bytes(b"sealed")
    ran(command("restore"), str(file), "--into-empty-database")
    assert acts(cast)[before:] == [("restore", "command_line", True)]


def test_a_new_network_is_an_act_and_the_same_file_again_is_none(cast):
    from workers.commands.network import app

    before = len(acts(cast))
    words = ["import", str(ROOT / "sample_data/osm/helsinki_center.osm.pbf"), "--city", CITY, "--name", "probe"]
    for _ in range(2):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
    assert acts(cast)[before:] == [("import_network", "command_line", True)]
