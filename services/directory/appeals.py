"""Against a credit level or a blacklist entry a provider (or the carer) may appeal; another person decides, with reply.

A granted appeal strikes the facts it names out of the credit of every month and has the month computed anew, or
lifts the entry. A refused one changes nothing and is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.directory.blacklist import check_officer, find_entry, lift_blacklisting
from services.directory.credit import credit_rules, find_credit
from services.directory.tables import Provider
from services.directory.trust_errors import (
    AppealDecided,
    AppealPending,
    AppealTooLate,
    EntryLifted,
    EvidenceElsewhere,
    JudgedByAnother,
    NotYourAppeal,
    ReasonAndEvidenceNeeded,
    UnknownAppeal,
)
from services.directory.trust_tables import CreditEvidence, CreditStrike, TrustAppeal
from services.errors import Invalid
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.tables import RoleGrant
from services.unit_of_work import Actor

_appeal, _evidence, _strike = table_of(TrustAppeal), table_of(CreditEvidence), table_of(CreditStrike)
_provider, _grant = table_of(Provider), table_of(RoleGrant)
WORDS_LENGTH = 1000
Decision = Literal["granted", "refused"]


def appeal_credit(
    session: Session, now: datetime, actor: Actor, credit_id: int, grounds: str, evidence_ids: Sequence[int] = ()
) -> int:
    """Appeal against a credit level, naming the facts that are wrong if some are; gives the appeal's id.

    Raises NoSuchCredit, NotYourAppeal, ReasonAndEvidenceNeeded, AppealTooLate, AppealPending, EvidenceElsewhere.
    """
    credit = find_credit(session, credit_id)
    area, rules = credit_rules(session, credit.provider_id, credit.month)
    _check_concerned(session, actor, credit.provider_id, None)
    until = credit.computed_at + timedelta(days=rules.trust.credit.appeal_days)
    if now > until:
        raise AppealTooLate(until=until.isoformat())
    named = sorted(set(evidence_ids))
    if named:
        found = session.connection().execute(
            select(_evidence.c.id).where(_evidence.c.credit_id == credit_id, _evidence.c.id.in_(named))
        )
        if sorted(found.scalars()) != named:
            raise EvidenceElsewhere(field="evidence_ids")
    return _file(session, now, actor, credit.provider_id, area, grounds, {"credit_id": credit_id}, named)


def appeal_entry(session: Session, now: datetime, actor: Actor, entry_id: int, grounds: str) -> int:
    """Appeal against a blacklist entry; gives the appeal's id.

    Raises UnknownEntry, NotYourAppeal, EntryLifted, ReasonAndEvidenceNeeded, AppealPending.
    """
    entry = find_entry(session, entry_id)
    _check_concerned(session, actor, entry.of_provider_id, entry.carer_id)
    if entry.lifted_at is not None:
        raise EntryLifted(entry_id=entry_id)
    return _file(session, now, actor, entry.of_provider_id, entry.area_code, grounds, {"entry_id": entry_id}, [])


def decide_appeal(
    session: Session, now: datetime, actor: Actor, appeal_id: int, decision: Decision, reply: str
) -> None:
    """Decide an appeal with a reply, once and for all; granted, what it was about changes at once or by a job.

    Raises UnknownAppeal, NotForTrust, JudgedByAnother, AppealDecided, Invalid(field), ReasonAndEvidenceNeeded.
    """
    appeal = (
        session.connection().execute(select(_appeal).where(_appeal.c.id == appeal_id).with_for_update()).one_or_none()
    )
    if appeal is None:
        raise UnknownAppeal(appeal_id=appeal_id)
    check_officer(actor, appeal.area_code)
    if appeal.filed_by == actor.person_id:
        raise JudgedByAnother(appeal_id=appeal_id)
    if appeal.decision is not None:
        raise AppealDecided(appeal_id=appeal_id)
    if decision not in ("granted", "refused"):
        raise Invalid("请选成立或不成立。", field="decision")
    said = _words(reply, "reply")
    session.connection().execute(
        update(_appeal)
        .where(_appeal.c.id == appeal_id)
        .values(decision=decision, reply=said, decided_by=actor.person_id, decided_at=now)
    )
    _record(session, now, actor, "decide_appeal", appeal, {"decision": decision})
    if decision == "granted":
        _grant_it(session, now, actor, appeal, said)
    tell(
        session, now, audience={"provider_id": appeal.provider_id}, recipient_ids=[appeal.filed_by],
        template=f"directory.appeal_{decision}", facts={"provider_id": appeal.provider_id}, area_code=appeal.area_code,
        subject=("trust_appeal", appeal_id), key=f"appeal_decided/{appeal_id}",
    )  # fmt: skip


def appeals(session: Session, *, open_only: bool = False, limit: int = 100) -> list[Row[Any]]:
    """Give the appeals the asking person may see, newest first, with provider_name."""
    query = (
        select(_appeal, _provider.c.name.label("provider_name"))
        .join(_provider, _provider.c.id == _appeal.c.provider_id)
        .order_by(_appeal.c.id.desc())
        .limit(max(1, min(limit, 500)))
    )
    if open_only:
        query = query.where(_appeal.c.decision.is_(None))
    return list(session.connection().execute(query))


def _grant_it(session: Session, now: datetime, actor: Actor, appeal: Row[Any], reply: str) -> None:
    if appeal.entry_id is not None:
        if find_entry(session, appeal.entry_id).lifted_at is None:
            lift_blacklisting(session, now, actor, appeal.entry_id, f"申诉成立：{reply}"[:WORDS_LENGTH])
        return
    facts = session.connection().execute(
        select(_evidence.c.part, _evidence.c.subject_type, _evidence.c.subject_id).where(
            _evidence.c.id.in_(appeal.evidence_ids)
        )
    )
    for fact in facts.all():
        row = upsert(_strike).values(
            provider_id=appeal.provider_id, area_code=appeal.area_code, part=fact.part, subject_type=fact.subject_type,
            subject_id=fact.subject_id, appeal_id=appeal.id, struck_by=actor.person_id, struck_at=now,
        )  # fmt: skip
        session.connection().execute(row.on_conflict_do_nothing(constraint="credit_strike_once_key"))
    month = find_credit(session, appeal.credit_id).month
    args = {"provider_id": appeal.provider_id, "month": month.isoformat(), "because": "appeal"}
    enqueue(session, now, "visits.compute_credit", args, key=f"visits.compute_credit/appeal-{appeal.id}")


def _file(
    session: Session, now: datetime, actor: Actor, provider_id: int, area: int, grounds: str, about: dict[str, int],
    evidence_ids: list[int],
) -> int:  # fmt: skip
    said = _words(grounds, "grounds")
    column, subject_id = next(iter(about.items()))
    connection = session.connection()
    pending = select(_appeal.c.id).where(_appeal.c[column] == subject_id, _appeal.c.decision.is_(None))
    if connection.execute(pending).first() is not None:
        raise AppealPending(None, **about)
    row = insert(_appeal).values(
        **about, provider_id=provider_id, area_code=area, grounds=said, evidence_ids=evidence_ids,
        filed_by=actor.person_id, filed_at=now,
    )  # fmt: skip
    filed = connection.execute(row.returning(_appeal)).one()
    _record(session, now, actor, "file_appeal", filed, dict(about))
    tell(
        session, now, audience={"office": {"role": "officer", "area_code": area}}, template="directory.appeal_filed",
        facts={"provider_id": provider_id}, area_code=area, subject=("trust_appeal", filed.id),
        key=f"appeal_filed/{filed.id}",
    )  # fmt: skip
    return int(filed.id)


def _check_concerned(session: Session, actor: Actor, provider_id: int, carer_id: int | None) -> None:
    if carer_id is not None and actor.person_id == carer_id:
        return
    granted = session.connection().execute(
        select(_grant.c.id).where(
            _grant.c.person_id == actor.person_id, _grant.c.role == "dispatcher",
            _grant.c.provider_id == provider_id, _grant.c.revoked_at.is_(None),
        )
    ).first()  # fmt: skip
    if granted is None:
        raise NotYourAppeal(provider_id=provider_id)


def _words(said: str, field: str) -> str:
    words = said.strip()
    if not 0 < len(words) <= WORDS_LENGTH:
        raise ReasonAndEvidenceNeeded(field=field)
    return words


def _record(session: Session, now: datetime, actor: Actor, verb: str, appeal: Row[Any], facts: dict[str, Any]) -> None:
    record_act(
        session, now, actor, verb, area_code=appeal.area_code, subject=("trust_appeal", appeal.id), facts=facts
    )  # fmt: skip
