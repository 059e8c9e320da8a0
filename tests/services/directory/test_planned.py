"""Projects, duties of residential areas, checks and titles: rows with days, counted for the plans, with what stood before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.cities.pack import CityRules
from services.cities.pack_indicators import Indicator
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.directory import planned_queries, registers
from services.directory.planned_errors import EntryIncomplete, NotForThisRegister
from services.directory.standard_operation import CHECKLISTS
from services.directory.tables import Facility
from services.oversight.importing import ListWish, ground_of, judge, read_list, take_list
from services.oversight.indicators import formula_of
from services.oversight.measures import measure_sql, period_of
from services.unit_of_work import SYSTEM

CITY, STREET, COMMUNITY = 320100000000000, 320102003000000, 320102003902000
HI = CITY + 10**11 - 1


@pytest.fixture(autouse=True)
def areas(cast: Any) -> None:
    """The street and the community these tests are about."""
    with cast.work("house") as work:
        for code, level, name in ((STREET, "street", "新街口街道"), (COMMUNITY, "community", "青石里社区")):
            work.session.connection().execute(
                text("INSERT INTO area (code, level, name) VALUES (:c, :l, :n) ON CONFLICT DO NOTHING"),
                {"c": code, "l": level, "n": name},
            )


def site(cast: Any, code: str, type_code: str = "happiness_home") -> int:
    with cast.work("house") as work:
        one = Facility(
            code=code, provider_id=cast.providers["kangle"], name=f"演示点{code}", type_code=type_code, functions=[],
            area_code=COMMUNITY, address="演示路", geom="SRID=4326;POINT(118.785 32.05)", original_lon=118.785,
            original_lat=32.05, original_crs="wgs84", opened_on=date(2024, 1, 1),
        )  # fmt: skip
        work.session.add(one)
        work.session.flush()
        return int(one.id or 0)


def number(cast: Any, on: date, side: str = "numerator", **told: Any) -> int:
    """Count an indicator's measure by its very SQL on a day."""
    with cast.work("house") as work:
        rules: CityRules = rules_in_force(work.session, CITY, civil_date(work.now))
        shown = {"code": "x", "name_zh": "数", "name_en": "a number", "unit": "percent", **told}
        formula = formula_of(rules, Indicator.model_validate(shown))
        assert formula is not None, "nobody counts this"
        measure = getattr(formula, side)
        sql, values = measure_sql(measure, rules)
        _, first, past = period_of(measure, on)
        asked = {"lo": CITY, "hi": HI, "day": on, "first": first, "past": past, "as_of": work.now}
        return int(
            work.session.connection()
            .execute(text(f"SELECT COALESCE(sum(weight), 0) FROM ({sql}) AS m"), asked | values)
            .scalar_one()
        )


def do(cast: Any, verb: Any, *what: Any, who: str = "officer", **told: Any) -> Any:
    with cast.work(who) as work:
        return verb(work.session, work.now, work.actor, *what, **told)


@pytest.mark.mission("DY-06", "DY-22")
def test_a_project_counts_what_has_opened_and_a_step_taken_back_is_kept(cast: Any) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
    wish = {"project_code": "p32", "area_code": COMMUNITY, "type_code": "street_centre", "work": "build"}
    made = do(cast, registers.add_project_site, name="一号", planned_on=today, **wish)
    do(cast, registers.add_project_site, name="二号", planned_on=today + timedelta(days=90), **wish)
    home = site(cast, "H1", "street_centre")
    before = today - timedelta(days=10)
    told = {"kind": "registered_count", "what": "project_sites", "project": "p32", "unit": "count"}
    assert number(cast, today, **told) == 0
    with pytest.raises(IntegrityError) as refused:
        do(cast, registers.change_project_site, made, {"opened_on": before})
    assert refused.value.orig.diag.constraint_name in ("project_site_steps_check", "project_site_opened_check")
    steps = {"started_on": date(2024, 1, 1), "built_on": date(2025, 1, 1), "opened_on": before, "facility_id": home}
    do(cast, registers.change_project_site, made, steps)
    assert number(cast, today, **told) == 1 and number(cast, before - timedelta(days=1), **told) == 0
    with cast.work("officer") as work:
        assert planned_queries.project_sums(work.session, CITY, HI, today)["p32"] == {"opened": 1, "planned": 1}
    do(cast, registers.change_project_site, made, {"opened_on": None, "facility_id": None})
    assert number(cast, today, **told) == 0
    with cast.work("officer") as work:
        last, first = registers.changes_of_row(work.session, "project_site", made)
        assert last.before["opened_on"] == before.isoformat() and last.after["opened_on"] is None
        assert first.after["started_on"] == "2024-01-01" and last.changed_by == cast["officer"]


@pytest.mark.mission("DY-05", "HB-16")
def test_a_duty_is_met_when_handed_over_with_enough_room_and_its_four_steps_follow_each_other(cast: Any) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
    due = today - timedelta(days=5)
    wish = {"obligation_code": "residential_facilities", "area_code": COMMUNITY, "required_m2": 300}
    made = do(cast, registers.add_obligation, name="新城一期", due_on=due, households=1000, **wish)
    do(cast, registers.add_obligation, name="新城二期", due_on=today + timedelta(days=400), **wish)
    told = {"kind": "obligations_met", "obligation": "residential_facilities"}
    assert (number(cast, today, **told), number(cast, today, "denominator", **told)) == (0, 1)
    assert number(cast, due - timedelta(days=1), "denominator", **told) == 0
    days = {"planned_on": date(2023, 1, 1), "built_on": date(2024, 1, 1), "accepted_on": date(2024, 2, 1)}
    with pytest.raises(IntegrityError):
        do(cast, registers.change_obligation, made, days | {"built_on": None})
    do(cast, registers.change_obligation, made, days | {"handed_over_on": date(2024, 3, 1), "provided_m2": 299})
    assert number(cast, today, **told) == 0, "one square metre short"
    do(cast, registers.change_obligation, made, {"provided_m2": 300})
    assert number(cast, today, **told) == 1
    for who in ("dispatcher", "auditor", "other_officer", "wang"):
        with pytest.raises(NotForThisRegister):
            do(cast, registers.change_obligation, made, {"provided_m2": 1}, who=who)
    with pytest.raises(ProgrammingError), cast.work("officer") as work:
        work.session.connection().execute(text("DELETE FROM area_obligation"))


