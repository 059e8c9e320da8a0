"""Every step tells the people concerned, in words that can really be said."""

from __future__ import annotations

import pytest
from yl_quarter import Quarter

from services.dispatch.actions import reassign_carer
from services.messages.actions import tell
from services.messages.templates import dispatch, matching, orders
from services.orders.actions import cancel_order, confirm_order, rate_order
from services.orders.steps import lock_order
from services.orders.telling import order_facts

ON_OTHER_ROADS = {
    "dispatch.blacklist_visits", "dispatch.carer_taken_off", "dispatch.apology", "dispatch.given_back", "dispatch.given_back_for_operator", "dispatch.no_show_for_operator",
    "dispatch.no_show_for_provider", "dispatch.replaced", "dispatch.rescheduled", "dispatch.rescheduled_for_provider",
    "matching.bureau_asked", "matching.bureau_silent", "matching.claimable", "matching.claimed", "matching.slow",
    "orders.cancelled_with_fee", "orders.not_come", "orders.place_held", "orders.place_taken", "orders.series_missed",
    "orders.series_stopped",
}  # fmt: skip
"""Told when nobody came, another time was asked, a city asks in another way, or of places and regular orders."""


def cancel(quarter: Quarter, order_id: int) -> None:
    with quarter.work("daughter") as work:
        cancel_order(work.session, work.now, work.actor, order_id, "other_time")
    for job in ("matching.withdraw_offers", "dispatch.free_carer"):
        quarter.run_jobs(only=job)


def test_everything_that_can_happen_to_an_order_is_told_in_full_sentences(quarter: Quarter) -> None:
    served = quarter.served()
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, served.order_id)
        rate_order(work.session, work.now, work.actor, served.order_id, 1, "没做完")
    afternoon = {"starts_at": quarter.thursday(14), "ends_at": quarter.thursday(16)}
    second = quarter.accepted(**afternoon)
    quarter.assign(second.order_id, "chen")
    with quarter.work("kangle_dispatcher") as work:
        reassign_carer(work.session, work.now, work.actor, second.order_id, quarter["liu"], "生病")
    cancel(quarter, second.order_id)
    third = quarter.place(**afternoon)
    quarter.run_jobs(only="matching.offer_next")
    cancel(quarter, third.order_id)
    fourth = quarter.place(**afternoon)
    for _ in range(2):
        quarter.run_jobs(only="matching.offer_next")
        quarter.advance(hours=3)
        quarter.run_jobs(only="matching.expire_offer")
    assert quarter.one("SELECT state FROM care_order WHERE id = :o", o=fourth.order_id) == "unfilled"
    quarter.run_jobs(only="messages.deliver")
    told = set(quarter.all("SELECT DISTINCT template FROM message"))
    every = orders.TEMPLATES.keys() | matching.TEMPLATES.keys() | dispatch.TEMPLATES.keys()
    assert every - told == ON_OTHER_ROADS
    assert quarter.one("SELECT count(*) FROM outbox WHERE job = 'messages.deliver' AND state <> 'done'") == 0
    bodies = quarter.all("SELECT body FROM message")
    assert not [body for body in bodies if "{" in body or "None" in body or "王秀兰" in body]
    assert any("王奶奶" in body and "陈芳" in body for body in bodies)


def test_what_is_told_on_other_roads_is_in_full_sentences_too(quarter: Quarter) -> None:
    placed = quarter.accepted()
    people = {"provider_id": quarter.providers["kangle"], "carer_id": quarter["chen"], "asked": 3, "count": 2}
    with quarter.work("house") as work:
        order = lock_order(work.session, placed.order_id)
        facts = {**order_facts(order), **people, "expires_at": order.starts_at.isoformat()}
        for template in sorted(ON_OTHER_ROADS):
            tell(
                work.session, work.now, recipient_ids=[quarter["daughter"]], template=template, facts=facts,
                elder_id=order.elder_id, area_code=order.area_code, subject=("care_order", order.id),
            )  # fmt: skip
    quarter.run_jobs(only="messages.deliver")
    assert set(quarter.all("SELECT template FROM message")) >= ON_OTHER_ROADS
    bodies = quarter.all("SELECT body FROM message")
    assert not [body for body in bodies if "{" in body or "None" in body or "王秀兰" in body]


