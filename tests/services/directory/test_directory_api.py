"""The public directory over HTTP: nobody signs in to find what is near home."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from geo.coordinates import from_wgs84
from services.directory.tables import Facility, Provider, ServiceLine

LON, LAT = 118.7974, 32.0437
AREA = 320102002001000


@pytest.fixture
def client(database, now):
    from api.errors import add_error_handlers
    from api.routes.directory import router

    with database.session("setup") as session, session.begin():
        for number in range(3):
            provider = Provider(
                code=f"p{number}", name=f"机构{number}", kind="company", area_code=AREA, phone="025-1", created_at=now,
                blocked_at=now if number == 2 else None,
            )  # fmt: skip
            session.add(provider)
            session.flush()
            site = Facility(
                code=f"S{number}", provider_id=provider.id, name=f"服务站{number}", type_code="day_care_centre",
                functions=["meals"], area_code=AREA, address="梅园新村", geom=f"SRID=4326;POINT({LON + number / 1000} {LAT})",
                original_lon=LON, original_lat=LAT, original_crs="wgs84",
            )  # fmt: skip
            session.add(site)
            session.flush()
            session.add(
                ServiceLine(
                    provider_id=provider.id,
                    service_code="home_bath",
                    facility_id=site.id,
                    price_fen=12000,
                    max_travel_seconds=1800,
                    slot_capacity=2,
                    weekdays=["1"],
                )  # fmt: skip
            )
    app = FastAPI()
    add_error_handlers(app)
    app.include_router(router)
    with TestClient(app) as made:
        yield made


def test_sites_come_in_pages_that_end(client):
    seen, after = [], 0
    for _ in range(4):
        page = client.get("/api/v1/facilities", params={"limit": 2, "after_id": after}).json()
        seen += [one["code"] for one in page["facilities"]]
        after = page["after_id"]
        if after is None:
            break
    assert seen == ["S0", "S1", "S2"] and after is None


def test_a_place_read_from_a_chinese_map_finds_the_same_door(client):
    lon, lat = from_wgs84(LON, LAT, "gcj02")
    near = {"lon": lon, "lat": lat, "crs": "gcj02", "within_m": 50}
    (found,) = client.get("/api/v1/facilities", params=near).json()["facilities"]
    assert found["code"] == "S0" and found["distance_m"] == pytest.approx(0, abs=0.1)
    assert (found["lon"], found["lat"], found["crs"]) == (LON, LAT, "wgs84")


@pytest.mark.parametrize(
    "params",
    [
        {"lon": LON, "lat": LAT},
        {"lon": LON, "crs": "wgs84"},
        {"lon": LON, "lat": LAT, "crs": "mars"},
        {"lon": "nan", "lat": LAT, "crs": "wgs84"},
        {"lon": LAT, "lat": LON, "crs": "wgs84"},
        {"lon": LON, "lat": LAT, "crs": "wgs84", "within_m": 1e9},
        {"area_code": 320102},
        {"limit": 0},
        {"type_code": "'; DROP TABLE facility"},
    ],
)
def test_a_place_without_its_system_or_beyond_the_limits_is_a_clear_422(client, params):
    answer = client.get("/api/v1/facilities", params=params)
    assert answer.status_code == 422 and answer.headers["content-type"].startswith("application/problem+json")


def test_geojson_is_lon_lat_and_has_no_phone(client):
    features = client.get("/api/v1/facilities.geojson", params={"area_code": 320102000000000}).json()["features"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [LON, LAT]}
    assert len(features) == 3 and "phone" not in features[0]["properties"]


def test_blocked_providers_are_not_offered_and_details_show_prices_in_fen(client):
    listed = client.get("/api/v1/providers", params={"service_code": "home_bath"}).json()["providers"]
    assert [one["code"] for one in listed] == ["p0", "p1"]
    detail = client.get(f"/api/v1/providers/{listed[1]['id']}").json()
    assert [one["code"] for one in detail["facilities"]] == ["S1"]
    assert detail["services"][0]["price_fen"] == 12000
    near = {"lon": LON + 0.001, "lat": LAT, "crs": "wgs84"}
    assert [one["code"] for one in client.get("/api/v1/providers", params=near).json()["providers"]] == ["p1", "p0"]
    assert client.get("/api/v1/providers/99").status_code == 404
    assert client.get("/api/v1/facilities/99").status_code == 404
