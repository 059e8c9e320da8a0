"""Cases: a finding, the provider's answer within a clock, decisions that are carried out, referrals, the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, insert, literal, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.directory.blacklist import NewEntry, enter_blacklist
from services.directory.queries import find_provider
from services.directory.tables import Provider
from services.orders.rules import order_number
from services.outbox import enqueue
from services.settlement.actions import correct_line
from services.settlement.tables import SettlementLine
from services.supervision.case_tables import CaseDecision, CaseEvent, CaseReferral, Incident, SupervisionCase
from services.supervision.check_tables import Inspection
from services.supervision.errors import (
    AnswerAwaited,
    CaseClosed,
    CaseNotDecided,
    DaysMakeNoSense,
    DecisionDone,
    LineOfAnother,
    SourceMissing,
    StillToDo,
    UnknownCase,
    UnknownDecision,
    UnknownReferral,
    WordsMissing,
)
from services.supervision.rights import LONG, check_dispatcher, check_officer, tell_officer, tell_provider, words_of
from services.unit_of_work import SYSTEM, Actor
from services.visits.complaint_tables import Complaint

_case, _decision, _event = table_of(SupervisionCase), table_of(CaseDecision), table_of(CaseEvent)
_referral, _provider = table_of(CaseReferral), table_of(Provider)
_line, _complaint = table_of(SettlementLine), table_of(Complaint)
_inspection, _incident = table_of(Inspection), table_of(Incident)
_NEXT_ID = text("SELECT nextval(pg_get_serial_sequence('supervision_case', 'id'))")
SOURCES = ("inspection", "incident", "complaint", "audit", "other")


@dataclass(frozen=True)
class NewCase:
    """A finding against a provider; `source_id` names the inspection, incident or complaint it comes from."""

    provider_id: int
    source: str
    title: str
    finding: str
    source_id: int | None = None
    facility_id: int | None = None


@dataclass(frozen=True)
class NewDecision:
    """What is decided: rectify until `due_on`, a warning, a fine of `amount_fen`, the blacklist, a settled line back, nothing."""

    kind: str
    told: str
    due_on: date | None = None
    amount_fen: int | None = None
    line_id: int | None = None


def open_case(session: Session, now: datetime, actor: Actor, new: NewCase) -> int:
    """Write a finding down and ask the provider for its answer within the city's days; gives the case's id.

    Raises UnknownProvider, NotForSupervision, WordsMissing(field), SourceMissing.
    """
    area = find_provider(session, new.provider_id).area_code
    check_officer(actor, area)
    if new.source not in SOURCES or (new.source in SOURCES[:3]) != (new.source_id is not None):
        raise SourceMissing(field="source")
    site = _source_site(session, new)
    days = rules_in_force(session, area, civil_date(now)).supervision.answer_days
    case_id = int(session.connection().execute(_NEXT_ID).scalar_one())
    answer_by = civil_midnight(civil_date(now) + timedelta(days=days + 1))
    linked = {f"{name}_id": new.source_id if new.source == name else None for name in SOURCES[:3]}
    session.connection().execute(
        insert(_case).values(
            id=case_id, case_number=f"JG{order_number(civil_date(now), case_id)}", provider_id=new.provider_id,
            facility_id=site, area_code=area, source=new.source, title=words_of(new.title, "title", 100),
            finding=words_of(new.finding, "finding", LONG), state="found", opened_at=now, opened_by=actor.person_id,
            answer_by=answer_by, **linked,
        )
    )  # fmt: skip
    found = find_case(session, case_id)
    _write(
        session, now, actor, found, "opened", "open_case", {"source": new.source, "answer_by": answer_by.isoformat()}
    )
    facts = {"case_number": found.case_number, "answer_at": answer_by.isoformat()}
    tell_provider(session, now, "supervision.case_opened", new.provider_id, area, _about(case_id), facts)
    job = "supervision.case_due"
    enqueue(session, now, job, {"case_id": case_id}, not_before=answer_by, key=f"{job}/{case_id}")
    return case_id


def answer_case(session: Session, now: datetime, actor: Actor, case_id: int, answer: str) -> None:
    """The provider answers; until something is decided a later answer stands in its place, the log keeps both.

    Raises UnknownCase, NotYourInstitution, CaseClosed, WordsMissing(field).
    """
    found = _locked(session, case_id)
    check_dispatcher(session, actor, found.provider_id)
    if found.state not in ("found", "answered"):
        raise CaseClosed(case_id=case_id)
    said = words_of(answer, "answer", LONG)
    _change(session, case_id, state="answered", answer=said, answered_at=now, answered_by=actor.person_id)
    _write(session, now, actor, found, "answered", "answer_case", {"answer": said})
    facts = {"case_number": found.case_number}
    tell_officer(
        session, now, "supervision.case_answered", found.area_code, _about(case_id), facts, once=now.isoformat()
    )


def decide(session: Session, now: datetime, actor: Actor, case_id: int, new: NewDecision) -> int:
    """Decide one thing in a case, once the provider answered or its days are over; gives the decision's id.

    The blacklist and money back are done at once, by their own rooms; a warning is done by being given. Raises
    UnknownCase, NotForSupervision, CaseClosed, AnswerAwaited(until), WordsMissing(field), DaysMakeNoSense,
    LineOfAnother, and what the blacklist and the accounts refuse.
    """
    found = _locked(session, case_id)
    check_officer(actor, found.area_code)
    if found.state == "closed":
        raise CaseClosed(case_id=case_id)
    if found.state == "found" and now < found.answer_by:
        raise AnswerAwaited(until=found.answer_by.isoformat())
    told = words_of(new.told, "told", LONG)
    values = _carried_out(session, now, actor, found, new, told)
    row = insert(_decision).values(
        case_id=case_id, provider_id=found.provider_id, area_code=found.area_code, kind=new.kind, told=told,
        decided_at=now, decided_by=actor.person_id, **values,
    )  # fmt: skip
    decision_id = int(session.connection().execute(row.returning(_decision.c.id)).scalar_one())
    _change(session, case_id, state="decided", decided_at=found.decided_at or now)
    facts = {"kind": new.kind, "decision_id": decision_id, "amount_fen": values.get("amount_fen")}
    _write(session, now, actor, found, "decided", "decide_case", facts)
    tell_provider(
        session, now, "supervision.case_decided", found.provider_id, found.area_code, _about(case_id),
        {"case_number": found.case_number}, once=str(decision_id),
    )  # fmt: skip
    return decision_id


def mark_done(session: Session, now: datetime, actor: Actor, decision_id: int, note: str) -> None:
    """Write down that something decided was done (put right and looked at, paid). Raises UnknownDecision, NotForSupervision, DecisionDone, WordsMissing."""
    query = select(_decision).where(_decision.c.id == decision_id).with_for_update()
    row = session.connection().execute(query).first()
    if row is None:
        raise UnknownDecision(decision_id=decision_id)
    check_officer(actor, row.area_code)
    if row.done_on is not None:
        raise DecisionDone(decision_id=decision_id)
    said = words_of(note, "note", LONG)
    done = update(_decision).where(_decision.c.id == decision_id)
    session.connection().execute(done.values(done_on=civil_date(now), done_note=said, done_by=actor.person_id))
    found = find_case(session, row.case_id)
    _write(session, now, actor, found, "done", "mark_decision_done", {"decision_id": decision_id, "note": said})


def refer_case(session: Session, now: datetime, actor: Actor, case_id: int, department: str, told: str) -> int:
    """Hand a case to another department; gives the referral's id. Raises UnknownCase, NotForSupervision, CaseClosed, WordsMissing."""
    found = _locked(session, case_id)
    check_officer(actor, found.area_code)
    if found.state == "closed":
        raise CaseClosed(case_id=case_id)
    row = insert(_referral).values(
        case_id=case_id, provider_id=found.provider_id, area_code=found.area_code,
        department=words_of(department, "department", 100), told=words_of(told, "told", LONG), sent_at=now,
        sent_by=actor.person_id, reference="",
    )  # fmt: skip
    referral_id = int(session.connection().execute(row.returning(_referral.c.id)).scalar_one())
    _write(session, now, actor, found, "referred", "refer_case", {"department": department.strip()})
    return referral_id


