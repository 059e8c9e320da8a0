"""What changes a city's map or list from the command line stands in the trail, with its channel."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
CITY = "320100000000000"


def acts(cast) -> list[tuple]:
    with cast.work("house") as work:
        rows = work.session.connection().execute(
            text("SELECT verb, channel, by_right IS NOT NULL FROM act WHERE channel = 'command_line' ORDER BY id")
        )
        return [tuple(row) for row in rows]


def test_a_new_network_is_an_act_and_the_same_file_again_is_none(cast):
    from workers.commands.network import app

    before = len(acts(cast))
    words = ["import", str(ROOT / "sample_data/osm/helsinki_center.osm.pbf"), "--city", CITY, "--name", "probe"]
    for _ in range(2):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
    assert acts(cast)[before:] == [("import_network", "command_line", True)]
