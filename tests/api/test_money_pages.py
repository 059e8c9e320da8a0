"""The pages of money: an officer acts, an auditor reads, a provider sees its own months, nobody else sees anything."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from yl_page_walk import cookies_of
from yl_walk import HTML, World

OFFICE_PAGES = ("/officer/money", "/officer/money.csv", "/officer/prepaid")


@pytest.fixture(scope="module")
def site(world: World) -> Any:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def page(site: Any, world: World, who: str, path: str) -> Any:
    return site.get(path, headers={**HTML, **cookies_of(world, who)})


def post(site: Any, world: World, who: str, path: str, **form: str) -> Any:
    """Send a form as its page would, with the page's own token."""
    headers = {**HTML, **cookies_of(world, who)}
    opened = site.get("/me", headers=headers)  # which always has a form
    token = re.search(r'name="csrf" value="([^"]+)"|name="([a-z_]*csrf[a-z_]*)" value="([^"]+)"', opened.text)
    assert token is not None, "the page has no form"
    name, value = ("csrf", token[1]) if token[1] else (token[2], token[3])
    return site.post(path, data={name: value, **form}, headers=headers)


def test_the_office_reads_the_books_and_a_provider_its_own_months(world: World, site: Any) -> None:
    month, line = world.ids["settlement"], world.ids["line"]
    paths = [*OFFICE_PAGES, f"/officer/money/months/{month}", f"/officer/money/lines/{line}"]
    for who in ("officer", "auditor"):
        for path in paths:
            answer = page(site, world, who, path)
            assert answer.status_code == 200, (who, path, answer.text[-500:])
    told = page(site, world, "officer", f"/officer/money/lines/{line}").text
    assert "2081006-01" in told and "居家上门服务补贴" in told
    for path in ("/provider/money", f"/provider/money/months/{month}"):
        assert page(site, world, "dispatcher", path).status_code == 200, path
    assert page(site, world, "other_dispatcher", f"/provider/money/months/{month}").status_code == 404
    assert page(site, world, "other_officer", f"/officer/money/months/{month}").status_code == 404
    for who in ("daughter", "carer", "volunteer", "outsider"):
        for path in paths:
            assert page(site, world, who, path).status_code in (403, 404), (who, path)


def test_a_difference_is_explained_and_a_line_corrected_on_the_page(world: World, site: Any) -> None:
    difference, line = world.ids["difference"], world.ids["line"]
    empty = post(site, world, "officer", f"/officer/money/{difference}/explain", explanation=" ")
    assert empty.status_code == 422 and "请写明差异的原因" in empty.text
    done = post(site, world, "officer", f"/officer/money/{difference}/explain", explanation="对方晚了一天入账")
    assert done.status_code == 303
    assert "对方晚了一天入账" in page(site, world, "auditor", "/officer/money").text
    assert "对方晚了一天入账" in page(site, world, "auditor", "/officer/money.csv").text
    early = post(site, world, "officer", f"/officer/money/months/{world.ids['settlement']}/close")
    assert early.status_code == 409 and "还没有过完" in early.text
    assert post(site, world, "officer", f"/officer/money/lines/{line}/correct", reason="核实有误").status_code == 303
    assert "核实有误" in page(site, world, "officer", f"/officer/money/lines/{line}").text
    again = post(site, world, "officer", f"/officer/money/lines/{line}/correct", reason="核实有误")
    assert again.status_code == 409
