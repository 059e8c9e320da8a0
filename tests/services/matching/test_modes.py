"""Four ways of bringing an order to a provider, as data of the city: push, ranked, bureau, claim, alliance."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from yl_quarter import Quarter

from services.clock import civil_date
from services.errors import NotFound
from services.matching.actions import accept_offer, decline_offer
from services.matching.bureau import name_provider, waiting_for_bureau
from services.matching.errors import AlreadyAccepted, NotAmongThem, TaskClosed
from services.matching.modes import form_alliance, set_way
from services.matching.queries import open_offers
from services.matching.rules import after_open_seconds, offer_expires_at
from services.orders.actions import cancel_order

CITY = 320100000000000
ALL_WEEK: tuple[str, ...] = ()


def go(quarter: Quarter, mode: str, **more: Any) -> None:
    with quarter.work("house") as work:
        today = civil_date(work.now)
        set_way(work.session, work.now, work.actor, CITY, mode, valid_from=today, **more)


def offers(quarter: Quarter, order_id: int) -> list[str]:
    return quarter.all(
        "SELECT p.code || ':' || o.state FROM offer o JOIN provider p ON p.id = o.provider_id "
        "WHERE o.order_id = :o ORDER BY o.id", o=order_id,
    )  # fmt: skip


def told(quarter: Quarter) -> list[str]:
    return quarter.all("SELECT args ->> 'template' FROM outbox WHERE job = 'messages.deliver'")


@pytest.mark.mission("NG-18")
def test_what_is_put_up_for_claim_goes_to_the_first_hand(quarter: Quarter) -> None:
    go(quarter, "claim", service_code="home_bath")
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    assert sorted(offers(quarter, placed.order_id)) == ["ankang:open", "kangle:open"]
    with quarter.work("ankang_dispatcher") as work:
        (mine,) = open_offers(work.session, work.now, work.actor, quarter.providers["ankang"])
        assert mine.shared
    theirs = quarter.one("SELECT id FROM offer WHERE provider_id = :p", p=quarter.providers["kangle"])
    quarter.accept(theirs)
    with pytest.raises(AlreadyAccepted):
        quarter.accept(mine.id, "ankang_dispatcher")
    quarter.run_jobs(only="matching.withdraw_offers")
    assert sorted(offers(quarter, placed.order_id)) == ["ankang:withdrawn", "kangle:accepted"]
    with pytest.raises(AlreadyAccepted):
        quarter.accept(mine.id, "ankang_dispatcher")
    kinds = quarter.all("SELECT kind FROM order_event ORDER BY id")
    assert kinds == ["placed", "put_up_for_claim", "accepted"]
    assert "matching.claimed" in told(quarter)


def test_what_nobody_claims_is_told_to_people(quarter: Quarter) -> None:
    go(quarter, "claim")
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    quarter.advance(hours=3)
    quarter.run_jobs(only="matching.expire_offer")
    assert quarter.one("SELECT state FROM care_order WHERE id = :o", o=placed.order_id) == "unfilled"
    assert "orders.unfilled_for_operator" in told(quarter)


@pytest.mark.mission("NG-01")
def test_the_bureau_names_a_provider_who_then_answers(quarter: Quarter) -> None:
    go(quarter, "bureau")
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    assert offers(quarter, placed.order_id) == []
    with quarter.work("zhao") as work:
        (waiting,) = waiting_for_bureau(work.session, work.actor)
        assert waiting.order_id == placed.order_id and waiting.elder_name == "王秀兰"
        with pytest.raises(NotAmongThem):
            name_provider(work.session, work.now, work.actor, placed.order_id, quarter.providers["yuanda"])
        name_provider(work.session, work.now, work.actor, placed.order_id, quarter.providers["kangle"])
    with pytest.raises(TaskClosed), quarter.work("zhao") as work:
        name_provider(work.session, work.now, work.actor, placed.order_id, quarter.providers["ankang"])
    with pytest.raises(NotFound), quarter.work("daughter") as work:
        name_provider(work.session, work.now, work.actor, placed.order_id, quarter.providers["ankang"])
    with quarter.work("kangle_dispatcher") as work:
        decline_offer(work.session, work.now, work.actor, quarter.offer(placed.order_id), "no_hands")
    quarter.run_jobs(only="matching.offer_next")
    with quarter.work("zhao") as work:
        assert len(waiting_for_bureau(work.session, work.actor)) == 1
        name_provider(work.session, work.now, work.actor, placed.order_id, quarter.providers["ankang"])
    quarter.accept(quarter.offer(placed.order_id), "ankang_dispatcher")
    assert (
        quarter.one("SELECT actor_id FROM act WHERE verb = 'offer_order' ORDER BY id DESC LIMIT 1") == quarter["zhao"]
    )
    assert quarter.all("SELECT by_right FROM act WHERE verb = 'offer_order'") == ["office:officer"] * 2


def test_a_silent_bureau_does_not_stop_the_order(quarter: Quarter) -> None:
    go(quarter, "bureau")
    placed = quarter.place(chosen_provider_id=None)
    quarter.run_jobs(only="matching.offer_next")
    quarter.run_jobs(only="matching.bureau_overdue")
    assert offers(quarter, placed.order_id) == []
    quarter.advance(hours=2, minutes=1)
    quarter.run_jobs(only="matching.bureau_overdue")
    assert len(offers(quarter, placed.order_id)) == 1
    assert "matching.bureau_silent" in told(quarter)
    with quarter.work("zhao") as work:
        assert waiting_for_bureau(work.session, work.actor) == []


def test_a_pushed_order_that_is_not_taken_goes_to_the_bureau(quarter: Quarter) -> None:
    go(quarter, "push")
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    assert offers(quarter, placed.order_id) == ["ankang:open"]
    quarter.advance(hours=2, minutes=1)
    quarter.run_jobs(only="matching.expire_offer")
    assert offers(quarter, placed.order_id) == ["ankang:expired"]
    with quarter.work("wang") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "not_needed")
    with quarter.work("zhao") as work:
        assert len(waiting_for_bureau(work.session, work.actor)) == 1
    quarter.run_jobs(only="matching.withdraw_offers")
    with quarter.work("zhao") as work:
        assert waiting_for_bureau(work.session, work.actor) == []


@pytest.mark.mission("TZ-38")
def test_inside_an_alliance_its_members_are_asked_first(quarter: Quarter) -> None:
    with quarter.work("house") as work:
        act = (work.session, work.now, work.actor)
        alliance = form_alliance(*act, CITY, "新街口养老联盟", ["kangle"])
    go(quarter, "alliance", alliance_id=alliance)
    placed = quarter.place(chosen_provider_id=None)
    quarter.run_jobs(only="matching.offer_next")
    assert offers(quarter, placed.order_id) == ["kangle:open"]
    with quarter.work("kangle_dispatcher") as work:
        decline_offer(work.session, work.now, work.actor, quarter.offer(placed.order_id), "no_hands")
    quarter.run_jobs(only="matching.offer_next")
    assert offers(quarter, placed.order_id) == ["kangle:declined", "ankang:open"]


def test_the_way_of_the_service_comes_before_the_citys_and_each_from_its_day(quarter: Quarter) -> None:
    from services.matching.modes import way_of

    go(quarter, "claim")
    go(quarter, "bureau", service_code="home_bath")
    with quarter.work("house") as work:
        today = civil_date(work.now)
        ways = [way_of(work.session, CITY, code, today).mode for code in ("home_bath", "home_cleaning")]
        before = way_of(work.session, CITY, "home_bath", today - timedelta(days=1)).mode
    assert (ways, before) == (["bureau", "claim"], "ranked")


def claims_at_once(quarter: Quarter, claims: int, hands: int = 16) -> list[str]:
    """Let two providers' dispatchers claim one job so often at the same moment; give every answer."""
    go(quarter, "claim")
    quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    mine = {
        who: (
            quarter.actor(f"{who}_dispatcher"),
            quarter.one("SELECT id FROM offer WHERE provider_id = :p", p=provider),
        )
        for who, provider in quarter.providers.items()
        if who in ("kangle", "ankang")
    }

    def claim(number: int) -> str:
        from services.unit_of_work import unit_of_work

        actor, offer_id = mine["kangle" if number % 2 else "ankang"]
        try:
            with unit_of_work(actor) as work:
                accept_offer(work.session, work.now, work.actor, offer_id)
                return "won"
        except AlreadyAccepted:
            return "taken"

    with ThreadPoolExecutor(hands) as pool:
        return list(pool.map(claim, range(claims)))


