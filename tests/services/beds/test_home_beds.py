"""A care bed at home: signed by who may sign, a list of services, a monthly check, and never in the bed ratio."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.beds.errors import (
    BadTerm,
    ContractNumberTaken,
    EmptyServiceList,
    HomeBedEnded,
    HomeBedForOffice,
    HomeBedTaken,
    LivesInInstitution,
    MustSignHerself,
    PartsDoNotAddUp,
)
from services.beds.home_beds import (
    NewHomeBed,
    Owed,
    count_home_beds,
    end_home_bed,
    home_bed_card,
    home_beds_in,
    home_beds_of,
    sign_home_bed,
)
from services.beds.ratio import nursing_ratio
from services.clock import civil_date
from services.errors import NotFound
from services.visits.home_bed_delivery import check_month, deliveries, note_delivery, owed_in_month

LO, HI = 320102003000000, 320102003999999
CITY = 320100000000000


def contract(cast: Any, today: date, **changes: Any) -> NewHomeBed:
    base = NewHomeBed(
        elder_id=cast["wang"], provider_id=cast.providers["kangle"], contract_number="家床2026-001",
        first_day=today, last_day=today + timedelta(days=364), signed_on=today, signed_by=cast["wang"],
        monthly_price_fen=120_000, government_fen=80_000, family_fen=40_000,
        services=[Owed("home_bath", 1, "week", 90), Owed("home_cleaning", 2, "month", 120)],
        care_plan="压疮护理，每2小时翻身", devices=["离床感应垫", "紧急呼叫器"],
    )  # fmt: skip
    return replace(base, **changes)


def sign(cast: Any, who: str = "officer", **changes: Any) -> int:
    with cast.work(who) as work:
        return sign_home_bed(work.session, work.now, work.actor, contract(cast, civil_date(work.now), **changes))


@pytest.mark.mission("DY-16", "SH-12", "TZ-20")
def test_a_contract_is_seen_by_her_side_her_office_and_its_provider_and_by_nobody_else(cast: Any) -> None:
    one = sign(cast, signed_by=cast["daughter"])
    for who in ("wang", "daughter", "officer", "auditor", "dispatcher"):
        with cast.work(who) as work:
            card = home_bed_card(work.session, one, civil_date(work.now))
            assert (card.active, len(card.services), card.care_plan) == (True, 2, "")
    for who in ("outsider", "other_officer", "other_dispatcher"):
        with cast.work(who) as work:
            assert home_beds_of(work.session, cast["wang"], civil_date(work.now)) == []
            assert home_beds_in(work.session, LO, HI, civil_date(work.now)) == []
    with cast.work("daughter") as work:
        told = home_beds_of(work.session, cast["wang"], civil_date(work.now), plan=True)[0]
    assert told.care_plan.startswith("压疮") and told.by_right.startswith("proxy:")
    with cast.work("house") as work:
        row = work.session.connection().execute(text("SELECT to_jsonb(h)::text FROM home_bed h")).scalar_one()
    assert "压疮" not in row


def test_home_care_beds_never_count_in_the_bed_ratio_and_have_a_figure_of_their_own(cast: Any) -> None:
    with cast.work("officer") as work:
        before = nursing_ratio(work.session, CITY, civil_date(work.now), lo=LO, hi=HI)
    sign(cast)
    with cast.work("officer") as work:
        today = civil_date(work.now)
        after = nursing_ratio(work.session, CITY, today, lo=LO, hi=HI)
        assert (after.nursing, after.total) == (before.nursing, before.total)
        assert count_home_beds(work.session, LO, HI, today) == 1
        assert count_home_beds(work.session, LO, HI, today - timedelta(days=1)) == 0
        assert work.session.connection().execute(text("SELECT count(*) FROM bed")).scalar_one() == before.total


def test_a_contract_must_add_up_be_signed_by_who_may_and_be_the_only_one(cast: Any) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
    for changes, refusal in (
        ({"family_fen": 1}, PartsDoNotAddUp), ({"services": []}, EmptyServiceList),
        ({"services": [Owed("home_bath", 1, "week", 90)] * 2}, EmptyServiceList),
        ({"last_day": today}, BadTerm), ({"signed_on": today + timedelta(days=1)}, BadTerm),
        ({"signed_by": cast["outsider"]}, MustSignHerself), ({"contract_number": " "}, BadTerm),
    ):  # fmt: skip
        with pytest.raises(refusal):
            sign(cast, **changes)
    for who, refused in (("advisor", HomeBedForOffice), ("daughter", HomeBedForOffice), ("other_officer", NotFound)):
        with pytest.raises(refused):
            sign(cast, who)
    first = sign(cast)
    with pytest.raises(HomeBedTaken):
        sign(cast, contract_number="家床2026-002")
    with pytest.raises(ContractNumberTaken):
        sign(cast, elder_id=cast["sun"], signed_by=cast["sun"])
    with cast.work("officer") as work:
        end_home_bed(work.session, work.now, work.actor, first, today, "住院")
    with cast.work("officer") as work, pytest.raises(HomeBedEnded):
        end_home_bed(work.session, work.now, work.actor, first, today, "住院")
    next_day = today + timedelta(days=1)
    sign(cast, contract_number="家床2026-003", first_day=next_day, last_day=next_day + timedelta(days=30))


def test_who_lives_in_an_institution_has_no_bed_at_home_beside_it(cast: Any) -> None:
    with cast.work("house") as work:
        facility = work.session.connection().execute(text("SELECT min(id) FROM facility")).scalar_one()
        bed = "INSERT INTO bed (facility_id, area_code, label, kind, opened_on, dementia, basic_guarantee) VALUES (:f, :a, '1', 'institution', '2020-01-01', false, false) RETURNING id"
        made = work.session.connection().execute(text(bed), {"f": facility, "a": LO}).scalar_one()
        stay = "INSERT INTO bed_stay (bed_id, elder_id, area_code, during, recorded_at) VALUES (:b, :e, :a, '[2026-01-01,)', now())"
        work.session.connection().execute(text(stay), {"b": made, "e": cast["wang"], "a": LO})
    with pytest.raises(LivesInInstitution):
        sign(cast)


def test_what_the_list_owes_in_a_month_is_checked_against_finished_visits(cast: Any) -> None:
    from services.orders.actions import place_order

    one = sign(cast)
    with cast.work("daughter") as work:
        now, today = work.now, civil_date(work.now)
        starts = now.replace(hour=2, minute=0, second=0, microsecond=0) + timedelta(days=2)
        placed = place_order(
            work.session, now, work.actor, elder_id=cast["wang"], service_code="home_bath", starts_at=starts,
            ends_at=starts + timedelta(hours=2), chosen_provider_id=cast.providers["kangle"],
            idempotency_key="home-bed-0001", channel="web",
        )  # fmt: skip
    month = (today + timedelta(days=40)).replace(day=1)
    at = f"{month + timedelta(days=9)} 02:00+00"
    with cast.work("house") as work:
        run = work.session.connection().execute
        run(
            text("UPDATE care_order SET provider_id = :p WHERE id = :o"),
            {"p": cast.providers["kangle"], "o": placed.order_id},
        )
        run(
            text(
                "INSERT INTO visit (kind, order_id, elder_id, area_code, visitor_id, planned_start, planned_end, state,"
                " code_tries, checked_in_at, checked_out_at, check_in_proof, check_in_facts, check_out_facts, tasks_done)"
                " SELECT 'care', :o, :e, 320102003902901, :c, CAST(:t AS timestamptz), CAST(:t AS timestamptz) + interval '2 h',"
                " 'finished', 0, CAST(:t AS timestamptz), CAST(:t AS timestamptz) + interval '95 min', 'elder_code', '{}', '{}', '{}'"
            ),
            {"o": placed.order_id, "e": cast["wang"], "c": cast["carer"], "t": at},
        )
        assert check_month(work.session, now, month) == 2
        assert check_month(work.session, now, month) == 2
    with cast.work("daughter") as work:
        found = {row.service_code: row for row in deliveries(work.session, [one], month)}
    bath, cleaning = found["home_bath"], found["home_cleaning"]
    assert (bath.owed, bath.delivered, bath.delivered_minutes, bath.missing) == (4, 1, 95, 3)
    assert (cleaning.owed, cleaning.delivered, cleaning.missing) == (2, 0, 2)
    with cast.work("officer") as work:
        note_delivery(work.session, work.now, work.actor, bath.id, "老人住院两周")
    with cast.work("house") as work:
        check_month(work.session, now, month)
        assert deliveries(work.session, [one], month)[0].note == "老人住院两周"


def test_a_month_begun_in_the_middle_owes_its_share_rounded_down() -> None:
    assert owed_in_month(1, "week", 30, date(2026, 11, 1)) == 4
    assert owed_in_month(3, "week", 10, date(2026, 11, 1)) == 4
    assert owed_in_month(2, "month", 15, date(2026, 11, 1)) == 1
    assert owed_in_month(1, "month", 29, date(2026, 11, 1)) == 0
