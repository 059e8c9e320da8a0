"""From the accepted offer to the confirmed work: money, cancelling, confirming, rating."""

from __future__ import annotations

import pytest
from sqlalchemy import Text, bindparam, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session
from yl_quarter import Quarter

from services.errors import Invalid, NotAllowed, NotFound
from services.orders.actions import cancel_order, confirm_order, rate_order
from services.orders.errors import (
    AlreadyRated,
    CannotCancel,
    CannotConfirm,
    CannotRate,
    ProviderMayNotRate,
    WrongStep,
)
from services.orders.queries import (
    find_order,
    find_order_by_number,
    list_orders,
    order_timeline,
    possible_acts,
)
from services.orders.rules import MAY_BE_CANCELLED_IN, STEPS, is_order_number, order_number
from services.orders.steps import lock_order, move_order
from services.orders.tables import ORDER_STATES


def order_state(quarter: Quarter, order_id: int) -> str:
    return str(quarter.one("SELECT state FROM care_order WHERE id = :o", o=order_id))


def hold_state(quarter: Quarter, order_id: int) -> str:
    return str(quarter.one("SELECT state FROM entitlement_use WHERE order_id = :o", o=order_id))


@pytest.mark.mission("NG-01")
def test_an_order_from_wish_to_rating(quarter: Quarter) -> None:
    placed = quarter.served()
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, placed.order_id)
        confirm_order(work.session, work.now, work.actor, placed.order_id)
        rate_order(work.session, work.now, work.actor, placed.order_id, 3, "很细心")
    assert order_state(quarter, placed.order_id) == "confirmed"
    assert hold_state(quarter, placed.order_id) == "spent"
    owed = quarter.one("SELECT amount_fen || ':' || state || ':' || coalesce(wish, '-') FROM payable")
    assert owed == "5000:authorising:capture"
    with quarter.work("daughter") as work:
        kinds = [step.kind for step in order_timeline(work.session, placed.order_id)]
        words = [step.words for step in order_timeline(work.session, placed.order_id)]
    assert kinds == [
        "placed", "offered", "accepted", "assigned", "in_service", "served", "confirmed", "rated",
    ]  # fmt: skip
    assert words[2] == "康乐居家养老服务中心已接单" and words[-1] == "已评价：好"
    verbs = quarter.all("SELECT verb FROM act WHERE subject_type = 'care_order' ORDER BY id")
    assert verbs == [
        "place_order", "offer_order", "accept_offer", "assign_carer", "mark_in_service", "mark_served",
        "confirm_order", "rate_order",
    ]  # fmt: skip
    assert quarter.one("SELECT state FROM assignment") == "done"


def test_who_may_pay_is_the_payer_else_the_elder(quarter: Quarter) -> None:
    own = quarter.accepted()
    quarter.run_jobs(only="orders.prepare_payment")
    assert quarter.one("SELECT payer_id FROM payable WHERE subject_id = :o", o=own.order_id) == quarter["daughter"]
    brother = quarter.place(
        "son", chosen_provider_id=quarter.providers["kangle"], starts_at=quarter.thursday(14), ends_at=quarter.thursday(16)
    )  # fmt: skip
    quarter.run_jobs(only="matching.offer_next")
    quarter.accept(quarter.offer(brother.order_id))
    quarter.run_jobs(only="orders.prepare_payment")
    assert quarter.one("SELECT payer_id FROM payable WHERE subject_id = :o", o=brother.order_id) == quarter["wang"]


