"""Invents the people: elders in real buildings, and the carers, officers and volunteers around them.

Shares are those a Chinese inner city might have; none is a statistic of Nanjing. Every phone begins with 154
and every ID number with 3299, so that nobody real can be meant or called.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from services.directory.tables import Carer
from services.people.privacy import lookup_hash, seal
from services.people.tables import Elder, Person, Proxy, RoleGrant
from services.volunteering.tables import Volunteer
from workers.district.drawing import Home
from workers.district.facility_plan import DISTRICT_NAMES
from workers.district.sample_files import invented_id_number, invented_phone, read_table
from workers.district.world import InventedCarer, InventedElder, World, at

AGE_BANDS = ((60, 64, 26), (65, 69, 25), (70, 74, 20), (75, 79, 13), (80, 84, 9), (85, 89, 5), (90, 96, 2))
WOMEN_PERCENT = {60: 50, 65: 51, 70: 52, 75: 54, 80: 57, 85: 61, 90: 66}
CARE_PERCENT = {60: 3, 65: 5, 70: 9, 75: 16, 80: 28, 85: 44, 90: 62}
CARE_LEVELS, CARE_WEIGHTS = (1, 2, 3, 4), (52, 26, 14, 8)
LIVING = ("alone", "couple", "with_family", "with_carer", "institution")
LIVING_WEIGHTS = {60: (12, 40, 46, 0, 2), 70: (17, 34, 41, 1, 7), 80: (23, 19, 30, 4, 24), 90: (17, 8, 27, 7, 41)}
CARE_PERCENT_IN_INSTITUTIONS = 78
HEALTH_NOTES = (
    "高血压，每日服药", "糖尿病，注射胰岛素", "脑梗后遗症，左侧行动不便", "冠心病，随身带硝酸甘油", "膝关节置换术后",
    "帕金森病，防跌倒", "慢阻肺，夜间吸氧", "白内障，视力差", "听力下降，请大声说话", "骨质疏松，防跌倒",
)  # fmt: skip
TEAM_SKILLS = (
    ("bathing", "first_aid", "personal_care"), ("cleaning", "food_hygiene", "mobility"),
    ("personal_care", "mobility", "first_aid"), ("food_hygiene", "cleaning"), ("nurse", "first_aid"),
    ("bathing", "personal_care", "cleaning", "first_aid"), ("rehabilitation", "mobility"),
    ("mobility", "first_aid", "food_hygiene"),
)  # fmt: skip
NURSING_FIRST = 4
"""Institutions send nurses and therapists out first: where their teams begin in TEAM_SKILLS."""
INTERESTS = ("聊天陪伴", "读报", "陪同就医", "智能手机教学", "理发", "小修小补", "散步", "代购")
VOLUNTEERS = 300
FORMER_RESIDENTS = 130


def write_person(
    world: World, *, name: str, gender: str, born: date, area_code: int, phone: str | None = None, **more: Any
) -> tuple[int, str]:
    """Queue one person with a sealed phone and ID number; gives her id and the phone in clear."""
    phone = phone or invented_phone(world.next_phone())
    id_number = invented_id_number(born, world.next_person(), gender)
    person_id = world.bulk.add(
        Person,
        area_code=area_code,
        full_name=name,
        gender=gender,
        born_on=born,
        phone_sealed=seal("phone", phone),
        phone_hash=lookup_hash("phone", phone),
        id_number_sealed=seal("id_number", id_number),
        id_number_hash=lookup_hash("id_number", id_number),
        invented=True,
        created_at=at(world.first_day, 8),
        **more,
    )
    return person_id, phone


def grant(world: World, person_id: int, role: str, area: int | None = None, provider: int | None = None) -> None:
    """Queue a role, held since the history began."""
    moment = at(world.first_day, 8)
    world.bulk.add(RoleGrant, person_id=person_id, role=role, area_code=area, provider_id=provider, granted_at=moment)


def write_elders(world: World) -> None:
    """Place the elders, couples together, in flats of the real buildings."""
    dice = world.dice("elders")
    homes = world.district.homes
    weights = [home.floors for home in homes]
    flats: dict[int, int] = {}
    while len(world.elders) < world.elder_count:
        home = dice.choices(homes, weights)[0]
        flats[home.osm_id] = flat = flats.get(home.osm_id, 0) + 1
        first = _invent_elder(world, dice, home, flat)
        if first.living == "couple" and dice.random() < 0.85 and len(world.elders) < world.elder_count:
            _invent_elder(world, dice, home, flat, spouse=first)


def write_former_residents(world: World) -> None:
    """Queue elders who died in a care home during the seeded months, on top of those who are alive."""
    dice = world.dice("former residents")
    span = (world.today - world.first_day).days
    for _ in range(round(FORMER_RESIDENTS * world.share)):
        home = dice.choice(world.district.homes)
        gender, born, _ = _body(world, dice, None, youngest=76)
        died_on = world.first_day + timedelta(days=dice.randint(5, span - 5))
        level = dice.choices(CARE_LEVELS, CARE_WEIGHTS)[0]
        registered = world.first_day - timedelta(days=dice.randint(300, 1500))
        name = world.names.draw(dice, gender, born.year)
        elder = InventedElder(0, name, gender, born, home, 1, "", "institution", [], level, registered)
        write_elder(world, elder, dice, died_on=died_on)
        world.died_on[elder.id] = died_on


def _invent_elder(
    world: World, dice: random.Random, home: Home, flat: int, spouse: InventedElder | None = None
) -> InventedElder:
    gender, born, band = _body(world, dice, spouse)
    living = spouse.living if spouse else _living(dice, band)
    percent = CARE_PERCENT_IN_INSTITUTIONS if living == "institution" else CARE_PERCENT[band]
    care_level = dice.choices(CARE_LEVELS, CARE_WEIGHTS)[0] if dice.random() * 100 < percent else 0
    empty = "empty_nest" in spouse.groups if spouse else dice.random() < 0.35
    groups = _groups(dice, living, band, empty)
    if {"dementia", "severe_disability"} & set(groups):
        care_level = max(care_level, dice.choice((2, 2, 3)))
    if care_level >= 2:
        groups.append("disabled")
    registered = world.first_day - timedelta(days=dice.randint(1, 1400))
    elder = InventedElder(
        0,
        world.names.draw(dice, gender, born.year),
        gender,
        born,
        home,
        flat,
        "",
        living,
        groups,
        care_level,
        registered,
    )
    write_elder(world, elder, dice)
    return elder


def write_elder(
    world: World, elder: InventedElder, dice: random.Random, phone: str | None = None, died_on: date | None = None
) -> None:
    """Queue an elder's person, elder row and role; fills in her id and phone. The dead are not listed to be served."""
    home = elder.home
    address = written_address(world, home, elder.flat)
    elder.id, elder.phone = write_person(
        world, name=elder.name, gender=elder.gender, born=elder.born_on, area_code=home.quarter_code, phone=phone,
        address_sealed=seal("address", address), home=f"SRID=4326;POINT({home.lon:.7f} {home.lat:.7f})",
        home_original={"lon": home.lon, "lat": home.lat, "crs": "wgs84"}, died_on=died_on,
    )  # fmt: skip
    note = dice.choice(HEALTH_NOTES) if elder.care_level or dice.random() < 0.3 else None
    child = world.names.draw(dice, dice.choice(("female", "male")), 1978, elder.name[0])
    world.bulk.add(
        Elder,
        person_id=elder.id,
        area_code=home.quarter_code,
        living=elder.living,
        groups=elder.groups,
        care_level=elder.care_level,
        health_sealed=seal("health", note) if note else None,
        registered_on=elder.registered_on,
        emergency_name=child,
        emergency_phone_sealed=seal("phone", invented_phone(50_000_000 + elder.id)),
    )
    grant(world, elder.id, "elder")
    (world.elders if died_on is None else world.former_residents).append(elder)


