"""The register of homes and beds: whose a home is, which papers a bed carries since when, for whom it is equipped.

Every fact has its days and its paper, so that any past day can be counted again; nothing is overwritten, a later paper
says otherwise from its own day on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.range import Range
from sqlalchemy import Row, delete, func, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.beds.errors import BadBedFacts, BedNotFound, StandingOverlaps
from services.beds.grounds import Found, bed_to_run, home_to_run, kept_rules, officer_of
from services.beds.register_tables import (
    CARE_LEVELS,
    FLAGS,
    OWNERSHIPS,
    BedCareLevel,
    BedCertificate,
    BedFlagLapse,
    HomeStanding,
)
from services.beds.snapshots import carries
from services.beds.tables import Bed
from services.columns import table_of
from services.unit_of_work import Actor

_bed, _certificate, _lapse = table_of(Bed), table_of(BedCertificate), table_of(BedFlagLapse)
_level, _standing = table_of(BedCareLevel), table_of(HomeStanding)
SINCE = {"nursing": "nursing_from", "dementia": "dementia_from", "basic_guarantee": "basic_guarantee_from"}


@dataclass(frozen=True)
class Paper:
    """A paper about beds: which flag, from which day (through `valid_until`, if it ends), its number and who issued it."""

    flag: str
    holds_from: date
    paper: str
    issued_by: str
    valid_until: date | None = None
    grants: bool = True


@dataclass(frozen=True)
class Standing:
    """Whose a home is and what it promised from a day on; `price_cap_fen` a month for a bed."""

    ownership: str
    price_capped: bool
    embedded: bool
    since: date
    price_cap_fen: int | None = None
    paper: str = ""


def certify_beds(session: Session, now: datetime, actor: Actor, bed_ids: list[int], paper: Paper) -> None:
    """Write down a paper by which beds carry a flag from a day on, or lose it; all of them or none.

    By an officer of the homes' area. Raises BedNotFound, NotForYourOffice, BadBedFacts.
    """
    _check_paper(paper)
    beds = session.connection().execute(
        select(_bed).where(_bed.c.id.in_(bed_ids)).order_by(_bed.c.id).with_for_update()
    ).all()  # fmt: skip
    if not beds or len(beds) != len(set(bed_ids)):
        raise BedNotFound(bed_ids=bed_ids)
    for bed in beds:
        officer_of(actor, bed.area_code)
        if paper.holds_from < bed.opened_on and not paper.grants:
            raise BadBedFacts(field="holds_from", opened_on=str(bed.opened_on))
        session.connection().execute(
            insert(_certificate).values(
                bed_id=bed.id, area_code=bed.area_code, recorded_by=actor.person_id, recorded_at=now, **vars(paper)
            )
        )
        if paper.grants:
            _grant(session, bed, paper)
        else:
            _lapse_from(session, bed, paper.flag, paper.holds_from)
        record_act(
            session, now, actor, "certify_bed", area_code=bed.area_code, subject=("bed", bed.id),
            facts={"flag": paper.flag, "grants": paper.grants, "from": paper.holds_from.isoformat(), "paper": paper.paper},
        )  # fmt: skip


def _check_paper(paper: Paper) -> None:
    if paper.flag not in FLAGS:
        raise BadBedFacts(field="flag")
    for name in ("paper", "issued_by"):
        if not 0 < len(getattr(paper, name).strip()) <= 200:
            raise BadBedFacts(field=name)
    if paper.valid_until is not None and (not paper.grants or paper.valid_until < paper.holds_from):
        raise BadBedFacts(field="valid_until")


def _grant(session: Session, bed: Found, paper: Paper) -> None:
    """The flag holds from the paper's day; days before it on which it did not hold stay lapsed."""
    since = getattr(bed, SINCE[paper.flag])
    had = since if paper.flag == "nursing" else (since or bed.opened_on) if getattr(bed, paper.flag) else None
    if had is None or paper.holds_from < had:
        change: dict[str, Any] = {SINCE[paper.flag]: paper.holds_from}
        if paper.flag != "nursing":
            change[paper.flag] = True
        session.connection().execute(update(_bed).where(_bed.c.id == bed.id).values(**change))
    until = None if paper.valid_until is None else paper.valid_until + timedelta(days=1)
    _cut_lapses(session, bed.id, paper.flag, paper.holds_from, until)
    if until is not None:
        _lapse_from(session, bed, paper.flag, until)


