"""At the door: the plate, the elder's four digits, and a phone with bad signal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.people.privacy import unseal
from services.visits.actions import CheckIn, DoorProof, check_in, check_out
from services.visits.errors import (
    AlreadyCheckedIn,
    AnotherVisitRunning,
    BadMoment,
    CodeLocked,
    CodeNotForYou,
    NotASupervisor,
    NotCheckedIn,
    TooEarly,
    TooLate,
    UnknownTask,
    VisitNotFound,
    VisitNotOpen,
    WrongDoor,
    WrongElderCode,
)
from services.visits.plans import plan_care_visit, warn_late
from services.visits.plates import issue_door_plate, plate_page, revoke_door_plate
from services.visits.queries import read_visit_code, visits_of_day, visits_of_elder
from services.visits.records import DeviceFacts
from services.visits.supervising import check_in_for, check_out_for

PLATE = "demo-door-plate-wang"
WANGS_PLATE = DoorProof("door_plate", PLATE)


def arrive(cast: Any, visit_id: int, proof: DoorProof = WANGS_PLATE, who: str = "carer", **device: Any) -> CheckIn:
    with cast.work(who) as work:
        happened = device.pop("happened_at", None) or work.now
        return check_in(
            work.session,
            work.now,
            work.actor,
            visit_id,
            proof=proof,
            happened_at=happened,
            device=DeviceFacts(**device),
        )


def leave(cast: Any, visit_id: int, who: str = "carer", tasks: list[str] | None = None, **device: Any) -> Any:
    with cast.work(who) as work:
        happened = device.pop("happened_at", None) or work.now
        return check_out(
            work.session, work.now, work.actor, visit_id,
            tasks_done=tasks or [], note="一切平安", happened_at=happened, device=DeviceFacts(**device),
        )  # fmt: skip


def the_code(cast: Any, visit_id: int, who: str = "daughter") -> str:
    with cast.work(who) as work:
        return read_visit_code(work.session, work.now, work.actor, visit_id)


def test_the_plate_at_the_door_starts_the_visit_and_tells_the_order(
    cast: Any, planned: Any, visit_row: Any, promised: Any
) -> None:
    visit_id = planned()
    answer = arrive(cast, visit_id, lon=118.7844, lat=32.0488, accuracy_m=20.0)
    row = visit_row(visit_id)
    assert (answer.refusal, row.state, row.check_in_proof) == (None, "started", "door_plate")
    assert row.check_in_facts["distance_m"] < 20 and row.check_in_facts["doubts"] == []
    assert promised("orders.mark_in_service")[0]["order_id"] == row.order_id
    assert any(args["template"] == "visits.started" for args in promised("messages.deliver"))


def test_a_scanned_address_works_like_the_token(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned()
    arrive(cast, visit_id, DoorProof("door_plate", f"https://example.cn/door/{PLATE}"))
    assert visit_row(visit_id).state == "started"


def test_the_plate_of_another_door_opens_nothing(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned()
    planned(300, elder="sun")  # she knows that door as well, so only the comparison keeps her out
    for token in ("demo-door-plate-sun", "never-issued", ""):
        with pytest.raises(WrongDoor):
            arrive(cast, visit_id, DoorProof("door_plate", token))
    assert visit_row(visit_id).state == "planned"


def test_a_revoked_plate_opens_nothing_and_a_new_one_does(cast: Any, planned: Any) -> None:
    visit_id = planned()
    with cast.work("officer") as work:
        fresh = issue_door_plate(work.session, work.now, work.actor, cast["wang"])
    with pytest.raises(WrongDoor):
        arrive(cast, visit_id)
    assert "<svg" in plate_page(fresh, "三幢") and fresh not in plate_page(fresh, "三幢").split("<title>")[1]
    assert arrive(cast, visit_id, DoorProof("door_plate", fresh)).proof == "door_plate"
    with cast.work("daughter") as work:
        revoke_door_plate(work.session, work.now, work.actor, cast["wang"])


def test_the_elders_code_starts_the_visit(cast: Any, planned: Any) -> None:
    visit_id = planned()
    assert arrive(cast, visit_id, DoorProof("elder_code", the_code(cast, visit_id, "wang"))).proof == "elder_code"


def test_five_wrong_codes_close_that_way_in_and_the_plate_still_works(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned()
    right = the_code(cast, visit_id)
    wrong = f"{(int(right) + 1) % 10000:04d}"
    for left in (4, 3, 2, 1):
        refusal = arrive(cast, visit_id, DoorProof("elder_code", wrong)).refusal
        assert isinstance(refusal, WrongElderCode) and refusal.facts["tries_left"] == left
    assert isinstance(arrive(cast, visit_id, DoorProof("elder_code", wrong)).refusal, CodeLocked)
    assert isinstance(arrive(cast, visit_id, DoorProof("elder_code", right)).refusal, CodeLocked)
    assert (visit_row(visit_id).code_tries, visit_row(visit_id).state) == (5, "planned")
    assert arrive(cast, visit_id).refusal is None


def test_the_same_check_in_replayed_five_times_is_one_record(cast: Any, planned: Any, promised: Any) -> None:
    visit_id = planned()
    first = arrive(cast, visit_id, event_key="e1")
    cast.advance(minutes=7)
    again = [arrive(cast, visit_id, event_key="e1", happened_at=first.checked_in_at) for _ in range(5)]
    assert all(a.replayed and a.checked_in_at == first.checked_in_at for a in again)
    assert len(promised("orders.mark_in_service")) == 1
    with pytest.raises(AlreadyCheckedIn):
        arrive(cast, visit_id, event_key="e2")


def test_too_early_and_too_late_are_said_with_the_hour(cast: Any, planned: Any) -> None:
    visit_id = planned(minutes=90)
    with pytest.raises(TooEarly) as early:
        arrive(cast, visit_id)
    assert "opens_at" in early.value.facts
    cast.advance(hours=6)
    with pytest.raises(TooLate):
        arrive(cast, visit_id)


def test_an_offline_arrival_keeps_when_it_happened_and_when_it_was_heard(
    cast: Any, planned: Any, visit_row: Any
) -> None:
    visit_id = planned(minutes=10)
    happened = visit_row(visit_id).planned_start
    cast.advance(hours=9)
    arrive(cast, visit_id, event_key="e1", happened_at=happened)
    row = visit_row(visit_id)
    assert row.checked_in_at == happened
    assert row.check_in_recorded_at - row.checked_in_at > timedelta(hours=8)


def test_a_phone_whose_clock_is_wrong_is_corrected_and_the_skew_is_kept(
    cast: Any, planned: Any, visit_row: Any
) -> None:
    visit_id = planned()
    with cast.work("carer") as work:
        ahead = work.now + timedelta(hours=3)
    arrive(cast, visit_id, event_key="e1", happened_at=ahead, sent_at=ahead)
    row = visit_row(visit_id)
    assert row.checked_in_at <= row.check_in_recorded_at
    assert 10_000 < row.check_in_facts["skew_seconds"] <= 10_800 and row.check_in_facts["doubts"] == ["clock_skew"]


def test_a_position_far_from_home_is_a_doubt_not_a_refusal(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned()
    arrive(cast, visit_id, lon=118.90, lat=32.05, accuracy_m=10.0, mock_location=True)
    assert visit_row(visit_id).check_in_facts["doubts"] == ["far_from_home", "mock_location"]


def test_only_her_own_carer_may_check_in(cast: Any, planned: Any) -> None:
    visit_id = planned()
    for who in ("other_carer", "daughter", "officer", "outsider", "volunteer"):
        with pytest.raises(VisitNotFound):
            arrive(cast, visit_id, who=who)


def test_only_the_elders_side_reads_the_code(cast: Any, planned: Any) -> None:
    visit_id = planned()
    assert len(the_code(cast, visit_id, "wang")) == 4
    for who in ("officer", "operator", "carer"):
        with pytest.raises(CodeNotForYou):
            the_code(cast, visit_id, who)
    for who in ("outsider", "other_carer", "other_officer"):
        with pytest.raises(VisitNotFound):
            the_code(cast, visit_id, who)


def test_one_visitor_stands_at_one_door(cast: Any, planned: Any) -> None:
    first, second = planned(10), planned(170)
    arrive(cast, first)
    cast.advance(minutes=115)
    with pytest.raises(AnotherVisitRunning):
        arrive(cast, second)
    leave(cast, first)
    assert arrive(cast, second).refusal is None


def test_leaving_keeps_the_tasks_and_tells_the_order_once(
    cast: Any, planned: Any, visit_row: Any, promised: Any
) -> None:
    visit_id = planned(5)
    with pytest.raises(NotCheckedIn):
        leave(cast, visit_id)
    arrive(cast, visit_id)
    with pytest.raises(UnknownTask):
        leave(cast, visit_id, tasks=["偷看电视"])
    cast.advance(minutes=95)
    with cast.work("house") as work:
        checklist = (
            work.session.connection()
            .exec_driver_sql("SELECT checklist FROM service_item WHERE code = 'home_bath'")
            .scalar_one()
        )
    left = leave(cast, visit_id, tasks=checklist[:2], event_key="out")
    again = leave(cast, visit_id, tasks=checklist[:2], event_key="out", happened_at=left.checked_out_at)
    assert again.replayed and again.checked_out_at == left.checked_out_at and left.served_minutes == 95
    assert visit_row(visit_id).tasks_done == checklist[:2]
    assert len(promised("orders.mark_served")) == 1


def test_nobody_leaves_before_she_came(cast: Any, planned: Any) -> None:
    visit_id = planned(5)
    came = arrive(cast, visit_id).checked_in_at
    assert came is not None
    with pytest.raises(BadMoment):
        leave(cast, visit_id, happened_at=came - timedelta(minutes=30))


def test_another_carer_gets_a_new_visit_with_a_new_code(
    cast: Any, assigned: Callable[..., tuple[int, int]], visit_row: Any
) -> None:
    order_id, assignment_id = assigned(30)
    with cast.work("house") as work:
        first = plan_care_visit(work.session, work.now, order_id, assignment_id)
        assert plan_care_visit(work.session, work.now, order_id, assignment_id) == first
        work.session.connection().exec_driver_sql(
            "UPDATE assignment SET state = 'cancelled' WHERE id = %s", (assignment_id,)
        )
        second_assignment = (
            work.session.connection()
            .exec_driver_sql(
                "INSERT INTO assignment (order_id, elder_id, area_code, carer_id, provider_id, during, state, assigned_at) "
                "SELECT order_id, elder_id, area_code, %s, provider_id, during, 'planned', assigned_at FROM assignment "
                "WHERE id = %s RETURNING id",
                (cast["other_carer"], assignment_id),
            )
            .scalar_one()
        )
        second = plan_care_visit(work.session, work.now, order_id, second_assignment)
        assert plan_care_visit(work.session, work.now, order_id, assignment_id) is None
    assert visit_row(first).state == "cancelled" and visit_row(first).code_sealed is None
    assert visit_row(second).visitor_id == cast["other_carer"]
    assert len(unseal("visit-code", visit_row(second).code_sealed)) == 4
    with pytest.raises(VisitNotOpen):
        arrive(cast, first)


def test_a_carer_who_does_not_come_is_reported_to_her_provider(cast: Any, planned: Any, promised: Any) -> None:
    visit_id = planned(30)
    waits = [args for args in promised("visits.warn_late") if args["visit_id"] == visit_id]
    assert [args["minutes"] for args in waits] == [15, 30]
    with cast.work("house") as work:
        assert warn_late(work.session, work.now, visit_id, 15)
    arrive(cast, visit_id)
    with cast.work("house") as work:
        assert not warn_late(work.session, work.now, visit_id, 30)


def test_the_carers_day_and_the_elders_list_show_what_they_may(cast: Any, planned: Any) -> None:
    visit_id = planned(30)
    with cast.work("carer") as work:
        day = visits_of_day(work.session, work.actor, work.now.date())
        day += visits_of_day(work.session, work.actor, (work.now + timedelta(hours=8)).date())
    assert {row.id for row in day} == {visit_id} and day[0].elder_name == "王秀兰"
    assert "code_sealed" not in day[0]._fields
    with cast.work("outsider") as work:
        assert visits_of_elder(work.session, cast["wang"], work.now - timedelta(days=9)) == []


def test_a_carer_whose_phone_died_is_checked_in_and_out_by_the_operator_with_a_reason(
    cast: Any, planned: Any, visit_row: Any, promised: Any
) -> None:
    visit_id = planned(5)
    for who in ("daughter", "wang", "carer", "volunteer"):
        with cast.work(who) as work, pytest.raises((NotASupervisor, VisitNotFound)):
            check_in_for(
                work.session, work.now, work.actor, visit_id, happened_at=work.now, reason="forgot", note="自己说的"
            )
    for who in ("other_officer", "other_dispatcher"):
        with cast.work(who) as work, pytest.raises(VisitNotFound):
            check_in_for(
                work.session, work.now, work.actor, visit_id, happened_at=work.now, reason="forgot", note="不相干"
            )
    with cast.work("operator") as work:
        check_in_for(
            work.session, work.now, work.actor, visit_id, happened_at=work.now, reason="phone_dead", note="老人座机确认"
        )
    row = visit_row(visit_id)
    assert (row.state, row.check_in_proof) == ("started", "phone_call")
    assert row.check_in_facts["recorded_by"] == cast["operator"] and row.check_in_facts["doubts"] == ["exception"]
    with pytest.raises(AlreadyCheckedIn):
        arrive(cast, visit_id)
    cast.advance(minutes=80)
    with cast.work("operator") as work:
        check_out_for(
            work.session, work.now, work.actor, visit_id,
            happened_at=work.now, reason="phone_dead", note="老人座机确认", tasks_done=[],
        )  # fmt: skip
    assert visit_row(visit_id).check_out_facts["proof"] == "phone_call"
    assert len(promised("orders.mark_in_service")) == len(promised("orders.mark_served")) == 1


def test_the_providers_dispatcher_vouches_under_her_own_name(
    cast: Any, planned: Any, visit_row: Any, assigned: Any
) -> None:
    visit_id = planned(5)
    with cast.work("house") as work:  # the order was offered to and accepted by her provider
        work.session.connection().exec_driver_sql(
            "INSERT INTO offer (order_id, elder_id, area_code, provider_id, rank, state, offered_at, expires_at, "
            "answered_at, answered_by, reasons) SELECT order_id, elder_id, area_code, %s, 1, 'accepted', now(), "
            "now() + interval '1 day', now(), %s, '{}' FROM visit WHERE id = %s",
            (cast.providers["kangle"], cast["dispatcher"], visit_id),
        )
    with cast.work("dispatcher") as work:
        check_in_for(
            work.session,
            work.now,
            work.actor,
            visit_id,
            happened_at=work.now,
            reason="no_signal",
            note="电话问过小陈和老人",
        )
    row = visit_row(visit_id)
    assert (row.check_in_proof, row.check_in_facts["recorded_by"]) == ("supervisor", cast["dispatcher"])


def test_a_volunteer_who_does_not_come_is_told_to_the_elders_side(cast: Any, promised: Any) -> None:
    from services.visits.plans import plan_friendly_visit

    with cast.work("house") as work:
        visit_id = plan_friendly_visit(
            work.session, work.now, need_id=1, elder_id=cast["wang"], area_code=320102003902901,
            visitor_id=cast["volunteer"], planned_start=work.now, planned_end=work.now + timedelta(hours=1),
        )  # fmt: skip
        assert warn_late(work.session, work.now, visit_id, 15)
    (told,) = [args for args in promised("messages.deliver") if args["template"] == "visits.late"]
    assert (told["recipient_ids"], told["audience"]) == ([cast["volunteer"]], {"elder_side": cast["wang"]})
