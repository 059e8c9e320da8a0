"""A market in a town: a provider at every facility, what each gives, its carers, a month of orders, and who asks.

Written in bulk as nobody would in use (triggers off for history); what is measured afterwards runs with everything on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from services.people.sign_in import lookup_token

SERVICES = {
    "home_bath": ("bathing", "上门助浴", 90, ["bathing"], 12000),
    "home_cleaning": ("cleaning", "居家保洁", 120, ["cleaning"], 8000),
    "home_cooking": ("meals", "上门做饭", 60, ["cooking"], 6000),
    "home_nursing": ("nursing", "上门护理", 60, ["nursing"], 15000),
    "home_rehab": ("rehab", "上门康复", 60, ["rehab"], 18000),
    "escort": ("escort", "陪同就医", 120, ["escort"], 10000),
    "haircut": ("bathing", "上门理发", 60, [], 3000),
    "repairs": ("urgent", "小修小补", 60, ["repairs"], 5000),
}
SKILLS = ["bathing", "cleaning", "cooking", "nursing", "rehab", "escort", "repairs"]
DAUGHTERS = 500
OPERATORS = 20


@dataclass(frozen=True)
class Asker:
    """Somebody signed in, and the elder she asks for."""

    person_id: int
    token: str
    elder_id: int
    role: str


def furnish(connection: Connection, city: int, *, orders_a_provider: int) -> list[Asker]:
    """Fill a laid town with its market; gives who asks: daughters for their mothers, operators for anybody."""
    now = datetime.now(UTC)
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    _menu(connection)
    _providers(connection, now)
    _carers(connection, now)
    _history(connection, now, orders_a_provider)
    _rights(connection, now)
    askers = _askers(connection, now, city)
    connection.execute(text("SET LOCAL session_replication_role = DEFAULT"))
    connection.execute(text("UPDATE rules_stamp SET stamp = gen_random_uuid()::text"))
    return askers


def _menu(connection: Connection) -> None:
    for code, (category, name, minutes, skills, price) in SERVICES.items():
        connection.execute(
            text(
                "INSERT INTO service_item (code, category, name_zh, name_en, plain_name, explanation, explanation_en,"
                " standard, standard_en, checklist, checklist_en, minutes, at_home, required_skills, guide_price_fen,"
                " urgency, volunteer, valid_from) VALUES (:code, :category, :name, '-', :name, '-', '-', '-', '-', '{}', '{}',"
                " :minutes, true, :skills, :price, 'planned', false, '2021-01-01') ON CONFLICT (code) DO NOTHING"
            ),
            {"code": code, "category": category, "name": name, "minutes": minutes, "skills": skills, "price": price},
        )


def _providers(connection: Connection, now: datetime) -> None:
    """One provider at each facility, giving half of the services within half an hour's walk."""
    connection.execute(
        text(
            "INSERT INTO provider (code, name, kind, area_code, phone, grade, invented, created_at)"
            " SELECT 'P' || id, '养老服务中心' || id, 'company', area_code, '025', 1 + id % 5, true, :now FROM facility"
        ),
        {"now": now},
    )
    connection.execute(text("UPDATE facility f SET provider_id = p.id FROM provider p WHERE p.code = 'P' || f.id"))
    connection.execute(
        text(
            "INSERT INTO service_line (provider_id, service_code, facility_id, price_fen, max_travel_seconds,"
            " slot_capacity, weekdays, from_hour, to_hour, active, notes)"
            " SELECT f.provider_id, s.code, f.id, s.price * (90 + f.id % 21) / 100, 1200 + f.id % 3 * 300, 4,"
            " '{1,2,3,4,5,6,7}', 7, 20, true, '{}'"
            " FROM facility f CROSS JOIN unnest(CAST(:codes AS text[]), CAST(:prices AS bigint[]))"
            " WITH ORDINALITY AS s (code, price, place) WHERE (f.id * 7 + s.place * 13) % 4 < 2"
        ),
        {"codes": list(SERVICES), "prices": [one[4] for one in SERVICES.values()]},
    )


def _carers(connection: Connection, now: datetime) -> None:
    """Five carers a provider, each with most skills, and half of them promised somewhere tomorrow."""
    connection.execute(
        text(
            "WITH made AS (INSERT INTO person (area_code, full_name, gender, language, invented, created_at)"
            " SELECT p.area_code, 'carer ' || p.id, 'female', 'zh_CN', true, :now"
            " FROM provider p CROSS JOIN generate_series(1, 5) WHERE p.code LIKE 'P%' RETURNING id, area_code, full_name)"
            " INSERT INTO carer (person_id, provider_id, area_code, display_name, gender, skills, skill_grade,"
            " certificate_valid_until, since)"
            " SELECT id, split_part(full_name, ' ', 2)::bigint, area_code, '护理员', CASE WHEN id % 4 = 0 THEN 'male' ELSE 'female' END,"
            " CAST(:skills AS text[]), 3, '2100-01-01', '2021-01-01' FROM made"
        ),
        {"now": now, "skills": SKILLS},
    )


