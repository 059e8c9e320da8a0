"""The people of these tests: 王奶奶, her daughter in Shenzhen, 康乐's dispatcher, and 吴 who may see nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update

from services.columns import table_of
from services.directory.tables import Provider
from services.messages import carriers
from services.outbox import OutboxRow
from services.people.privacy import lookup_hash, seal
from services.people.tables import Elder, Person, Proxy, RoleGrant

AREA = 320102002001000


@dataclass
class Cast:
    """Ids of the people and the provider."""

    wang: int
    daughter: int
    dispatcher: int
    wu: int
    kangle: int


def _person(session: Any, now: Any, name: str, phone: str | None, area: int = AREA) -> int:
    person = Person(
        area_code=area, full_name=name, gender="female", created_at=now,
        phone_sealed=seal("phone", phone) if phone else None,
        phone_hash=lookup_hash("phone", phone) if phone else None,
    )  # fmt: skip
    session.add(person)
    session.flush()
    return int(person.id or 0)


@pytest.fixture
def cast(database, now) -> Cast:
    """Everybody, written by the set-up login."""
    with database.session("setup") as session, session.begin():
        wang = _person(session, now, "王秀兰", "13900000001")
        daughter = _person(session, now, "李敏", "13900000002", 440300000000000)
        dispatcher = _person(session, now, "周调度", "13900000003")
        wu = _person(session, now, "吴老", None)
        session.add(Elder(person_id=wang, area_code=AREA, living="alone", registered_on=now.date()))
        provider = Provider(
            code="kangle", name="康乐居家养老服务中心", kind="company", area_code=AREA, phone="025-1", created_at=now
        )
        session.add(provider)
        session.flush()
        kangle = int(provider.id or 0)
        session.add(RoleGrant(person_id=dispatcher, role="dispatcher", provider_id=kangle, granted_at=now))
        session.add(
            Proxy(
                elder_id=wang,
                area_code=AREA,
                proxy_person_id=daughter,
                relation="女儿",
                scopes=["view", "pay"],
                state="confirmed",
                requested_at=now,
                confirmed_by=wang,
                confirmed_at=now,
            )  # fmt: skip
        )
    return Cast(wang, daughter, dispatcher, wu, kangle)


@pytest.fixture(autouse=True)
def fresh_carriers():
    """No test inherits another's carrier."""
    carriers._carrier.cache_clear()
    yield
    carriers._carrier.cache_clear()


@pytest.fixture
def do_jobs(database):
    """Do every promised job that is due at `at`, as the workers would; gives (job, error or None) in order."""
    from workers.performing import perform

    outbox = table_of(OutboxRow)

    def run(at: Any, only: str | None = None) -> list[tuple[str, str | None]]:
        done = []
        for _ in range(20):
            with database.session("setup") as session, session.begin():
                query = select(outbox.c.id, outbox.c.job).where(outbox.c.state != "done", outbox.c.not_before <= at)
                due = session.connection().execute(query.order_by(outbox.c.id)).all()
                tried = [row for row in due if (row.id, row.job) not in {(one[2], one[0]) for one in done}]
                session.connection().execute(
                    update(outbox).where(outbox.c.id.in_([row.id for row in tried])).values(sends=outbox.c.sends + 1)
                )
            tried = [row for row in tried if only is None or row.job == only]
            if not tried:
                break
            for row in tried:
                try:
                    perform(row.id)
                    done.append((row.job, None, row.id))
                except Exception as error:
                    done.append((row.job, type(error).__name__, row.id))
        return [(job, error) for job, error, _ in done]

    return run
