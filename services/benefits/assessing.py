"""Assessing an elder: one assessor writes, a second signs; the elder may appeal, and others then assess again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.benefits.assessment_errors import (
    AlreadyAppealed,
    AlreadyAwaiting,
    AppealTooLate,
    BadAssessmentDay,
    CertificateNeeded,
    NoSuchAssessment,
    NotAnAssessor,
    NotAwaitingSecond,
    SameAssessorsAgain,
    SecondMustBeAnother,
)
from services.benefits.scheme import Scheme
from services.benefits.schemes import scheme_on
from services.benefits.scoring import score
from services.benefits.tables import Assessment, AssessmentAppeal, Assessor
from services.cities.rules import ancestor_code
from services.clock import civil_date
from services.columns import table_of
from services.errors import Invalid, NotAllowed
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.privacy import seal, unseal
from services.people.rights import Right, right_to
from services.unit_of_work import Actor

_assessment, _appeal, _assessor = table_of(Assessment), table_of(AssessmentAppeal), table_of(Assessor)
NATIONAL = "gbt42195-2022"
"""The scheme whose level stands on the elder's own record (elder.care_level); no other scheme's ever does."""
OFFICES = ("office:officer", "office:advisor")
SEAL = "assessment"
NOTE_LENGTH = 1000


@dataclass(frozen=True)
class NewAssessment:
    """What the first assessor writes: answers (item to points), facts that raise, a note; or an outside certificate."""

    elder_id: int
    scheme: str
    assessed_on: date
    answers: Mapping[str, int]
    raised_by: Sequence[str] = ()
    note: str = ""
    reason: str = "initial"
    appeal_id: int | None = None
    level: int | None = None
    certificate_number: str = ""
    issued_by: str = ""


def register_assessor(
    session: Session,
    now: datetime,
    actor: Actor,
    person_id: int,
    *,
    area_code: int,
    organisation: str,
    certificate_number: str,
    valid_until: date,
    schemes: Sequence[str] = (),
) -> None:
    """Note that a person may sign assessments in an area until a day, by an officer there or the house.

    `schemes` names by which ways of assessing; none: by every one. Raises NotAllowed, Invalid.
    """
    inside = actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= area_code <= actor.area_hi
    if actor.role != "system" and not (actor.role == "officer" and inside):
        raise NotAllowed(person_id=person_id)
    if not organisation.strip() or not certificate_number.strip():
        raise Invalid("请填写评估机构和证书编号。", field="certificate_number")
    session.connection().execute(
        insert(_assessor).values(
            person_id=person_id, area_code=area_code, organisation=organisation.strip(),
            certificate_number=certificate_number.strip(), valid_until=valid_until,
            registered_by=actor.person_id, registered_at=now, schemes=list(schemes),
        )
    )  # fmt: skip
    record_act(session, now, actor, "register_assessor", for_person_id=person_id, area_code=area_code)


def record_assessment(session: Session, now: datetime, actor: Actor, new: NewAssessment) -> int:
    """Write an assessment down and give its id; it counts once a second assessor has signed (sign_assessment).

    With a scheme whose level stands on a certificate it counts at once, and nothing is computed. Raises NotFound,
    NotAllowed, NotAnAssessor, NoSuchScheme, BadAssessmentDay, AnswersIncomplete, CertificateNeeded, AlreadyAwaiting,
    NoSuchAssessment, SameAssessorsAgain.
    """
    right = right_to(session, actor, new.elder_id, "view", now)
    today = civil_date(now)
    if new.assessed_on > today:
        raise BadAssessmentDay(field="assessed_on")
    signer = _signing(session, actor, right, new.assessed_on, new.scheme)
    scheme = scheme_on(session, new.scheme, new.assessed_on)
    values = _found(scheme, new) | {
        "elder_id": new.elder_id, "area_code": right.area_code, "scheme": scheme.code, "scheme_version": scheme.version,
        "assessor_id": actor.person_id, "assessed_on": new.assessed_on, "reason": new.reason,
        "valid_until": add_months(new.assessed_on, scheme.valid_months), "recorded_at": now,
    }  # fmt: skip
    values["replaces_id"] = _appealed(session, actor, new) if new.appeal_id is not None else None
    detail = values.pop("detail") | {"assessors": [signer]}
    values["detail_sealed"] = seal(SEAL, json.dumps(detail, ensure_ascii=False))
    if scheme.level_from == "score":
        _check_none_waits(session, new)
    assessment_id: int = session.connection().execute(
        insert(_assessment).values(**values).returning(_assessment.c.id)
    ).scalar_one()  # fmt: skip
    record_act(
        session, now, actor, "record_assessment", for_person_id=new.elder_id, by_right=right.ground,
        area_code=right.area_code, subject=("assessment", assessment_id), facts={"scheme": scheme.code},
    )  # fmt: skip
    if values["state"] == "signed":
        _announce(session, now, assessment_id, new.elder_id, right.area_code)
    return assessment_id


def _found(scheme: Scheme, new: NewAssessment) -> dict[str, Any]:
    note = new.note.strip()
    if len(note) > NOTE_LENGTH or new.reason not in ("initial", "periodic", "immediate", "appeal"):
        raise Invalid(field="note")
    if (new.reason == "appeal") != (new.appeal_id is not None):
        raise Invalid("复评须写明是哪一次申请。", field="appeal_id")
    if scheme.level_from == "certificate":
        named = new.level is not None and 0 <= new.level < len(scheme.levels)
        if not named or not new.certificate_number.strip() or not new.issued_by.strip():
            raise CertificateNeeded(field="certificate_number")
        return {
            "level": new.level, "state": "signed", "certificate_number": new.certificate_number.strip(),
            "issued_by": new.issued_by.strip(), "detail": {"answers": {}, "raised_by": [], "note": note},
        }  # fmt: skip
    scored = score(scheme, new.answers, new.raised_by)
    detail = {
        "answers": dict(new.answers), "raised_by": list(scored.raised_by), "sums": scored.sums, "points": scored.points,
        "first_level": scored.first_level.level, "note": note,
    }  # fmt: skip
    state = "awaiting_second" if scheme.assessors > 1 else "signed"
    return {"level": scored.level.level, "state": state, "detail": detail}


def _signing(session: Session, actor: Actor, right: Right, on: date, scheme: str) -> dict[str, str]:
    row = session.connection().execute(
        select(_assessor).where(
            _assessor.c.person_id == actor.person_id,
            _assessor.c.valid_until >= on,
            _assessor.c.left_on.is_(None) | (_assessor.c.left_on > on),
        )
    ).first()  # fmt: skip
    if row is None or right.ground not in OFFICES or (row.schemes and scheme not in row.schemes):
        raise NotAnAssessor(elder_id=right.elder_id)
    return {"name": actor.full_name, "certificate": row.certificate_number, "organisation": row.organisation}


def _check_none_waits(session: Session, new: NewAssessment) -> None:
    waiting = session.connection().execute(
        select(_assessment.c.id).where(
            _assessment.c.elder_id == new.elder_id,
            _assessment.c.scheme == new.scheme,
            _assessment.c.state == "awaiting_second",
        )
    ).scalar()  # fmt: skip
    if waiting is not None:
        raise AlreadyAwaiting(assessment_id=waiting)


def _appealed(session: Session, actor: Actor, new: NewAssessment) -> int:
    row = session.connection().execute(
        select(_appeal.c.assessment_id, _assessment.c.assessor_id, _assessment.c.second_assessor_id)
        .join(_assessment, _assessment.c.id == _appeal.c.assessment_id)
        .where(_appeal.c.id == new.appeal_id, _appeal.c.elder_id == new.elder_id, _appeal.c.state == "open")
        .where(_assessment.c.scheme == new.scheme)
    ).first()  # fmt: skip
    if row is None:
        raise NoSuchAssessment(appeal_id=new.appeal_id)
    if actor.person_id in (row.assessor_id, row.second_assessor_id):
        raise SameAssessorsAgain(assessment_id=row.assessment_id)
    return int(row.assessment_id)


def sign_assessment(session: Session, now: datetime, actor: Actor, assessment_id: int) -> None:
    """Sign as the second assessor: from now on the level counts, and what depends on it is decided anew.

    Raises NoSuchAssessment, NotAnAssessor, NotAwaitingSecond, SecondMustBeAnother, SameAssessorsAgain.
    """
    row, right = _waiting(session, now, actor, assessment_id)
    signer = _signing(session, actor, right, row.assessed_on, row.scheme)
    _check_waits(row)
    if row.assessor_id == actor.person_id:
        raise SecondMustBeAnother(assessment_id=assessment_id)
    if row.replaces_id is not None and actor.person_id in _signers(session, row.replaces_id):
        raise SameAssessorsAgain(assessment_id=row.replaces_id)
    session.connection().execute(
        update(_assessment)
        .where(_assessment.c.id == assessment_id)
        .values(
            state="signed", second_assessor_id=actor.person_id, signed_at=now, detail_sealed=_signed_too(row, signer)
        )
    )
    if row.replaces_id is not None:
        _settle_appeal(session, now, row)
    record_act(
        session, now, actor, "sign_assessment", for_person_id=row.elder_id, by_right=right.ground,
        area_code=row.area_code, subject=("assessment", assessment_id), facts={"certificate": signer["certificate"]},
    )  # fmt: skip
    _announce(session, now, assessment_id, row.elder_id, row.area_code)


def return_assessment(session: Session, now: datetime, actor: Actor, assessment_id: int, reason: str) -> None:
    """Send an assessment back instead of signing: it never counts. Raises as sign_assessment does."""
    row, right = _waiting(session, now, actor, assessment_id)
    _signing(session, actor, right, row.assessed_on, row.scheme)
    session.connection().execute(update(_assessment).where(_assessment.c.id == assessment_id).values(state="returned"))
    record_act(
        session, now, actor, "return_assessment", for_person_id=row.elder_id, by_right=right.ground,
        area_code=row.area_code, subject=("assessment", assessment_id), facts={"reason": reason.strip()[:200]},
    )  # fmt: skip


def _waiting(session: Session, now: datetime, actor: Actor, assessment_id: int) -> tuple[Any, Right]:
    row = session.connection().execute(
        select(_assessment).where(_assessment.c.id == assessment_id).with_for_update()
    ).first()  # fmt: skip
    if row is None:
        raise NoSuchAssessment(assessment_id=assessment_id)
    return row, right_to(session, actor, row.elder_id, "view", now)


def _check_waits(row: Any) -> None:
    if row.state != "awaiting_second":
        raise NotAwaitingSecond(assessment_id=row.id, state=row.state)


def _signed_too(row: Any, signer: dict[str, str]) -> str:
    detail = json.loads(unseal(SEAL, row.detail_sealed))
    return seal(SEAL, json.dumps(detail | {"assessors": [*detail["assessors"], signer]}, ensure_ascii=False))


def _signers(session: Session, assessment_id: int) -> tuple[int | None, int | None]:
    row = session.connection().execute(
        select(_assessment.c.assessor_id, _assessment.c.second_assessor_id).where(_assessment.c.id == assessment_id)
    ).one()  # fmt: skip
    return row.assessor_id, row.second_assessor_id


def _settle_appeal(session: Session, now: datetime, row: Any) -> None:
    first_level = session.connection().execute(
        select(_assessment.c.level).where(_assessment.c.id == row.replaces_id)
    ).scalar_one()  # fmt: skip
    state = "upheld" if first_level == row.level else "changed"
    session.connection().execute(
        update(_appeal)
        .where(_appeal.c.assessment_id == row.replaces_id, _appeal.c.state == "open")
        .values(state=state, decided_by_id=row.id, decided_at=now)
    )


def _announce(session: Session, now: datetime, assessment_id: int, elder_id: int, area_code: int) -> None:
    """Promise what follows a signed level: the register, the entitlement, and a word to the elder's side."""
    args = {"elder_id": elder_id}
    enqueue(session, now, "benefits.take_level", args, key=f"benefits.take_level/{assessment_id}")
    tell(
        session, now, audience={"elder_side": elder_id}, template="benefits.assessed", facts={},
        elder_id=elder_id, area_code=area_code, subject=("assessment", assessment_id), key=f"assessed/{assessment_id}",
    )  # fmt: skip


