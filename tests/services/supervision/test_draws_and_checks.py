"""双随机: lists frozen, seed committed, drawn once, repeated by anybody; checklists and rounds through a house."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner
from yl_quarter import STREET, Quarter

from services.clock import civil_date
from services.oversight import fair_draw
from services.supervision import checklists, drawing, inspections, inspectors, lots, site_certificates
from services.supervision.errors import (
    ChecklistChanged,
    DrawnBefore,
    InspectionDone,
    NobodyToInspect,
    NotForSupervision,
    NothingToDraw,
    OtherInspectors,
    PublicWordMissing,
    ResultsMissing,
)
from services.unit_of_work import SYSTEM
from workers.commands.supervision import app

ROOT = Path(__file__).resolve().parents[3]
WISH = drawing.NewDraw("二〇二六年第四季度抽查", "gb38600", key_wanted=1, others_wanted=2, inspectors_each=2)
SEED = "5f" * 32
POOL = lots.Pool(
    ["K1", "K2"], ["A", "B", "C", "D"], ["i1", "i2", "i3"], [("i1", "K1"), ("i1", "K2"), ("i2", "A")], 1, 3, 2
)


@pytest.fixture
def stage(quarter: Quarter) -> Quarter:
    """Four institutions of four providers, one watched closely; three inspectors, one of whom worked for 康乐."""
    for place in quarter.facilities.values():
        quarter.change(
            "INSERT INTO institution_filing (facility_id, area_code, step, filing_number, authority, on_day, documents,"
            " note, recorded_at) VALUES (:f, 1, 'filed', 'N' || :f, '局', '2025-01-01', '{}', '', now())", f=place,
        )  # fmt: skip
    with quarter.work("house") as work:
        for file in sorted((ROOT / "sample_data/checklists").glob("*.toml")):
            checklists.load_checklist(work.session, work.now, SYSTEM, file)
    with quarter.work("zhao") as work:
        act = work.session, work.now, work.actor
        for who, code in (("chen", "NJ-01"), ("zhou", "NJ-02"), ("wu", "NJ-03")):
            inspectors.appoint(*act, quarter[who], code, "玄武区民政局")
        inspectors.watch_closely(*act, quarter.facilities["ankang"], "去年有一起跌倒事故")
    return quarter


def commit(quarter: Quarter, wish: drawing.NewDraw = WISH, who: str = "zhao") -> int:
    with quarter.work(who) as work:
        return drawing.commit_draw(work.session, work.now, work.actor, wish)


def reveal(quarter: Quarter, draw: int, word: str = "", who: str = "zhao") -> int:
    with quarter.work(who) as work:
        return drawing.reveal_draw(work.session, work.now, work.actor, draw, word)


def paper_of(quarter: Quarter, draw: int) -> dict[str, object]:
    with quarter.work("wu") as work:
        return drawing.public_paper(drawing.find_draw(work.session, draw))


def test_with_sha256sum_and_sort_one_draws_the_same_by_hand() -> None:
    def ticket(name: str, code: str) -> str:
        return hashlib.sha256(f"{SEED}|07|{name}|{code}".encode()).hexdigest()

    rows = lots.draw_inspection(lots.pool_text(POOL), SEED, "07")
    key = sorted(POOL.key, key=lambda code: ticket("key", code))[:1]
    others = sorted(POOL.others, key=lambda code: ticket("others", code))[:3]
    assert [row["target"] for row in rows] == key + others
    sent = dict.fromkeys(POOL.inspectors, 0)
    for row in rows:
        free = [code for code in POOL.inspectors if (code, row["target"]) not in POOL.conflicts]
        free.sort(key=lambda code: (sent[code], ticket(f"inspectors/{row['target']}", code)))
        assert row["inspectors"] == free[:2]
        for code in free[:2]:
            sent[code] += 1
    assert max(sent.values()) - min(sent.values()) <= 2


@pytest.mark.mission("HB-24")
def test_a_draw_from_commitment_to_public_result(stage: Quarter) -> None:
    draw = commit(stage)
    before = paper_of(stage, draw)
    assert before["seed"] is None and before["lists"] is None and len(str(before["commitment"])) == 64
    assert lots.check_paper(before) == ["还没有公布种子，不能重算"]
    assert reveal(stage, draw) == 3
    paper = json.loads(json.dumps(paper_of(stage, draw)))
    assert (paper["commitment"], paper["list_fingerprint"]) == (before["commitment"], before["list_fingerprint"])
    assert lots.check_paper(paper) == []
    assert [row["list"] for row in paper["drawn"]] == ["key", "others", "others"]
    assert paper["drawn"][0]["target"] == "F-ankang", "the only one on the list of key targets"
    for row in paper["drawn"]:
        assert not (row["target"] == "F-kangle" and "NJ-01" in row["inspectors"]), "陈芳 works for 康乐"
    assert stage.one("SELECT count(*) FROM inspection WHERE kind = 'drawn' AND state = 'planned'") == 3
    with stage.refused(DrawnBefore):
        reveal(stage, draw)
    assert stage.all("SELECT verb FROM act WHERE subject_type = 'inspection_draw' ORDER BY id") == [
        "commit_draw",
        "reveal_draw",
    ]


@pytest.mark.mission("HB-24")
def test_anybody_draws_again_from_the_published_file_alone(stage: Quarter, tmp_path: Path) -> None:
    draw = commit(stage, replace(WISH, public_source="2026-11-25 双色球红球"))
    with stage.refused(PublicWordMissing):
        reveal(stage, draw)
    reveal(stage, draw, "0704112233")
    file = tmp_path / "draw.json"
    file.write_text(json.dumps(paper_of(stage, draw), ensure_ascii=False), encoding="utf-8")
    assert CliRunner().invoke(app, ["draw-check", str(file)]).exit_code == 0
    bent = json.loads(file.read_text(encoding="utf-8"))
    bent["drawn"][0]["inspectors"].reverse()
    file.write_text(json.dumps(bent, ensure_ascii=False), encoding="utf-8")
    told = CliRunner().invoke(app, ["draw-check", str(file)])
    assert told.exit_code == 1 and "结果" in told.output


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [("seed", "00" * 32, "承诺值"), ("lists", "{}", "名单指纹"), ("public_word", "1", "约定"), ("method", "x", "办法")],
)
def test_a_paper_that_was_bent_is_found(field: str, value: str, found: str) -> None:
    told = lots.pool_text(POOL)
    facts = {
        "method": lots.METHOD, "title": "t", "committed_at": "c", "pool_hash": lots.text_hash(told), "pool": told,
        "seed_hash": fair_draw.commitment(SEED), "public_source": "", "revealed_at": "r", "seed": SEED,
        "public_word": "", "results": lots.draw_inspection(told, SEED),
    }  # fmt: skip
    paper = lots.paper(facts)
    assert lots.check_paper(paper) == []
    assert any(found in line for line in lots.check_paper({**paper, field: value}))


@pytest.mark.mission("HB-24")
def test_typed_sql_bends_no_draw(stage: Quarter) -> None:
    draw = commit(stage)
    other = stage.facilities["kangle"]
    target = (
        "INSERT INTO drawn_target (draw_id, facility_id, area_code, list_name, place, ticket, inspectors)"
        f" VALUES ({draw}, {other}, {STREET}, 'others', 1, 'x', '{{NJ-02}}')"
    )
    bends = (
        f"UPDATE inspection_draw SET pool = '{{}}' WHERE id = {draw}",
        f"UPDATE inspection_draw SET seed_hash = 'x' WHERE id = {draw}",
        f"UPDATE inspection_draw SET seed = '{SEED}', public_word = '', results = '[]', revealed_at = now() WHERE id = {draw}",
        f"DELETE FROM inspection_draw WHERE id = {draw}",
        target,
    )
    for typed in bends:
        with pytest.raises(DBAPIError), stage.work("zhao") as work:
            work.session.connection().execute(text(typed))
    with pytest.raises(DBAPIError, match="does not change"):
        stage.change(f"UPDATE inspection_draw SET public_source = 'x' WHERE id = {draw}")
    reveal(stage, draw)
    for typed in (
        f"UPDATE inspection_draw SET results = '[]' WHERE id = {draw}",
        target,
        "UPDATE drawn_target SET place = 9",
    ):
        with pytest.raises(DBAPIError), stage.work("zhao") as work:
            work.session.connection().execute(text(typed))


def test_postgresql_draws_as_python_does(stage: Quarter) -> None:
    for number in range(25):
        seed = hashlib.sha256(str(number).encode()).hexdigest()
        with stage.work("house") as work:
            told = work.session.connection().execute(
                text("SELECT list_name, place, code, ticket FROM drawn_codes(:p, :s, '9') ORDER BY place"),
                {"p": lots.pool_text(POOL), "s": seed},
            )
            by_sql = [tuple(row) for row in told]
        by_python = lots.draw_inspection(lots.pool_text(POOL), seed, "9")
        assert by_sql == [(row["list"], row["place"], row["target"], row["ticket"]) for row in by_python]


def test_conflicts_leave_nobody_and_lists_hold_too_few(stage: Quarter) -> None:
    with stage.refused(NothingToDraw):
        commit(stage, replace(WISH, others_wanted=4))
    with stage.refused(NotForSupervision):
        commit(stage, who="kangle_dispatcher")
    with stage.work("zhao") as work:
        second = inspectors.inspectors_on(work.session, STREET, STREET + 999999, civil_date(work.now))[1]
        inspectors.declare_conflict(
            work.session, work.now, work.actor, second.id, stage.providers["kangle"], "亲属任职"
        )
    with stage.refused(NobodyToInspect):
        commit(stage)
    commit(stage, replace(WISH, inspectors_each=1))


@pytest.mark.mission("DY-44")
@pytest.mark.mission("SH-24")
def test_a_drawn_round_is_done_by_the_drawn_on_every_item_and_published(stage: Quarter) -> None:
    reveal(stage, commit(stage))
    with stage.work("zhao") as work:
        one = inspections.inspections(work.session, state="planned")[0]
        paper = checklists.checklist_by_id(work.session, one.checklist_id).paper
    assert {
        "choking",
        "misingestion",
        "pressure_injury",
        "scald",
        "bed_fall",
        "fall",
        "harm",
        "missing",
        "activity",
    } <= {item.code for item in paper.items}
    good = {item.code: "pass" for item in paper.items}

    def record(results: dict[str, str], by: tuple[str, ...] = ()) -> None:
        with stage.work("zhao") as work:
            inspections.record_inspection(
                work.session, work.now, work.actor, one.id, visited_on=civil_date(work.now), inspectors=by,
                results=results, conclusion="夜间巡查记录不全，限期整改",
            )  # fmt: skip

    with stage.refused(ResultsMissing):
        record({"fall": "pass"})
    with stage.refused(OtherInspectors):
        record(good, ("NJ-99",))
    with stage.work("wu") as work:
        assert inspections.inspections(work.session) == [], "planned ones are no surprise to anybody outside"
    record(good | {"night_patrol": "fail", "activity": "na"})
    with stage.refused(InspectionDone):
        record(good)
    with stage.work("wu") as work:
        shown = inspections.find_inspection(work.session, one.id)
        assert (shown.failed, shown.passed, shown.inspectors) == (1, len(paper.items) - 2, one.inspectors)
        assert inspections.results_of(work.session, one.id)["night_patrol"] == "fail"
    with pytest.raises(DBAPIError), stage.work("zhao") as work:
        work.session.connection().execute(text("UPDATE inspection SET failed = 0 WHERE state = 'done'"))


def test_a_published_checklist_is_never_edited(stage: Quarter, tmp_path: Path) -> None:
    changed = tmp_path / "fire.toml"
    told = (ROOT / "sample_data/checklists/fire.toml").read_text(encoding="utf-8")
    changed.write_text(told.replace("没有上锁", "没有堵死"), encoding="utf-8")
    with stage.refused(ChecklistChanged), stage.work("house") as work:
        checklists.load_checklist(work.session, work.now, SYSTEM, changed)


@pytest.mark.mission("HB-29")
@pytest.mark.mission("SH-24")
def test_house_and_officer_are_warned_once_before_fire_and_food_papers_end(stage: Quarter) -> None:
    site = stage.facilities["kangle"]
    with stage.work("zhao") as work:
        today = civil_date(work.now)
        for kind, number, ends in (("fire", "X1", today + timedelta(days=59)), ("food", "S1", today + timedelta(days=61)), ("building", "F1", None)):  # fmt: skip
            site_certificates.record_certificate(
                work.session, work.now, work.actor, site, kind=kind, certificate_number=number, issuer="大队",
                issued_on=date(2024, 1, 1), expires_on=ends,
            )  # fmt: skip
    for _ in range(2):
        with stage.work("house") as work:
            assert site_certificates.warn_of_expiry(work.session, work.now) == 1
        stage.run_jobs(only="messages.deliver")
    told = stage.all("SELECT DISTINCT template FROM message WHERE template LIKE 'supervision.certificate%' ORDER BY 1")
    assert told == ["supervision.certificate_ends", "supervision.certificate_ends_soon"]
    with stage.work("zhao") as work:
        soon = site_certificates.ending(work.session, today, 60, STREET, STREET + 999_999)
        assert [row.certificate_number for row in soon] == ["X1"]
        site_certificates.withdraw_certificate(work.session, work.now, work.actor, soon[0].id, "换新证")
        assert site_certificates.ending(work.session, today, 60, STREET, STREET + 999_999) == []
