"""Walking every endpoint with the whole cast: a world in which there is something to see and somebody who may not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yl_databases as databases
from yl_audit_walk import audit
from yl_beds_walk import beds
from yl_care_walk import visits_of_care
from yl_cast import TestCast
from yl_open_walk import open_data
from yl_registers_walk import registers
from yl_supervision_walk import supervision
from yl_trust_walk import trust
from yl_webhooks_walk import webhooks

MEMBERS = (
    "wang", "sun", "daughter", "officer", "other_officer", "operator", "advisor", "auditor", "administrator",
    "dispatcher", "other_dispatcher", "carer", "other_carer", "volunteer", "outsider",
)  # fmt: skip
INDICATORS = tuple(f"/{{indicator_code}}{end}" for end in ("", "/trend", "/rows", "/recount"))
ANONYMOUS = "anonymous"
HTML = {"accept": "text/html"}


@dataclass
class World:
    """The cast, with an assigned order, a taken and an open need, a closed door, and the ids of all of it."""

    cast: TestCast
    ids: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


def _moments(now: datetime) -> tuple[datetime, datetime]:
    day = (now + timedelta(days=2)).astimezone(ZoneInfo("Asia/Shanghai"))
    start = day.replace(hour=9, minute=0, second=0, microsecond=0)
    return start, start + timedelta(hours=2)


def _an_order(world: World) -> None:
    from sqlalchemy import text

    from services.dispatch.actions import assign_carer
    from services.matching.actions import accept_offer
    from services.orders.actions import place_order

    cast, ids = world.cast, world.ids
    with cast.work("daughter") as work:
        ids["now"] = work.now
        ids["starts"], ids["ends"] = _moments(work.now)
        placed = place_order(
            work.session, work.now, work.actor, elder_id=cast["wang"], service_code="home_bath",
            starts_at=ids["starts"], ends_at=ids["ends"], chosen_provider_id=cast.providers["kangle"],
            idempotency_key="walk-every-endpoint", channel="web", note=None,
        )  # fmt: skip
        ids["order"] = placed.order_id
    cast.run_jobs()
    with cast.work("house") as work:
        ids["offer"] = work.session.connection().execute(text("SELECT id FROM offer WHERE state = 'open'")).scalar_one()
    with cast.work("dispatcher") as work:
        accept_offer(work.session, work.now, work.actor, ids["offer"])
    with cast.work("dispatcher") as work:
        assign_carer(work.session, work.now, work.actor, ids["order"], cast["carer"])
    cast.run_jobs()
    with cast.work("house") as work:
        one = work.session.connection().execute
        ids["visit"] = one(text("SELECT id FROM visit WHERE order_id = :o"), {"o": ids["order"]}).scalar_one()
        ids["payable"] = one(text("SELECT id FROM payable LIMIT 1")).scalar_one()
        ids["charge"] = one(text("SELECT reference FROM fake_charge LIMIT 1")).scalar_one()
        ids["number"] = one(text("SELECT order_number FROM care_order LIMIT 1")).scalar_one()
        ids["message"] = one(
            text("SELECT id FROM message WHERE recipient_id = :d LIMIT 1"), {"d": cast["daughter"]}
        ).scalar_one()
        ids["facility"] = one(text("SELECT id FROM facility ORDER BY id LIMIT 1")).scalar_one()
        ids["service_line"] = one(text("SELECT id FROM service_line LIMIT 1")).scalar_one()


def _needs(world: World) -> None:
    from services.volunteering.actions import post_need, take_need

    cast, ids = world.cast, world.ids
    for name, hours in (("need", 30), ("open_need", 60)):
        with cast.work("daughter") as work:
            start = work.now + timedelta(hours=hours)
            ids[name] = post_need(
                work.session, work.now, work.actor, cast["wang"], kind="friendly_visit", title=None,
                starts_at=start, ends_at=start + timedelta(minutes=90),
            )  # fmt: skip
    with cast.work("volunteer") as work:
        ids["friendly"] = take_need(work.session, work.now, work.actor, ids["need"])


def _a_spare_session(world: World) -> int:
    from services.people.sign_in import open_session
    from services.unit_of_work import NOBODY, unit_of_work

    with unit_of_work(NOBODY) as work:
        return open_session(work.session, work.now, world.cast["wang"], kind="browser", channel="web").session_id


def _a_file(world: World) -> None:
    from services.people.attachments import attach

    with world.cast.work("officer") as work:
        content = b"%PDF-1.4 invented consent"
        world.ids["attachment"] = attach(work.session, work.now, work.actor, world.cast["wang"], "consent", content)


def _a_list(world: World) -> None:
    """A list of sites that the officer handed in and a worker took over: one site stands, one row waits for a place."""
    from services.oversight import handing_in

    rows = (
        "名称,类型,街道,地址,经度,纬度\n梅园助餐点,senior_canteen,梅园新村街道,梅园新村9号,118.7974,32.0437\n"
        "没有坐标的助餐点,senior_canteen,,不知道的路8号,,\n"
    )
    with world.cast.work("officer") as work:
        one = world.ids["run"] = handing_in.hand_in(
            work.session, work.now, work.actor, "facilities", "sites.csv", rows.encode(), crs="wgs84"
        )
        columns = handing_in.run_of(work.session, work.actor, one).mapping["columns"]
        handing_in.confirm_columns(work.session, work.now, work.actor, one, columns, {})
    world.cast.run_jobs()
    with world.cast.work("officer") as work:
        handing_in.confirm_list(work.session, work.now, work.actor, one)
    world.cast.run_jobs()
    with world.cast.work("officer") as work:
        world.ids["row"] = handing_in.rows_of(work.session, work.actor, run_id=one)[0].id


def _a_gate(world: World) -> None:
    from services.circles.gates import add_gate

    with world.cast.work("officer") as work:
        place = 118.7900, 32.0410
        world.ids["gate"] = add_gate(
            work.session, work.now, work.actor, 320100000000000, "gate", place, "wgs84", "东门已开"
        )


def _a_closed_door(world: World) -> None:
    from sqlalchemy import text

    from services.visits.attempts import record_attempt

    cast, ids = world.cast, world.ids
    with cast.work("officer") as work:
        record_attempt(
            work.session, work.now, work.actor, cast["sun"], channel="home", outcome="no_answer",
            happened_at=work.now, note=None,
        )  # fmt: skip
    cast.run_jobs()
    with cast.work("house") as work:
        one = work.session.connection().execute
        ids["escalation"] = one(text("SELECT id FROM escalation LIMIT 1")).scalar_one()
        ids["proxy"] = one(
            text(
                "INSERT INTO proxy (elder_id, area_code, proxy_person_id, relation, ground, scopes, state, requested_at) "
                "VALUES (:e, 320102003904901, :p, '外甥女', 'family', '{view}', 'requested', now()) RETURNING id"
            ),
            {"e": cast["sun"], "p": cast["other_carer"]},
        ).scalar_one()
        ids["bed"] = one(
            text(
                "INSERT INTO bed (facility_id, area_code, label, kind, opened_on, dementia, basic_guarantee) "
                "VALUES (:f, 320102003902000, '101-1', 'institution', '2020-01-01', false, false) RETURNING id"
            ),
            {"f": ids["facility"]},
        ).scalar_one()
        ids["stay"] = one(
            text(
                "INSERT INTO bed_stay (bed_id, elder_id, area_code, during, recorded_at) "
                "VALUES (:b, :e, 320102003904901, '[2026-01-01,)', now()) RETURNING id"
            ),
            {"b": ids["bed"], "e": cast["sun"]},
        ).scalar_one()


def _care(world: World) -> None:
    """An assessment that waits for its second assessor, and a home care bed with last month's check."""
    from datetime import date

    from services.beds.home_beds import NewHomeBed, Owed, sign_home_bed
    from services.benefits.assessing import NewAssessment, record_assessment
    from services.benefits.schemes import scheme_on
    from services.clock import civil_date
    from services.visits.home_bed_delivery import check_month, deliveries

    cast, ids = world.cast, world.ids
    with cast.work("officer") as work:
        act, today = (work.session, work.now, work.actor), civil_date(work.now)
        scheme = scheme_on(work.session, "gbt42195-2022", today)
        answers = {item.code: scheme.choices(item)[1].points for item in scheme.items}
        new = NewAssessment(cast["wang"], scheme.code, today, answers, ["dementia"], "走路要扶")
        ids["assessment"] = record_assessment(*act, new)
        contract = NewHomeBed(
            elder_id=cast["wang"], provider_id=cast.providers["kangle"], contract_number="演示家床001",
            first_day=today, last_day=date(2099, 12, 31), signed_on=today, signed_by=cast["wang"],
            monthly_price_fen=120_000, government_fen=80_000, family_fen=40_000,
            services=[Owed("home_bath", 1, "week", 90)], devices=["紧急呼叫器"],
        )  # fmt: skip
        ids["home_bed"] = sign_home_bed(*act, contract)
    with cast.work("house") as work:
        check_month(work.session, work.now, (today.replace(day=28) + timedelta(days=10)).replace(day=1))
        ids["check"] = deliveries(work.session, [ids["home_bed"]])[0].id


