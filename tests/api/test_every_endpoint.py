"""Every endpoint of the API, walked by the whole cast: who may is served, everybody else finds nothing.

A route without a case fails. `may` names who is served (any answer but 401, 403, 404 and 5xx counts: a
conflict or a malformed wish is an answer to somebody who may ask). Everybody else gets 401, 403 or 404,
and no answer to an outsider ever holds a name, a phone or an order number of the elders.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from yl_audit_walk import MAY_OF_AUDIT, bodies_of_audit
from yl_beds_walk import MAY_OF_BEDS, bodies_of_beds
from yl_care_walk import MAY_OF_VISITS, bodies_of_visits
from yl_cases_care import WHO_MAY, bodies_of_care
from yl_evidence_walk import FILES, MAY_OF_EVIDENCE, bodies_of_evidence
from yl_hours_walk import MAY_OF_HOURS, bodies_of_hours
from yl_money_walk import MAY_OF_MONEY, bodies_of_money
from yl_open_walk import MAY_OF_OPEN, bodies_of_open
from yl_orders_walk import KEYED, MAY_OF_ORDERS, bodies_of_orders
from yl_page_walk import WALK
from yl_privacy_walk import MAY_OF_PRIVACY, bodies_of_privacy
from yl_registers_walk import MAY_OF_REGISTERS, bodies_of_registers
from yl_rooms_walk import names_of_rooms
from yl_supervision_walk import MAY_OF_SUPERVISION, bodies_of_supervision
from yl_trust_walk import MAY_OF_TRUST, bodies_of_trust
from yl_walk import ANONYMOUS, INDICATORS, MEMBERS, World
from yl_webhooks_walk import MAY_OF_WEBHOOKS, bodies_of_webhooks

EVERYBODY, SIGNED_IN = frozenset({*MEMBERS, ANONYMOUS}), frozenset(MEMBERS)
OFFICE = frozenset({"officer", "operator", "advisor"})
READERS = OFFICE | {"auditor"}
STREETS = READERS | {"other_officer", "administrator"}
HER_SIDE = frozenset({"wang", "daughter"})
SECRETS = ("王秀兰", "孙德福", "杨将军巷", "19900000001", "320102194804120028")


def fill(path: str, world: World) -> str:
    """Put the world's ids into a path; a name this does not know is a KeyError, so a new one is not forgotten."""
    ids, cast = world.ids, world.cast
    names = {
        "elder_id": cast["wang"], "order_id": ids["order"], "offer_id": ids["offer"], "visit_id": ids["visit"],
        "need_id": ids["need"], "escalation_id": ids["escalation"], "proxy_id": ids["proxy"], "bed_id": ids["bed"],
        "payable_id": ids["payable"], "provider_id": cast.providers["kangle"], "number": ids["number"],
        "gate_id": ids["gate"], "facility_id": ids["facility"], "stay_id": ids["stay"], "person_id": cast["volunteer"], "session_id": ids["session"], "alert_id": 999_999, "exception_id": 999_999, "device_id": 999_999,
        "run_id": ids["run"], "row_id": ids["row"], "indicator_code": "monthly_visit_rate", "paper_code": ids["paper"], "redemption_id": 1, "group_id": 1, "move_id": 1, "series_id": 999_999, "appeal_id": 1, "assessment_id": ids["assessment"], "home_bed_id": ids["home_bed"], "purpose": "research", "erasure_id": ids["erasure"], "settlement_id": ids["settlement"], "line_id": ids["line"], "difference_id": ids["difference"], "account_id": ids["account"], "form": "csv", "code": "home_bath", "message_id": ids["message"], "attachment_id": ids["attachment"], "scenario_id": ids["scenario"], "siting_run_id": ids["siting_run"], "layer": "network", "z": 14, "x": 13600, "y": 6640,
    }  # fmt: skip
    return path.format(**(names | names_of_rooms(world)))


