"""A provider's month: verified work only, no line twice, locked when closed, corrected by counter-lines."""

from __future__ import annotations

import io
from datetime import date

import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from yl_quarter import Quarter
from yl_settled import done, draw, lines, over, reasons, visit

from services.orders.actions import cancel_order
from services.settlement import papers, queries
from services.settlement.actions import close_month, correct_line, hold_back, let_go
from services.settlement.errors import MonthNotOver, NotForAccounts, NotHeld, NothingToCorrect, SettlementNotFound
from services.settlement.rules import month_before, next_month


def close(quarter: Quarter, who: str = "zhao", settlement_id: int | None = None) -> str:
    with quarter.work(who) as work:
        one = settlement_id or quarter.one("SELECT min(id) FROM settlement")
        return close_month(work.session, work.now, work.actor, one)


def test_months_follow_each_other() -> None:
    assert next_month(date(2026, 12, 5)) == date(2027, 1, 1) and month_before(date(2026, 1, 31)) == date(2025, 12, 1)


def test_only_verified_and_paid_work_is_settled_and_drawing_again_adds_nothing(quarter: Quarter) -> None:
    first = done(quarter, 8)
    second = done(quarter, 11)
    quarter.change("DELETE FROM visit WHERE order_id = :o", o=second)
    assert draw(quarter) == 1 and draw(quarter) == 0
    assert lines(quarter) == [("service", first, 5000, 0, 5000)]
    assert reasons(quarter) == {second: "no_visit"}
    row = quarter.one("SELECT government_fen + self_fen + voucher_fen FROM settlement")
    assert row == 10_000
    assert quarter.one("SELECT count(*) FROM act WHERE verb = 'draw_settlement'") == 1
    visit(quarter, second)
    assert draw(quarter) == 1 and len(lines(quarter)) == 2 and reasons(quarter) == {}


def test_disputes_are_held_back_until_they_end(quarter: Quarter) -> None:
    order = done(quarter)
    with quarter.work("zhao") as work:
        hold_back(work.session, work.now, work.actor, order, "家属投诉没洗完")
    assert draw(quarter) == 0 and reasons(quarter) == {order: "held"}
    with quarter.work("zhao") as work:
        let_go(work.session, work.now, work.actor, order)
    quarter.change(
        "INSERT INTO payment_dispute (payable_id, elder_id, area_code, gateway, reference, amount_fen, state, reason, recorded_at)"
        " SELECT id, elder_id, area_code, 'fake', 'dp', 100, 'open', 'fraud', now() FROM payable"
    )
    assert draw(quarter) == 0 and reasons(quarter) == {order: "disputed"}
    quarter.change("UPDATE payment_dispute SET state = 'won', closed_at = now()")
    assert draw(quarter) == 1
    with pytest.raises(NotHeld), quarter.work("zhao") as work:
        hold_back(work.session, work.now, work.actor, order, "太晚了")
    for who in ("kangle_dispatcher", "daughter", "wu"):
        with pytest.raises(NotForAccounts), quarter.work(who) as work:
            hold_back(work.session, work.now, work.actor, order, "x")


def test_a_late_cancelling_pays_its_fee_by_the_floor_rule_and_the_provider_gets_it(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.run_jobs(only="orders.prepare_payment")
    quarter.run_jobs(only="payments.authorise")
    with quarter.work("house") as work:
        now = work.now
    quarter.advance(seconds=(quarter.thursday(9) - now).total_seconds() - 5400)
    with quarter.work("daughter") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "other_time")
    quarter.run_jobs(only="payments.capture")
    assert quarter.one("SELECT captured_fen FROM payable") == 1_000  # 20 % of the 50 yuan that were her own part
    assert quarter.one("SELECT state FROM fake_charge") == "captured"
    assert quarter.one("SELECT count(*) FROM outbox WHERE args->>'template' = 'orders.cancelled_with_fee'") == 1
    assert draw(quarter) == 1 and lines(quarter) == [("fee", placed.order_id, 0, 0, 1_000)]


