"""The scene before the story: database, district, streets, circles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import text
from sqlmodel import Session

from geo.store import import_network
from services import migrating
from services.acts import record_act
from services.circles.actions import refresh_reach
from services.circles.coverage import coverage
from services.clock import read_now
from services.directory.importer import import_facilities
from services.unit_of_work import COMMAND_LINE, SYSTEM, UnitOfWork, engine, forget_engines, unit_of_work
from workers.district.build import build_district
from workers.district.world import CITY_CODE
from workers.story.telling import Telling, expect

ROOT = Path(__file__).resolve().parents[2]
OSM = ROOT / "sample_data" / "osm" / "nanjing_xuanwu_2021-06.osm.xml.gz"
FACILITIES = ROOT / "sample_data" / "district" / "facilities_gcj02.csv"


class NotADemonstration(RuntimeError):
    """The database holds something that was not invented; `--reset` will not touch it."""


def erase_demonstration() -> None:
    """Empty the database so that the demonstration can start over; refuses a database with real people in it."""
    with engine("setup").begin() as connection:
        there = connection.execute(text("SELECT to_regclass('public.person')")).scalar()
        if there and connection.execute(text("SELECT EXISTS (SELECT FROM person WHERE NOT invented)")).scalar():
            raise NotADemonstration("数据库里有真实人员，不能用 --reset 清空")
        for schema in ("public", "geo", "timebank"):
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    forget_engines()


def set_scene(telling: Telling) -> None:
    """Bring database and district up; what stands already is left alone."""
    with telling.step("数据库升级到最新版本"):
        migrating.upgrade()
    with telling.step("演示社区：真实街道，虚构人物") as lines:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=telling.console, transient=True) as bar:
            task = bar.add_task("生成 6000 位老人与 14 个月历史", total=None)
            with Session(engine("setup"), expire_on_commit=False) as session, session.begin():
                built = build_district(
                    session, read_now(session), progress=lambda said: bar.update(task, description=said)
                )
        lines.append(
            "已存在，未改动"
            if built.already
            else f"{built.elders} 位老人，{sum(built.rows.values())} 行，校验和 {built.checksum[:12]}"
        )


def draw_circles(telling: Telling) -> dict[str, Any]:
    """Import the walking network and the facilities, fill the reach table; gives the coverage for `--json`."""
    with telling.step("导入步行路网（OpenStreetMap）与 GCJ-02 设施表", "/officer/map") as lines:
        with unit_of_work(SYSTEM, login="jobs") as work:
            network = import_network(work.session, work.now, OSM, CITY_CODE, "南京玄武（演示）")
            taken = import_facilities(
                work.session,
                work.now,
                SYSTEM,
                FACILITIES.read_text(encoding="utf-8"),
                crs="gcj02",
                city_code=CITY_CODE,
                invented=True,
            )
            expect(not taken.refused, f"设施表被拒绝：{taken.refused[:1]}")
            if network.changed:
                _record(work, "import_network", {"name": network.name, "source": network.source_name})
            if taken.created or taken.updated:
                _record(work, "import_facilities", {"created": taken.created, "updated": taken.updated})
        report = network.report
        lines.append(
            f"路网 {report['nodes']} 点 {report['edges']} 边，{report['components']} 个连通块，可信度 {report['confidence']}"
        )
        lines.append(f"设施 {taken.rows} 处：新增 {taken.created}，更新 {taken.updated}，未变 {taken.unchanged}")
    with telling.step("沿真实道路计算每位老人的步行可达", "/officer/map") as lines:
        with unit_of_work(SYSTEM, login="jobs") as work:
            refreshed = refresh_reach(work.session, work.now, CITY_CODE)
            _record(work, "refresh_circles", {"elders": refreshed.elders, "reach_rows": refreshed.reach_rows})
            seen = coverage(work.session, CITY_CODE)
        lines.append(
            f"{refreshed.reach_rows} 行可达，{refreshed.elders} 位老人，地图边缘 {refreshed.elders_in_margin} 位不计入统计"
        )
        for tier in seen.tiers:
            share = "–" if not tier.total else f"{tier.reached / tier.total:.1%}"
            lines.append(
                f"[{tier.label or '实测'}] {tier.tier_name} · {tier.profile_name}：{share}（{tier.reached}/{tier.total}），直线 {tier.straight_line}"
            )
    figures: dict[str, Any] = {}
    for tier in seen.tiers:
        figures.setdefault(tier.tier_code, {})[tier.profile] = {
            "reached": tier.reached,
            "total": tier.total,
            "straight_line": tier.straight_line,
        }
    return figures


def _record(work: UnitOfWork, verb: str, facts: dict[str, Any]) -> None:
    record_act(work.session, work.now, COMMAND_LINE, verb, area_code=CITY_CODE, facts=facts)