def _open_figures(world: World) -> None:
    from services.circles.access import compute_access
    from services.circles.openness import publish_open_coverage
    from services.oversight.counting import count_city

    with world.cast.work("house") as work:
        count_city(work.session, work.now, 320100000000000)
        compute_access(work.session, work.now, 320100000000000, "places")
        publish_open_coverage(work.session, work.now, work.actor, 320100000000000)


def _a_paper(world: World) -> None:
    from services.clock import civil_date
    from services.volunteering.papers import issue_paper

    with world.cast.work("volunteer") as work:
        today = civil_date(work.now)
        world.ids["paper"] = issue_paper(
            work.session, work.now, work.actor, world.cast["volunteer"], "certificate", today, today
        )


def _hours(world: World) -> None:
    """Hours the city gave 王奶奶, and a booking her daughter made with them; a group that gives time."""
    from sqlalchemy import insert

    from services.clock import civil_date
    from services.columns import table_of
    from services.volunteering import giving, redeeming
    from services.volunteering.bank import bank_of
    from services.volunteering.tables import ElderHours
    from timebank.writer import open_account, record_transfer

    cast, city, quarter = world.cast, 320100000000000, 320102003902901
    with cast.work("house") as work:
        account = open_account(work.session, work.now, ledger=city, kind="elder_grant", floor_minutes=0)
        record_transfer(
            work.session, work.now, ledger=city, key="walk-grant", entry_type="grant", minutes=300,
            debit_account_id=bank_of(work.session, work.now, city).issuance_account_id, credit_account_id=account,
        )  # fmt: skip
        work.session.connection().execute(
            insert(table_of(ElderHours)).values(
                elder_id=cast["wang"], area_code=quarter, account_id=account, opened_on=civil_date(work.now)
            )
        )
    with cast.work("daughter") as work:
        starts = work.now + timedelta(hours=80)
        wish = redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=60))
        world.ids["redemption"] = redeeming.book_with_hours(
            work.session, work.now, work.actor, cast["wang"], wish, from_grant=True, reason="妈妈来电，请我代订"
        )
    with cast.work("officer") as work:
        world.ids["group"] = giving.register_group(
            work.session, work.now, work.actor, "新街口志愿队", None, 320102003000000
        )