def _history(connection: Connection, now: datetime, orders_a_provider: int) -> None:
    """Orders of the last month, confirmed and often rated, and those of the coming week with their carers."""
    connection.execute(text("CREATE TEMPORARY TABLE asking ON COMMIT DROP AS SELECT person_id, area_code,"
                            " row_number() OVER (ORDER BY person_id) - 1 AS place FROM elder"))  # fmt: skip
    connection.execute(text("CREATE UNIQUE INDEX ON asking (place)"))
    connection.execute(
        text(
            "INSERT INTO care_order (order_number, elder_id, area_code, service_code, starts_at, ends_at, state, price_fen,"
            " government_fen, voucher_fen, self_fen, provider_id, placed_by, by_right, channel, idempotency_key,"
            " request_hash, placed_at, accepted_at, confirmed_at)"
            " SELECT 'H' || l.id || '-' || n, a.person_id, a.area_code, l.service_code, at.moment,"
            " at.moment + interval '2 hours', CASE WHEN at.moment < :now THEN 'confirmed' ELSE 'accepted' END,"
            " l.price_fen, 0, 0, l.price_fen, l.provider_id, a.person_id, 'self', 'web', 'history-' || l.id || '-' || n,"
            " '\\x00', at.moment - interval '3 days', at.moment - interval '3 days',"
            " CASE WHEN at.moment < :now THEN at.moment + interval '3 hours' END"
            " FROM service_line l CROSS JOIN generate_series(1, :each) AS n"
            " CROSS JOIN LATERAL (SELECT date_trunc('hour', CAST(:now AS timestamptz)) - interval '30 days'"
            "   + make_interval(hours => ((l.id * 37 + n * 101) % (36 * 24))::int) AS moment) AS at"
            " JOIN asking a ON a.place = (l.id * 8191 + n * 131) % (SELECT count(*) FROM asking)"
        ),
        {"now": now, "each": max(1, orders_a_provider // 4)},
    )
    connection.execute(
        text(
            "INSERT INTO rating (order_id, elder_id, area_code, provider_id, face, rated_by, by_right, rated_at)"
            " SELECT id, elder_id, area_code, provider_id, 1 + id % 3, elder_id, 'self', confirmed_at"
            " FROM care_order WHERE state = 'confirmed' AND id % 3 = 0"
        )
    )


def _rights(connection: Connection, now: datetime) -> None:
    """Three in ten elders have a right to government money."""
    connection.execute(
        text(
            "INSERT INTO entitlement (elder_id, area_code, kind, service_codes, government_percent, monthly_cap_fen,"
            " during, ground, recorded_at, payer)"
            " SELECT person_id, area_code, '高龄独居老人居家服务', CAST(:codes AS text[]), 50, 30000, '[2021-01-01,)',"
            " 'aged_alone', :now, 'government' FROM elder WHERE person_id % 10 < 3"
        ),
        {"now": now, "codes": list(SERVICES)},
    )


def _askers(connection: Connection, now: datetime, city: int) -> list[Asker]:
    elders = connection.execute(
        text("SELECT person_id, area_code FROM elder ORDER BY hashint8(person_id) LIMIT :many"),
        {"many": DAUGHTERS + OPERATORS * 100},
    ).all()
    mothers, others = elders[:DAUGHTERS], elders[DAUGHTERS:]
    askers = []
    for number, mother in enumerate(mothers):
        daughter = _person(connection, now, mother.area_code)
        connection.execute(
            text(
                "INSERT INTO proxy (elder_id, area_code, proxy_person_id, relation, ground, scopes, state, requested_at,"
                " confirmed_by, confirmed_at) VALUES (:elder, :area, :me, '女儿', 'family', '{view,order,pay}', 'confirmed',"
                " :now, :elder, :now)"
            ),
            {"elder": mother.person_id, "area": mother.area_code, "me": daughter, "now": now},
        )
        _grant(connection, now, daughter, "family", None)
        askers.append(Asker(daughter, _token(connection, now, daughter, f"d{number}"), mother.person_id, "family"))
    for number in range(OPERATORS):
        operator = _person(connection, now, city)
        _grant(connection, now, operator, "operator", city)
        token = _token(connection, now, operator, f"o{number}")
        askers += [Asker(operator, token, elder.person_id, "operator") for elder in others[number::OPERATORS]]
    return askers


def _person(connection: Connection, now: datetime, area_code: int) -> int:
    made = connection.execute(
        text(
            "INSERT INTO person (area_code, full_name, gender, language, invented, created_at)"
            " VALUES (:area, '问的人', 'female', 'zh_CN', true, :now) RETURNING id"
        ),
        {"area": area_code, "now": now},
    )
    return int(made.scalar_one())


def _grant(connection: Connection, now: datetime, person_id: int, role: str, area_code: int | None) -> None:
    connection.execute(
        text("INSERT INTO role_grant (person_id, role, area_code, granted_at) VALUES (:person, :role, :area, :now)"),
        {"person": person_id, "role": role, "area": area_code, "now": now},
    )


def _token(connection: Connection, now: datetime, person_id: int, word: str) -> str:
    token = f"bench-token-{word}-{'x' * 24}"
    connection.execute(
        text(
            "INSERT INTO sign_in_session (person_id, kind, token_hash, created_at, expires_at)"
            " VALUES (:person, 'bearer', :hash, :now, :now + interval '1 day')"
        ),
        {"person": person_id, "hash": lookup_token(token), "now": now},
    )
    return token
