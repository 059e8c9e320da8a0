"""An invented city of three districts side by side, in which a list can go wrong in every way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

ROOT = Path(__file__).resolve().parents[3]
CITY = 320100000000000
WEST, EAST, SOUTH = 118.70, 118.80, 32.00
"""West of 118.75 lies 鼓楼区, east of it 玄武区, and 秦淮区 south of 32.00; each reaches 0.05 degrees and more."""
DISTRICTS = {
    320102000000000: ("玄武区", (118.75, 32.00, 118.80, 32.05)),
    320106000000000: ("鼓楼区", (118.70, 32.00, 118.75, 32.05)),
    320104000000000: ("秦淮区", (118.70, 31.95, 118.80, 32.00)),
}
COMMUNITY = 320102002001000


@dataclass
class ListCity:
    """The city, and short ways to take a list in."""

    database: Any

    def rows(self, question: str, **facts: Any) -> list[Any]:
        """Ask the database as the house."""
        from services.unit_of_work import SYSTEM, unit_of_work

        with unit_of_work(SYSTEM, login="jobs") as work:
            return list(work.session.connection().execute(text(question), facts).all())

    def judge(self, kind: str, content: Any, **more: Any) -> Any:
        """Judge a list and write nothing."""
        return self._do(kind, content, write=False, **more)

    def take(self, kind: str, content: Any, **more: Any) -> dict[str, int]:
        """Take a list over; gives the run's counts."""
        return self._do(kind, content, write=True, **more)

    def _do(self, kind: str, content: Any, *, write: bool, crs: str | None = "wgs84", **more: Any) -> Any:
        from services.oversight.importing import ListWish, ground_of, judge, read_list, take_list
        from services.unit_of_work import SYSTEM, unit_of_work

        raw = content if isinstance(content, bytes) else (
            content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        ).encode()  # fmt: skip
        with unit_of_work(SYSTEM, login="jobs") as work:
            read = read_list(ListWish(kind, "list", raw, CITY, crs, **more))
            ground = ground_of(work.session, CITY, source=read.mapping.source or "")
            judged = judge(work.session, work.now, ground, read)
            if not write:
                return judged
            return take_list(work.session, work.now, work.actor, ground, read, judged)[1]

    def waiting(self, **more: Any) -> list[Any]:
        """Give the rows that wait."""
        from services.intake.runs import waiting_rows
        from services.unit_of_work import SYSTEM, unit_of_work

        with unit_of_work(SYSTEM, login="jobs") as work:
            return waiting_rows(work.session, limit=500, **more)

    def mend(self, row_id: int, **changes: str) -> bool:
        """Mend a waiting row and try it again."""
        from services.intake.runs import change_row, find_row, sealed, unsealed
        from services.oversight.importing import try_row
        from services.people.taking import SECRETS
        from services.unit_of_work import SYSTEM, unit_of_work

        with unit_of_work(SYSTEM, login="jobs") as work:
            cells = unsealed(SECRETS, find_row(work.session, row_id).raw_sealed) | changes
            change_row(work.session, row_id, raw_sealed=sealed(SECRETS, cells))
            return try_row(work.session, work.now, work.actor, row_id)


@pytest.fixture
def city(database: Any, now: Any) -> ListCity:
    """The rules of Dongying and Shanghai, three districts and one community with outlines, 康乐 as provider."""
    from services.cities.actions import load_pack
    from services.directory.tables import Provider
    from services.unit_of_work import SYSTEM, unit_of_work

    draw = text(
        "INSERT INTO area (code, level, name, parent_code, geom) VALUES (:code, :level, :name, :parent, "
        "ST_Multi(ST_MakeEnvelope(:w, :s, :e, :n, 4326))) ON CONFLICT (code) DO UPDATE SET geom = excluded.geom"
    )
    with unit_of_work(SYSTEM, login="setup") as work:
        for name in ("dongying", "shanghai", "nanjing_demo"):
            load_pack(work.session, work.now, ROOT / f"sample_data/cities/{name}.toml")
        for code, (name, (west, south, east, north)) in DISTRICTS.items():
            work.session.connection().execute(
                draw,
                {"code": code, "level": "district", "name": name, "parent": CITY, "w": west, "s": south, "e": east,
                 "n": north},
            )  # fmt: skip
        work.session.connection().execute(
            draw,
            {"code": COMMUNITY, "level": "community", "name": "梅园社区", "parent": 320102002000000, "w": 118.76,
             "s": 32.01, "e": 118.77, "n": 32.02},
        )  # fmt: skip
        work.session.add(
            Provider(code="kangle", name="康乐", kind="company", area_code=COMMUNITY, phone="025-1", created_at=now)
        )
    return ListCity(database)
