"""The people of the story, the same in every test; they are called as in services/people/demonstration.py.

王秀兰 (王奶奶) is 78 and lives alone; her daughter 李敏 lives in Shenzhen. 孙德福 (孙大爷) lives alone and does
not answer. All names, phones and ID numbers are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from psycopg.types.range import Range
from sqlalchemy import select, update
from sqlmodel import Session

from services.benefits.assessing import register_assessor
from services.benefits.tables import Assessment, Entitlement
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Carer, Provider
from services.people.actions import Home, NewElder, NewPerson, grant_role, register_elder, register_person
from services.people.demonstration import sample
from services.people.privacy import lookup_hash
from services.people.tables import Person, Proxy
from services.unit_of_work import SYSTEM
from services.visits.tables import DoorPlate, VisitDuty
from services.volunteering.tables import Volunteer
from timebank.writer import open_account

CITY = 320100000000000
STREET = 320102003000000
OTHER_STREET = 320102002000000
QUARTER = 320102003902901
NEIGHBOUR_QUARTER = 320102003904901
SHENZHEN = 440305000000000
PLATE_TOKEN = "demo-door-plate-{name}"
"""What the invented QR plates say; a real plate's token is random and shown once."""


@dataclass(frozen=True)
class Role:
    """One member of the cast: name, phone, and what she is."""

    key: str
    full_name: str
    gender: str
    born_on: date
    phone: str
    area_code: int
    role: str
    office: int | None = None
    provider: str | None = None


def called(key: str) -> tuple[str, str]:
    """Give name and gender of one of the story's people; phones are the tests' own."""
    return sample(key).full_name, sample(key).gender


STAFF = (
    Role("daughter", *called("li_min"), date(1974, 5, 6), "19900000002", SHENZHEN, "family"),
    Role("officer", *called("zhao"), date(1981, 2, 3), "19900000004", STREET, "officer", office=STREET),
    Role(
        "other_officer", "郑丽", "female", date(1985, 7, 9), "19900000005", OTHER_STREET, "officer", office=OTHER_STREET
    ),
    Role("operator", *called("zhou"), date(1993, 3, 3), "19900000006", STREET, "operator", office=CITY),
    Role("advisor", *called("qian"), date(1970, 8, 8), "19900000007", STREET, "advisor", office=STREET),
    Role("auditor", *called("feng"), date(1978, 1, 5), "19900000008", CITY, "auditor", office=CITY),
    Role(
        "administrator", *called("administrator"), date(1988, 6, 6), "19900000009", CITY, "administrator", office=CITY
    ),
    Role(
        "dispatcher",
        *called("kangle_dispatcher"),
        date(1986, 9, 1),
        "19900000010",
        STREET,
        "dispatcher",
        provider="kangle",
    ),
    Role(
        "other_dispatcher",
        *called("ankang_dispatcher"),
        date(1984, 4, 4),
        "19900000011",
        STREET,
        "dispatcher",
        provider="ankang",
    ),
    Role("carer", *called("chen_fang"), date(1982, 10, 2), "19900000012", STREET, "carer", provider="kangle"),
    Role("other_carer", "刘春梅", "female", date(1979, 12, 12), "19900000013", STREET, "carer", provider="kangle"),
    Role("volunteer", *called("li_wenhua"), date(1963, 3, 8), "19900000014", STREET, "volunteer"),
    Role("outsider", *called("wu"), date(1968, 11, 11), "19900000099", SHENZHEN, "none"),
)
CARER_SKILLS = ["bathing", "first_aid", "cleaning", "food_hygiene", "daily_care", "escort"]


@dataclass(frozen=True)
class Cast:
    """Ids by key: `people["wang"]`, `people["daughter"]`…; `providers["kangle"]`."""

    people: dict[str, int]
    providers: dict[str, int]

    def __getitem__(self, key: str) -> int:
        return self.people[key]


def place_cast(session: Session, now: datetime) -> Cast:
    """Register the cast in the street 新街口; the providers `kangle` and `ankang` must be there already.

    Runs as the house (login `jobs`). Raises sqlalchemy errors when the cast is there already.
    """
    provider = table_of(Provider)
    providers = {row.code: row.id for row in session.connection().execute(select(provider.c.code, provider.c.id))}
    people = _elders(session, now)
    people |= {role.key: _staff(session, now, role, providers) for role in STAFF}
    _proxy(session, now, people)
    _assessors(session, now, people)
    _benefits(session, now, people["wang"])
    for key in ("wang", "sun"):
        _duty_and_plate(session, now, key, people[key])
    _volunteer(session, now, people["volunteer"])
    session.flush()
    return Cast(people=people, providers=providers)


def find_cast(session: Session) -> Cast:
    """Find the cast in a district that has it; raises KeyError when it is not there."""
    person, provider = table_of(Person), table_of(Provider)
    phones = {"19900000001": "wang", "19900000003": "sun"} | {role.phone: role.key for role in STAFF}
    hashes = {lookup_hash("phone", phone): key for phone, key in phones.items()}
    rows = session.connection().execute(select(person.c.id, person.c.phone_hash).where(person.c.phone_hash.in_(hashes)))
    people = {hashes[bytes(row.phone_hash)]: row.id for row in rows}
    if "wang" not in people:
        raise KeyError("the cast is not in this database: run bin/run first")
    providers = {row.code: row.id for row in session.connection().execute(select(provider.c.code, provider.c.id))}
    return Cast(people=people, providers=providers)


