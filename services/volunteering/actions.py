"""The needs board: an elder's wish for company or help, taken by one volunteer, given back, withdrawn."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.tables import ServiceItem
from services.cities.pack import CityRules, TimebankPolicy
from services.cities.queries import area_names, rules_in_force
from services.cities.rules import LEVELS, ancestor_code, area_level
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.people.queries import age_on
from services.people.rights import right_to
from services.people.tables import Person, Proxy
from services.unit_of_work import Actor
from services.visits.plans import cancel_friendly_visit, plan_friendly_visit
from services.visits.tables import Visit
from services.volunteering import rules as arithmetic
from services.volunteering.bank import ledger_of
from services.volunteering.errors import (
    BadWindow,
    BoardShowsNoNames,
    GuardianNeeded,
    NeedNotFound,
    NeedNotOpen,
    NeedPast,
    NeedTaken,
    NotAVolunteer,
    NotInsured,
    NotTrained,
    OtherVisitThen,
    OwnRelative,
    TooYoung,
    UnknownNeedKind,
)
from services.volunteering.holds import aim_hold, release_hold
from services.volunteering.tables import Need, Volunteer

_need, _volunteer, _visit = table_of(Need), table_of(Volunteer), table_of(Visit)
_person, _proxy, _item = table_of(Person), table_of(Proxy), table_of(ServiceItem)
Found = Row[*tuple[Any, ...]]

ADULT_AGE = 18


def post_need(
    session: Session,
    now: datetime,
    actor: Actor,
    elder_id: int,
    *,
    kind: str,
    title: str | None,
    starts_at: datetime,
    ends_at: datetime,
) -> int:
    """Put an elder's need on the volunteers' board, without her name or door; give its id.

    By her, a relative who may order, or her community. `kind` is a volunteers' service of the catalogue,
    `title` None takes its plain name. Raises NotFound, NotAllowed, UnknownNeedKind, BoardShowsNoNames,
    BadWindow.
    """
    right = right_to(session, actor, elder_id, "order", now)
    longest = timedelta(hours=arithmetic.LONGEST_NEED_HOURS)
    if starts_at.tzinfo is None or ends_at.tzinfo is None or not now < starts_at < ends_at <= starts_at + longest:
        raise BadWindow(field="starts_at")
    service = (
        session.connection()
        .execute(select(_item.c.plain_name, _item.c.name_zh).where(_item.c.code == kind, _item.c.volunteer))
        .one_or_none()
    )
    if service is None:
        raise UnknownNeedKind(field="kind", kind=kind)
    name: str = session.connection().execute(select(_person.c.full_name).where(_person.c.id == elder_id)).scalar_one()
    shown = (title or service.name_zh).strip()
    if arithmetic.shows_too_much(shown, name):
        raise BoardShowsNoNames(field="title")
    need_id: int = session.connection().execute(
        insert(_need)
        .values(
            elder_id=elder_id, area_code=right.area_code, kind=kind, title=shown,
            rough_place=rough_place(session, right.area_code), starts_at=starts_at, ends_at=ends_at,
            state="open", posted_by=actor.person_id, posted_at=now,
        )
        .returning(_need.c.id)
    ).scalar_one()  # fmt: skip
    record_act(
        session, now, actor, "post_need",
        for_person_id=elder_id, by_right=right.ground, area_code=right.area_code, subject=("need", need_id),
    )  # fmt: skip
    return need_id


def rough_place(session: Session, area_code: int) -> str:
    """Name the street and community around a home; never the quarter's house."""
    levels = [level for level in ("street", "community") if LEVELS.index(level) <= LEVELS.index(area_level(area_code))]
    codes = [ancestor_code(area_code, level) for level in levels]
    names = area_names(session, set(codes))
    return "".join(names[code] for code in codes if code in names) + "附近"


def take_need(session: Session, now: datetime, actor: Actor, need_id: int) -> int:
    """Let one volunteer take a need; the first wins. Gives the id of the visit she promised.

    Raises NotAVolunteer, TooYoung, NotTrained, NotInsured, NeedNotFound, NeedTaken, NeedPast, OwnRelative,
    OtherVisitThen. Two hands at once: the row lock lets one through, the other reads that it is gone.
    """
    assert actor.person_id is not None, "a volunteer is a person"
    return take_for(session, now, actor, need_id, actor.person_id, "volunteer")