def bodies(world: World) -> dict[str, dict[str, Any]]:
    """Give a proper body for every call that needs one."""
    ids, cast = world.ids, world.cast
    at, until = ids["starts"].isoformat(), ids["ends"].isoformat()
    later = {
        "starts_at": (ids["starts"] + timedelta(days=3)).isoformat(),
        "ends_at": (ids["starts"] + timedelta(days=3, minutes=90)).isoformat(),
    }
    wish = {"elder_id": cast["wang"], "service_code": "home_cleaning", "starts_at": at, "ends_at": until}
    return {
        "POST /api/v1/match": wish,
        "POST /api/v1/orders": wish,
        "POST /api/v1/orders/{order_id}/cancellation": {"reason": "not_needed"},
        "POST /api/v1/orders/{order_id}/rating": {"face": 3},
        "POST /api/v1/orders/{order_id}/assignment": {"carer_id": cast["carer"]},
        "PUT /api/v1/orders/{order_id}/assignment": {"carer_id": cast["other_carer"], "reason": "临时请假"},
        "POST /api/v1/offers/{offer_id}/refusal": {"reason": "no_hands"},
        "POST /api/v1/beds/{bed_id}/stays": {"elder_id": cast["wang"], "first_day": at[:10]},
        "POST /api/v1/bed-stays/{stay_id}/ending": {"last_day": at[:10], "reason": "moved_home"},
        "POST /api/v1/sign-in/codes": {"phone": "19900000042"},
        "POST /api/v1/sign-in": {"phone": "19900000042", "code": "123456"},
        "POST /api/v1/sign-in/card": {"token": "x" * 32},
        "POST /api/v1/elders": {
            "area_code": 320102003904901, "full_name": "新老人", "gender": "female", "born_on": "1950-01-01",
            "living": "alone",
        },
        "POST /api/v1/elders/{elder_id}/reveal": {"field": "phone", "reason": "回访核对"},
        "POST /api/v1/proxies": {
            "elder_name": "王秀兰", "elder_id_number": "320102194804120099", "relation": "侄女", "scopes": ["view"],
        },
        "POST /api/v1/roles": {"person_id": cast["outsider"], "role": "auditor", "area_code": 320100000000000},
        "POST /api/v1/visits/{visit_id}/check-in": {
            "proof": "elder_code", "secret": "0000", "happened_at": at, "device": {},
        },
        "POST /api/v1/visits/{visit_id}/check-out": {"happened_at": at},
        "POST /api/v1/visits/{visit_id}/check-in-for": {"reason": "phone_dead", "note": "电话核实", "happened_at": ids["now"].isoformat()},
        "POST /api/v1/visits/{visit_id}/check-out-for": {
            "reason": "phone_dead", "note": "电话核实", "happened_at": ids["now"].isoformat(), "tasks_done": [],
        },
        "POST /api/v1/elders/{elder_id}/door-plate": {},
        "POST /api/v1/elders/{elder_id}/visit-attempts": {
            "channel": "phone", "outcome": "spoken", "happened_at": ids["now"].isoformat(),
        },
        "POST /api/v1/elders/{elder_id}/visit-duty/ending": {"on": ids["now"].date().isoformat(), "reason": "moved"},
        "POST /api/v1/escalations/{escalation_id}/closing": {"resolution": "safe"},
        "POST /api/v1/volunteers": {"display_name": "新志愿者"},
        "POST /api/v1/volunteers/{person_id}/training": {"trained_on": "2026-01-01"},
        "POST /api/v1/elders/{elder_id}/needs": {"kind": "friendly_visit", **later},
        "POST /api/v1/volunteer-sessions/{session_id}/dispute": {"reason": "没有来"},
        "POST /api/v1/volunteer-sessions/{session_id}/correction": {"reason": "没有来"},
    } | bodies_of_supervision(world) | bodies_of_maps() | bodies_of_audit(world) | bodies_of_hours(world) | bodies_of_orders(world) | bodies_of_money(world) | bodies_of_care(world) | bodies_of_evidence(world) | bodies_of_privacy(world) | bodies_of_trust(world) | bodies_of_beds(world) | bodies_of_registers(world) | bodies_of_open(world) | bodies_of_webhooks(world) | bodies_of_visits(world)  # fmt: skip