def answer_referral(
    session: Session, now: datetime, actor: Actor, referral_id: int, answer: str, reference: str = ""
) -> None:
    """Write down what the other department answered, under its number. Raises UnknownReferral, NotForSupervision, WordsMissing."""
    query = select(_referral).where(_referral.c.id == referral_id).with_for_update()
    row = session.connection().execute(query).first()
    if row is None or row.answered_at is not None:
        raise UnknownReferral(referral_id=referral_id)
    check_officer(actor, row.area_code)
    said = words_of(answer, "referral_answer", LONG)
    answered = update(_referral).where(_referral.c.id == referral_id)
    session.connection().execute(answered.values(answer=said, answered_at=now, reference=reference.strip()[:100]))
    found = find_case(session, row.case_id)
    _write(session, now, actor, found, "referral_answered", "answer_referral", {"department": row.department})


def close_case(session: Session, now: datetime, actor: Actor, case_id: int) -> None:
    """Close a case in which everything decided was done and every referral answered.

    Raises UnknownCase, NotForSupervision, CaseClosed, CaseNotDecided, StillToDo.
    """
    found = _locked(session, case_id)
    check_officer(actor, found.area_code)
    if found.state == "closed":
        raise CaseClosed(case_id=case_id)
    if found.state != "decided":
        raise CaseNotDecided(case_id=case_id)
    if any(one.done_on is None for one in decisions_of(session, case_id)):
        raise StillToDo(case_id=case_id)
    if any(one.answered_at is None for one in referrals_of(session, case_id)):
        raise StillToDo(case_id=case_id)
    _change(session, case_id, state="closed", closed_at=now, closed_by=actor.person_id)
    _write(session, now, actor, found, "closed", "close_case", {})
    facts = {"case_number": found.case_number}
    tell_provider(session, now, "supervision.case_closed", found.provider_id, found.area_code, _about(case_id), facts)