def test_a_cheaper_provider_lowers_the_price_and_never_raises_it(quarter: Quarter) -> None:
    placed = quarter.place(chosen_provider_id=quarter.providers["ankang"])
    assert placed.price_fen == 12000
    quarter.run_jobs(only="matching.offer_next")
    quarter.advance(hours=3)
    quarter.run_jobs(only="matching.expire_offer")
    quarter.accept(quarter.offer(placed.order_id))
    quarter.run_jobs(only="orders.prepare_payment")
    with quarter.work("daughter") as work:
        order = find_order(work.session, placed.order_id)
    assert (order.price_fen, order.government_fen, order.self_fen) == (10000, 5000, 5000)
    assert quarter.one("SELECT amount_fen FROM entitlement_use") == 5000
    assert quarter.one("SELECT amount_fen FROM payable") == 5000
    quarter.change("UPDATE service_line SET price_fen = 99000")
    dearer = quarter.place(chosen_provider_id=None, starts_at=quarter.thursday(14), ends_at=quarter.thursday(16))
    quarter.run_jobs(only="matching.offer_next")
    asked = quarter.one("SELECT provider_id FROM offer WHERE order_id = :o", o=dearer.order_id)
    who = "kangle_dispatcher" if asked == quarter.providers["kangle"] else "ankang_dispatcher"
    quarter.accept(quarter.offer(dearer.order_id), who)
    quarter.run_jobs(only="orders.prepare_payment")
    assert quarter.one("SELECT price_fen FROM care_order WHERE id = :o", o=dearer.order_id) == 12000


def test_an_order_without_self_part_owes_nothing(quarter: Quarter) -> None:
    quarter.change("UPDATE entitlement SET government_percent = 100")
    placed = quarter.served()
    with quarter.work("wang") as work:
        confirm_order(work.session, work.now, work.actor, placed.order_id)
    assert quarter.one("SELECT count(*) FROM payable") == 0
    assert order_state(quarter, placed.order_id) == "confirmed"


def test_confirming_before_the_payment_job_ran_still_takes_the_money(quarter: Quarter) -> None:
    from workers.jobs.orders import mark_served

    placed = quarter.accepted()
    quarter.assign(placed.order_id)
    with quarter.work("house") as work:
        mark_served(work, placed.order_id)
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, placed.order_id)
    assert quarter.one("SELECT state || ':' || wish FROM payable") == "authorising:capture"


def test_cancelling_gives_government_money_and_the_authorised_part_back(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.run_jobs(only="orders.prepare_payment")
    with quarter.work("son") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "other_time", "改到下周")
        cancel_order(work.session, work.now, work.actor, placed.order_id, "other_time")
    assert hold_state(quarter, placed.order_id) == "released"
    assert quarter.one("SELECT state || ':' || wish FROM payable") == "authorising:release"
    assert quarter.one("SELECT cancelled_reason FROM care_order") == "想换个时间：改到下周"
    assert quarter.one("SELECT count(*) FROM order_event WHERE kind = 'cancelled'") == 1
    jobs = quarter.all("SELECT job FROM outbox WHERE key LIKE '%/cancelled' ORDER BY id")
    assert jobs == ["matching.withdraw_offers", "dispatch.free_carer", "visits.cancel_care_visit"]


def test_once_the_carer_is_at_the_door_only_the_office_cancels(quarter: Quarter) -> None:
    from workers.jobs.orders import mark_in_service

    placed = quarter.accepted()
    quarter.assign(placed.order_id)
    with quarter.work("house") as work:
        mark_in_service(work, placed.order_id)
    with quarter.refused(CannotCancel), quarter.work("daughter") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "other")
    with quarter.work("zhou") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "hospital")
    assert order_state(quarter, placed.order_id) == "cancelled"


def test_who_may_not_cancel_or_confirm_is_refused(quarter: Quarter) -> None:
    placed = quarter.accepted()
    with quarter.refused(NotFound), quarter.work("wu") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "other")
    with quarter.refused(NotAllowed), quarter.work("kangle_dispatcher") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "other")
    with quarter.refused(Invalid), quarter.work("wang") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "because")
    with quarter.refused(CannotConfirm), quarter.work("wang") as work:
        confirm_order(work.session, work.now, work.actor, placed.order_id)