def _body(world: World, dice: random.Random, spouse: InventedElder | None, youngest: int = 60) -> tuple[str, date, int]:
    if spouse:
        gender = "male" if spouse.gender == "female" else "female"
        shift = dice.randint(-1, 4) * (1 if gender == "female" else -1)
        year = min(max(spouse.born_on.year + shift, 1930), world.today.year - 61)
        born = date(year, dice.randint(1, 12), dice.randint(1, 28))
    else:
        bands = [band for band in AGE_BANDS if band[1] >= youngest]
        low, high, _ = dice.choices(bands, [weight for *_, weight in bands])[0]
        gender = "female" if dice.random() * 100 < WOMEN_PERCENT[low] else "male"
        born = date(world.today.year - dice.randint(low, high) - 1, dice.randint(1, 12), dice.randint(1, 28))
    age = (world.today - born).days // 365
    band = max((low for low, *_ in AGE_BANDS if low <= age), default=60)
    return gender, born, band


def _living(dice: random.Random, band: int) -> str:
    weights = LIVING_WEIGHTS[max(age for age in LIVING_WEIGHTS if age <= band)]
    return dice.choices(LIVING, weights)[0]


def _groups(dice: random.Random, living: str, band: int, empty_nest: bool) -> list[str]:
    groups = []
    if living == "alone":
        groups.append("alone")
    if living == "couple" and band >= 70 and empty_nest:
        groups.append("empty_nest")
    chances = (
        ("left_behind", 0.006), ("severe_disability", 0.012), ("family_planning_special", 0.007),
        ("dementia", 0.05 if band >= 80 else 0.006), ("critical_illness", 0.004), ("low_income", 0.016),
        ("extreme_hardship", 0.003),
    )  # fmt: skip
    return groups + [group for group, chance in chances if dice.random() < chance]


