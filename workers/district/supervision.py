"""The district's institutions under supervision: filed, graded, with fire papers, one round each, a draw, a case."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text

from services.supervision import checklists, inspections, inspectors
from services.supervision.checklists import load_checklist
from services.unit_of_work import SYSTEM, Actor
from workers.district.sample_files import ROOT
from workers.district.world import CITY_CODE, World

CHECKLISTS_FOLDER = ROOT / "sample_data" / "checklists"
_HOMES = text(
    "SELECT f.id, f.code, f.name, row_number() OVER (ORDER BY f.code) AS place FROM facility f"
    " WHERE f.invented AND f.type_code IN ('care_home', 'support_home') ORDER BY f.code"
)
_FILED = text(
    "INSERT INTO institution_filing (facility_id, area_code, step, filing_number, authority, on_day, documents, note,"
    " recorded_at) VALUES (:site, 1, 'filed', :number, '区民政局（演示）', :day, '{营业执照,消防验收}', '', :now)"
)
_GRADED = text(
    "INSERT INTO institution_grade (facility_id, area_code, grade, standard, certificate_number, issuer, issuing_level,"
    " issued_on, expires_on, recorded_at, mistaken) VALUES (:site, 1, :grade, 'GB/T 37276-2018', :number,"
    " '市养老机构等级评定委员会（演示）', 'city', :day, :until, :now, false)"
)
_PAPER = text(
    "INSERT INTO site_certificate (facility_id, area_code, kind, certificate_number, issuer, issued_on, expires_on,"
    " recorded_at) VALUES (:site, 1, :kind, :number, :issuer, :day, :until, :now)"
)
GRADES = (3, 4, 2, None, 3, 1)


def write_supervision(world: World) -> None:
    """Write filings, grades and papers of every home, one round through each, and an inspector of the city.

    One home is not graded, one grade and one fire paper end soon, one round found something: there is something to do.
    """
    session, now = world.session, world.now
    for path in sorted(CHECKLISTS_FOLDER.glob("*.toml")):
        load_checklist(session, now, SYSTEM, path)
    connection = session.connection()
    homes = connection.execute(_HOMES).all()
    for home in homes:
        grade = GRADES[(home.place - 1) % len(GRADES)]
        issued = world.today - timedelta(days=990 if home.place == 1 else 300 + 40 * home.place)
        facts = {"site": home.id, "now": now, "day": date(issued.year, 1, 15)}
        connection.execute(_FILED, {**facts, "number": f"YL-BA-{home.code}"})
        if grade is not None:
            until = {
                "grade": grade,
                "number": f"YL-DJ-{home.code}",
                "day": issued,
                "until": issued + timedelta(days=1095),
            }
            connection.execute(_GRADED, {**facts, **until})
        for kind, issuer, days in (
            ("fire", "消防救援大队（演示）", 25 * home.place),
            ("food", "市场监管局（演示）", 400),
        ):
            ends = {
                "kind": kind,
                "issuer": issuer,
                "number": f"YL-{kind}-{home.code}",
                "until": world.today + timedelta(days=days),
            }
            connection.execute(_PAPER, {**facts, **ends})
    _rounds(world, [home.id for home in homes])


def _rounds(world: World, homes: list[int]) -> None:
    """A round through each home by the city's officer: all but one found nothing."""
    session, now = world.session, world.now
    officer = Actor(
        person_id=world.cast["zhao"], role="officer", channel="demonstration", area_lo=CITY_CODE,
        area_hi=CITY_CODE + 10**11 - 1, roles=("officer",),
    )  # fmt: skip
    inspectors.appoint(session, now, officer, world.cast["zhao"], "YL-ZF-001", "区民政局（演示）")
    inspectors.appoint(session, now, officer, world.cast["qian"], "YL-ZF-002", "区民政局（演示）")
    if homes:
        inspectors.watch_closely(session, now, officer, homes[-1], "去年检查有两项不合格")
    items = [item.code for item in checklists.checklist_on(session, "gb38600", world.today).paper.items]
    for place, site in enumerate(homes):
        on = world.today - timedelta(days=12 + 9 * place)
        round_id = inspections.plan_inspection(session, now, officer, site, "gb38600", "routine", on)
        found = dict.fromkeys(items, "pass")
        if place == 1:
            found |= {"night_patrol": "fail", "hand_over": "fail"}
        said = "夜间巡查和交接班记录不全，限期整改" if place == 1 else "符合要求"
        inspections.record_inspection(
            session, now, officer, round_id, visited_on=on, inspectors=("YL-ZF-001", "YL-ZF-002"), results=found,
            conclusion=said,
        )  # fmt: skip
