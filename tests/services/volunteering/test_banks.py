"""Between districts as an officer sees it, and what the month's command does once."""

from __future__ import annotations

from typing import Any

import pytest

from services.volunteering.banks import who_owes_whom
from services.volunteering.errors import OfficeOnly
from timebank.clearing import link_banks, send_between
from timebank.writer import Request, open_account, record_transfer

CITY, HERE, THERE = 320100000000000, 320102000000000, 320104000000000


def two_banks(cast: Any, minutes: int) -> None:
    """Let 玄武 and 秦淮 be banks of their own, and send minutes from one to the other."""
    with cast.work("house") as work:
        act = (work.session, work.now)
        own, other = (open_account(*act, ledger=bank, kind="issuance", owner_label="x") for bank in (HERE, THERE))
        link_banks(*act, HERE, own, THERE, other, 6_000)
        giver = open_account(*act, ledger=HERE, kind="volunteer", floor_minutes=0, owner_label="a")
        taker = open_account(*act, ledger=THERE, kind="volunteer", floor_minutes=0, owner_label="b")
        record_transfer(
            *act, ledger=HERE, key="earn", debit_account_id=own, credit_account_id=giver, entry_type="earn",
            minutes=minutes,
        )  # fmt: skip
        request = Request(HERE, "over", giver, taker, "clearing", minutes)
        send_between(*act, request, THERE)


def test_an_officer_sees_who_owes_whom_and_by_how_much_at_most(cast: Any) -> None:
    two_banks(cast, 90)
    for who in ("officer", "advisor", "auditor"):
        with cast.work(who) as work:
            debts = who_owes_whom(work.session, work.actor)
        assert [(debt.ledger_name, debt.peer_name, debt.owed_minutes, debt.most_minutes) for debt in debts] == [
            ("玄武区", "秦淮区", 90, 6_000), ("秦淮区", "玄武区", -90, 6_000),
        ]  # fmt: skip
        assert sum(debt.net_minutes for debt in debts) == 0
    for who in ("volunteer", "wang", "operator", "outsider"):
        with cast.work(who) as work, pytest.raises(OfficeOnly):
            who_owes_whom(work.session, work.actor)


def test_the_months_command_grants_once_and_says_what_it_did(cast: Any, under: Any, saved: Any, capsys: Any) -> None:
    from services.volunteering import giving
    from workers.commands.hours import month

    under("nanjing")
    saved(200)
    with cast.work("volunteer") as work:
        giving.donate_hours(work.session, work.now, work.actor, cast["volunteer"], 200, key="pool")
    month("320100")
    month("320100")
    told = capsys.readouterr().out
    assert "60000 分钟；到期 0 分钟；为 1 位" in told and "补充 0 分钟；到期 0 分钟；为 0 位" in told


def test_the_calendar_turns_every_citys_month_once_and_closes_the_books_of_the_last(
    cast: Any, under: Any, saved: Any
) -> None:
    from sqlalchemy import text

    from workers.jobs.timebank import close_month
    from workers.jobs.volunteering import turn_every_month
    from workers.schedule import PERIODIC

    assert {"volunteering.turn_every_month", "timebank.close_month"} <= {one.job for one in PERIODIC}
    under("nanjing")
    saved(200)
    for _ in range(2):
        with cast.work("house") as work:
            turn_every_month(work)
            close_month(work)
        cast.run_jobs(only="volunteering.turn_month")
    with cast.work("house") as work:
        read = work.session.connection().execute
        turns = read(text("SELECT facts FROM act WHERE verb = 'turn_month_of_hours'")).scalars().all()
        assert [facts["reserve_minutes"] for facts in turns] == [60_000]
        closed = read(text("SELECT DISTINCT closed_until FROM timebank.period_close")).scalars().all()
        assert len(closed) == 1 and closed[0] <= work.now