def written_address(world: World, home: Home, flat: int) -> str:
    """Compose an elder's address down to her room: 幢 within the quarter, then unit, floor and door."""
    names = world.area_names
    street, community = home.quarter_code // 10**6 * 10**6, home.quarter_code // 1000 * 1000
    floor, door = (flat - 1) // 2 % home.floors + 1, (flat - 1) % 2 + 1
    unit = (flat - 1) // (2 * home.floors) + 1
    place = f"南京市{DISTRICT_NAMES[home.quarter_code // 10**9]}{names[street]}{names[community]}"
    block = f"{home.lane}{home.number}号{names[home.quarter_code]}{home.building_no}幢"
    return f"{place}{block}{unit}单元{floor}{door:02d}室"


def _adult(
    world: World, dice: random.Random, area: int, youngest: int, oldest: int, women: float
) -> tuple[int, str, str]:
    gender = "female" if dice.random() < women else "male"
    born = date(world.today.year - dice.randint(youngest, oldest) - 1, dice.randint(1, 12), dice.randint(1, 28))
    name = world.names.draw(dice, gender, born.year)
    person_id, _ = write_person(world, name=name, gender=gender, born=born, area_code=area)
    return person_id, name, gender


def write_dispatcher(world: World, provider_id: int, area: int) -> int:
    """Queue the person who answers offers for a provider."""
    dice = world.dice(f"dispatcher:{provider_id}")
    person_id, _, _ = _adult(world, dice, area, 30, 55, 0.7)
    grant(world, person_id, "dispatcher", provider=provider_id)
    return person_id


def write_carers(world: World) -> None:
    """Queue each provider's team with skills, grades and certificates."""
    dice = world.dice("carers")
    for row in read_table("providers.csv"):
        provider = world.providers[row["code"]]
        team = max(1, round(int(row["team"]) * world.share)) if int(row["team"]) else 0
        world.carers.setdefault(provider.id, [])
        first = NURSING_FIRST if row["kind"] == "institution" else 0
        for index in range(first, first + max(team, min(int(row["team"]), len(TEAM_SKILLS)))):
            person_id, name, gender = _adult(world, dice, provider.street_code, 26, 56, 0.86)
            write_carer(world, provider.id, person_id, name, gender, TEAM_SKILLS[index % len(TEAM_SKILLS)], dice)


