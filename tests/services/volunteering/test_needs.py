"""The needs board: what strangers read, who may take, and whose hand is first."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from services.clock import civil_date
from services.columns import table_of
from services.errors import NotAllowed, NotFound
from services.people.tables import Person, Proxy, RoleGrant
from services.visits.actions import DoorProof, check_in
from services.visits.errors import VisitNotOpen
from services.visits.records import DeviceFacts
from services.visits.tables import Visit
from services.volunteering import actions, queries, registering
from services.volunteering.errors import (
    AlreadyAVolunteer,
    BadWindow,
    BoardShowsNoNames,
    NeedNotFound,
    NeedNotOpen,
    NeedTaken,
    NotAVolunteer,
    NotInsured,
    NotTrained,
    OtherVisitThen,
    OwnRelative,
    TooYoung,
    UnknownNeedKind,
)
from services.volunteering.tables import Need, Volunteer, VolunteerSession

_need, _visit, _session = table_of(Need), table_of(Visit), table_of(VolunteerSession)
_volunteer, _person = table_of(Volunteer), table_of(Person)
CITY = 320100000000000
PLATE = DoorProof("door_plate", "demo-door-plate-wang")


def test_the_board_shows_neither_name_nor_door(cast: Any, posted: Any) -> None:
    posted()
    with cast.work("volunteer") as work:
        (shown,) = queries.needs_board(work.session, work.now)
    assert set(shown._fields) == {"id", "kind", "title", "rough_place", "starts_at", "ends_at"}
    assert shown.rough_place.startswith("新街口街道") and "王" not in shown.rough_place + shown.title
    for title in ("陪王秀兰看病", "请打19900000001", "3幢201室聊天", "三单元来坐坐"):
        with pytest.raises(BoardShowsNoNames):
            posted(title=title)
    for who in ("outsider", "other_officer", "carer"):
        with cast.work(who) as work:
            assert queries.needs_board(work.session, work.now) == []


def test_a_need_is_posted_by_her_side_or_her_community_only(cast: Any, posted: Any) -> None:
    for who in ("wang", "daughter", "officer", "operator", "advisor"):
        posted(who=who)
    for who in ("outsider", "other_officer", "volunteer", "carer"):
        with pytest.raises((NotFound, NotAllowed)):
            posted(who=who)
    with pytest.raises(UnknownNeedKind):
        posted(kind="home_bath")
    with pytest.raises(BadWindow):
        posted(minutes=-5)


@pytest.mark.mission("TZ-36")
def test_taking_hides_it_from_the_board_and_gives_name_and_code(
    cast: Any, hands: Any, posted: Any, second_volunteer: str
) -> None:
    need_id = posted()
    visit_id = hands.take(need_id)
    with cast.work("volunteer") as work:
        assert queries.needs_board(work.session, work.now) == []
        (mine,) = queries.my_needs(work.session, work.actor)
        assert (mine.elder_name, mine.visit_id) == ("王秀兰", visit_id)
    with pytest.raises(NeedNotFound):
        hands.take(need_id, second_volunteer)
    with cast.work("daughter") as work:
        (hers,) = queries.needs_of_elder(work.session, cast["wang"])
        assert hers.taken_by_name == "李文华"


@pytest.mark.mission("NG-18")
def test_two_volunteers_at_the_same_moment_one_takes_it(cast: Any, posted: Any, second_volunteer: str) -> None:
    need_id, answers, gate = posted(), {}, threading.Barrier(2)
    actors = {who: cast.actor(who, role="volunteer") for who in ("volunteer", second_volunteer)}

    def try_it(who: str) -> None:
        from services.unit_of_work import unit_of_work

        try:
            with unit_of_work(actors[who]) as work:
                gate.wait(timeout=120)
                answers[who] = actions.take_need(work.session, work.now, work.actor, need_id)
        except (NeedTaken, NeedNotFound) as refused:
            answers[who] = refused

    threads = [threading.Thread(target=try_it, args=(who,)) for who in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    assert sorted(isinstance(answer, int) for answer in answers.values()) == [False, True]
    with cast.work("house") as work:
        visits = work.session.connection().execute(select(_visit).where(_visit.c.need_id == need_id)).all()
    winner = next(who for who, answer in answers.items() if isinstance(answer, int))
    assert [visit.visitor_id for visit in visits] == [cast[winner]]


@pytest.mark.mission("NG-18")
def test_the_second_hand_waits_and_reads_that_it_is_gone(cast: Any, posted: Any, second_volunteer: str) -> None:
    """The second volunteer reads the need while the first still holds it, on two real connections."""
    from services.unit_of_work import unit_of_work

    need_id, seen = posted(), []
    with unit_of_work(cast.actor("volunteer")) as first:
        actions.take_need(first.session, first.now, first.actor, need_id)

        def second_hand() -> None:
            with unit_of_work(cast.actor(second_volunteer, role="volunteer")) as second:
                with pytest.raises(NeedTaken):
                    actions.take_need(second.session, second.now, second.actor, need_id)
                seen.append("taken")

        thread = threading.Thread(target=second_hand)
        thread.start()
        thread.join(timeout=1.5)
        assert thread.is_alive(), "the second hand must wait for the first"
    thread.join(timeout=180)
    assert seen == ["taken"]


@pytest.mark.mission("HB-32")
@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"trained_on": None}, NotTrained),
        ({"insured_until": None}, NotInsured),
        ({"insured_until": "yesterday"}, NotInsured),
        ({"left_on": "yesterday"}, NotAVolunteer),
    ],
)
def test_who_is_not_ready_cannot_take(
    cast: Any, hands: Any, posted: Any, change: dict[str, Any], refusal: type[Exception]
) -> None:
    need_id = posted()
    with cast.work("house") as work:
        yesterday = civil_date(work.now) - timedelta(days=1)
        values = {name: yesterday if day else None for name, day in change.items()}
        work.session.connection().execute(
            update(_volunteer).where(_volunteer.c.person_id == cast["volunteer"]).values(**values)
        )
    with pytest.raises(refusal):
        hands.take(need_id)


def test_somebody_of_seventeen_cannot_take(cast: Any, hands: Any, posted: Any) -> None:
    need_id = posted()
    with cast.work("house") as work:
        born = civil_date(work.now) - timedelta(days=17 * 365)
        write = work.session.connection().execute
        write(
            update(table_of(Volunteer))
            .where(table_of(Volunteer).c.person_id == cast["volunteer"])
            .values(guardian_id=cast["carer"], guardian_consented_on=civil_date(work.now))
        )
        write(update(_person).where(_person.c.id == cast["volunteer"]).values(born_on=born))
    with pytest.raises(TooYoung):
        hands.take(need_id)


def test_nobody_but_a_volunteer_takes(cast: Any, hands: Any, posted: Any) -> None:
    need_id = posted()
    for who in ("outsider", "daughter", "wang", "carer", "officer"):
        with pytest.raises(NotAVolunteer):
            hands.take(need_id, who)


def test_a_daughter_who_volunteers_cannot_earn_with_her_own_mother(cast: Any, hands: Any, posted: Any) -> None:
    need_id = posted()
    with cast.work("house") as work:
        work.session.connection().execute(
            insert(table_of(Proxy)).values(
                elder_id=cast["wang"], area_code=320102003902901, proxy_person_id=cast["volunteer"], relation="女儿",
                ground="family", scopes=["view"], state="revoked", requested_at=work.now,
            )
        )  # fmt: skip
    with pytest.raises(OwnRelative):
        hands.take(need_id)


def test_one_volunteer_cannot_promise_two_doors_at_once(cast: Any, hands: Any, posted: Any) -> None:
    first, second, after = posted(30), posted(60), posted(180)
    hands.take(first)
    with pytest.raises(OtherVisitThen):
        hands.take(second)
    hands.take(after)


def test_a_need_given_back_is_on_the_board_again_with_a_new_visit(
    cast: Any, hands: Any, posted: Any, second_volunteer: str
) -> None:
    need_id = posted()
    first = hands.take(need_id)
    with cast.work(second_volunteer, role="volunteer") as work, pytest.raises(NeedNotFound):
        actions.release_need(work.session, work.now, work.actor, need_id)
    with cast.work("volunteer") as work:
        actions.release_need(work.session, work.now, work.actor, need_id)
    second = hands.take(need_id, second_volunteer)
    assert hands.row(_visit, first).state == "cancelled" and second != first
    with pytest.raises(VisitNotOpen):
        hands.serve(first)


def test_a_visit_that_has_begun_is_not_given_back_or_withdrawn(cast: Any, hands: Any, posted: Any) -> None:
    need_id = posted(5)
    visit_id = hands.take(need_id)
    with cast.work("volunteer") as work:
        check_in(work.session, work.now, work.actor, visit_id, proof=PLATE, happened_at=work.now, device=DeviceFacts())
    with cast.work("volunteer") as work, pytest.raises(NeedNotOpen):
        actions.release_need(work.session, work.now, work.actor, need_id)
    with cast.work("daughter") as work, pytest.raises(NeedNotOpen):
        actions.cancel_need(work.session, work.now, work.actor, need_id)


def test_her_side_withdraws_and_the_volunteer_is_told(cast: Any, hands: Any, posted: Any) -> None:
    need_id = posted()
    visit_id = hands.take(need_id)
    with cast.work("volunteer") as work, pytest.raises((NotFound, NotAllowed)):
        actions.cancel_need(work.session, work.now, work.actor, need_id)
    with cast.work("daughter") as work:
        actions.cancel_need(work.session, work.now, work.actor, need_id)
    assert (hands.row(_need, need_id).state, hands.row(_visit, visit_id).state) == ("cancelled", "cancelled")
    with cast.work("house") as work:
        told = work.session.connection().exec_driver_sql(
            "SELECT args->'recipient_ids' FROM outbox WHERE args->>'template' = 'volunteering.need_cancelled'"
        )
        assert told.scalar_one() == [cast["volunteer"]]


@pytest.mark.mission("HB-32")
def test_registering_opens_an_account_and_gives_the_role_once(cast: Any, hands: Any) -> None:
    with cast.work("daughter") as work:
        with pytest.raises(NotFound):
            registering.register_volunteer(
                work.session, work.now, work.actor, cast["wang"], display_name="妈妈", interests=[]
            )
    with cast.work("carer") as work:
        passport = registering.register_volunteer(
            work.session, work.now, work.actor, cast["carer"], display_name="小陈", interests=["escort"]
        )
        with pytest.raises(AlreadyAVolunteer):
            registering.register_volunteer(
                work.session, work.now, work.actor, cast["carer"], display_name="小陈", interests=[]
            )
        with pytest.raises(NotAVolunteer):
            registering.record_training(
                work.session, work.now, work.actor, cast["carer"], trained_on=civil_date(work.now), insured_until=None
            )
    assert passport.startswith("GY320100-") and hands.balance("carer") == (0, 0)
    grant = table_of(RoleGrant)
    with cast.work("house") as work:
        roles = work.session.connection().execute(select(grant.c.role).where(grant.c.person_id == cast["carer"]))
        assert set(roles.scalars()) == {"carer", "volunteer"}