def test_a_closed_month_is_closed_for_everybody_and_its_fingerprint_tells(quarter: Quarter) -> None:
    order, late = done(quarter, 8), done(quarter, 11)
    quarter.change("DELETE FROM visit WHERE order_id = :o", o=late)
    draw(quarter)
    with pytest.raises(MonthNotOver):
        close(quarter)
    over(quarter)
    with pytest.raises(NotForAccounts):
        close(quarter, "kangle_dispatcher")
    with pytest.raises((SettlementNotFound, NotForAccounts)):
        close(quarter, "wu")
    fingerprint = close(quarter)
    assert close(quarter) == fingerprint and len(fingerprint) == 64
    for statement in (
        "UPDATE settlement SET state = 'open', closed_at = NULL, closed_by = NULL, lines_hash = NULL",
        "UPDATE settlement_line SET self_fen = 0", "DELETE FROM settlement_line",
        "INSERT INTO settlement_line (settlement_id, provider_id, area_code, kind, order_id, service_code, service_day,"
        " government_fen, voucher_fen, self_fen, counters_id, reason, recorded_at) SELECT settlement_id, provider_id, area_code,"
        " 'correction', order_id, service_code, service_day, 0, 0, -1, id, 'x', now() FROM settlement_line",
    ):  # fmt: skip
        with pytest.raises((IntegrityError, ProgrammingError)), quarter.database.session("setup") as own, own.begin():
            own.connection().execute(text(statement))
    visit(quarter, late)  # verified after closing: into the month that is open
    over_month = quarter.one("SELECT month FROM settlement")
    assert draw(quarter, over_month) == 1 and [line[1] for line in lines(quarter)] == [order, late]
    assert quarter.all("SELECT month FROM settlement ORDER BY 1") == [over_month, next_month(over_month)]
    with quarter.work("zhao") as work:
        assert queries.is_intact(work.session, queries.list_settlements(work.session)[-1]) is True
    quarter.change("ALTER TABLE settlement_line DISABLE TRIGGER USER")
    quarter.change("UPDATE settlement_line SET self_fen = self_fen + 1 WHERE order_id = :o", o=order)
    with quarter.work("zhao") as work:
        assert queries.is_intact(work.session, queries.list_settlements(work.session)[-1]) is False


def test_a_correction_is_a_counter_line_in_the_open_month_and_a_refund_comes_back_by_itself(quarter: Quarter) -> None:
    from services.payments.refunds import request_refund

    order = done(quarter)
    draw(quarter)
    over(quarter)
    close(quarter)
    with quarter.work("zhao") as work:
        payable = quarter.one("SELECT id FROM payable")
        request_refund(work.session, work.now, work.actor, payable, 1_500, "complaint")
    quarter.run_jobs(only="payments.refund")
    assert draw(quarter) == 1 and draw(quarter) == 0
    assert lines(quarter)[-1] == ("correction", order, 0, 0, -1_500)
    with quarter.work("zhao") as work:
        line = quarter.one("SELECT min(id) FROM settlement_line")
        correct_line(work.session, work.now, work.actor, line, "上门记录是假的")
    assert lines(quarter)[-1] == ("correction", order, -5000, 0, -3500)
    assert quarter.one("SELECT sum(government_fen + voucher_fen + self_fen) FROM settlement_line") == 0
    with pytest.raises(NothingToCorrect), quarter.work("zhao") as work:
        correct_line(work.session, work.now, work.actor, line, "再来一次")
    assert quarter.one("SELECT count(*) FROM act WHERE verb IN ('correct_settlement', 'close_settlement')") == 2


@pytest.mark.mission("DY-52")
def test_an_auditor_follows_the_money_from_the_budget_line_to_the_payment(quarter: Quarter) -> None:
    quarter.change("UPDATE entitlement SET kind = '高龄独居、空巢、留守老年人居家服务'")
    order = done(quarter)
    draw(quarter)
    with quarter.work("zhao") as work:
        chain = queries.chain_of(work.session, quarter.one("SELECT id FROM settlement_line"))
        assert [one.number for one in chain.budgets] == ["2081006-01"]
        assert chain.order is not None and chain.order.id == order
        assert chain.government is not None and chain.government.state == "spent"
        assert chain.visit is not None and chain.visit.check_in_proof == "door_plate"
        assert chain.payable is not None and chain.payable.captured_fen == 5_000
        assert [step.kind for step in chain.steps][-1] == "captured"
        assert queries.spent_by_budget(work.session, chain.settlement.id) == [("2081006-01", 5_000)]
    with quarter.work("kangle_dispatcher") as work:
        assert len(queries.list_settlements(work.session)) == 1
    for who in ("ankang_dispatcher", "daughter", "wu"):
        with quarter.work(who) as work:
            assert queries.list_settlements(work.session) == []
            with pytest.raises(SettlementNotFound):
                queries.chain_of(work.session, quarter.one("SELECT id FROM settlement_line"))


