"""Incidents with their clock, cases with their steps, money that really comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from yl_quarter import HOME, STREET, Quarter

from services.orders.actions import confirm_order
from services.settlement.drawing import draw_month
from services.settlement.rules import month_of
from services.supervision import cases, incidents
from services.supervision.errors import (
    AnswerAwaited,
    CaseClosed,
    CaseNotDecided,
    DaysMakeNoSense,
    IncidentClosed,
    LineOfAnother,
    NotForSupervision,
    NotYourInstitution,
    SourceMissing,
    StillToDo,
    UnknownCase,
    UnknownIncident,
    UnknownResident,
)
from services.visits.conduct import facts_of

DISPATCHER = "kangle_dispatcher"


@pytest.fixture
def home(quarter: Quarter) -> Quarter:
    """王秀兰 stays in a bed of 康乐's house."""
    site = quarter.facilities["kangle"]
    quarter.change(
        "INSERT INTO bed (facility_id, area_code, label, kind, opened_on, dementia, basic_guarantee) VALUES (:f, :a, '1',"
        " 'institution', '2020-01-01', false, false)", f=site, a=HOME,
    )  # fmt: skip
    quarter.change(
        "INSERT INTO bed_stay (bed_id, elder_id, area_code, during, recorded_at) SELECT id, :e, :a, '[2021-01-01,)', now()"
        " FROM bed", e=quarter["wang"], a=HOME,
    )  # fmt: skip
    return quarter


def report(quarter: Quarter, who: str = DISPATCHER, *, hours: float = 1, **wish: object) -> int:
    with quarter.work(who) as work:
        new = {
            "kind": "fall",
            "severity": "injury",
            "told": "夜里下床摔倒，右腕肿",
            "elder_id": quarter["wang"],
            **wish,
        }
        happened = work.now - timedelta(hours=hours)
        site = quarter.facilities["kangle"]
        return incidents.report_incident(
            work.session,
            work.now,
            work.actor,
            incidents.NewIncident(site, happened_at=happened, **new),  # type: ignore[arg-type]
        )


def do(quarter: Quarter, room: object, who: str, verb: str, *what: object) -> object:
    with quarter.work(who) as work:
        return getattr(room, verb)(work.session, work.now, work.actor, *what)


def open_one(quarter: Quarter, **wish: object) -> int:
    new = {
        "provider_id": quarter.providers["kangle"],
        "source": "audit",
        "title": "同一单报了两次",
        "finding": "核对见附件",
    }
    return int(do(quarter, cases, "zhao", "open_case", cases.NewCase(**new | wish)))  # type: ignore[arg-type,call-overload]


def decide(quarter: Quarter, case: int, kind: str, **more: object) -> int:
    return int(do(quarter, cases, "zhao", "decide", case, cases.NewDecision(kind, "按规定处理", **more)))  # type: ignore[arg-type,call-overload]


@pytest.mark.mission("DY-44")
def test_an_incident_has_a_clock_is_sealed_and_asks_for_a_new_assessment(home: Quarter) -> None:
    one = report(home)
    assert home.one("SELECT due_at - happened_at FROM incident") == timedelta(hours=24)
    assert "摔倒" not in home.one("SELECT told_sealed FROM incident")
    with home.work("zhao") as work:
        assert incidents.read_incident(work.session, work.now, work.actor, one)[0] == "夜里下床摔倒，右腕肿"
        assert [row.elder_id for row in incidents.to_assess_again(work.session)] == [home["wang"]]
        assert incidents.risk_events(work.session, home["wang"], work.now) == 1
    assert home.one("SELECT count(*) FROM act WHERE verb = 'read_incident'") == 1
    with home.work("daughter") as work:
        assert [row.id for row in incidents.incidents(work.session)] == [one], "her family knows"
    for who in ("wu", "ankang_dispatcher", "chen"):
        with home.work(who) as work, pytest.raises(UnknownIncident):
            incidents.find_incident(work.session, one)
    home.change(
        "INSERT INTO assessment (elder_id, area_code, assessed_on, scheme, scheme_version, level, valid_until, reason, state, recorded_at)"
        " SELECT :e, :a, current_date + 1, 'gbt42195-2022', '1', 2, current_date + 365, 'immediate', 'signed', now()",
        e=home["wang"], a=HOME,
    )  # fmt: skip
    with home.work("zhao") as work:
        assert incidents.to_assess_again(work.session) == []


