"""A small invented quarter for the marketplace's tests: one lane, two families, four providers, a menu.

`quarter` gives a database of one's own with 王秀兰 (half of her baths paid by government, 300 yuan a month),
her daughter (may pay) and her son (may order), 康乐 with two dispatchers and four carers, 安康 nearer by,
远达 too far, 停办 blocked. Unlike `cast` it has no map: the walks are written down, so a test can say them.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yl_databases as databases
from psycopg import sql
from sqlalchemy import text
from yl_cast import TestCast

ROOT = Path(__file__).resolve().parents[2]
CITY = 320100000000000
STREET = 320102003000000
HOME = 320102003904901
WALK_TO_THE_CORNER = 67.5
"""Seconds from 王秀兰's door to the lane's corner: 4 m to the lane, half of its 100 m, at 0.8 m/s."""
_keys = itertools.count(1)
NAMES = {
    "wang": "王秀兰", "sun": "孙德福", "daughter": "李敏", "son": "李强", "wu": "吴国强", "zhao": "赵建国",
    "zhou": "周倩", "kangle_dispatcher": "周慧", "kangle_second": "周明", "ankang_dispatcher": "吴涛", "chen": "陈芳",
    "liu": "刘英", "ma": "马兰", "old": "何老", "ankang_carer": "贺平",
}  # fmt: skip


@dataclass
class Quarter(TestCast):
    """The quarter in one test's database; adds what ordering tests say again and again."""

    facilities: dict[str, int] = field(default_factory=dict)

    def thursday(self, hour: int, minute: int = 0) -> datetime:
        """Give a moment on the next Thursday that is at least two days ahead, Shanghai time."""
        from services.clock import SHANGHAI

        with self.work("house") as work:
            day = work.now.astimezone(SHANGHAI) + timedelta(days=2)
        day += timedelta(days=(3 - day.weekday()) % 7)
        return day.replace(hour=hour, minute=minute, second=0, microsecond=0)

    def begin_on_a_tuesday(self) -> None:
        """Move the clock to the coming Tuesday, 9:00 in Shanghai: offices are open, whenever the tests run."""
        from services.clock import SHANGHAI

        with self.work("house") as work:
            now = work.now.astimezone(SHANGHAI)
        then = now.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=(1 - now.weekday()) % 7)
        self.advance(seconds=((then if then > now else then + timedelta(days=7)) - now).total_seconds())

    def wish(self, **changes: Any) -> dict[str, Any]:
        """Give the arguments of a home bath for 王秀兰 on Thursday 9-11, under a new key."""
        return {
            "elder_id": self.people["wang"],
            "service_code": "home_bath",
            "starts_at": self.thursday(9),
            "ends_at": self.thursday(11),
            "chosen_provider_id": self.providers["ankang"],
            "idempotency_key": f"test-key-{next(_keys)}",
            "channel": "web",
            "note": None,
        } | changes

    def place(self, who: str = "daughter", **changes: Any) -> Any:
        """Place an order in somebody's name and give it."""
        from services.orders.actions import place_order

        wish = self.wish(**changes)
        with self.work(who) as work:
            return place_order(work.session, work.now, work.actor, **wish)

    def accepted(self, **changes: Any) -> Any:
        """Place an order that 康乐 is offered first and accepts."""
        placed = self.place(**({"chosen_provider_id": self.providers["kangle"]} | changes))
        self.run_jobs(only="matching.offer_next")
        self.accept(self.offer(placed.order_id))
        return placed

    def accept(self, offer_id: int, who: str = "kangle_dispatcher") -> Any:
        """Accept an offer in a dispatcher's name."""
        from services.matching.actions import accept_offer

        with self.work(who) as work:
            return accept_offer(work.session, work.now, work.actor, offer_id)

    def assign(self, order_id: int, carer: str = "chen", who: str = "kangle_dispatcher") -> int:
        """Promise a carer's time to an order."""
        from services.dispatch.actions import assign_carer

        with self.work(who) as work:
            return assign_carer(work.session, work.now, work.actor, order_id, self.people[carer])

    def served(self, **changes: Any) -> Any:
        """Give an order that was accepted, assigned and served."""
        from workers.jobs.orders import mark_in_service, mark_served

        placed = self.accepted(**changes)
        self.run_jobs(only="orders.prepare_payment")
        self.assign(placed.order_id)
        with self.work("house") as work:
            mark_in_service(work, placed.order_id)
            mark_served(work, placed.order_id)
        return placed

    def offer(self, order_id: int) -> int:
        """Give the id of an order's open offer."""
        return int(self.one("SELECT id FROM offer WHERE order_id = :o AND state = 'open'", o=order_id))

    def one(self, query: str, **values: Any) -> Any:
        """Give one value as the house sees it."""
        with self.work("house") as work:
            return work.session.connection().execute(text(query), values).scalar()

    def all(self, query: str, **values: Any) -> list[Any]:
        """Give the first column of all rows as the house sees them."""
        with self.work("house") as work:
            return list(work.session.connection().execute(text(query), values).scalars())

    def change(self, statement: str, **values: Any) -> None:
        """Change rows as the set-up login does."""
        with self.database.session("setup") as session, session.begin():
            session.connection().execute(text(statement), values)

    @contextmanager
    def refused(self, error: type[Exception]) -> Iterator[Any]:
        """Expect a refusal, and that it left no order, event, hold, act or promised job behind."""
        before = self._footprint()
        with pytest.raises(error) as caught:
            yield caught
        assert self._footprint() == before, "something half done was left behind"

    def _footprint(self) -> list[int]:
        tables = (
            "care_order",
            "order_event",
            "entitlement_use",
            "act",
            "outbox",
            "offer",
            "assignment",
            "payable",
        )
        return [self.one(f"SELECT count(*) FROM {name}") for name in tables]


