"""Government purchase: every fen of a budget leads to a visit and back, and nobody spends what is not there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from yl_quarter import Quarter
from yl_settled import done, draw, lines, month, over, reasons

from services.cities.rules import area_range
from services.clock import civil_date
from services.oversight.importing import ListWish, ground_of, judge, read_list, take_list
from services.settlement import purchase_queries, purchasing, queries
from services.settlement.actions import close_month, correct_line
from services.settlement.purchase_errors import ContractNotFound, NotForBuyers
from services.settlement.purchase_rules import burn, fen_of
from services.unit_of_work import SYSTEM

NUMBER = "2081006-01"


def contract(
    quarter: Quarter, *, planned_fen: int, unit_fen: int = 6000, number: str = "ZF-1", start: bool = True
) -> tuple[int, int]:
    """Give a contract with 康乐 over the year of the coming Thursday, and its budget line."""
    day = quarter.thursday(9).date()
    with quarter.work("zhao") as work:
        who = work.session, work.now, work.actor
        new = purchasing.NewContract(
            number, "居家养老服务", "玄武门街道", quarter.providers["kangle"], "open_tender", date(day.year, 1, 1),
            date(day.year, 12, 31), 1_000_000,
        )  # fmt: skip
        made = purchasing.write_contract(*who, new)
        purchasing.set_price(*who, made, "home_bath", unit_fen)
        budget = purchasing.add_budget(*who, made, day.year, NUMBER, "district", planned_fen)
        if start:
            purchasing.start_contract(*who, made)
    return made, budget


def pays_from(quarter: Quarter) -> None:
    """Name the right of the tests as the city's subsidies name it, so that it has a budget line."""
    from services.cities.queries import rules_in_force

    with quarter.work("house") as work:
        rules = rules_in_force(work.session, 320102003000000, civil_date(work.now))
        line = next(one for one in rules.money.budget_lines if one.number == NUMBER)
    quarter.change("UPDATE entitlement SET kind = :k", k=line.pays_for[0])


def standing(quarter: Quarter, budget: int, who: str = "zhao") -> tuple[int, int]:
    with quarter.work(who) as work:
        found, _ = purchase_queries.budget_standing(work.session, budget, civil_date(work.now))
        return found.row.spent_fen, found.burn.left_fen


@pytest.mark.mission("HB-26")
@pytest.mark.mission("DY-52")
@pytest.mark.mission("NG-14")
def test_a_budgets_fen_lead_to_the_visit_and_back_and_what_is_not_there_is_not_spent(quarter: Quarter) -> None:
    pays_from(quarter)
    made, budget = contract(quarter, planned_fen=8000)
    first = done(quarter, 8)
    second = done(quarter, 11)
    assert draw(quarter) == 1, "the second bath would cost more than the budget holds"
    assert lines(quarter) == [("service", first, 5000, 0, 5000)]
    assert reasons(quarter) == {second: "budget_used_up"} and standing(quarter, budget) == (5000, 3000)
    with quarter.work("zhao") as work:
        (line,) = purchase_queries.lines_of_budget(work.session, budget)
        chain = queries.chain_of(work.session, line.id)
        assert (line.order_id, line.drawn_fen) == (first, 5000)
        assert chain.contract is not None and chain.contract.id == made and chain.visit is not None
        assert [one.id for one in chain.contract_budgets] == [budget]
        assert purchase_queries.count_lines_of_budget(work.session, budget) == (1, 5000)
        whole = purchase_queries.contract_standing(work.session, made, civil_date(work.now))
        assert (whole.spent_fen, whole.coming_orders, whole.coming_fen) == (5000, 1, 5000)
    with quarter.work("zhao") as work:
        purchasing.change_budget(work.session, work.now, work.actor, budget, 10_000, "年中追加")
    assert draw(quarter) == 1 and standing(quarter, budget) == (10_000, 0)
    with quarter.work("zhao") as work:
        correct_line(work.session, work.now, work.actor, line.id, "核查有误")
    assert standing(quarter, budget) == (5000, 5000), "a counter-line gives the money back where it came from"
    day = month(quarter)
    over(quarter)
    with quarter.work("zhao") as work:
        close_month(work.session, work.now, work.actor, quarter.one("SELECT min(id) FROM settlement"))
        purchasing.accept_delivery(
            work.session, work.now, work.actor, made, day, day + timedelta(days=27), "accepted", "合格"
        )
    assert quarter.one("SELECT settled_lines FROM purchase_acceptance") == 3


