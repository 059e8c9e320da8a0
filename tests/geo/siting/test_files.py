"""Published test problems are read as their authors wrote them, and a wrong file says what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geo.siting.answer import SitingError
from geo.siting.files import covered_pairs, read_pmed, read_sjc

POINTS = "0 0 10\n0 700 5\n0 1400 20\n5000 0 1\n"


def write(folder: Path, text: str, name: str = "SJC4.txt") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_of_an_edge_named_twice_the_last_cost_holds_in_either_direction(tmp_path: Path) -> None:
    problem = read_pmed(write(tmp_path, " 3 4 1\n 1 2 5\n 2 3 4\n 1 2 9\n 3 1 2\n"))
    assert problem.count == 1
    assert problem.costs.tolist() == [[0, 6, 2], [6, 0, 4], [2, 4, 0]]
    again = read_pmed(write(tmp_path, "2 2 1\n1 2 5\n2 1 8\n"))
    assert again.costs.tolist() == [[0, 8], [8, 0]]


def test_an_edge_of_no_length_is_a_way(tmp_path: Path) -> None:
    assert read_pmed(write(tmp_path, "2 1 1\n1 2 0\n")).costs.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3 1", "顶点数 边数 p"),
        ("3 2 1\n1 2 3\n", "应有2条边"),
        ("2 1 3\n1 2 3\n", "多于顶点数"),
        ("2 1 1\n1 5 3\n", "顶点编号"),
        ("2 1 1\n1 2 -3\n", "不得为负"),
        ("3 1 1\n1 2 3\n", "不连通"),
        ("not a file", "整数"),
    ],
)
def test_a_wrong_pmed_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SitingError, match=said):
        read_pmed(write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        POINTS,
        "4\t9999\tp\tS\n" + POINTS.replace(" ", "\t"),
        "4\n" + POINTS,
        "4 2 800\n" + POINTS,
        "".join(f"{n} {line}\n" for n, line in enumerate(POINTS.splitlines(), start=1)),
        "4 2\n" + "".join(f"{x} {y} 120 {w}\n" for x, y, w in (line.split() for line in POINTS.splitlines())),
        POINTS.replace(" ", ","),
    ],
)
def test_every_form_of_an_sjc_file_gives_the_same_points(tmp_path: Path, text: str) -> None:
    found = read_sjc(write(tmp_path, text))
    assert found.demand_known and found.demand.tolist() == [10, 5, 20, 1]
    assert found.points.tolist() == [[0, 0], [0, 700], [0, 1400], [5000, 0]]


def test_demands_may_lie_in_a_file_beside_the_points(tmp_path: Path) -> None:
    bare = write(tmp_path, "\n".join(" ".join(line.split()[:2]) for line in POINTS.splitlines()))
    assert not read_sjc(bare).demand_known and read_sjc(bare).demand.tolist() == [1, 1, 1, 1]
    write(tmp_path, "10\n5\n20\n1\n", "demand-SJC4.dat")
    assert read_sjc(bare).demand.tolist() == [10, 5, 20, 1]
    other = write(tmp_path, "1 1 1 2", "other.dat")
    assert read_sjc(bare, other).demand.tolist() == [1, 1, 1, 2]
    with pytest.raises(SitingError, match="4个点"):
        read_sjc(bare, write(tmp_path, "1 2", "short.dat"))


@pytest.mark.parametrize(
    "text", ["", "1 2 3\n4 5\n6\n", "1 2 3\n3 x 5\n", "7 2 1.5\n2 2 2\n", "1 2 3 4 5\n1 2 3 4 6\n"]
)
def test_a_wrong_sjc_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SitingError):
        read_sjc(write(tmp_path, text))


def test_a_point_at_exactly_the_radius_is_covered() -> None:
    candidates, clients = covered_pairs(np.array([[0.0, 0.0], [300.0, 400.0], [300.0, 401.0]]), 500.0)
    pairs = set(zip(candidates.tolist(), clients.tolist(), strict=True))
    assert (0, 1) in pairs and (0, 2) not in pairs and (1, 2) in pairs
