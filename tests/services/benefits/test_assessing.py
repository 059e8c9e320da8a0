"""Two people assess, the elder may appeal, others assess again; nothing signed changes, and health stays sealed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.benefits.assessing import (
    NewAssessment,
    add_months,
    appeal,
    record_assessment,
    register_assessor,
    return_assessment,
    sign_assessment,
    withdraw_appeal,
)
from services.benefits.assessment_errors import (
    AlreadyAppealed,
    AlreadyAwaiting,
    AnswersIncomplete,
    AppealTooLate,
    BadAssessmentDay,
    CertificateNeeded,
    NoSuchAssessment,
    NotAnAssessor,
    NotAwaitingSecond,
    SameAssessorsAgain,
    SecondMustBeAnother,
)
from services.benefits.assessments import assessments_of, levels_on, open_appeals, running_out, warn_of_expiry
from services.benefits.levels import Level
from services.benefits.schemes import scheme_on
from services.clock import civil_date
from services.errors import NotAllowed, NotFound

GBT = "gbt42195-2022"


def answers(session: Any, points: int) -> dict[str, int]:
    scheme = scheme_on(session, GBT, date(2026, 1, 1))
    found = {item.code: max(choice.points for choice in scheme.choices(item)) for item in scheme.items}
    for code in found:
        found[code] -= min(found[code], sum(found.values()) - points)
    return found


def written(cast: Any, points: int = 40, who: str = "officer", **more: Any) -> int:
    with cast.work(who) as work:
        today = civil_date(work.now)
        new = {"elder_id": cast["wang"], "scheme": GBT, "assessed_on": today, "answers": answers(work.session, points)}
        return record_assessment(work.session, work.now, work.actor, NewAssessment(**(new | more)))


def signed(cast: Any, points: int = 40, first: str = "officer", second: str = "advisor", **more: Any) -> int:
    one = written(cast, points, first, **more)
    with cast.work(second) as work:
        sign_assessment(work.session, work.now, work.actor, one)
    cast.run_jobs()
    return one


def level(cast: Any) -> Level | None:
    with cast.work("house") as work:
        return levels_on(work.session, cast["wang"], civil_date(work.now)).get(GBT)


def one(cast: Any, statement: str, **values: Any) -> Any:
    with cast.work("house") as work:
        return work.session.connection().execute(text(statement), values).scalar()


@pytest.mark.mission("HB-11", "TZ-17", "NG-07")
def test_an_assessment_counts_when_two_have_signed_and_then_stands_on_her_record(cast: Any) -> None:
    assessment = written(cast, 40)
    assert level(cast) == Level(GBT, 2), "what one person wrote alone does not count"
    with cast.work("officer") as work, pytest.raises(SecondMustBeAnother):
        sign_assessment(work.session, work.now, work.actor, assessment)
    with cast.work("advisor") as work:
        sign_assessment(work.session, work.now, work.actor, assessment)
    cast.run_jobs()
    assert level(cast) == Level(GBT, 3)
    assert one(cast, "SELECT care_level FROM elder WHERE person_id = :e", e=cast["wang"]) == 3
    with cast.work("daughter") as work:
        card = assessments_of(work.session, cast["wang"], civil_date(work.now))[0]
    assert (card.level_zh, card.holds) == ("重度失能", True)
    assert [one["organisation"] for one in card.assessors] == ["演示评估机构", "演示评估机构"]
    assert card.answers == {} and card.points is None, "answers are opened only when they are asked for"
    with cast.work("advisor") as work, pytest.raises(NotAwaitingSecond):
        sign_assessment(work.session, work.now, work.actor, assessment)


def test_nothing_of_her_health_lies_open_and_a_signed_row_cannot_be_changed_in_sql(cast: Any) -> None:
    assessment = signed(cast, 40, note="压疮II期", raised_by=["dementia"])
    row = one(cast, "SELECT to_jsonb(a)::text FROM assessment a WHERE id = :a", a=assessment)
    assert "压疮" not in row and "dementia" not in row and "eating" not in row
    with cast.work("daughter") as work:
        card = assessments_of(work.session, cast["wang"], civil_date(work.now), detail=True)[0]
    assert (card.note, card.raised_by, card.points, card.level) == ("压疮II期", ("dementia",), 40, 4)
    with cast.work("house") as work, pytest.raises(DBAPIError):
        work.session.connection().execute(text("UPDATE assessment SET level = 0 WHERE id = :a"), {"a": assessment})


def test_who_is_no_assessor_or_has_no_office_over_her_may_not_write(cast: Any) -> None:
    for who, refusal in (
        ("operator", NotAnAssessor), ("daughter", NotAnAssessor), ("other_officer", NotFound), ("outsider", NotFound),
    ):  # fmt: skip
        with pytest.raises(refusal):
            written(cast, who=who)
    with cast.work("house") as work:
        work.session.connection().execute(
            text("UPDATE assessor SET valid_until = '2020-01-01' WHERE person_id = :p"), {"p": cast["officer"]}
        )
    with pytest.raises(NotAnAssessor):
        written(cast)
    with cast.work("advisor") as work, pytest.raises(NotAllowed):
        register_assessor(
            work.session, work.now, work.actor, cast["operator"], area_code=320102003000000, organisation="院",
            certificate_number="1", valid_until=date(2030, 1, 1),
        )  # fmt: skip


def test_gaps_future_days_and_a_second_one_at_a_time_are_refused(cast: Any) -> None:
    with pytest.raises(AnswersIncomplete) as refused:
        written(cast, answers={"eating": 4})
    assert len(refused.value.facts["missing"]) == 25
    with cast.work("house") as work:
        tomorrow = civil_date(work.now) + timedelta(days=1)
    with pytest.raises(BadAssessmentDay):
        written(cast, assessed_on=tomorrow)
    first = written(cast)
    with pytest.raises(AlreadyAwaiting):
        written(cast, who="advisor")
    with cast.work("advisor") as work:
        return_assessment(work.session, work.now, work.actor, first, "第三项看错了")
    written(cast, who="advisor")
    assert level(cast) == Level(GBT, 2)


def test_an_appeal_is_decided_by_others_and_their_result_stands(cast: Any) -> None:
    assessment = signed(cast, 70)
    with cast.work("daughter") as work:
        asked = appeal(work.session, work.now, work.actor, assessment, "她已经不能自己走路了")
    with cast.work("wang") as work, pytest.raises(AlreadyAppealed):
        appeal(work.session, work.now, work.actor, assessment, "再说一次")
    with cast.work("officer") as work:
        assert [one.appeal_id for one in open_appeals(work.session)] == [asked]
    with pytest.raises(SameAssessorsAgain):
        written(cast, 40, reason="appeal", appeal_id=asked)
    with cast.work("house") as work:
        for key in ("other_carer", "volunteer"):
            work.session.connection().execute(
                text(
                    "INSERT INTO role_grant (person_id, role, area_code, granted_at) VALUES (:p, 'advisor', 320102003000000, now())"
                ),
                {"p": cast[key]},
            )
            register_assessor(
                work.session, work.now, work.actor, cast[key], area_code=320102003000000, organisation="复评机构",
                certificate_number=f"复{key}", valid_until=date(2099, 1, 1),
            )  # fmt: skip
    with pytest.raises(SameAssessorsAgain):
        signed(cast, 40, "volunteer", "advisor", reason="appeal", appeal_id=asked)
    waiting = one(cast, "SELECT id FROM assessment WHERE state = 'awaiting_second'")
    with cast.work("other_carer", role="advisor") as work:
        sign_assessment(work.session, work.now, work.actor, waiting)
    assert one(cast, "SELECT state FROM assessment_appeal WHERE id = :a", a=asked) == "changed"
    assert level(cast) == Level(GBT, 3)
    assert "不能自己走路" not in one(cast, "SELECT to_jsonb(a)::text FROM assessment_appeal a")


def test_an_appeal_can_be_taken_back_and_comes_too_late_after_the_schemes_days(cast: Any) -> None:
    assessment = signed(cast, 70)
    with cast.work("wang") as work:
        asked = appeal(work.session, work.now, work.actor, assessment, "不同意")
        withdraw_appeal(work.session, work.now, work.actor, asked)
    with cast.work("wang") as work, pytest.raises(AppealTooLate):
        appeal(work.session, work.now + timedelta(days=31), work.actor, assessment, "不同意")
    with cast.work("outsider") as work, pytest.raises(NoSuchAssessment):
        appeal(work.session, work.now, work.actor, assessment, "不同意")


def test_an_outside_certificate_gives_its_own_schemes_level_and_touches_no_other(cast: Any) -> None:
    with pytest.raises(CertificateNeeded):
        written(cast, scheme="shanghai-unified-2", answers={}, level=4)
    written(
        cast,
        scheme="shanghai-unified-2",
        answers={},
        level=4,
        certificate_number="沪评2026-1",
        issued_by="定点评估机构",
    )
    cast.run_jobs()
    with cast.work("house") as work:
        levels = levels_on(work.session, cast["wang"], civil_date(work.now))
    assert levels == {"shanghai-unified-2": Level("shanghai-unified-2", 4), GBT: Level(GBT, 2)}
    assert one(cast, "SELECT care_level FROM elder WHERE person_id = :e", e=cast["wang"]) == 2


def test_sixty_days_before_the_end_her_side_and_her_office_are_warned_once(cast: Any) -> None:
    with cast.work("house") as work:
        until = one(cast, "SELECT valid_until FROM assessment WHERE elder_id = :e", e=cast["wang"])
        early = work.now + timedelta(days=(until - civil_date(work.now)).days - 61)
        assert warn_of_expiry(work.session, early) == 0
        assert warn_of_expiry(work.session, early + timedelta(days=1)) == 1
        assert [one.elder_id for one in running_out(work.session, civil_date(early + timedelta(days=1)))] == [
            cast["wang"]
        ]
        warn_of_expiry(work.session, early + timedelta(days=2))
    assert one(cast, "SELECT count(*) FROM outbox WHERE key LIKE 'tell/expiring/%'") == 1
    office = one(cast, "SELECT args->'facts'->>'count' FROM outbox WHERE key LIKE 'tell/expiring-office/%'")
    assert office == "1", "one message that day, and none the day after"
    signed(cast, 40)
    with cast.work("house") as work:
        assert warn_of_expiry(work.session, early + timedelta(days=5)) == 0, "she was assessed again"


def test_a_level_holds_on_its_days_and_not_after() -> None:
    assert add_months(date(2025, 2, 28), 12) == date(2026, 2, 28)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
