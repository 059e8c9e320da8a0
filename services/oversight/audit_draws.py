"""What an auditor draws a sample from, and the draw itself: two people with the same day's seed draw the same cases.

Nothing is written here: an auditor's transaction is read-only. The seed was promised a week before (draw_seeds.py), the
period has to be over before its day, and that she drew is an act of its own (api/audit_notes.py), so trying again until the sample
pleases is seen in the trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from services.clock import SHANGHAI
from services.errors import Invalid
from services.oversight.audit_errors import UnknownPopulation
from services.oversight.draw_seeds import seed_of_day
from services.oversight.fair_draw import public_record

MOST_ROWS = 200_000
MOST_DRAWN = 500
_PROVIDER = "(SELECT code FROM provider WHERE id = {0})"
_STREET = "(t.area_code / 1000000 * 1000000)::text"
_DAY = "({0} AT TIME ZONE 'Asia/Shanghai')::date"


@dataclass(frozen=True)
class Population:
    """Something that is drawn from: its name in two languages, its rows and day in SQL, and what it may be divided by."""

    code: str
    title_zh: str
    title_en: str
    rows: str
    day: str
    parts: dict[str, str]
    leads_to: str
    """The kind of case a drawn row opens, and how its number is found: "order:SQL"."""


POPULATIONS: dict[str, Population] = {
    one.code: one
    for one in (
        Population(
            "visits", "财政出钱的上门服务", "visits paid by government",
            "visit t JOIN care_order o ON o.id = t.order_id WHERE t.state = 'finished' AND o.government_fen + o.voucher_fen > 0",
            _DAY.format("t.checked_out_at"),
            {"provider": _PROVIDER.format("o.provider_id"), "street": _STREET, "service": "o.service_code",
             "proof": "t.check_in_proof"},
            "order:SELECT order_id FROM visit WHERE id = :id",
        ),
        Population(
            "orders", "做完的订单", "orders that were served",
            "care_order t WHERE t.state IN ('served', 'confirmed')", _DAY.format("t.starts_at"),
            {"provider": _PROVIDER.format("t.provider_id"), "street": _STREET, "service": "t.service_code"},
            "order:SELECT id FROM care_order WHERE id = :id",
        ),
        Population(
            "settlement_lines", "结算明细", "lines of accounts", "settlement_line t WHERE t.kind <> 'correction'", "t.service_day",
            {"provider": _PROVIDER.format("t.provider_id"), "service": "t.service_code"},
            "order:SELECT order_id FROM settlement_line WHERE id = :id",
        ),
        Population(
            "entitlements", "享受权益的判定", "decisions on entitlement", "entitlement t WHERE true", _DAY.format("t.recorded_at"),
            {"kind": "t.kind", "street": _STREET}, "order:SELECT order_id FROM entitlement_use WHERE entitlement_id = :id"
            " ORDER BY id DESC LIMIT 1",
        ),
        Population(
            "hours", "时间银行的服务", "hours of the time bank", "volunteer_session t WHERE t.state = 'confirmed'",
            _DAY.format("upper(t.during)"), {"street": _STREET, "proof": "t.proof"},
            "visit:SELECT visit_id FROM volunteer_session WHERE id = :id",
        ),
        Population(
            "glass", "紧急查看", "openings in an emergency", "break_glass t WHERE true", _DAY.format("t.asked_at"),
            {"role": "t.asker_role", "street": _STREET}, "glass:SELECT id FROM break_glass WHERE id = :id",
        ),
    )
}  # fmt: skip
PARTS_ZH = {
    "provider": "机构", "street": "街道", "service": "服务", "proof": "签到凭据", "kind": "权益种类", "role": "查看人的角色",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What is to be drawn: which population, its first and last day, how much of it, divided by what, with which day's seed."""

    population: str
    first_day: date
    last_day: date
    percent: float
    divided_by: str
    seed_day: date


@dataclass(frozen=True)
class Sample:
    """A finished draw: its public paper (fair_draw.public_record) and, per drawn row, the case it opens."""

    paper: dict[str, Any]
    total: int
    cases: list[tuple[str, str, str, int | None]]
    """(list, number, kind of case, its id or None when nothing is linked), in the order drawn."""


def last_quarter(today: date) -> tuple[date, date]:
    """Give the first and last day of the quarter before the one that runs."""
    this = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    last = this - timedelta(days=1)
    return date(last.year, (last.month - 1) // 3 * 3 + 1, 1), last


def draw_sample(session: Session, plan: Plan, lo: int, hi: int) -> Sample:
    """Draw from what the acting office sees of an area (15-digit codes), with a seed that is public by now.

    Raises UnknownPopulation, NoSeedYet, Invalid when the period is not over before the seed's day.
    """
    population = POPULATIONS.get(plan.population)
    if population is None or (plan.divided_by and plan.divided_by not in population.parts):
        raise UnknownPopulation(field="population", known=list(POPULATIONS))
    if not plan.first_day <= plan.last_day < plan.seed_day:
        raise Invalid("抽样的时段要在种子公布的那天之前结束。", field="last_day")
    if not 0 < plan.percent <= 100:
        raise Invalid("抽取比例在 0 和 100 之间。", field="percent")
    seed = seed_of_day(session, plan.seed_day)
    lists = _lists(session, population, plan, lo, hi)
    total = sum(len(rows) for rows in lists.values())
    how_many = min(MOST_DRAWN, total, max(1, -int(-total * plan.percent // 100))) if total else 0
    about = {
        "population": population.code, "title": population.title_zh, "first_day": str(plan.first_day),
        "last_day": str(plan.last_day), "percent": plan.percent, "divided_by": plan.divided_by,
        "seed_day": str(plan.seed_day), "promised_at": seed.made_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "area": lo, "total": total,
    }  # fmt: skip
    paper = public_record(seed.seed, lists, how_many, about=about)
    return Sample(paper, total, [_case(session, population, one) for one in paper["drawn"]])


def _lists(session: Session, population: Population, plan: Plan, lo: int, hi: int) -> dict[str, list[str]]:
    """The rows by stratum; a name that could be misread in a ticket is made harmless."""
    part = population.parts[plan.divided_by] if plan.divided_by else "''"
    query = text(
        f"SELECT t.id::text AS number, translate(coalesce({part}, ''), E'|\\n', '//') AS stratum FROM {population.rows}"  # noqa: S608
        f" AND t.area_code BETWEEN :lo AND :hi AND {population.day} BETWEEN :first AND :last ORDER BY t.id LIMIT :most"
    )
    asked = {"lo": lo, "hi": hi, "first": plan.first_day, "last": plan.last_day, "most": MOST_ROWS}
    lists: dict[str, list[str]] = {}
    for row in session.connection().execute(query, asked):
        lists.setdefault(row.stratum, []).append(row.number)
    return lists


def _case(session: Session, population: Population, drawn: dict[str, Any]) -> tuple[str, str, str, int | None]:
    kind, _, query = population.leads_to.partition(":")
    found = session.connection().execute(text(query), {"id": int(drawn["number"])}).scalar()
    return drawn["list"], drawn["number"], kind, found


def draws_made(session: Session, seed_day: date, limit: int = 100) -> list[Row[Any]]:
    """Give every draw that was made with a day's seed, as the trail has it: (happened_at, actor_id, facts)."""
    query = text(
        "SELECT happened_at, actor_id, facts FROM act WHERE verb = 'audit_draw' AND facts ->> 'seed_day' = :day"
        " ORDER BY id DESC LIMIT :most"
    )
    return list(session.connection().execute(query, {"day": str(seed_day), "most": limit}))
