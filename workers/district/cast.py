"""The fixed cast of the demonstration: the people whose story is played, with the phones they sign in by.

All invented; names and phones are those of services/people/demonstration.py, so that the README can name them.
"""

from __future__ import annotations

from datetime import date, timedelta

from services.people.demonstration import sample
from services.people.tables import Proxy
from workers.district.drawing import Home
from workers.district.people import grant, write_carer, write_elder, write_person, write_volunteer
from workers.district.world import CITY_CODE, InventedElder, World, at

STREET_OF_ZHAO = 320102003_000_000
QUARTER_OF_WANG = 320102003904901
SHENZHEN = 440305000_000_000


def write_cast(world: World) -> None:
    """Queue the cast with their roles; `world.cast` maps each key to the person's id."""
    homes = [home for home in world.district.homes if home.quarter_code == QUARTER_OF_WANG]
    _elder(world, "wang", date(world.today.year - 78, 3, 8), homes[0], ["alone"], 2)
    _elder(world, "sun", date(world.today.year - 83, 10, 1), homes[-1], ["alone"], 1)
    _other(world, "li_min", date(1980, 5, 17), SHENZHEN)
    _other(world, "wu", date(1970, 2, 2), STREET_OF_ZHAO)
    kangle, ankang = world.providers["kangle"], world.providers["ankang"]
    grant(
        world,
        _other(world, "kangle_dispatcher", date(1985, 4, 4), kangle.street_code),
        "dispatcher",
        provider=kangle.id,
    )
    grant(
        world,
        _other(world, "ankang_dispatcher", date(1988, 6, 6), ankang.street_code),
        "dispatcher",
        provider=ankang.id,
    )
    chen = _other(world, "chen_fang", date(1983, 9, 9), kangle.street_code)
    skills = ("bathing", "first_aid", "personal_care", "cleaning", "mobility")
    write_carer(world, kangle.id, chen, sample("chen_fang").full_name, "female", skills, world.dice("cast"))
    volunteer = _other(world, "li_wenhua", date(world.today.year - 63, 1, 20), QUARTER_OF_WANG)
    write_volunteer(world, volunteer, sample("li_wenhua").full_name, QUARTER_OF_WANG, world.dice("cast"))
    for who, role, area in (
        ("zhao", "officer", STREET_OF_ZHAO), ("zhou", "operator", CITY_CODE), ("qian", "advisor", STREET_OF_ZHAO),
        ("feng", "auditor", CITY_CODE), ("administrator", "administrator", CITY_CODE),
    ):  # fmt: skip
        grant(world, _other(world, who, date(1984, 7, 7), area), role, area=area)
    world.officers[STREET_OF_ZHAO] = world.cast["zhao"]
    _bind_daughter(world)


def _bind_daughter(world: World) -> None:
    grant(world, world.cast["li_min"], "family")
    day = world.today - timedelta(days=200)
    world.bulk.add(
        Proxy,
        elder_id=world.cast["wang"],
        area_code=QUARTER_OF_WANG,
        proxy_person_id=world.cast["li_min"],
        relation="daughter",
        scopes=["view", "order", "pay"],
        state="confirmed",
        requested_at=at(day, 20),
        confirmed_by=world.cast["wang"],
        confirmed_channel="web",
        confirmed_at=at(day, 20.5),
    )


def _elder(world: World, who: str, born: date, home: Home, groups: list[str], care_level: int) -> None:
    one = sample(who)
    all_groups = groups + (["disabled"] if care_level >= 2 else [])
    elder = InventedElder(
        0,
        one.full_name,
        one.gender,
        born,
        home,
        5,
        "",
        "alone",
        all_groups,
        care_level,
        world.first_day - timedelta(days=300),
    )
    write_elder(world, elder, world.dice(f"cast:{who}"), phone=one.phone)
    world.cast[who] = elder.id


def _other(world: World, who: str, born: date, area_code: int) -> int:
    one = sample(who)
    person_id, _ = write_person(
        world, name=one.full_name, gender=one.gender, born=born, area_code=area_code, phone=one.phone
    )
    world.cast[who] = person_id
    return person_id