def appeal(session: Session, now: datetime, actor: Actor, assessment_id: int, reason: str) -> int:
    """Ask for a re-assessment by others, by the elder, who orders for her, or her office; gives the appeal's id.

    Raises NoSuchAssessment, NotAllowed, NotAwaitingSecond (not signed yet), AppealTooLate, AlreadyAppealed, Invalid.
    """
    row = session.connection().execute(select(_assessment).where(_assessment.c.id == assessment_id)).first()
    if row is None:
        raise NoSuchAssessment(assessment_id=assessment_id)
    right = right_to(session, actor, row.elder_id, "order", now)
    told = reason.strip()
    if not told or len(told) > NOTE_LENGTH:
        raise Invalid("请写明为什么不同意这个结果。", field="reason")
    if row.state != "signed" or actor.person_id is None:
        raise NotAwaitingSecond(assessment_id=assessment_id, state=row.state)
    scheme = scheme_on(session, row.scheme, row.assessed_on)
    last_day = civil_date(row.signed_at or row.recorded_at) + timedelta(days=scheme.appeal_days)
    if civil_date(now) > last_day:
        raise AppealTooLate(last_day=last_day.isoformat())
    earlier = select(_appeal.c.id).where(_appeal.c.assessment_id == assessment_id, _appeal.c.state != "withdrawn")
    if session.connection().execute(earlier).first() is not None:
        raise AlreadyAppealed(assessment_id=assessment_id)
    appeal_id: int = session.connection().execute(
        insert(_appeal)
        .values(
            assessment_id=assessment_id, elder_id=row.elder_id, area_code=row.area_code, asked_by=actor.person_id,
            by_right=right.ground, reason_sealed=seal(SEAL, told), asked_at=now,
        )
        .returning(_appeal.c.id)
    ).scalar_one()  # fmt: skip
    record_act(
        session, now, actor, "appeal_assessment", for_person_id=row.elder_id, by_right=right.ground,
        area_code=row.area_code, subject=("assessment_appeal", appeal_id),
    )  # fmt: skip
    tell(
        session, now, audience={"office": {"role": "officer", "area_code": ancestor_code(row.area_code, "street")}},
        template="benefits.appealed",
        facts={"elder_id": row.elder_id}, area_code=row.area_code, key=f"appealed/{appeal_id}",
    )  # fmt: skip
    return appeal_id


def withdraw_appeal(session: Session, now: datetime, actor: Actor, appeal_id: int) -> None:
    """Take an appeal back before it was decided. Raises NoSuchAssessment, NotAllowed."""
    row = session.connection().execute(
        select(_appeal).where(_appeal.c.id == appeal_id, _appeal.c.state == "open").with_for_update()
    ).first()  # fmt: skip
    if row is None:
        raise NoSuchAssessment(appeal_id=appeal_id)
    right = right_to(session, actor, row.elder_id, "order", now)
    session.connection().execute(update(_appeal).where(_appeal.c.id == appeal_id).values(state="withdrawn"))
    record_act(
        session, now, actor, "withdraw_appeal", for_person_id=row.elder_id, by_right=right.ground,
        area_code=row.area_code, subject=("assessment_appeal", appeal_id),
    )  # fmt: skip


def add_months(day: date, months: int) -> date:
    """Give the same day some months later, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
