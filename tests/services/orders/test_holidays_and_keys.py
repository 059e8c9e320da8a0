"""Days off come from a notice, year by year; a message to two kinds of recipients reaches both."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from yl_quarter import Quarter

from services.errors import Invalid
from services.orders.holidays import import_holidays, years_assumed
from services.orders.recurring import holidays_between
from services.orders.steps import lock_order
from services.orders.telling import tell_elder_side, tell_office, tell_operators, tell_provider
from services.unit_of_work import COMMAND_LINE

NOTICE = "day,kind,name_zh,name_en,source\n2027-01-01,off,元旦,New Year,通知\n2027-01-02,off,元旦,New Year,通知\n"


def test_a_notice_replaces_what_was_assumed_for_its_year(quarter: Quarter) -> None:
    with quarter.work("house") as work:
        assert years_assumed(work.session, date(2026, 11, 1)) == [2027]
        before = holidays_between(work.session, date(2026, 1, 1), date(2026, 12, 31))
        for broken in (
            "",
            "day,kind\n2027-01-01,off\n",
            NOTICE.replace("off", "free"),
            NOTICE.replace("01-02", "01-01"),
        ):
            with pytest.raises(Invalid):
                import_holidays(work.session, work.now, COMMAND_LINE, broken)
        assert import_holidays(work.session, work.now, COMMAND_LINE, "\ufeff" + NOTICE) == {2027: 2}
        assert years_assumed(work.session, date(2026, 11, 1)) == []
        assert holidays_between(work.session, date(2026, 1, 1), date(2026, 12, 31)) == before and len(before) == 33
        found = holidays_between(work.session, date(2027, 1, 1), date(2027, 12, 31))
        assert sorted(found) == [date(2027, 1, 1), date(2027, 1, 2)]


def test_the_same_words_to_two_kinds_of_recipients_reach_both(quarter: Quarter) -> None:
    order_id = quarter.place().order_id
    template = "orders.unfilled_for_operator"

    def tell_all(work: Any) -> None:
        order = lock_order(work.session, order_id)
        tell_operators(work.session, work.now, order, template)
        for role in ("officer", "advisor"):
            tell_office(work.session, work.now, order, role, template)
        for provider in ("kangle", "ankang"):
            tell_provider(work.session, work.now, order, quarter.providers[provider], template)
        tell_elder_side(work.session, work.now, order, template)

    for _ in range(2):
        with quarter.work("house") as work:
            tell_all(work)
    keys = quarter.all("SELECT key FROM outbox WHERE args->>'template' = :t", t=template)
    assert len(keys) == 6 and len(set(keys)) == 6, "each kind of recipient once, and once only"