def test_each_person_is_told_a_step_once(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.run_jobs(only="messages.deliver")
    counts = quarter.all(
        "SELECT count(*) FROM message WHERE subject_type = 'care_order' AND subject_id = :o "
        "GROUP BY template, recipient_id", o=placed.order_id,
    )  # fmt: skip
    assert counts and set(counts) == {1}
    readers = quarter.all("SELECT recipient_id FROM message WHERE template = 'matching.accepted' ORDER BY 1")
    assert readers == sorted([quarter["wang"], quarter["daughter"], quarter["son"]])
    offered = quarter.all("SELECT recipient_id FROM message WHERE template = 'matching.offered' ORDER BY 1")
    assert offered == sorted([quarter["kangle_dispatcher"], quarter["kangle_second"]])


def told_to(quarter: Quarter, who: str) -> list[str]:
    quarter.run_jobs()
    return quarter.all(
        "SELECT template FROM message WHERE recipient_id = :p AND template NOT LIKE 'payments.%' ORDER BY id",
        p=quarter[who],
    )  # fmt: skip


def test_one_happening_is_one_message_and_nobody_concerned_is_left_out(quarter: Quarter) -> None:
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    quarter.advance(hours=3)
    quarter.run_jobs(only="matching.expire_offer")
    quarter.accept(quarter.offer(placed.order_id))
    quarter.assign(placed.order_id)
    so_far = ["orders.placed", "matching.passed_on", "matching.accepted", "dispatch.assigned"]
    assert told_to(quarter, "daughter") == told_to(quarter, "son") == told_to(quarter, "wang") == so_far
    assert told_to(quarter, "ankang_dispatcher") == ["matching.offered", "matching.expired"]
    passed_on = quarter.one("SELECT body FROM message WHERE template = 'matching.passed_on' LIMIT 1")
    assert "安康居家养老服务站" in passed_on and "王奶奶" in passed_on
    cancel(quarter, placed.order_id)
    assert told_to(quarter, "wang") == [*so_far, "orders.cancelled"]
    assert told_to(quarter, "kangle_second") == ["matching.offered", "orders.cancelled_for_provider"]
    assert told_to(quarter, "chen") == ["dispatch.your_job", "dispatch.taken_off"]


@pytest.mark.parametrize("staffed", [True, False])
def test_after_three_silent_providers_the_operator_and_the_officer_are_told(quarter: Quarter, staffed: bool) -> None:
    if not staffed:
        quarter.change("UPDATE role_grant SET revoked_at = granted_at WHERE role = 'operator'")
    for column in ("max_travel_seconds = 7200", "active = true"):
        quarter.change(f"UPDATE service_line SET {column}")
    quarter.change("UPDATE provider SET blocked_at = NULL")
    quarter.change(
        "INSERT INTO carer (person_id, provider_id, area_code, display_name, gender, skills, skill_grade, "
        "certificate_valid_until, since) SELECT p.id, v.id, p.area_code, '-', 'female', ARRAY['bathing', 'first_aid'], 1, "
        "'2100-01-01', '2021-01-01' FROM person p JOIN provider v ON (p.full_name, v.code) IN "
        "(('李强', 'yuanda'), ('李敏', 'tingban'))"
    )
    quarter.place(starts_at=quarter.thursday(9), ends_at=quarter.thursday(11))
    for asked in range(1, 5):
        quarter.run_jobs(only="matching.offer_next")
        assert quarter.one("SELECT count(*) FROM offer") == asked
        slow = quarter.all(
            "SELECT coalesce(args #>> '{audience,office,role}', 'operator') FROM outbox"
            " WHERE args ->> 'template' = 'matching.slow' ORDER BY 1"
        )
        assert slow == (["officer", "operator"] if asked == 4 else []), "each once"
        quarter.advance(hours=3)
        quarter.run_jobs(only="matching.expire_offer")
