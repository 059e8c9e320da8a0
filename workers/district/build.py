"""Builds the demonstration district in one transaction: ground, people, fourteen months of their lives.

The same seed at the same moment gives the same district; `checksum` is the proof. Everything is invented and
marked so, except the streets and buildings.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, text
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.oversight.counting import count_city
from services.people.tables import Person
from services.unit_of_work import COMMAND_LINE
from workers.district import care_history, cast, entitlements, ground, people, visit_history, volunteer_history
from workers.district.bed_history import take_snapshots, write_register, write_stays
from workers.district.bulk import Bulk
from workers.district.care_tasks import write_tasks
from workers.district.drawn_files import read_district
from workers.district.sample_files import DISTRICT_FOLDER, read_names
from workers.district.supervision import write_supervision
from workers.district.world import CITY_CODE, HISTORY_MONTHS, World

Progress = Callable[[str], None]

CHECKED = (
    "SELECT full_name, gender, born_on, area_code, ST_AsText(home) FROM person WHERE invented ORDER BY id",
    "SELECT living, groups, care_level, registered_on FROM elder ORDER BY person_id",
    "SELECT code, type_code, area_code, ST_AsText(geom) FROM facility WHERE invented ORDER BY code",
    "SELECT label, nursing_from, dementia FROM bed ORDER BY id",
    "SELECT during FROM bed_stay ORDER BY id",
    "SELECT order_number, service_code, starts_at, state, price_fen, government_fen FROM care_order ORDER BY id",
    "SELECT face, comment FROM rating ORDER BY id",
    "SELECT outcome, channel, happened_at FROM visit_attempt ORDER BY id",
    "SELECT kind, state, starts_at FROM need ORDER BY id",
    "SELECT service_minutes, state FROM volunteer_session ORDER BY id",
)


@dataclass
class Built:
    """What a build made: rows by table, the cast's ids, the seconds each part took, and the checksum."""

    already: bool
    elders: int
    rows: dict[str, int] = field(default_factory=dict)
    cast: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    checksum: str = ""


def build_district(
    session: Session,
    now: datetime,
    *,
    seed: int = 2026,
    elders: int = 6000,
    months: int = HISTORY_MONTHS,
    progress: Progress = lambda message: None,
) -> Built:
    """Build the demonstration district in the caller's transaction; a district that stands is left alone.

    `session` must be of the `setup` login (it writes for everybody). `progress` hears one Chinese line a
    part. Raises ValueError for fewer than 50 elders or less than one month.
    """
    if elders < 50 or months < 1:
        raise ValueError("演示社区至少50位老人、1个月历史 (at least 50 elders and one month)")
    person = table_of(Person)
    standing: int = (
        session.connection().execute(select(func.count()).select_from(person).where(person.c.invented)).scalar_one()
    )
    if standing:
        return Built(already=True, elders=standing)
    clock = _Stopwatch(progress)
    district = read_district(DISTRICT_FOLDER)
    ground.load_ground(session, now, district)
    clock.done("ground", "街道、社区、小区已就位")
    world = _world(session, now, seed, elders, months)
    _people(world, clock)
    _history(world, clock)
    built = Built(False, len(world.elders), world.bulk.written, world.cast, clock.seconds)
    session.connection().execute(text("ANALYZE"))  # a planner that knows nothing of the new rows takes seconds a month
    built.checksum = checksum(session)
    clock.done("checksum", f"校验和 {built.checksum[:12]}")
    facts = {"seed": seed, "elders": built.elders, "months": months, "checksum": built.checksum}
    record_act(session, now, COMMAND_LINE, "build_district", area_code=CITY_CODE, facts=facts)
    return built


def checksum(session: Session) -> str:
    """Give a SHA-256 over what was invented, leaving out sealed fields, which differ each time they are sealed."""
    digest = hashlib.sha256()
    session.connection().execute(text("SET LOCAL TimeZone = 'UTC'"))
    for query in CHECKED:
        inner = f"SELECT md5(string_agg(md5(t::text), '' )) FROM ({query}) AS t"
        digest.update(str(session.connection().execute(text(inner)).scalar()).encode())
    return digest.hexdigest()


def _world(session: Session, now: datetime, seed: int, elders: int, months: int) -> World:
    district = read_district(DISTRICT_FOLDER)
    today = civil_date(now)
    return World(
        session=session,
        bulk=Bulk(session),
        now=now,
        today=today,
        seed=seed,
        rules=rules_in_force(session, CITY_CODE, today),
        district=district,
        names=read_names(),
        area_names={area.code: area.name for area in district.areas},
        elder_count=elders,
        months=months,
    )


def _people(world: World, clock: _Stopwatch) -> None:
    ground.write_menu(world)
    ground.write_providers(world)
    ground.write_facilities(world)
    ground.write_service_lines(world)
    people.write_offices(world)
    cast.write_cast(world)
    people.write_carers(world)
    people.write_elders(world)
    people.write_former_residents(world)
    people.write_volunteers(world)
    entitlements.write_entitlements(world)
    entitlements.write_duties(world)
    world.bulk.write()
    ground.write_people(world)
    write_supervision(world)
    clock.done("people", f"{len(world.elders)}位老人住进了真实的楼里，设施{len(world.facilities)}处")


def _history(world: World, clock: _Stopwatch) -> None:
    write_stays(world)
    care_history.write_care_history(world)
    clock.done("care", "点单与上门服务的历史已生成")
    visit_history.write_attempts(world)
    sessions = volunteer_history.write_volunteer_history(world)
    clock.done("visits", "探访与志愿服务的历史已生成")
    world.bulk.write()
    clock.done("copy", "历史已写入")
    write_tasks(world)
    write_register(world)
    take_snapshots(world)
    count_city(world.session, world.now, CITY_CODE)
    volunteer_history.post_minutes(world, sessions)
    clock.done("minutes", f"时间银行记入{len(sessions)}次服务")
    world.session.connection().execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    world.session.connection().execute(text("ANALYZE"))
    clock.done("analyze", "索引统计已更新")


class _Stopwatch:
    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._since = time.monotonic()

    def done(self, part: str, message: str) -> None:
        """Note the seconds since the last part, and tell what is done."""
        self.seconds[part] = round(time.monotonic() - self._since, 2)
        self._since = time.monotonic()
        self._progress(message)
