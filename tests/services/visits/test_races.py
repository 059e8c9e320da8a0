"""Two real connections at one door: a phone that sends twice, fingers that guess, workers that hurry."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from services.columns import table_of
from services.people.privacy import unseal
from services.unit_of_work import SYSTEM, unit_of_work
from services.visits.actions import DeviceFacts, DoorProof, check_in
from services.visits.attempts import record_attempt
from services.visits.errors import CodeLocked, WrongElderCode
from services.visits.escalations import follow_up
from services.visits.tables import Escalation, VisitAttempt


def together(acts: list[Callable[[], Any]]) -> list[Any]:
    """Do acts at the same moment, each on its own connection; give their answers or what they raised."""
    answers: list[Any] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(place: int) -> None:
        gate.wait(timeout=120)
        try:
            answers[place] = acts[place]()
        except Exception as refused:
            answers[place] = refused

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    return answers


def arriving(cast: Any, visit_id: int, proof: DoorProof, key: str) -> Callable[[], Any]:
    actor = cast.actor("carer")

    def act() -> Any:
        with unit_of_work(actor) as work:
            device = DeviceFacts(event_key=key)
            return check_in(
                work.session, work.now, work.actor, visit_id, proof=proof, happened_at=work.now, device=device
            )

    return act


def test_one_event_sent_over_two_connections_is_one_record(cast: Any, planned: Any, promised: Any) -> None:
    visit_id = planned(10)
    plate = DoorProof("door_plate", "demo-door-plate-wang")
    answers = together([arriving(cast, visit_id, plate, "e1") for _ in range(4)])
    assert sorted(answer.replayed for answer in answers) == [False, True, True, True]
    assert len({answer.checked_in_at for answer in answers}) == 1
    assert len(promised("orders.mark_in_service")) == 1


def test_eight_fingers_guessing_at_once_have_five_tries(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned(10)
    right = unseal("visit-code", visit_row(visit_id).code_sealed)
    wrong = DoorProof("elder_code", f"{(int(right) + 1) % 10000:04d}")
    answers = together([arriving(cast, visit_id, wrong, f"e{n}") for n in range(8)])
    kinds = [type(answer.refusal) for answer in answers]
    assert (kinds.count(WrongElderCode), kinds.count(CodeLocked)) == (4, 4)
    assert visit_row(visit_id).code_tries == 5


def test_two_silences_followed_up_at_once_open_one_door(cast: Any) -> None:
    attempts = []
    with cast.work("house") as work:
        now = work.now
        for minutes in (9, 4):
            made = work.session.connection().execute(
                table_of(VisitAttempt)
                .insert()
                .values(
                    elder_id=cast["sun"], area_code=320102003904901, channel="phone", outcome="no_answer",
                    happened_at=now - timedelta(minutes=minutes), recorded_at=now, by_person_id=cast["officer"],
                )
                .returning(table_of(VisitAttempt).c.id)
            )  # fmt: skip
            attempts.append(made.scalar_one())

    def following(attempt_id: int) -> Callable[[], Any]:
        def act() -> Any:
            with unit_of_work(SYSTEM, login="jobs") as work:
                return follow_up(work.session, work.now, attempt_id)

        return act

    together([following(attempt_id) for attempt_id in [*attempts, *attempts]])
    for attempt_id in attempts:  # the relay sends again what lost the race
        following(attempt_id)()
    with cast.work("house") as work:
        (door,) = work.session.connection().execute(select(table_of(Escalation))).all()
    assert {line.get("attempt_id") for line in door.history} == set(attempts)


def test_the_same_try_from_two_connections_is_one_row(cast: Any) -> None:
    actor = cast.actor("officer")
    with cast.work("house") as work:
        happened = work.now - timedelta(minutes=1)

    def act() -> int:
        with unit_of_work(actor) as work:
            return record_attempt(
                work.session, work.now, work.actor, cast["sun"],
                channel="phone", outcome="spoken", happened_at=happened, note=None,
            )  # fmt: skip

    assert len(set(together([act, act, act]))) == 1