@pytest.mark.parametrize("claims", [100, pytest.param(1000, marks=pytest.mark.drill)])
def test_of_many_simultaneous_claims_of_one_job_one_wins(quarter: Quarter, claims: int) -> None:
    answers = claims_at_once(quarter, claims)
    assert answers.count("won") == 1 and answers.count("taken") == claims - 1
    assert quarter.one("SELECT count(*) FROM offer WHERE state = 'accepted'") == 1
    assert quarter.one("SELECT count(*) FROM order_event WHERE kind = 'accepted'") == 1


def test_without_the_lock_the_database_still_lets_only_one_win(
    quarter: Quarter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: without the order's lock and without the index two hands win; with the index alone one does."""
    from sqlalchemy import select

    from services.matching import actions
    from services.orders.steps import _order

    def unlocked(session: Any, order_id: int) -> Any:
        found = session.connection().execute(select(_order).where(_order.c.id == order_id)).first()
        session.connection().execute(text("SELECT pg_sleep(0.2)"))
        return found

    monkeypatch.setattr(actions, "lock_order", unlocked)
    monkeypatch.setattr(actions, "_answer", lambda session, now, actor, offer, state, **values: session.connection().execute(
        text("UPDATE offer SET state = 'accepted', answered_at = now(), answered_by = :p WHERE id = :o"),
        {"p": actor.person_id, "o": offer.id}))  # fmt: skip
    quarter.change("DROP INDEX offer_one_accepted_per_order_idx")
    quarter.change("ALTER TABLE care_order DISABLE TRIGGER USER; ALTER TABLE order_event DISABLE TRIGGER USER; "
                   "ALTER TABLE order_event ALTER state_after SET DEFAULT 'offering'")  # fmt: skip
    assert claims_at_once(quarter, 2, hands=2).count("won") == 2


def test_the_clock_rests_while_the_provider_is_closed() -> None:
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)  # 17:00 in Shanghai
    weekdays = (tuple("12345"), 8, 18)
    assert after_open_seconds(friday, 3600, weekdays) == friday + timedelta(hours=1)
    assert after_open_seconds(friday, 7200, weekdays) == datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
    assert after_open_seconds(friday, 7200, (ALL_WEEK, 0, 24)) == friday + timedelta(hours=2)
    far, soon = friday + timedelta(days=10), friday + timedelta(hours=16)
    assert offer_expires_at(friday, far, 120, opening=weekdays) == datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
    assert offer_expires_at(friday, soon, 120, opening=weekdays) == friday + timedelta(hours=8), (
        "half is left for others"
    )
    assert offer_expires_at(friday, far, 10, opening=None) == friday + timedelta(minutes=10)