def _write_menu(session: Any) -> None:
    from services.catalogue.tables import ServiceItem

    always = {"name_en": "-", "explanation": "-", "standard": "-", "valid_from": date(2021, 1, 1)}
    rows: list[dict[str, Any]] = [
        {"code": "home_bath", "category": "bathing", "name_zh": "上门助浴", "plain_name": "洗澡", "minutes": 90,
         "required_skills": ["bathing", "first_aid"], "guide_price_fen": 12000},
        {"code": "home_cleaning", "category": "cleaning", "name_zh": "居家保洁", "plain_name": "打扫", "minutes": 120,
         "required_skills": ["cleaning"], "guide_price_fen": 8000},
        {"code": "canteen", "category": "meals", "name_zh": "食堂午餐", "plain_name": "吃饭", "minutes": 30,
         "at_home": False, "guide_price_fen": 1500},
        {"code": "friendly_visit", "category": "company", "name_zh": "探访陪伴", "plain_name": "来看看我", "minutes": 90,
         "guide_price_fen": 0, "volunteer": True},
        {"code": "foot_care", "category": "bathing", "name_zh": "修脚", "plain_name": "修脚", "minutes": 60,
         "guide_price_fen": 5000, "valid_to": date(2022, 12, 31)},
        {"code": "home_rehab", "category": "nursing", "name_zh": "上门康复", "plain_name": "康复", "minutes": 60,
         "required_skills": ["rehab"], "guide_price_fen": 18000, "urgency": "planned"},
    ]  # fmt: skip
    for row in rows:
        session.add(ServiceItem(**{**always, **row}))


