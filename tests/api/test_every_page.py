"""Every page, walked by the whole cast: nothing breaks, nobody reads what is not hers, no other site can post."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from yl_page_walk import WALK, cookies_of, fill, pages
from yl_walk import ANONYMOUS, HTML, MEMBERS, World

WHERE_PEOPLE_GO = (
    "/", "/card", "/carer", "/credit", "/desk", "/dev", "/door", "/elder", "/family", "/inspections", "/institutions", "/kit", "/me", "/open-data", "/officer", "/pay", "/provider", "/services",
    "/sign-in", "/sign-out", "/site", "/verify", "/view", "/visits", "/volunteer",
)  # fmt: skip
"""The first step of every page; a page elsewhere needs a look at who may see it, and then a line here."""
OF_WANG = ("王秀兰", "杨将军巷", "19900000001", "320102194804120028")
OF_SUN = ("孙德福", "如意里74号", "19900000003")
WITHOUT_A_REASON = ("other_officer", "administrator", "other_dispatcher", "outsider", ANONYMOUS)
BEFORE_SIGN_IN = {"/sign-in", "/sign-in/code"}
THROUGH_BROKEN_GLASS = ("other_officer", "/officer/glass/{glass_id:int}")
"""She opened 王奶奶's record in an emergency (yl_audit_walk.py), so this one page shows it to her."""
DEVELOPMENT = ("/kit", "/dev")
"""Pages of the demonstration only: invented examples, and the fake carriers' parcels."""


@pytest.fixture(scope="module")
def site(world: World) -> Any:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def test_every_page_stands_where_somebody_looked(world: World) -> None:
    firsts = {"/" + path.split("/")[1] for _, path in pages()}
    assert firsts <= set(WHERE_PEOPLE_GO)


def test_nobody_reads_on_a_page_what_is_not_hers_and_no_page_breaks(world: World, site: Any) -> None:
    wrong: list[str] = []
    served: set[str] = set()
    for method, path in pages():
        if method != "GET":
            continue
        for who in (*MEMBERS, ANONYMOUS):
            answer = site.get(fill(path, world), headers={**HTML, **cookies_of(world, who)})
            if answer.status_code >= 500:
                wrong.append(f"{path} by {who}: {answer.status_code}")
            if answer.status_code == 200:
                served.add(path)
                if "</html>" in answer.text and "演示数据：人物虚构" not in answer.text:
                    wrong.append(f"{path} does not say to {who} that its people are invented")
            if (
                path.startswith(DEVELOPMENT) or path == "/" or (who, path) == THROUGH_BROKEN_GLASS
            ):  # "/": whom one may play
                continue
            secrets = OF_WANG + OF_SUN if who in WITHOUT_A_REASON else OF_WANG if who == "sun" else ()
            wrong += [f"{path} tells {who} {secret}" for secret in secrets if secret in answer.text]
    assert not wrong, "\n".join(wrong)
    assert len(served) > 45 or WALK.pattern, f"only {len(served)} pages were served to anybody"


def test_a_form_of_another_site_changes_nothing(world: World, site: Any) -> None:
    wrong = []
    for method, path in pages():
        if method != "POST" or path in BEFORE_SIGN_IN:
            continue
        for who in ("daughter", "officer", "dispatcher", "carer", "volunteer"):
            answer = site.post(fill(path, world), data={"x": "1"}, headers={**HTML, **cookies_of(world, who)})
            if answer.status_code != 403:
                wrong.append(f"{path} by {who}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_the_pages_of_the_demonstration_are_not_there_in_earnest(monkeypatch: Any) -> None:
    from api.app import DEVELOPMENT_ONLY, routers
    from services.settings import settings

    monkeypatch.setenv("YINLING_DEMONSTRATION", "0")
    settings.cache_clear()
    try:
        paths = {route.path for router in routers() for route in router.routes}
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert DEVELOPMENT_ONLY and not [path for path in paths if path.startswith(DEVELOPMENT)]
