"""Who could serve an elder in a window: the providers of her city near enough, ranked, and the nearest left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from services.benefits.queries import rights_on
from services.benefits.rules import Split, split, yuan
from services.benefits.voucher_rules import take_voucher
from services.benefits.vouchers import vouchers_for
from services.catalogue.queries import Service
from services.cities.known import keep
from services.cities.queries import rules_in_force
from services.cities.rules import area_contains
from services.clock import civil_date
from services.matching.left_out import LeftOut, not_as_wished, why_left_out
from services.matching.nearest import Near, lines_near
from services.matching.rules import Facts, minutes_up, rank
from services.matching.walks import Walk
from services.matching.wishes import Wish


@dataclass(frozen=True)
class Candidate:
    """A provider that can come (or be reached), with why. Seconds on foot, fen, faces 1-3."""

    rank: int
    provider_id: int
    provider_name: str
    facility_id: int
    score: int
    score_parts: dict[str, int]
    walk_seconds: int
    walk_estimated: bool
    capacity_left: int
    grade: int
    mean_face: float | None
    ratings: int
    price_fen: int
    shared: Split
    reasons: tuple[str, ...]
    opening: tuple[tuple[str, ...], int, int] = ((), 0, 24)
    credit_level: str | None = None


@dataclass(frozen=True)
class Found:
    """Providers of a service for one elder and window: candidates best first, and the nearest others with why.

    `farther`: the city has more providers of it, too far away to be listed.
    """

    candidates: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    farther: bool = False


def find_candidates(
    session: Session,
    now: datetime,
    elder_id: int,
    area_code: int,
    service: Service,
    starts_at: datetime,
    ends_at: datetime,
    *,
    already_asked: Collection[int] = (),
    besides_order_id: int | None = None,
    everybody: bool = False,
) -> Found:
    """Rank the providers of the elder's city for a service in a window; the nearest others come with why not.

    With `everybody` all others of the city come. Providers in `already_asked` appear in neither list. Raises
    HomeUnknown when the elder has no place on the map.
    """
    service = _with_skills(session, service, area_code, civil_date(starts_at))
    near = lines_near(
        session, now, elder_id, area_code, service, starts_at, ends_at, already_asked=already_asked, everybody=everybody
    )
    left_out: list[LeftOut] = []
    able: dict[int, tuple[Row[Any], Walk, Facts]] = {}
    wish = _wish(near)
    weight = rules_in_force(session, area_code, civil_date(now)).trust.credit.match_weight
    for line in near.lines:
        walk = _walk(line, near)
        capacity = _capacity_left(line, service)
        reason = why_left_out(line, walk, line, capacity, service, starts_at, ends_at)
        if reason is None and service.at_home and wish.must and not line.wished:
            reason = not_as_wished(line, wish.words)
        if reason is not None:
            left_out.append(reason)
        else:
            able[line.provider_id] = (line, walk, _facts(line, walk, capacity, service, weight))
    candidates = _priced(session, elder_id, service, civil_date(starts_at), able, wish, besides_order_id)
    left_out.sort(key=lambda one: (one.provider_name, one.provider_id))
    return Found(candidates=candidates, left_out=tuple(left_out), farther=near.farther)


def _with_skills(session: Session, service: Service, area_code: int, on: date) -> Service:
    """A service with the skills demanded there and then: the house's and the city's, as PostgreSQL will ask for them."""
    statement = select(func.skills_demanded(service.code, area_code, on))
    demanded: frozenset[str] = keep(
        session,
        ("skills demanded", service.code, area_code, on),
        lambda: frozenset(session.connection().execute(statement).scalar_one()),
    )
    more = sorted(demanded - set(service.required_skills))
    return replace(service, required_skills=(*service.required_skills, *more)) if more else service


def _priced(
    session: Session, elder_id: int, service: Service, on: date, able: dict[int, tuple[Row[Any], Walk, Facts]],
    wish: Wish, besides_order_id: int | None,
) -> tuple[Candidate, ...]:  # fmt: skip
    """Rank those who can come and share each one's price; rights and vouchers are read where she has any."""
    some = next(iter(able.values()), None)
    if some is None:
        return ()
    rights = rights_on(session, elder_id, service.code, on, besides_order_id) if some[0].has_rights else []
    vouchers = (
        vouchers_for(session, elder_id, service.code, on, besides_order_id=besides_order_id)
        if some[0].has_vouchers
        else []
    )
    candidates = []
    for place, (facts, parts) in enumerate(rank([facts for _, _, facts in able.values()]), start=1):
        line, walk, _ = able[facts.provider_id]
        shared = take_voucher(split(facts.price_fen, rights), vouchers, line.provider_code)
        candidates.append(_candidate(place, line, walk, facts, parts, shared, service, wish))
    return tuple(candidates)