def note_overdue(session: Session, now: datetime, case_id: int) -> bool:
    """The days to answer are over: the officer may decide without. False when it was answered. Work of the house."""
    query = select(_case).where(_case.c.id == case_id).with_for_update()
    found = session.connection().execute(query).first()
    if found is None or found.state != "found" or now < found.answer_by:
        return False
    _write(session, now, SYSTEM, found, "overdue", "note_overdue_case", {})
    facts = {"case_number": found.case_number, "provider_id": found.provider_id}
    tell_officer(session, now, "supervision.case_overdue", found.area_code, _about(case_id), facts)
    return True


def list_cases(session: Session, *, provider_id: int | None = None, limit: int = 200) -> list[Row[Any]]:
    """Give the cases one may see with provider_name, open ones first, then the newest."""
    query = _named()
    if provider_id is not None:
        query = query.where(_case.c.provider_id == provider_id)
    query = query.order_by(_case.c.state == "closed", _case.c.id.desc())
    return list(session.connection().execute(query.limit(max(1, min(limit, 500)))))


def find_case(session: Session, case_id: int) -> Row[Any]:
    """Give one case with provider_name. Raises UnknownCase."""
    found = session.connection().execute(_named().where(_case.c.id == case_id)).first()
    if found is None:
        raise UnknownCase(case_id=case_id)
    return found


def decisions_of(session: Session, case_id: int) -> list[Row[Any]]:
    """Give what was decided in a case, in order."""
    return list(
        session.connection().execute(select(_decision).where(_decision.c.case_id == case_id).order_by(_decision.c.id))
    )


def referrals_of(session: Session, case_id: int) -> list[Row[Any]]:
    """Give to which departments a case was handed, in order."""
    return list(
        session.connection().execute(select(_referral).where(_referral.c.case_id == case_id).order_by(_referral.c.id))
    )


