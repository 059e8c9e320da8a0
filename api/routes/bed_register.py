"""The register of homes and beds: what each is on a day, the papers behind it, two sources, and what would be."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.bed_register import (
    CertificateIn,
    CertificateOut,
    CountsIn,
    LevelIn,
    OfficialIn,
    OfficialOut,
    ReadingOut,
    RegisterOut,
    SourcesOut,
    StandingIn,
    WhatIfOut,
)
from api.schemas.visits import Day
from services.beds import register, reports
from services.beds.grounds import home_to_see
from services.beds.ratio import ratio_definition
from services.beds.register_tables import COUNTED
from services.beds.what_if import Change, what_if
from services.cities.queries import city_of_area, rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.oversight.bed_watch import readings
from services.oversight.queries import desk_area

router = APIRouter(prefix="/api/v1", tags=["bed register"])
Id = Annotated[int, Path(ge=1, le=2**62)]
On = Annotated[Day | None, Query(description="Shanghai day; default today")]


@router.get(
    "/beds/register", response_model=list[RegisterOut], responses=problems(401, 403), summary="The register on a day"
)
def show_register(work: Work, on: On = None, scope: Literal["area", "city"] = "area") -> list[RegisterOut]:
    """Give every home with beds on a day, counted anew from dated facts."""
    area = desk_area(work.actor)
    assert work.actor.area_hi is not None
    lo, hi = (area, work.actor.area_hi) if scope == "area" else area_range(city_of_area(work.session, area))
    rows = register.register_on(work.session, on or civil_date(work.now), lo=lo, hi=hi)
    return [RegisterOut.model_validate(row) for row in rows]


@router.post("/bed-certificates", status_code=204, responses=problems(401, 403, 404, 409), summary="A paper about beds")
def certify(work: Work, asked: CertificateIn) -> None:
    """Write down from which day beds carry a flag, or lose it, and by which paper."""
    told = asked.model_dump()
    register.certify_beds(work.session, work.now, work.actor, told.pop("bed_ids"), register.Paper(**told))


@router.get(
    "/beds/{bed_id}/certificates",
    response_model=list[CertificateOut],
    responses=problems(401),
    summary="A bed's papers",
)
def show_papers(work: Work, bed_id: Id) -> list[CertificateOut]:
    """Give the papers of a bed, the newest first."""
    return [CertificateOut.model_validate(row) for row in register.papers_of(work.session, bed_id)]


@router.put(
    "/beds/{bed_id}/care-level", status_code=204, responses=problems(401, 403, 404, 409), summary="For whom a bed is"
)
def set_level(work: Work, bed_id: Id, asked: LevelIn) -> None:
    """Say for whom a bed is equipped from a day on."""
    register.set_care_level(work.session, work.now, work.actor, bed_id, asked.level, asked.since)


@router.post(
    "/homes/{facility_id}/standing", status_code=204, responses=problems(401, 403, 404, 409), summary="Whose a home is"
)
def record_standing(work: Work, facility_id: Id, asked: StandingIn) -> None:
    """Write down a home's ownership, price cap and whether it is embedded, from a day on."""
    register.record_standing(work.session, work.now, work.actor, facility_id, register.Standing(**asked.model_dump()))


@router.post(
    "/homes/{facility_id}/bed-counts", status_code=204, responses=problems(401, 403, 404), summary="What was counted"
)
def report(work: Work, facility_id: Id, asked: CountsIn) -> None:
    """Report a day's counts as the home, or write down what an inspector found."""
    counts = {fact: value for fact in COUNTED if (value := getattr(asked, fact)) is not None}
    reports.report_beds(work.session, work.now, work.actor, facility_id, asked.day, counts, asked.note)


@router.get(
    "/homes/{facility_id}/bed-counts",
    response_model=list[SourcesOut],
    responses=problems(401, 403, 404),
    summary="Both sources",
)
def show_sources(work: Work, facility_id: Id, on: On = None) -> list[SourcesOut]:
    """Give what the home, the inspector and the register say of a day, and what was chosen."""
    home_to_see(work.session, work.actor, facility_id)
    rows = reports.sources_on(work.session, facility_id, on or civil_date(work.now))
    return [SourcesOut.model_validate(row) for row in rows]


@router.post(
    "/homes/{facility_id}/official-bed-counts",
    status_code=201,
    response_model=OfficialOut,
    responses=problems(401, 403, 404),
    summary="Choose the official count",
)
def choose(work: Work, facility_id: Id, asked: OfficialIn) -> OfficialOut:
    """Choose whose count is the official one, and say why."""
    given = (facility_id, asked.day, asked.fact, asked.source, asked.reason)
    return OfficialOut(value=reports.choose_official(work.session, work.now, work.actor, *given))


@router.get(
    "/beds/differences", response_model=list[SourcesOut], responses=problems(401, 403), summary="Where sources differ"
)
def show_differences(work: Work) -> list[SourcesOut]:
    """Give the counts of the last three months on which the sources differ, the newest day first."""
    lo = desk_area(work.actor)
    assert work.actor.area_hi is not None
    rows = reports.differences(work.session, lo, work.actor.area_hi, civil_date(work.now))
    return [SourcesOut.model_validate(row) for row in rows]


@router.get(
    "/beds/nursing-ratio/what-if",
    response_model=WhatIfOut,
    responses=problems(401, 403, 404),
    summary="What would be",
)
def imagine(
    work: Work,
    facility_id: Annotated[list[int] | None, Query(max_length=50)] = None,
    certify: Annotated[list[int] | None, Query(max_length=50)] = None,
    open_beds: Annotated[list[int] | None, Query(max_length=50)] = None,
) -> WhatIfOut:
    """Give the ratio if so many beds were certified or opened, home by home in the order of the lists. Writes nothing."""
    city = city_of_area(work.session, desk_area(work.actor))
    homes = facility_id or []
    some = [0] * len(homes)
    changes = [
        Change(home, more, new)
        for home, more, new in zip(
            homes, [*(certify or []), *some][: len(some)], [*(open_beds or []), *some][: len(some)], strict=True
        )
    ]
    found = what_if(work.session, city, civil_date(work.now), changes)
    return WhatIfOut(
        ratio_now=found.now.ratio, short_now=found.now.short_beds, target=found.now.target,
        target_due=found.now.target_due, nursing=found.nursing, total=found.total, ratio=found.ratio,
        short_after=found.short_after, meets_target=found.meets_target,
        homes=[{
            "facility_id": one.facility_id, "name": one.name, "nursing": one.nursing, "total": one.total,
            "could_certify": one.could_certify,
        } for one in found.homes],
    )  # fmt: skip


@router.get(
    "/beds/nursing-ratio/readings",
    response_model=list[ReadingOut],
    responses=problems(401, 403, 404),
    summary="What the nights read",
)
def show_readings(work: Work) -> list[ReadingOut]:
    """Give what the last nights read of the city's ratio: value, forecast for the checkpoint, and beds short where."""
    city = city_of_area(work.session, desk_area(work.actor))
    code = ratio_definition(rules_in_force(work.session, city, civil_date(work.now)), None).code
    return [ReadingOut.model_validate(row) for row in readings(work.session, city, code)]
