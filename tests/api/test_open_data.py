"""Open data: what anybody may take away, with licence and day, and with nobody to be found in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.oversight.open_sums import open_sums, publish_open_sums
from services.unit_of_work import SYSTEM

CITY, STREET = 320100000000000, 320102003000000
OCTOBER = date(2026, 10, 1)


@pytest.fixture(scope="module")
def shop(request: pytest.FixtureRequest, cast_template: str) -> Iterator[Any]:
    """The cast, counted since September, with its October published; and a client of nobody."""
    import yl_databases as databases
    from yl_cast import TestCast
    from yl_people import find_cast

    from api.app import create_app
    from services.oversight.counting import count_city
    from services.settings import settings
    from services.unit_of_work import unit_of_work

    patch = pytest.MonkeyPatch()
    patch.setenv("YINLING_DEMONSTRATION", "1")
    settings.cache_clear()
    for database in databases._lend(request, cast_template):
        with unit_of_work(SYSTEM, login="jobs") as work:
            found = find_cast(work.session)
        cast = TestCast(database=database, people=found.people, providers=found.providers)
        with cast.work("house") as work:
            count_city(work.session, work.now, CITY)
        with cast.database.session("setup") as session, session.begin():
            for statement in (
                "UPDATE counted_measure SET counted_from = '2026-09-01'",
                "UPDATE measure_count SET day = '2026-09-30'",
            ):
                session.connection().execute(text(statement))
        with cast.work("house") as work:
            assert publish_open_sums(work.session, work.now, SYSTEM, CITY, OCTOBER) is not None
        with TestClient(create_app()) as client:
            yield cast, client
    patch.undo()
    settings.cache_clear()


def table(client: TestClient, path: str, **asked: Any) -> list[dict[str, str]]:
    answer = client.get(f"/api/v1/open/{path}", params={"city": "320100", **asked})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.mark.mission("SH-27", "SH-39")
def test_the_published_sums_withhold_the_two_elders_of_the_street_and_tell_the_beds(shop: Any) -> None:
    cast, client = shop
    told = client.get("/api/v1/open/indicators", params={"city": "320100"}).json()
    assert (told["month"], told["day"], told["licence"]) == ("2026-10-01", "2026-10-31", "CC BY 4.0")
    personal = {one["code"] for one in told["indicators"] if one["personal"]}
    rows = [row for row in told["rows"] if row["indicator"] in personal]
    few = [row for row in rows if row["indicator"] == "monthly_visit_rate" and row["area_code"] in (CITY, STREET)]
    assert few and all(row["suppressed"] and row["denominator"] is None and row["value"] is None for row in few)
    for row in rows:
        for count in (row["numerator"], row["denominator"]):
            assert count is None or count == 0 or count >= told["smallest_shown"], row
    beds = next(row for row in told["rows"] if row["indicator"] == "nursing_bed_ratio" and row["level"] == "city")
    assert not beds["suppressed"] and beds["denominator"] is not None
    lines = table(client, "indicators.csv", month="2026-10")
    assert len(lines) == len(told["rows"]) and lines[0]["licence"] == "CC BY 4.0" and lines[0]["definition"]
    with cast.work("house") as work:
        assert publish_open_sums(work.session, work.now, SYSTEM, CITY, OCTOBER) is None, "published once"
        assert publish_open_sums(work.session, work.now, SYSTEM, CITY, date(2026, 11, 1)) is None, "not over"
        assert open_sums(work.session, CITY).content_hash == told["content_hash"]


def test_what_is_counted_over_a_year_is_not_told_month_by_month(shop: Any) -> None:
    _, client = shop
    told = client.get("/api/v1/open/indicators", params={"city": "320100"}).json()
    assert not [one for one in told["indicators"] if "本年度" in one["definition"]]


@pytest.mark.mission("SH-27")
def test_the_register_is_there_as_csv_and_geojson_with_prices_grades_and_beds(shop: Any) -> None:
    _, client = shop
    sites = table(client, "registers/facilities.csv")
    points = client.get("/api/v1/open/facilities.geojson", params={"city": "320100"}).json()
    assert len(points["features"]) == len(sites) > 0
    lon, lat = points["features"][0]["geometry"]["coordinates"]
    assert 118 < lon < 119 and 31 < lat < 33
    services = table(client, "registers/services.csv")
    assert services and all(float(row["price_yuan"]) >= 0 for row in services)
    assert {"grade", "credit_level"} <= table(client, "registers/providers.csv")[0].keys()
    assert client.get("/api/v1/open/registers/beds.csv", params={"city": "320100"}).status_code == 200
    assert client.get("/api/v1/open/registers/elders.csv", params={"city": "320100"}).status_code == 422


def test_who_has_a_file_already_is_told_so_until_something_changes(shop: Any) -> None:
    cast, client = shop
    asked = {"city": "320100"}
    first = client.get("/api/v1/open/registers/facilities.csv", params=asked)
    assert first.headers["last-modified"].endswith("GMT") and first.headers["x-licence"] == "CC BY 4.0"
    again = client.get(
        "/api/v1/open/registers/facilities.csv", params=asked, headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    with cast.work("house") as work:
        work.session.connection().execute(text("UPDATE facility SET name = '=改名' WHERE code = 'NJD012'"))
    changed = client.get(
        "/api/v1/open/registers/facilities.csv", params=asked, headers={"If-None-Match": first.headers["etag"]}
    )
    assert changed.status_code == 200 and "'=改名" in changed.text, "no spreadsheet takes a name for a formula"


def test_the_catalogue_names_every_table_and_every_address_in_it_answers(shop: Any) -> None:
    _, client = shop
    told = client.get("/api/v1/open/catalogue", params={"city": "320100"}).json()
    assert told["@type"] == "dcat:Catalog" and told["dct:license"].startswith("https://creativecommons.org/")
    names = {one["dct:identifier"] for one in told["dcat:dataset"]}
    assert names == {"facilities", "services", "providers", "beds", "indicators", "coverage"}
    for dataset in told["dcat:dataset"]:
        for form in dataset["dcat:distribution"]:
            if dataset["dct:identifier"] != "coverage":  # nothing is published before circles are computed
                answer = client.get(form["dcat:downloadURL"])
                assert answer.status_code == 200 and answer.headers["content-type"].startswith(form["dcat:mediaType"])
