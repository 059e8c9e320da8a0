"""What an institution is registered and graded as: filings step by step, certificates of grade, requests for one."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, word_list, words


class InstitutionFiling(SQLModel, table=True):
    """One step of an institution's filing (备案), written once: applied, filed, changed, withdrawn. Public.

    The last step is what it stands at; which step may follow which is held by sql/600_supervision.sql. `documents`
    are the names of the papers handed in.
    """

    __tablename__ = "institution_filing"
    __table_args__ = (
        CheckConstraint("step IN ('applied', 'filed', 'changed', 'withdrawn')", name="institution_filing_step_check"),
        CheckConstraint(
            "step IN ('applied', 'withdrawn') OR (filing_number <> '' AND authority <> '')",
            name="institution_filing_numbered_check",
        ),
        CheckConstraint("step <> 'withdrawn' OR note <> ''", name="institution_filing_withdrawn_with_reason_check"),
        Index("institution_filing_site_idx", "facility_id", "id"),
        Index(
            "institution_filing_number_idx", "filing_number", unique=True, postgresql_where=text("step = 'filed'")
        ),
    )  # fmt: skip
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    area_code: int = area_code()
    step: str = words()
    filing_number: str | None = words(optional=True)
    authority: str = words(default="")
    on_day: date = Field(nullable=False)
    documents: list[str] = word_list()
    note: str = words(default="")
    recorded_by: int | None = number(optional=True)
    recorded_at: datetime = moment()


class InstitutionGrade(SQLModel, table=True):
    """A certificate of grade 1 to 5, 5 best (GB/T 37276), valid on both its days. Public.

    The certificate issued last decides; taken away (`revoked_on`) there is no grade from that day on, written down
    by mistake (`mistaken`) it counts for nothing and the one before holds.
    """

    __tablename__ = "institution_grade"
    __table_args__ = (
        CheckConstraint("grade BETWEEN 1 AND 5", name="institution_grade_grade_check"),
        CheckConstraint("expires_on > issued_on", name="institution_grade_days_check"),
        CheckConstraint(
            "certificate_number <> '' AND issuer <> '' AND standard <> ''", name="institution_grade_named_check"
        ),
        CheckConstraint(
            "issuing_level IN ('national', 'province', 'city', 'district')", name="institution_grade_level_check"
        ),
        CheckConstraint(
            "(revoked_on IS NULL) = (revoke_reason IS NULL) AND (revoked_on IS NULL) = (revoked_by IS NULL)"
            " AND (NOT mistaken OR revoked_on IS NOT NULL)",
            name="institution_grade_revoked_with_reason_check",
        ),
        CheckConstraint("points BETWEEN 0 AND 1000", name="institution_grade_points_check"),
        Index("institution_grade_site_idx", "facility_id", "issued_on"),
        Index("institution_grade_expiry_idx", "expires_on"),
        UniqueConstraint("facility_id", "certificate_number", name="institution_grade_once_key"),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    area_code: int = area_code()
    grade: int = Field(nullable=False)
    standard: str = words()
    points: int | None = Field(default=None)
    certificate_number: str = words()
    issuer: str = words()
    issuing_level: str = words()
    issued_on: date = Field(nullable=False)
    expires_on: date = Field(nullable=False)
    recorded_by: int | None = number(optional=True)
    recorded_at: datetime = moment()
    revoked_on: date | None = Field(default=None)
    revoke_reason: str | None = words(optional=True)
    revoked_by: int | None = number(optional=True)
    mistaken: bool = Field(default=False, nullable=False)


class GradeRequest(SQLModel, table=True):
    """An institution's wish to be graded, or graded again before its certificate ends; one at a time."""

    __tablename__ = "grade_request"
    __table_args__ = (
        CheckConstraint("wanted BETWEEN 1 AND 5", name="grade_request_wanted_check"),
        CheckConstraint("state IN ('asked', 'graded', 'refused')", name="grade_request_state_check"),
        CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'graded') = (grade_id IS NOT NULL)"
            " AND (state = 'refused') <= (reply IS NOT NULL)",
            name="grade_request_decided_check",
        ),
        Index("grade_request_one_open_idx", "facility_id", unique=True, postgresql_where=text("state = 'asked'")),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    provider_id: int = link("provider.id", index=True)
    area_code: int = area_code()
    wanted: int = Field(nullable=False)
    told: str = words(default="")
    state: str = words(default="asked")
    asked_by: int = link("person.id")
    asked_at: datetime = moment()
    grade_id: int | None = link("institution_grade.id", optional=True)
    reply: str | None = words(optional=True)
    decided_by: int | None = link("person.id", optional=True)
    decided_at: datetime | None = moment(optional=True)
