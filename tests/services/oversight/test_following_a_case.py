"""The auditor draws with a published seed and follows one case from who was entitled to who paid; she changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner
from yl_quarter import Quarter
from yl_settled import done, draw

from api.app import create_app
from services.clock import civil_date
from services.errors import Invalid, NotFound
from services.oversight import audit_draws, case_papers, chain, draw_seeds
from services.oversight.audit_draws import Plan
from services.oversight.audit_rules import run_rules
from services.oversight.case_file import CaseFile, follow_case
from workers.commands.audit import app

LO, HI = 320100000000000, 320199999999999


@pytest.fixture
def audited(quarter: Quarter) -> Iterator[Quarter]:
    """The quarter with an auditor of the city (吴国强), one bath done and settled, a week gone by, today's seed shown."""
    quarter.change(
        "INSERT INTO role_grant (person_id, role, area_code, granted_at) VALUES (:p, 'auditor', :a, now())",
        p=quarter["wu"], a=LO,
    )  # fmt: skip
    done(quarter)
    draw(quarter)
    quarter.advance(days=7)
    with quarter.work("house") as work:
        draw_seeds.promise_seeds(work.session, work.now)
        draw_seeds.show_seeds(work.session, work.now)
        chain.link_rows(work.session, work.now)
    yield quarter


def case_of(quarter: Quarter, who: str = "wu") -> CaseFile:
    with quarter.work(who) as work:
        return follow_case(work.session, quarter.one("SELECT max(id) FROM care_order"))


def plan(quarter: Quarter, **changes: object) -> Plan:
    with quarter.work("house") as work:
        today = civil_date(work.now)
    wanted = {"population": "visits", "first_day": today - timedelta(days=60), "last_day": today - timedelta(days=1),
              "percent": 5.0, "divided_by": "provider", "seed_day": today}  # fmt: skip
    return Plan(**(wanted | changes))  # type: ignore[arg-type]


@pytest.mark.mission("DY-52")
def test_a_case_is_followed_from_the_right_to_the_payment_and_what_is_missing_is_a_gap(audited: Quarter) -> None:
    case = case_of(audited)
    titles = [(fact.stage, fact.title) for fact in case.facts]
    for expected in (
        ("elder", "登记在册"), ("entitlement", "判定"), ("entitlement", "用掉的额度"), ("order", "下单"), ("offer", "派人"),
        ("visit", "签到"), ("visit", "签退"), ("settlement", "结算明细"), ("payment", "自付款"), ("payment", "已扣款"),
    ):  # fmt: skip
        assert expected in titles
    assert "王秀兰" not in str(case.facts) and "王**" in str(case.facts)
    assert all(len(fact.fingerprint) == 64 for fact in case.facts)
    acts = [fact for fact in case.facts if fact.stage == "act"]
    assert acts and all(fact.chained.startswith("320102 / ") for fact in acts)
    assert ("assessment", "服务那天没有有效的能力评估") in case.gaps, "government paid, and nobody had assessed her"
    assert ("entitlement", "权益是手工给的，没有规则版本") in case.gaps
    checks = {check.code: check.ok for check in case.checks}
    assert checks["assessed_that_day"] is False and checks["settled_as_ordered"] and checks["paid_as_owed"]
    assert checks["adds_up"] and checks["alive"] and checks["one_place"] and checks["six_facts"]
    assert checks["voucher_once"] is None


def test_another_row_another_fingerprint_and_a_failed_check_is_named(audited: Quarter) -> None:
    before = {fact.source: fact.fingerprint for fact in case_of(audited).facts}
    audited.change("UPDATE person SET died_on = '2020-01-01' WHERE id = :w", w=audited["wang"])
    after = case_of(audited)
    assert {check.code for check in after.checks if check.ok is False} == {"assessed_that_day", "alive"}
    changed = {fact.source for fact in after.facts if before[fact.source] != fact.fingerprint}
    assert changed == {f"elder {audited['wang']}"}
    with audited.work("wu") as work:
        today = civil_date(work.now)
        found = run_rules(work.session, LO, HI, today - timedelta(days=60), today)
        assert [one.rule.code for one in found if one.rows] == ["after_death"]


def test_a_case_beyond_her_area_is_not_there(audited: Quarter) -> None:
    for who in ("ankang_dispatcher", "liu"):
        with pytest.raises(NotFound):
            case_of(audited, who)