def _cut_lapses(session: Session, bed_id: int, flag: str, begins: date, ends: date | None) -> None:
    """Take the days of a new paper out of the lapses."""
    change = session.connection().execute
    mine = (_lapse.c.bed_id == bed_id, _lapse.c.flag == flag)
    days = func.daterange(begins, ends)
    change(delete(_lapse).where(*mine, days.op("@>")(_lapse.c.during)))
    tails = change(
        select(_lapse.c.id, _lapse.c.area_code, _lapse.c.during).where(*mine, _lapse.c.during.op("&&")(days))
    ).all()
    for one in tails:
        if one.during.lower < begins:
            change(update(_lapse).where(_lapse.c.id == one.id).values(during=func.daterange(one.during.lower, begins)))
        else:
            change(delete(_lapse).where(_lapse.c.id == one.id))
        if ends is not None and (one.during.upper is None or one.during.upper > ends):
            change(
                insert(_lapse).values(
                    bed_id=bed_id, area_code=one.area_code, flag=flag, during=Range(ends, one.during.upper)
                )
            )


def _lapse_from(session: Session, bed: Found, flag: str, day: date) -> None:
    """From a day on the bed does not carry the flag, until a later paper says so."""
    change = session.connection().execute
    mine = (_lapse.c.bed_id == bed.id, _lapse.c.flag == flag)
    change(delete(_lapse).where(*mine, func.lower(_lapse.c.during) >= day))
    change(
        update(_lapse)
        .where(*mine, _lapse.c.during.op("@>")(day))
        .values(during=func.daterange(func.lower(_lapse.c.during), day))
    )
    change(insert(_lapse).values(bed_id=bed.id, area_code=bed.area_code, flag=flag, during=Range(day, None)))


def set_care_level(session: Session, now: datetime, actor: Actor, bed_id: int, level: str, since: date) -> None:
    """Say for whom a bed is equipped from a day on. Raises BedNotFound, BadBedFacts, StandingOverlaps."""
    bed, ground = bed_to_run(session, actor, bed_id)
    if level not in CARE_LEVELS:
        raise BadBedFacts(field="level")
    with kept_rules(session, bed_id=bed_id, field="since"):
        _end_before(session, _level, _level.c.bed_id == bed_id, since)
        session.connection().execute(
            insert(_level).values(
                bed_id=bed_id, area_code=bed.area_code, level=level, during=Range(since, None),
                recorded_by=actor.person_id, recorded_at=now,
            )
        )  # fmt: skip
    record_act(
        session, now, actor, "set_care_level", by_right=ground, area_code=bed.area_code, subject=("bed", bed_id),
        facts={"level": level, "since": since.isoformat()},
    )  # fmt: skip


def record_standing(session: Session, now: datetime, actor: Actor, facility_id: int, new: Standing) -> None:
    """Write down whose a home is and what it promised from a day on; the day before, the older word ends.

    By an officer of its area. Raises HomeNotFound, NotForYourOffice, BadBedFacts, StandingOverlaps.
    """
    home, _ = home_to_run(session, actor, facility_id)
    officer_of(actor, home.area_code)
    if new.ownership not in OWNERSHIPS:
        raise BadBedFacts(field="ownership")
    if new.price_cap_fen is not None and (not new.price_capped or new.price_cap_fen <= 0):
        raise BadBedFacts(field="price_cap_fen")
    with kept_rules(session, facility_id=facility_id, field="since"):
        write_standing(session, now, actor.person_id, facility_id, home.area_code, new)
    record_act(
        session, now, actor, "record_standing", area_code=home.area_code, subject=("facility", facility_id),
        facts={"ownership": new.ownership, "price_capped": new.price_capped, "since": new.since.isoformat()},
    )  # fmt: skip


