"""Who lay in which bed during the seeded months, and the month-end counts the ratio's trend is drawn from."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text

from services.beds.tables import BedStay
from services.beds.waiting_tables import BedWait
from services.cities.pack_beds import BedPolicy
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


_STANDINGS = text(
    """
    INSERT INTO home_standing (facility_id, area_code, during, ownership, price_capped, price_cap_fen, embedded, paper, recorded_at)
    SELECT f.id, f.area_code, daterange(f.opened_on, NULL),
      (CASE WHEN f.type_code = 'support_home' THEN 'public'
       ELSE (ARRAY['public_run_privately', 'private_non_profit', 'private'])[f.id % 3 + 1] END),
      f.id % 3 <> 2, CASE WHEN f.id % 3 <> 2 THEN 280000 END, f.type_code NOT IN ('care_home', 'support_home'),
      '演示〔2024〕' || f.id || '号', :moment
    FROM facility f WHERE f.invented AND f.opened_on IS NOT NULL AND EXISTS (SELECT FROM bed b WHERE b.facility_id = f.id)
    """
)
_LEVELS = text(
    """
    INSERT INTO bed_care_level (bed_id, area_code, level, during, recorded_at)
    SELECT b.id, b.area_code, CASE WHEN b.dementia THEN 'special' WHEN b.nursing_from IS NOT NULL THEN 'full'
      WHEN b.id % 3 = 0 THEN 'partial' ELSE 'self_care' END, daterange(b.opened_on, NULL), :moment
    FROM bed b JOIN facility f ON f.id = b.facility_id AND f.invented
    """
)
_LEAVES = text(
    """
    INSERT INTO bed_leave (stay_id, elder_id, area_code, kind, during, recorded_at)
    SELECT s.id, s.elder_id, s.area_code, CASE WHEN s.id % 2 = 0 THEN 'hospital' ELSE 'holiday' END,
      daterange(CAST(:today AS date) - 2, NULL), :moment
    FROM bed_stay s JOIN person p ON p.id = s.elder_id AND p.invented
    WHERE upper(s.during) IS NULL AND lower(s.during) < CAST(:today AS date) - 10 ORDER BY s.id LIMIT 5
    """
)
_LISTED = text(
    "SELECT f.id, f.area_code, f.provider_id FROM facility f WHERE f.invented AND f.type_code IN ('support_home', 'care_home')"
    " ORDER BY f.id LIMIT 3"
)
WAITING_A_HOME = 6


def write_register(world: World) -> None:
    """Say whose the homes are and for whom their beds, who is away these days, and who waits for which home."""
    world.bulk.write()
    change = world.session.connection().execute
    moment = at(world.today - timedelta(days=1), 17)
    for statement in (_STANDINGS, _LEVELS):
        change(statement, {"moment": moment})
    change(_LEAVES, {"moment": moment, "today": world.today})
    dice = world.dice("waiting")
    frail = [elder for elder in world.elders if elder.living != "institution" and elder.care_level >= 1]
    dice.shuffle(frail)
    policy = BedPolicy()
    for home in change(_LISTED):
        for _ in range(WAITING_A_HOME):
            elder = frail.pop()
            chosen = policy.class_of(tuple(elder.groups), elder.care_level)
            applied = at(world.today - timedelta(days=dice.randint(5, 240)), 10)
            facts = {
                "name_zh": chosen.name_zh, "name_en": chosen.name_en, "groups": sorted({*chosen.groups} & {*elder.groups}),
                "rules_version": "demonstration", "care_level": elder.care_level if chosen.least_level else None,
            }  # fmt: skip
            world.bulk.add(
                BedWait, facility_id=home.id, provider_id=home.provider_id, elder_id=elder.id, area_code=home.area_code,
                elder_area_code=elder.quarter_code, class_code=chosen.code, class_rank=chosen.rank, class_facts=facts,
                applied_at=applied, queued_at=applied, by_right="self",
            )  # fmt: skip
    world.bulk.write()
