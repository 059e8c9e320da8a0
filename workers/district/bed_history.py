"""Who lay in which bed during the seeded months, and the month-end counts the ratio's trend is drawn from."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text

from services.beds.tables import BedStay
from workers.district.world import InventedBed, InventedElder, World, at, month_starts

LONGEST_STAY_DAYS = 1500


def write_stays(world: World) -> None:
    """Put the elders who live in institutions into beds, the frailest into nursing beds; and respite stays."""
    dice = world.dice("stays")
    residents = [elder for elder in world.elders if elder.living == "institution"]
    residents.sort(key=lambda elder: -elder.care_level)
    beds = [bed for bed in world.beds if bed.institution]
    dice.shuffle(beds)
    beds.sort(key=lambda bed: not bed.nursing)
    former = list(world.former_residents)
    for elder, bed in zip(residents, beds, strict=False):
        since = world.today - timedelta(days=dice.randint(3, LONGEST_STAY_DAYS))
        _write_stay(world, bed, elder.id, since, None)
        if former and (died_on := world.died_on[former[-1].id]) < since - timedelta(days=2):
            _write_stay(world, bed, former.pop().id, died_on - timedelta(days=dice.randint(60, 500)), died_on)
    for elder, bed in zip(former, beds[len(residents) :], strict=False):
        died_on = world.died_on[elder.id]
        _write_stay(world, bed, elder.id, died_on - timedelta(days=dice.randint(60, 700)), died_on)
    _write_respite(world, residents)


def _write_stay(world: World, bed: InventedBed, elder_id: int, since: date, until: date | None) -> None:
    world.bulk.add(
        BedStay,
        bed_id=bed.id,
        elder_id=elder_id,
        area_code=bed.area_code,
        during=f"[{since},{until or ''})",
        recorded_at=at(since, 11),
    )


def _write_respite(world: World, residents: list[InventedElder]) -> None:
    dice = world.dice("respite")
    living_in = {elder.id for elder in residents}
    frail = [elder for elder in world.elders if elder.care_level >= 1 and elder.id not in living_in]
    dice.shuffle(frail)
    for bed in (bed for bed in world.beds if not bed.institution):
        day = world.first_day + timedelta(days=dice.randint(0, 40))
        while frail and day < world.today - timedelta(days=35) and dice.random() < 0.9:
            elder, until = frail.pop(), day + timedelta(days=dice.choice((7, 14, 21, 30)))
            _write_stay(world, bed, elder.id, day, until)
            day = until + timedelta(days=dice.randint(3, 45))


_SNAPSHOT = text(
    """
    INSERT INTO bed_snapshot (facility_id, area_code, day, total, nursing, dementia, occupied, computed_at)
    SELECT bed.facility_id, min(bed.area_code), CAST(:day AS date), count(*),
           count(*) FILTER (WHERE bed.nursing_from <= :day), count(*) FILTER (WHERE bed.dementia),
           count(*) FILTER (WHERE EXISTS (SELECT 1 FROM bed_stay AS stay
                                          WHERE stay.bed_id = bed.id AND stay.during @> CAST(:day AS date))),
           :moment
    FROM bed
    JOIN facility ON facility.id = bed.facility_id AND facility.invented
    WHERE bed.opened_on <= :day AND (bed.closed_on IS NULL OR bed.closed_on > :day)
    GROUP BY bed.facility_id
    ORDER BY bed.facility_id
    """
)


def take_snapshots(world: World) -> None:
    """Count the beds at each month's end from the bed rows themselves, so that the counts can be recomputed."""
    months = month_starts(world.first_day, world.today)
    for month in months:
        day = month - timedelta(days=1)
        world.session.connection().execute(_SNAPSHOT, {"day": day, "moment": at(day, 23.5)})
