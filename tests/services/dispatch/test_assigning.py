"""Which carer goes to which door: skills, certificate, and never two doors at one time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from yl_quarter import Quarter

from services.dispatch.actions import reassign_carer
from services.dispatch.errors import (
    AlreadyAssigned,
    CarerBusy,
    CarerLacksSkill,
    CertificateExpired,
    NoSuchCarer,
    NotAssignable,
)
from services.dispatch.queries import assignment_of, carer_day, carers_free, provider_jobs, unassigned_orders
from services.errors import NotFound
from services.matching.errors import NotADispatcher
from services.orders.actions import cancel_order


def promised(quarter: Quarter, order_id: int) -> list[str]:
    return quarter.all(
        "SELECT c.display_name || ':' || a.state FROM assignment a JOIN carer c ON c.person_id = a.carer_id "
        "WHERE a.order_id = :o ORDER BY a.id", o=order_id,
    )  # fmt: skip


def test_a_carer_is_promised_and_everybody_is_told_and_the_visit_is_planned(quarter: Quarter) -> None:
    placed = quarter.accepted()
    with quarter.work("kangle_dispatcher") as work:
        waiting = unassigned_orders(work.session, work.actor, quarter.providers["kangle"])
    assert [(one.order_id, one.required_skills) for one in waiting] == [(placed.order_id, ("bathing", "first_aid"))]
    assignment_id = quarter.assign(placed.order_id)
    assert quarter.one("SELECT state FROM care_order WHERE id = :o", o=placed.order_id) == "assigned"
    jobs = quarter.all("SELECT args ->> 'assignment_id' FROM outbox WHERE job = 'visits.plan_care_visit'")
    assert jobs == [str(assignment_id)]
    told = quarter.all("SELECT args ->> 'template' FROM outbox WHERE job = 'messages.deliver'")
    assert {"dispatch.assigned", "dispatch.your_job"} <= set(told)
    with quarter.work("kangle_dispatcher") as work:
        assert not unassigned_orders(work.session, work.actor, quarter.providers["kangle"])
        board = provider_jobs(
            work.session, work.actor, quarter.providers["kangle"], quarter.thursday(0), quarter.thursday(23)
        )
    assert [(job.carer_name, job.order_id) for job in board] == [("陈芳", placed.order_id)]
    with quarter.work("daughter") as work:
        job = assignment_of(work.session, placed.order_id)
    assert job is not None and job.carer_id == quarter["chen"]


def test_the_carer_sees_her_day_and_no_other_day(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id)
    day = quarter.thursday(9).date()
    with quarter.work("chen") as work:
        jobs = carer_day(work.session, quarter["chen"], day)
        assert [(job.order_id, job.elder_name, job.service_name) for job in jobs] == [
            (placed.order_id, "王秀兰", "上门助浴")
        ]
        assert not carer_day(work.session, quarter["chen"], day + timedelta(days=1))
    with quarter.work("liu") as work:
        assert not carer_day(work.session, quarter["chen"], day), "another carer's doors are not hers to see"


def test_an_overlap_is_refused_with_the_time_and_who_is_free(quarter: Quarter) -> None:
    first, second = quarter.accepted(), quarter.accepted(
        even_if_ordered=True, starts_at=quarter.thursday(10), ends_at=quarter.thursday(12)
    )  # fmt: skip
    quarter.assign(first.order_id, "chen")
    with quarter.refused(CarerBusy) as caught:
        quarter.assign(second.order_id, "chen")
    facts = caught.value.facts
    assert datetime.fromisoformat(facts["busy_from"]) == first.starts_at
    assert datetime.fromisoformat(facts["busy_until"]) == first.ends_at
    assert [one["display_name"] for one in facts["free"]] == ["刘英"]
    assert "09:00到11:00" in caught.value.message_zh and "刘英" in caught.value.message_zh
    quarter.assign(second.order_id, "liu")


def test_one_job_may_begin_when_the_other_ends(quarter: Quarter) -> None:
    first = quarter.accepted()
    second = quarter.accepted(starts_at=quarter.thursday(11), ends_at=quarter.thursday(13))
    quarter.assign(first.order_id, "chen")
    quarter.assign(second.order_id, "chen")


def test_without_skill_or_certificate_or_contract_nobody_is_sent(quarter: Quarter) -> None:
    placed = quarter.accepted()
    with quarter.refused(CarerLacksSkill) as caught:
        quarter.assign(placed.order_id, "ma")
    assert caught.value.facts["missing"] == ["bathing", "first_aid"]
    with quarter.refused(CertificateExpired) as expired:
        quarter.assign(placed.order_id, "old")
    assert "2020-01-01到期" in expired.value.message_zh
    with quarter.refused(NoSuchCarer):
        quarter.assign(placed.order_id, "ankang_carer")
    quarter.change("UPDATE carer SET left_on = '2026-01-01' WHERE person_id = :p", p=quarter["chen"])
    with quarter.refused(NoSuchCarer):
        quarter.assign(placed.order_id, "chen")


def test_only_the_provider_that_accepted_assigns(quarter: Quarter) -> None:
    placed = quarter.accepted()
    for who in ("ankang_dispatcher", "wu"):
        with quarter.refused(NotFound):
            quarter.assign(placed.order_id, who=who)
    for who in ("daughter", "zhao"):
        with quarter.refused(NotADispatcher):
            quarter.assign(placed.order_id, who=who)
    waiting = quarter.place(even_if_ordered=True)
    with quarter.refused(NotAssignable):
        quarter.assign(waiting.order_id, who="daughter")
    quarter.assign(placed.order_id)
    with quarter.refused(AlreadyAssigned):
        quarter.assign(placed.order_id, "liu")


def test_a_carer_who_is_ill_is_replaced_and_her_time_is_free_again(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id, "chen")
    with quarter.work("kangle_second") as work:
        reassign_carer(work.session, work.now, work.actor, placed.order_id, quarter["liu"], "生病")
    assert promised(quarter, placed.order_id) == ["陈芳:cancelled", "刘英:planned"]
    told = quarter.all("SELECT args ->> 'template' FROM outbox WHERE job = 'messages.deliver'")
    assert {"dispatch.reassigned", "dispatch.taken_off"} <= set(told)
    with quarter.work("kangle_dispatcher") as work:
        window = (placed.starts_at, placed.ends_at)
        free = carers_free(work.session, quarter.providers["kangle"], window, ["bathing", "first_aid"])
    assert [one.display_name for one in free] == ["陈芳"], "刘英 is busy, 马兰 has no skill, 何老 no certificate"


def test_when_the_replacement_is_refused_the_old_promise_stands(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id, "chen")
    with pytest.raises(CarerLacksSkill), quarter.work("kangle_dispatcher") as work:
        reassign_carer(work.session, work.now, work.actor, placed.order_id, quarter["ma"], "生病")
    assert promised(quarter, placed.order_id) == ["陈芳:planned"]


def test_a_cancelled_order_gives_the_carer_her_time_back(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id, "chen")
    with quarter.work("wang") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "hospital")
    quarter.run_jobs(only="dispatch.free_carer")
    assert promised(quarter, placed.order_id) == ["陈芳:cancelled"]
    other = quarter.accepted()
    quarter.assign(other.order_id, "chen")