def _write_providers(session: Any, now: datetime) -> tuple[dict[str, int], dict[str, int]]:
    from services.directory.tables import Facility, Provider, ServiceLine

    providers: dict[str, int] = {}
    facilities: dict[str, int] = {}
    lines = {
        "kangle": [("home_bath", 10000, 1800), ("home_cleaning", 8000, 1800), ("canteen", 1500, 900)],
        "ankang": [("home_bath", 12000, 1200)],
        "yuanda": [("home_bath", 9000, 1200)],
        "tingban": [("home_bath", 9000, 1800)],
    }
    for place, (code, name, grade) in enumerate(
        [("kangle", "康乐居家养老服务中心", 4), ("ankang", "安康居家养老服务站", 3), ("yuanda", "远达养老", 5),
         ("tingban", "停办养老", 5)]
    ):  # fmt: skip
        provider = Provider(code=code, name=name, kind="company", area_code=STREET, phone="025-00000101", grade=grade,
                            blocked_at=now if code == "tingban" else None, created_at=now)  # fmt: skip
        session.add(provider)
        session.flush()
        lon = 118.79 + 0.004 * (place + 1)
        facility = Facility(code=f"F-{code}", provider_id=provider.id, name=name, type_code="day_care_centre",
                            area_code=HOME, address="-", geom=f"SRID=4326;POINT({lon} 32.04)", original_lon=lon,
                            original_lat=32.04, original_crs="wgs84")  # fmt: skip
        session.add(facility)
        session.flush()
        providers[code], facilities[code] = int(provider.id or 0), int(facility.id or 0)
        for service, price, seconds in lines[code]:
            session.add(ServiceLine(provider_id=provider.id, service_code=service, facility_id=facility.id, price_fen=price,
                                    max_travel_seconds=seconds, slot_capacity=2, weekdays=list("123456"), from_hour=8,
                                    to_hour=18))  # fmt: skip
    return providers, facilities


def _write_lane(session: Any, now: datetime, wang: int, facilities: dict[str, int]) -> None:
    """One lane of 100 m whose corners are crossings 0 and 1; how far each provider is from corner 0, in seconds."""
    from geo.tables import NetworkEdge, NetworkVersion
    from services.circles.tables import FacilitySnap, HomeSnap, Reach

    version = NetworkVersion(city_code=CITY, name="lane", source_name="-", source_sha256="-", rules_sha256="-",
                             imported_at=now, active=True, report={}, base_nodes=2, base_edges=1)  # fmt: skip
    session.add(version)
    session.flush()
    session.add(NetworkEdge(version_id=version.id, id=0, u=0, v=1, way_id=1, length_m=100.0, highway="footway",
                            is_steps=False, is_footway=True, component=0, osm_node_ids=[1, 2],
                            geom="SRID=4326;LINESTRING(118.79 32.04, 118.791 32.04)"))  # fmt: skip
    session.add(HomeSnap(person_id=wang, network_version_id=version.id, step_free=False, area_code=HOME, edge_id=0,
                         fraction=0.5, distance_m=4.0, u=0, v=1, edge_m=100.0, edge_is_steps=False))  # fmt: skip
    for code, seconds in (("kangle", 400.0), ("ankang", 250.0), ("yuanda", 1500.0), ("tingban", 300.0)):
        session.add(Reach(network_version_id=version.id, profile="elder", node_id=0, facility_id=facilities[code],
                          cost=seconds))  # fmt: skip
        session.add(FacilitySnap(facility_id=facilities[code], network_version_id=version.id, step_free=False, edge_id=9,
                                 fraction=0.5, distance_m=4.0))  # fmt: skip