def test_an_order_is_rated_once_by_the_receiver_and_never_by_the_provider(quarter: Quarter) -> None:
    early = quarter.accepted()
    with quarter.refused(CannotRate), quarter.work("wang") as work:
        rate_order(work.session, work.now, work.actor, early.order_id, 3)
    placed = quarter.served(starts_at=quarter.thursday(13), ends_at=quarter.thursday(15))
    for who in ("kangle_dispatcher", "chen"):
        with quarter.refused(ProviderMayNotRate), quarter.work(who) as work:
            rate_order(work.session, work.now, work.actor, placed.order_id, 3)
    with quarter.refused(Invalid), quarter.work("wang") as work:
        rate_order(work.session, work.now, work.actor, placed.order_id, 4)
    with quarter.work("wang") as work:
        rate_order(work.session, work.now, work.actor, placed.order_id, 1, "没来齐")
    with quarter.refused(AlreadyRated), quarter.work("daughter") as work:
        rate_order(work.session, work.now, work.actor, placed.order_id, 3)
    assert quarter.all("SELECT face FROM rating") == [1]


def test_a_relative_who_works_for_the_provider_does_not_rate_it(quarter: Quarter) -> None:
    placed = quarter.served()
    quarter.change(
        "INSERT INTO role_grant (person_id, role, provider_id, granted_at) VALUES (:p, 'dispatcher', :v, now())",
        p=quarter["daughter"], v=quarter.providers["kangle"],
    )  # fmt: skip
    with quarter.refused(ProviderMayNotRate), quarter.work("daughter") as work:
        rate_order(work.session, work.now, work.actor, placed.order_id, 3)


def test_the_steps_in_code_are_the_steps_the_database_allows(quarter: Quarter) -> None:
    order_id = quarter.accepted().order_id
    update = text(
        "UPDATE care_order SET state = :s, cancelled_at = CASE WHEN :s = 'cancelled' THEN now() END WHERE id = :o"
    ).bindparams(bindparam("s", type_=Text))

    def allowed(session: Session, before: str, after: str) -> bool:
        connection = session.connection()
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(update, {"s": before, "o": order_id})
        connection.execute(text("SET LOCAL session_replication_role = origin"))
        try:
            with session.begin_nested():
                session.connection().execute(update, {"s": after, "o": order_id})
        except IntegrityError:
            return False
        return True

    with quarter.database.session("setup") as session:
        for before in ORDER_STATES:
            for after in (other for other in ORDER_STATES if other != before):
                assert allowed(session, before, after) == (after in STEPS[before]), f"{before} -> {after}"
    assert all("cancelled" in STEPS[one] for one in MAY_BE_CANCELLED_IN)


def test_a_step_that_is_not_on_the_picture_is_refused_before_the_database_is_asked(quarter: Quarter) -> None:
    placed = quarter.place()
    with pytest.raises(WrongStep), quarter.work("house") as work:
        move_order(work.session, lock_order(work.session, placed.order_id), "served")


def test_everybody_sees_the_orders_that_concern_her_and_no_other(quarter: Quarter) -> None:
    placed = quarter.accepted()
    for who, count in (
        ("wang", 1),
        ("son", 1),
        ("zhao", 1),
        ("kangle_second", 1),
        ("ankang_dispatcher", 0),
        ("wu", 0),
    ):
        with quarter.work(who) as work:
            assert len(list_orders(work.session)) == count, who
    with quarter.work("zhou") as work:
        heard = find_order_by_number(work.session, placed.order_number.replace("-", " "))
        acts = possible_acts(work.session, work.now, work.actor, heard)
    assert heard.id == placed.order_id and heard.elder_name == "王秀兰" and acts.can_cancel
    with quarter.work("kangle_dispatcher") as work:
        assert not possible_acts(
            work.session, work.now, work.actor, find_order(work.session, placed.order_id)
        ).can_cancel


def test_a_misheard_number_is_noticed() -> None:
    from datetime import date

    number = order_number(date(2026, 11, 26), 42)
    assert is_order_number(number) and number.startswith("261126-00042-")
    for place, digit in enumerate(number):
        if digit.isdigit():
            wrong = number[:place] + str((int(digit) + 1) % 10) + number[place + 1 :]
            assert not is_order_number(wrong)
