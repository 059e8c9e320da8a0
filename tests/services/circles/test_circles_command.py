"""The circle of a door and the streets of a city on the command line, as an officer or a program uses them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from workers.commands import circles, network

HELSINKI = str(Path(__file__).resolve().parents[3] / "sample_data" / "osm" / "helsinki_center.osm.pbf")
DOOR = ["--lon", "24.945", "--lat", "60.170"]


def told(app: Any, *words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def helsinki(module_database: Any) -> Any:
    """A place without a pack, whose streets were just imported."""
    code, out, err = told(network.app, "import", HELSINKI, "--city", "helsinki", "--name", "市中心")
    assert code == 0, err
    share = re.search(r"步行专用道路占比\s*│\s*([0-9.]+)%", out)
    assert share and 50 < float(share.group(1)) < 90, "most of Helsinki's centre is mapped footway by footway"
    assert "市中心" in out and "高" in out
    return module_database


def test_the_same_file_again_is_said_to_change_nothing(helsinki: Any) -> None:
    code, out, _ = told(network.app, "import", HELSINKI, "--city", "Helsinki", "--name", "另一个名字")
    assert code == 0 and "未作改动" in out and "另一个名字" not in out


def test_any_imported_place_answers_circles_as_json(helsinki: Any) -> None:
    words = ("--city", "helsinki", *DOOR, "--crs", "wgs84", "--profile", "planning", "--minutes", "5,10", "--json")
    code, out, err = told(circles.app, *words)
    assert code == 0, err
    answer = json.loads(out)
    assert answer["snapped"].keys() == {"lon", "lat", "distance_m"}
    assert answer["nodes"][0].keys() == {"osm_id", "lon", "lat", "seconds"}
    assert answer["edges"][0].keys() == {"way_id", "from", "to", "from_fraction", "to_fraction", "seconds"}
    assert answer["polygons"].keys() == {"5", "10"}
    ids = [node["osm_id"] for node in answer["nodes"]]
    assert len(ids) == len(set(ids)) > 500
    assert all(node["seconds"] <= 600 for node in answer["nodes"])
    assert all(0 <= edge["from_fraction"] < edge["to_fraction"] <= 1 for edge in answer["edges"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--city", "helsinki", *DOOR, "--crs", "mars"), "gcj02"),
        (("--city", "helsinki", *DOOR), "--crs"),
        (("--city", "helsinki", *DOOR, "--crs", "wgs84", "--profile", "rocket"), "wheelchair"),
        (("--city", "helsinki", *DOOR, "--crs", "wgs84", "--minutes", "5,soon"), "整数"),
        (("--city", "helsinki", "--lon", "10", "--lat", "10", "--crs", "wgs84"), "300"),
        (("--city", "atlantis", *DOOR, "--crs", "wgs84"), "尚未导入"),
    ],
)
def test_a_wrong_question_gets_a_clear_answer(helsinki: Any, words: tuple[str, ...], said: str) -> None:
    code, out, err = told(circles.app, *words)
    assert code != 0 and out == "" and said in err


def test_a_torn_map_is_refused_and_the_streets_stay(helsinki: Any, tmp_path: Path) -> None:
    torn = tmp_path / "torn.osm.pbf"
    torn.write_bytes(Path(HELSINKI).read_bytes()[:250_000])
    code, _, err = told(network.app, "import", str(torn), "--city", "helsinki", "--name", "坏图")
    assert code == 1 and "torn.osm.pbf" in err
    assert "坏图" not in told(network.app, "list", "--city", "helsinki")[1]
