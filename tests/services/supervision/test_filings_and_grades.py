"""Filings step by step, grades by their days, and the indicators that count them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from yl_quarter import CITY, STREET, Quarter

from services.cities.pack_reader import read_pack
from services.cities.rules import area_range
from services.clock import civil_date
from services.directory.queries import facilities
from services.oversight.indicators import formula_of
from services.oversight.measures import measure_sql
from services.supervision import filings, grades, queries
from services.supervision.errors import (
    DaysMakeNoSense,
    FilingStepRefused,
    GradeRevoked,
    NotForSupervision,
    NotYourInstitution,
    WordsMissing,
)

ROOT = Path(__file__).resolve().parents[3]
FILED = filings.NewStep("filed", date(2025, 3, 1), "320102-001", "玄武区民政局", ("消防验收", "营业执照"))
PAPER = grades.NewGrade(3, "NJ-3-001", "南京市等级评定委员会", date(2025, 6, 1), date(2028, 5, 31), points=780)


def step(quarter: Quarter, new: filings.NewStep, site: str = "kangle", who: str = "zhao") -> int:
    with quarter.work(who) as work:
        return filings.record_step(work.session, work.now, work.actor, quarter.facilities[site], new)


def grade(quarter: Quarter, new: grades.NewGrade, site: str = "kangle", who: str = "zhao") -> int:
    with quarter.work(who) as work:
        return grades.record_grade(work.session, work.now, work.actor, quarter.facilities[site], new)


def held(quarter: Quarter, on: date, site: str = "kangle") -> int | None:
    with quarter.work("wu") as work:
        return grades.grades_on(work.session, [quarter.facilities[site]], on).get(quarter.facilities[site])


@pytest.mark.mission("HB-23")
def test_a_filing_goes_step_by_step_and_anybody_reads_where_it_stands(quarter: Quarter) -> None:
    site = quarter.facilities["kangle"]
    with quarter.refused(FilingStepRefused):
        step(quarter, filings.NewStep("changed", date(2025, 3, 1), "1", "局"))
    step(quarter, filings.NewStep("applied", date(2025, 2, 1), documents=("申请书",)))
    with quarter.refused(WordsMissing):
        step(quarter, replace(FILED, filing_number=" "))
    step(quarter, FILED)
    with quarter.refused(FilingStepRefused):
        step(quarter, FILED)
    with quarter.refused(DaysMakeNoSense):
        step(quarter, filings.NewStep("changed", date(2025, 1, 1)))
    step(quarter, filings.NewStep("changed", date(2025, 9, 1), note="换了负责人"))
    with quarter.work("wu") as work:
        shown = queries.institution(work.session, site, date(2026, 1, 1))
        assert (shown.filing_step, shown.filing_number) == ("changed", "320102-001"), "the number stands"
        assert [one.id for one in queries.institutions(work.session, date(2026, 1, 1), filed=True)] == [site]
    with pytest.raises(IntegrityError, match="institution_filing_number_idx"):
        step(quarter, FILED, site="ankang")
    with quarter.refused(WordsMissing):
        step(quarter, filings.NewStep("withdrawn", date(2026, 1, 1)))
    step(quarter, filings.NewStep("withdrawn", date(2026, 1, 1), note="停办"))
    with quarter.work("wu") as work:
        assert queries.institutions(work.session, date(2026, 1, 1), filed=True) == []
        assert [one.step for one in filings.steps_of(work.session, site)] == [
            "applied",
            "filed",
            "changed",
            "withdrawn",
        ]
    assert quarter.one("SELECT count(*) FROM act WHERE verb = 'record_filing'") == 4


def test_only_the_office_of_the_area_writes_and_typed_sql_passes_no_step_over(quarter: Quarter) -> None:
    for who in ("kangle_dispatcher", "wu", "zhou"):
        with quarter.refused(NotForSupervision):
            step(quarter, FILED, who=who)
        with quarter.refused(NotForSupervision):
            grade(quarter, PAPER, who=who)
    typed = (
        "INSERT INTO institution_filing (facility_id, area_code, step, filing_number, authority, on_day, documents, note,"
        " recorded_at) VALUES (:f, :a, :s, 'X', 'X', '2025-01-01', '{}', 'x', now())"
    )
    with pytest.raises(ProgrammingError), quarter.work("kangle_dispatcher") as work:
        work.session.connection().execute(text(typed), {"f": quarter.facilities["kangle"], "a": STREET, "s": "filed"})
    with pytest.raises(IntegrityError, match="a filing goes from"), quarter.work("zhao") as work:
        work.session.connection().execute(text(typed), {"f": quarter.facilities["kangle"], "a": STREET, "s": "changed"})
    step(quarter, FILED)
    for change in ("UPDATE institution_filing SET step = 'withdrawn'", "DELETE FROM institution_filing"):
        with pytest.raises(ProgrammingError), quarter.work("zhao") as work:
            work.session.connection().execute(text(change))


@pytest.mark.mission("DY-43")
@pytest.mark.mission("HB-28")
def test_a_grade_holds_on_its_days_and_the_certificate_issued_last_decides(quarter: Quarter) -> None:
    first = grade(quarter, PAPER)
    assert [held(quarter, on) for on in (date(2025, 5, 31), date(2025, 6, 1), date(2028, 5, 31), date(2028, 6, 1))] == [
        None, 3, 3, None,
    ]  # fmt: skip
    second = grade(quarter, grades.NewGrade(4, "NJ-4-009", "评定委员会", date(2026, 2, 1), date(2029, 1, 31)))
    assert (held(quarter, date(2026, 1, 31)), held(quarter, date(2026, 2, 1))) == (3, 4)
    with quarter.work("zhao") as work:
        grades.revoke_grade(work.session, work.now, work.actor, second, date(2026, 5, 1), "出了死亡事故")
    assert (held(quarter, date(2026, 4, 30)), held(quarter, date(2026, 5, 1))) == (4, None), "and not the old one again"
    with quarter.refused(GradeRevoked), quarter.work("zhao") as work:
        grades.revoke_grade(work.session, work.now, work.actor, second, date(2026, 6, 1), "再撤一次")
    third = grade(quarter, grades.NewGrade(5, "NJ-5-1", "评定委员会", date(2026, 6, 1), date(2029, 1, 31)))
    assert held(quarter, date(2026, 6, 1)) == 5
    with quarter.work("zhao") as work:
        grades.revoke_grade(work.session, work.now, work.actor, third, date(2026, 6, 1), "登到别家了", mistaken=True)
    assert (held(quarter, date(2026, 4, 1)), held(quarter, date(2026, 6, 1))) == (4, None)
    with quarter.refused(DaysMakeNoSense):
        grade(quarter, replace(PAPER, certificate_number="9", expires_on=PAPER.issued_on))
    assert first < second < third


@pytest.mark.mission("DY-43")
def test_search_filters_by_the_grade_in_force(quarter: Quarter) -> None:
    grade(quarter, PAPER)
    grade(quarter, replace(PAPER, grade=1, certificate_number="A-1"), site="ankang")
    with quarter.work("wu") as work:
        today = date(2026, 1, 1)
        found = [[site.code for site in facilities(work.session, graded=(least, today))] for least in (1, 2, 4)]
        assert found == [["F-kangle", "F-ankang"], ["F-kangle"], []]
        listed = queries.institutions(work.session, today, min_grade=2)
        assert [(one.name, one.grade, one.expires_on) for one in listed] == [
            ("康乐居家养老服务中心", 3, date(2028, 5, 31))
        ]


def test_a_request_is_answered_by_the_certificate_or_with_a_reason(quarter: Quarter) -> None:
    site = quarter.facilities["kangle"]
    with quarter.refused(NotYourInstitution), quarter.work("ankang_dispatcher") as work:
        grades.ask_grade(work.session, work.now, work.actor, site, 4, "")
    for _ in range(2):
        with quarter.work("kangle_dispatcher") as work:
            asked = grades.ask_grade(work.session, work.now, work.actor, site, 4, "扩建完成")
        if quarter.one("SELECT count(*) FROM grade_request") == 1:
            with (
                pytest.raises(IntegrityError, match="grade_request_one_open_idx"),
                quarter.work("kangle_second") as work,
            ):
                grades.ask_grade(work.session, work.now, work.actor, site, 5, "")
            with quarter.work("zhao") as work:
                grades.refuse_grade(work.session, work.now, work.actor, asked, "消防没有验收")
    paper = grade(quarter, PAPER)
    with quarter.work("kangle_dispatcher") as work:
        answered = grades.requests(work.session)
        assert [(one.state, one.grade_id, one.reply) for one in answered] == [
            ("graded", paper, None), ("refused", None, "消防没有验收"),
        ]  # fmt: skip
    with quarter.work("ankang_dispatcher") as work:
        assert grades.requests(work.session) == []
    quarter.run_jobs(only="messages.deliver")
    assert set(quarter.all("SELECT template FROM message WHERE template LIKE 'supervision.%'")) == {
        "supervision.grade_asked", "supervision.grade_refused", "supervision.graded",
    }  # fmt: skip


@pytest.mark.mission("DY-43")
def test_institution_and_officer_are_warned_once_before_a_certificate_ends(quarter: Quarter) -> None:
    with quarter.work("house") as work:
        today = civil_date(work.now)
    grade(quarter, replace(PAPER, expires_on=today + timedelta(days=181)))
    grade(quarter, replace(PAPER, certificate_number="B", expires_on=today + timedelta(days=90)), site="ankang")
    renewed = replace(PAPER, certificate_number="C", issued_on=PAPER.issued_on + timedelta(days=9))
    grade(quarter, replace(PAPER, certificate_number="D", expires_on=today + timedelta(days=30)), site="yuanda")
    grade(quarter, renewed, site="yuanda")
    for _ in range(2):
        with quarter.work("house") as work:
            assert grades.warn_of_expiry(work.session, work.now) == 1, "180 days ahead, and not what was renewed"
        quarter.run_jobs(only="messages.deliver")
    told = quarter.all("SELECT template FROM message WHERE template LIKE 'supervision.grade_ends%' ORDER BY 1")
    assert told == ["supervision.grade_ends", "supervision.grade_ends_soon"]


@pytest.mark.mission("TZ-24")
@pytest.mark.mission("SH-20")
@pytest.mark.mission("HB-28")
def test_the_indicators_on_grades_are_counted_from_certificates(quarter: Quarter) -> None:
    """Four rural homes in a 镇: one of grade 2, one of 1, one of 3 that lapsed, one without; a fifth stands in a 街道."""
    town, day = 320102999000000, date(2026, 3, 31)
    quarter.change(
        "INSERT INTO area (code, name, level, parent_code, valid_from) VALUES (:t, '梅山镇', 'street', 320102000000000,"
        " '2000-01-01')", t=town,
    )  # fmt: skip
    sites = {}
    for name, area in (("a", town), ("b", town), ("c", town), ("d", town), ("e", STREET)):
        quarter.change(
            "INSERT INTO facility (code, provider_id, name, type_code, functions, area_code, address, geom, original_lon,"
            " original_lat, original_crs, status, opened_on, day_places, floor_area_m2, invented) SELECT :c, provider_id,"
            " :c, 'support_home', '{}', :a, '-', geom, 1, 1, 'wgs84', 'open', '2020-01-01', 0, 0, true FROM facility LIMIT 1",
            c=f"S-{name}", a=area,
        )  # fmt: skip
        sites[name] = quarter.one("SELECT id FROM facility WHERE code = :c", c=f"S-{name}")
    for name, level, until in (
        ("a", 2, "2028-01-01"),
        ("b", 1, "2028-01-01"),
        ("c", 3, "2026-01-01"),
        ("e", 5, "2028-01-01"),
    ):
        quarter.change(
            "INSERT INTO institution_grade (facility_id, area_code, grade, standard, certificate_number, issuer,"
            " issuing_level, issued_on, expires_on, recorded_at, mistaken) VALUES (:f, 1, :g, 'x', 'x', 'x', 'city',"
            " '2025-01-01', CAST(:u AS date), now(), false)", f=sites[name], g=level, u=until,
        )  # fmt: skip
    assert counted(quarter, "taizhou", "rural_homes_graded", day) == ({sites["a"]}, {sites[one] for one in "abcd"})
    quarter.change("UPDATE facility SET type_code = 'care_home' WHERE code LIKE 'S-%'")
    graded, homes = counted(quarter, "shanghai", "graded_homes", day)
    assert (graded, homes) == ({sites["a"], sites["b"], sites["e"]}, set(sites.values()))
    assert counted(quarter, "taizhou", "rural_homes_graded", date(2025, 6, 1)) == (set(), set()), "no support homes now"
    touched = quarter.all("SELECT row_id FROM measure_touched WHERE subject = 'facility' AND row_id = :f", f=sites["a"])
    assert len(touched) >= 2, "site and certificate both named it"


def counted(quarter: Quarter, city: str, code: str, day: date) -> tuple[set[int], set[int]]:
    rules = read_pack((ROOT / f"sample_data/cities/{city}.toml").read_text(encoding="utf-8")).rules
    formula = formula_of(rules, next(one for one in rules.indicators if one.code == code))
    assert formula is not None and formula.denominator is not None
    lo, hi = area_range(CITY)
    sides = []
    for measure in (formula.numerator, formula.denominator):
        statement, bound = measure_sql(measure, rules)
        with quarter.work("house") as work:
            facts = bound | {"day": day, "lo": lo, "hi": hi}
            sides.append({row.row_id for row in work.session.connection().execute(text(statement), facts)})
    return sides[0], sides[1]
