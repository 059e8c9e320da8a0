"""Every order can be rebuilt from its append-only log, and the database refuses a step or an event out of line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from yl_quarter import Quarter

from services.orders.actions import cancel_order, confirm_order
from services.orders.rebuilding import orders_that_disagree, steps_by_event
from services.orders.rules import STEPS


def test_the_steps_in_code_are_the_rows_of_the_database(quarter: Quarter) -> None:
    with quarter.work("house") as work:
        rows = steps_by_event(work.session)
    told = {(before, after) for before, afters in STEPS.items() for after in afters}
    assert {(before, after) for (before, _), after in rows.items() if before != "new"} == told


def test_orders_of_every_fate_are_rebuilt_from_their_log(quarter: Quarter) -> None:
    done = quarter.served()
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, done.order_id)
    gone = quarter.accepted(starts_at=quarter.thursday(13), ends_at=quarter.thursday(15))
    with quarter.work("wang") as work:
        cancel_order(work.session, work.now, work.actor, gone.order_id, "hospital")
    cheaper = quarter.place(starts_at=quarter.thursday(15), ends_at=quarter.thursday(17))
    quarter.run_jobs(only="matching.offer_next")
    quarter.advance(hours=3)
    quarter.run_jobs(only="matching.expire_offer")
    quarter.accept(quarter.offer(cheaper.order_id))
    quarter.run_jobs(only="orders.prepare_payment")
    nobody = quarter.place(
        starts_at=quarter.thursday(10), ends_at=quarter.thursday(12), service_code="home_rehab", chosen_provider_id=None
    )
    quarter.run_jobs(only="matching.offer_next")
    with quarter.work("house") as work:
        assert orders_that_disagree(work.session) == (4, [])
    assert quarter.one("SELECT state FROM care_order WHERE id = :o", o=nobody.order_id) == "unfilled"
    quarter.change(
        "ALTER TABLE care_order DISABLE TRIGGER USER; UPDATE care_order SET price_fen = 1, self_fen = 1, "
        f"government_fen = 0, state = 'served', confirmed_at = NULL WHERE id = {done.order_id}; "
        "ALTER TABLE care_order ENABLE TRIGGER USER"
    )
    with quarter.work("house") as work:
        _, wrong = orders_that_disagree(work.session)
    assert {one.field for one in wrong} == {"state", "price_fen", "government_fen"}


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE care_order SET state = 'accepted', provider_id = chosen_provider_id", "stands_where_its_log_says"),
        ("INSERT INTO order_event (order_id, elder_id, area_code, kind, happened_at, facts) "
         "SELECT id, elder_id, area_code, 'served', now(), '{}' FROM care_order", "order_event_step_check"),
        ("INSERT INTO order_event (order_id, elder_id, area_code, kind, happened_at, facts) "
         "SELECT id, elder_id, area_code, 'cancelled', now(), '{}' FROM care_order", "stands_where_its_log_says"),
        ("INSERT INTO order_step VALUES ('cancelled', 'placed', 'risen', '-')", "final_states_are_never_left"),
    ],
)  # fmt: skip
def test_who_types_sql_cannot_move_an_order_beside_its_log(quarter: Quarter, statement: str, constraint: str) -> None:
    quarter.place()
    with pytest.raises(IntegrityError) as refused:
        quarter.change(statement)
    assert constraint in refused.value.orig.diag.constraint_name


def test_every_order_of_a_demonstration_quarter_is_rebuilt_from_its_log(module_database: Any) -> None:
    from workers.district.build import build_district

    with module_database.session("setup") as session, session.begin():
        build_district(session, datetime(2026, 11, 24, 2, tzinfo=UTC), seed=11, elders=400, months=3)
    with module_database.session("jobs") as session, session.begin():
        seen, wrong = orders_that_disagree(session)
        logged = session.connection().execute(text("SELECT count(DISTINCT order_id) FROM order_event")).scalar()
    assert wrong == []
    assert seen == logged and seen > 50