def take_for(
    session: Session, now: datetime, actor: Actor, need_id: int, volunteer_id: int, by_right: str, reason: str = ""
) -> int:
    """Let a volunteer take a need, by her own hand or by the office's for her; the same rules hold for both.

    Hours an elder booked with are now held towards the bank of the volunteer; raises BanksApart, BanksFull too.
    """
    volunteer = _lock_volunteer(session, volunteer_id)
    need = _lock_open_need(session, need_id)
    if need.ends_at <= now:
        raise NeedPast(need_id=need_id)
    rules = rules_in_force(session, need.area_code, civil_date(now))
    refuse_unready(volunteer, rules, civil_date(now), civil_date(need.starts_at))
    refuse_own_relative(session, volunteer_id, need.elder_id, rules)
    _refuse_double_promise(session, volunteer_id, need)
    session.connection().execute(
        update(_need).where(_need.c.id == need_id).values(state="taken", taken_by=volunteer_id, taken_at=now)
    )
    if volunteer.timebank_account_id is not None:
        aim_hold(session, now, need_id, ledger_of(session, volunteer.timebank_account_id))
    visit_id = plan_friendly_visit(
        session, now, need_id=need_id, elder_id=need.elder_id, area_code=need.area_code,
        visitor_id=volunteer_id, planned_start=need.starts_at, planned_end=need.ends_at,
    )  # fmt: skip
    record_act(
        session, now, actor, "take_need",
        for_person_id=need.elder_id, by_right=by_right, area_code=need.area_code, subject=("need", need_id),
        facts={"volunteer_id": volunteer_id, "reason": reason} if reason else None,
    )  # fmt: skip
    return visit_id


def release_need(session: Session, now: datetime, actor: Actor, need_id: int) -> None:
    """Give a taken need back to the board before the visit begins. Raises NeedNotFound, NeedNotOpen."""
    need = (
        session.connection()
        .execute(select(_need).where(_need.c.id == need_id, _need.c.taken_by == actor.person_id).with_for_update())
        .one_or_none()
    )
    if need is None:
        raise NeedNotFound(need_id=need_id)
    if need.state != "taken" or not cancel_friendly_visit(session, now, need_id):
        raise NeedNotOpen(need_id=need_id, state=need.state)
    tell(
        session, now,
        audience={"elder_side": need.elder_id}, template="volunteering.need_released",
        facts={"starts_at": need.starts_at.isoformat()},
        elder_id=need.elder_id, area_code=need.area_code, subject=("need", need_id),
        key=f"volunteering.need_released:{need_id}:{need.taken_at.isoformat()}",
    )  # fmt: skip
    record_act(
        session, now, actor, "release_need",
        for_person_id=need.elder_id, by_right="volunteer", area_code=need.area_code, subject=("need", need_id),
    )  # fmt: skip
    session.connection().execute(
        update(_need).where(_need.c.id == need_id).values(state="open", taken_by=None, taken_at=None)
    )


def cancel_need(session: Session, now: datetime, actor: Actor, need_id: int) -> None:
    """Withdraw a need on the elder's side before anybody has arrived; whoever took it is told.

    Raises NeedNotFound, NotAllowed, NeedNotOpen.
    """
    need = session.connection().execute(select(_need).where(_need.c.id == need_id)).one_or_none()
    if need is None:
        raise NeedNotFound(need_id=need_id)
    right = right_to(session, actor, need.elder_id, "order", now)
    need = session.connection().execute(select(_need).where(_need.c.id == need_id).with_for_update()).one()
    if need.state not in ("open", "taken"):
        raise NeedNotOpen(need_id=need_id, state=need.state)
    if need.state == "taken" and not cancel_friendly_visit(session, now, need_id):
        raise NeedNotOpen(need_id=need_id, state=need.state)
    session.connection().execute(update(_need).where(_need.c.id == need_id).values(state="cancelled"))
    release_hold(session, now, need_id)
    if need.taken_by is not None:
        tell(
            session, now,
            recipient_ids=[need.taken_by], template="volunteering.need_cancelled",
            facts={"starts_at": need.starts_at.isoformat()},
            elder_id=need.elder_id, area_code=need.area_code, subject=("need", need_id),
            key=f"volunteering.need_cancelled:{need_id}",
        )  # fmt: skip
    record_act(
        session, now, actor, "cancel_need",
        for_person_id=need.elder_id, by_right=right.ground, area_code=right.area_code, subject=("need", need_id),
    )  # fmt: skip


