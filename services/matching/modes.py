"""Which way a city brings an order to a provider: as its rows of that day say; without a row, ranked offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import city_of_area
from services.columns import table_of
from services.directory.tables import Provider
from services.errors import Invalid, NotFound
from services.matching.mode_tables import MODES, Alliance, AllianceMember, DispatchMode
from services.unit_of_work import Actor

_mode, _alliance, _member = table_of(DispatchMode), table_of(Alliance), table_of(AllianceMember)
_provider = table_of(Provider)


@dataclass(frozen=True)
class Way:
    """How an order is brought to providers; `members` are the alliance's providers, empty in other modes."""

    mode: str
    clocks_rest: bool
    members: frozenset[int]


RANKED = Way("ranked", clocks_rest=True, members=frozenset())


def way_of(session: Session, area_code: int, service_code: str, on: date) -> Way:
    """Give the way of a service in the city of an area on a civil day; the service's own row before the city's."""
    found = session.connection().execute(
        select(_mode)
        .where(_mode.c.city_code == city_of_area(session, area_code), _mode.c.valid_from <= on)
        .where((_mode.c.service_code == service_code) | _mode.c.service_code.is_(None))
        .order_by(_mode.c.service_code.is_(None), _mode.c.valid_from.desc(), _mode.c.id.desc())
        .limit(1)
    ).first()  # fmt: skip
    if found is None:
        return RANKED
    members: frozenset[int] = frozenset()
    if found.alliance_id is not None:
        rows = session.connection().execute(
            select(_member.c.provider_id).where(_member.c.alliance_id == found.alliance_id, _member.c.left_at.is_(None))
        )
        members = frozenset(rows.scalars())
    return Way(found.mode, found.clocks_rest, members)


def set_way(
    session: Session, now: datetime, actor: Actor, city_code: int, mode: str, *, service_code: str | None = None,
    valid_from: date, alliance_id: int | None = None, clocks_rest: bool = True,
) -> None:  # fmt: skip
    """Say which way a city's orders go from a day on; the same day's row is replaced. Raises Invalid(field)."""
    if mode not in MODES or (mode == "alliance") != (alliance_id is not None):
        raise Invalid("派单方式有误。", field="mode", known=list(MODES))
    city = city_of_area(session, city_code)
    row = {
        "city_code": city, "service_code": service_code, "mode": mode, "alliance_id": alliance_id,
        "clocks_rest": clocks_rest, "valid_from": valid_from, "set_at": now,
    }  # fmt: skip
    session.connection().execute(_mode.delete().where(_mode.c.city_code == city, _mode.c.valid_from == valid_from,
                                 _mode.c.service_code.is_not_distinct_from(service_code)))  # fmt: skip
    session.connection().execute(insert(_mode).values(row))
    facts = {"mode": mode, "service_code": service_code, "valid_from": valid_from.isoformat()}
    record_act(session, now, actor, "set_dispatch_mode", by_right="house", area_code=city, facts=facts)


def form_alliance(
    session: Session, now: datetime, actor: Actor, city_code: int, name: str, provider_codes: list[str]
) -> int:
    """Form an alliance of providers, or let more of them join; gives its id. Raises NotFound(provider_code)."""
    connection = session.connection()
    city = city_of_area(session, city_code)
    row = upsert(_alliance).values(city_code=city, name=name.strip(), created_at=now)
    connection.execute(row.on_conflict_do_nothing(index_elements=["name"]))
    alliance_id: int = connection.execute(select(_alliance.c.id).where(_alliance.c.name == name.strip())).scalar_one()
    for code in provider_codes:
        provider_id = connection.execute(select(_provider.c.id).where(_provider.c.code == code)).scalar()
        if provider_id is None:
            raise NotFound(provider_code=code)
        member = upsert(_member).values(alliance_id=alliance_id, provider_id=provider_id, joined_at=now)
        connection.execute(member.on_conflict_do_update(constraint="alliance_member_once_key", set_={"left_at": None}))
    facts = {"alliance_id": alliance_id, "providers": provider_codes}
    record_act(session, now, actor, "form_alliance", by_right="house", area_code=city, facts=facts)
    return alliance_id
