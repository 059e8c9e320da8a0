"""Lays the demonstration's ground: packs, areas with outlines, menu, providers, sites and beds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, text
from sqlmodel import Session

from services.beds.tables import Bed
from services.benefits.entitling import load_rules
from services.benefits.schemes import load_scheme
from services.catalogue.actions import load_catalogue
from services.catalogue.tables import ServiceItem
from services.cities.actions import load_national_streets, load_pack, save_areas
from services.cities.rules import written_code
from services.columns import table_of
from services.directory.importer import import_facilities
from services.directory.tables import Facility, Provider, ServiceLine
from services.oversight.statistics import take_pack_statistics
from services.unit_of_work import SYSTEM
from workers.district.drawn_files import District
from workers.district.people import write_dispatcher
from workers.district.sample_files import (
    ASSESSMENTS_FOLDER,
    CATALOGUE_FOLDER,
    CITIES_FOLDER,
    DISTRICT_FOLDER,
    ENTITLEMENT_FOLDER,
    FACILITIES_FILE,
    STREET_CODES_FILE,
    read_menu,
    read_table,
)
from workers.district.world import CITY_CODE, InventedBed, InventedProvider, World, at, month_starts

PACKS = ("dongying.toml", "hulunbuir.toml", "taizhou.toml", "ningguo.toml", "shanghai.toml", "nanjing_demo.toml")
"""Five cities by their own plans, and the demonstration district, which runs under any of them."""
MENU_FROM = date(2021, 1, 1)
WALK_SECONDS_OF_A_CARER = 2400
PRICE_SPREAD = {"kangle": 0, "ankang": -5, "songhe": 0, "nuanyang": 10, "fengye": -5, "ruixiang": 0, "yizhou": 5}
NURSING_BEFORE = date(2020, 1, 1)
CERTIFIED_IN_HISTORY = {"songling": 17, "sangyu": 15, "changqing": 13, "hemu": 12, "chunhui": 9}
"""Beds that became nursing beds during the seeded months: 290 of 620 (46.77 %) grow to 356 (57.42 %)."""


def load_ground(session: Session, now: datetime, district: District) -> None:
    """Load the packs, the streets of China, and the drawn areas with their outlines."""
    for name in PACKS:
        take_pack_statistics(session, now, load_pack(session, now, CITIES_FOLDER / name).version_id)
    load_national_streets(session, STREET_CODES_FILE)
    save_areas(
        session,
        [
            {"code": area.code, "name": area.name, "geom": f"SRID=4326;{area.outline.wkt}"}
            for area in sorted(district.areas, key=lambda area: area.code)
        ],
    )


_PEOPLE = text(
    "INSERT INTO area_statistic (area_code, what, counted_on, value, source, note, assumed, recorded_at)"
    " SELECT e.area_code / 1000 * 1000, w.what, CAST(:day AS date), (count(*) FILTER (WHERE p.born_on <="
    "  CAST(:day AS date) - make_interval(years => w.age)) * w.times)::bigint, :source, '', true, :now"
    " FROM elder e JOIN person p ON p.id = e.person_id,"
    " (VALUES ('residents', 60, 4.2), ('elders_60', 60, 1.0), ('elders_80', 80, 1.0)) AS w (what, age, times)"
    " GROUP BY 1, 2, w.times HAVING count(*) FILTER (WHERE p.born_on <= CAST(:day AS date)"
    "  - make_interval(years => w.age)) > 0"
)


def write_people(world: World) -> None:
    """Write invented counts of people of every community, so that "per 1,000" has something to divide by."""
    day = date(world.now.year - 1, 12, 31)
    facts = {"day": day, "source": "演示数据：由虚构的老人推算", "now": world.now}
    world.session.connection().execute(_PEOPLE, facts)


def load_promises(session: Session, now: datetime) -> None:
    """Publish what the cities promise: the ways to assess, the catalogues, and who is entitled to what."""
    for path in sorted(ASSESSMENTS_FOLDER.glob("*.toml")):
        load_scheme(session, now, SYSTEM, path)
    for path in sorted(CATALOGUE_FOLDER.glob("*.toml")):
        load_catalogue(session, now, SYSTEM, path)
    for path in sorted(ENTITLEMENT_FOLDER.glob("*.toml")):
        load_rules(session, now, SYSTEM, path, settle=False)


def write_menu(world: World) -> None:
    """Put the services on the menu, and publish what the cities promise."""
    for service in read_menu():
        world.menu[service["code"]] = service
        world.bulk.add(ServiceItem, at_home=True, valid_from=MENU_FROM, **service)
    world.bulk.write()  # the catalogue puts on the menu what is not on it yet
    load_promises(world.session, world.now)


def write_providers(world: World) -> None:
    """Register the providers, each with a dispatcher who can sign in."""
    for row in read_table("providers.csv"):
        street_code = written_code(row["street"])
        provider_id = world.bulk.add(
            Provider,
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            area_code=street_code,
            phone=row["phone"],
            grade=int(row["grade"]),
            filing_number=row["filing_number"],
            invented=True,
            created_at=at(world.first_day, 9),
        )
        services = tuple(row["services"].split(";")) if row["services"] else ()
        dispatcher_id = write_dispatcher(world, provider_id, street_code)
        world.providers[row["code"]] = InventedProvider(
            provider_id, row["code"], row["name"], street_code, services, dispatcher_id
        )


def write_facilities(world: World) -> None:
    """Import the sites' CSV as a bureau would, GCJ-02 and all, and give the homes their beds."""
    world.bulk.write()
    text = (DISTRICT_FOLDER / FACILITIES_FILE).read_text(encoding="utf-8")
    taken = import_facilities(world.session, world.now, SYSTEM, text, crs="gcj02", city_code=CITY_CODE, invented=True)
    if taken.refused:
        raise ValueError(f"{FACILITIES_FILE}: {taken.refused[:3]}")
    facility = table_of(Facility)
    placed = world.session.connection().execute(
        select(facility.c.code, facility.c.id, facility.c.area_code).where(facility.c.invented)
    )
    sites = {row.code: (row.id, row.area_code) for row in placed}
    for row in read_table(FACILITIES_FILE):
        world.facilities[row["code"]], area_code = sites[row["code"]]
        _write_beds(world, row, world.facilities[row["code"]], area_code)