def bodies_of_maps() -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about streets, sites and lists that are handed in."""
    return {
        "POST /api/v1/elders/{elder_id}/home": {"area_code": 320102003904901, "home": {"lon": 118.784, "lat": 32.0488, "crs": "wgs84"}}, "POST /api/v1/elders/{elder_id}/leaving": {"reason": "moved_out", "on": None},
        "POST /api/v1/siting-runs": {"tier": "quarter_5", "profile": "elder", "count": 1, "spacing_m": 400},
        "POST /api/v1/scenarios": {"name": "两个新站"},
        "PATCH /api/v1/scenarios/{scenario_id}": {"note": "下周一起看"},
        "POST /api/v1/scenarios/{scenario_id}/steps": {
            "kind": "add", "type_code": "service_station", "lon": 118.79, "lat": 32.04, "crs": "gcj02",
        },
        "POST /api/v1/network/gates": {
            "kind": "gate", "lon": 118.7900, "lat": 32.0410, "crs": "wgs84", "reason": "东门已开", "city_code": 320100000000000,
        },
        "POST /api/v1/facilities/{facility_id}/changes": {"day_places": 12}, "POST /api/v1/facilities/{facility_id}/changes/effect": {"status": "closed"},
        "PUT /api/v1/imports/{run_id}/columns": {"columns": {"name": "名称"}},
        "POST /api/v1/imports/{run_id}/taking": {},
        "PUT /api/v1/import-rows/{row_id}": {"changes": {"address": "梅园新村8号"}},
        "PUT /api/v1/import-rows/{row_id}/place": {"lon": 118.7975, "lat": 32.0438, "crs": "wgs84"},
    }  # fmt: skip


def call(client: TestClient, world: World, who: str, method: str, path: str) -> Any:
    """Call one endpoint in somebody's name, as a program would."""
    headers = {"Authorization": f"Bearer {world.tokens[who]}"} if who != ANONYMOUS else {}
    name = f"{method} {path}"
    options: dict[str, Any] = {"json": bodies(world).get(name)} if name in bodies(world) else {}
    options = FILES.get(name, options)
    if path.endswith("/scan") and method == "PUT":
        options = {
            "data": {"purpose": "consent"},
            "files": {"file": ("a.pdf", b"%PDF-1.4 invented", "application/pdf")},
        }
    if path == "/api/v1/imports" and method == "POST":
        options = {
            "data": {"kind": "facilities", "crs": "wgs84"},
            "files": {"file": ("a.csv", "名称,类型,经度,纬度\nA,meal_site,118.8,32\n".encode(), "text/csv")},
        }
    if path in ("/api/v1/orders", "/api/v1/facilities/{facility_id}/changes", *KEYED) and method == "POST":
        headers["Idempotency-Key"] = f"walk-{who}-0001"
    tiered = ("/uncovered", "/coverage/elders", "/coverage/areas", "/coverage/trend")
    query: dict[str, str] = {"tier": "street", "profile": "elder"} if path.endswith(tiered) else {}
    query |= {"city": "320100"} if "/open/" in path else {}
    query |= {"service_code": "home_bath"} if path.endswith("/free-places") else {}
    query |= (
        {"city": "320100", "lon": "118.779", "lat": "32.041", "crs": "wgs84", "minutes": "5"}
        if path.endswith("/circles")
        else {}
    )
    return client.request(method, fill(path, world), headers=headers, params=query, **options)


