"""API and worker processes are killed at random while families order; afterwards nothing is lost, doubled or half done.

Two web servers, two workers and a relay, as in production; clients retry every unknown outcome with their
Idempotency-Key. YINLING_DRILL_ORDERS (2,000) and YINLING_DRILL_SEED set size and order of the kills.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import text
from yl_quarter import Quarter

from services.orders.rebuilding import orders_that_disagree
from services.unit_of_work import SYSTEM, unit_of_work
from tests.faults.installation import House, eventually

ORDERS = int(os.environ.get("YINLING_DRILL_ORDERS", "2000"))
SEED = int(os.environ.get("YINLING_DRILL_SEED", "20261123"))
ELDERS, CLIENTS = 40, 8
pytestmark = pytest.mark.drill


@pytest.fixture
def effects(quarter: Quarter) -> Iterator[psycopg.Connection[Any]]:
    """Counts confirmations from before the first process runs."""
    connection = count_confirmations(quarter)
    yield connection
    connection.close()


@pytest.fixture
def house(
    effects: psycopg.Connection[Any], redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    assert redis_url
    monkeypatch.setenv("YINLING_OUTBOX_RESEND_SECONDS", "20")
    monkeypatch.setenv("YINLING_REGISTRY_CLEANUP_SECONDS", "3")
    running = House(tmp_path / "house.log")
    try:
        running.wait_until_it_answers()
        yield running
    finally:
        running.stop()


@pytest.fixture
def elders(quarter: Quarter) -> list[int]:
    """王秀兰's neighbours: the daughter orders and pays for them all; half have a right, a third a voucher."""
    quarter.change(
        "WITH made AS (INSERT INTO person (area_code, full_name, gender, home, language, invented, created_at)"
        " SELECT area_code, '邻居' || n, gender, home, language, true, created_at FROM person"
        " CROSS JOIN generate_series(1, :many) AS n WHERE full_name = '王秀兰' RETURNING id, area_code)"
        " INSERT INTO elder (person_id, area_code, living, care_level, groups, registered_on)"
        " SELECT id, area_code, 'alone', 0, '{}', DATE '2024-01-01' FROM made",
        many=ELDERS,
    )
    quarter.change(
        "INSERT INTO proxy (elder_id, area_code, proxy_person_id, relation, ground, scopes, state, requested_at, confirmed_by,"
        " confirmed_at) SELECT id, area_code, :daughter, '女儿', 'family', '{view,order,pay}', 'confirmed', now(), id, now()"
        " FROM person WHERE full_name LIKE '邻居%'",
        daughter=quarter["daughter"],
    )
    quarter.change(
        "INSERT INTO home_snap SELECT p.id, s.network_version_id, s.step_free, s.area_code, s.edge_id, s.fraction,"
        " s.distance_m, s.u, s.v, s.edge_m, s.edge_is_steps FROM home_snap s JOIN person p ON p.full_name LIKE '邻居%'"
        " WHERE s.person_id = :wang",
        wang=quarter["wang"],
    )
    quarter.change(
        "INSERT INTO entitlement (elder_id, area_code, kind, service_codes, government_percent, monthly_cap_fen, during, ground,"
        " recorded_at, payer) SELECT id, area_code, '高龄独居老人居家服务', '{home_bath}', 50, 30000, '[2021-01-01,)',"
        " 'aged_alone', now(), 'government' FROM person WHERE full_name LIKE '邻居%' AND id % 2 = 0"
    )
    quarter.change(
        "INSERT INTO voucher (elder_id, area_code, kind_code, kind_name_zh, kind_name_en, issuer, mirrored, exclusivity_group,"
        " during, deduct_basis_points, single_use, places, service_groups, provider_codes, rule_version, issued_fen, available_fen,"
        " reserved_fen, captured_fen, lapsed_fen, issued_at)"
        " SELECT id, area_code, 'care', '养老服务券', 'care voucher', 'city', false, 'care', '[2026-01-01,2030-01-01)', 4000,"
        " false, '{home,community,institution}', '{bathing}', '{}', '1', 20000, 0, 0, 0, 0, now()"
        " FROM person WHERE full_name LIKE '邻居%' AND id % 3 = 0"
    )
    return quarter.all("SELECT id FROM person WHERE full_name LIKE '邻居%' ORDER BY id")