def events_of(session: Session, case_id: int) -> list[Row[Any]]:
    """Give a case's log, oldest first."""
    return list(session.connection().execute(select(_event).where(_event.c.case_id == case_id).order_by(_event.c.id)))


def is_overdue(found: Row[Any], now: datetime) -> bool:
    """Tell whether a case's provider let its days pass."""
    return bool(found.state == "found" and now >= found.answer_by)


def _source_site(session: Session, new: NewCase) -> int | None:
    """The site a case is about; what it comes from must be the same provider's. Raises SourceMissing."""
    if new.source_id is None:
        return new.facility_id
    kept = {"inspection": _inspection, "incident": _incident, "complaint": _complaint}[new.source]
    site = kept.c.facility_id if "facility_id" in kept.c else literal(None)
    query = select(kept.c.provider_id, site.label("facility_id")).where(kept.c.id == new.source_id)
    found = session.connection().execute(query).first()
    if found is None or found.provider_id != new.provider_id:
        raise SourceMissing(field="source")
    return found.facility_id or new.facility_id


def _carried_out(
    session: Session, now: datetime, actor: Actor, found: Row[Any], new: NewDecision, told: str
) -> dict[str, Any]:
    """Do what is done by deciding it; gives the decision's further columns."""
    today = {"done_on": civil_date(now), "done_note": "决定时已执行", "done_by": actor.person_id}
    if new.kind == "rectify":
        if new.due_on is None or new.due_on <= civil_date(now):
            raise DaysMakeNoSense(field="due_on")
        return {"due_on": new.due_on}
    if new.kind == "fine":
        if not new.amount_fen or new.amount_fen <= 0:
            raise WordsMissing(field="amount_fen")
        return {"amount_fen": new.amount_fen, "due_on": new.due_on}
    if new.kind == "blacklist":
        entry = NewEntry(reason=told, evidence=f"监管案件 {found.case_number}", provider_id=found.provider_id)
        return {"entry_id": enter_blacklist(session, now, actor, entry)} | today
    if new.kind == "recovery":
        return _taken_back(session, now, actor, found, new.line_id, told) | today
    if new.kind not in ("warning", "none"):
        raise WordsMissing(field="kind")
    return today


def _taken_back(
    session: Session, now: datetime, actor: Actor, found: Row[Any], line_id: int | None, told: str
) -> dict[str, Any]:
    line = session.connection().execute(select(_line).where(_line.c.id == line_id)).first()
    if line is None or line.provider_id != found.provider_id:
        raise LineOfAnother(field="line_id")
    correction = correct_line(session, now, actor, line.id, f"监管案件 {found.case_number}：{told}"[:200])
    back = session.connection().execute(select(_line).where(_line.c.id == correction)).one()
    amount = -(back.government_fen + back.insurance_fen + back.voucher_fen + back.self_fen)
    return {"line_id": line.id, "correction_id": correction, "amount_fen": amount}


def _named() -> Select[Any]:
    named = select(_case, _provider.c.name.label("provider_name"))
    return named.join(_provider, _provider.c.id == _case.c.provider_id)


def _locked(session: Session, case_id: int) -> Row[Any]:
    query = select(_case).where(_case.c.id == case_id).with_for_update()
    found = session.connection().execute(query).first()
    if found is None:
        raise UnknownCase(case_id=case_id)
    return found


def _change(session: Session, case_id: int, **values: Any) -> None:
    session.connection().execute(update(_case).where(_case.c.id == case_id).values(**values))


def _about(case_id: int) -> tuple[str, int]:
    return "supervision_case", case_id


def _write(
    session: Session, now: datetime, actor: Actor, found: Row[Any], kind: str, verb: str, facts: dict[str, Any]
) -> None:
    session.connection().execute(
        insert(_event).values(
            case_id=found.id, provider_id=found.provider_id, area_code=found.area_code, kind=kind, happened_at=now,
            actor_id=actor.person_id, facts=facts,
        )
    )  # fmt: skip
    record_act(session, now, actor, verb, area_code=found.area_code, subject=_about(found.id), facts=facts)
