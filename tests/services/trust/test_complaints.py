"""Complaints: an owner from the first moment, a clock that hands them up, a reply, one more chance, money held back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from yl_quarter import CITY, STREET, Quarter

from services.errors import NotAllowed, NotFound
from services.orders.actions import confirm_order
from services.settlement.drawing import draw_month, held_back
from services.settlement.rules import month_of
from services.visits import complaints
from services.visits.complaint_errors import (
    ComplaintAnswered,
    ComplaintIncomplete,
    NoOfficerForComplaint,
    NotAboutYou,
    NotForComplaints,
    OwnProvider,
    ReopenedBefore,
    TooLateToReopen,
)
from services.visits.complaint_queries import list_complaints, steps_of


def file(quarter: Quarter, who: str, **wish: object) -> int:
    new = {"subject": "quality", "told": "头发没擦干就走了", **wish}
    with quarter.work(who) as work:
        return complaints.file_complaint(work.session, work.now, work.actor, complaints.NewComplaint(**new))  # type: ignore[arg-type]


def do(quarter: Quarter, who: str, verb: str, complaint_id: int, *what: object) -> None:
    with quarter.work(who) as work:
        getattr(complaints, verb)(work.session, work.now, work.actor, complaint_id, *what)


def row(quarter: Quarter, complaint_id: int, column: str) -> object:
    return quarter.one(f"SELECT {column} FROM complaint WHERE id = :c", c=complaint_id)


@pytest.mark.mission("DY-40")
@pytest.mark.mission("SH-23")
def test_a_complaint_from_the_first_word_to_the_reply(quarter: Quarter) -> None:
    order = quarter.served().order_id
    one = file(quarter, "daughter", order_id=order)
    assert row(quarter, one, "owner_id") == quarter["zhao"], "the officer of the street, by name, at once"
    assert row(quarter, one, "acknowledge_by - filed_at") == timedelta(hours=24)
    assert row(quarter, one, "answer_by - filed_at") == timedelta(days=15)
    told = quarter.all("SELECT args ->> 'template' FROM outbox WHERE job = 'messages.deliver'")
    assert {"visits.complaint_owner", "visits.complaint_for_provider", "visits.complaint_received"} <= set(told)
    do(quarter, "zhao", "acknowledge_complaint", one)
    do(quarter, "zhao", "acknowledge_complaint", one)
    do(quarter, "kangle_dispatcher", "state_case", one, "当天换了新人，我们道歉")
    do(quarter, "zhao", "answer_complaint", one, "upheld", "已责成机构道歉并重新培训")
    with quarter.work("wang") as work:
        shown = complaints.find_complaint(work.session, one)
        assert (shown.state, shown.outcome, shown.statement) == ("answered", "upheld", "当天换了新人，我们道歉")
        kinds = [step.kind for step in steps_of(work.session, one)]
    assert kinds == ["filed", "acknowledged", "statement", "closed"]
    with quarter.refused(ComplaintAnswered):
        do(quarter, "zhao", "answer_complaint", one, "unfounded", "再答一次")
    verbs = quarter.all("SELECT verb FROM act WHERE subject_type = 'complaint' ORDER BY id")
    assert verbs == ["file_complaint", "acknowledge_complaint", "state_case", "answer_complaint"]
    quarter.run_jobs(only="messages.deliver")
    assert quarter.all("SELECT DISTINCT template FROM message WHERE template = 'visits.complaint_answered'")


def test_who_may_complain_of_what_and_who_may_read_it(quarter: Quarter) -> None:
    order = quarter.served().order_id
    for who in ("wu", "chen"):
        with quarter.refused(NotFound if who == "wu" else NotAllowed):
            file(quarter, who, order_id=order)
    with quarter.refused(OwnProvider):
        file(quarter, "kangle_dispatcher", provider_id=quarter.providers["kangle"])
    with quarter.refused(ComplaintIncomplete):
        file(quarter, "daughter", order_id=order, told="  ")
    with quarter.refused(ComplaintIncomplete):
        file(quarter, "zhou", provider_id=quarter.providers["kangle"], channel="phone")
    neighbour = file(quarter, "wu", provider_id=quarter.providers["kangle"], subject="other", told="半夜很吵")
    by_phone = file(
        quarter, "zhou", provider_id=quarter.providers["kangle"], channel="phone", contact_name="老马",
        contact_phone="13900000000",
    )  # fmt: skip
    hers = file(quarter, "zhou", order_id=order, channel="phone")
    assert row(quarter, hers, "complainant_id") == quarter["wang"]
    seen = {}
    for who in ("wu", "daughter", "kangle_dispatcher", "ankang_dispatcher", "zhao", "sun"):
        with quarter.work(who) as work:
            seen[who] = {one.id for one in list_complaints(work.session)}
    every = {neighbour, by_phone, hers}
    assert seen == {
        "wu": {neighbour}, "daughter": {hers}, "kangle_dispatcher": every, "ankang_dispatcher": set(),
        "zhao": every, "sun": set(),
    }  # fmt: skip
    with quarter.work("zhao") as work:
        contact = complaints.contact_of(work.session, work.now, work.actor, by_phone)
    assert contact == {"name": "老马", "phone": "13900000000"}
    assert "13900000000" not in str(row(quarter, by_phone, "contact_sealed"))
    assert quarter.all("SELECT verb FROM act WHERE verb = 'read_complaint_contact'")
    with quarter.refused(NotForComplaints):
        do(quarter, "kangle_dispatcher", "contact_of", by_phone)
    for who, verb, what in (
        ("zhou", "answer_complaint", ("upheld", "x")), ("daughter", "acknowledge_complaint", ()),
    ):  # fmt: skip
        with quarter.refused(NotForComplaints):
            do(quarter, who, verb, hers, *what)
    with quarter.refused(NotAboutYou):
        do(quarter, "daughter", "state_case", hers, "不是这样")


def test_without_an_officer_nobody_could_own_it(quarter: Quarter) -> None:
    order = quarter.served().order_id
    quarter.change("UPDATE role_grant SET revoked_at = now() WHERE role = 'officer'")
    from api.errors import domain_error_of

    with pytest.raises(IntegrityError) as caught:
        file(quarter, "daughter", order_id=order)
    assert isinstance(domain_error_of(caught.value), NoOfficerForComplaint)


def test_a_clock_that_runs_out_hands_it_up_and_tells_both(quarter: Quarter) -> None:
    quarter.change(
        "INSERT INTO role_grant (person_id, role, area_code, granted_at) VALUES (:p, 'officer', :a, now())",
        p=quarter["sun"], a=CITY,
    )  # fmt: skip
    one = file(quarter, "daughter", order_id=quarter.served().order_id)
    quarter.advance(hours=23)
    quarter.run_jobs(only="visits.complaint_due")
    assert row(quarter, one, "escalations") == 0
    quarter.advance(hours=2)
    quarter.run_jobs(only="visits.complaint_due")
    assert row(quarter, one, "owner_id || ':' || escalations") == f"{quarter['sun']}:1"
    told = quarter.one(
        "SELECT args -> 'recipient_ids' FROM outbox WHERE args ->> 'template' = 'visits.complaint_overdue'"
    )
    assert sorted(told) == sorted([quarter["zhao"], quarter["sun"]])
    do(quarter, "sun", "acknowledge_complaint", one)
    quarter.advance(days=14)
    quarter.run_jobs(only="visits.complaint_due")
    assert row(quarter, one, "escalations") == 2, "acknowledged, but not answered in time"
    quarter.advance(days=10)
    quarter.run_jobs(only="visits.complaint_due")
    assert row(quarter, one, "escalations") == 3, "no more often than the city says"


def test_an_answer_is_taken_up_again_once_and_in_time(quarter: Quarter) -> None:
    one = file(quarter, "daughter", order_id=quarter.served().order_id)
    do(quarter, "zhao", "answer_complaint", one, "unfounded", "没有查到")
    with quarter.refused(NotAllowed):
        do(quarter, "kangle_dispatcher", "reopen_complaint", one, "再查")
    do(quarter, "wang", "reopen_complaint", one, "没有人来问过我")
    assert row(quarter, one, "state || ':' || times_reopened") == "acknowledged:1"
    do(quarter, "zhao", "answer_complaint", one, "partly", "部分属实")
    with quarter.refused(ReopenedBefore):
        do(quarter, "wang", "reopen_complaint", one, "还是不满意")
    with pytest.raises(IntegrityError, match="cannot go"):
        quarter.change(
            "UPDATE complaint SET state = 'acknowledged', closed_at = NULL, closed_by = NULL, outcome = NULL, reply = NULL"
        )
    other = file(
        quarter,
        "daughter",
        order_id=quarter.served(starts_at=quarter.thursday(13), ends_at=quarter.thursday(15)).order_id,
    )
    do(quarter, "zhao", "answer_complaint", other, "unfounded", "没有查到")
    quarter.advance(days=16)
    with quarter.refused(TooLateToReopen):
        do(quarter, "wang", "reopen_complaint", other, "太晚了")


@pytest.mark.mission("HB-26")
def test_the_order_is_not_settled_before_the_complaint_is_answered(quarter: Quarter) -> None:
    order = quarter.served().order_id
    quarter.run_jobs(only="payments.authorise")
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, order)
    quarter.run_jobs(only="payments.capture")
    quarter.change(
        "INSERT INTO visit (kind, order_id, elder_id, area_code, visitor_id, planned_start, planned_end, state, code_tries,"
        " checked_in_at, check_in_recorded_at, check_in_proof, check_in_facts, checked_out_at, check_out_facts, tasks_done) "
        "SELECT 'care', id, elder_id, area_code, :v, starts_at, ends_at, 'finished', 0, starts_at, starts_at,"
        " 'door_plate', '{}', ends_at, '{}', '{}' FROM care_order WHERE id = :o", v=quarter["chen"], o=order,
    )  # fmt: skip
    one = file(quarter, "daughter", order_id=order)
    kangle, month = quarter.providers["kangle"], month_of(quarter.thursday(9).date())
    with quarter.work("house") as work:
        assert draw_month(work.session, work.now, kangle, month) == 0
        assert [held.reason for held in held_back(work.session, kangle, month)] == ["complained"]
    typed = (
        "INSERT INTO settlement_line (settlement_id, provider_id, area_code, kind, order_id, service_code, service_day,"
        " government_fen, voucher_fen, self_fen, recorded_at) SELECT s.id, s.provider_id, s.area_code, 'service', :o,"
        " 'home_bath', current_date, 0, 0, 0, now() FROM settlement s"
    )
    with pytest.raises(IntegrityError, match="open complaint"):
        quarter.change(typed, o=order)
    do(quarter, "zhao", "answer_complaint", one, "unfounded", "没有查到")
    with quarter.work("house") as work:
        assert draw_month(work.session, work.now, kangle, month) == 1


def test_what_was_told_and_the_log_stay_as_they_were_written(quarter: Quarter) -> None:
    one = file(quarter, "daughter", order_id=quarter.served().order_id)
    with pytest.raises(IntegrityError, match="written once"):
        quarter.change("UPDATE complaint_event SET kind = 'closed'")
    from sqlalchemy.exc import ProgrammingError

    with pytest.raises(ProgrammingError, match="permission denied"), quarter.work("zhao") as work:
        work.session.connection().execute(text("UPDATE complaint SET told = '很好'"))
    assert row(quarter, one, "area_code") // 10**6 * 10**6 == STREET
