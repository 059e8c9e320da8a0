"""The directory in HSDS 3.0: every object of it is what the published schemas say, page by page and line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

SCHEMAS = Path(__file__).parent / "data" / "hsds"


def _inlined(told: Any) -> Any:
    """A schema's references to files beside it, as references inside one document."""
    if isinstance(told, dict):
        return {
            key: f"#/$defs/{value.removesuffix('.json')}"
            if key == "$ref" and isinstance(value, str) and value.endswith(".json")
            else _inlined(value)
            for key, value in told.items()
        }
    return [_inlined(one) for one in told] if isinstance(told, list) else told


def schema_of(name: str) -> Any:
    """Give the published schema of an object as a validator, formats too."""
    definitions = {path.stem: _inlined(json.loads(path.read_text("utf-8"))) for path in SCHEMAS.glob("*.json")}
    whole = {"$ref": f"#/$defs/{name}", "$defs": definitions}
    return jsonschema_rs.validator_for(whole, validate_formats=True)


@pytest.fixture(scope="module")
def shop(request: pytest.FixtureRequest, cast_template: str) -> Iterator[Any]:
    import yl_databases as databases
    from yl_cast import TestCast
    from yl_people import find_cast

    from api.app import create_app
    from services.settings import settings
    from services.unit_of_work import SYSTEM, unit_of_work

    patch = pytest.MonkeyPatch()
    patch.setenv("YINLING_DEMONSTRATION", "1")
    settings.cache_clear()
    for database in databases._lend(request, cast_template):
        with unit_of_work(SYSTEM, login="jobs") as work:
            found = find_cast(work.session)
        cast = TestCast(database=database, people=found.people, providers=found.providers)
        with TestClient(create_app()) as client:
            yield cast, client
    patch.undo()
    settings.cache_clear()


def every(client: TestClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Read a list page by page, three a page."""
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        told = client.get(f"/hsds/v3/{path}", params={**asked, "page": page, "per_page": 3}).json()
        assert told["size"] == len(told["contents"]) and told["page_number"] == page
        assert told["first_page"] == (page == 1)
        found += told["contents"]
        if told["last_page"]:
            assert len(found) == told["total_items"] and told["total_pages"] == (page if found else 0)
            return found
        page += 1


@pytest.mark.mission("SH-27", "TZ-42")
@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("organizations", "organization"), ("services", "service"), ("service_at_locations", "service_at_location"),
        ("taxonomies", "taxonomy"), ("taxonomy_terms", "taxonomy_term"),
    ],
)  # fmt: skip
def test_every_object_is_what_the_published_schema_says(shop: Any, path: str, schema: str) -> None:
    _, client = shop
    valid = schema_of(schema)
    full = {} if path.startswith("taxonom") else {"full": "true"}
    listed = every(client, path, **full)
    assert listed and len({one["id"] for one in listed}) == len(listed)
    lines = client.get(f"/hsds/v3/{path}", params={**full, "format": "ndjson"})
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in lines.text.splitlines()] == listed
    for one in listed:
        alone = client.get(f"/hsds/v3/{path}/{one['id']}").json()
        for told in (one, alone):
            wrong = [f"{error.instance_path}: {error.message}" for error in valid.iter_errors(told)]
            assert not wrong, (wrong, told)
    assert client.get(f"/hsds/v3/{path}/00000000-0000-4000-8000-000000000000").status_code == 404


def test_the_schemas_notice_a_wrong_object() -> None:
    valid = schema_of("service")
    assert not valid.is_valid({"id": "x", "name": "n", "status": "active"}), "no UUID"
    assert not valid.is_valid({"id": "0f4b0d2e-1f3c-4d5e-8f60-718293a4b5c6", "name": "n", "status": "open"})
    number = {"id": "0f4b0d2e-1f3c-4d5e-8f60-718293a4b5c6", "number": 5}
    assert not valid.is_valid({"id": number["id"], "name": "n", "status": "active", "phones": [number]}), "a part"


def test_lists_hold_what_the_list_schema_says_and_the_root_names_the_version(shop: Any) -> None:
    _, client = shop
    valid = schema_of("service_list")
    for one in every(client, "services"):
        wrong = [error.message for error in valid.iter_errors(one)]
        assert not wrong, (wrong, one)
    root = client.get("/hsds/v3/").json()
    assert root["version"] == "3.0" and root["openapi_url"].endswith("/api/openapi.json")
    assert client.get("/hsds/v3/services?per_page=501").status_code == 422


def test_a_reader_asks_for_what_changed_since_and_for_one_kind_or_house(shop: Any) -> None:
    cast, client = shop
    services = every(client, "services", full="true")
    newest = max(one["last_modified"] for one in services)
    with cast.work("house") as work:
        line = work.session.connection().execute(text("SELECT min(id) FROM service_line WHERE active")).scalar_one()
        since = (work.now - timedelta(seconds=1)).isoformat()
        work.session.connection().execute(text("UPDATE service_line SET price_fen = 4321 WHERE id = :l"), {"l": line})
    changed = every(client, "services", full="true", modified_after=since)
    assert [one["cost_options"][0]["amount"] for one in changed] == [43.21]
    assert changed[0]["last_modified"] > newest
    small = every(client, "services", modified_after=since, minimal="true")
    assert small == [{"id": changed[0]["id"], "modified_date": changed[0]["last_modified"]}]
    house = changed[0]["organization"]["id"]
    own = every(client, "services", organization_id=house)
    assert 0 < len(own) < len(services) and all(one["organization"]["id"] == house for one in own)
    term = changed[0]["attributes"][0]["taxonomy_term"]
    same = every(client, "services", full="true", taxonomy_term_id=term["id"])
    assert same and all(term["id"] in [each["taxonomy_term_id"] for each in one["attributes"]] for one in same)
    assert every(client, "services", organization_id="nothing") == []
    assert every(client, "services", search=services[0]["name"]) and not every(client, "services", search="%")


def test_what_is_no_longer_offered_stays_with_its_status_and_its_id(shop: Any) -> None:
    cast, client = shop
    before = {one["id"]: one["status"] for one in every(client, "services")}
    with cast.work("house") as work:
        work.session.connection().execute(
            text("UPDATE facility SET status = 'closed', closed_on = '2026-11-20' WHERE code = 'NJD012'")
        )
    after = {one["id"]: one["status"] for one in every(client, "services")}
    assert after.keys() == before.keys()
    assert {after[one] for one in after if after[one] != before[one]} == {"defunct"}
