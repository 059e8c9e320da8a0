"""Proof that she was at her meal: her digits, the site's plate, or the word of somebody who is not paid for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from yl_quarter import Quarter

from services.errors import NotAllowed, NotFound
from services.orders.actions import confirm_order
from services.orders.errors import (
    NoPlateThere,
    NotHeldHere,
    NotYourWord,
    PlaceCodeLocked,
    PlaceCodeNotForYou,
    SaidTooShort,
    WrongPlaceCode,
)
from services.orders.place_evidence import (
    attest_place,
    booked_here,
    hang_site_plate,
    prove_by_code,
    prove_by_plate,
    read_place_code,
)
from services.orders.place_giving import NewPlan, note_arrival, plan_places
from services.settlement.drawing import draw_month, held_back
from services.settlement.rules import month_of


def lunch(quarter: Quarter, kind: str = "meal_dine_in") -> int:
    """Give 王奶奶's order of a lunch at 康乐 on Thursday, and let it be Thursday, five minutes after it began."""
    new = NewPlan(quarter.facilities["kangle"], "canteen", kind, tuple("123456"), 690, 750, 2, 570)
    with quarter.work("kangle_dispatcher") as work:
        plan_places(work.session, work.now, work.actor, quarter.providers["kangle"], new)
    placed = quarter.place(
        **quarter.wish(
            service_code="canteen", chosen_provider_id=quarter.providers["kangle"],
            starts_at=quarter.thursday(11, 30), ends_at=quarter.thursday(12, 30),
        )
    )  # fmt: skip
    quarter.run_jobs()
    with quarter.work("house") as work:
        ahead = quarter.thursday(11, 35) - work.now
    quarter.advance(seconds=ahead.total_seconds())
    return int(placed.order_id)


def code_of(quarter: Quarter, order_id: int, who: str = "daughter") -> str:
    with quarter.work(who) as work:
        return read_place_code(work.session, work.now, work.actor, order_id)


def tell(quarter: Quarter, order_id: int, code: str, who: str = "kangle_dispatcher") -> Any:
    with quarter.work(who) as work:
        return prove_by_code(work.session, work.now, work.actor, order_id, code)


def proofs(quarter: Quarter) -> list[str]:
    return quarter.all("SELECT proof FROM place_evidence ORDER BY id")


def test_her_digits_at_the_counter_prove_the_meal_once_and_settlement_takes_it(quarter: Quarter) -> None:
    order_id = lunch(quarter)
    code = code_of(quarter, order_id)
    assert code == code_of(quarter, order_id, "wang") and code not in str(
        quarter.all("SELECT code_sealed FROM place_booking")
    )
    for who, refusal in (("zhao", PlaceCodeNotForYou), ("kangle_dispatcher", NotAllowed), ("wu", NotFound)):
        with pytest.raises(refusal):
            code_of(quarter, order_id, who)
    with pytest.raises(NotFound):
        tell(quarter, order_id, code, "ankang_dispatcher")
    assert tell(quarter, order_id, code).proof == "elder_code"
    assert tell(quarter, order_id, "x").replayed and proofs(quarter) == ["elder_code"]
    assert quarter.one("SELECT state FROM care_order") == "in_service"
    quarter.advance(hours=1)
    quarter.run_jobs()
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, order_id)
    quarter.run_jobs(only="payments.capture")
    with quarter.work("house") as work:
        month = month_of(work.now.date())
        assert draw_month(work.session, work.now, quarter.providers["kangle"], month) == 1


def test_without_proof_it_is_held_back_until_somebody_who_is_not_paid_says_so(quarter: Quarter) -> None:
    order_id = lunch(quarter)
    with quarter.work("kangle_dispatcher") as work:
        note_arrival(work.session, work.now, work.actor, order_id)
    quarter.advance(hours=1)
    quarter.run_jobs()
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, order_id)
    quarter.run_jobs(only="payments.capture")

    def draw() -> tuple[int, list[str]]:
        with quarter.work("house") as work:
            month = month_of(work.now.date())
            added = draw_month(work.session, work.now, quarter.providers["kangle"], month)
            return added, [one.reason for one in held_back(work.session, quarter.providers["kangle"], month)]

    assert draw() == (0, ["no_visit"])

    def attest(who: str, note: str = "我问过妈妈，她去吃了") -> Any:
        with quarter.work(who) as work:
            return attest_place(work.session, work.now, work.actor, order_id, work.now - timedelta(minutes=50), note)

    with pytest.raises(SaidTooShort):
        attest("daughter", " ")
    with pytest.raises((NotAllowed, NotFound)):
        attest("kangle_dispatcher")
    assert attest("daughter").proof == "attest" and attest("wang").replayed
    assert draw() == (1, [])