@pytest.mark.mission("DY-44")
def test_who_reports_what_and_when(home: Quarter) -> None:
    with home.refused(NotYourInstitution):
        report(home, "ankang_dispatcher")
    with home.refused(NotYourInstitution):
        report(home, "wu")
    with home.refused(UnknownResident):
        report(home, elder_id=home["sun"])
    with home.refused(DaysMakeNoSense):
        report(home, hours=-1)
    late = report(home, hours=30)
    with home.work("zhao") as work:
        found = incidents.find_incident(work.session, late)
        assert found.reported_at > found.due_at
    home.run_jobs(only="messages.deliver")
    assert home.all("SELECT template FROM message WHERE template LIKE 'supervision.incident%'") == [
        "supervision.incident_late"
    ]
    with home.refused(NotForSupervision):
        do(home, incidents, DISPATCHER, "close_incident", late, False, "没事")
    do(home, incidents, DISPATCHER, "note_measures", late, "送医检查，加了床栏")
    do(home, incidents, "zhao", "close_incident", late, True, "夜间巡查没有到位")
    with home.refused(IncidentClosed):
        do(home, incidents, DISPATCHER, "note_measures", late, "再补一条")
    with pytest.raises(DBAPIError), home.work(DISPATCHER) as work:
        work.session.connection().execute(text("UPDATE incident SET responsible = false"))


def test_a_case_goes_from_finding_to_closing_and_no_step_is_passed_over(quarter: Quarter) -> None:
    one = open_one(quarter)
    with quarter.refused(AnswerAwaited):
        decide(quarter, one, "warning")
    with quarter.refused(NotYourInstitution):
        do(quarter, cases, "zhao", "answer_case", one, "代答")
    with quarter.work("ankang_dispatcher") as work, pytest.raises(UnknownCase):
        cases.find_case(work.session, one)
    do(quarter, cases, DISPATCHER, "answer_case", one, "录入错误，愿意退回")
    with quarter.refused(CaseNotDecided):
        do(quarter, cases, "zhao", "close_case", one)
    with quarter.refused(NotForSupervision):
        do(quarter, cases, DISPATCHER, "decide", one, cases.NewDecision("none", "算了"))
    with quarter.work("zhao") as work:
        due = work.now.date() + timedelta(days=20)
    first = decide(quarter, one, "rectify", due_on=due)
    decide(quarter, one, "warning")
    with quarter.refused(CaseClosed):
        do(quarter, cases, DISPATCHER, "answer_case", one, "改口")
    with quarter.refused(StillToDo):
        do(quarter, cases, "zhao", "close_case", one)
    with pytest.raises(DBAPIError, match="left to do"), quarter.work("zhao") as work:
        closing = "UPDATE supervision_case SET state = 'closed', closed_at = now(), closed_by = opened_by"
        work.session.connection().execute(text(closing))
    for typed in (
        "UPDATE supervision_case SET state = 'found'",
        "UPDATE case_event SET kind = 'closed'",
        "UPDATE supervision_case SET finding = 'x'",
    ):
        with pytest.raises(DBAPIError), quarter.work("zhao") as work:
            work.session.connection().execute(text(typed))
    with pytest.raises(DBAPIError), quarter.work(DISPATCHER) as work:
        work.session.connection().execute(text("UPDATE supervision_case SET state = 'decided'"))
    do(quarter, cases, "zhao", "mark_done", first, "复查合格")
    do(quarter, cases, "zhao", "close_case", one)
    with quarter.work(DISPATCHER) as work:
        kinds = [event.kind for event in cases.events_of(work.session, one)]
    assert kinds == ["opened", "answered", "decided", "decided", "done", "closed"]


def test_a_provider_that_does_not_answer_is_decided_on_after_its_days(quarter: Quarter) -> None:
    one = open_one(quarter)
    quarter.advance(days=12)
    quarter.run_jobs(only="supervision.case_due")
    with quarter.work("zhao") as work:
        assert cases.is_overdue(cases.find_case(work.session, one), work.now)
        assert [event.kind for event in cases.events_of(work.session, one)] == ["opened", "overdue"]
    entry = decide(quarter, one, "blacklist")
    assert quarter.one("SELECT entry_id FROM case_decision WHERE id = :d", d=entry) is not None
    assert quarter.one("SELECT barred_provider(:p, now())", p=quarter.providers["kangle"]) is True


