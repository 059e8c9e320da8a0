"""Official counts of people in areas (常住人口, 60岁以上): what a plan's "per 1,000" divides by, with day and source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityPack
from services.cities.queries import find_area
from services.cities.rules import area_range, written_code
from services.clock import civil_date
from services.columns import table_of
from services.oversight.errors import BadStatistic, NotADesk, StatisticNotFound, StatisticStandsAlready
from services.oversight.tables import AreaStatistic
from services.unit_of_work import Actor

WHATS = ("residents", "elders_60", "elders_65", "elders_80")
WHAT_ZH = {"residents": "常住人口", "elders_60": "60岁及以上", "elders_65": "65岁及以上", "elders_80": "80岁及以上"}
WHAT_EN = {"residents": "residents", "elders_60": "aged 60 and over", "elders_65": "aged 65 and over", "elders_80": "aged 80 and over"}  # fmt: skip
OLDEST = date(1990, 1, 1)
MOST_PEOPLE = 100_000_000
_statistic = table_of(AreaStatistic)


@dataclass(frozen=True)
class NewStatistic:
    """One count of people: in which area (15 digits), from which age on, on which day, how many, read where."""

    area_code: int
    what: str
    counted_on: date
    value: int
    source: str
    note: str = ""
    assumed: bool = False


_STANDING = text(
    "SELECT s.id, s.area_code, a.name AS area_name, a.level, s.what, s.counted_on, s.value, s.source, s.note, s.assumed,"
    " s.recorded_at, s.recorded_by, s.withdrawn_at, s.withdrawn_because,"
    " s.withdrawn_at IS NULL AND NOT EXISTS (SELECT FROM area_statistic n WHERE n.area_code = s.area_code"
    "  AND n.what = s.what AND n.withdrawn_at IS NULL AND (n.counted_on, n.recorded_at) > (s.counted_on, s.recorded_at))"
    "  AS newest"
    " FROM area_statistic s LEFT JOIN area a ON a.code = s.area_code WHERE s.area_code BETWEEN :lo AND :hi"
    " AND (CAST(:what AS text) IS NULL OR s.what = :what)"
    " ORDER BY s.area_code, s.what, s.counted_on DESC, s.recorded_at DESC LIMIT :most OFFSET :skip"
)

_PACK = text("SELECT document FROM city_pack_version WHERE id = :id")


def statistics_of(
    session: Session, area_code: int, *, what: str | None = None, most: int = 500, skip: int = 0
) -> list[Row[Any]]:
    """Give the official counts of an area and of all inside it, newest first in each; withdrawn ones too."""
    lo, hi = area_range(area_code)
    asked = {"lo": lo, "hi": hi, "what": what, "most": most, "skip": skip}
    return list(session.connection().execute(_STANDING, asked))


def statistics_counted(session: Session, area_code: int) -> int:
    """Give how many counts `statistics_of` has in all."""
    lo, hi = area_range(area_code)
    statement = text("SELECT count(*) FROM area_statistic WHERE area_code BETWEEN :lo AND :hi")
    return int(session.connection().execute(statement, {"lo": lo, "hi": hi}).scalar_one())


def why_not(new: NewStatistic, today: date) -> str:
    """Say what is wrong with a count, in Chinese; empty when nothing is."""
    if new.what not in WHATS:
        return "请选是哪种人口。"
    if not OLDEST <= new.counted_on <= today:
        return "统计日期要在1990年以后、今天以前。"
    if not 0 < new.value <= MOST_PEOPLE:
        return "人数要大于0。"
    if not new.source.strip() or len(new.source) > 300 or len(new.note) > 500:
        return "请写明数字出自哪里（不超过300字）。"
    return ""


def record_statistic(session: Session, now: datetime, actor: Actor, new: NewStatistic) -> int:
    """Write down an official count of an area of one's own; gives its id. A newer word on the same day counts.

    Raises NotADesk, BadStatistic, UnknownArea, StatisticStandsAlready (the same number of that day stands).
    """
    _may_write(actor, new.area_code)
    wrong = why_not(new, civil_date(now))
    if wrong:
        raise BadStatistic(wrong, what=new.what, value=new.value)
    find_area(session, new.area_code)
    if _stands(session, new):
        raise StatisticStandsAlready(area_code=new.area_code, what=new.what)
    statistic_id = _write(session, now, new, actor.person_id)
    record_act(
        session, now, actor, "record_statistic", area_code=new.area_code, subject=("area_statistic", statistic_id),
        facts={"what": new.what, "value": new.value, "counted_on": new.counted_on.isoformat()},
    )  # fmt: skip
    return statistic_id


def withdraw_statistic(session: Session, now: datetime, actor: Actor, statistic_id: int, reason: str) -> None:
    """Take a wrong count back: it stays to be seen and counts no more. Raises StatisticNotFound, BadStatistic."""
    found = session.connection().execute(select(_statistic).where(_statistic.c.id == statistic_id)).one_or_none()
    if found is None or found.withdrawn_at is not None:
        raise StatisticNotFound(statistic_id=statistic_id)
    _may_write(actor, found.area_code)
    if not reason.strip() or len(reason) > 500:
        raise BadStatistic("请写明为什么撤下（不超过500字）。", field="reason")
    session.connection().execute(
        update(_statistic)
        .where(_statistic.c.id == statistic_id)
        .values(withdrawn_at=now, withdrawn_by=actor.person_id, withdrawn_because=reason.strip())
    )
    record_act(
        session, now, actor, "withdraw_statistic", area_code=found.area_code, subject=("area_statistic", statistic_id),
        facts={"reason": reason.strip()},
    )  # fmt: skip


def take_pack_statistics(session: Session, now: datetime, version_id: int) -> int:
    """Write the counts of people that a loaded pack brings; those that stand already are left. Gives how many.

    A count that was withdrawn does not come back by loading the pack again.
    """
    document = session.connection().execute(_PACK, {"id": version_id}).scalar_one()
    pack = CityPack.model_validate(document)
    if pack.rules is None:
        return 0  # a city that lives under another's rules has its own people, not theirs
    sources = {source.id: source for source in pack.sources}
    taken = 0
    for told in pack.rules.statistics:
        source = sources.get(told.source)
        new = NewStatistic(
            written_code(told.code), told.what, told.on, told.people, source.title if source else told.source,
            told.note, source is not None and source.kind in ("assumed", "invented"),
        )  # fmt: skip
        if not _stands(session, new, withdrawn=True):
            _write(session, now, new, None)
            taken += 1
    return taken


def take_statistics(session: Session, now: datetime, news: list[NewStatistic]) -> tuple[int, int]:
    """Write a list's counts for a job; gives how many are new and how many stood already."""
    fresh = [new for new in news if not _stands(session, new)]
    for new in fresh:
        _write(session, now, new, None)
    return len(fresh), len(news) - len(fresh)


