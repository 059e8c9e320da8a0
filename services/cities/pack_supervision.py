"""What a city decides about the supervision of institutions: how early it warns, how long an answer may take.

Spans in days and hours; what stands here is taken where a pack says nothing.
"""

from __future__ import annotations

from pydantic import Field

from services.cities.pack_part import Code, Part


class SupervisionPolicy(Part):
    """A city's rules of supervision.

    Institutions are warned `grade_warn_days` before a certificate of grade ends and `certificate_warn_days` before one
    of fire or food safety does. A provider answers a finding within `answer_days`. An incident is reported within the
    hours of its severity after it happened.
    """

    grade_warn_days: int = Field(default=180, gt=0, le=400)
    certificate_warn_days: int = Field(default=60, gt=0, le=400)
    answer_days: int = Field(default=10, gt=0, le=180)
    report_hours_minor: int = Field(default=72, gt=0, le=720)
    report_hours_injury: int = Field(default=24, gt=0, le=720)
    report_hours_severe: int = Field(default=12, gt=0, le=720)
    report_hours_death: int = Field(default=2, gt=0, le=720)
    source: Code | None = None

    def report_hours(self, severity: str) -> int:
        """Give within how many hours an incident of a severity is to be reported."""
        return int(getattr(self, f"report_hours_{severity}"))