@pytest.mark.mission("SH-22")
def test_a_case_is_referred_and_waits_for_the_department(quarter: Quarter) -> None:
    one = open_one(quarter)
    do(quarter, cases, DISPATCHER, "answer_case", one, "已改")
    referral = do(quarter, cases, "zhao", "refer_case", one, "消防救援大队", "二楼通道上锁")
    decide(quarter, one, "none")
    with quarter.refused(StillToDo):
        do(quarter, cases, "zhao", "close_case", one)
    with quarter.work(DISPATCHER) as work:
        assert cases.referrals_of(work.session, one) == [], "what departments tell each other is the office's"
    do(quarter, cases, "zhao", "answer_referral", referral, "已责令拆除", "宁消〔2026〕12号")
    do(quarter, cases, "zhao", "close_case", one)


def test_money_comes_back_as_a_counter_line_of_the_providers_own_accounts(quarter: Quarter) -> None:
    order = quarter.served().order_id
    quarter.run_jobs(only="payments.authorise")
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, order)
    quarter.run_jobs(only="payments.capture")
    line = settled_line(quarter, order)
    one = open_one(quarter)
    do(quarter, cases, DISPATCHER, "answer_case", one, "属实")
    other = open_one(quarter, provider_id=quarter.providers["ankang"])
    do(quarter, cases, "ankang_dispatcher", "answer_case", other, "不是我们")
    with quarter.refused(LineOfAnother):
        decide(quarter, other, "recovery", line_id=line)
    decision = decide(quarter, one, "recovery", line_id=line)
    rows = quarter.all("SELECT government_fen FROM settlement_line WHERE order_id = :o ORDER BY id", o=order)
    assert len(rows) == 2 and sum(rows) == 0, "the line and its counter-line"
    amount = quarter.one("SELECT amount_fen FROM case_decision WHERE id = :d", d=decision)
    assert amount == quarter.one(
        "SELECT government_fen + insurance_fen + voucher_fen + self_fen FROM settlement_line WHERE id = :l", l=line
    )
    typed = (
        "INSERT INTO case_decision (case_id, provider_id, area_code, kind, told, line_id, correction_id, amount_fen, decided_at,"
        " decided_by) SELECT :c, :p, :a, 'recovery', 'x', :l, :l, 1, now(), :z"
    )
    with pytest.raises(DBAPIError, match="was not taken back"), quarter.work("zhao") as work:
        facts = {"c": one, "p": quarter.providers["kangle"], "a": STREET, "l": line, "z": quarter["zhao"]}
        work.session.connection().execute(text(typed), facts)


def settled_line(quarter: Quarter, order: int) -> int:
    """The order's line in the month's accounts, drawn from its finished visit."""
    quarter.change(
        "INSERT INTO visit (kind, order_id, elder_id, area_code, visitor_id, planned_start, planned_end, state, code_tries,"
        " checked_in_at, check_in_recorded_at, check_in_proof, check_in_facts, checked_out_at, check_out_facts, tasks_done) "
        "SELECT 'care', id, elder_id, area_code, :v, starts_at, ends_at, 'finished', 0, starts_at, starts_at,"
        " 'door_plate', '{}', ends_at, '{}', '{}' FROM care_order WHERE id = :o", v=quarter["chen"], o=order,
    )  # fmt: skip
    kangle, month = quarter.providers["kangle"], month_of(quarter.thursday(9).date())
    with quarter.work("house") as work:
        assert draw_month(work.session, work.now, kangle, month) == 1
    return int(quarter.one("SELECT id FROM settlement_line WHERE order_id = :o", o=order))


def test_incidents_and_decided_cases_are_facts_of_a_credit_level(home: Quarter) -> None:
    one = report(home)
    do(home, incidents, "zhao", "close_incident", one, True, "夜间巡查没有到位")
    innocent = report(home)
    do(home, incidents, "zhao", "close_incident", innocent, False, "突发疾病")
    case = open_one(home)
    do(home, cases, DISPATCHER, "answer_case", case, "属实")
    decide(home, case, "warning")
    spared = open_one(home)
    do(home, cases, DISPATCHER, "answer_case", spared, "不属实")
    decide(home, spared, "none")
    with home.refused(SourceMissing):
        open_one(home, provider_id=home.providers["ankang"], source="incident", source_id=one)
    with home.work("house") as work:
        month = work.now.date().replace(day=1)
        facts, _ = facts_of(work.session, home.providers["kangle"], month, 12, 15)
        held = [(fact.part, fact.subject_id) for fact in facts if fact.part in ("incidents", "findings")]
    assert sorted(held) == [("findings", case), ("incidents", one)]