def _write_beds(world: World, row: dict[str, str], facility_id: int, area_code: int) -> None:
    nursing, dementia = int(row["nursing_beds"]), int(row["dementia_beds"])
    institution = row["type_code"] in ("care_home", "support_home")
    before = max(NURSING_BEFORE, date.fromisoformat(row["opened_on"]))
    later = _certified_later(world, CERTIFIED_IN_HISTORY.get(row["provider_code"], 0) if institution else 0)
    for index in range(int(row["beds"])):
        certified = before if index < nursing else dict(enumerate(later, nursing)).get(index)
        bed_id = world.bulk.add(
            Bed,
            facility_id=facility_id,
            area_code=area_code,
            label=f"{index // 40 + 1}{index % 40 // 2 + 1:02d}-{index % 2 + 1}",
            kind="institution" if institution else "community",
            nursing_from=certified,
            dementia=index < dementia,
            basic_guarantee=row["type_code"] == "support_home",
            opened_on=date.fromisoformat(row["opened_on"]),
        )
        world.beds.append(InventedBed(bed_id, area_code, institution, certified is not None))


def _certified_later(world: World, count: int) -> list[date]:
    months = month_starts(world.first_day, world.today)[1:]
    days = [months[(index * len(months) + len(months) // 2) // count] + timedelta(days=14) for index in range(count)]
    return [min(day, world.today) for day in days]


def write_service_lines(world: World) -> None:
    """Let each provider offer its services from its first site, at its own price."""
    base = {row["provider_code"]: row["code"] for row in reversed(read_table(FACILITIES_FILE))}
    for provider in world.providers.values():
        for code in provider.services:
            service = world.menu[code]
            guide = int(str(service["guide_price_fen"]))
            price = guide * (100 + PRICE_SPREAD.get(provider.code, 0)) // 100
            world.prices[(provider.id, code)] = price
            urgent = service.get("urgency") == "urgent"
            world.bulk.add(
                ServiceLine,
                provider_id=provider.id,
                service_code=code,
                facility_id=world.facilities[base[provider.code]],
                price_fen=price,
                max_travel_seconds=WALK_SECONDS_OF_A_CARER,
                slot_capacity=4,
                weekdays=list("1234567") if urgent else list("123456"),
                from_hour=0 if urgent else 8,
                to_hour=24 if urgent else 18,
            )