def _wish(near: Near) -> Wish:
    line = near.lines[0] if near.lines else None
    return (
        Wish()
        if line is None or line.must is None
        else Wish(line.gender, tuple(line.languages), line.must, line.carer_id, line.carer_name)
    )


def _walk(line: Row[Any], near: Near) -> Walk:
    mine, theirs = near.judged_area, line.facility_area_code
    same = None if mine is None else area_contains(mine, theirs) or area_contains(theirs, mine)
    return Walk(int(line.walk_seconds), estimated=line.walk_estimated, same_area=same)


def _capacity_left(line: Row[Any], service: Service) -> int:
    if line.booked is None:  # not counted: it cannot come for another reason
        return 0
    places = int(line.slot_capacity - line.booked)
    if not service.at_home:
        return max(0, places)
    return max(0, min(places, int(line.free - line.waiting)))


def _facts(line: Row[Any], walk: Walk, capacity_left: int, service: Service, credit_weight: int) -> Facts:
    return Facts(
        provider_id=line.provider_id,
        walk_seconds=walk.seconds,
        max_travel_seconds=line.max_travel_seconds,
        grade=line.grade,
        mean_face_hundredths=None if line.mean_face is None else int(line.mean_face * 100),
        price_fen=line.price_fen,
        capacity_left=capacity_left,
        slot_capacity=line.slot_capacity,
        served_before=int(line.known),
        load=int(line.load),
        as_wished=not service.at_home or line.wished > 0,
        credit_weight=credit_weight,
        credit_percent=line.credit_match_percent,
    )


def _candidate(
    place: int,
    line: Row[Any],
    walk: Walk,
    facts: Facts,
    parts: dict[str, int],
    shared: Split,
    service: Service,
    wish: Wish,
) -> Candidate:
    return Candidate(
        rank=place,
        provider_id=line.provider_id,
        provider_name=line.provider_name,
        facility_id=line.facility_id,
        score=sum(parts.values()),
        score_parts=parts,
        walk_seconds=walk.seconds,
        walk_estimated=walk.estimated,
        capacity_left=facts.capacity_left,
        grade=line.grade,
        mean_face=None if line.mean_face is None else float(line.mean_face),
        ratings=line.ratings,
        price_fen=line.price_fen,
        shared=shared,
        reasons=(*_reasons(walk, line, facts, shared, service, wish), *_credit_reason(line.credit_level)),
        opening=(tuple(line.weekdays), line.from_hour, line.to_hour),
        credit_level=line.credit_level,
    )


def _reasons(walk: Walk, line: Row[Any], facts: Facts, shared: Split, service: Service, wish: Wish) -> tuple[str, ...]:
    minutes = f"{minutes_up(walk.seconds)}分钟" + ("（估算）" if walk.estimated else "")
    way = f"从机构走到老人家{minutes}" if service.at_home else f"从家走过去{minutes}"
    if walk.same_area:
        way = "和老人在同一个区域（这里不按步行时间匹配）"
    rated = "还没有人评价" if facts.mean_face_hundredths is None else _rated(line)
    return (
        way,
        f"这个时间还能接{facts.capacity_left}单",
        f"机构等级{facts.grade}级（5级最好）",
        rated,
        f"价格{yuan(facts.price_fen)}，政府付{yuan(shared.government_fen)}，自付{yuan(shared.self_fen)}",
        *shared.reasons,
        *([f"这一年给老人服务过{facts.served_before}次"] if facts.served_before else []),
        *(
            [f"那时{'有' if facts.as_wished else '没有'}老人要的{wish.words}"]
            if wish.is_any and service.at_home
            else []
        ),
    )


def _credit_reason(level: str | None) -> tuple[str, ...]:
    return () if level in (None, "none") else (f"信用等级{str(level).upper()}级",)


def _rated(line: Row[Any]) -> str:
    return f"{line.ratings}次评价，平均{float(line.mean_face):.1f}（好3、一般2、不好1）"