def _stands(session: Session, new: NewStatistic, *, withdrawn: bool = False) -> bool:
    """Tell whether the newest word about that day says the same already."""
    query = (
        select(_statistic.c.value, _statistic.c.source)
        .where(
            _statistic.c.area_code == new.area_code, _statistic.c.what == new.what,
            _statistic.c.counted_on == new.counted_on,
        )
        .order_by(_statistic.c.recorded_at.desc(), _statistic.c.id.desc())
    )  # fmt: skip
    if withdrawn:
        return (new.value, new.source) in [tuple(row) for row in session.connection().execute(query)]
    newest = session.connection().execute(query.where(_statistic.c.withdrawn_at.is_(None)).limit(1)).one_or_none()
    return newest is not None and (newest.value, newest.source) == (new.value, new.source)


def _write(session: Session, now: datetime, new: NewStatistic, person_id: int | None) -> int:
    values = {
        "area_code": new.area_code, "what": new.what, "counted_on": new.counted_on, "value": new.value,
        "source": new.source.strip(), "note": new.note.strip(), "assumed": new.assumed, "recorded_at": now,
        "recorded_by": person_id,
    }  # fmt: skip
    return int(
        session.connection().execute(insert(_statistic).values(**values).returning(_statistic.c.id)).scalar_one()
    )


def _may_write(actor: Actor, area_code: int) -> None:
    lo, hi = actor.area_lo, actor.area_hi
    if actor.role != "officer" or actor.read_only or lo is None or hi is None or not lo <= area_code <= hi:
        raise NotADesk("人口数由本辖区的民政干部登记。", area_code=area_code)
