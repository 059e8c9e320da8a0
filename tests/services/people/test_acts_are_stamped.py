"""Who, for whom, by which right, through which channel: for acts that no order or visit stamps."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from services.acts import own_ground
from services.people import proxies
from services.unit_of_work import COMMAND_LINE, NOBODY, SYSTEM, Actor


def trail(cast: Any, verb: str) -> list[tuple[Any, ...]]:
    with cast.work("house") as work:
        rows = work.session.connection().exec_driver_sql(
            "SELECT actor_id, for_person_id, by_right, channel FROM act WHERE verb = %s ORDER BY id", (verb,)
        )
        return [tuple(row) for row in rows]


def test_reading_a_field_in_clear_names_the_right_and_the_channel(cast):
    from api.app import create_app

    with cast.work("house") as work:
        proxy = work.session.connection().exec_driver_sql(
            "SELECT id FROM proxy WHERE elder_id = %s AND proxy_person_id = %s AND state = 'confirmed'",
            (cast["wang"], cast["daughter"]),
        ).scalar_one()  # fmt: skip
    site = TestClient(create_app())
    for who in ("daughter", "officer"):
        answer = site.post(
            f"/api/v1/elders/{cast['wang']}/reveal",
            json={"field": "phone", "reason": "回访核对"},
            headers={"Authorization": f"Bearer {cast.token(who)}"},
        )
        assert answer.status_code == 200
    assert trail(cast, "read_phone") == [
        (cast["daughter"], cast["wang"], f"proxy:{proxy}", "api"),
        (cast["officer"], cast["wang"], "office:officer", "api"),
    ]
    assert trail(cast, "sign_in") == [
        (cast[who], cast[who], "self", "test") for who in ("daughter", "officer")
    ]  # fmt: skip
    with cast.work("daughter") as work:
        proxies.revoke_proxy(work.session, work.now, work.actor, proxy)
    assert trail(cast, "revoke_proxy") == [(cast["daughter"], cast["wang"], f"proxy:{proxy}", "web")]


def test_what_is_done_at_the_machines_own_keyboard_is_stamped_too(cast):
    from workers import command_line
    from workers.commands import city

    assert CliRunner().invoke(command_line.clock, ["advance", "2h"]).exit_code == 0
    assert CliRunner().invoke(city.app, ["rules", "nanjing_demo", "--from", "dongying"]).exit_code == 0
    for verb in ("advance_clock", "adopt_rules"):
        assert trail(cast, verb) == [(None, None, "house", "command_line")]


def test_the_clock_stays_outside_demonstration_mode(cast, monkeypatch: pytest.MonkeyPatch):
    from services.settings import settings
    from workers import command_line

    monkeypatch.setattr(settings(), "demonstration", False)
    refused = CliRunner().invoke(command_line.clock, ["advance", "2h"])
    assert refused.exit_code == 2 and "demonstration" in refused.output
    assert trail(cast, "advance_clock") == []


@pytest.mark.parametrize(
    ("actor", "elder", "ground"),
    [
        (Actor(5, "elder"), 5, "self"),
        (Actor(5, "officer", area_lo=1, area_hi=2), 9, "office:officer"),
        (Actor(5, "administrator"), 9, "office:administrator"),
        (Actor(5, "dispatcher", provider_id=3), 9, "provider:3"),
        (Actor(5, "volunteer"), 9, "role:volunteer"),
        (SYSTEM, 9, "house"),
        (COMMAND_LINE, None, "house"),
        (NOBODY, None, "nobody"),
    ],
)
def test_an_act_without_a_named_right_stands_on_the_actors_own_role(actor: Actor, elder: int | None, ground: str):
    assert own_ground(actor, elder) == ground
