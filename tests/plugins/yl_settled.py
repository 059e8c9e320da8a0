"""Orders that were served, visited, confirmed and paid, and the months drawn from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from yl_quarter import Quarter

from services.clock import SHANGHAI
from services.orders.actions import confirm_order
from services.settlement.drawing import draw_month, held_back
from services.settlement.rules import month_of, next_month


def visit(quarter: Quarter, order_id: int) -> None:
    """Write a finished visit with its proof, as the door would."""
    quarter.change(
        "INSERT INTO visit (kind, order_id, elder_id, area_code, visitor_id, planned_start, planned_end, state, code_tries,"
        " checked_in_at, check_in_recorded_at, check_in_proof, check_in_facts, checked_out_at, check_out_facts, tasks_done) "
        "SELECT 'care', id, elder_id, area_code, :v, starts_at, ends_at, 'finished', 0, starts_at, starts_at,"
        " 'door_plate', '{}', ends_at, '{}', '{}' FROM care_order WHERE id = :o",
        v=quarter.people["chen"], o=order_id,
    )  # fmt: skip


def done(quarter: Quarter, hour: int = 9, **changes: Any) -> int:
    """Give an order that was served, visited, confirmed and paid."""
    times = {"starts_at": quarter.thursday(hour), "ends_at": quarter.thursday(hour + 2)}
    placed = quarter.served(chosen_provider_id=quarter.providers["kangle"], **times | changes)
    quarter.run_jobs(only="payments.authorise")
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, placed.order_id)
    quarter.run_jobs(only="payments.capture")
    visit(quarter, placed.order_id)
    return int(placed.order_id)


def month(quarter: Quarter) -> date:
    return month_of(quarter.thursday(9).date())


def draw(quarter: Quarter, of: date | None = None) -> int:
    with quarter.work("house") as work:
        return draw_month(work.session, work.now, quarter.providers["kangle"], of or month(quarter))


def lines(quarter: Quarter) -> list[tuple[Any, ...]]:
    with quarter.work("house") as work:
        rows = work.session.connection().execute(
            text("SELECT kind, order_id, government_fen, voucher_fen, self_fen FROM settlement_line ORDER BY id")
        )
        return [tuple(row) for row in rows]


def reasons(quarter: Quarter) -> dict[int, str]:
    with quarter.work("house") as work:
        found = held_back(work.session, quarter.providers["kangle"], month(quarter))
    return {one.order_id: one.reason for one in found}


def over(quarter: Quarter) -> None:
    """Let the month pass."""
    with quarter.work("house") as work:
        now = work.now
    end = next_month(month(quarter))
    quarter.advance(seconds=(datetime(end.year, end.month, end.day, 8, tzinfo=SHANGHAI) - now).total_seconds())
