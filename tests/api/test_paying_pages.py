"""The payer's page: her bank's page or code, a refusal and another way, a late notice, money back, a dispute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from yl_quarter import Quarter


@pytest.fixture
def site(quarter: Quarter, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    from api.app import create_app
    from services.settings import settings

    monkeypatch.setenv("YINLING_DEMONSTRATION", "1")
    monkeypatch.setenv("YINLING_FAKE_BANK_ASKS", "1")
    settings.cache_clear()
    with TestClient(create_app(), follow_redirects=False) as client:
        yield client
    monkeypatch.undo()
    settings.cache_clear()


def go(quarter: Quarter, site: TestClient, who: str, path: str, **form: Any) -> Any:
    from api.deps import signed

    headers = {"accept": "text/html", "cookie": f"yl_session={signed(quarter.token(who))}"}
    if form:
        token = re.search(r'name="csrf_token" value="([^"]+)"', site.get("/me", headers=headers).text)
        assert token is not None
        answer = site.post(path, data={**form, "csrf_token": token[1]}, headers=headers)
    else:
        answer = site.get(path, headers=headers)
    while answer.status_code == 303:
        answer = site.get(answer.headers["location"], headers=headers)
    return answer


def owed(quarter: Quarter) -> tuple[str, str]:
    """An accepted order whose self part waits for the daughter; gives her page and its address."""
    quarter.accepted()
    quarter.run_jobs()
    payable = quarter.one("SELECT id FROM payable")
    return f"/family/{quarter['wang']}/payments/{payable}", str(payable)


def at_the_bank(quarter: Quarter, site: TestClient, deed: str) -> Any:
    reference = quarter.one("SELECT reference FROM fake_charge ORDER BY id DESC LIMIT 1")
    return go(quarter, site, "daughter", f"/dev/bank/{reference}", deed=deed)


def test_she_pays_with_her_card_on_the_banks_page_and_the_money_is_held(quarter: Quarter, site: TestClient) -> None:
    page, payable = owed(quarter)
    assert "payments.awaiting_payer" in quarter.all(
        "SELECT args->>'template' FROM outbox WHERE job = 'messages.deliver'"
    )
    shown = go(quarter, site, "daughter", page)
    assert "去付款（银行卡）" in shown.text and "等您付款" in shown.text and "/dev/bank/" in shown.text
    assert 'name="card' not in shown.text and "卡号只在那里填" in shown.text
    assert "去付款" not in go(quarter, site, "son", page).text, "who may not pay is not led to the bank"
    assert go(quarter, site, "wu", page).status_code == 404
    back = at_the_bank(quarter, site, "pay")
    assert str(back.url).endswith(page)
    quarter.run_jobs()
    assert "已冻结，还没扣" in go(quarter, site, "daughter", f"/pay/{payable}").text
    assert quarter.one("SELECT payer_step FROM payable") is None
    order = quarter.one("SELECT id FROM care_order")
    assert "已冻结，还没扣" in go(quarter, site, "daughter", f"/family/{quarter['wang']}/orders/{order}").text
    assert "已冻结，还没扣" in go(quarter, site, "wang", "/elder/payments").text


def test_after_a_refusal_she_pays_by_wechat_and_a_notice_that_comes_late_is_heard(
    quarter: Quarter, site: TestClient
) -> None:
    page, _ = owed(quarter)
    at_the_bank(quarter, site, "decline")
    quarter.run_jobs()
    shown = go(quarter, site, "daughter", page)
    assert "没有付成" in shown.text and "订单还在" in shown.text
    assert go(quarter, site, "daughter", page, method="cash").status_code == 422
    assert go(quarter, site, "son", page, method="alipay").status_code == 403
    go(quarter, site, "daughter", page, method="wechat_pay")
    quarter.run_jobs()
    shown = go(quarter, site, "daughter", page)
    assert "用微信扫一扫付款" in shown.text and 'src="data:image/svg+xml' in shown.text
    at_the_bank(quarter, site, "pay_late")
    quarter.run_jobs()
    assert quarter.one("SELECT state FROM payable") == "authorising", "the notice is still on its way"
    quarter.advance(seconds=61)
    quarter.run_jobs()
    assert quarter.one("SELECT state FROM payable") == "captured"
    assert "已经付了" in go(quarter, site, "daughter", page).text


def test_she_changes_her_mind_before_paying_and_nothing_is_paid_twice(quarter: Quarter, site: TestClient) -> None:
    page, _ = owed(quarter)
    first = quarter.one("SELECT reference FROM fake_charge")
    go(quarter, site, "daughter", page, method="alipay")
    quarter.run_jobs()
    assert quarter.all("SELECT state FROM fake_charge ORDER BY id") == ["released", "pending"]
    go(quarter, site, "daughter", f"/dev/bank/{first}", deed="pay")  # the page she left open pays nothing any more
    at_the_bank(quarter, site, "pay_lost")
    quarter.run_jobs()
    assert quarter.one("SELECT state FROM payable") == "authorising"
    quarter.advance(minutes=11)
    with quarter.work("house") as work:
        from services.outbox import enqueue

        enqueue(work.session, work.now, "payments.reconcile", {})
    quarter.run_jobs()
    assert quarter.one("SELECT state FROM payable") == "captured", "the poller found what the notice did not tell"
    assert quarter.one("SELECT sum(captured_fen) FROM fake_charge") == quarter.one("SELECT amount_fen FROM payable")


def test_a_declined_card_after_the_visit_is_taken_from_the_next_one(quarter: Quarter, site: TestClient) -> None:
    from services.orders.actions import confirm_order

    placed = quarter.served()
    quarter.run_jobs()
    at_the_bank(quarter, site, "decline")
    quarter.run_jobs()
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, placed.order_id)
    quarter.run_jobs()
    at_the_bank(quarter, site, "decline")
    quarter.run_jobs()
    assert quarter.one("SELECT state FROM payable") == "failed"
    page = f"/family/{quarter['wang']}/payments/{quarter.one('SELECT id FROM payable')}"
    go(quarter, site, "daughter", page, method="card")
    quarter.run_jobs()
    at_the_bank(quarter, site, "pay")
    quarter.run_jobs()
    assert quarter.one("SELECT state FROM payable") == "captured", "the work is done, so what she pays is taken"


def test_money_back_and_a_dispute_are_seen_by_payer_and_officer(quarter: Quarter, site: TestClient) -> None:
    page, payable = owed(quarter)
    go(quarter, site, "daughter", page, method="alipay")
    quarter.run_jobs()
    at_the_bank(quarter, site, "pay")
    quarter.run_jobs()
    office = "/officer/money/payments"
    assert go(quarter, site, "zhao", f"{office}/{payable}/refund", yuan="一块", reason="complaint").status_code == 422
    assert go(quarter, site, "zhao", f"{office}/{payable}/refund", yuan="9999", reason="complaint").status_code == 409
    assert go(quarter, site, "daughter", f"{office}/{payable}/refund", yuan="1", reason="complaint").status_code == 403
    with quarter.work("zhao") as work:
        from services.payments.refunds import request_refund

        request_refund(work.session, work.now, work.actor, int(payable), 100, "complaint")
    quarter.run_jobs()
    at_the_bank(quarter, site, "dispute")
    quarter.run_jobs()
    hers = go(quarter, site, "daughter", page).text
    assert "已退，退到原来付款的地方" in hers and "您的银行正在核对这笔付款" in hers and "有争议" in hers
    theirs = go(quarter, site, "zhao", office).text
    assert "投诉" in theirs and "银行核对中" in theirs
    assert go(quarter, site, "zhao", f"{office}/{payable}/refund", yuan="0.50", reason="correction").status_code == 200
    at_the_bank(quarter, site, "dispute_won")
    quarter.run_jobs()
    assert "付款有效" in go(quarter, site, "zhao", office).text
