"""Fees paid in advance: under the cap, told when near it, given back, and no fen lost."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from yl_quarter import Quarter

from services.clock import civil_date
from services.errors import Invalid, NotAllowed, NotFound
from services.settlement import prepaid
from services.settlement.errors import PrepaidKeyReused, PrepaidLeft, PrepaidOverCap, PrepaidTooLittle


def opened(quarter: Quarter, who: str = "zhao", kind: str = "deposit", monthly_fen: int = 100_000) -> int:
    with quarter.work(who) as work:
        return prepaid.open_account(
            work.session, work.now, work.actor, elder_id=quarter.people["sun"],
            provider_id=quarter.providers["kangle"], kind_code=kind, monthly_fee_fen=monthly_fen,
        )  # fmt: skip


def enter(quarter: Quarter, account: int, kind: str, fen: int, key: str, who: str = "kangle_dispatcher") -> Any:
    with quarter.work(who) as work:
        return prepaid.enter(
            work.session, work.now, work.actor, account, kind=kind, amount_fen=fen,
            happened_on=civil_date(work.now), key=key,
        )  # fmt: skip


@pytest.mark.mission("HB-25")
def test_no_more_is_taken_in_advance_than_the_city_allows(quarter: Quarter) -> None:
    account = opened(quarter)
    assert opened(quarter) == account  # opened once
    assert quarter.one("SELECT cap_fen FROM prepaid_account") == 1_200_000  # twelve months
    first = enter(quarter, account, "deposit", 900_000, "bill-1")
    assert (first.balance_fen, first.alert) == (900_000, False)
    assert enter(quarter, account, "deposit", 900_000, "bill-1") == first  # the same bill twice is one
    with pytest.raises(PrepaidKeyReused):
        enter(quarter, account, "deposit", 1, "bill-1")
    near = enter(quarter, account, "deposit", 100_000, "bill-2")
    assert (
        near.alert
        and quarter.one("SELECT count(*) FROM outbox WHERE args->>'template' = 'settlement.prepaid_alert'") == 1
    )
    with pytest.raises(PrepaidOverCap) as refused:
        enter(quarter, account, "deposit", 200_001, "bill-3")
    assert refused.value.facts["cap_fen"] == 1_200_000
    with pytest.raises(PrepaidTooLittle):
        enter(quarter, account, "charge", 1_000_001, "fee-1")
    assert enter(quarter, account, "charge", 400_000, "fee-1").balance_fen == 600_000
    assert quarter.one("SELECT count(*) FROM act WHERE verb IN ('open_prepaid', 'enter_prepaid')") == 4


@pytest.mark.mission("HB-25")
def test_who_leaves_gets_back_what_is_left(quarter: Quarter) -> None:
    account = opened(quarter)
    enter(quarter, account, "deposit", 5_000, "bill-1")
    with quarter.work("zhao") as work:
        due = prepaid.leave(work.session, work.now, work.actor, account, civil_date(work.now))
        assert due == civil_date(work.now) + timedelta(days=15)
    with pytest.raises(PrepaidLeft):
        enter(quarter, account, "deposit", 1, "bill-2")
    assert enter(quarter, account, "refund", 5_000, "back-1").balance_fen == 0
    with quarter.work("zhao") as work:
        assert prepaid.list_accounts(work.session)[0].refund_due_on == due


def test_typed_sql_moves_no_balance_and_stays_under_the_cap(quarter: Quarter) -> None:
    account = opened(quarter)
    enter(quarter, account, "deposit", 5_000, "bill-1")
    for statement in (
        "UPDATE prepaid_account SET balance_fen = 1",
        "UPDATE prepaid_entry SET amount_fen = 1",
        "DELETE FROM prepaid_entry",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), quarter.work("zhao") as work:
            work.session.connection().execute(text(statement))
    typed = (
        "INSERT INTO prepaid_entry (account_id, elder_id, area_code, kind, amount_fen, balance_fen, happened_on, note, key,"
        " entered_by, recorded_at) SELECT id, elder_id, area_code, :k, :f, 0, current_date, '', 'typed', :p, now() FROM prepaid_account"
    )
    for kind, fen in (("deposit", 1_195_001), ("refund", 5_001)):
        with pytest.raises(IntegrityError, match="prepaid_account_cap_check"), quarter.work("zhao") as work:
            work.session.connection().execute(text(typed), {"k": kind, "f": fen, "p": quarter.people["zhao"]})


def test_twenty_bills_at_once_stay_under_the_cap(quarter: Quarter) -> None:
    account = opened(quarter, monthly_fen=1_000)
    refused: list[str] = []

    def pay(number: int) -> None:
        try:
            enter(quarter, account, "deposit", 1_000, f"bill-{number}", "zhao")
        except PrepaidOverCap as full:
            refused.append(type(full).__name__)

    threads = [threading.Thread(target=pay, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(refused) == 8 and quarter.one("SELECT balance_fen FROM prepaid_account") == 12_000


def test_only_the_institution_and_the_office_keep_the_account_and_her_side_reads_it(quarter: Quarter) -> None:
    account = opened(quarter)
    for who in ("ankang_dispatcher", "wu"):
        with pytest.raises((NotAllowed, NotFound)):
            enter(quarter, account, "deposit", 1, "bill-x", who)
        with quarter.work(who) as work:
            assert prepaid.list_accounts(work.session) == []
    with pytest.raises(NotAllowed):
        enter(quarter, account, "deposit", 1, "bill-x", "sun")
    with quarter.work("sun") as work:
        assert len(prepaid.list_accounts(work.session)) == 1
    with pytest.raises(Invalid):
        opened(quarter, kind="membership")
