"""A month's report: its numbers are those that were counted, it stays as it was made, and can be worked out again."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.workbook.defined_name import DefinedName
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.beds.tables import Bed
from services.directory.tables import Facility
from services.oversight.errors import BadForm, MonthNotOver, NotADesk, ReportNotFound, ReportUnderWay
from services.oversight.report_forms import fill_form, find_form, forms_of, keep_form, put_form_away
from services.oversight.report_gathering import Asked, fingerprint, gather
from services.oversight.report_papers import as_pdf, as_workbook
from services.oversight.reports import ask_report, check_report, find_report, made_report, reports_of
from services.oversight.statistics import NewStatistic, record_statistic

CITY, STREET, COMMUNITY = 320100000000000, 320102003000000, 320102003902000
OCTOBER = date(2026, 10, 1)
RATIO = "nursing_bed_ratio"


@pytest.fixture(scope="module")
def shelf(request: pytest.FixtureRequest, cast_template: str) -> Any:
    """A cast of this file's own with a home of ten beds, four of them nursing beds, two more since October."""
    import yl_databases as databases
    from yl_cast import TestCast
    from yl_people import find_cast

    from services.unit_of_work import SYSTEM, unit_of_work

    for database in databases._lend(request, cast_template):
        with unit_of_work(SYSTEM, login="jobs") as work:
            found = find_cast(work.session)
        cast = TestCast(database=database, people=found.people, providers=found.providers)
        with cast.work("house") as work:
            site = Facility(
                code="R1", provider_id=cast.providers["kangle"], name="=演示院", type_code="care_home",
                functions=["residential_care"], area_code=COMMUNITY, address="演示路", geom="SRID=4326;POINT(118.785 32.05)",
                original_lon=118.785, original_lat=32.05, original_crs="wgs84", opened_on=date(2024, 1, 1),
            )  # fmt: skip
            work.session.add(site)
            work.session.flush()
            for number in range(10):
                since = date(2024, 1, 1) if number < 4 else date(2026, 10, 15) if number < 6 else None
                work.session.add(
                    Bed(
                        facility_id=site.id, area_code=COMMUNITY, label=f"{number}", opened_on=date(2024, 1, 1),
                        nursing_from=since,
                    )
                )  # fmt: skip
        yield cast


def asked(cast: Any, area: int = STREET, month: date = OCTOBER, who: str = "officer") -> int:
    with cast.work(who) as work:
        return ask_report(work.session, work.now, work.actor, area, month)


def story_of(content: dict[str, Any], code: str = RATIO) -> dict[str, Any]:
    return next(story for story in content["indicators"] if story["code"] == code)


@pytest.mark.mission("SH-39", "DY-38")
def test_a_report_is_made_by_a_job_with_last_months_number_beside_it_and_never_changes(shelf: Any) -> None:
    report_id = asked(shelf)
    with pytest.raises(ReportUnderWay):
        asked(shelf)
    assert "oversight.make_report" in shelf.run_jobs(only="oversight.make_report")
    with shelf.work("officer") as work:
        report = made_report(work.session, report_id)
        checked = check_report(work.session, report_id)
        assert [card.id for card in reports_of(work.session, STREET, STREET + 10**6 - 1)] == [report_id]
    ratio = story_of(report.content)
    assert (ratio["numerator"], ratio["denominator"], ratio["value"]) == (6, 10, "60")
    assert (ratio["last_month"]["value"], ratio["basis"]) == ("40", "recounted")
    assert len(ratio["line"]) == 14 and ratio["line"][-1]["on"] == "2026-10-31"
    assert ratio["definition"] and ratio["promises"][0]["plan"]
    assert report.content_hash == fingerprint(report.content) and checked.equal and checked.where == ()
    with pytest.raises(IntegrityError), shelf.work("house") as work:
        work.session.connection().execute(text("UPDATE area_report SET content = '{}' WHERE id = :i"), {"i": report_id})