def test_the_database_refuses_to_overspend_to_pass_the_price_and_to_forge_what_is_spent(quarter: Quarter) -> None:
    pays_from(quarter)
    made, budget = contract(quarter, planned_fen=4000, unit_fen=4500)
    order = done(quarter)
    assert draw(quarter) == 0 and reasons(quarter) == {order: "over_contract_price"}
    insert = (
        "INSERT INTO settlement_line (settlement_id, provider_id, area_code, kind, order_id, service_code, service_day,"
        " government_fen, insurance_fen, voucher_fen, self_fen, government_budget, recorded_at)"
        " SELECT s.id, s.provider_id, s.area_code, 'service', :o, 'home_bath', :d, :fen, 0, 0, 0, :n, now() FROM settlement s"
    )
    for fen, number, constraint in (
        (4400, NUMBER, "purchase_budget_not_overspent_check"),
        (4600, NUMBER, "settlement_line_under_contract_check"),
        (3000, "another", "settlement_line_under_contract_check"),
    ):
        with pytest.raises(IntegrityError) as refused:
            quarter.change(insert, o=order, d=quarter.thursday(9).date(), fen=fen, n=number)
        assert refused.value.orig.diag.constraint_name == constraint
    for statement in (
        "UPDATE purchase_budget SET spent_fen = 0", "UPDATE purchase_budget SET provider_id = provider_id",
        "UPDATE purchase_contract SET ceiling_fen = 1", "DELETE FROM purchase_budget",
        "UPDATE purchase_budget_change SET after_fen = 1",
    ):  # fmt: skip
        with pytest.raises(ProgrammingError), quarter.work("zhao") as work:
            work.session.connection().execute(text(statement))
    with pytest.raises(IntegrityError), quarter.work("zhao") as work:
        purchasing.change_budget(work.session, work.now, work.actor, budget, 1_000_001, "超过最高金额")
    with pytest.raises(IntegrityError), quarter.work("zhao") as work:
        purchasing.add_budget(work.session, work.now, work.actor, made, quarter.thursday(9).year, "2", "city", 996_001)
    with pytest.raises(IntegrityError) as refused:
        contract(quarter, planned_fen=1000, number="ZF-2")
    assert refused.value.orig.diag.constraint_name == "purchase_contract_overlap_check"
    for statement in ("UPDATE purchase_contract SET state = 'draft'", "UPDATE purchase_price SET unit_fen = 9000"):
        with pytest.raises(IntegrityError):
            quarter.change(statement)


def test_work_outside_a_contract_is_settled_as_before_and_an_ended_contract_pays_no_more(quarter: Quarter) -> None:
    pays_from(quarter)
    made, budget = contract(quarter, planned_fen=100_000)
    order = done(quarter)
    with quarter.work("zhao") as work:
        before = quarter.thursday(9).date() - timedelta(days=1)
        purchasing.end_contract(work.session, work.now, work.actor, made, before, "机构退出")
    assert draw(quarter) == 1 and lines(quarter) == [("service", order, 5000, 0, 5000)]
    assert quarter.one("SELECT contract_id FROM settlement_line") is None and standing(quarter, budget)[0] == 0


def test_who_is_no_officer_of_the_buyer_writes_no_contract_and_strangers_see_none(quarter: Quarter) -> None:
    made, budget = contract(quarter, planned_fen=1000)
    for who in ("kangle_dispatcher", "daughter", "wu"):
        with pytest.raises(NotForBuyers), quarter.work(who) as work:
            purchasing.change_budget(work.session, work.now, work.actor, budget, 2000, "想要更多")
    assert standing(quarter, budget, "kangle_dispatcher") == (0, 1000)
    for who in ("ankang_dispatcher", "daughter", "wu"):
        with pytest.raises(ContractNotFound):
            standing(quarter, budget, who)


def test_contracts_come_from_a_spreadsheet_as_drafts_and_a_wrong_row_waits(quarter: Quarter) -> None:
    year = quarter.thursday(9).year
    rows = (
        "合同编号,项目名称,购买方,机构,采购方式,开始日期,结束日期,最高金额,服务单价,预算年度,科目编号,资金来源,预算金额\n"
        f"ZF-9,居家服务,区民政局,康乐居家养老服务中心,公开招标,{year}-01-01,{year}-12-31,12万,home_bath=60,{year},{NUMBER},区县,80000\n"
        f"ZF-9,居家服务,区民政局,康乐居家养老服务中心,公开招标,{year}-01-01,{year}-12-31,12万,,{year},2,福彩公益金,30000\n"
        f"ZF-10,助餐,区民政局,没有这家,公开招标,{year}-01-01,{year}-12-31,100,,,,,\n"
    )
    with quarter.work("house") as work:
        city = area_range(320100000000000)[0]
        read = read_list(ListWish("contracts", "c.csv", rows.encode(), city))
        ground = ground_of(work.session, city)
        judged = judge(work.session, work.now, ground, read)
        assert [one.kind for row in judged.rows for one in row.findings] == ["unknown_provider"]
        _, counts = take_list(work.session, work.now, SYSTEM, ground, read, judged)
        found = purchase_queries.list_contracts(work.session)
        assert [(one.contract_number, one.state, one.ceiling_fen, one.planned_fen) for one in found] == [
            ("ZF-9", "draft", 12_000_000, 11_000_000)
        ]
        assert counts["created"] == 1


def test_burn_says_when_the_money_is_gone_and_amounts_are_read_as_people_write_them() -> None:
    fast = burn(10_000, 5000, date(2026, 1, 1), date(2026, 4, 10), date(2026, 1, 25))
    assert (fast.left_fen, fast.share_of_time, fast.fen_a_day) == (5000, 0.25, 200.0)
    assert fast.used_up_on == date(2026, 2, 19)
    assert burn(10_000, 1000, date(2026, 1, 1), date(2026, 4, 10), date(2026, 1, 25)).used_up_on is None
    assert burn(10_000, 0, date(2027, 1, 1), date(2027, 4, 10), date(2026, 1, 25)).fen_a_day == 0
    assert [fen_of(one) for one in ("1,200.50", "3万", "30元", "0", "-1", "1.005", "nan", "x")] == [
        120_050, 3_000_000, 3000, None, None, None, None, None
    ]  # fmt: skip