def _lock_volunteer(session: Session, person_id: int) -> Found:
    """Hold her own row, so that one volunteer's two hands come one after the other."""
    found = (
        session.connection()
        .execute(
            select(_volunteer, _person.c.born_on, _person.c.timebank_account_id)
            .join(_person, _person.c.id == _volunteer.c.person_id)
            .where(_volunteer.c.person_id == person_id, _volunteer.c.left_on.is_(None))
            .with_for_update(of=_volunteer)
        )
        .one_or_none()
    )
    if found is None:
        raise NotAVolunteer(person_id=person_id)
    return found


def _lock_open_need(session: Session, need_id: int) -> Found:
    """Hold the need if it is still open. A need that was taken meanwhile is no longer visible to her."""
    if session.connection().execute(select(_need.c.id).where(_need.c.id == need_id)).scalar() is None:
        raise NeedNotFound(need_id=need_id)
    found = (
        session.connection()
        .execute(select(_need).where(_need.c.id == need_id, _need.c.state == "open").with_for_update())
        .one_or_none()
    )
    if found is None:
        raise NeedTaken(need_id=need_id)
    return found


def refuse_unready(volunteer: Found, rules: CityRules, today: date, day: date) -> None:
    """Keep who is too young, untrained or uninsured on the `day` of the service from serving."""
    age = age_on(volunteer.born_on, today)
    refuse_too_young(rules.timebank, age, volunteer.guardian_id is not None)
    if volunteer.trained_on is None or volunteer.trained_on > today:
        raise NotTrained(person_id=volunteer.person_id)
    if volunteer.insured_until is None or volunteer.insured_until < day:
        raise NotInsured(insured_until=str(volunteer.insured_until), needed_on=str(day))


def refuse_too_young(policy: TimebankPolicy, age: int | None, guardian_agreed: bool) -> None:
    """Hold a volunteer's age against the city's: a minor needs her guardian's consent, whatever age it allows."""
    if age is not None and age >= policy.volunteer_min_age:
        if age < ADULT_AGE and not guardian_agreed:
            raise GuardianNeeded(age=age, least=ADULT_AGE)
        return
    if age is None or policy.minor_min_age is None or age < policy.minor_min_age:
        raise TooYoung(age=age, least=policy.minor_min_age or policy.volunteer_min_age)
    if not guardian_agreed:
        raise GuardianNeeded(age=age, least=policy.volunteer_min_age)


def refuse_own_relative(session: Session, volunteer_id: int, elder_id: int, rules: CityRules) -> None:
    """Any family proxy, asked for or given back, says that they are relatives."""
    if elder_id == volunteer_id:
        raise OwnRelative(elder_id=elder_id)
    if rules.timebank.own_relatives_earn:
        return
    related = (
        session.connection()
        .execute(
            select(_proxy.c.id).where(
                _proxy.c.elder_id == elder_id,
                _proxy.c.proxy_person_id == volunteer_id,
                _proxy.c.ground == "family",
            )
        )
        .first()
    )
    if related is not None:
        raise OwnRelative(elder_id=elder_id)


def _refuse_double_promise(session: Session, volunteer_id: int, need: Found) -> None:
    other = (
        session.connection()
        .execute(
            select(_visit.c.id)
            .where(_visit.c.visitor_id == volunteer_id, _visit.c.state.in_(("planned", "started")))
            .where(_visit.c.planned_start < need.ends_at, _visit.c.planned_end > need.starts_at)
            .limit(1)
        )
        .scalar()
    )
    if other is not None:
        raise OtherVisitThen(visit_id=other)
