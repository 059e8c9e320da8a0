"""Whatever is asked wrongly is refused with its own kind, its facts, a status and a clear sentence; nothing moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.errors import add_error_handlers
from tests.timebank.bank import NANJING, NOON, Bank
from timebank.limits import change_limits
from timebank.seals import close_period
from timebank.writer import Request, post_transfer, record_transfers, reverse_transfer

BAD: dict[str, tuple[Callable[[Bank], Any], int, str, dict[str, Any]]] = {
    "zero minutes": (lambda b: b.earn("a", 0), 422, "InvalidMinutes", {"minutes": 0}),
    "negative minutes": (lambda b: b.earn("a", -60), 422, "InvalidMinutes", {"minutes": -60}),
    "huge minutes": (lambda b: b.earn("a", 10**30), 422, "InvalidMinutes", {"most": 10**12}),
    "fractional minutes": (lambda b: b.earn("a", 1.5), 422, "InvalidMinutes", {"minutes": 1.5}),
    "minutes that are a truth": (lambda b: b.earn("a", True), 422, "InvalidMinutes", {}),
    "negative service": (lambda b: b.earn("a", 5, service_minutes=-1), 422, "InvalidMinutes", {"least": 0}),
    "an unknown account": (lambda b: b.earn("a", 5, to=999_999), 404, "AccountNotFound", {"account_id": 999_999}),
    "an unknown transfer": (
        lambda b: b.act(lambda s: post_transfer(s, NOON, 999_999, "a")),
        404,
        "TransferNotFound",
        {"transfer_id": 999_999},
    ),
    "the same key with another payload": (lambda b: b.earn("first", 61), 409, "IdempotencyConflict", {"key": "first"}),
    "a transfer to oneself": (lambda b: b.move("a", b.li, b.li, "gift", 5), 422, "SelfTransfer", {}),
    "an organisation redeeming": (
        lambda b: [b.earn("c", 60, to=b.club), b.move("a", b.club, b.issuance, "redeem", 5)],
        409,
        "PairNotAllowed",
        {"rule": "transfer_pair_allowed_fkey"},
    ),
    "more than she has": (
        lambda b: b.move("a", b.li, b.issuance, "redeem", 61),
        409,
        "InsufficientMinutes",
        {"needed_minutes": 61, "available_minutes": 60},
    ),
    "more than the cap": (lambda b: b.earn("a", 90_000), 409, "CapExceeded", {"room_minutes": 89_940}),
    "a future check-out": (
        lambda b: b.earn("a", 5, event_at=NOON + timedelta(minutes=1)),
        422,
        "EventInFuture",
        {"rule": "transfer_event_not_future_check"},
    ),
    "a clock that steps back": (
        lambda b: b.earn("a", 5, now=NOON - timedelta(hours=1)),
        503,
        "ClockSteppedBack",
        {"last_recorded_at": "2026-11-20T04:00:00+00:00"},
    ),
    "a moment without a zone": (
        lambda b: b.earn("a", 5, now=datetime(2026, 11, 20, 4, 0)),  # noqa: DTZ001
        422,
        "InvalidRequest",
        {"moment": "2026-11-20T04:00:00"},
    ),
    "a closed period": (lambda b: closed(b), 409, "PeriodClosed", {"ledger": NANJING}),
    "a month that is not over": (
        lambda b: b.act(lambda s: close_period(s, NOON, NANJING, NOON + timedelta(days=1)), b.jobs),
        409,
        "PeriodNotOver",
        {},
    ),
    "the same visit twice": (
        lambda b: [b.earn(f"v{n}", 5, subject=("visit", 1)) for n in range(2)],
        409,
        "SubjectAlreadyBooked",
        {},
    ),
    "a reversal of a reversal": (lambda b: undo_twice(b), 409, "NotReversible", {"entry_type": "reversal"}),
    "posting what does not wait": (
        lambda b: b.act(lambda s: post_transfer(s, NOON, b.first, "a")),  # type: ignore[attr-defined]
        409,
        "NotPending",
        {"phase": "single"},
    ),
    "limits for an account without": (
        lambda b: b.act(
            lambda s: change_limits(s, NOON, b.pool, floor_minutes=0, cap_minutes=5, decided_by="officer", reason="so"),
            b.jobs,
        ),
        422,
        "InvalidRequest",
        {"kind": "pool"},
    ),
    "half an act between banks": (
        lambda b: b.move("a", b.li, b.pool, "clearing", 5),
        409,
        "OneLegOnly",
        {"ledger": NANJING},
    ),
    "a bad row in a batch": (
        lambda b: b.act(
            lambda s: record_transfers(
                s, NOON, [Request(NANJING, k, b.issuance, to, "earn", 5) for k, to in (("a", b.li), ("b", 999_999))]
            )
        ),
        404,
        "AccountNotFound",
        {"account_id": 999_999},
    ),
}


def closed(bank: Bank) -> None:
    """Close October, then record as if it were still October, on an account without later entries."""
    october_ends = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
    bank.act(lambda s: close_period(s, NOON, NANJING, october_ends), bank.jobs)
    bank.move("a", bank.issuance, bank.pool, "grant", 5, now=october_ends - timedelta(seconds=1))


def undo_twice(bank: Bank) -> None:
    """Reverse the first transfer and then its reversal."""
    back = bank.act(lambda s: reverse_transfer(s, NOON, bank.first, "undo"))  # type: ignore[attr-defined]
    bank.act(lambda s: reverse_transfer(s, NOON, back.id, "undo again"))


@pytest.mark.parametrize("asked", BAD)
def test_each_bad_request_has_its_own_answer(bank: Bank, asked: str) -> None:
    work, status, kind, facts = BAD[asked]
    bank.first = bank.earn("first", 60).id  # type: ignore[attr-defined]
    app = FastAPI()
    add_error_handlers(app)

    @app.post("/asked")
    def ask() -> str:
        work(bank)
        return "done"

    answer = TestClient(app, raise_server_exceptions=False).post("/asked")
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["type"] == f"urn:yinling:problem:{kind}"
    assert any("\u4e00" <= sign <= "\u9fff" for sign in body["detail"])
    assert "SELECT" not in answer.text and "psycopg" not in answer.text
    told = {name: body["facts"].get(name) for name in facts}
    assert {k: _plain(v) for k, v in told.items()} == {k: _plain(v) for k, v in facts.items()}


def _plain(value: Any) -> Any:
    return value.replace("Z", "+00:00") if isinstance(value, str) else value