def _elders(session: Session, now: datetime) -> dict[str, int]:
    wang = NewPerson(
        area_code=QUARTER,
        full_name=sample("wang").full_name,
        gender=sample("wang").gender,
        born_on=date(1948, 4, 12),
        phone="19900000001",
        id_number="320102194804120028",
        address="南京市玄武区新街口街道青石里新村杨将军巷33号3幢201室",
        home=Home(lon=118.7844432, lat=32.0488047, crs="wgs84"),
        invented=True,
    )
    sun = NewPerson(
        area_code=NEIGHBOUR_QUARTER,
        full_name=sample("sun").full_name,
        gender=sample("sun").gender,
        born_on=date(1941, 9, 30),
        phone="19900000003",
        id_number="320102194109300016",
        address="南京市玄武区新街口街道文津里新村如意里74号1幢102室",
        home=Home(lon=118.7870, lat=32.0496, crs="wgs84"),
        invented=True,
    )
    alone = NewElder(
        living="alone",
        groups=["alone"],
        care_level=2,
        emergency_name=sample("li_min").full_name,
        emergency_phone="19900000002",
    )
    old = NewElder(living="alone", groups=["alone"], care_level=1)
    return {
        "wang": register_elder(session, now, SYSTEM, wang, alone),
        "sun": register_elder(session, now, SYSTEM, sun, old),
    }


def _staff(session: Session, now: datetime, role: Role, providers: dict[str, int]) -> int:
    new = NewPerson(
        area_code=role.area_code,
        full_name=role.full_name,
        gender=role.gender,
        born_on=role.born_on,
        phone=role.phone,
        invented=True,
    )
    person_id = register_person(session, now, SYSTEM, new)
    provider_id = providers[role.provider] if role.provider else None
    if role.role != "none":
        grant_role(session, now, SYSTEM, person_id, role.role, area_code=role.office, provider_id=provider_id)
    if role.role == "carer" and provider_id is not None:
        session.add(
            Carer(
                person_id=person_id,
                provider_id=provider_id,
                area_code=role.area_code,
                display_name="小陈" if role.key == "carer" else "刘姐",
                gender=role.gender,
                skills=CARER_SKILLS,
                skill_grade=3,
                certificate_number=f"演示证{role.phone[-4:]}",
                certificate_valid_until=civil_date(now) + timedelta(days=900),
                since=date(2022, 3, 1),
            )
        )
    return person_id


def _proxy(session: Session, now: datetime, people: dict[str, int]) -> None:
    session.add(
        Proxy(
            elder_id=people["wang"],
            area_code=QUARTER,
            proxy_person_id=people["daughter"],
            relation="女儿",
            scopes=["order", "pay", "view"],
            state="confirmed",
            requested_at=now,
            confirmed_by=people["wang"],
            confirmed_channel="counter",
            confirmed_at=now,
        )
    )


def _assessors(session: Session, now: datetime, people: dict[str, int]) -> None:
    """The officer and the advisor of the street may sign assessments."""
    for key in ("officer", "advisor"):
        register_assessor(
            session, now, SYSTEM, people[key], area_code=STREET, organisation="演示评估机构",
            certificate_number=f"演示评估证{people[key]}", valid_until=date(2099, 12, 31),
        )  # fmt: skip


def _benefits(session: Session, now: datetime, elder_id: int) -> None:
    today = civil_date(now)
    session.add(
        Assessment(
            elder_id=elder_id,
            area_code=QUARTER,
            level=2,
            assessed_on=today - timedelta(days=100),
            valid_until=today + timedelta(days=265),
            recorded_at=now,
        )
    )
    session.add(
        Entitlement(
            elder_id=elder_id,
            area_code=QUARTER,
            kind="高龄独居、空巢、留守老年人居家服务",
            service_codes=["home_bath", "home_cleaning", "meal_delivery"],
            government_percent=60,
            monthly_cap_fen=30_000,
            during=Range(date(today.year, 1, 1), date(today.year + 1, 1, 1)),
            ground="中度失能、独居：购买居家上门服务补贴（演示）",
            recorded_at=now,
        )
    )


def _duty_and_plate(session: Session, now: datetime, key: str, elder_id: int) -> None:
    area = QUARTER if key == "wang" else NEIGHBOUR_QUARTER
    session.add(
        VisitDuty(
            elder_id=elder_id,
            area_code=area,
            visit_class="key" if key == "wang" else "high",
            groups=["alone"],
            since=civil_date(now) - timedelta(days=400),
        )
    )
    token = PLATE_TOKEN.format(name=key)
    session.add(
        DoorPlate(elder_id=elder_id, area_code=area, token_hash=lookup_hash("door-plate", token), issued_at=now)
    )


def _volunteer(session: Session, now: datetime, person_id: int) -> None:
    today = civil_date(now)
    session.add(
        Volunteer(
            person_id=person_id,
            area_code=STREET,
            display_name="李老师",
            interests=["friendly_visit", "escort"],
            trained_on=today - timedelta(days=200),
            insured_until=today + timedelta(days=300),
            registered_on=today - timedelta(days=210),
            passport_number="演示志愿-000014",
        )
    )
    account = open_account(
        session, now, ledger=CITY, kind="volunteer", floor_minutes=0, cap_minutes=90_000, owner_label="volunteer"
    )
    person = table_of(Person)
    session.connection().execute(update(person).where(person.c.id == person_id).values(timebank_account_id=account))