def write_carer(
    world: World, provider_id: int, person_id: int, name: str, gender: str, skills: tuple[str, ...], dice: random.Random
) -> None:
    """Queue one carer of a provider."""
    provider = next(each for each in world.providers.values() if each.id == provider_id)
    world.bulk.add(
        Carer,
        person_id=person_id,
        provider_id=provider_id,
        area_code=provider.street_code,
        display_name=name,
        gender=gender,
        skills=list(skills),
        skill_grade=dice.choice((1, 2, 2, 3, 3, 4)),
        certificate_number=f"演示证{person_id:06d}",
        certificate_valid_until=world.today + timedelta(days=dice.randint(60, 1200)),
        since=world.first_day - timedelta(days=dice.randint(30, 2500)),
    )
    grant(world, person_id, "carer", provider=provider_id)
    world.carers.setdefault(provider_id, []).append(InventedCarer(person_id, provider_id, name, frozenset(skills)))


def write_offices(world: World) -> None:
    """Queue an officer for every street and a community worker (an officer of one community) for every community."""
    dice = world.dice("offices")
    for area in world.district.areas:
        if area.level in ("street", "community"):
            person_id, _, _ = _adult(world, dice, area.code, 28, 52, 0.6)
            grant(world, person_id, "officer", area=area.code)
            target = world.officers if area.level == "street" else world.visitors
            target[area.code] = person_id


def write_volunteers(world: World) -> None:
    """Queue the volunteers: younger elders who are well, and neighbours of working age."""
    dice = world.dice("volunteers")
    wanted = max(6, round(VOLUNTEERS * world.share))
    fit = [e for e in world.elders if e.care_level == 0 and e.born_on.year > world.today.year - 70 and not e.groups]
    for elder in dice.sample(fit, min(len(fit), wanted * 2 // 5)):
        write_volunteer(world, elder.id, elder.name, elder.quarter_code, dice)
    communities = [area.code for area in world.district.areas if area.level == "community"]
    while len(world.volunteers) < wanted:
        area = dice.choice(communities)
        person_id, name, _ = _adult(world, dice, area, 23, 59, 0.65)  # of age when she registered, up to four years ago
        write_volunteer(world, person_id, name, area, dice)


def write_volunteer(world: World, person_id: int, name: str, area: int, dice: random.Random) -> None:
    """Queue one volunteer, trained and insured."""
    registered = world.first_day - timedelta(days=dice.randint(10, 900))
    world.bulk.add(
        Volunteer,
        person_id=person_id,
        area_code=area,
        display_name=name,
        interests=dice.sample(INTERESTS, dice.randint(1, 3)),
        trained_on=registered + timedelta(days=9),
        insured_until=world.today + timedelta(days=dice.randint(30, 365)),
        registered_on=registered,
        passport_number=f"NJD{person_id:07d}",
    )
    grant(world, person_id, "volunteer")
    world.volunteers.append((person_id, name))


def write_relative(world: World, elder: InventedElder, dice: random.Random) -> None:
    """Queue a grown-up child who may see, order and pay for an elder, confirmed by the elder herself."""
    gender = dice.choice(("female", "male"))
    born = date(elder.born_on.year + dice.randint(23, 32), dice.randint(1, 12), dice.randint(1, 28))
    name = world.names.draw(dice, gender, born.year, elder.name[0])
    person_id, _ = write_person(world, name=name, gender=gender, born=born, area_code=elder.quarter_code)
    grant(world, person_id, "family")
    day = world.first_day - timedelta(days=dice.randint(5, 300))
    proxy_id = world.bulk.add(
        Proxy,
        elder_id=elder.id,
        area_code=elder.quarter_code,
        proxy_person_id=person_id,
        relation="daughter" if gender == "female" else "son",
        scopes=["view", "order", "pay"],
        state="confirmed",
        requested_at=at(day, 19),
        confirmed_by=elder.id,
        confirmed_channel="web",
        confirmed_at=at(day, 19.5),
    )
    world.relatives[elder.id] = (person_id, proxy_id)
