"""The six facts of a visit on one page: service, receiver, giver, date, place, start and end, each with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.errors import NotAllowed, NotFound
from services.orders.tables import CareOrder
from services.people.rights import right_to
from services.people.tables import Person
from services.unit_of_work import Actor
from services.visits.alerts import alerts
from services.visits.errors import VisitNotFound
from services.visits.evidence_tables import VisitCall
from services.visits.exceptions import exceptions_of
from services.visits.judging import doubt_of
from services.visits.photos import may_keep_photos, photos_of
from services.visits.tables import Visit
from services.visits.vitals import Vitals, opened_vitals

_visit, _order, _person, _call = table_of(Visit), table_of(CareOrder), table_of(Person), table_of(VisitCall)
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Fact:
    """One of the six facts. `source` is a code the reader's page has words for; `detail` what belongs beside it.

    `device_at`: the phone's own clock; `recorded_at`: the server's. `doubts` are codes, `exception` the reason's name.
    """

    code: str
    value: str
    source: str
    detail: dict[str, Any]
    device_at: datetime | None = None
    recorded_at: datetime | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What stands behind a visit, as far as the actor may see it."""

    visit: Found
    order_number: str | None
    facts: list[Fact]
    exceptions: list[Found]
    calls: list[Found]
    alerts: list[Found]
    photos: list[Found]
    vitals: Vitals | None
    doubt: Found | None
    may_photograph: bool

    @property
    def verified(self) -> bool:
        """Tell whether the visit counts as proved: finished, and every exception accepted by a supervisor."""
        return self.visit.state == "finished" and all(one.decision == "accepted" for one in self.exceptions)


def evidence_of(session: Session, now: datetime, actor: Actor, visit_id: int) -> Evidence:
    """Give the six facts of a visit with their sources, and what else was written down. Raises VisitNotFound.

    Health values are opened only for the elder's side and her office, and the opening is written down.
    """
    connection = session.connection()
    visit = connection.execute(select(_visit).where(_visit.c.id == visit_id)).one_or_none()
    if visit is None:
        raise VisitNotFound(visit_id=visit_id)
    order = connection.execute(select(_order).where(_order.c.id == visit.order_id)).one_or_none()
    names = {
        row.id: row.full_name
        for row in connection.execute(
            select(_person.c.id, _person.c.full_name).where(_person.c.id.in_([visit.elder_id, visit.visitor_id]))
        )
    }
    calls = connection.execute(select(_call).where(_call.c.visit_id == visit_id).order_by(_call.c.id)).all()
    return Evidence(
        visit=visit,
        order_number=order.order_number if order is not None else None,
        facts=_facts(visit, order, names),
        exceptions=exceptions_of(session, visit_id),
        calls=list(calls),
        alerts=alerts(session, visit_id=visit_id),
        photos=photos_of(session, visit_id),
        vitals=_vitals(session, now, actor, visit),
        doubt=doubt_of(session, visit_id),
        may_photograph=may_keep_photos(session, visit.elder_id, now),
    )


def _facts(visit: Found, order: Found | None, names: dict[int, str]) -> list[Fact]:
    arrival, leaving = visit.check_in_facts or {}, visit.check_out_facts or {}
    proof = visit.check_in_proof or "none"
    came = visit.check_in_recorded_at
    service = Fact(
        "service", order.service_code if order is not None else visit.kind, "order" if order is not None else "need",
        {"order_id": visit.order_id, "need_id": visit.need_id},
    )  # fmt: skip
    receiver = Fact(
        "receiver", names.get(visit.elder_id, ""), proof if proof in ("elder_code", "door_plate") else service.source,
        {"elder_id": visit.elder_id},
    )  # fmt: skip
    giver = Fact("giver", names.get(visit.visitor_id, ""), _who(arrival, proof), {"visitor_id": visit.visitor_id})
    day = "" if visit.checked_in_at is None else civil_date(visit.checked_in_at).isoformat()
    position = {
        name: arrival[name] for name in ("distance_m", "accuracy_m") if arrival.get(name) is not None
    } | {"caller": arrival.get("caller")}  # fmt: skip
    about_place = tuple(one for one in arrival.get("doubts", ()) if one in ("far_from_home", "mock_location"))
    return [
        service,
        receiver,
        giver,
        Fact("date", day, _clock(arrival), {}, _moment(arrival), came),
        Fact("place", proof, proof, position, None, came, about_place),
        Fact("start", _iso(visit.checked_in_at), _clock(arrival), _skew(arrival), _moment(arrival), came, _rest(arrival)),
        Fact(
            "end", _iso(visit.checked_out_at), _clock(leaving), _skew(leaving), _moment(leaving),
            visit.check_out_recorded_at, _rest(leaving),
        ),
    ]  # fmt: skip


def _who(arrival: dict[str, Any], proof: str) -> str:
    if arrival.get("signed_by_device") is not None:
        return "signed_device"
    return {"phone_in": "phone_in", "phone_call": "phone_call", "supervisor": "supervisor"}.get(proof, "signed_in")


def _clock(facts: dict[str, Any]) -> str:
    if not facts:
        return "none"
    if facts.get("signed_by_device") is not None:
        return "signed_device"
    return "said" if "recorded_by" in facts else "device"


def _skew(facts: dict[str, Any]) -> dict[str, Any]:
    return {"skew_seconds": facts.get("skew_seconds")}


def _rest(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple(one for one in facts.get("doubts", ()) if one not in ("far_from_home", "mock_location"))


def _moment(facts: dict[str, Any]) -> datetime | None:
    return datetime.fromisoformat(facts["device_at"]) if facts.get("device_at") else None


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _vitals(session: Session, now: datetime, actor: Actor, visit: Found) -> Vitals | None:
    if visit.vitals_sealed is None or actor.read_only:
        return None
    try:
        right = right_to(session, actor, visit.elder_id, "view", now)
    except (NotAllowed, NotFound):
        return None
    record_act(
        session, now, actor, "read_visit_vitals",
        for_person_id=visit.elder_id, by_right=right.ground, area_code=visit.area_code, subject=("visit", visit.id),
    )  # fmt: skip
    return opened_vitals(visit.vitals_sealed)
