"""A carer's personnel file (人员档案): certificates with their scans, trainings, and who is warned before one ends.

Her own provider keeps it and officers of the area read it. Matching and dispatch obey it, and PostgreSQL refuses to
promise a carer whose file does not prove what the service demands on the day (sql/425_trust.sql).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Carer
from services.directory.trust_errors import (
    CertificateIncomplete,
    CertificateWithdrawn,
    NotYourStaff,
    ReasonAndEvidenceNeeded,
    TrainingIncomplete,
    UnknownCarer,
    UnknownCertificate,
)
from services.directory.trust_tables import CarerCertificate, CarerTraining
from services.messages.actions import tell
from services.people.attachments import StoredFile, sniffed_type
from services.people.privacy import SealBroken
from services.people.storage import NoSuchFile, new_key, seal_bytes, storage, unseal_bytes
from services.people.tables import RoleGrant
from services.unit_of_work import Actor

_carer, _certificate, _training = table_of(Carer), table_of(CarerCertificate), table_of(CarerTraining)
_grant = table_of(RoleGrant)
WORDS_LENGTH = 120


@dataclass(frozen=True)
class NewCertificate:
    """A certificate as it is read off the paper; `covers`: the skills it proves, none named means all of hers."""

    name: str
    certificate_number: str
    issuer: str
    valid_from: date
    valid_until: date
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class PersonnelFile:
    """A carer with everything her file holds; `unproved` are skills no certificate proves on the day asked for."""

    carer_id: int
    provider_id: int
    display_name: str
    skills: tuple[str, ...]
    since: date
    left_on: date | None
    file_kept: bool
    certificate_number: str | None
    certificate_valid_until: date | None
    certificates: tuple[Row[Any], ...]
    trainings: tuple[Row[Any], ...]
    unproved: tuple[str, ...]
    ends_soon: bool


def record_certificate(
    session: Session, now: datetime, actor: Actor, carer_id: int, new: NewCertificate, document: bytes | None = None
) -> int:
    """Keep a certificate in a carer's file, with its scan if there is one; gives its id.

    Raises UnknownCarer, NotYourStaff, CertificateIncomplete(field), CertificateKept, FileTooLarge, FileTypeRefused.
    """
    carer = _own_carer(session, actor, carer_id)
    said = {name: getattr(new, name).strip() for name in ("name", "certificate_number", "issuer")}
    wrong = next((name for name, value in said.items() if not 0 < len(value) <= WORDS_LENGTH), None)
    if wrong is None and not date(1950, 1, 1) <= new.valid_from <= new.valid_until <= date(2150, 1, 1):
        wrong = "valid_until"
    if wrong is None and set(new.covers) - set(carer.skills):
        wrong = "covers"
    if wrong is not None:
        raise CertificateIncomplete(field=wrong)
    kept = {} if document is None else _keep(document)
    values = {
        **said, **kept, "carer_id": carer_id, "provider_id": carer.provider_id, "area_code": carer.area_code,
        "valid_from": new.valid_from, "valid_until": new.valid_until, "covers": sorted(new.covers),
        "recorded_by": actor.person_id, "recorded_at": now,
    }  # fmt: skip
    certificate_id: int = (
        session.connection().execute(insert(_certificate).values(values).returning(_certificate.c.id)).scalar_one()
    )
    facts = {"certificate_id": certificate_id, "valid_until": new.valid_until.isoformat()}
    _record(session, now, actor, "record_certificate", carer, facts)
    return certificate_id


def attach_scan(session: Session, now: datetime, actor: Actor, certificate_id: int, document: bytes) -> None:
    """Keep the scan of a certificate, sealed; a later one takes its place.

    Raises UnknownCertificate, NotYourStaff, CertificateWithdrawn, FileTooLarge, FileTypeRefused.
    """
    row, carer = _own_certificate(session, actor, certificate_id)
    kept = _keep(document)
    session.connection().execute(update(_certificate).where(_certificate.c.id == row.id).values(**kept))
    _record(session, now, actor, "attach_scan", carer, {"certificate_id": certificate_id})


def read_scan(session: Session, now: datetime, actor: Actor, certificate_id: int) -> StoredFile:
    """Give the scan of a certificate in clear and note who looked. Raises UnknownCertificate, NoSuchFile, SealBroken."""
    row = session.connection().execute(select(_certificate).where(_certificate.c.id == certificate_id)).first()
    if row is None:
        raise UnknownCertificate(certificate_id=certificate_id)
    if row.document_key is None:
        raise NoSuchFile(certificate_id=certificate_id)
    content = unseal_bytes(row.document_key, storage().get(row.document_key))
    if hashlib.sha256(content).hexdigest() != row.document_sha256:
        raise SealBroken(certificate_id=certificate_id)
    _record(session, now, actor, "read_scan", row, {"certificate_id": certificate_id})
    return StoredFile(certificate_id, row.document_type, content)


def withdraw_certificate(session: Session, now: datetime, actor: Actor, certificate_id: int, reason: str) -> None:
    """Take a certificate out of a carer's file, with the reason: it was entered wrongly, or taken from her.

    Raises UnknownCertificate, NotYourStaff, CertificateWithdrawn, ReasonAndEvidenceNeeded(field).
    """
    row, carer = _own_certificate(session, actor, certificate_id)
    said = reason.strip()
    if not 0 < len(said) <= WORDS_LENGTH:
        raise ReasonAndEvidenceNeeded(field="reason")
    session.connection().execute(
        update(_certificate)
        .where(_certificate.c.id == row.id)
        .values(withdrawn_at=now, withdrawn_by=actor.person_id, withdrawn_reason=said)
    )
    _record(session, now, actor, "withdraw_certificate", carer, {"certificate_id": certificate_id, "reason": said})


def record_training(
    session: Session, now: datetime, actor: Actor, carer_id: int, title: str, organiser: str, held_on: date,
    minutes: int,
) -> int:  # fmt: skip
    """Note a training a carer took part in; gives its id. Raises UnknownCarer, NotYourStaff, TrainingIncomplete(field)."""
    carer = _own_carer(session, actor, carer_id)
    said = {"title": title.strip(), "organiser": organiser.strip()}
    wrong = next((name for name, value in said.items() if not 0 < len(value) <= WORDS_LENGTH), None)
    if wrong is None and not date(1950, 1, 1) <= held_on <= civil_date(now):
        wrong = "held_on"
    if wrong is None and not 0 < minutes <= 60 * 24 * 365:
        wrong = "minutes"
    if wrong is not None:
        raise TrainingIncomplete(field=wrong)
    row = insert(_training).values(
        **said, carer_id=carer_id, provider_id=carer.provider_id, area_code=carer.area_code, held_on=held_on,
        minutes=minutes, recorded_by=actor.person_id, recorded_at=now,
    )  # fmt: skip
    training_id: int = session.connection().execute(row.returning(_training.c.id)).scalar_one()
    _record(session, now, actor, "record_training", carer, {"training_id": training_id})
    return training_id


def personnel_file(session: Session, carer_id: int, on: date, warn_days: int = 30) -> PersonnelFile:
    """Give a carer's file as it stands on a civil day. Raises UnknownCarer where it may not be seen."""
    carer = session.connection().execute(select(_carer).where(_carer.c.person_id == carer_id)).first()
    if carer is None:
        raise UnknownCarer(carer_id=carer_id)
    return _files(session, [carer], on, warn_days)[0]


