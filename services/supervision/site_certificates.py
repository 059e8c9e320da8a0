"""Certificates a house needs to be open: fire and food safety, with warnings before they end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Facility
from services.supervision.check_tables import SiteCertificate
from services.supervision.errors import DaysMakeNoSense, SiteCertificateGone, UnknownSiteCertificate, WordsMissing
from services.supervision.rights import (
    LONG,
    check_not_to_come,
    check_officer,
    supervised_site,
    tell_officer,
    tell_provider,
    words_of,
)
from services.unit_of_work import Actor

_certificate, _facility = table_of(SiteCertificate), table_of(Facility)
KINDS = ("fire", "food", "building", "medical")
FARTHEST_WARNING = timedelta(days=400)


def record_certificate(
    session: Session, now: datetime, actor: Actor, facility_id: int, *, kind: str, certificate_number: str,
    issuer: str, issued_on: date, expires_on: date | None,
) -> int:  # fmt: skip
    """Write a house's certificate down, `expires_on` None for one without an end; gives its id.

    Raises UnknownFacility, NotForSupervision, WordsMissing(field), DaysMakeNoSense(field), SiteCertificateKept.
    """
    site = supervised_site(session, actor, facility_id)
    if kind not in KINDS:
        raise WordsMissing(field="kind")
    check_not_to_come(now, issued_on, "issued_on")
    if expires_on is not None and expires_on <= issued_on:
        raise DaysMakeNoSense(field="expires_on")
    row = insert(_certificate).values(
        facility_id=facility_id, area_code=site.area_code, kind=kind,
        certificate_number=words_of(certificate_number, "certificate_number", 60), issuer=words_of(issuer, "issuer"),
        issued_on=issued_on, expires_on=expires_on, recorded_by=actor.person_id, recorded_at=now,
    )  # fmt: skip
    certificate_id = int(session.connection().execute(row.returning(_certificate.c.id)).scalar_one())
    about = ("site_certificate", certificate_id)
    facts = {"kind": kind, "expires_on": expires_on.isoformat() if expires_on else None}
    record_act(session, now, actor, "record_site_certificate", area_code=site.area_code, subject=about, facts=facts)
    return certificate_id


def withdraw_certificate(session: Session, now: datetime, actor: Actor, certificate_id: int, reason: str) -> None:
    """Say that a certificate no longer counts, from today on. Raises UnknownSiteCertificate, NotForSupervision, SiteCertificateGone, WordsMissing."""
    query = select(_certificate).where(_certificate.c.id == certificate_id).with_for_update()
    found = session.connection().execute(query).first()
    if found is None:
        raise UnknownSiteCertificate(certificate_id=certificate_id)
    check_officer(actor, found.area_code)
    if found.withdrawn_on is not None:
        raise SiteCertificateGone(certificate_id=certificate_id)
    said = words_of(reason, "reason", LONG)
    gone = update(_certificate).where(_certificate.c.id == certificate_id)
    session.connection().execute(gone.values(withdrawn_on=civil_date(now), withdrawn_reason=said))
    about = ("site_certificate", certificate_id)
    facts = {"reason": said}
    record_act(session, now, actor, "withdraw_site_certificate", area_code=found.area_code, subject=about, facts=facts)


def certificates_of(session: Session, facility_id: int) -> list[Row[Any]]:
    """Give every certificate of a house, those that end last first."""
    query = select(_certificate).where(_certificate.c.facility_id == facility_id)
    query = query.order_by(_certificate.c.kind, _certificate.c.expires_on.desc().nulls_first(), _certificate.c.id)
    return list(session.connection().execute(query))


def ending(session: Session, on: date, within_days: int, lo: int, hi: int) -> list[Row[Any]]:
    """Give certificates of an area that ended, or end within some days, and that no later one replaced; with facility_name."""
    query = _standing().where(
        _certificate.c.area_code.between(lo, hi), _certificate.c.expires_on <= on + timedelta(days=within_days)
    )
    return list(session.connection().execute(query.order_by(_certificate.c.expires_on).limit(200)))


def warn_of_expiry(session: Session, now: datetime) -> int:
    """Tell houses and officers of certificates that end within the city's days, each once; gives how many end soon.

    City-wide work of the house.
    """
    today, told = civil_date(now), 0
    query = _standing().where(_certificate.c.expires_on.between(today, today + FARTHEST_WARNING))
    for row in session.connection().execute(query.order_by(_certificate.c.id)).all():
        days = rules_in_force(session, row.area_code, today).supervision.certificate_warn_days
        if row.expires_on > today + timedelta(days=days):
            continue
        about = ("site_certificate", int(row.id))
        facts = {"facility_id": row.facility_id, "paper": PAPERS[row.kind], "ends_on": row.expires_on.isoformat()}
        tell_provider(session, now, "supervision.certificate_ends", row.provider_id, row.area_code, about, facts)
        tell_officer(session, now, "supervision.certificate_ends_soon", row.area_code, about, facts)
        told += 1
    return told


PAPERS = {"fire": "消防证", "food": "食品经营许可证", "building": "房屋安全鉴定", "medical": "医疗机构执业许可证"}


def _standing() -> Any:
    newer = _certificate.alias()
    replaced = (
        select(newer.c.id)
        .where(newer.c.facility_id == _certificate.c.facility_id, newer.c.kind == _certificate.c.kind)
        .where(newer.c.issued_on > _certificate.c.issued_on, newer.c.withdrawn_on.is_(None))
        .exists()
    )
    return (
        select(_certificate, _facility.c.name.label("facility_name"), _facility.c.provider_id)
        .join(_facility, _facility.c.id == _certificate.c.facility_id)
        .where(_certificate.c.withdrawn_on.is_(None), ~replaced, _facility.c.status == "open")
    )
