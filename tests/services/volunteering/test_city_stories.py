"""Five cities, five time banks: each pack's own little story, played by the same people in the same street."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from services.cities.actions import adopt_rules, load_pack
from services.cities.errors import BadPack
from services.cities.queries import city_by_key, rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Elder, Person, Proxy
from services.volunteering import giving, lapsing, redeeming, registering, sessions
from services.volunteering.bank import bank_of
from services.volunteering.errors import (
    GroupMinutesOnlyDonate,
    GuardianNeeded,
    MayNotGive,
    MayNotRedeem,
    NotEnoughHours,
    OfficeOnly,
    ReasonNeeded,
    TooLittleSaved,
    TooYoung,
    TooYoungToRedeem,
)
from services.volunteering.tables import ElderHours, HourMovement, ProfessionalHours, Volunteer, VolunteerSession
from timebank.errors import PairNotAllowed
from timebank.reader import read_balance, read_trial_balance
from timebank.verify import verify
from timebank.writer import record_transfer

_person, _elder, _volunteer = table_of(Person), table_of(Elder), table_of(Volunteer)
_session, _hours, _movement = table_of(VolunteerSession), table_of(ElderHours), table_of(HourMovement)
PACKS = Path(__file__).resolve().parents[3] / "sample_data/cities/timebank"
CITY, STREET = 320100000000000, 320102003000000


def wish(work: Any, minutes: int = 60, kind: str = "friendly_visit") -> redeeming.Wish:
    starts = work.now + timedelta(hours=30)
    return redeeming.Wish(kind, starts, starts + timedelta(minutes=minutes))


def parent_of_the_volunteer(cast: Any, elder: str = "wang", relation: str = "女儿") -> None:
    """Write that the volunteer may order for an elder, as her relative."""
    with cast.work("house") as work:
        work.session.connection().execute(
            insert(table_of(Proxy)).values(
                elder_id=cast[elder], area_code=320102003902901, proxy_person_id=cast["volunteer"], relation=relation,
                ground="family", scopes=["view", "order"], state="confirmed", requested_at=work.now,
                confirmed_by=cast[elder], confirmed_channel="counter", confirmed_at=work.now,
            )
        )  # fmt: skip


@pytest.mark.parametrize("name", ["beijing", "nanjing", "guangzhou", "chengdu"])
def test_every_example_pack_loads_as_its_own_city_and_marks_what_has_no_source(cast: Any, name: str) -> None:
    with cast.work("house") as work:
        loaded = load_pack(work.session, work.now, PACKS / f"{name}.toml")
        rules = rules_in_force(work.session, loaded.city_code, civil_date(work.now))
        assert rules.rules_city_key in ("shanghai", "dongying") and rules.hours_version.endswith(".hours")
        assert rules.timebank.source != "shiguanghui2026" and rules.timebank.assumed
        assert {source.id for source in rules.sources}


def test_beijing_counts_whole_hours_takes_a_pupil_with_her_guardian_and_redeems_from_sixty(
    cast: Any, hands: Any, posted: Any, under: Any, born: Any, saved: Any
) -> None:
    under("beijing")
    session_id = hands.served(posted(), minutes=110)
    assert hands.row(_session, session_id).credit_minutes == 60 and hands.balance() == (0, 60)
    assert hands.row(_session, session_id).rule_version == "beijing.here"

    with cast.work("house") as work:
        today = civil_date(work.now)
    born("outsider", today.replace(year=today.year - 15))
    with cast.work("house") as work:
        work.session.connection().execute(
            update(_person).where(_person.c.id == cast["outsider"]).values(area_code=STREET)
        )
    for guardian, refused in ((None, GuardianNeeded),):
        with cast.work("officer") as work, pytest.raises(refused):
            registering.register_volunteer(
                work.session, work.now, work.actor, cast["outsider"], display_name="小吴", interests=[],
                guardian_id=guardian,
            )  # fmt: skip
    with cast.work("outsider") as work, pytest.raises(OfficeOnly):
        registering.register_volunteer(
            work.session, work.now, work.actor, cast["outsider"], display_name="小吴", interests=[],
            guardian_id=cast["carer"],
        )  # fmt: skip
    with cast.work("officer") as work:
        registering.register_volunteer(
            work.session, work.now, work.actor, cast["outsider"], display_name="小吴", interests=[],
            guardian_id=cast["carer"],
        )  # fmt: skip
    born("outsider", today.replace(year=today.year - 13))
    with cast.work("officer") as work:
        registering.record_training(
            work.session, work.now, work.actor, cast["outsider"], trained_on=today,
            insured_until=today + timedelta(days=9),
        )  # fmt: skip
    with pytest.raises(TooYoung):
        hands.take(posted(200), who="outsider")
    born("outsider", today.replace(year=today.year - 15))
    hands.take(posted(200), who="outsider")

    saved(120)
    parent_of_the_volunteer(cast)
    with cast.work("volunteer") as work:
        assert redeeming.book_with_hours(work.session, work.now, work.actor, cast["wang"], wish(work))


def test_nanjing_grants_from_a_pool_that_must_hold_it_and_a_group_can_only_donate(
    cast: Any, hands: Any, posted: Any, under: Any
) -> None:
    under("nanjing")
    with cast.work("house") as work:
        assert lapsing.grant_hours(work.session, work.now, CITY) == 0  # an empty pool gives nothing
    with cast.work("officer") as work:
        group = giving.register_group(work.session, work.now, work.actor, "新街口小学", None, STREET)
    with cast.work("house") as work:
        work.session.connection().execute(
            update(_volunteer).where(_volunteer.c.person_id == cast["volunteer"]).values(group_id=group)
        )
    session_id = hands.served(posted(), minutes=150)
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert hands.balance() == (0, 0)  # the group's, not hers
    with cast.work("volunteer") as work, pytest.raises(GroupMinutesOnlyDonate):
        giving.donate_hours(work.session, work.now, work.actor, cast["volunteer"], 30, key="a")
    with cast.work("officer") as work, pytest.raises(ReasonNeeded):
        giving.donate_group_hours(work.session, work.now, work.actor, group, 150, key="a")
    with cast.work("officer") as work:
        giving.donate_group_hours(work.session, work.now, work.actor, group, 150, key="a", reason="学校来电委托")
    with cast.work("house") as work:
        assert lapsing.grant_hours(work.session, work.now, CITY) == 1  # 孙大爷, 80 and alone: 120 of the pool's 150
        assert lapsing.grant_hours(work.session, work.now, CITY) == 0
        (granted,) = work.session.connection().execute(select(_hours)).all()
        assert granted.elder_id == cast["sun"] and read_balance(work.session, granted.account_id).posted == 120
        kinds = {kind.kind: kind.balance_minutes for kind in read_trial_balance(work.session, CITY)}
        assert kinds["pool"] == 30 and verify(work.session).ok
    with cast.work("sun") as work:
        redeeming.book_with_hours(work.session, work.now, work.actor, cast["sun"], wish(work), from_grant=True)
    with cast.work("wang") as work, pytest.raises(MayNotRedeem):
        redeeming.book_with_hours(
            work.session, work.now, work.actor, cast["wang"], wish(work), payer_id=cast["sun"], reason="借用"
        )


def test_where_a_city_lets_members_keep_them_a_members_minutes_are_her_own(
    cast: Any, hands: Any, posted: Any, own_hours: Any
) -> None:
    with cast.work("house") as work:
        text = own_hours("nanjing").replace("groups_donate_only = true", "groups_donate_only = false")
        load_pack(work.session, work.now, text)
    with cast.work("officer") as work:
        group = giving.register_group(work.session, work.now, work.actor, "新街口小学", None, STREET)
    with cast.work("house") as work:
        work.session.connection().execute(
            update(_volunteer).where(_volunteer.c.person_id == cast["volunteer"]).values(group_id=group)
        )
    session_id = hands.served(posted(), minutes=90)
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert hands.balance() == (90, 0)
    with cast.work("volunteer") as work:
        giving.donate_hours(work.session, work.now, work.actor, cast["volunteer"], 30, key="own")
    assert hands.balance() == (60, 0)


def test_nanjings_reserve_pays_a_professional_when_no_volunteer_is_free(cast: Any, under: Any, saved: Any) -> None:
    under("nanjing")
    saved(200)
    parent_of_the_volunteer(cast)
    with cast.work("house") as work:
        assert lapsing.fund_reserve(work.session, work.now, CITY) == 60_000
        assert lapsing.fund_reserve(work.session, work.now, CITY) == 0
    with cast.work("volunteer") as work:
        booked = redeeming.book_with_hours(work.session, work.now, work.actor, cast["wang"], wish(work, 90))
    cast.advance(hours=20)
    assert "volunteering.find_professional" in cast.run_jobs(only="volunteering.find_professional")
    cast.advance(hours=15)
    cast.run_jobs(only="volunteering.return_unused_hours")
    with cast.work("daughter") as work, pytest.raises(OfficeOnly):
        redeeming.record_professional(work.session, work.now, work.actor, booked, cast.providers["kangle"], 60, "来过")
    with cast.work("officer") as work:
        redeeming.record_professional(
            work.session, work.now, work.actor, booked, cast.providers["kangle"], 60, "电话核实，服务一小时"
        )
    with cast.work("house") as work:
        kinds = {kind.kind: kind.balance_minutes for kind in read_trial_balance(work.session, CITY)}
        assert kinds["guarantee"] == 60_000 - 60 and kinds["volunteer"] == 200 - 60 and kinds["organisation"] == 60
        assert sum(kinds.values()) == 0 and verify(work.session).ok
        paid = work.session.connection().execute(select(table_of(ProfessionalHours))).one()
        assert (paid.provider_id, paid.kind) == (cast.providers["kangle"], "organisation")
        with pytest.raises(PairNotAllowed):  # an organisation redeems nothing, gives nothing
            record_transfer(
                work.session, work.now, ledger=CITY, key="no", entry_type="redeem", minutes=1,
                debit_account_id=paid.account_id,
                credit_account_id=bank_of(work.session, work.now, CITY).issuance_account_id,
            )  # fmt: skip


def test_shanghai_caps_a_day_at_two_coins_redeems_at_sixty_five_and_gifts_go_to_friends(
    cast: Any, hands: Any, posted: Any, saved: Any, born: Any, second_volunteer: str
) -> None:
    with cast.work("house") as work:
        adopt_rules(work.session, work.now, CITY, city_by_key(work.session, "shanghai"))
        hours = (24 - (work.now + timedelta(hours=8)).hour) % 24
    cast.advance(hours=hours)
    assert hands.row(_session, hands.served(posted(10), minutes=200)).credit_minutes == 120
    saved(100)
    with cast.work("house") as work:
        passport = work.session.connection().execute(
            select(_volunteer.c.passport_number).where(_volunteer.c.person_id == cast["other_carer"])
        ).scalar_one()  # fmt: skip
    with cast.work("volunteer") as work:
        first = giving.give_hours(work.session, work.now, work.actor, cast["volunteer"], passport, 40, key="k")
    with cast.work("volunteer") as work:
        again = giving.give_hours(work.session, work.now, work.actor, cast["volunteer"], passport, 40, key="k")
    assert first == again and hands.balance("other_carer") == (40, 0) and hands.balance()[0] == 60
    with cast.work("house") as work:  # 李文华 is an elder herself now, 63: too young for her own hours
        work.session.connection().execute(
            insert(_elder).values(
                person_id=cast["volunteer"], area_code=STREET, living="alone", groups=[], care_level=0,
                registered_on=civil_date(work.now),
            )
        )  # fmt: skip
    with cast.work("volunteer") as work, pytest.raises(TooYoungToRedeem):
        redeeming.book_with_hours(work.session, work.now, work.actor, cast["volunteer"], wish(work, 30))
    born("volunteer", date(1958, 1, 1))
    with cast.work("volunteer") as work:
        redeeming.book_with_hours(work.session, work.now, work.actor, cast["volunteer"], wish(work, 30))


def test_guangzhou_asks_for_a_hundred_hours_first_waits_a_week_honours_the_rest_and_lets_old_hours_lapse(
    cast: Any, under: Any, saved: Any, second_volunteer: str
) -> None:
    under("guangzhou")
    parent_of_the_volunteer(cast)
    saved(5999)
    cast.advance(days=8)
    with cast.work("volunteer") as work, pytest.raises(TooLittleSaved):
        redeeming.book_with_hours(work.session, work.now, work.actor, cast["wang"], wish(work))
    saved(1)
    with cast.work("volunteer") as work:
        assert redeeming.book_with_hours(work.session, work.now, work.actor, cast["wang"], wish(work, 60))
        with pytest.raises(NotEnoughHours) as fresh:
            redeeming.book_with_hours(work.session, work.now, work.actor, cast["wang"], wish(work, 5940))
    assert fresh.value.facts == {"needed_minutes": 5940, "available_minutes": 5939}
    with cast.work("house") as work:
        passport = work.session.connection().execute(
            select(_volunteer.c.passport_number).where(_volunteer.c.person_id == cast["other_carer"])
        ).scalar_one()  # fmt: skip
    with cast.work("volunteer") as work, pytest.raises(MayNotGive):
        giving.give_hours(work.session, work.now, work.actor, cast["volunteer"], passport, 10, key="x")
    cast.advance(days=61 * 31)
    with cast.work("house") as work:
        gone = lapsing.expire_hours(work.session, work.now, CITY)
        assert gone == 5940 and lapsing.expire_hours(work.session, work.now, CITY) == 0
        assert verify(work.session).ok  # the hour that is held for a booking does not lapse


def test_guangzhous_full_account_turns_the_rest_of_a_visit_into_honours(
    cast: Any, hands: Any, posted: Any, under: Any, saved: Any
) -> None:
    under("guangzhou")
    saved(89_980)
    session_id = hands.served(posted(), minutes=70)
    found = hands.row(_session, session_id)
    assert (found.credit_minutes, found.honour_minutes) == (20, 40)
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    second = hands.served(posted(), minutes=70)
    found = hands.row(_session, second)
    assert (found.credit_minutes, found.honour_minutes, found.transfer_id) == (0, 60, None)
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, second)
    assert hands.balance() == (90_000, 0)


def test_chengdus_coin_is_not_an_hour_and_a_poor_elder_starts_with_coins(
    cast: Any, hands: Any, posted: Any, under: Any, saved: Any
) -> None:
    under("chengdu")
    walk = hands.served(posted(kind="walk_together"), minutes=40)
    assert hands.row(_session, walk).credit_minutes == 60  # 40 minutes at 90 an hour
    lesson = hands.served(posted(kind="phone_lesson"), minutes=70)
    assert hands.row(_session, lesson).credit_minutes == 30  # a job, however long
    saved(2000)
    with cast.work("volunteer") as work:
        giving.donate_hours(work.session, work.now, work.actor, cast["volunteer"], 700, key="pool")
    with cast.work("house") as work:
        assert lapsing.grant_hours(work.session, work.now, CITY) == 1  # the pool holds 700, a start takes 600
        first = work.session.connection().execute(select(_movement).where(_movement.c.kind == "start")).one()
        assert first.minutes == 600
    with cast.work("officer") as work:
        elder = "wang" if first.to_person_id == cast["wang"] else "sun"
        redeeming.book_with_hours(
            work.session, work.now, work.actor, cast[elder], wish(work, 60, "walk_together"),
            from_grant=True, reason="老人来电，由社区代办",
        )  # fmt: skip
    with cast.work("house") as work:
        (granted,) = work.session.connection().execute(select(_hours)).all()
        assert read_balance(work.session, granted.account_id).pending_out == 90


def test_an_hour_is_judged_by_the_policy_of_its_own_day(cast: Any, hands: Any, posted: Any, own_hours: Any) -> None:
    visit_id = hands.take(posted())
    hands.serve(visit_id, minutes=50)
    with cast.work("house") as work:
        tomorrow = civil_date(work.now) + timedelta(days=1)
        newer = own_hours("beijing", "later", tomorrow.isoformat())
        load_pack(work.session, work.now, newer)
    cast.advance(days=2)
    session_id = hands.book(visit_id)
    assert hands.row(_session, session_id).credit_minutes == 50  # Beijing's whole hours begin tomorrow
    with cast.work("house") as work:
        assert rules_in_force(work.session, CITY, civil_date(work.now)).hours_version == "later.here"


def test_a_pack_with_a_policy_that_does_not_fit_together_is_refused_with_its_line(cast: Any, own_hours: Any) -> None:
    own = own_hours("nanjing", "bad")
    for old, new, where in (
        ("cap_minutes = 90000", "cap_minutes = 90", "timebank"),
        ('source = "nanjing2019"\nassumed', 'source = "nowhere"\nassumed', "timebank.source"),
        ('"moving_away",', '"moved_away",', "timebank"),
    ):
        with cast.work("house") as work, pytest.raises(BadPack) as caught:
            assert old in own
            load_pack(work.session, work.now, own.replace(old, new))
        assert caught.value.facts["field"] == where