def write_standing(
    session: Session, now: datetime, recorded_by: int | None, facility_id: int, area_code: int, new: Standing
) -> None:
    """Write a standing behind the one before it; the caller checks, and keeps the act. Raises StandingOverlaps."""
    _end_before(session, _standing, _standing.c.facility_id == facility_id, new.since)
    session.connection().execute(
        insert(_standing).values(
            facility_id=facility_id, area_code=area_code, during=Range(new.since, None), ownership=new.ownership,
            price_capped=new.price_capped, price_cap_fen=new.price_cap_fen, embedded=new.embedded,
            paper=new.paper.strip()[:200], recorded_by=recorded_by, recorded_at=now,
        )
    )  # fmt: skip


def _end_before(session: Session, table: Any, whose: Any, day: date) -> None:
    """End the span that holds on a day; a span that began on the day or later stays, and the new one is refused."""
    later = session.connection().execute(select(table.c.id).where(whose, func.lower(table.c.during) >= day)).first()
    if later is not None:
        raise StandingOverlaps(field="since", day=day.isoformat())
    session.connection().execute(
        update(table)
        .where(whose, table.c.during.op("@>")(day))
        .values(during=func.daterange(func.lower(table.c.during), day))
    )


_HOMES = """
    SELECT f.id AS facility_id, f.name, f.type_code, f.area_code, f.provider_id, s.ownership, s.price_capped, s.price_cap_fen,
      s.embedded, s.paper AS standing_paper, n.licensed, n.open, n.nursing, n.dementia, n.basic_guarantee, n.occupied,
      n.on_leave, n.self_care, n.partial, n.full_care, n.special
    FROM (
      SELECT b.facility_id,
        count(*) FILTER (WHERE COALESCE(b.licensed_on, b.opened_on) <= {day}) AS licensed,
        count(*) FILTER (WHERE {open}) AS open,
        count(*) FILTER (WHERE {open} AND {nursing}) AS nursing,
        count(*) FILTER (WHERE {open} AND {dementia}) AS dementia,
        count(*) FILTER (WHERE {open} AND {basic_guarantee}) AS basic_guarantee,
        count(y.id) AS occupied, count(v.id) AS on_leave,
        count(*) FILTER (WHERE {open} AND l.level = 'self_care') AS self_care,
        count(*) FILTER (WHERE {open} AND l.level = 'partial') AS partial,
        count(*) FILTER (WHERE {open} AND l.level = 'full') AS full_care,
        count(*) FILTER (WHERE {open} AND l.level = 'special') AS special
      FROM bed b
      LEFT JOIN bed_stay y ON y.bed_id = b.id AND y.during @> {day}
      LEFT JOIN bed_leave v ON v.stay_id = y.id AND v.during @> {day}
      LEFT JOIN bed_care_level l ON l.bed_id = b.id AND l.during @> {day}
      WHERE b.kind <> 'home' AND (b.closed_on IS NULL OR b.closed_on > {day}) AND {chosen}
      GROUP BY b.facility_id
    ) AS n JOIN facility f ON f.id = n.facility_id
    LEFT JOIN home_standing s ON s.facility_id = f.id AND s.during @> {day}
    WHERE (f.closed_on IS NULL OR f.closed_on > {day}) AND n.licensed + n.open > 0 ORDER BY f.name, f.id
"""


def register_on(session: Session, on: date, *, lo: int, hi: int, provider_id: int | None = None) -> list[Row[Any]]:
    """Give every home with beds in an area range on a day: whose it is, and its beds counted by what they are."""
    day = "CAST(:day AS date)"
    words = {flag: carries(flag, day) for flag in FLAGS}
    chosen = "b.area_code BETWEEN :lo AND :hi AND (CAST(:provider AS bigint) IS NULL OR b.facility_id IN"
    chosen += " (SELECT id FROM facility WHERE provider_id = :provider))"
    query = _HOMES.format(day=day, open=f"b.opened_on <= {day}", chosen=chosen, **words)
    values = {"day": on, "lo": lo, "hi": hi, "provider": provider_id}
    return list(session.connection().execute(text(query), values))


def papers_of(session: Session, bed_id: int) -> list[Row[Any]]:
    """Give a bed's papers, the newest day first."""
    query = select(_certificate).where(_certificate.c.bed_id == bed_id)
    order = (_certificate.c.holds_from.desc(), _certificate.c.id.desc())
    return list(session.connection().execute(query.order_by(*order)))
