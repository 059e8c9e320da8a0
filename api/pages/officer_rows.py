"""From each number on the desk to its rows: elders beyond a circle, areas, beds, ledger."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from markupsafe import Markup

from api.pages.filters import as_written, day_and_clock, full_date, percent
from api.pages.languages import translate
from api.pages.officer_figures import missing_words, tier_words
from api.pages.officer_office import Desk, Office
from api.pages.officer_sheets import Cell, Sheet, answer, figure, plain
from api.routes.tiles import checked_way
from services.beds.ratio import nursing_ratio, ratio_beds
from services.circles.coverage import TierCoverage, coverage
from services.cities.queries import area_names
from services.cities.rules import area_contains, area_range
from services.clock import civil_date
from services.errors import NotFound
from services.oversight.administrative import AreaOwns, administrative_coverage
from services.oversight.mapping import shares_by_community
from services.oversight.queries import ledger_state
from services.oversight.rows import uncovered_rows, volunteer_sessions
from services.people.privacy import mask_name

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
AreaCode = Annotated[str, Query(pattern=r"^([0-9]{15})?$")]
After = Annotated[int, Query(ge=0, le=1_000_000)]
FacilityId = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/officer/coverage")
@router.get("/officer/coverage.csv")
def uncovered(
    request: Request, office: Desk, tier: Code = "", profile: Code = "", area: AreaCode = "", after: After = 0
) -> Response:
    """Show the elders beyond a circle, area by area, the worst off first."""
    chosen, way = checked_way(office.rules, tier or None, profile or None)
    lo, hi = _range(office, area)

    def build(most: int, past: int) -> Sheet:
        found = coverage(office.work.session, office.city, office.lo)
        told = next((t for t in found.tiers if (t.tier_code, t.profile) == (chosen, way)), None)
        if told is None:
            raise NotFound("这种走法还没有算过。", profile=way)
        rows = uncovered_rows(office.work.session, lo, hi, chosen, way, most=most, after=past)
        names = office.community_names({row.area_code for row in rows})
        label = translate("路网可信度低，估算。") if told.label else ""
        return Sheet(
            title=translate("走不到的老人：%(circle)s") % {"circle": told.tier_name},
            note=label + told.definition,
            columns=[
                plain(translate("老人")),
                plain(translate("社区"), "ascending"),
                plain(translate("最近的机构")),
                figure(translate("走多远")),
                figure(translate("直线距离（米）")),
                plain(translate("说明")),
            ],
            rows=[_uncovered(row, names[row.area_code], told) for row in rows],
            count=rows[0].whole if rows else past,
            rules_version=found.rules_version,
            as_of=found.computed_at,
            asked={"tier": chosen, "profile": way, "area": area},
            filters=[
                _choice("tier", translate("服务圈"), chosen, [(t.code, t.name) for t in office.rules.tiers]),
                _choice(
                    "profile", translate("怎么走"), way, list({t.profile: t.profile_name for t in found.tiers}.items())
                ),
                _choice("area", translate("社区"), area, _communities(office, way), written=True),
            ],
        )

    return answer(request, office, build, after)


def _uncovered(row: Any, community: str, told: TierCoverage) -> list[Cell]:
    by_metres = told.limit_zh.endswith("米")
    far = "–" if row.cost is None else f"{row.cost:.0f} {translate('米')}" if by_metres else _minutes(row.cost)
    why = ""
    if not row.snapped:
        why = translate("300 米内没有能走的路")
    elif row.cost is None:
        why = translate("走不通")
    elif row.near_edge:
        why = translate("靠近地图边，图外也许有")
    straight: Cell = "–" if row.straight_m is None else round(row.straight_m)
    name: Cell = {"text": as_written(mask_name(row.elder_name or "—")), "href": f"/officer/visits/{row.elder_id}"}
    return [name, as_written(community), as_written(row.facility_name or "–"), far, straight, why]


def _minutes(seconds: float) -> str:
    return translate("%(minutes)s 分钟") % {"minutes": f"{seconds / 60:.1f}"}


@router.get("/officer/areas")
@router.get("/officer/areas.csv")
def areas_owning(request: Request, office: Desk, tier: Code = "") -> Response:
    """Show which areas own a qualified site for a circle, and which function the others lack."""
    chosen, _ = checked_way(office.rules, tier or None, None)

    def build(most: int, past: int) -> Sheet:
        told = administrative_coverage(office.work.session, office.lo, civil_date(office.work.now))
        mine = next(one for one in told if one.tier_code == chosen)
        return Sheet(
            title=translate("机构配齐没有：%(circle)s") % {"circle": tier_words(office.rules, chosen)},
            note=mine.definition,
            columns=[
                plain(translate("地方")),
                plain(translate("配齐没有"), "ascending"),
                plain(translate("合格的机构")),
                plain(translate("还缺什么")),
            ],
            rows=[_owning(area) for area in mine.areas[past : past + most]],
            count=len(mine.areas),
            rules_version=office.rules.version,
            as_of=office.work.now,
            asked={"tier": chosen},
            filters=[_choice("tier", translate("服务圈"), chosen, [(t.code, t.name) for t in office.rules.tiers])],
        )

    return answer(request, office, build)


def _owning(area: AreaOwns) -> list[Cell]:
    state = translate("配齐了") if area.qualified else translate("没配齐")
    return [as_written(area.name), state, as_written("、".join(area.qualified)), missing_words(area)]


@router.get("/officer/beds")
@router.get("/officer/beds.csv")
def beds_by_home(request: Request, office: Desk, scope: Code = "city") -> Response:
    """Show the homes behind the nursing-bed ratio, the lowest share first; of the city, or of the own area."""
    city_wide = scope != "area"
    lo, hi = area_range(office.city) if city_wide else (office.lo, office.hi)

    def build(most: int, past: int) -> Sheet:
        found = nursing_ratio(office.work.session, office.city, civil_date(office.work.now), lo=lo, hi=hi)
        streets = area_names(office.work.session, {home.area_code // 10**6 * 10**6 for home in found.rows})
        title = translate("床位：护理型 %(nursing)s / %(total)s 张") % {"nursing": found.nursing, "total": found.total}
        return Sheet(
            title=title,
            note=found.definition,
            columns=[
                plain(translate("机构")),
                plain(translate("街道")),
                figure(translate("护理型床位")),
                figure(translate("全部床位")),
                figure(translate("占比"), "ascending"),
            ],
            rows=[
                [
                    {"text": as_written(home.name), "href": f"/officer/beds/{home.facility_id}"},
                    as_written(streets.get(home.area_code // 10**6 * 10**6, "")),
                    home.nursing,
                    home.total,
                    percent(home.nursing / home.total) if home.total else "–",
                ]
                for home in found.rows[past : past + most]
            ],
            count=len(found.rows),
            rules_version=found.rules_version,
            as_of=office.work.now,
            asked={"scope": "city" if city_wide else "area"},
            filters=[
                _choice(
                    "scope",
                    translate("范围"),
                    "city" if city_wide else "area",
                    [("city", translate("全市")), ("area", office.area_name)],
                    written=True,
                )
            ],
        )

    return answer(request, office, build)


@router.get("/officer/beds/{facility_id:int}")
@router.get("/officer/beds/{facility_id:int}.csv")
def beds_of_home(request: Request, office: Desk, facility_id: FacilityId, after: After = 0) -> Response:
    """Show the beds of one home, each with how it counts."""
    lo, hi = area_range(office.city)
    day = civil_date(office.work.now)
    found = ratio_beds(office.work.session, office.city, day, lo=lo, hi=hi, facility_id=facility_id)
    if not found:
        raise NotFound(facility_id=facility_id)

    def build(most: int, past: int) -> Sheet:
        kinds = {
            "institution": translate("机构床位"),
            "home": translate("家庭床位"),
            "community": translate("社区床位"),
        }
        return Sheet(
            title=Markup(translate("%(home)s的床位")) % {"home": as_written(found[0].name)},
            note=translate("算进护理型：从认定那天起。"),
            columns=[
                plain(translate("床号"), "ascending"),
                plain(translate("种类")),
                plain(translate("启用")),
                plain(translate("认定为护理型")),
                plain(translate("算进护理型")),
            ],
            rows=[
                [
                    as_written(bed.label),
                    kinds.get(bed.kind, bed.kind),
                    full_date(bed.opened_on) if bed.opened_on else "",
                    full_date(bed.nursing_from) if bed.nursing_from else "",
                    translate("算") if bed.in_numerator else translate("不算"),
                ]
                for bed in found[past : past + most]
            ],
            count=len(found),
            rules_version=office.rules.version,
            as_of=office.work.now,
        )

    return answer(request, office, build, after)


@router.get("/officer/ledger")
@router.get("/officer/ledger.csv")
def ledger(request: Request, office: Desk, state: Code = "", after: After = 0) -> Response:
    """Show what volunteers gave to the area's elders, each with its booking, under the last check of the books."""
    states = {
        "": translate("全部"),
        "pending": translate("等确认"),
        "posted": translate("已记入"),
        "voided": translate("作废"),
    }

    def build(most: int, past: int) -> Sheet:
        rows = volunteer_sessions(office.work.session, office.lo, office.hi, state=state or None, most=most, after=past)
        names = office.community_names({row.area_code for row in rows})
        checked = ledger_state(office.work.session)
        verdict = (
            translate("还没核对过")
            if checked.ok is None
            else translate("对得上")
            if checked.ok
            else translate("对不上")
        )
        return Sheet(
            title=translate("时间银行：本辖区的服务"),
            note=translate("账目核对：%(verdict)s。%(definition)s")
            % {"verdict": verdict, "definition": checked.definition},
            columns=[
                plain(translate("开始"), "descending"),
                plain(translate("老人")),
                plain(translate("社区")),
                plain(translate("志愿者")),
                figure(translate("服务分钟")),
                figure(translate("记入分钟")),
                plain(translate("状态")),
                figure(translate("账目号")),
            ],
            rows=[_session(row, names[row.area_code], states) for row in rows],
            count=rows[0].whole if rows else past,
            rules_version=office.rules.version,
            as_of=checked.checked_at or office.work.now,
            asked={"state": state},
            filters=[_choice("state", translate("状态"), state, list(states.items()))],
        )

    return answer(request, office, build, after)