def test_what_came_to_be_known_later_leaves_the_report_and_a_changed_register_is_named(shelf: Any) -> None:
    report_id = asked(shelf)
    shelf.run_jobs(only="oversight.make_report")
    with shelf.work("officer") as work:
        new = NewStatistic(STREET, "elders_60", date(2025, 12, 31), 9_000, "公报")
        record_statistic(work.session, work.now, work.actor, new)
    with shelf.work("officer") as work:
        assert check_report(work.session, report_id).equal, "a count of people of later knowledge"
    with shelf.work("house") as work:
        work.session.connection().execute(text("UPDATE bed SET nursing_from = '2026-10-20' WHERE label = '8'"))
    with shelf.work("officer") as work:
        checked = check_report(work.session, report_id)
    assert not checked.equal and any(path.endswith("/numerator") for path in checked.where)
    with shelf.work("house") as work:
        work.session.connection().execute(text("UPDATE bed SET nursing_from = NULL WHERE label = '8'"))


def test_a_report_is_of_a_month_that_is_over_and_of_ones_own_area(shelf: Any) -> None:
    with pytest.raises(MonthNotOver):
        asked(shelf, month=date(2026, 11, 1))
    for area, who in ((CITY, "officer"), (STREET, "other_officer"), (STREET, "auditor"), (STREET, "operator")):
        with pytest.raises(NotADesk):
            asked(shelf, area, OCTOBER, who)
    mine = asked(shelf, STREET, date(2026, 9, 1))
    with shelf.work("other_officer") as work, pytest.raises(ReportNotFound):
        find_report(work.session, mine)
    with shelf.work("auditor") as work:
        assert find_report(work.session, mine).state == "promised"


def test_the_papers_say_the_same_and_the_same_report_gives_the_same_pdf(shelf: Any) -> None:
    with shelf.work("house") as work:
        content = gather(work.session, Asked(320102000000000, OCTOBER, work.now))
    assert content["inside"]["level"] == "street" and content["inside"]["areas"]
    pdf = as_pdf(content, "abc")
    assert pdf.startswith(b"%PDF") and pdf == as_pdf(content, "abc")
    book = load_workbook(io.BytesIO(as_workbook(content, "abc")))
    rows = list(book["总表"].values)
    assert any(row[0] == "指纹" and row[1] == "abc" for row in rows)
    ratio = next(row for row in rows if row[0] == story_of(content)["name"])
    assert ratio[1:4] == ("60.00%", "40.00%", "'+20.00 个百分点")
    assert len(book["走势图"]._images) >= 1
    assert not [c for sheet in book for row in sheet.values for c in row if isinstance(c, str) and c.startswith("=")]


@pytest.mark.mission("DY-38")
def test_an_offices_own_form_gets_its_named_cells_filled_and_nothing_else(shelf: Any) -> None:
    book = Workbook()
    sheet = book.active
    sheet["A1"], sheet["A2"], sheet["B2"] = "{{title}}", "护理型床位占比（%）", "{{ nursing_bed_ratio.value }}"
    sheet["A3"], sheet["B3"] = "{{nursing_bed_ratio.numerator}} 张 / {{nursing_bed_ratio.denominator}} 张", "=1+1"
    book.defined_names["nursing_bed_ratio_last_month"] = DefinedName(
        "nursing_bed_ratio_last_month", attr_text=f"'{sheet.title}'!$C$2"
    )
    out = io.BytesIO()
    book.save(out)
    with shelf.work("officer") as work:
        form_id = keep_form(work.session, work.now, work.actor, "区里的月报表", out.getvalue())
        assert [form.fields for form in forms_of(work.session, STREET, STREET)] == [5]
        content = gather(work.session, Asked(STREET, OCTOBER, work.now))
        filled = load_workbook(io.BytesIO(fill_form(find_form(work.session, form_id).content, content, "abc"))).active
    assert (filled["B2"].value, filled["C2"].value, filled["A3"].value) == (60, 40, "6 张 / 10 张")
    assert (
        filled["A2"].value == "护理型床位占比（%）"
        and filled["B3"].value == "=1+1"
        and "2026年10月" in filled["A1"].value
    )
    sheet["D1"] = "{{no_such_thing.value}}"
    book.save(out := io.BytesIO())
    with pytest.raises(BadForm, match="no_such_thing"):
        fill_form(out.getvalue(), content, "abc")
    for junk in (b"", b"PK junk", b"x" * (2 * 1024 * 1024 + 1)):
        with shelf.work("officer") as work, pytest.raises(BadForm):
            keep_form(work.session, work.now, work.actor, "坏的", junk)
    with shelf.work("officer") as work:
        put_form_away(work.session, work.now, work.actor, form_id)
        assert forms_of(work.session, STREET, STREET) == []
