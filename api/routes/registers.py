"""The registers of an area: project sites, duties of residential areas, checks of standard operation, titles of areas."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from api.deps import Work
from api.errors import problems
from api.schemas.registers import (
    AreaFlagOut,
    AreaFlagWish,
    ChecklistOut,
    FacilityCheckOut,
    FacilityCheckWish,
    FlagEnding,
    ObligationChange,
    ObligationOut,
    ObligationWish,
    ProjectSiteChange,
    ProjectSiteOut,
    ProjectSiteWish,
    ReasonForIt,
    RegisterNewOut,
)
from services.clock import civil_date
from services.directory import planned_queries, registers
from services.directory.standard_operation import CHECKLISTS
from services.oversight.queries import desk_area

router = APIRouter(prefix="/api/v1", tags=["registers"])
Id = Annotated[int, Path(ge=1, le=2**62)]
READ, WRITE = problems(401, 403), problems(401, 403, 404, 409)


def _range(work: Any) -> tuple[int, int]:
    area = desk_area(work.actor)
    return area, work.actor.area_hi


@router.get("/project-sites", response_model=list[ProjectSiteOut], responses=READ, summary="Sites of projects")
def list_project_sites(work: Work, project_code: str | None = None) -> list[ProjectSiteOut]:
    """Show the sites of the city's projects in the office's area, with their days."""
    rows = planned_queries.project_sites_in(work.session, *_range(work), project_code)
    return [ProjectSiteOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/project-sites", status_code=201, response_model=RegisterNewOut, responses=WRITE, summary="Add a site of a project"
)
def add_project_site(work: Work, wish: ProjectSiteWish) -> RegisterNewOut:
    """Write down one site a project will build or rebuild."""
    made = registers.add_project_site(work.session, work.now, work.actor, **wish.model_dump())
    return RegisterNewOut(id=made)


@router.patch("/project-sites/{project_site_id}", status_code=204, responses=WRITE, summary="What has become of a site")
def change_project_site(work: Work, project_site_id: Id, wish: ProjectSiteChange) -> None:
    """Write a site's days and the facility it became; what stood before is kept."""
    told = wish.model_dump(exclude_unset=True)
    registers.change_project_site(work.session, work.now, work.actor, project_site_id, told)


@router.get(
    "/area-obligations", response_model=list[ObligationOut], responses=READ, summary="Duties of residential areas"
)
def list_obligations(work: Work) -> list[ObligationOut]:
    """Show the residential areas of the office's area that owe room for elders, and which have met it today."""
    today = civil_date(work.now)
    return [
        ObligationOut(
            **{name: getattr(row, name) for name in ObligationOut.model_fields if name != "met"},
            met=planned_queries.is_met(row, today),
        )
        for row in planned_queries.obligations_in(work.session, *_range(work))
    ]


@router.post("/area-obligations", status_code=201, response_model=RegisterNewOut, responses=WRITE, summary="Add a duty")
def add_obligation(work: Work, wish: ObligationWish) -> RegisterNewOut:
    """Write down a residential area's duty."""
    return RegisterNewOut(id=registers.add_obligation(work.session, work.now, work.actor, **wish.model_dump()))


@router.patch("/area-obligations/{obligation_id}", status_code=204, responses=WRITE, summary="How far a duty has come")
def change_obligation(work: Work, obligation_id: Id, wish: ObligationChange) -> None:
    """Write the four steps (四同步) and the square metres; what stood before is kept."""
    told = wish.model_dump(exclude_unset=True)
    registers.change_obligation(work.session, work.now, work.actor, obligation_id, told)


@router.get(
    "/standard-checklists", response_model=list[ChecklistOut], responses=READ, summary="Lists of standard operation"
)
def list_checklists(work: Work) -> list[ChecklistOut]:
    """Show the lists by which sites are checked."""
    desk_area(work.actor)
    return [
        ChecklistOut(code=code, name=one.name_zh, facility_types=sorted(one.facility_types), items=dict(one.items))
        for code, one in CHECKLISTS.items()
    ]


@router.get("/facility-checks", response_model=list[FacilityCheckOut], responses=READ, summary="Checks of sites")
def list_checks(work: Work) -> list[FacilityCheckOut]:
    """Show the checks of standard operation in the office's area, the last first."""
    rows = planned_queries.checks_in(work.session, *_range(work))
    return [FacilityCheckOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/facility-checks", status_code=201, response_model=RegisterNewOut, responses=WRITE, summary="Check a site"
)
def record_check(work: Work, wish: FacilityCheckWish) -> RegisterNewOut:
    """Write a check down: every item of the list answered."""
    return RegisterNewOut(id=registers.record_check(work.session, work.now, work.actor, **wish.model_dump()))


@router.post(
    "/facility-checks/{facility_check_id}/withdrawal", status_code=204, responses=WRITE, summary="Take a check back"
)
def withdraw_check(work: Work, facility_check_id: Id, wish: ReasonForIt) -> None:
    """Take back a check that was written wrongly."""
    registers.withdraw_check(work.session, work.now, work.actor, facility_check_id, wish.reason)


@router.get("/area-flags", response_model=list[AreaFlagOut], responses=READ, summary="Titles of areas")
def list_flags(work: Work) -> list[AreaFlagOut]:
    """Show the titles of the office's areas, those held today first."""
    rows = planned_queries.flags_in(work.session, *_range(work))
    return [AreaFlagOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/area-flags", status_code=201, response_model=RegisterNewOut, responses=WRITE, summary="Give a title")
def raise_flag(work: Work, wish: AreaFlagWish) -> RegisterNewOut:
    """Give an area a title from a day on."""
    return RegisterNewOut(id=registers.raise_flag(work.session, work.now, work.actor, **wish.model_dump()))


@router.post("/area-flags/{flag_id}/ending", status_code=204, responses=WRITE, summary="End a title")
def lower_flag(work: Work, flag_id: Id, wish: FlagEnding) -> None:
    """End a title of an area."""
    registers.lower_flag(work.session, work.now, work.actor, flag_id, wish.until)
