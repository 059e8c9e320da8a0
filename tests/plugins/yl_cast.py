"""The fixed cast of the story, in a small real piece of the demonstration's street.

`cast` gives a database of one's own with the cast, the city's rules, the real street network and two real
providers; `cast.actor("daughter")` acts, `cast.work("daughter")` opens her unit of work.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yl_databases as databases
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
CITY = 320100000000000
SITES = {"kangle": "NJD010", "ankang": "NJD012"}


@dataclass
class TestCast:
    """The cast in one test's database."""

    __test__ = False
    database: Any
    people: dict[str, int]
    providers: dict[str, int]

    def __getitem__(self, key: str) -> int:
        return self.people[key]

    def actor(self, key: str, *, role: str | None = None, channel: str = "web") -> Any:
        """Give the actor of a member of the cast, with her grants as they stand."""
        from sqlalchemy import text

        from services.people.queries import actor_with_grants

        with self.database.session("jobs") as session:
            rows = session.connection().execute(
                text(
                    "SELECT role, area_code, provider_id FROM role_grant "
                    "WHERE person_id = :p AND revoked_at IS NULL ORDER BY id"
                ),
                {"p": self.people[key]},
            )
            grants = [dict(row._mapping) for row in rows]
        return actor_with_grants(self.people[key], grants, channel=channel, role=role)

    @contextmanager
    def work(self, key: str, *, role: str | None = None) -> Iterator[Any]:
        """Open a unit of work in somebody's name; `house` is the house itself, city-wide."""
        from services.unit_of_work import SYSTEM, unit_of_work

        if key == "house":
            with unit_of_work(SYSTEM, login="jobs") as work:
                yield work
        else:
            with unit_of_work(self.actor(key, role=role)) as work:
                yield work

    def token(self, key: str) -> str:
        """Sign somebody in and give her bearer token."""
        from services.people.sign_in import open_session
        from services.unit_of_work import NOBODY, unit_of_work

        with unit_of_work(NOBODY) as work:
            return open_session(work.session, work.now, self.people[key], kind="bearer", channel="test").token

    def run_jobs(self, *, only: str | None = None, rounds: int = 10) -> list[str]:
        """Do every job that is due, in order, in this process, until none is left; gives their names."""
        from sqlalchemy import text

        from services.unit_of_work import SYSTEM, unit_of_work
        from workers.performing import perform

        done: list[str] = []
        for _ in range(rounds):
            with unit_of_work(SYSTEM, login="jobs") as work:
                rows = (
                    work.session.connection()
                    .execute(
                        text(
                            "SELECT id, job FROM outbox WHERE state = 'waiting' AND not_before <= :now "
                            "AND (CAST(:only AS text) IS NULL OR job = :only) ORDER BY id"
                        ),
                        {"now": work.now, "only": only},
                    )
                    .all()
                )
            if not rows:
                break
            for row in rows:
                perform(row.id)
                done.append(row.job)
        return done

    def advance(self, **by: float) -> None:
        """Move this database's clock forward: `cast.advance(days=2)`."""
        from services.clock import advance
        from services.unit_of_work import SYSTEM, unit_of_work

        with unit_of_work(SYSTEM, login="jobs") as work:
            advance(work.session, timedelta(**by))

    def go_to_hour(self, hour: int) -> None:
        """Move this database's clock to the next time it is `hour` o'clock in Shanghai, so that no night breaks in."""
        from services.clock import SHANGHAI

        with self.work("house") as work:
            passed = work.now.astimezone(SHANGHAI)
        wanted = passed.replace(hour=hour, minute=0, second=0, microsecond=0)
        self.advance(seconds=((wanted - passed) % timedelta(days=1)).total_seconds())


def _fingerprint() -> str:
    digest = hashlib.sha256(databases._fingerprint().encode())
    files = [Path(__file__), ROOT / "tests/plugins/yl_people.py", *ROOT.glob("sample_data/cities/*.toml")]
    files += [*ROOT.glob("sample_data/district/*"), *ROOT.glob("geo/*.py"), *ROOT.glob("services/[bc]*/*.py")]
    files += [*ROOT.glob("sample_data/[ae]*/*.toml"), *ROOT.glob("sample_data/catalogue/*.toml")]

    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _rows(name: str) -> list[dict[str, str]]:
    import csv

    with (ROOT / "sample_data/district" / name).open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def _directory(session: Any, now: datetime) -> None:
    from geoalchemy2.shape import from_shape
    from shapely.geometry import Point

    from geo.coordinates import to_wgs84
    from services.catalogue.tables import ServiceItem
    from services.directory.tables import Facility, Provider, ServiceLine

    menu = tomllib.loads((ROOT / "sample_data/district/services.toml").read_text(encoding="utf-8"))["services"]
    known = set(ServiceItem.model_fields)
    for item in menu:
        plain = {key: value for key, value in item.items() if key in known}
        session.add(ServiceItem(**{"valid_from": date(2021, 1, 1), **plain}))
    prices = {item["code"]: item["guide_price_fen"] for item in menu}
    sites = {row["code"]: row for row in _rows("facilities_gcj02.csv")}
    for row in _rows("providers.csv"):
        if row["code"] not in SITES:
            continue
        provider = Provider(
            code=row["code"], name=row["name"], kind=row["kind"], area_code=int(row["street"]) * 10**6,
            phone=row["phone"], grade=int(row["grade"]), filing_number=row["filing_number"], invented=True, created_at=now,
        )  # fmt: skip
        session.add(provider)
        session.flush()
        site = sites[SITES[row["code"]]]
        lon, lat = to_wgs84(float(site["lon"]), float(site["lat"]), site["crs"])
        facility = Facility(
            code=site["code"], provider_id=provider.id, name=site["name"], type_code=site["type_code"],
            functions=site["functions"].split(";"), area_code=320102003902000, address=site["address"],
            phone=site["phone"], geom=from_shape(Point(float(lon), float(lat)), srid=4326),
            original_lon=float(site["lon"]), original_lat=float(site["lat"]), original_crs=site["crs"],
            opened_on=date.fromisoformat(site["opened_on"]), day_places=int(site["day_places"]), invented=True,
        )  # fmt: skip
        session.add(facility)
        session.flush()
        for code in row["services"].split(";"):
            session.add(
                ServiceLine(
                    provider_id=provider.id,
                    service_code=code,
                    facility_id=facility.id,
                    price_fen=prices[code],
                    max_travel_seconds=1800,
                    slot_capacity=2,
                    weekdays=list("1234567"),
                    from_hour=7,
                    to_hour=20,
                )  # fmt: skip
            )
    session.flush()