@pytest.mark.mission("DY-52")
def test_the_accounts_go_out_as_csv_workbook_and_pdf_with_the_same_figures(quarter: Quarter) -> None:
    done(quarter)
    draw(quarter)
    quarter.change("UPDATE provider SET name = '=1+1' WHERE code = 'kangle'")
    with quarter.work("zhao") as work:
        settlement = queries.find_settlement(work.session, quarter.one("SELECT id FROM settlement"))
        rows = queries.lines_of(work.session, settlement.id)
        told = papers.as_csv(rows)
        assert told.splitlines()[1].split(",")[5:10] == ["5000", "0", "0", "5000", "10000"]
        book = load_workbook(io.BytesIO(papers.as_workbook(settlement, rows)))
        sums = {name: value for name, value in book["结算"].values}
        assert (sums["合计（分）"], sums["机构"]) == (10_000, "'=1+1")
        assert [cell for cell in list(book["明细"].values)[1]][9] == 10_000
        drawn = papers.as_pdf(settlement, rows)
        assert drawn.startswith(b"%PDF") and drawn == papers.as_pdf(settlement, rows)


def test_the_daily_job_draws_last_month_and_this_month_once(quarter: Quarter) -> None:
    done(quarter)
    from workers.jobs.settlement import draw_every_provider

    over(quarter)
    for _ in range(2):
        with quarter.work("house") as work:
            draw_every_provider(work)
        quarter.run_jobs(only="settlement.draw_month")
    assert len(lines(quarter)) == 1
    quarter.advance(days=1)
    with quarter.work("house") as work:
        draw_every_provider(work)
    quarter.run_jobs(only="settlement.draw_month")
    assert len(lines(quarter)) == 1


@pytest.mark.mission("DY-28")
def test_what_the_insurance_pays_has_a_column_of_its_own_and_draws_on_no_budget(quarter: Quarter) -> None:
    quarter.change("UPDATE entitlement SET payer = 'insurance'")
    order = done(quarter)
    assert draw(quarter) == 1
    assert lines(quarter) == [("service", order, 0, 0, 5000)]
    assert quarter.one("SELECT insurance_fen FROM settlement_line") == 5000
    assert quarter.one("SELECT insurance_fen FROM settlement") == 5000
    assert quarter.one("SELECT government_budget FROM settlement_line") is None
    with quarter.work("zhao") as work:
        found = queries.find_settlement(work.session, quarter.one("SELECT id FROM settlement"))
        rows = queries.lines_of(work.session, found.id)
        sheet = load_workbook(io.BytesIO(papers.as_workbook(found, rows)))["明细"]
        told = dict(zip([cell.value for cell in sheet[1]], [cell.value for cell in sheet[2]], strict=True))
        assert (told["政府（分）"], told["长护险（分）"], told["合计（分）"]) == (0, 5000, 10000)
        assert "长护险（分）" in papers.as_csv(rows) and papers.as_pdf(found, rows).startswith(b"%PDF")
    over(quarter)
    close(quarter)
    with quarter.work("zhao") as work:
        assert queries.is_intact(work.session, queries.find_settlement(work.session, found.id))
    quarter.change("ALTER TABLE settlement_line DISABLE TRIGGER USER")
    quarter.change("UPDATE settlement_line SET insurance_fen = insurance_fen + 1")
    with quarter.work("zhao") as work:
        assert queries.is_intact(work.session, queries.find_settlement(work.session, found.id)) is False


def test_a_month_closed_before_the_insurance_had_a_column_keeps_its_fingerprint() -> None:
    from services.settlement.rules import HASHED, hash_lines

    line = {name: 1 for name in HASHED}
    assert hash_lines([line | {"insurance_fen": 0}]) != hash_lines([line | {"insurance_fen": 5}])
    assert hash_lines([line | {"insurance_fen": 0}]) == FINGERPRINT


FINGERPRINT = "7dc0a3360dd142923e1e52070d4ee9ba8af53b857b6a65fe076d56fe1ce609ba"
"""Of that line before there was such a column."""
