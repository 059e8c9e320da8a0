"""A provider's credit level: a published formula, its facts as evidence, the past computed again, an appeal decided."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError
from yl_quarter import Quarter

from services.cities.pack_trust import CreditPolicy
from services.directory import appeals, credit
from services.directory.credit_formula import Fact, first_month, points_of
from services.directory.trust_errors import (
    AppealDecided,
    AppealPending,
    EvidenceElsewhere,
    MonthToCome,
    NotForTrust,
    NotYourAppeal,
    UnknownAppeal,
)
from services.matching.queries import match
from services.matching.rules import Facts, score
from services.orders.actions import rate_order
from services.visits.conduct import compute_credit

DAY = date(2026, 10, 5)
POLICY = CreditPolicy()


def some(part: str, count: int, value: int = 1) -> list[Fact]:
    return [Fact(part, "x", number, DAY, value) for number in range(count)]


def test_the_formula_by_hand() -> None:
    best = points_of(POLICY, some("ratings", 4, 3), 100)
    assert (best.level, best.points) == ("a", 100)
    mixed = [*some("ratings", 4, 2), *some("complaints", 1), *some("lateness", 3), *some("certificates", 2)]
    found = points_of(POLICY, mixed, 100)
    assert {part["code"]: part["points"] for part in found.parts} == {
        "ratings": 20, "complaints": 10, "lateness": 7, "no_shows": 15, "cancelled": 10, "certificates": 3,
    }  # fmt: skip
    assert (found.points, found.level) == (65, "c")
    few = points_of(POLICY, some("complaints", 1), 10)
    assert next(part["points"] for part in few.parts if part["code"] == "complaints") == 0, "10 x 1 x 100 / 20 is 50"
    assert points_of(POLICY, mixed, 4).level == "none", "too few orders to judge"
    struck = points_of(POLICY, mixed, 100, {("complaints", "x", 0)})
    assert struck.points == 75 and struck.level == "b"


def test_the_span_ends_with_the_month() -> None:
    assert first_month(date(2026, 3, 1), 12) == date(2025, 4, 1)
    assert first_month(date(2026, 3, 1), 1) == date(2026, 3, 1)


def test_the_score_takes_the_level_in_as_a_part_with_the_citys_weight() -> None:
    plain = Facts(1, 100, 1000, 3, None, 100, 1, 1)
    assert "credit" not in score(plain, 100)
    weighed = Facts(1, 100, 1000, 3, None, 100, 1, 1, credit_weight=100, credit_percent=75)
    assert score(weighed, 100)["credit"] == 75
    assert sum(score(weighed, 100).values()) == sum(score(plain, 100).values()) + 75
    assert score(Facts(1, 100, 1000, 3, None, 100, 1, 1, credit_weight=100), 100)["credit"] == 50


def this_month(quarter: Quarter) -> date:
    return quarter.thursday(9).date().replace(day=1)


def judged(quarter: Quarter) -> date:
    """Give the month in which 康乐 served five and was rated once, poorly; it is over now and the rating is open."""
    quarter.change("UPDATE service_line SET slot_capacity = 9")
    quarter.change("UPDATE entitlement SET monthly_cap_fen = 1000000")
    quarter.change("UPDATE carer SET certificate_valid_until = '2100-01-01' WHERE person_id = :p", p=quarter["old"])
    orders = [
        quarter.served(starts_at=quarter.thursday(hour), ends_at=quarter.thursday(hour + 2), even_if_ordered=True).order_id
        for hour in (8, 10, 12, 14, 16)
    ]  # fmt: skip
    with quarter.work("wang") as work:
        rate_order(work.session, work.now, work.actor, orders[0], 1)
        served = work.now
    quarter.advance(days=8)
    quarter.run_jobs(only="orders.open_ratings")
    quarter.advance(days=32)
    month: date = served.date().replace(day=1)
    with quarter.work("house") as work:
        opened = work.session.connection().exec_driver_sql("SELECT max(opens_at) FROM rating").scalar()
    return max(month, opened.date().replace(day=1))


def compute(quarter: Quarter, month: date, because: str = "on_demand") -> int:
    with quarter.work("house") as work:
        return compute_credit(work.session, work.now, quarter.providers["kangle"], month, because)


@pytest.mark.mission("SH-21")
@pytest.mark.mission("DY-39")
def test_a_month_is_judged_with_its_evidence_and_the_past_gives_the_same_again(quarter: Quarter) -> None:
    month = judged(quarter)
    first = compute(quarter, month, "monthly")
    row = quarter.one("SELECT level || ':' || points || ':' || orders FROM provider_credit")
    assert row == "c:60:5", "no points for the face, all the rest"
    kangle = quarter.providers["kangle"]
    assert quarter.one("SELECT credit_level FROM provider WHERE id = :p", p=kangle) == "c"
    with quarter.work("kangle_dispatcher") as work:
        facts = [(one.part, one.value) for one in credit.evidence_of(work.session, first)]
    assert facts == [("ratings", 1)]
    with quarter.work("ankang_dispatcher") as work:
        assert credit.evidence_of(work.session, first) == [], "whose ratings these are is between the two"
        assert credit.credit_of(work.session, kangle).level == "c", "the level is for everybody"
    quarter.advance(days=60)
    assert compute(quarter, month) == first, "nothing differs: no further version"
    with pytest.raises(IntegrityError, match="written once"):
        quarter.change("UPDATE provider_credit SET level = 'a'")
    quarter.change(
        "INSERT INTO order_event (order_id, elder_id, area_code, kind, happened_at, facts, state_after) SELECT order_id,"
        " elder_id, area_code, 'rated', min(happened_at), '{}', 'served' FROM order_event GROUP BY 1, 2, 3"
    )
    assert compute(quarter, month) == first


def test_the_month_begins_by_itself_for_everybody_who_had_orders(quarter: Quarter) -> None:
    judged(quarter)
    with quarter.work("house") as work:
        from services.visits.conduct import promise_every_credit

        assert promise_every_credit(work.session, work.now) == 1
        assert promise_every_credit(work.session, work.now) == 1
    assert quarter.run_jobs(only="visits.compute_credit") == ["visits.compute_credit"]
    quarter.run_jobs(only="messages.deliver")
    told = quarter.one("SELECT body FROM message WHERE template = 'directory.credit_level' LIMIT 1")
    assert "康乐居家养老服务中心" in told and "分）" in told


@pytest.mark.mission("SH-21")
def test_an_appeal_takes_a_wrong_fact_out_and_the_history_stays(quarter: Quarter) -> None:
    month = judged(quarter)
    first = compute(quarter, month)
    with quarter.work("kangle_dispatcher") as work:
        evidence = credit.evidence_of(work.session, first)[0].id

    def appeal(who: str, *what: object) -> int:
        with quarter.work(who) as work:
            return appeals.appeal_credit(work.session, work.now, work.actor, first, *what)  # type: ignore[arg-type]

    with quarter.refused(NotYourAppeal):
        appeal("ankang_dispatcher", "不对")
    with quarter.refused(EvidenceElsewhere):
        appeal("kangle_dispatcher", "不对", [evidence + 99])
    filed = appeal("kangle_dispatcher", "这单不是我们做的", [evidence])
    with quarter.refused(AppealPending):
        appeal("kangle_second", "再说一次")

    def decide(who: str, decision: str) -> None:
        with quarter.work(who) as work:
            appeals.decide_appeal(work.session, work.now, work.actor, filed, decision, "核实属实")  # type: ignore[arg-type]

    with quarter.refused(UnknownAppeal):
        decide("kangle_dispatcher", "granted")
    quarter.change(
        "INSERT INTO role_grant (person_id, role, area_code, granted_at) VALUES (:p, 'officer', 320102003000000, now())",
        p=quarter["kangle_second"],
    )  # fmt: skip
    decide("zhao", "granted")
    with quarter.refused(AppealDecided):
        decide("zhao", "refused")
    assert quarter.run_jobs(only="visits.compute_credit") == ["visits.compute_credit"]
    rows = quarter.all("SELECT version || ':' || points || ':' || because FROM provider_credit ORDER BY version")
    assert rows == ["1:60:on_demand", "2:90:appeal"]
    assert quarter.one("SELECT struck FROM credit_evidence ORDER BY id DESC LIMIT 1") is True
    assert quarter.one("SELECT credit_level FROM provider WHERE id = :p", p=quarter.providers["kangle"]) == "a"


def test_an_officer_asks_for_a_past_month_only(quarter: Quarter) -> None:
    kangle = quarter.providers["kangle"]
    with quarter.refused(MonthToCome), quarter.work("zhao") as work:
        credit.ask_credit(work.session, work.now, work.actor, kangle, work.now.date())
    with quarter.refused(NotForTrust), quarter.work("kangle_dispatcher") as work:
        credit.ask_credit(work.session, work.now, work.actor, kangle, date(2026, 1, 1))


def test_matching_shows_the_part_and_ranks_by_it(quarter: Quarter) -> None:
    quarter.change(
        "INSERT INTO provider_credit (provider_id, month, version, level, points, match_percent, orders, parts, formula,"
        " rule_version, because, computed_at) VALUES (:p, '2026-01-01', 1, 'd', 10, 0, 9, '[]', '{}', 't', 'monthly', now())",
        p=quarter.providers["ankang"],
    )  # fmt: skip
    with quarter.work("daughter") as work:
        found = match(
            work.session, work.now, work.actor, quarter["wang"], "home_bath", quarter.thursday(9), quarter.thursday(11)
        )
    parts = {one.provider_id: one.score_parts["credit"] for one in found.candidates}
    assert parts[quarter.providers["ankang"]] == 0 and parts[quarter.providers["kangle"]] == 50
    ankang = next(one for one in found.candidates if one.provider_id == quarter.providers["ankang"])
    assert "信用等级D级" in ankang.reasons
