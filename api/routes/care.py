"""What a city promises and what an elder is entitled to: standards, schemes, assessments, decisions, home care beds."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.care import (
    AssessmentIn,
    AssessmentOut,
    BasicServiceOut,
    DecisionOut,
    DeliveryOut,
    HomeBedEndIn,
    HomeBedIn,
    HomeBedOut,
    NextVersionIn,
    SchemeOut,
    StandardOut,
    TriedOut,
    VersionOut,
    WhyIn,
    WrittenOut,
)
from services.acts import record_act
from services.beds.home_beds import (
    NewHomeBed,
    Owed,
    end_home_bed,
    home_bed_card,
    home_beds_in,
    home_beds_of,
    sign_home_bed,
)
from services.benefits import assessing
from services.benefits.assessments import assessments_of
from services.benefits.entitling import decision_on
from services.benefits.schemes import schemes_on
from services.catalogue.actions import publish_version
from services.catalogue.standards import FIVE_FIELDS, FIVE_FIELDS_ZH, catalogue_city, standards_on, versions_of
from services.cities.queries import city_by_key
from services.clock import civil_date
from services.oversight.queries import desk_area
from services.people.rights import right_to
from services.visits.home_bed_delivery import deliveries

router = APIRouter(prefix="/api/v1", tags=["care"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Code = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,60}$")]
City = Annotated[str, Query(max_length=40, description="key, GB/T 2260 code or Chinese name")]
Day = Annotated[date | None, Query(alias="on", description="civil day in Asia/Shanghai; today unless given")]


def _basic(work: OpenWork, city: str, on: date | None) -> list[tuple[str, ...]]:
    day = on or civil_date(work.now)
    return [one.five for one in standards_on(work.session, city_by_key(work.session, city), day, basic=True)]


@router.get(
    "/open/basic-services",
    response_model=list[BasicServiceOut],
    responses=problems(404, 422),
    summary="A city's list of basic services, open data",
)
def basic_services(work: OpenWork, city: City, on: Day = None) -> list[BasicServiceOut]:
    """Give the basic-service list in force on a day with exactly its five public fields."""
    rows = _basic(work, city, on)
    return [BasicServiceOut(**dict(zip(FIVE_FIELDS, five, strict=True))) for five in rows]


@router.get(
    "/open/basic-services.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}, **problems(404, 422)},
    summary="The same list as CSV",
)
def basic_services_csv(work: OpenWork, city: City, on: Day = None) -> Response:
    """Give the list with its five Chinese column names, UTF-8 with a mark that spreadsheets read."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([FIVE_FIELDS_ZH, *_basic(work, city, on)])
    name = {"Content-Disposition": 'attachment; filename="basic-services.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=name)


@router.get(
    "/open/standards",
    response_model=list[StandardOut],
    responses=problems(404, 422),
    summary="A city's service standards on a day",
)
def standards(work: OpenWork, city: City, on: Day = None) -> list[StandardOut]:
    """Give every service item in force with its whole standard; public."""
    found = standards_on(work.session, city_by_key(work.session, city), on or civil_date(work.now))
    return [StandardOut.model_validate(asdict(one)) for one in found]


@router.get(
    "/open/standards/{code}",
    response_model=list[StandardOut],
    responses=problems(404, 422),
    summary="Every version of one standard",
)
def standard_versions(work: OpenWork, code: Code, city: City) -> list[StandardOut]:
    """Give every version a city (or the one whose rules it adopted) ever published of an item, newest first."""
    here = city_by_key(work.session, city)
    found = versions_of(work.session, catalogue_city(work.session, here, civil_date(work.now)) or here, code)
    return [StandardOut.model_validate(asdict(one)) for one in found]


@router.post(
    "/standards/{code}/versions",
    status_code=201,
    response_model=VersionOut,
    responses=problems(401, 403, 404, 409, 422),
    summary="Publish the next version of a standard",
)
def next_version(work: Work, code: Code, asked: NextVersionIn) -> VersionOut:
    """Publish a next version from a day on; administrators only. A price above the ceiling is refused."""
    changes = asked.changes.model_dump(exclude_unset=True)
    version = publish_version(
        work.session, work.now, work.actor, city_by_key(work.session, asked.city), code, changes,
        valid_from=asked.valid_from, reason=asked.reason, lower_lines=asked.lower_lines,
    )  # fmt: skip
    return VersionOut(version=version)


@router.get("/open/assessment-schemes", response_model=list[SchemeOut], summary="The ways to assess, as data")
def schemes(work: OpenWork) -> list[SchemeOut]:
    """Give every assessment scheme in force with items, answers, levels, raising rules, sources and assumptions."""
    found = schemes_on(work.session, civil_date(work.now))
    return [SchemeOut(code=one.code, version=one.version, document=one.model_dump(mode="json")) for one in found]


@router.get(
    "/elders/{elder_id}/assessments",
    response_model=list[AssessmentOut],
    responses=problems(401, 403, 404),
    summary="An elder's assessments",
)
def assessments(
    work: Work, elder_id: Id, detail: Annotated[bool, Query(description="open the sealed answers")] = False
) -> list[AssessmentOut]:
    """Show an elder's assessments, newest first; opening the answers is written into the trail."""
    right = right_to(work.session, work.actor, elder_id, "view", work.now)
    if detail:
        record_act(
            work.session, work.now, work.actor, "read_assessment", for_person_id=elder_id, by_right=right.ground,
            area_code=right.area_code,
        )  # fmt: skip
    found = assessments_of(work.session, elder_id, civil_date(work.now), detail=detail and not work.actor.read_only)
    return [AssessmentOut.model_validate(asdict(one)) for one in found]


@router.post(
    "/elders/{elder_id}/assessments",
    status_code=201,
    response_model=WrittenOut,
    responses=problems(401, 403, 404, 409, 422),
    summary="Write an assessment down",
)
def assess(work: Work, elder_id: Id, asked: AssessmentIn) -> WrittenOut:
    """Write an assessment down as the first assessor; it counts once a second has signed."""
    new = assessing.NewAssessment(elder_id=elder_id, **asked.model_dump())
    return WrittenOut(id=assessing.record_assessment(work.session, work.now, work.actor, new))


@router.post(
    "/assessments/{assessment_id}/signature",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Sign an assessment as the second assessor",
)
def sign(work: Work, assessment_id: Id) -> None:
    """Sign; from now on the level counts."""
    assessing.sign_assessment(work.session, work.now, work.actor, assessment_id)


@router.post(
    "/assessments/{assessment_id}/return",
    status_code=204,
    responses=problems(401, 403, 404, 409, 422),
    summary="Send an assessment back",
)
def send_back(work: Work, assessment_id: Id, asked: WhyIn) -> None:
    """Send an assessment back instead of signing; it never counts."""
    assessing.return_assessment(work.session, work.now, work.actor, assessment_id, asked.reason)


@router.post(
    "/assessments/{assessment_id}/appeal",
    status_code=201,
    response_model=WrittenOut,
    responses=problems(401, 403, 404, 409, 422),
    summary="Appeal against an assessment",
)
def appeal(work: Work, assessment_id: Id, asked: WhyIn) -> WrittenOut:
    """Ask for a re-assessment by two other assessors."""
    return WrittenOut(id=assessing.appeal(work.session, work.now, work.actor, assessment_id, asked.reason))


@router.delete(
    "/assessment-appeals/{appeal_id}",
    status_code=204,
    responses=problems(401, 403, 404),
    summary="Take an appeal back",
)
def withdraw(work: Work, appeal_id: Id) -> None:
    """Take an open appeal back."""
    assessing.withdraw_appeal(work.session, work.now, work.actor, appeal_id)


@router.get(
    "/elders/{elder_id}/entitlement-decision",
    response_model=DecisionOut,
    responses=problems(401, 403, 404, 422),
    summary="What an elder is entitled to, and why",
)
def decision(work: Work, elder_id: Id, on: Day = None) -> DecisionOut:
    """Decide by the rules in force on a day; every rule that was tried says why it gives something or nothing."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    found = decision_on(work.session, elder_id, on or civil_date(work.now))
    return DecisionOut(on=found.on, tried=[TriedOut.model_validate(asdict(one)) for one in found.tried])


@router.get(
    "/elders/{elder_id}/home-beds",
    response_model=list[HomeBedOut],
    responses=problems(401, 403, 404),
    summary="An elder's home care beds",
)
def home_beds(work: Work, elder_id: Id) -> list[HomeBedOut]:
    """Show an elder's contracts, newest first."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    found = home_beds_of(work.session, elder_id, civil_date(work.now))
    return [HomeBedOut.model_validate(asdict(one)) for one in found]


@router.post(
    "/elders/{elder_id}/home-beds",
    status_code=201,
    response_model=WrittenOut,
    responses=problems(401, 403, 404, 409, 422),
    summary="Register a home care bed",
)
def register_home_bed(work: Work, elder_id: Id, asked: HomeBedIn) -> WrittenOut:
    """Register a signed contract with its list of services; by the officer of the elder's area."""
    given = asked.model_dump(exclude={"services"})
    new = NewHomeBed(elder_id=elder_id, services=[Owed(**one.model_dump()) for one in asked.services], **given)
    return WrittenOut(id=sign_home_bed(work.session, work.now, work.actor, new))


@router.post(
    "/home-beds/{home_bed_id}/ending",
    status_code=204,
    responses=problems(401, 403, 404, 409, 422),
    summary="End a home care bed early",
)
def end(work: Work, home_bed_id: Id, asked: HomeBedEndIn) -> None:
    """End a contract before its term."""
    end_home_bed(work.session, work.now, work.actor, home_bed_id, asked.last_day, asked.reason)


@router.get(
    "/home-beds", response_model=list[HomeBedOut], responses=problems(401, 403), summary="The area's home care beds"
)
def area_home_beds(work: Work) -> list[HomeBedOut]:
    """Give the home care beds in force in the office's area; a figure beside the bed ratio, never in it."""
    lo = desk_area(work.actor)
    assert work.actor.area_hi is not None
    found = home_beds_in(work.session, lo, work.actor.area_hi, civil_date(work.now))
    return [HomeBedOut.model_validate(asdict(one)) for one in found]


@router.get(
    "/home-beds/{home_bed_id}/deliveries",
    response_model=list[DeliveryOut],
    responses=problems(401, 403, 404),
    summary="What a home care bed owed and got",
)
def home_bed_deliveries(work: Work, home_bed_id: Id) -> list[DeliveryOut]:
    """Give the monthly checks of a contract, newest first."""
    home_bed_card(work.session, home_bed_id, civil_date(work.now))
    found = deliveries(work.session, [home_bed_id])
    return [DeliveryOut.model_validate({**asdict(one), "missing": one.missing}) for one in found]