def _streets(session: Any, now: datetime) -> None:
    from geo.store import import_network
    from services.circles.actions import refresh_reach

    import_network(
        session, now, ROOT / "sample_data/osm/nanjing_xuanwu_2021-06.osm.xml.gz", city_code=CITY, name="nanjing"
    )
    refresh_reach(session, now, CITY)


def _populate() -> None:
    from sqlalchemy import text
    from yl_people import place_cast

    from services.cities.actions import load_pack
    from services.unit_of_work import SYSTEM, unit_of_work
    from timebank.writer import open_account
    from workers.district.ground import PACKS, load_promises

    with unit_of_work(SYSTEM, login="jobs") as work:
        for name in PACKS:
            load_pack(work.session, work.now, ROOT / "sample_data/cities" / name)
        _directory(work.session, work.now)
        load_promises(work.session, work.now)
        open_account(work.session, work.now, ledger=CITY, kind="issuance", owner_label="city")
        open_account(work.session, work.now, ledger=CITY, kind="pool", owner_label="city")
        place_cast(work.session, work.now)
    with unit_of_work(SYSTEM, login="jobs") as work:
        _streets(work.session, work.now)
        counted = "UPDATE outbox SET state = 'done', confirmed_at = now() WHERE job = 'circles.elders_changed'"
        work.session.connection().execute(text(counted))


@pytest.fixture(scope="session")
def cast_template(migrated_template: str) -> str:
    """Build the template with the cast in it, once for all pytest workers; give its name."""
    name = f"yl_cast_{_fingerprint()}"
    with databases._maintenance(databases.setup_url()) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (databases._LOCK + 1,))
        if not databases._exists(connection, name):
            clone = databases.make_clone(migrated_template)
            before = {
                key: os.environ.get(key) for key in ("DATABASE_URL", "YINLING_TEST_SERVER", "YINLING_DEMONSTRATION")
            }
            os.environ["YINLING_TEST_SERVER"] = databases.setup_url().render_as_string(hide_password=False)
            os.environ["DATABASE_URL"] = clone.url("setup").render_as_string(hide_password=False)
            os.environ["YINLING_DEMONSTRATION"] = "1"
            databases.forget_settings()
            try:
                _populate()
            finally:
                databases.forget_settings()
                for key, value in before.items():
                    os.environ.pop(key, None) if value is None else os.environ.__setitem__(key, value)
                databases.forget_settings()
            clone.close()
            names = sql.Identifier(clone.name), sql.Identifier(name)
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(names[1]))
    return name


@pytest.fixture
def cast(request: pytest.FixtureRequest, cast_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestCast]:
    """The cast in a database of this test's own, in demonstration mode so that its clock can be moved."""
    monkeypatch.setenv("YINLING_DEMONSTRATION", "1")
    for database in databases._lend(request, cast_template):
        from yl_people import find_cast

        from services.unit_of_work import SYSTEM, unit_of_work

        with unit_of_work(SYSTEM, login="jobs") as work:
            found = find_cast(work.session)
        yield TestCast(database=database, people=found.people, providers=found.providers)


@pytest.fixture(scope="module")
def shared_cast(request: pytest.FixtureRequest, cast_template: str) -> Iterator[TestCast]:
    """The cast in a database shared by the tests of one file, which must bear each other's rows."""
    before = os.environ.get("YINLING_DEMONSTRATION")
    os.environ["YINLING_DEMONSTRATION"] = "1"
    for database in databases._lend(request, cast_template):
        from yl_people import find_cast

        from services.unit_of_work import SYSTEM, unit_of_work

        with unit_of_work(SYSTEM, login="jobs") as work:
            found = find_cast(work.session)
        yield TestCast(database=database, people=found.people, providers=found.providers)
    os.environ.pop("YINLING_DEMONSTRATION", None)
    if before is not None:
        os.environ["YINLING_DEMONSTRATION"] = before
