"""The first administrator comes by command line; from then on the house gives its own roles."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from services.errors import Conflict
from services.people.queries import actor_of_session
from services.people.sign_in import request_code, sign_in_by_phone, try_code
from services.unit_of_work import NOBODY, unit_of_work


def test_the_first_administrator_signs_in_and_gives_roles_but_sees_no_elder(cast):
    from workers.commands.people import app

    options = ["--phone", "19911112222", "--name", "宋局", "--city", "dongying"]
    made = CliRunner().invoke(app, ["first-administrator", *options])
    assert made.exit_code == 0, made.output
    again = CliRunner().invoke(app, ["first-administrator", *options])
    assert isinstance(again.exception, Conflict)
    with unit_of_work(NOBODY) as work:
        phone, code = request_code(work.session, work.now, "199-1111 2222")
        assert try_code(work.session, work.now, phone, code)
        token = sign_in_by_phone(work.session, work.now, phone, kind="bearer", channel="test").token
    with unit_of_work(NOBODY) as work:
        actor = actor_of_session(work.session, work.now, token, channel="test")
    assert actor is not None and actor.role == "administrator" and actor.area_lo is None
    with unit_of_work(actor) as work:
        assert work.session.connection().exec_driver_sql("SELECT count(*) FROM elder").scalar_one() == 0
    shown = CliRunner().invoke(app, ["grants", "--phone", "19911112222"])
    assert "administrator" in shown.output


@pytest.mark.parametrize("phone", ["123", "abcdefghijk", "2991111222233"])
def test_a_phone_that_is_none_is_refused_with_words(cast, phone):
    from services.people.errors import BadPhone
    from workers.commands.people import app

    refused = CliRunner().invoke(app, ["first-administrator", "--phone", phone, "--name", "宋局", "--city", "dongying"])
    assert isinstance(refused.exception, BadPhone)
