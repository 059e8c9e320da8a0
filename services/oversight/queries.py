"""The officer's desk: one street's figures, each with its definition, its day, and its rows one call away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session

from services.beds.errors import UnknownRatio
from services.beds.ratio import Ratio, TrendPoint, nursing_ratio, ratio_trend
from services.circles.coverage import Coverage, coverage
from services.circles.errors import NotYetComputed
from services.cities.queries import area_names, city_of_area
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.language import for_reader
from services.oversight.administrative import AdministrativeCoverage, administrative_coverage
from services.oversight.errors import NotADesk
from services.oversight.tables import LedgerCheck
from services.unit_of_work import Actor
from services.visits.compliance import MonthlyCompliance, month_compliance
from services.visits.queries import open_escalations

_check = table_of(LedgerCheck)
LEDGER_ZH = "时间银行全部分录逐笔重算：借贷相抵、余额、冻结、序号、哈希链一致。"
LEDGER_EN = "Every entry of the time bank added up again: debits equal credits, balances, holds, numbering and hash chain agree."
ESCALATIONS_ZH = "敲门或电话无人应答、尚未由责任人办结的老人；无人应答不算探访。"
ESCALATIONS_EN = (
    "Elders who answered neither door nor phone and whose case nobody has closed yet; an unanswered knock is no visit."
)


@dataclass(frozen=True)
class LedgerState:
    """The last full check of the time bank; `ok` None: never checked yet."""

    ok: bool | None
    checked_at: datetime | None
    first_bad: str | None
    transfers: int
    definition: str


@dataclass(frozen=True)
class OpenEscalation:
    """An unanswered door on the desk: whose, in whose hands, until when."""

    id: int
    elder_id: int
    elder_name: str | None
    area_code: int
    visit_class: str | None
    step: int
    in_charge_id: int
    in_charge_name: str | None
    opened_at: datetime
    due_at: datetime
    overdue: bool


@dataclass(frozen=True)
class BedFigures:
    """The nursing-bed ratio of the city's homes and its trend, and the homes of one's own area."""

    city: Ratio
    area: Ratio
    trend: list[TrendPoint]


@dataclass(frozen=True)
class Desk:
    """What an officer sees on Monday morning; `coverage` None: no walk was computed yet."""

    area_code: int
    area_name: str
    city_code: int
    as_of: date
    coverage: Coverage | None
    administrative: list[AdministrativeCoverage]
    beds: BedFigures | None
    visits: MonthlyCompliance
    escalations: list[OpenEscalation]
    escalations_definition: str
    ledger: LedgerState


def desk_area(actor: Actor) -> int:
    """Give the area an office covers: the first code of its range. Raises NotADesk."""
    if (
        actor.area_lo is None
        or actor.area_hi is None
        or not actor.has_role("officer", "advisor", "auditor", "operator")
    ):
        raise NotADesk(role=actor.role)
    return actor.area_lo


def officers_desk(session: Session, actor: Actor, now: datetime) -> Desk:
    """Give the figures of the actor's own area; row-level security lets her see no other elder.

    Beds are facts about homes, so the ratio is shown for the city (where the target holds) and for her area.
    Raises NotADesk, UnknownCity, NoRulesInForce.
    """
    area = desk_area(actor)
    assert actor.area_hi is not None
    today, city = civil_date(now), city_of_area(session, area)
    return Desk(
        area_code=area,
        area_name=area_names(session, {area}).get(area, str(area)),
        city_code=city,
        as_of=today,
        coverage=_coverage(session, city, area),
        administrative=administrative_coverage(session, area, today),
        beds=bed_figures(session, actor, now),
        visits=month_compliance(session, now, today, lo=area, hi=actor.area_hi, level="community"),
        escalations=escalations_on_desk(session, actor, now),
        escalations_definition=for_reader(ESCALATIONS_ZH, ESCALATIONS_EN),
        ledger=ledger_state(session),
    )


def _coverage(session: Session, city: int, area: int) -> Coverage | None:
    try:
        return coverage(session, city, area)
    except NotYetComputed:
        return None


def bed_figures(session: Session, actor: Actor, now: datetime) -> BedFigures | None:
    """Give the ratio of city and own area with the city's 14-month trend; None: the rules define no ratio."""
    area, today = desk_area(actor), civil_date(now)
    city = city_of_area(session, area)
    city_hi = area_range(city)[1]
    assert actor.area_hi is not None
    try:
        return BedFigures(
            city=nursing_ratio(session, city, today, lo=city, hi=city_hi),
            area=nursing_ratio(session, city, today, lo=area, hi=actor.area_hi),
            trend=ratio_trend(session, city, today, lo=city, hi=city_hi),
        )
    except UnknownRatio:
        return None


def escalations_on_desk(session: Session, actor: Actor, now: datetime) -> list[OpenEscalation]:
    """Give the unanswered doors of the actor's area, the most overdue first."""
    area = desk_area(actor)
    assert actor.area_hi is not None
    return [
        OpenEscalation(
            id=row.id, elder_id=row.elder_id, elder_name=row.elder_name, area_code=row.area_code,
            visit_class=row.visit_class, step=row.step, in_charge_id=row.in_charge_id,
            in_charge_name=row.in_charge_name, opened_at=row.opened_at, due_at=row.due_at, overdue=row.due_at < now,
        )
        for row in open_escalations(session, area, actor.area_hi)
    ]  # fmt: skip


def ledger_state(session: Session) -> LedgerState:
    """Give what the last full check of the time bank found."""
    last = (
        session.connection()
        .execute(select(_check).order_by(_check.c.checked_at.desc(), _check.c.id.desc()).limit(1))
        .one_or_none()
    )
    if last is None:
        return LedgerState(None, None, None, 0, for_reader(LEDGER_ZH, LEDGER_EN))
    return LedgerState(last.ok, last.checked_at, last.first_bad, last.transfers, for_reader(LEDGER_ZH, LEDGER_EN))