def personnel_of(session: Session, provider_id: int, on: date, warn_days: int = 30) -> list[PersonnelFile]:
    """Give the files of all who work for a provider on a civil day, by name; only those that may be seen."""
    query = (
        select(_carer)
        .where(_carer.c.provider_id == provider_id, _carer.c.since <= on)
        .where(_carer.c.left_on.is_(None) | (_carer.c.left_on > on))
        .order_by(_carer.c.display_name, _carer.c.person_id)
    )
    return _files(session, list(session.connection().execute(query)), on, warn_days)


def warn_certificates(session: Session, now: datetime) -> int:
    """Tell providers of certificates that end within the city's days, each certificate once; gives how many.

    A certificate that a longer one of the same name has replaced is passed over. City-wide work of the house.
    """
    today, told = civil_date(now), 0
    newer = _certificate.alias()
    replaced = (
        select(newer.c.id)
        .where(newer.c.carer_id == _certificate.c.carer_id, newer.c.name == _certificate.c.name)
        .where(newer.c.withdrawn_at.is_(None), newer.c.valid_until > _certificate.c.valid_until)
        .exists()
    )
    query = (
        select(_certificate)
        .join(_carer, _carer.c.person_id == _certificate.c.carer_id)
        .where(_certificate.c.withdrawn_at.is_(None), ~replaced)
        .where(_certificate.c.valid_until.between(today, today + timedelta(days=365)))
        .where(_carer.c.left_on.is_(None) | (_carer.c.left_on > today))
        .order_by(_certificate.c.id)
    )
    for row in session.connection().execute(query).all():
        days = rules_in_force(session, row.area_code, today).trust.certificates.warn_days
        if row.valid_until > today + timedelta(days=days):
            continue
        tell(
            session, now, audience={"provider_id": row.provider_id}, template="directory.certificate_ends",
            facts={"provider_id": row.provider_id, "carer_id": row.carer_id, "ends_on": row.valid_until.isoformat()},
            area_code=row.area_code, subject=("carer_certificate", row.id), key=f"certificate_ends/{row.id}",
        )  # fmt: skip
        told += 1
    return told