def test_who_is_paid_attests_nothing_even_as_a_relative_or_by_typed_sql(quarter: Quarter) -> None:
    order_id = lunch(quarter)
    quarter.change(
        "INSERT INTO role_grant (person_id, role, provider_id, granted_at) VALUES (:p, 'carer', :k, now())",
        p=quarter.people["daughter"], k=quarter.providers["kangle"],
    )  # fmt: skip
    with pytest.raises(NotYourWord), quarter.work("daughter", role="family") as work:
        attest_place(work.session, work.now, work.actor, order_id, work.now, "我妈去了")
    insert = (
        "INSERT INTO place_evidence (booking_id, order_id, elder_id, area_code, provider_id, on_day, proof, happened_at, recorded_at, recorded_by)"
        " SELECT id, 1, 1, 1, 1, '2020-01-01', :proof, CAST(:at AS timestamptz), CAST(:at AS timestamptz), :by FROM place_booking"
    )
    with quarter.work("house") as work:
        now = work.now
    dispatcher, officer = quarter.people["kangle_dispatcher"], quarter.people["zhao"]
    for proof, by, at in (
        ("attest", dispatcher, now), ("hand_over_code", dispatcher, now), ("attest", officer, now + timedelta(days=1)),
    ):  # fmt: skip
        with pytest.raises(IntegrityError):
            quarter.change(insert, proof=proof, by=by, at=at.isoformat())
    quarter.change(insert, proof="attest", by=officer, at=now.isoformat())
    assert quarter.one("SELECT elder_id FROM place_evidence") == quarter.people["wang"]  # copied, not believed
    with pytest.raises(IntegrityError):  # one per booking and day
        quarter.change(insert, proof="attest", by=officer, at=now.isoformat())
    for change in ("UPDATE place_evidence SET proof = 'elder_code'", "DELETE FROM place_evidence"):
        with pytest.raises(IntegrityError):
            quarter.change(change)


def test_five_wrong_digits_close_that_way_and_the_plate_still_works(quarter: Quarter) -> None:
    order_id = lunch(quarter)
    code = code_of(quarter, order_id)
    wrong = f"{(int(code) + 1) % 10000:04d}"
    assert [type(tell(quarter, order_id, wrong).refusal) for _ in range(5)] == [WrongPlaceCode] * 4 + [PlaceCodeLocked]
    assert isinstance(tell(quarter, order_id, code).refusal, PlaceCodeLocked)
    with pytest.raises((NotAllowed, NotFound)), quarter.work("ankang_dispatcher") as work:
        hang_site_plate(work.session, work.now, work.actor, quarter.facilities["kangle"])
    with quarter.work("kangle_dispatcher") as work:
        old = hang_site_plate(work.session, work.now, work.actor, quarter.facilities["kangle"])
        token = hang_site_plate(work.session, work.now, work.actor, quarter.facilities["kangle"])
    with pytest.raises(NoPlateThere), quarter.work("wang") as work:
        prove_by_plate(work.session, work.now, work.actor, order_id, old)
    with quarter.work("wang") as work:
        here = booked_here(work.session, work.now, quarter.facilities["kangle"])
        assert [one.id for one in here] == [order_id]
        prove_by_plate(work.session, work.now, work.actor, order_id, f"https://example.cn/site/{token}")
    assert proofs(quarter) == ["site_plate"]
    with quarter.work("wu") as work:
        assert booked_here(work.session, work.now, quarter.facilities["kangle"]) == []


def test_a_meal_brought_home_is_proved_by_her_digits_at_the_door(quarter: Quarter) -> None:
    order_id = lunch(quarter, "meal_delivery")
    assert tell(quarter, order_id, code_of(quarter, order_id)).proof == "hand_over_code"
    quarter.run_jobs()
    assert quarter.one("SELECT state FROM care_order") == "served"
    with pytest.raises(NotHeldHere):
        code_of(quarter, order_id)


def test_a_visit_with_an_exception_is_settled_only_once_a_supervisor_accepted_it(quarter: Quarter) -> None:
    placed = quarter.served(
        chosen_provider_id=quarter.providers["kangle"], starts_at=quarter.thursday(9), ends_at=quarter.thursday(11)
    )
    quarter.run_jobs(only="payments.authorise")
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, placed.order_id)
    quarter.run_jobs(only="payments.capture")
    quarter.change(
        "INSERT INTO visit (kind, order_id, elder_id, area_code, visitor_id, planned_start, planned_end, state, code_tries,"
        " checked_in_at, check_in_recorded_at, check_in_proof, check_in_facts, checked_out_at, check_out_facts, tasks_done) "
        "SELECT 'care', id, elder_id, area_code, :v, starts_at, ends_at, 'finished', 0, starts_at, starts_at,"
        " 'supervisor', '{}', ends_at, '{}', '{}' FROM care_order WHERE id = :o",
        v=quarter.people["chen"], o=placed.order_id,
    )  # fmt: skip
    quarter.change(
        "INSERT INTO visit_exception (visit_id, visitor_id, elder_id, area_code, fact, reason_code, note, raised_by, raised_at)"
        " SELECT id, 1, 1, 1, 'check_in', 'forgot', '忘了', :d, now() FROM visit",
        d=quarter.people["kangle_dispatcher"],
    )  # fmt: skip
    month = month_of(quarter.thursday(9).date())

    def reasons() -> list[str]:
        with quarter.work("house") as work:
            return [one.reason for one in held_back(work.session, quarter.providers["kangle"], month)]

    assert reasons() == ["exception_open"]
    with quarter.work("zhao") as work:
        work.session.connection().execute(text(
            "UPDATE visit_exception SET decision = 'accepted', decision_note = '核实', decided_at = now(), decided_by = acting_person()"
        ))  # fmt: skip
    assert reasons() == ["ready"]
