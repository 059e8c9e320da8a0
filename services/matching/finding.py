"""Who could serve an elder in a window: every provider of her city that has the service, ranked or left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlmodel import Session

from services.benefits.queries import rights_on
from services.benefits.rules import Split, split, yuan
from services.benefits.voucher_rules import take_voucher
from services.benefits.vouchers import vouchers_for
from services.catalogue.queries import Service
from services.cities.queries import city_of_area, rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Facility, Provider, ServiceLine
from services.matching.left_out import LeftOut, not_as_wished, why_left_out
from services.matching.rules import Facts, minutes_up, rank
from services.matching.walks import Walk, walks_to
from services.matching.wishes import Wish, wish_facts, wish_of

_line = table_of(ServiceLine)
_provider = table_of(Provider)
_facility = table_of(Facility)
_SLOT_FACTS = text(
    "SELECT * FROM slot_facts(CAST(:providers AS bigint[]), :service, CAST(:skills AS text[]), CAST(:on_day AS date), "
    "tstzrange(:starts_at, :ends_at), :rated_since)"
)
RATED_WITHIN = timedelta(days=365)


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
    """All providers of a service for one elder and window: candidates best first, and the others with why."""

    candidates: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]


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
) -> Found:
    """Rank the providers of the elder's city for a service in a window; the others come with why not.

    Providers in `already_asked` appear in neither list. Raises HomeUnknown when the elder has no place on
    the map.
    """
    every = _lines(session, service.code, area_code, civil_date(starts_at))
    lines = [row for row in every if row.provider_id not in already_asked]
    service = _with_skills(service, lines)
    rules = rules_in_force(session, area_code, civil_date(now))
    walks = walks_to(session, elder_id, area_code, lines, rules)
    slots = _slots(session, now, service, lines, starts_at, ends_at)
    wish = wish_of(session, elder_id)
    wished = wish_facts(session, elder_id, service, [line.provider_id for line in lines], wish, starts_at, ends_at)
    left_out: list[LeftOut] = []
    able: dict[int, tuple[Row[Any], Walk, Row[Any], Facts]] = {}
    for line in lines:
        walk, slot = walks[line.facility_id], slots[line.provider_id]
        capacity = _capacity_left(line, slot, service)
        reason = why_left_out(line, walk, slot, capacity, service, starts_at, ends_at)
        if reason is None and service.at_home and wish.must and not wished[line.provider_id].wished:
            reason = not_as_wished(line, wish.words)
        if reason is not None:
            left_out.append(reason)
        else:
            facts = _facts(line, walk, slot, capacity, wished[line.provider_id], service)
            weight = rules.trust.credit.match_weight
            facts = replace(facts, credit_weight=weight, credit_percent=line.credit_match_percent)
            able[line.provider_id] = (line, walk, slot, facts)
    on = civil_date(starts_at)
    rights = rights_on(session, elder_id, service.code, on, besides_order_id)
    vouchers = vouchers_for(session, elder_id, service.code, on, besides_order_id=besides_order_id)
    ranked = rank([facts for _, _, _, facts in able.values()])
    candidates = []
    for place, (facts, parts) in enumerate(ranked, start=1):
        line, walk, slot, _ = able[facts.provider_id]
        shared = take_voucher(split(facts.price_fen, rights), vouchers, line.provider_code)
        candidates.append(_candidate(place, line, walk, slot, facts, parts, shared, service, wish))
    left_out.sort(key=lambda one: (one.provider_name, one.provider_id))
    return Found(candidates=tuple(candidates), left_out=tuple(left_out))


def _with_skills(service: Service, lines: list[Row[Any]]) -> Service:
    """A service with the skills demanded there and then: the house's and the city's, as PostgreSQL will ask for them."""
    demanded = set(lines[0].demanded) if lines else set()
    more = sorted(demanded - set(service.required_skills))
    return replace(service, required_skills=(*service.required_skills, *more)) if more else service


def _lines(session: Session, service_code: str, area_code: int, on: date) -> list[Row[Any]]:
    first, last = area_range(city_of_area(session, area_code))
    return list(
        session.connection().execute(
            select(
                _line,
                _provider.c.name.label("provider_name"),
                _provider.c.code.label("provider_code"),
                _provider.c.grade,
                _provider.c.blocked_at,
                _provider.c.credit_level,
                _provider.c.credit_match_percent,
                _facility.c.status,
                select(func.skills_demanded(service_code, area_code, on)).scalar_subquery().label("demanded"),
            )
            .join(_provider, _provider.c.id == _line.c.provider_id)
            .join(_facility, _facility.c.id == _line.c.facility_id)
            .where(_line.c.service_code == service_code, _facility.c.area_code.between(first, last))
            .order_by(_line.c.provider_id)
        )
    )


def _slots(
    session: Session,
    now: datetime,
    service: Service,
    lines: list[Row[Any]],
    starts_at: datetime,
    ends_at: datetime,
) -> dict[int, Row[Any]]:
    rows = session.connection().execute(
        _SLOT_FACTS,
        {
            "providers": [line.provider_id for line in lines],
            "service": service.code,
            "skills": list(service.required_skills),
            "on_day": civil_date(starts_at),
            "starts_at": starts_at,
            "ends_at": ends_at,
            "rated_since": now - RATED_WITHIN,
        },
    )
    return {row.provider_id: row for row in rows}


def _capacity_left(line: Row[Any], slot: Row[Any], service: Service) -> int:
    places = int(line.slot_capacity - slot.booked)
    if not service.at_home:
        return max(0, places)
    return max(0, min(places, int(slot.free - slot.waiting)))


def _facts(line: Row[Any], walk: Walk, slot: Row[Any], capacity_left: int, wished: Row[Any], service: Service) -> Facts:
    return Facts(
        provider_id=line.provider_id,
        walk_seconds=walk.seconds,
        max_travel_seconds=line.max_travel_seconds,
        grade=line.grade,
        mean_face_hundredths=None if slot.mean_face is None else int(slot.mean_face * 100),
        price_fen=line.price_fen,
        capacity_left=capacity_left,
        slot_capacity=line.slot_capacity,
        served_before=int(wished.known),
        load=int(wished.load),
        as_wished=not service.at_home or wished.wished > 0,
    )


def _candidate(
    place: int,
    line: Row[Any],
    walk: Walk,
    slot: Row[Any],
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
        mean_face=None if slot.mean_face is None else float(slot.mean_face),
        ratings=slot.ratings,
        price_fen=line.price_fen,
        shared=shared,
        reasons=(*_reasons(walk, slot, facts, shared, service, wish), *_credit_reason(line.credit_level)),
        opening=(tuple(line.weekdays), line.from_hour, line.to_hour),
        credit_level=line.credit_level,
    )


def _reasons(walk: Walk, slot: Row[Any], facts: Facts, shared: Split, service: Service, wish: Wish) -> tuple[str, ...]:
    minutes = f"{minutes_up(walk.seconds)}分钟" + ("（估算）" if walk.estimated else "")
    way = f"从机构走到老人家{minutes}" if service.at_home else f"从家走过去{minutes}"
    if walk.same_area:
        way = "和老人在同一个区域（这里不按步行时间匹配）"
    rated = "还没有人评价" if facts.mean_face_hundredths is None else _rated(slot)
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


def _rated(slot: Row[Any]) -> str:
    return f"{slot.ratings}次评价，平均{float(slot.mean_face):.1f}（好3、一般2、不好1）"
