"""A group's hours are its members', each counted by the ledger itself, and together they can only be donated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from services.cities.actions import load_pack
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.volunteering import giving, purses
from services.volunteering.bank import bank_of
from services.volunteering.errors import MayNotGive, NotEnoughHours, SameKeyOtherGift
from services.volunteering.tables import MemberHours, Volunteer, VolunteerSession
from timebank.errors import DailyCapExceeded, PairNotAllowed
from timebank.reader import read_balance
from timebank.verify import verify
from timebank.writer import record_transfer

CITY, STREET = 320100000000000, 320102003000000
_volunteer, _member, _session = table_of(Volunteer), table_of(MemberHours), table_of(VolunteerSession)


@pytest.fixture
def school(cast: Any, own_hours: Any, second_volunteer: str) -> int:
    """A school both volunteers serve for, in a city that counts at most 120 minutes a day."""
    with cast.work("house") as work:
        own = own_hours("nanjing", "short.days").replace("daily_cap_minutes = 480", "daily_cap_minutes = 120")
        assert "daily_cap_minutes = 120" in own
        load_pack(work.session, work.now, own)
    with cast.work("officer") as work:
        group = giving.register_group(work.session, work.now, work.actor, "新街口小学", None, STREET)
    with cast.work("house") as work:
        both = _volunteer.c.person_id.in_((cast["volunteer"], cast[second_volunteer]))
        work.session.connection().execute(update(_volunteer).where(both).values(group_id=group))
        morning = civil_midnight(civil_date(work.now) + timedelta(days=1)) + timedelta(hours=8)
        wait = morning - work.now
    cast.advance(seconds=wait.total_seconds())  # so that all of it is one day
    return group


def test_a_members_day_is_counted_by_the_ledger_and_the_group_donates_from_all_its_members(
    cast: Any, school: int, hands: Any, posted: Any, second_volunteer: str
) -> None:
    first = hands.served(posted(), minutes=90)
    second = hands.served(posted(), minutes=90)
    third = hands.served(posted(), minutes=90, who=second_volunteer)
    assert [hands.row(_session, one).credit_minutes for one in (first, second, third)] == [90, 30, 90]
    for one in (first, second, third):
        with cast.work("daughter") as work:
            from services.volunteering.sessions import confirm_session

            confirm_session(work.session, work.now, work.actor, one)
    assert hands.balance() == (0, 0)  # the group's, not hers
    with cast.work("house") as work:
        parts = work.session.connection().execute(select(_member).order_by(_member.c.account_id)).all()
        assert [read_balance(work.session, one.account_id).posted for one in parts] == [120, 90]
        served = work.session.connection().execute(select(_session.c.during).where(_session.c.id == first)).scalar_one()
        issuance = bank_of(work.session, work.now, CITY).issuance_account_id
    for entry, kind, debit, credit in (
        ("earn", DailyCapExceeded, issuance, parts[0].account_id),
        ("redeem", PairNotAllowed, parts[0].account_id, issuance),
    ):
        with cast.work("house") as work, pytest.raises(kind):  # whoever asks the ledger itself
            record_transfer(
                work.session, work.now, ledger=CITY, key=f"more-{entry}", entry_type=entry, minutes=1,
                debit_account_id=debit, credit_account_id=credit,
                event_at=served.lower if entry == "earn" else None,
            )  # fmt: skip

    with cast.work("officer") as work:
        assert [minutes for _, minutes in purses.groups_of_area(work.session, work.actor)] == [210]
        give = (work.session, work.now, work.actor, school)
        with pytest.raises(NotEnoughHours) as short:
            giving.donate_group_hours(*give, 211, key="much", reason="学校来电")
        assert short.value.facts == {"needed_minutes": 211, "available_minutes": 210}
        with pytest.raises(MayNotGive):
            giving.donate_group_hours(*give, 0, key="none", reason="学校来电")
        moved = giving.donate_group_hours(*give, 200, key="one", reason="学校来电")
        assert giving.donate_group_hours(*give, 200, key="one", reason="学校来电") == moved
        with pytest.raises(SameKeyOtherGift):
            giving.donate_group_hours(*give, 10, key="one", reason="学校来电")
    with cast.work("house") as work:
        assert [read_balance(work.session, one.account_id).posted for one in parts] == [0, 10]
        assert read_balance(work.session, bank_of(work.session, work.now, CITY).pool_account_id).posted == 200
        assert verify(work.session).ok