def _money(world: World) -> None:
    """A month with one settled line, an account of prepaid fees, a voucher and a difference between the books."""
    from sqlalchemy import text

    from services.clock import civil_date
    from services.settlement import prepaid
    from services.settlement.drawing import open_settlement

    cast, ids = world.cast, world.ids
    provider = cast.providers["kangle"]
    with cast.work("house") as work:
        month = open_settlement(work.session, work.now, provider, civil_date(work.now)).id
        one = work.session.connection().execute
        ids["settlement"] = month
        ids["line"] = one(text(
            "INSERT INTO settlement_line (settlement_id, provider_id, area_code, kind, order_id, visit_id, service_code,"
            " service_day, government_fen, voucher_fen, self_fen, government_budget, payable_id, recorded_at)"
            " SELECT s.id, s.provider_id, s.area_code, 'service', o.id, :v, o.service_code, current_date, o.government_fen, 0,"
            " o.self_fen, '2081006-01', :p, now() FROM settlement s, care_order o WHERE s.id = :s AND o.id = :o RETURNING id"
        ), {"s": month, "o": ids["order"], "v": ids["visit"], "p": ids["payable"]}).scalar_one()  # fmt: skip
        run = one(text(
            "INSERT INTO reconciliation (gateway, day, compared, differences, ours_fen, theirs_fen, recorded_at)"
            " VALUES ('fake', current_date, 1, 1, 100, 200, now()) RETURNING id"
        )).scalar_one()  # fmt: skip
        ids["difference"] = one(text(
            "INSERT INTO reconciliation_difference (reconciliation_id, area_code, reference, kind, ours_fen, theirs_fen,"
            " recorded_at) SELECT :r, area_code, 'fake-x', 'captured', 100, 200, now() FROM person WHERE id = :w RETURNING id"
        ), {"r": run, "w": cast["wang"]}).scalar_one()  # fmt: skip
        one(text(
            "INSERT INTO voucher (elder_id, area_code, kind_code, kind_name_zh, kind_name_en, issuer, mirrored,"
            " exclusivity_group, during, deduct_basis_points, single_use, places, service_groups, provider_codes,"
            " rule_version, issued_fen, available_fen, reserved_fen, captured_fen, lapsed_fen, issued_at)"
            " SELECT id, area_code, 'community_care', '社区照护券', 'community care voucher', 'city', false, 'x',"
            " daterange(current_date, current_date + 20), 10000, false, '{home}', '{respite}', '{}', 't', 5000, 0, 0, 0, 0, now()"
            " FROM person WHERE id = :w"
        ), {"w": cast["wang"]})  # fmt: skip
    with cast.work("officer") as work:
        ids["account"] = prepaid.open_account(
            work.session, work.now, work.actor, elder_id=cast["sun"], provider_id=provider, kind_code="deposit",
            monthly_fee_fen=100_000,
        )  # fmt: skip