REGISTERED = SIGNED_IN  # her own list or her own act: served, with nothing of anybody else
ON_THE_JOB = frozenset({"dispatcher", "carer"})
NOBODY: frozenset[str] = frozenset()
KEEPERS = frozenset({"officer", "administrator"})
COMMUNITY = frozenset({"officer", "advisor"})
ROOM_OF_SUN = frozenset({"sun"}) | OFFICE
MAY: dict[str, frozenset[str]] = (
    MAY_OF_MONEY
    | MAY_OF_AUDIT
    | MAY_OF_SUPERVISION
    | WHO_MAY
    | MAY_OF_ORDERS
    | MAY_OF_PRIVACY
    | MAY_OF_TRUST
    | MAY_OF_BEDS
    | MAY_OF_REGISTERS
    | MAY_OF_EVIDENCE
    | MAY_OF_VISITS
    | MAY_OF_OPEN
    | MAY_OF_WEBHOOKS
    | {
        "GET /healthz": EVERYBODY,
        "GET /readyz": EVERYBODY,
        # what anybody may know
        "GET /tiles/{layer}/{z}/{x}/{y}.mvt": STREETS,
        "GET /api/v1/circles": SIGNED_IN,  # streets and nobody's home; costs a second, so not for passers-by
        "GET /api/v1/facilities": EVERYBODY,
        "GET /api/v1/facilities.geojson": EVERYBODY,
        **dict.fromkeys([f"GET /api/v1/facilities/{{facility_id}}{end}" for end in ("", "/changes")], EVERYBODY),
        "GET /api/v1/providers": EVERYBODY,
        "GET /api/v1/providers/{provider_id}": EVERYBODY,
        "GET /api/v1/services/{code}": EVERYBODY,
        # an elder's own affairs: her side, her office; the auditor reads
        "GET /api/v1/elders/{elder_id}": HER_SIDE | READERS,
        "GET /api/v1/elders/{elder_id}/attachments": HER_SIDE | READERS,
        "GET /api/v1/elders/{elder_id}/entitlements": HER_SIDE | READERS,
        "GET /api/v1/elders/{elder_id}/menu": HER_SIDE | READERS,
        "GET /api/v1/elders/{elder_id}/needs": HER_SIDE | READERS,
        "GET /api/v1/elders/{elder_id}/payables": HER_SIDE | READERS,
        "GET /api/v1/elders/{elder_id}/proxies": HER_SIDE | READERS,
        "GET /api/v1/elders/{elder_id}/visit-attempts": HER_SIDE | READERS,
        "GET /api/v1/elders/{elder_id}/visits": HER_SIDE | READERS,
        "GET /api/v1/elders/{elder_id}/volunteer-sessions": HER_SIDE | READERS,
        "GET /api/v1/attachments/{attachment_id}": HER_SIDE | READERS,
        "GET /api/v1/payables/{payable_id}": HER_SIDE | READERS,
        "POST /api/v1/elders/{elder_id}/attachments": HER_SIDE | OFFICE,
        "POST /api/v1/elders/{elder_id}/binding-cards": HER_SIDE | OFFICE,
        **dict.fromkeys(("POST /api/v1/elders/{elder_id}/home", "POST /api/v1/elders/{elder_id}/leaving"), OFFICE),
        "POST /api/v1/elders/{elder_id}/needs": HER_SIDE | OFFICE,
        "POST /api/v1/elders/{elder_id}/reveal": HER_SIDE | OFFICE,
        "POST /api/v1/elders/{elder_id}/door-plate": HER_SIDE | OFFICE,
        "DELETE /api/v1/elders/{elder_id}/door-plate": HER_SIDE | OFFICE,
        "POST /api/v1/elders/{elder_id}/visit-attempts": OFFICE,
        "POST /api/v1/elders/{elder_id}/visit-duty/ending": OFFICE,
        "POST /api/v1/payables/{payable_id}/authorisation": HER_SIDE,
        "POST /api/v1/match": HER_SIDE | READERS,
        "POST /api/v1/orders": HER_SIDE | OFFICE,
        # an order: her side, her office, and those who work on it
        "GET /api/v1/orders/{order_id}": HER_SIDE | READERS | ON_THE_JOB,
        "GET /api/v1/orders/{order_id}/timeline": HER_SIDE | READERS | ON_THE_JOB,
        "GET /api/v1/order-numbers/{number}": HER_SIDE | READERS | ON_THE_JOB,
        "GET /api/v1/orders/{order_id}/free-carers": frozenset({"dispatcher"}),
        "POST /api/v1/orders/{order_id}/cancellation": HER_SIDE | OFFICE,
        "POST /api/v1/orders/{order_id}/confirmation": HER_SIDE | OFFICE,
        "POST /api/v1/orders/{order_id}/rating": HER_SIDE | OFFICE,
        "POST /api/v1/orders/{order_id}/assignment": frozenset({"dispatcher"}),
        "PUT /api/v1/orders/{order_id}/assignment": frozenset({"dispatcher"}),
        "POST /api/v1/offers/{offer_id}/acceptance": frozenset({"dispatcher"}),
        "POST /api/v1/offers/{offer_id}/refusal": frozenset({"dispatcher"}),
        "GET /api/v1/providers/{provider_id}/offers": frozenset({"dispatcher"}),
        "GET /api/v1/providers/{provider_id}/jobs": frozenset({"dispatcher"}),
        "GET /api/v1/providers/{provider_id}/unassigned-orders": frozenset({"dispatcher"}),
        # the door
        "GET /api/v1/visits/{visit_id}": HER_SIDE | READERS | ON_THE_JOB,
        "GET /api/v1/visits/{visit_id}/code": HER_SIDE,
        "POST /api/v1/visits/{visit_id}/check-in": frozenset({"carer"}),
        "POST /api/v1/visits/{visit_id}/check-out": frozenset({"carer"}),
        "POST /api/v1/visits/{visit_id}/check-in-for": OFFICE | {"dispatcher"},
        "POST /api/v1/visits/{visit_id}/check-out-for": OFFICE | {"dispatcher"},
        # volunteers
        "POST /api/v1/needs/{need_id}/taking": frozenset({"volunteer"}),
        "POST /api/v1/needs/{need_id}/release": frozenset({"volunteer"}),
        "POST /api/v1/needs/{need_id}/cancellation": HER_SIDE | OFFICE,
        "POST /api/v1/volunteer-sessions/{session_id}/confirmation": NOBODY,
        "POST /api/v1/volunteer-sessions/{session_id}/dispute": NOBODY,
        "POST /api/v1/volunteer-sessions/{session_id}/correction": NOBODY,
        "GET /api/v1/volunteers/{person_id}/statement": frozenset({"volunteer"}) | (READERS - {"operator"}),
        "POST /api/v1/volunteers/{person_id}/training": frozenset({"officer", "advisor"}),
        **MAY_OF_HOURS,
        # the office
        "POST /api/v1/elders": OFFICE,
        "GET /api/v1/beds/homes": READERS | {"other_officer"},
        "GET /api/v1/beds/homes/{facility_id}": READERS | {"other_officer"},
        "GET /api/v1/beds/nursing-ratio": READERS | {"other_officer"},
        "GET /api/v1/beds/nursing-ratio/beds": READERS | {"other_officer"},
        "GET /api/v1/beds/nursing-ratio/trend": READERS | {"other_officer"},
        "POST /api/v1/beds/{bed_id}/stays": frozenset({"officer"}),
        **{f"GET /api/v1/indicators{end}": READERS | {"other_officer"} for end in ("", *INDICATORS)},
        **dict.fromkeys(
            [f"GET /api/v1/desk{end}" for end in ("", "/administrative-coverage")], READERS | {"other_officer"}
        ),
        "GET /api/v1/coverage": READERS | {"other_officer"},
        "GET /api/v1/coverage/elders": READERS | {"other_officer"},
        "GET /api/v1/coverage/areas": READERS | {"other_officer"},
        "GET /api/v1/coverage/administrative": READERS | {"other_officer"},
        "GET /api/v1/coverage/trend": READERS | {"other_officer"},
        "GET /api/v1/coverage/access": READERS | {"other_officer"},
        "GET /api/v1/open/coverage": EVERYBODY,
        "GET /api/v1/open/coverage.csv": EVERYBODY,
        "GET /api/v1/desk/escalations": READERS | {"other_officer"},
        "GET /api/v1/desk/uncovered": READERS | {"other_officer"},
        "GET /api/v1/gaps": READERS | {"other_officer"},
        # an office's drawings beside the register: its own, and what was shared in the area; the owner alone changes them
        "GET /api/v1/siting-runs": READERS | {"other_officer"},
        "POST /api/v1/siting-runs": frozenset({"officer", "other_officer"}),
        "GET /api/v1/siting-runs/{siting_run_id}": frozenset({"officer"}),
        "GET /api/v1/scenarios": READERS | {"other_officer"},
        "POST /api/v1/scenarios": frozenset({"officer", "other_officer"}),
        "GET /api/v1/scenarios/{scenario_id}": READERS,
        "GET /api/v1/scenarios/{scenario_id}/comparison": READERS,
        "GET /api/v1/scenarios/{scenario_id}/export.geojson": READERS,
        "PATCH /api/v1/scenarios/{scenario_id}": frozenset({"officer"}),
        "POST /api/v1/scenarios/{scenario_id}/steps": frozenset({"officer"}),
        "POST /api/v1/scenarios/{scenario_id}/undo": frozenset({"officer"}),
        "GET /api/v1/visit-duties/compliance": READERS | {"other_officer"},
        "GET /api/v1/visit-duties/not-yet-visited": READERS | {"other_officer"},
        "GET /api/v1/messages/not-reached": OFFICE | {"other_officer"},
        "GET /api/v1/messages/{message_id}/deliveries": frozenset({"daughter"}) | READERS,
        "POST /api/v1/messages/{message_id}/read": frozenset({"daughter"}),
        "POST /api/v1/messages/{message_id}/told": OFFICE,
        "POST /api/v1/escalations/{escalation_id}/closing": OFFICE,
        # the streets: every office reads; officers and the administrator open and bar
        "GET /api/v1/network": STREETS,
        "GET /api/v1/network/confidence": STREETS,
        "GET /api/v1/network/gates": STREETS,
        "POST /api/v1/network/gates": frozenset({"officer", "other_officer", "administrator"}),
        "DELETE /api/v1/network/gates/{gate_id}": frozenset({"officer", "administrator"}),
        **dict.fromkeys([f"POST /api/v1/facilities/{{facility_id}}/changes{end}" for end in ("", "/effect")], KEEPERS),
        "POST /api/v1/roles": frozenset({"administrator"}),
        "POST /api/v1/proxies/{proxy_id}/confirm": ROOM_OF_SUN,
        "POST /api/v1/proxies/{proxy_id}/revoke": ROOM_OF_SUN | {"other_carer"},
        "DELETE /api/v1/sessions/{session_id}": frozenset({"wang"}),
        # lists taken in: the office whose area it is, the administrator but for elders; the auditor looks on
        "GET /api/v1/imports": frozenset({"officer", "other_officer", "auditor", "administrator"}),
        "GET /api/v1/imports/{run_id}": frozenset({"officer", "auditor", "administrator"}),
        "POST /api/v1/imports": frozenset({"officer", "other_officer", "administrator"}),
        "PUT /api/v1/imports/{run_id}/columns": frozenset({"officer", "administrator"}),
        "POST /api/v1/imports/{run_id}/taking": KEEPERS,
        "DELETE /api/v1/imports/{run_id}": frozenset({"officer", "administrator"}),
        "GET /api/v1/import-rows": frozenset({"officer", "other_officer", "auditor", "administrator"}),
        "GET /api/v1/import-rows/{row_id}": frozenset({"officer", "auditor", "administrator"}),
        "PUT /api/v1/import-rows/{row_id}": frozenset({"officer", "administrator"}),
        "PUT /api/v1/import-rows/{row_id}/place": frozenset({"officer", "administrator"}),
        "DELETE /api/v1/import-rows/{row_id}": frozenset({"officer", "administrator"}),
        # one's own
        "GET /api/v1/me": REGISTERED,
        "GET /api/v1/me/jobs": REGISTERED,
        "GET /api/v1/sessions": REGISTERED,
        "GET /api/v1/messages": REGISTERED,
        "GET /api/v1/orders": REGISTERED,
        "GET /api/v1/unmet-needs": REGISTERED,
        "GET /api/v1/needs": REGISTERED,
        "GET /api/v1/needs/mine": REGISTERED,
        "GET /api/v1/visits/today": REGISTERED,
        "GET /api/v1/visit-tasks/mine": REGISTERED,
        "GET /api/v1/escalations/mine": REGISTERED,
    }
)
# answered by other rules: before sign-in, by a machine's secret, or about a wish that fits nobody here
BY_OTHER_RULES = {
    "POST /api/v1/sign-in/codes", "POST /api/v1/sign-in", "POST /api/v1/sign-in/card",
    "POST /api/v1/payments/stripe/webhook", "POST /api/v1/messages/sms/reports",
    "POST /api/v1/proxies", "POST /api/v1/volunteers", "POST /api/v1/phone-calls",
}  # fmt: skip
ONCE = {
    "DELETE /api/v1/network/gates/{gate_id}",
    "POST /api/v1/elders/{elder_id}/visit-duty/ending",
    "DELETE /api/v1/elders/{elder_id}/door-plate",
}
"""Done by the first who may; the others of them find it gone."""
REFUSED = {401, 403, 404}