def wishes(quarter: Quarter, elders: list[int], many: int) -> list[dict[str, Any]]:
    """So many different baths: elder by elder, weekday by weekday, hour by hour."""
    chance = random.Random(SEED)
    starts = [quarter.thursday(hour) + timedelta(days=day) for day in range(48) for hour in (8, 10, 12, 14, 16)]
    starts = [start for start in starts if start.isoweekday() <= 6]
    assert many <= len(elders) * len(starts)
    drawn = chance.sample(range(len(elders) * len(starts)), many)
    providers = [quarter.providers["kangle"], quarter.providers["ankang"], None]
    return [
        {
            "elder_id": elders[number % len(elders)], "service_code": "home_bath",
            "starts_at": starts[number // len(elders)].isoformat(),
            "ends_at": (starts[number // len(elders)] + timedelta(hours=2)).isoformat(),
            "chosen_provider_id": providers[number % 3],
        }
        for number in drawn
    ]  # fmt: skip


class Family:
    """Clients that never take an unknown outcome for a failure: they ask again with the same key, at the other server."""

    def __init__(self, house: House, token: str, wished: list[dict[str, Any]]) -> None:
        self.house, self.wished = house, wished
        self.headers = {"Authorization": f"Bearer {token}"}
        self.acknowledged: dict[int, tuple[int, int]] = {}
        self.cancelled: set[int] = set()
        self.unknown: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._next, self._lock = iter(range(len(wished))), threading.Lock()

    def order_everything(self) -> list[threading.Thread]:
        """Start the clients; they end when every wish has an answer."""
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _client(self, place: int) -> None:
        with httpx.Client(timeout=20) as client:
            while True:
                with self._lock:
                    number = next(self._next, None)
                if number is None:
                    return
                answer = self._until_known(
                    client, place, "/api/v1/orders", self.wished[number], f"killed-at-random-{number}"
                )
                if answer.status_code not in (200, 201):
                    self.refused[answer.text[:120]] += 1
                    continue
                order = answer.json()
                self.acknowledged[number] = (order["order_id"], order["price_fen"])
                if number % 5 == 0:
                    path = f"/api/v1/orders/{order['order_id']}/cancellation"
                    done = self._until_known(client, place, path, {"reason": "not_needed"}, None)
                    if done.status_code == 200:
                        self.cancelled.add(order["order_id"])

    def _until_known(
        self, client: httpx.Client, place: int, path: str, body: dict[str, Any], key: str | None
    ) -> httpx.Response:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            port = self.house.ports[place % 2]
            try:
                answer = client.post(f"http://127.0.0.1:{port}{path}", json=body, headers=headers)
            except httpx.HTTPError as error:
                self.unknown[type(error).__name__] += 1
            else:
                if answer.status_code < 500:
                    return answer
                self.unknown[str(answer.status_code)] += 1
            place += 1
            time.sleep(0.1)
        raise AssertionError("no answer for five minutes")


def count_confirmations(quarter: Quarter) -> psycopg.Connection[Any]:
    """Let the database write down each time a job's effect is confirmed, in the job's own transaction."""
    connection = quarter.database.connect("setup", autocommit=True)
    connection.execute(
        """
        CREATE TABLE effect (outbox_id bigint);
        GRANT INSERT ON effect TO yinling_jobs, yinling_app;
        CREATE FUNCTION note_effect() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO effect VALUES (NEW.id); RETURN NEW; END $$;
        CREATE TRIGGER note_effect BEFORE UPDATE ON outbox FOR EACH ROW
          WHEN (NEW.state = 'done' AND OLD.state <> 'done') EXECUTE FUNCTION note_effect();
        """
    )
    return connection


def kill_at_random(house: House, going_on: Callable[[], bool]) -> None:
    """Kill one or two of the web servers and workers, by the seed, two to five seconds after the last are back.

    A process needs seconds to start again; killed faster than that, nobody ever works and the drill shows nothing.
    """
    chance = random.Random(SEED)
    victims = [name for name in house.words if name != "relay"]
    while going_on():
        time.sleep(chance.uniform(2.0, 5.0))
        for name in chance.sample(victims, chance.choice([1, 1, 2])):
            house.kill(name)
        house.wait_until_it_answers()
        house.wait_until_workers_listen()


def drained(effects: psycopg.Connection[Any]) -> bool:
    """Tell whether no promised job that is due is left unconfirmed."""
    left = effects.execute(
        "SELECT count(*) FROM outbox WHERE state = 'sent' OR (state = 'waiting' AND not_before <= now())"
    ).fetchone()
    return left == (0,)


def test_nothing_is_lost_or_doubled_when_processes_are_killed_while_families_order(
    quarter: Quarter, house: House, effects: psycopg.Connection[Any], elders: list[int]
) -> None:
    family = Family(house, quarter.token("daughter"), wishes(quarter, elders, ORDERS))
    began = time.monotonic()
    threads = family.order_everything()
    kill_at_random(house, lambda: any(thread.is_alive() for thread in threads))
    ordered = time.monotonic() - began
    for _ in range(4):  # and while only jobs go on
        house.kill(random.Random(SEED).choice(["worker-1", "worker-2"]))
        time.sleep(2)
    eventually(lambda: drained(effects), 900 + ORDERS)
    print(
        f"{len(family.acknowledged)} orders acknowledged in {ordered:.0f} s, {len(family.cancelled)} cancelled,"
        f" kills {dict(house.kills)}, unknown outcomes {dict(family.unknown)}, refused {dict(family.refused)},"
        f" drained after {time.monotonic() - began:.0f} s, seed {SEED}"
    )
    assert not family.refused and len(family.acknowledged) == ORDERS
    check_orders(quarter, family)
    check_jobs(effects)
    check_money(quarter)


def check_orders(quarter: Quarter, family: Family) -> None:
    """Every acknowledged order stands once, at its price, in a legal state that its log tells too; and no other one."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        rows = (
            work.session.connection()
            .execute(text("SELECT id, idempotency_key, price_fen, state FROM care_order"))
            .all()
        )
        seen, wrong = orders_that_disagree(work.session)
    stored = {row.idempotency_key: row for row in rows}
    assert len(rows) == len(stored) == len(family.acknowledged) == seen
    for number, (order_id, price_fen) in family.acknowledged.items():
        row = stored[f"killed-at-random-{number}"]
        assert row.id == order_id and row.price_fen <= price_fen, "the price is never raised"
    assert wrong == []
    assert {row.id for row in rows if row.state == "cancelled"} == family.cancelled
    assert quarter.one("SELECT count(*) FROM order_event WHERE kind = 'placed'") == len(rows)


def check_jobs(effects: psycopg.Connection[Any]) -> None:
    """Each promise was kept once: confirmed once, one open offer an order, one message a reader and occasion."""
    for query, none in {
        "jobs set aside": "SELECT count(*) FROM outbox WHERE state = 'failed'",
        "jobs with two effects": "SELECT count(*) FROM (SELECT FROM effect GROUP BY outbox_id HAVING count(*) > 1) AS twice",
        "jobs done without effect": "SELECT count(*) FROM outbox o WHERE state = 'done'"
        " AND NOT EXISTS (SELECT FROM effect e WHERE e.outbox_id = o.id)",
        "orders promised no offer": "SELECT count(*) FROM care_order o WHERE NOT EXISTS"
        " (SELECT FROM outbox b WHERE b.key = 'matching.offer_next/' || o.id || '/placed' AND b.state = 'done')",
        "orders with two open offers": "SELECT count(*) FROM (SELECT FROM offer WHERE state = 'open' AND NOT shared"
        " GROUP BY order_id HAVING count(*) > 1) AS twice",
        "orders nobody was asked for": "SELECT count(*) FROM care_order o WHERE state IN ('placed', 'offering')"
        " AND NOT EXISTS (SELECT FROM offer f WHERE f.order_id = o.id AND f.state = 'open')",
        "messages twice": "SELECT count(*) FROM (SELECT FROM message WHERE subject_id IS NOT NULL"
        " GROUP BY recipient_id, template, subject_id, facts HAVING count(*) > 1) AS twice",
    }.items():
        assert effects.execute(none).fetchone() == (0,), query


def check_money(quarter: Quarter) -> None:
    """What is held for each order is what its price says; no month's cap and no voucher is overdrawn."""
    differing = quarter.one(
        "SELECT count(*) FROM care_order o WHERE (CASE WHEN o.state IN ('cancelled', 'unfilled') THEN 0 ELSE o.government_fen END)"
        " <> COALESCE((SELECT sum(amount_fen) FROM entitlement_use u WHERE u.order_id = o.id AND u.state = 'held'), 0)"
        " OR (CASE WHEN o.state IN ('cancelled', 'unfilled') THEN 0 ELSE o.voucher_fen END)"
        " <> COALESCE((SELECT sum(open_fen) FROM voucher_use u WHERE u.order_id = o.id), 0)"
    )
    assert differing == 0
    over = quarter.one(
        "SELECT count(*) FROM (SELECT u.entitlement_id FROM entitlement_use u JOIN entitlement e ON e.id = u.entitlement_id"
        " WHERE u.state IN ('held', 'spent') GROUP BY u.entitlement_id, u.month, e.monthly_cap_fen"
        " HAVING sum(u.amount_fen) > e.monthly_cap_fen) AS over"
    )
    assert over == 0
    off = quarter.one(
        "SELECT count(*) FROM voucher v WHERE issued_fen <> available_fen + reserved_fen + captured_fen + lapsed_fen"
        " OR reserved_fen <> COALESCE((SELECT sum(open_fen) FROM voucher_use u WHERE u.voucher_id = v.id), 0)"
    )
    assert off == 0


@pytest.mark.parametrize("same_key", [True, False])
def test_an_answer_that_never_came_doubles_the_order_only_without_the_key(
    quarter: Quarter, house: House, elders: list[int], same_key: bool
) -> None:
    """The twin that must fail: it is the key, not luck, that makes asking again safe."""
    token, many = quarter.token("daughter"), 12
    for number, wish in enumerate(wishes(quarter, elders, many)):
        body = wish | {"even_if_ordered": True}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"unheard-{number}"}
        with socket.create_connection(("127.0.0.1", house.ports[0])) as line:
            request = httpx.Request(
                "POST", f"http://127.0.0.1:{house.ports[0]}/api/v1/orders", json=body, headers=headers
            )
            head = "\r\n".join(f"{name}: {value}" for name, value in request.headers.items())
            line.sendall(f"POST /api/v1/orders HTTP/1.1\r\n{head}\r\n\r\n".encode() + request.read())
            key = f"unheard-{number}"
            eventually(
                lambda key=key: quarter.one("SELECT count(*) FROM care_order WHERE idempotency_key = :k", k=key) == 1,
                30,
            )
        again = headers if same_key else headers | {"Idempotency-Key": f"unheard-again-{number}"}
        answer = httpx.post(f"http://127.0.0.1:{house.ports[1]}/api/v1/orders", json=body, headers=again, timeout=20)
        assert answer.status_code == (200 if same_key else 201)
    assert quarter.one("SELECT count(*) FROM care_order") == (many if same_key else 2 * many)