def _session(row: Any, community: str, states: dict[str, str]) -> list[Cell]:
    return [
        f"{full_date(row.began)} {day_and_clock(row.began)[6:]}",
        as_written(mask_name(row.elder_name or "—")),
        as_written(community),
        as_written(mask_name(row.volunteer_name)) if row.volunteer_name else "–",
        row.service_minutes,
        row.credit_minutes,
        states.get(row.state, row.state),
        "" if row.transfer_id is None else row.transfer_id,
    ]


def _range(office: Office, area: str) -> tuple[int, int]:
    """Give the codes of a part of the office's area. Raises NotFound for anything outside."""
    if not area:
        return office.lo, office.hi
    try:
        inside = area_contains(office.lo, int(area))
    except ValueError as error:
        raise NotFound(area=area) from error
    if not inside:
        raise NotFound(area=area)
    return area_range(int(area))


def _communities(office: Office, profile: str) -> list[tuple[str, str]]:
    rows = shares_by_community(office.work.session, office.lo, office.hi, profile)
    return [("", translate("全部")), *((str(row.code), row.name) for row in rows)]


def _choice(
    name: str, label: str, value: str, choices: list[tuple[str, str]], *, written: bool = False
) -> dict[str, Any]:
    return {"name": name, "label": label, "value": value, "choices": choices, "written": written}