def _files(session: Session, carers: list[Row[Any]], on: date, warn_days: int) -> list[PersonnelFile]:
    ids = [carer.person_id for carer in carers]
    connection = session.connection()
    held = connection.execute(
        select(_certificate).where(_certificate.c.carer_id.in_(ids)).order_by(_certificate.c.valid_until.desc())
    ).all()
    learnt = connection.execute(
        select(_training)
        .where(_training.c.carer_id.in_(ids), _training.c.withdrawn_at.is_(None))
        .order_by(_training.c.held_on.desc())
    ).all()
    return [
        _file(
            carer,
            tuple(one for one in held if one.carer_id == carer.person_id),
            tuple(one for one in learnt if one.carer_id == carer.person_id),
            on,
            warn_days,
        )
        for carer in carers
    ]


def _file(
    carer: Row[Any], held: tuple[Row[Any], ...], learnt: tuple[Row[Any], ...], on: date, warn_days: int
) -> PersonnelFile:
    until = carer.certificate_valid_until
    valid = [one for one in held if one.withdrawn_at is None and one.valid_from <= on <= one.valid_until]
    proved = {skill for one in valid for skill in (one.covers or carer.skills)}
    if not carer.file_kept and until is not None and until >= on:
        proved = set(carer.skills)
    return PersonnelFile(
        carer_id=carer.person_id, provider_id=carer.provider_id, display_name=carer.display_name,
        skills=tuple(carer.skills), since=carer.since, left_on=carer.left_on, file_kept=carer.file_kept,
        certificate_number=carer.certificate_number, certificate_valid_until=until, certificates=held,
        trainings=learnt, unproved=tuple(skill for skill in carer.skills if skill not in proved),
        ends_soon=until is not None and on <= until <= on + timedelta(days=warn_days),
    )  # fmt: skip


def _own_carer(session: Session, actor: Actor, carer_id: int) -> Row[Any]:
    """The carer, when the actor dispatches for her provider."""
    carer = session.connection().execute(select(_carer).where(_carer.c.person_id == carer_id)).first()
    if carer is None:
        raise UnknownCarer(carer_id=carer_id)
    check_keeper(session, actor, carer.provider_id)
    return carer


def check_keeper(session: Session, actor: Actor, provider_id: int) -> None:
    """Refuse whoever is no dispatcher of a provider today. Raises NotYourStaff(provider_id)."""
    granted = session.connection().execute(
        select(_grant.c.id).where(
            _grant.c.person_id == actor.person_id, _grant.c.role == "dispatcher",
            _grant.c.provider_id == provider_id, _grant.c.revoked_at.is_(None),
        )
    ).first()  # fmt: skip
    if granted is None:
        raise NotYourStaff(provider_id=provider_id)


def _own_certificate(session: Session, actor: Actor, certificate_id: int) -> tuple[Row[Any], Row[Any]]:
    row = session.connection().execute(select(_certificate).where(_certificate.c.id == certificate_id)).first()
    if row is None:
        raise UnknownCertificate(certificate_id=certificate_id)
    carer = _own_carer(session, actor, row.carer_id)
    if row.withdrawn_at is not None:
        raise CertificateWithdrawn(certificate_id=certificate_id)
    return row, carer


def _keep(document: bytes) -> dict[str, str]:
    content_type = sniffed_type(document)
    key = new_key()
    storage().put(key, seal_bytes(key, document))
    sha256 = hashlib.sha256(document).hexdigest()
    return {"document_key": key, "document_type": content_type, "document_sha256": sha256}


def _record(session: Session, now: datetime, actor: Actor, verb: str, carer: Row[Any], facts: dict[str, Any]) -> None:
    person_id = carer.person_id if "person_id" in carer._fields else carer.carer_id
    record_act(
        session, now, actor, verb, for_person_id=person_id, area_code=carer.area_code, subject=("carer", person_id),
        facts=facts,
    )  # fmt: skip
