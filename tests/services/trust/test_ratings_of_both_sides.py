"""Both sides judge a visit and neither reads the other first: held by the rows themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from yl_quarter import Quarter

from services.orders import judging
from services.orders.actions import rate_order
from services.orders.errors import AlreadyRated, CannotRate, NotByCall, NotYourWork
from services.orders.queries import find_order, order_timeline


def faces(quarter: Quarter, who: str, order_id: int) -> tuple[int | None, int | None]:
    """Give the two faces as somebody may read them: of the work, of the cooperation."""
    with quarter.work(who) as work:
        both = judging.both_sides(work.session, order_id)
    work_face, answer = both.of_the_work, both.of_the_cooperation
    return work_face.face if work_face else None, answer.face if answer else None


def rate(quarter: Quarter, who: str, order_id: int, face: int, **more: object) -> None:
    with quarter.work(who) as work:
        rate_order(work.session, work.now, work.actor, order_id, face, "没擦干", **more)  # type: ignore[arg-type]


def answer(quarter: Quarter, who: str, order_id: int, face: int) -> None:
    with quarter.work(who) as work:
        judging.rate_cooperation(work.session, work.now, work.actor, order_id, face, "老人很配合")


def mean(quarter: Quarter) -> object:
    return quarter.one(
        "SELECT mean_face FROM provider_facts(ARRAY[:p]::bigint[], 'home_bath', '{}', current_date,"
        " tstzrange(now(), now() + interval '1 hour'), (SELECT max(rated_at) FROM rating) - interval '364 days',"
        " NULL, NULL, '{}')",
        p=quarter.providers["kangle"],
    )  # fmt: skip


@pytest.mark.mission("DY-41")
def test_neither_side_reads_the_other_before_both_have_judged(quarter: Quarter) -> None:
    order = quarter.served().order_id
    rate(quarter, "daughter", order, 1)
    assert faces(quarter, "wang", order) == (1, None)
    for provider_side in ("kangle_dispatcher", "chen"):
        assert faces(quarter, provider_side, order) == (None, None), provider_side
    with quarter.work("kangle_dispatcher") as work:
        assert find_order(work.session, order).face is None
        assert order_timeline(work.session, order)[-1].words == "已评价"
        told = work.session.connection().execute(text("SELECT facts FROM order_event WHERE kind = 'rated'")).scalar()
        assert "face" not in told, "the log is read by the provider too"
    assert mean(quarter) is None, "a mean of one would tell it"
    answer(quarter, "chen", order, 3)
    assert faces(quarter, "wang", order) == (1, 3)
    assert faces(quarter, "kangle_dispatcher", order) == faces(quarter, "chen", order) == (1, 3)
    with quarter.work("kangle_dispatcher") as work:
        assert order_timeline(work.session, order)[-1].words == "已评价：不好"
    assert mean(quarter) == 1


def test_a_silent_side_waits_no_longer_than_the_citys_days(quarter: Quarter) -> None:
    order = quarter.served().order_id
    answer(quarter, "kangle_dispatcher", order, 1)
    assert faces(quarter, "daughter", order) == (None, None)
    quarter.advance(days=6, hours=23)
    assert "orders.open_ratings" not in quarter.run_jobs(only="orders.open_ratings")
    quarter.advance(hours=2)
    assert quarter.run_jobs(only="orders.open_ratings") == ["orders.open_ratings"]
    assert faces(quarter, "daughter", order) == (None, 1)
    assert quarter.one("SELECT because FROM rating_reveal") == "time"


def test_each_side_judges_once_and_only_for_itself(quarter: Quarter) -> None:
    order = quarter.served().order_id
    for stranger in ("daughter", "zhao"):
        with quarter.refused(NotYourWork), quarter.work(stranger) as work:
            judging.rate_cooperation(work.session, work.now, work.actor, order, 3)
    answer(quarter, "chen", order, 2)
    with quarter.refused(AlreadyRated), quarter.work("kangle_dispatcher") as work:
        judging.rate_cooperation(work.session, work.now, work.actor, order, 3)
    early = quarter.accepted(starts_at=quarter.thursday(13), ends_at=quarter.thursday(15)).order_id
    with quarter.refused(CannotRate), quarter.work("kangle_dispatcher") as work:
        judging.rate_cooperation(work.session, work.now, work.actor, early, 3)
    typed = (
        "INSERT INTO {table} (order_id, elder_id, area_code, provider_id, face, rated_by, rated_at{more}) "
        "SELECT id, elder_id, area_code, provider_id, 3, :p, now(){values} FROM care_order WHERE id = :o"
    )
    for table, more, values, person in (
        ("rating", ", by_right", ", 'self'", "chen"), ("cooperation_rating", ", as_role", ", 'carer'", "daughter"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match="wrong side"):
            quarter.change(typed.format(table=table, more=more, values=values), p=quarter[person], o=early)
    with pytest.raises(IntegrityError, match="written once"):
        quarter.change("UPDATE cooperation_rating SET face = 3")


@pytest.mark.mission("DY-41")
def test_the_operator_calls_back_and_the_rating_says_who_asked(quarter: Quarter) -> None:
    order = quarter.served().order_id
    with quarter.work("zhou") as work:
        assert judging.calls_due(work.session, work.now, work.actor) == [], "the first days are hers"
    quarter.advance(days=3, hours=1)
    with quarter.work("zhou") as work:
        due = judging.calls_due(work.session, work.now, work.actor)
    assert [(one.order_id, one.elder_name) for one in due] == [(order, "王秀兰")]
    with quarter.refused(NotByCall), quarter.work("daughter") as work:
        rate_order(work.session, work.now, work.actor, order, 3, by_call=True)
    rate(quarter, "zhou", order, 2, by_call=True)
    row = quarter.one("SELECT by_call || ':' || rated_by || ':' || by_right FROM rating")
    assert row == f"true:{quarter['zhou']}:office:operator"
    with quarter.work("zhou") as work:
        assert judging.calls_due(work.session, work.now, work.actor) == []


def test_a_visit_longer_ago_than_the_limit_is_not_asked_about(quarter: Quarter) -> None:
    quarter.served()
    quarter.advance(seconds=timedelta(days=31).total_seconds())
    with quarter.work("zhou") as work:
        assert judging.calls_due(work.session, work.now, work.actor) == []
