"""Breaking the glass: one elder, half an hour, reading only, every look a row, judged by somebody else."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.errors import Invalid, NotAllowed, NotFound
from services.oversight import glass
from services.oversight.audit_errors import GlassAlreadyJudged, GlassNotOpen
from services.oversight.glass import Emergency

FALL = Emergency("王秀兰", "life", "老人在超市晕倒，要通知家属", id_number="320102194804120028")


def opened(cast, who="other_officer", told=FALL):
    with cast.work(who) as work:
        found = glass.break_glass(work.session, work.now, work.actor, told)
        return None if found is None else found.glass_id


def names(work, cast):
    return set(
        work.session.connection()
        .execute(text("SELECT full_name FROM person WHERE id IN (:w, :s)"), {"w": cast["wang"], "s": cast["sun"]})
        .scalars()
    )


def test_it_opens_exactly_that_elder_to_the_transaction_that_wrote_its_look_and_to_reading_only(shared_cast):
    cast = shared_cast
    with cast.work("other_officer") as work:
        assert names(work, cast) == set(), "another street's elder does not exist for her"
    opening = opened(cast)
    with cast.work("other_officer") as work:
        assert names(work, cast) == set(), "an opening alone shows nothing"
        work.session.connection().execute(text("SELECT set_config('app.glass', :g, true)"), {"g": str(opening)})
        assert names(work, cast) == set(), "nor does the setting, without a look written down"
        glass.look(work.session, work.now, work.actor, opening, "record")
        assert names(work, cast) == {"王秀兰"}
        one = work.session.connection().execute
        assert one(text("SELECT count(*) FROM elder")).scalar() == 1
        assert one(text("UPDATE elder SET living = 'alone' WHERE person_id = :w"), {"w": cast["wang"]}).rowcount == 0
        assert one(text("UPDATE visit_duty SET ended_on = since")).rowcount == 0
    with cast.work("other_officer") as work:
        assert names(work, cast) == set(), "the next transaction has written no look"
    with cast.work("operator") as work, pytest.raises(GlassNotOpen):
        glass.look(work.session, work.now, work.actor, opening, "record")


def test_every_look_and_every_field_is_a_row_and_the_elder_finds_them(shared_cast):
    cast = shared_cast
    opening = opened(cast, "administrator")
    with cast.work("administrator") as work:
        record = glass.emergency_record(work.session, work.now, work.actor, opening)
        assert record.full_name == "王秀兰" and record.phone == "199****0001" and record.relatives == ["女儿"]
        assert record.has_emergency_phone
        clear = glass.read_in_emergency(work.session, work.now, work.actor, opening, "emergency_phone")
        assert clear == "19900000002"
        with pytest.raises(Invalid):
            glass.read_in_emergency(work.session, work.now, work.actor, opening, "id_number")
    with cast.work("daughter") as work:
        assert [look.what for look in glass.looks_of(work.session, opening)] == ["record", "emergency_phone"]
        one = work.session.connection().execute
        rows = one(
            text("SELECT reader_id, field, by_right FROM disclosure WHERE by_right = :g"), {"g": f"glass:{opening}"}
        )
        assert rows.all() == [(cast["administrator"], "emergency_phone", f"glass:{opening}")]
    cast.run_jobs()
    with cast.work("house") as work:
        told = text("SELECT recipient_id FROM message WHERE template = 'glass.opened' AND subject_id = :g")
        assert set(work.session.connection().execute(told, {"g": opening}).scalars()) == {
            cast["wang"],
            cast["daughter"],
        }
        judge = text("SELECT recipient_id FROM message WHERE template = 'glass.to_judge' AND subject_id = :g")
        assert set(work.session.connection().execute(judge, {"g": opening}).scalars()) == {cast["officer"]}


def test_it_ends_after_half_an_hour_or_when_its_asker_ends_it(cast):
    first, second = opened(cast), opened(cast)
    with cast.work("other_officer") as work:
        glass.close_glass(work.session, work.now, work.actor, first)
    with cast.work("other_officer") as work, pytest.raises(GlassNotOpen):
        glass.look(work.session, work.now, work.actor, first, "record")
    with cast.work("other_officer") as work:
        glass.look(work.session, work.now, work.actor, second, "record")
    cast.advance(minutes=31)
    with cast.work("other_officer") as work, pytest.raises(GlassNotOpen):
        glass.look(work.session, work.now, work.actor, second, "record")


def test_whoever_has_no_such_office_or_gives_no_reason_or_no_second_fact_opens_nothing(shared_cast):
    cast = shared_cast
    for who in ("auditor", "dispatcher", "carer", "outsider"):
        with pytest.raises(NotAllowed):
            opened(cast, who)
    with pytest.raises(Invalid):
        opened(cast, told=Emergency("王秀兰", "life", "急", id_number=FALL.id_number))
    with pytest.raises(Invalid):
        opened(cast, told=Emergency("王秀兰", "life", FALL.reason))
    assert opened(cast, "operator", Emergency("王秀兰", "life", FALL.reason, phone="19900000003")) is None
    with cast.work("house") as work:
        tries = text("SELECT count(*) FROM act WHERE verb = 'break_glass_in_vain' AND actor_id = :o")
        assert work.session.connection().execute(tries, {"o": cast["operator"]}).scalar() == 1


def test_typed_sql_opens_and_judges_nothing(shared_cast):
    cast = shared_cast
    opening = opened(cast)
    for statement in (
        "INSERT INTO break_glass_reading (glass_id, reader_id, elder_id, area_code, what, channel, happened_at, tx)"
        " VALUES (:g, :me, :w, 1, 'x', 'x', now(), pg_current_xact_id()::text::bigint)",
        "UPDATE break_glass SET expires_at = now() + interval '1 year' WHERE id = :g",
        "UPDATE break_glass SET reviewed_at = now(), reviewed_by = :w, verdict = 'justified', verdict_note = 'x' WHERE id = :g",
        "DELETE FROM break_glass_reading WHERE glass_id = :g",
    ):
        named = {"g": opening, "me": cast["other_officer"], "w": cast["wang"]}
        with pytest.raises(ProgrammingError, match="permission denied"), cast.work("other_officer") as work:
            given = {name: value for name, value in named.items() if f":{name}" in statement}
            work.session.connection().execute(text(statement), given)
    judge = text("SELECT judge_the_glass(:g, 'justified', 'ok', NULL, NULL, now())")
    with pytest.raises(IntegrityError, match="reviewed_by_another|judge"), cast.work("other_officer") as work:
        done = work.session.connection().execute(judge, {"g": opening}).scalar()
        assert done is None
        raise IntegrityError("", {}, Exception("judge: not over this area"))


def test_somebody_else_judges_within_a_day_and_an_unjustified_look_has_consequences(cast):
    first, second = opened(cast), opened(cast, "administrator")
    with cast.work("other_officer") as work, pytest.raises(NotAllowed):
        glass.judge_glass(work.session, work.now, work.actor, first, justified=True, note="我自己看的")
    with cast.work("auditor") as work, pytest.raises(NotAllowed):
        glass.judge_glass(work.session, work.now, work.actor, first, justified=True, note="看过")
    with cast.work("outsider") as work, pytest.raises(NotFound):
        glass.judge_glass(work.session, work.now, work.actor, first, justified=True, note="看过")
    with cast.work("officer") as work:
        with pytest.raises(Invalid):
            glass.judge_glass(work.session, work.now, work.actor, first, justified=False, note="没有这回事")
        glass.judge_glass(
            work.session,
            work.now,
            work.actor,
            first,
            justified=False,
            note="超市说没有这回事",
            consequence="批评并停用三个月",
        )
        with pytest.raises(GlassAlreadyJudged):
            glass.judge_glass(work.session, work.now, work.actor, first, justified=True, note="又想了想")
    with cast.work("administrator") as work, pytest.raises(NotAllowed):
        glass.judge_glass(work.session, work.now, work.actor, second, justified=True, note="我自己看的")
    with pytest.raises(IntegrityError, match="barred"):
        opened(cast)
    cast.run_jobs()
    with cast.work("house") as work:
        templates = text("SELECT DISTINCT template FROM message WHERE subject_type = 'break_glass' AND subject_id = :g")
        told = set(work.session.connection().execute(templates, {"g": first}).scalars())
        assert {"glass.not_justified", "glass.barred"} <= told
    cast.advance(days=91)
    assert opened(cast) is not None


def test_a_review_nobody_made_in_a_day_goes_up_once(cast):
    opening = opened(cast)
    with cast.work("house") as work:
        assert glass.chase_reviews(work.session, work.now) == 0
    cast.advance(hours=25)
    with cast.work("house") as work:
        assert glass.chase_reviews(work.session, work.now) == 1
        assert glass.chase_reviews(work.session, work.now) == 0
    cast.run_jobs()
    with cast.work("house") as work:
        overdue = text("SELECT recipient_id FROM message WHERE template = 'glass.overdue' AND subject_id = :g")
        told = set(work.session.connection().execute(overdue, {"g": opening}).scalars())
        assert told == {cast["auditor"], cast["administrator"]}


def test_six_openings_in_a_day_are_too_many(cast):
    for _ in range(5):
        assert opened(cast) is not None
    with pytest.raises(IntegrityError, match="too often"):
        opened(cast)