def _write_people(session: Any, now: datetime, providers: dict[str, int]) -> dict[str, int]:
    from services.directory.tables import Carer
    from services.people.tables import Elder, Person, Proxy, RoleGrant

    people: dict[str, int] = {}
    for key, name in NAMES.items():
        home = "SRID=4326;POINT(118.79 32.04)" if key in ("wang", "sun") else None
        person = Person(area_code=HOME if home else STREET, full_name=name, gender="female", home=home, created_at=now)
        session.add(person)
        session.flush()
        people[key] = int(person.id or 0)
    for key in ("wang", "sun"):
        session.add(Elder(person_id=people[key], area_code=HOME, living="alone", registered_on=date(2024, 1, 1)))
    for key, scopes in (("daughter", ["view", "order", "pay"]), ("son", ["view", "order"])):
        session.add(Proxy(elder_id=people["wang"], area_code=HOME, proxy_person_id=people[key], relation=key, scopes=scopes,
                          state="confirmed", requested_at=now, confirmed_by=people["wang"], confirmed_at=now))  # fmt: skip
    grants = [
        ("zhao", "officer", STREET, None),
        ("zhou", "operator", CITY, None),
        ("wang", "elder", None, None),
    ]
    grants += [("daughter", "family", None, None), ("son", "family", None, None)]
    grants += [(key, "dispatcher", None, "kangle") for key in ("kangle_dispatcher", "kangle_second")]
    grants += [("ankang_dispatcher", "dispatcher", None, "ankang")]
    carers = [("chen", "kangle", ["bathing", "first_aid", "cleaning"], date(2100, 1, 1)), ("liu", "kangle", ["bathing", "first_aid"], date(2100, 1, 1)),
              ("ma", "kangle", ["cleaning"], date(2100, 1, 1)), ("old", "kangle", ["bathing", "first_aid"], date(2020, 1, 1)),
              ("ankang_carer", "ankang", ["bathing", "first_aid"], date(2100, 1, 1))]  # fmt: skip
    for key, provider, skills, until in carers:
        grants.append((key, "carer", None, provider))
        session.add(Carer(person_id=people[key], provider_id=providers[provider], area_code=STREET, display_name=NAMES[key],
                          gender="female", skills=skills, certificate_valid_until=until, since=date(2021, 1, 1)))  # fmt: skip
    for key, role, area, code in grants:
        session.add(RoleGrant(person_id=people[key], role=role, area_code=area, provider_id=providers[code] if code else None,
                              granted_at=now))  # fmt: skip
    return people


def _write_quarter(session: Any) -> None:
    from services.benefits.tables import Entitlement
    from services.cities.actions import load_pack

    now = session.connection().execute(text("SELECT now()")).scalar_one()
    for name in ("dongying", "nanjing_demo"):
        load_pack(session, now, ROOT / f"sample_data/cities/{name}.toml")
    _write_menu(session)
    providers, facilities = _write_providers(session, now)
    people = _write_people(session, now, providers)
    _write_lane(session, now, people["wang"], facilities)
    session.add(
        Entitlement(
            elder_id=people["wang"],
            area_code=HOME,
            kind="高龄独居老人居家服务",
            service_codes=["home_bath"],
            government_percent=50,
            monthly_cap_fen=30000,
            during="[2021-01-01,)",
            ground="aged_alone",
            recorded_at=now,
        )
    )
    session.flush()


def _fingerprint() -> str:
    digest = hashlib.sha256(databases._fingerprint().encode())
    for file in [Path(__file__), *sorted(ROOT.glob("sample_data/cities/*.toml"))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@pytest.fixture(scope="session")
def quarter_template(migrated_template: str) -> str:
    """Build the template with the quarter in it, once for all pytest workers; give its name."""
    name = f"yl_quarter_{_fingerprint()}"
    with databases._maintenance(databases.setup_url()) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (databases._LOCK + 2,))
        if not databases._exists(connection, name):
            clone = databases.make_clone(migrated_template)
            with clone.session("jobs") as session, session.begin():
                _write_quarter(session)
            clone.close()
            names = sql.Identifier(clone.name), sql.Identifier(name)
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(names[1]))
    return name


@pytest.fixture
def quarter(
    request: pytest.FixtureRequest, quarter_template: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Quarter]:
    """The invented quarter, in demonstration mode so that its clock can be moved."""
    monkeypatch.setenv("YINLING_DEMONSTRATION", "1")
    for database in databases._lend(request, quarter_template):
        with database.session("jobs") as session:
            rows = session.connection().execute(text("SELECT full_name, id FROM person"))
            ids = {row.full_name: row.id for row in rows}
            rows = session.connection().execute(
                text("SELECT p.code, p.id, f.id AS facility FROM provider p JOIN facility f ON f.provider_id = p.id")
            )
            found = list(rows)
        one = Quarter(
            database=database,
            people={key: ids[name] for key, name in NAMES.items()},
            providers={row.code: row.id for row in found},
            facilities={row.code: row.facility for row in found},
        )
        one.begin_on_a_tuesday()
        yield one
