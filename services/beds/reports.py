"""Two sources for what is counted: what the home reports, what an inspector finds; and the value an officer chose, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, text
from sqlmodel import Session

from services.acts import record_act
from services.beds.errors import BadBedFacts, BadDays, NothingReported
from services.beds.grounds import home_to_run, officer_of, said
from services.beds.register_tables import COUNTED, BedOfficial, BedReport
from services.beds.snapshots import carries
from services.clock import civil_date
from services.columns import table_of
from services.unit_of_work import Actor

_report, _official = table_of(BedReport), table_of(BedOfficial)
SHOWN_DAYS = 92
"""How far back open differences are listed."""


@dataclass(frozen=True)
class TwoSources:
    """One count of one home on one day: the register's own, what each source says, and what was chosen.

    `open`: the sources differ and nobody chose since.
    """

    facility_id: int
    facility_name: str
    area_code: int
    day: date
    fact: str
    register: int
    home: int | None
    home_at: datetime | None
    inspector: int | None
    inspector_at: datetime | None
    official: int | None
    official_source: str | None
    official_reason: str | None
    open: bool

    @property
    def differs(self) -> bool:
        """Tell whether any two of the three disagree."""
        return len({one for one in (self.register, self.home, self.inspector) if one is not None}) > 1


def report_beds(
    session: Session, now: datetime, actor: Actor, facility_id: int, day: date, counts: dict[str, int], note: str = ""
) -> None:
    """Write down what a home counted on a day, or what an inspector of its area found.

    Who dispatches for the home speaks as the home, an officer of its area as inspector. Raises HomeNotFound,
    NotForYourOffice, BadDays (a day to come), BadBedFacts.
    """
    home, ground = home_to_run(session, actor, facility_id)
    if day > civil_date(now):
        raise BadDays("不能填报以后的日子。", field="day")
    if not counts or not set(counts) <= set(COUNTED) or not all(0 <= one <= 100_000 for one in counts.values()):
        raise BadBedFacts(field="total")
    most = counts.get("total")
    if most is not None and any(one > most for one in counts.values()):
        raise BadBedFacts("护理型、认知症或入住数不能多于总床位。", field="total")
    source = "home" if ground.startswith("provider:") else "inspector"
    rows = [
        {
            "facility_id": facility_id, "provider_id": home.provider_id, "area_code": home.area_code, "day": day,
            "fact": fact, "source": source, "value": value, "note": note.strip()[:500], "reported_by": actor.person_id,
            "reported_at": now,
        }
        for fact, value in counts.items()
    ]  # fmt: skip
    session.connection().execute(insert(_report), rows)
    record_act(
        session, now, actor, "report_beds", by_right=ground, area_code=home.area_code, subject=("facility", facility_id),
        facts={"source": source, "day": day.isoformat(), **counts},
    )  # fmt: skip


def choose_official(
    session: Session, now: datetime, actor: Actor, facility_id: int, day: date, fact: str, source: str, reason: str
) -> int:
    """Choose whose count is the official one for a day, and why; gives the value. By an officer of the home's area.

    Raises HomeNotFound, NotForYourOffice, BadBedFacts, NothingReported, SayWhy.
    """
    home, _ = home_to_run(session, actor, facility_id)
    officer_of(actor, home.area_code)
    if fact not in COUNTED or source not in ("home", "inspector", "register"):
        raise BadBedFacts(field="fact" if fact not in COUNTED else "source")
    value = getattr(next(one for one in sources_on(session, facility_id, day) if one.fact == fact), source)
    if value is None:
        raise NothingReported(source=source, fact=fact, day=day.isoformat())
    session.connection().execute(
        insert(_official).values(
            facility_id=facility_id, provider_id=home.provider_id, area_code=home.area_code, day=day, fact=fact,
            source=source, value=value, reason=said(reason), chosen_by=actor.person_id, chosen_at=now,
        )
    )  # fmt: skip
    record_act(
        session, now, actor, "choose_official_beds", area_code=home.area_code, subject=("facility", facility_id),
        facts={"day": day.isoformat(), "fact": fact, "source": source, "value": value, "reason": reason},
    )  # fmt: skip
    return int(value)


_COUNT = f"""
    SELECT count(*) AS total, count(*) FILTER (WHERE {carries("nursing", "d.day")}) AS nursing,
      count(*) FILTER (WHERE {carries("dementia", "d.day")}) AS dementia, count(y.id) AS occupied
    FROM bed b LEFT JOIN bed_stay y ON y.bed_id = b.id AND y.during @> d.day
    WHERE b.facility_id = d.facility_id AND b.kind <> 'home' AND b.opened_on <= d.day
      AND (b.closed_on IS NULL OR b.closed_on > d.day)
"""
_NEWEST = """
    LEFT JOIN LATERAL (SELECT r.value, r.reported_at FROM bed_report r WHERE r.facility_id = d.facility_id AND r.day = d.day
      AND r.fact = d.fact AND r.source = '{source}' ORDER BY r.id DESC LIMIT 1) AS {source} ON true
"""
_SOURCES = f"""
    SELECT f.id AS facility_id, f.name AS facility_name, f.area_code, d.day, d.fact,
      CASE d.fact WHEN 'total' THEN c.total WHEN 'nursing' THEN c.nursing WHEN 'dementia' THEN c.dementia
        ELSE c.occupied END AS register,
      home.value AS home, home.reported_at AS home_at, inspector.value AS inspector,
      inspector.reported_at AS inspector_at, o.value AS official, o.source AS official_source,
      o.reason AS official_reason, COALESCE(o.chosen_at < GREATEST(home.reported_at, inspector.reported_at), true) AS unchosen
    FROM ({{days}}) AS d JOIN facility f ON f.id = d.facility_id
    CROSS JOIN LATERAL ({_COUNT}) AS c
    {_NEWEST.format(source="home")} {_NEWEST.format(source="inspector")}
    LEFT JOIN LATERAL (SELECT * FROM bed_official x WHERE x.facility_id = d.facility_id AND x.day = d.day
      AND x.fact = d.fact ORDER BY x.id DESC LIMIT 1) AS o ON true
    ORDER BY d.day DESC, f.name, f.id, array_position(ARRAY['total', 'nursing', 'dementia', 'occupied'], d.fact)
"""
_ONE_DAY = """
    SELECT CAST(:home AS bigint) AS facility_id, CAST(:day AS date) AS day, fact
    FROM unnest(ARRAY['total', 'nursing', 'dementia', 'occupied']) AS fact
"""
_REPORTED = """
    SELECT DISTINCT facility_id, day, fact FROM bed_report
    WHERE area_code BETWEEN :lo AND :hi AND day BETWEEN :since AND :until
"""


def sources_on(session: Session, facility_id: int, day: date) -> list[TwoSources]:
    """Give the four counts of a home on a day, each with both sources and the official value, as far as one may see."""
    return _sources(session, _ONE_DAY, home=facility_id, day=day)


def differences(session: Session, lo: int, hi: int, until: date) -> list[TwoSources]:
    """Give the counts of the last three months on which the sources differ, the newest day first."""
    values = {"lo": lo, "hi": hi, "until": until, "since": until - timedelta(days=SHOWN_DAYS)}
    return [one for one in _sources(session, _REPORTED, **values) if one.differs]


def _sources(session: Session, days: str, **values: Any) -> list[TwoSources]:
    found = []
    for row in session.connection().execute(text(_SOURCES.format(days=days)), values):
        told = dict(row._mapping)
        unchosen = told.pop("unchosen")
        one = TwoSources(**told, open=False)
        found.append(TwoSources(**told, open=bool(unchosen and one.differs)))
    return found
