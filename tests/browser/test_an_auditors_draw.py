"""The auditor's draw as she does it: rules, a sample with a published seed, one case to its payment, papers, the chain."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from yl_settled import done, draw

SCREENS = Path(__file__).resolve().parents[2] / "docs/screens"


def kept(page: Page, name: str) -> None:
    """Keep a screenshot for the documents when they are drawn anew (YINLING_SCREENS=1)."""
    if os.environ.get("YINLING_SCREENS"):
        page.screenshot(path=SCREENS / f"{name}-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]


def audited(quarter: Any) -> tuple[int, date]:
    """An auditor of the city (吴国强), one bath settled, a week gone by, the trail sealed, today's seed shown."""
    from services.clock import civil_date
    from services.oversight import chain, draw_seeds

    quarter.change(
        "INSERT INTO role_grant (person_id, role, area_code, granted_at) VALUES (:p, 'auditor', 320100000000000, now())",
        p=quarter["wu"],
    )
    order = done(quarter)
    draw(quarter)
    quarter.advance(days=7)
    with quarter.work("house") as work:
        draw_seeds.promise_seeds(work.session, work.now)
        draw_seeds.show_seeds(work.session, work.now)
        chain.check_chains(work.session, work.now)
        chain.seal_chains(work.session, work.now)
        return order, civil_date(work.now)


@pytest.mark.drill
@pytest.mark.mission("DY-52")
@pytest.mark.parametrize("width", [1280, 390])
def test_an_auditor_draws_a_sample_follows_a_case_and_takes_the_papers(
    quarter_site: Any, assert_accessible: Any, assert_fits: Any, width: int
) -> None:
    order, today = audited(quarter_site.cast)

    def sound(name: str) -> None:
        assert_accessible(page)
        assert_fits(page)
        kept(page, name)

    page = quarter_site.open("wu", "/officer/audit", width)
    expect(page.get_by_text("您是审计员：只能看，不能改。")).to_be_visible()
    expect(page.get_by_text("办事记录的链无误")).to_be_visible()
    sound("audit-rules")
    page.get_by_role("link", name="去抽样").click()
    page.get_by_label("抽什么").select_option("visits")
    page.locator("#first_day").fill((today - timedelta(days=60)).isoformat())
    page.locator("#last_day").fill((today - timedelta(days=1)).isoformat())
    page.get_by_role("button", name="抽", exact=True).click()
    expect(page.get_by_text("1 件里抽中 1 件")).to_be_visible()
    expect(page.get_by_text("承诺值（事先公布）")).to_be_visible()
    sound("audit-draw")
    page.get_by_role("link", name="从头看到尾").click()
    expect(page.get_by_text("服务那天没有有效的能力评估")).to_be_visible()
    expect(page.get_by_role("heading", name="核对了什么")).to_be_visible()
    assert page.get_by_text("王秀兰").count() == 0 and page.locator("form[method=post]").count() == 0
    sound("audit-case")
    with page.expect_download() as papers:
        page.get_by_role("link", name="全部带走（含校验清单）").click()
    assert papers.value.suggested_filename.endswith(".zip")
    page.get_by_role("link", name="链和封存").click()
    expect(page.get_by_text("最近一次重算无误")).to_be_visible()
    sound("audit-chain")
    read = "SELECT count(*) FROM act WHERE verb = 'audit_case' AND subject_id = :o"
    assert quarter_site.cast.one(read, o=order) == 1


@pytest.mark.drill
def test_an_officer_breaks_the_glass_looks_and_another_judges(
    cast_site: Any, assert_accessible: Any, assert_fits: Any
) -> None:
    page = cast_site.open("other_officer", "/officer/glass", 390)
    page.get_by_label("老人的姓名").fill("王秀兰")
    page.get_by_label("手机号").fill("19900000001")
    page.get_by_label("什么情况").select_option("life")
    page.get_by_label("发生了什么，为什么要看").fill("老人在超市晕倒，要通知家属")
    kept(page, "glass-ask")
    page.get_by_role("button", name="打开，三十分钟").click()
    expect(page.get_by_role("heading", name="王秀兰")).to_be_visible()
    page.get_by_label("看哪一项").select_option("emergency_phone")
    page.get_by_role("button", name="看（会记下谁看过）").click()
    expect(page.get_by_text("19900000002")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    kept(page, "glass-record")
    judge = cast_site.open("officer", "/officer/glass", 1280)
    expect(judge.get_by_text("老人在超市晕倒，要通知家属")).to_be_visible()
    assert_accessible(judge)
    assert_fits(judge)
    kept(judge, "glass-judge")
    judge.get_by_label("核实了什么").fill("打电话给超市核实过")
    judge.get_by_role("button", name="应当", exact=True).click()
    expect(judge.get_by_text("复核记下了，会告诉老人一方。")).to_be_visible()