def endpoints(app: Any) -> list[tuple[str, str]]:
    """Give every (method, path) of the documented API: reads first, so that they see the world as it was made."""
    found = [
        (verb.upper(), path) for path, verbs in app.openapi()["paths"].items() if WALK.search(path) for verb in verbs
    ]
    return sorted(found, key=lambda one: (one[0] != "GET", one[0] == "DELETE", one[1], one[0]))


def test_every_endpoint_serves_whom_it_should_and_nobody_else(world: World) -> None:
    from api.app import create_app

    app = create_app()
    wrong: list[str] = []
    with TestClient(app, raise_server_exceptions=False) as client:
        for method, path in endpoints(app):
            name = f"{method} {path}"
            if name in BY_OTHER_RULES:
                continue
            if name not in MAY:
                wrong.append(f"{name}: no case; say in MAY who is served")
                continue
            for who in (*MEMBERS, ANONYMOUS):
                answer = call(client, world, who, method, path)
                refused = answer.status_code in REFUSED
                if name in ONCE and who in MAY[name] and answer.status_code == 404:
                    refused = False
                if answer.status_code >= 500 or refused == (who in MAY[name]):
                    wrong.append(f"{name} by {who}: {answer.status_code} {answer.text[:160]}")
                if who in ("outsider", ANONYMOUS) and any(secret in answer.text for secret in SECRETS):
                    wrong.append(f"{name} by {who}: tells what it must not: {answer.text[:160]}")
    assert not wrong, "\n".join(wrong)


