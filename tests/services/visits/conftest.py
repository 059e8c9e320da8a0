"""An assigned home bath for 王奶奶, so that a door can be planned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.types.range import Range
from sqlalchemy import select

from services.columns import table_of
from services.dispatch.tables import Assignment
from services.orders.tables import CareOrder, OrderEvent
from services.visits.plans import plan_care_visit
from services.visits.tables import Visit


@pytest.fixture
def assigned(cast: Any) -> Callable[..., tuple[int, int]]:
    """Give (order id, assignment id) of a home bath starting `minutes` from now, for a carer of the cast."""

    def assign(minutes: int = 30, carer: str = "carer", elder: str = "wang") -> tuple[int, int]:
        with cast.work("house") as work:
            starts = work.now + timedelta(minutes=minutes)
            area = (
                work.session.connection()
                .exec_driver_sql("SELECT area_code FROM person WHERE id = %s", (cast[elder],))
                .scalar_one()
            )
            order = CareOrder(
                order_number=f"T{starts.timestamp()}{carer}", elder_id=cast[elder], area_code=area, service_code="home_bath",
                starts_at=starts, ends_at=starts + timedelta(hours=2), state="assigned", price_fen=8000,
                government_fen=0, self_fen=8000, provider_id=cast.providers["kangle"], placed_by=cast["daughter"],
                by_right="proxy:1", channel="web", idempotency_key=f"{minutes}{carer}{starts}", request_hash=b"x",
                placed_at=work.now,
            )  # fmt: skip
            work.session.add(order)
            work.session.flush()
            for kind in ("placed", "offered", "accepted", "assigned"):
                event = OrderEvent(
                    order_id=order.id, elder_id=cast[elder], area_code=area, kind=kind, happened_at=work.now, facts={}
                )  # fmt: skip
                work.session.add(event)
                work.session.flush()
            assignment = Assignment(
                order_id=order.id, elder_id=cast[elder], area_code=area, carer_id=cast[carer],
                provider_id=cast.providers["kangle"], during=Range(starts, starts + timedelta(hours=2)),
                assigned_at=work.now,
            )  # fmt: skip
            work.session.add(assignment)
            work.session.flush()
            return int(order.id or 0), int(assignment.id or 0)

    return assign


@pytest.fixture
def planned(cast: Any, assigned: Callable[..., tuple[int, int]]) -> Callable[..., int]:
    """Give the id of a planned visit starting `minutes` from now."""

    def plan(minutes: int = 30, carer: str = "carer", elder: str = "wang") -> int:
        order_id, assignment_id = assigned(minutes, carer, elder)
        with cast.work("house") as work:
            visit_id = plan_care_visit(work.session, work.now, order_id, assignment_id)
        assert visit_id is not None
        return visit_id

    return plan


@pytest.fixture
def visit_row(cast: Any) -> Callable[[int], Any]:
    """Read a visit as the house sees it."""

    def read(visit_id: int) -> Any:
        table = table_of(Visit)
        with cast.work("house") as work:
            return work.session.connection().execute(select(table).where(table.c.id == visit_id)).one()

    return read


@pytest.fixture
def promised(cast: Any) -> Callable[[str], list[dict[str, Any]]]:
    """Give the arguments of every promised job of a name, oldest first."""

    def read(job: str) -> list[dict[str, Any]]:
        with cast.work("house") as work:
            rows = work.session.connection().exec_driver_sql(
                "SELECT args, not_before FROM outbox WHERE job = %s ORDER BY id", (job,)
            )
            return [dict(row.args) | {"not_before": row.not_before} for row in rows]

    return read


def later(moment: datetime, minutes: int) -> datetime:
    """Give a moment some minutes on."""
    return moment + timedelta(minutes=minutes)
