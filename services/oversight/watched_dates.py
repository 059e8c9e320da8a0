"""Registers whose rows end on a day: what the alert "a date is near" may watch. One line a register.

Each gives (row_id, area_code, due_on, person_id or null) of rows that count on :day and end by :until. A room that keeps
another register of that kind adds its line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class WatchedDate:
    """A register with a last day: its name in both languages, its rows in SQL, and the page where they are mended."""

    name_zh: str
    name_en: str
    sql: str
    href: str


WATCHED_DATES: dict[str, WatchedDate] = {
    "carer_certificate": WatchedDate(
        "护理员证书", "carers' certificates",
        "SELECT x.id AS row_id, x.area_code, x.valid_until AS due_on, x.carer_id AS person_id FROM carer_certificate x"
        " JOIN carer c ON c.person_id = x.carer_id WHERE x.withdrawn_at IS NULL AND c.left_on IS NULL"
        " AND x.valid_from <= :day AND x.valid_until BETWEEN :day AND :until AND NOT EXISTS (SELECT FROM carer_certificate y"
        "  WHERE y.carer_id = x.carer_id AND y.name = x.name AND y.withdrawn_at IS NULL AND y.valid_until > x.valid_until)",
        "/officer/trust",
    ),
    "institution_grade": WatchedDate(
        "机构等级证书", "grade certificates of institutions",
        "SELECT g.id AS row_id, g.area_code, g.expires_on AS due_on, CAST(NULL AS bigint) AS person_id"
        " FROM institution_grade g WHERE (g.revoked_on IS NULL OR g.revoked_on > :day)"
        " AND g.expires_on BETWEEN :day AND :until AND NOT EXISTS (SELECT FROM institution_grade h"
        "  WHERE h.facility_id = g.facility_id AND h.revoked_on IS NULL AND h.expires_on > g.expires_on)",
        "/officer/institutions",
    ),
    **{
        f"site_{kind}": WatchedDate(
            f"机构{zh}", f"{en} of sites",
            "SELECT c.id AS row_id, c.area_code, c.expires_on AS due_on, CAST(NULL AS bigint) AS person_id"
            f" FROM site_certificate c WHERE c.kind = '{kind}' AND (c.withdrawn_on IS NULL OR c.withdrawn_on > :day)"
            " AND c.expires_on BETWEEN :day AND :until AND NOT EXISTS (SELECT FROM site_certificate d"
            "  WHERE d.facility_id = c.facility_id AND d.kind = c.kind AND d.withdrawn_on IS NULL"
            "  AND (d.expires_on IS NULL OR d.expires_on > c.expires_on))",
            "/officer/institutions",
        )
        for kind, zh, en in (("fire", "消防证书", "fire certificates"), ("food", "食品证书", "food certificates"))
    },
    "volunteer_insurance": WatchedDate(
        "志愿者保险", "volunteers' insurance",
        "SELECT v.person_id AS row_id, v.area_code, v.insured_until AS due_on, v.person_id FROM volunteer v"
        " WHERE v.left_on IS NULL AND v.insured_until BETWEEN :day AND :until",
        "/officer/time",
    ),
    "assessment": WatchedDate(
        "能力评估结论", "assessments of ability",
        "SELECT a.id AS row_id, a.area_code, a.valid_until AS due_on, a.elder_id AS person_id FROM assessment a"
        " WHERE a.valid_until BETWEEN :day AND :until AND NOT EXISTS (SELECT FROM assessment b WHERE b.elder_id = a.elder_id"
        "  AND b.assessed_on > a.assessed_on)",
        "/officer/assessments",
    ),
    "visit_purchase": WatchedDate(
        "购买探访的合同", "contracts on bought visits",
        "SELECT id AS row_id, area_code, until_on AS due_on, CAST(NULL AS bigint) AS person_id FROM visit_purchase"
        " WHERE until_on BETWEEN :day AND :until AND from_on <= :day",
        "/officer/grids",
    ),
    "home_bed": WatchedDate(
        "家庭床位协议", "home care bed contracts",
        "SELECT id AS row_id, area_code, upper(during) - 1 AS due_on, elder_id AS person_id FROM home_bed"
        " WHERE ended_on IS NULL AND upper(during) - 1 BETWEEN :day AND :until",
        "/officer/home-beds",
    ),
}  # fmt: skip


def dates_near(session: Session, register: str, on: date, days: int, lo: int, hi: int) -> list[Found]:
    """Give the rows of a register that end within so many days of a day, soonest first. Raises KeyError."""
    sql = f"SELECT * FROM ({WATCHED_DATES[register].sql}) AS x WHERE area_code BETWEEN :lo AND :hi ORDER BY due_on, row_id"
    asked = {"day": on, "until": on + timedelta(days=days), "lo": lo, "hi": hi}
    return list(session.connection().execute(text(sql), asked))
