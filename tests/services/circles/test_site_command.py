"""Siting on the command line and as a job: published problems, the next sites of a city, a proof that goes on behind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from geo.siting.files import read_pmed
from services.circles.actions import refresh_reach
from services.circles.site_runs import JOB, ask_sites, find_run
from services.circles.site_wishes import SiteWish
from services.outbox import enqueue
from services.unit_of_work import SYSTEM, Actor, unit_of_work
from tests.services.circles.quarter import CITY, STREET, WANG_HOME, add_elder, add_facility, lay_ground
from workers.commands import site
from workers.performing import perform

DATA = Path(__file__).resolve().parents[2] / "geo" / "siting" / "data"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def told(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(site.app, list(words))
    return result.exit_code, result.stdout, result.stderr


def test_a_pmed_file_is_solved_and_printed_with_sites_from_one() -> None:
    code, out, err = told("solve", "--pmedian", str(DATA / "pmed1.txt"), "--exact", "--time-limit", "60")
    assert code == 0, err
    answer = json.loads(out)
    assert list(answer) == ["objective", "proven_optimal", "gap", "sites"]
    assert answer["objective"] == 5819 and answer["proven_optimal"] is True and answer["gap"] == 0
    assert len(answer["sites"]) == 5 and min(answer["sites"]) >= 1
    costs = read_pmed(DATA / "pmed1.txt").costs
    assert costs[:, [one - 1 for one in answer["sites"]]].min(axis=1).sum() == answer["objective"]


def test_an_sjc_file_is_solved_with_radius_and_p(tmp_path: Path) -> None:
    file = tmp_path / "SJC5.txt"
    file.write_text("5 9999 p S\n0 0 10\n0 700 5\n0 1400 20\n5000 0 1\n5000 100 3\n")
    code, out, err = told("solve", "--mclp", str(file), "--radius", "800", "--p", "2", "--exact")
    assert code == 0, err
    assert json.loads(out) == {"objective": 39, "proven_optimal": True, "gap": 0.0, "sites": [2, 4]}

    answer = json.loads(told("solve", "--mclp", str(file), "--radius", "800", "--p", "4", "--exact")[1])
    assert answer["objective"] == 39 and len(set(answer["sites"])) == 4


@pytest.mark.parametrize(
    "words",
    [
        ("solve",),
        ("solve", "--pmedian", str(DATA / "optimum.txt")),
        ("solve", "--pmedian", str(DATA / "nowhere.txt")),
        ("solve", "--mclp", str(DATA / "pmed1.txt")),
        ("solve", "--pmedian", str(DATA / "pmed1.txt"), "--p", "101"),
    ],
)
def test_a_wrong_problem_is_refused_in_words(words: tuple[str, ...]) -> None:
    code, out, err = told(*words)
    assert code != 0 and out == "" and err.strip()


@pytest.fixture(scope="module")
def district(module_database: Any) -> Any:
    with module_database.session("jobs") as session:
        lay_ground(session, NOW)
        for number in range(6):
            add_elder(session, NOW, f"近{number}", WANG_HOME)
        for number in range(8):
            add_elder(session, NOW, f"远{number}", (118.7860 + 0.0004 * number, 32.0470))
        officer = add_elder(session, NOW, "赵", None)
        add_facility(session, "st", (WANG_HOME[0] + 0.0003, WANG_HOME[1]), "service_station", ("convenience",), now=NOW)
        session.commit()
        refresh_reach(session, NOW, CITY)
        session.commit()
    return Actor(officer, "officer", area_lo=STREET, area_hi=STREET + 10**6 - 1)


def test_the_next_site_of_a_city_is_told(district: Any, tmp_path: Path) -> None:
    code, out, err = told("next", "--city", "nanjing_demo", "--tier", "quarter_5", "--k", "1", "--exact", "--json")
    assert code == 0, err
    answer = json.loads(out)
    assert answer["proven_optimal"] and 0 < answer["objective"] <= 8 and len(answer["sites"]) == 1
    assert answer["reached_after"] == answer["reached_before"] + answer["objective"]
    file = tmp_path / "candidates.csv"
    file.write_text("lon,lat,name,cost_yuan\n118.7860,32.0470,甲,1000\n118.7790,32.0410,乙,10\n", encoding="utf-8")
    words = ("--candidates", str(file), "--crs", "wgs84", "--budget", "500", "--json")
    code, out, err = told("next", "--city", "nanjing_demo", "--tier", "quarter_5", *words)
    assert code == 0, err
    assert json.loads(out)["objective"] == 0
    assert told("next", "--city", "nanjing_demo", "--tier", "quarter_5", *words[:2])[0] == 2  # no system of coordinates


def test_the_gaps_of_a_city_are_told(district: Any) -> None:
    code, out, err = told("gaps", "--city", "nanjing_demo", "--tier", "quarter_5", "--json")
    assert code == 0, err
    assert json.loads(out)["left_out"] == 8


def promised(run_id: int, key: str) -> int:
    """Put a question back to where its proof is still waiting, and promise the job."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        one = work.session.connection().execute
        one(text("UPDATE siting_run SET state = 'waiting', finished_at = NULL WHERE id = :id"), {"id": run_id})
        enqueue(work.session, work.now, JOB, {"run_id": run_id}, key=key)
        return int(one(text("SELECT id FROM outbox WHERE key = :key"), {"key": key}).scalar_one())


def asked(actor: Actor, wish: SiteWish) -> int:
    with unit_of_work(actor) as work:
        return ask_sites(work.session, work.now, work.actor, wish)


def test_a_job_proves_the_answer_and_is_done_once(district: Actor) -> None:
    run_id = asked(district, SiteWish("quarter_5", "elder", "pmedian", 2, exact=True, time_limit_seconds=20))
    job = promised(run_id, "test-siting-1")
    perform(job)
    with unit_of_work(district) as work:
        run = find_run(work.session, run_id)
    assert run.state == "done" and run.answer["proven_optimal"] and run.answer["gap"] == 0
    perform(job)  # sent twice: one effect
    with unit_of_work(district) as work:
        assert find_run(work.session, run_id).finished_at == run.finished_at


def test_a_question_that_cannot_be_proven_any_more_keeps_its_quick_answer_and_says_why(district: Actor) -> None:
    run_id = asked(district, SiteWish("quarter_5", "elder", count=1, exact=True))
    with unit_of_work(SYSTEM, login="jobs") as work:
        work.session.connection().execute(
            text("UPDATE siting_run SET question = jsonb_set(question, '{tier_code}', '\"gone\"') WHERE id = :id"),
            {"id": run_id},
        )
    perform(promised(run_id, "test-siting-2"))
    with unit_of_work(district) as work:
        run = find_run(work.session, run_id)
    assert run.state == "failed" and run.progress["why"] and run.answer["sites"]