def test_two_auditors_draw_the_same_and_the_command_draws_the_paper_again(audited: Quarter, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with audited.work("wu") as work:
        first = audit_draws.draw_sample(work.session, plan(audited), LO, HI)
    with audited.work("zhao") as work:
        second = audit_draws.draw_sample(work.session, plan(audited), LO, HI)
    assert first.paper == second.paper and first.total == 1
    assert first.cases[0][2:] == ("order", audited.one("SELECT max(id) FROM care_order"))
    assert first.paper["commitment"] == audited.one("SELECT commitment FROM draw_seed WHERE seed IS NOT NULL")
    file = tmp_path / "draw.json"
    file.write_text(json.dumps(first.paper, ensure_ascii=False), encoding="utf-8")
    assert CliRunner().invoke(app, ["check-draw", str(file)]).exit_code == 0
    file.write_text(json.dumps({**first.paper, "drawn": []}), encoding="utf-8")
    assert CliRunner().invoke(app, ["check-draw", str(file)]).exit_code == 1


def test_every_population_is_drawn_and_a_period_that_still_runs_is_not(audited: Quarter) -> None:
    with audited.work("wu") as work:
        for one in audit_draws.POPULATIONS.values():
            for part in ("", *one.parts):
                wanted = plan(audited, population=one.code, divided_by=part, percent=100.0)
                sample = audit_draws.draw_sample(work.session, wanted, LO, HI)
                assert sample.total == len(sample.cases), one.code
        with pytest.raises(Invalid):
            audit_draws.draw_sample(work.session, plan(audited, last_day=plan(audited).seed_day), LO, HI)
        with pytest.raises(Invalid):
            audit_draws.draw_sample(work.session, plan(audited, population="people"), LO, HI)


def test_the_papers_are_masked_and_their_manifest_tells_when_one_was_changed(audited: Quarter) -> None:
    case = case_of(audited)
    bundle = case_papers.as_zip(case)
    assert bundle == case_papers.as_zip(case), "the same case gives the same bytes"
    with zipfile.ZipFile(io.BytesIO(bundle)) as opened:
        manifest = dict(reversed(line.split("  ")) for line in opened.read("MANIFEST.txt").decode().splitlines())
        names = set(opened.namelist()) - {"MANIFEST.txt"}
        assert set(manifest) == names and {name.rsplit(".", 1)[1] for name in names} == {"csv", "json", "pdf"}
        for name in names:
            content = opened.read(name)
            assert hashlib.sha256(content).hexdigest() == manifest[name]
            assert "王秀兰".encode() not in content


@pytest.mark.mission("DY-52")
def test_the_auditor_reads_changes_nothing_and_what_she_read_is_an_act(audited: Quarter) -> None:
    order = audited.one("SELECT max(id) FROM care_order")
    wanted = plan(audited)
    query = f"population=visits&first_day={wanted.first_day}&last_day={wanted.last_day}&percent=5&divided_by=provider"
    with TestClient(create_app(), headers={"Authorization": f"Bearer {audited.token('wu')}"}) as client:
        page = client.get(f"/officer/audit/draw?{query}&seed_day={wanted.seed_day}")
        assert page.status_code == 200 and f"/officer/audit/cases/{order}" in page.text
        assert "您是审计员：只能看，不能改。" in page.text and 'method="post"' not in page.text
        case = client.get(f"/officer/audit/cases/{order}")
        assert case.status_code == 200 and 'method="post"' not in case.text and "王秀兰" not in case.text
        assert client.get(f"/officer/audit/cases/{order}/file.zip").content[:2] == b"PK"
        before = audited.one("SELECT count(*) FROM act")
        for method, path in _posts():
            answer = client.request(method, path, data={"reason": "一个理由"})
            assert answer.status_code in (400, 401, 403, 404, 405, 409, 422), f"{method} {path}: {answer.status_code}"
        assert audited.one("SELECT count(*) FROM act") == before
    verbs = "SELECT verb FROM act WHERE actor_id = :w AND verb LIKE 'audit%' ORDER BY id"
    assert audited.all(verbs, w=audited["wu"]) == ["audit_draw", "audit_case", "audit_export"]


def _posts() -> list[tuple[str, str]]:
    """Every desk's and page's verb but those about her own session, with a number in each gap."""
    from api.app import routers

    found = []
    for router in routers():
        for route in router.routes:
            for method in route.methods - {"GET", "HEAD"}:  # type: ignore[attr-defined]
                path = route.path.replace(":int", "")  # type: ignore[attr-defined]
                if path.startswith(("/officer", "/api/v1/break-glass")):
                    for name in path.split("{")[1:]:
                        path = path.replace("{" + name.split("}")[0] + "}", "1")
                    found.append((method, path))
    assert len(found) > 40
    return sorted(found)
