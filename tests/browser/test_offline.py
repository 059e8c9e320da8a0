"""A carer in a stairwell without signal: what her phone signed arrives once when there is signal again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from playwright.sync_api import expect
from psycopg.types.range import Range
from sqlalchemy import text

from services.dispatch.tables import Assignment
from services.orders.tables import CareOrder, OrderEvent
from services.visits.plans import plan_care_visit
from services.visits.queries import read_visit_code


def a_visit_now(cast: Any) -> int:
    """Give the id of a home bath of 王奶奶's that the carer was assigned to and that begins now."""
    with cast.work("house") as work:
        now, until, area = work.now, work.now + timedelta(hours=1), 320102003902901
        order = CareOrder(
            order_number="T1", elder_id=cast["wang"], area_code=area, service_code="home_bath", starts_at=now,
            ends_at=until, state="assigned", price_fen=8000, government_fen=0, self_fen=8000,
            provider_id=cast.providers["kangle"], placed_by=cast["daughter"], by_right="proxy:1", channel="web",
            idempotency_key="offline", request_hash=b"x", placed_at=now,
        )  # fmt: skip
        work.session.add(order)
        work.session.flush()
        for kind in ("placed", "offered", "accepted", "assigned"):
            event = OrderEvent(
                order_id=order.id, elder_id=cast["wang"], area_code=area, kind=kind, happened_at=now, facts={}
            )
            work.session.add(event)
            work.session.flush()
        assignment = Assignment(
            order_id=order.id, elder_id=cast["wang"], area_code=area, carer_id=cast["carer"],
            provider_id=cast.providers["kangle"], during=Range(now, until), assigned_at=now,
        )  # fmt: skip
        work.session.add(assignment)
        work.session.flush()
        visit_id = plan_care_visit(work.session, now, int(order.id or 0), int(assignment.id or 0))
    assert visit_id is not None
    return visit_id


def test_a_check_in_without_signal_is_signed_kept_and_sent_once_there_is_signal(cast_site: Any) -> None:
    cast = cast_site.cast
    visit_id = a_visit_now(cast)
    with cast.work("wang") as work:
        code = read_visit_code(work.session, work.now, work.actor, visit_id)

    def stands() -> tuple[str, Any, int]:
        with cast.work("house") as work:
            one = work.session.connection().execute
            row = one(text("SELECT state, check_in_facts ->> 'signed_by_device' FROM visit")).one()
            return row[0], row[1], one(text("SELECT count(*) FROM device_event")).scalar_one()

    page = cast_site.open("carer", f"/carer/visits/{visit_id}")
    line = page.locator("[data-line]")
    page.get_by_role("button", name="登记这部手机").click()
    expect(line).to_have_text("都已上传")
    page.context.set_offline(True)
    page.fill("#code", code)
    page.get_by_role("button", name="签到", exact=True).click()
    expect(line).to_contain_text("没有信号", timeout=10_000)
    assert stands() == ("planned", None, 0)
    page.context.set_offline(False)
    expect(line).to_have_text("都已上传", timeout=10_000)
    state, device, events = stands()
    assert (state, events) == ("started", 1) and device is not None
    page.goto(f"{cast_site.url}/carer/visits/{visit_id}")
    expect(page.get_by_text("已签到")).to_be_visible()
    page.goto(f"{cast_site.url}/visits/{visit_id}")
    expect(page.get_by_text("登记过的手机签名").first).to_be_visible()
    exported = page.evaluate(
        "async () => { const db = await new Promise((done) => { const r = indexedDB.open('yinling-carer', 1);"
        " r.onsuccess = () => done(r.result); });"
        " const kept = await new Promise((done) => { const r = db.transaction('keys').objectStore('keys').getAll();"
        " r.onsuccess = () => done(r.result); }); return kept[0].key.extractable; }"
    )
    assert exported is False