def test_no_answer_to_another_streets_officer_names_our_elders(world: World) -> None:
    from api.app import create_app

    app = create_app()
    with TestClient(app, raise_server_exceptions=False) as client:
        for method, path in endpoints(app):
            if method == "GET":
                for who in ("other_officer", "other_dispatcher", "administrator"):
                    text = call(client, world, who, method, path).text
                    assert not any(secret in text for secret in SECRETS), f"{method} {path} by {who}: {text[:200]}"


def test_before_sign_in_nothing_is_told_about_who_is_registered(world: World) -> None:
    from api.app import create_app

    with TestClient(create_app(), raise_server_exceptions=False) as client:
        known = client.post("/api/v1/sign-in/codes", json={"phone": "19900000001"})
        unknown = client.post("/api/v1/sign-in/codes", json={"phone": "19900000777"})
        assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
        wrong = client.post("/api/v1/sign-in", json={"phone": "19900000001", "code": "000000"})
        also = client.post("/api/v1/sign-in", json={"phone": "19900000777", "code": "000000"})
        assert wrong.status_code == also.status_code == 401
        assert client.post("/api/v1/messages/sms/reports", json={}).status_code in {401, 403, 422, 503}
        assert client.post("/api/v1/payments/stripe/webhook", content=b"{}").status_code in {400, 401, 403, 422, 503}
