"""The demonstration district on the command line: build it, or draw its communities again."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.console import Console
from sqlmodel import Session

from services.clock import read_now
from services.people.demonstration import CAST
from services.unit_of_work import engine
from workers.district.build import build_district
from workers.district.drawing import draw_district
from workers.district.drawn_files import AREAS_FILE, HOMES_FILE, areas_text, homes_text
from workers.district.facility_plan import facilities_csv
from workers.district.sample_files import DISTRICT_FOLDER, FACILITIES_FILE, OSM_FILE

app = typer.Typer(
    help="演示社区：真实街道，虚构人物 / the demonstration: real streets, invented people", no_args_is_help=True
)
_console = Console(highlight=False)
DRAWING_SEED = 2026


@app.command("build")
def build(
    seed: Annotated[int, typer.Option(help="同一种子、同一时刻得到同一个社区")] = 2026,
    elders: Annotated[int, typer.Option(min=50, help="虚构老人数")] = 6000,
    months: Annotated[int, typer.Option(min=1, help="历史月数")] = 14,
) -> None:
    """Build the district with its people and history, all or nothing; a district that stands is left alone."""
    began = time.monotonic()
    with Session(engine("setup"), expire_on_commit=False) as session, session.begin():
        built = build_district(
            session, read_now(session), seed=seed, elders=elders, months=months, progress=_console.print
        )
    if built.already:
        _console.print(f"演示社区已存在（{built.elders}位虚构人物），未作改动")
        return
    _console.print(f"完成：{sum(built.rows.values())}行，{time.monotonic() - began:.1f}秒，校验和 {built.checksum}")


@app.command("cast")
def show_cast() -> None:
    """Show who plays in the demonstration and by which phone each signs in; all are invented."""
    for one in CAST:
        _console.print(f"{one.phone}  {one.full_name}  {one.who}")


@app.command("draw")
def draw() -> None:
    """Draw communities, quarters, homes and facilities over the map again and write sample_data/district."""
    drawing = draw_district(OSM_FILE)
    (DISTRICT_FOLDER / AREAS_FILE).write_text(areas_text(drawing), encoding="utf-8")
    (DISTRICT_FOLDER / HOMES_FILE).write_text(homes_text(drawing), encoding="utf-8")
    (DISTRICT_FOLDER / FACILITIES_FILE).write_text(facilities_csv(drawing, DRAWING_SEED), encoding="utf-8")
    _console.print(f"{len(drawing.areas)}个区域，{len(drawing.homes)}栋楼 → {DISTRICT_FOLDER.name}")