@pytest.mark.mission("DY-23", "TZ-07")
def test_a_site_is_run_to_the_standard_by_its_last_check_that_was_not_withdrawn(cast: Any) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
    home, other = site(cast, "H1"), site(cast, "H2")
    every = dict.fromkeys(CHECKLISTS["happiness_home_v1"].items, True)
    told = {"kind": "facility_share", "facility_types": ["happiness_home"], "fulfilling": {"standardised": True}}
    wish = {"checklist": "happiness_home_v1"}
    first = do(cast, registers.record_check, facility_id=home, checked_on=date(2025, 5, 1), answers=every, **wish)
    do(
        cast,
        registers.record_check,
        facility_id=other,
        checked_on=date(2025, 5, 1),
        answers=every | {"fire": False},
        **wish,
    )
    assert (number(cast, today, **told), number(cast, today, "denominator", **told)) == (1, 2)
    assert number(cast, date(2025, 4, 30), **told) == 0
    again = do(
        cast,
        registers.record_check,
        facility_id=home,
        checked_on=date(2025, 6, 1),
        answers=every | {"food": False},
        **wish,
    )
    assert number(cast, today, **told) == 0 and number(cast, date(2025, 5, 31), **told) == 1
    do(cast, registers.withdraw_check, again, "记错了院")
    assert number(cast, today, **told) == 1
    with pytest.raises(EntryIncomplete):
        do(cast, registers.record_check, facility_id=home, checked_on=today, answers={"fire": True}, **wish)
    do(cast, registers.withdraw_check, first, "重复")
    assert number(cast, today, **told) == 0


@pytest.mark.mission("TZ-03", "TZ-04")
def test_standardised_centres_are_counted_by_district_and_by_setting(cast: Any) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
    every = dict.fromkeys(CHECKLISTS["standard_centre_v1"].items, True)
    for n in range(3):
        one = site(cast, f"R{n}", "regional_rural_centre")
        do(
            cast,
            registers.record_check,
            facility_id=one,
            checked_on=date(2025, 5, 1),
            answers=every,
            checklist="standard_centre_v1",
        )
        count = {
            "kind": "facility_count",
            "facility_types": ["regional_rural_centre"],
            "standardised": True,
            "unit": "count",
        }
        assert number(cast, today, **count) == n + 1
    three = {
        "kind": "areas_with_facility", "area_level": "district", "facility_types": ["regional_rural_centre"],
        "standardised": True, "at_least": 3,
    }  # fmt: skip
    assert number(cast, today, **three) == 1
    assert number(cast, today, **three | {"at_least": 4}) == 0
    assert (
        number(cast, today, **count | {"setting": "rural"}) + number(cast, today, **count | {"setting": "urban"}) <= 3
    )


def test_a_title_is_held_from_its_day_until_it_ends_and_only_once(cast: Any) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
    told = {"kind": "areas_flagged", "area_level": "street", "flag": "dementia_friendly"}
    wish = {"area_code": STREET, "flag": "dementia_friendly", "ground": "民发〔2025〕1号"}
    made = do(cast, registers.raise_flag, since=date(2025, 1, 1), **wish)
    assert number(cast, today, **told) == 1 and number(cast, date(2024, 12, 31), **told) == 0
    with pytest.raises(IntegrityError):
        do(cast, registers.raise_flag, since=date(2025, 2, 1), **wish)
    do(cast, registers.lower_flag, made, date(2026, 1, 1))
    assert number(cast, date(2025, 12, 31), **told) == 1 and number(cast, date(2026, 1, 1), **told) == 0


def test_lists_of_sites_duties_and_checks_come_from_spreadsheets(cast: Any) -> None:
    home = site(cast, "H1")
    lists = {
        "obligations": "小区,区划代码,应配建面积,应落实日期,同步规划,同步建设,实配建面积\n"
        f"东苑,{COMMUNITY},200,2024-06-30,2022-01-01,2023-01-01,200\n西苑,{COMMUNITY},200,2024-06-30,,2023-01-01,\n",
        "facility_checks": "设施编码,清单,检查日期,不合格项\nH1,农村幸福院标准化运行检查（第1版）,2025-05-01,\n"
        "H1,happiness_home_v1,2025-06-01,没有这一项\n",
    }  # fmt: skip
    found = {}
    with cast.work("house") as work:
        ground = ground_of(work.session, CITY)
        for kind, rows in lists.items():
            read = read_list(ListWish(kind, "x.csv", rows.encode(), CITY))
            judged = judge(work.session, work.now, ground, read)
            found[kind] = [one.kind for row in judged.rows for one in row.findings]
            take_list(work.session, work.now, SYSTEM, ground, read, judged)
        assert found == {"obligations": ["bad_cell"], "facility_checks": ["bad_cell"]}
        (duty,) = planned_queries.obligations_in(work.session, CITY, HI)
        (check,) = planned_queries.checks_in(work.session, CITY, HI)
        assert (duty.name, duty.built_on, check.facility_id, check.passed) == ("东苑", date(2023, 1, 1), home, True)