def _a_scenario(world: World) -> None:
    from services.circles.scenarios import Place, add_facility, change_scenario, create_scenario
    from services.circles.site_runs import ask_sites
    from services.circles.site_wishes import SiteWish
    from services.cities.queries import rules_in_force
    from services.clock import civil_date

    with world.cast.work("officer") as work:
        act = (work.session, work.now, work.actor)
        scenario = world.ids["scenario"] = create_scenario(*act, "再开一个站")
        rules = rules_in_force(work.session, 320100000000000, civil_date(work.now))
        at = Place(118.7860, 32.0460, "wgs84")
        add_facility(*act, scenario, rules, at=at, type_code="service_station")
        change_scenario(*act, scenario, shared=True)
        world.ids["siting_run"] = ask_sites(*act, SiteWish("quarter_5", "elder", count=1, spacing_m=300))


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, cast_template: str) -> Iterator[World]:
    """Build the world once for a file of tests; tests must not rely on its state staying still."""
    before = os.environ.get("YINLING_DEMONSTRATION")
    os.environ["YINLING_DEMONSTRATION"] = "1"
    for database in databases._lend(request, cast_template):
        from yl_people import find_cast

        from services.unit_of_work import SYSTEM, unit_of_work

        with unit_of_work(SYSTEM, login="jobs") as work:
            found = find_cast(work.session)
        made = World(TestCast(database=database, people=found.people, providers=found.providers))
        _an_order(made)
        _needs(made)
        _a_closed_door(made)
        _care(made)
        _a_file(made)
        _a_scenario(made)
        _open_figures(made)
        _a_gate(made)
        _a_list(made)
        _a_paper(made)
        _hours(made)
        _money(made)
        trust(made)
        beds(made)
        visits_of_care(made)
        audit(made)
        registers(made)
        supervision(made)
        open_data(made)
        webhooks(made)
        from yl_privacy_walk import ask_to_be_forgotten

        ask_to_be_forgotten(made)
        made.ids["session"] = _a_spare_session(made)
        made.tokens = {who: made.cast.token(who) for who in MEMBERS}
        yield made
    os.environ.pop("YINLING_DEMONSTRATION", None)
    if before is not None:
        os.environ["YINLING_DEMONSTRATION"] = before
