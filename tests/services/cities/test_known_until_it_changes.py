"""What a process keeps of rules and catalogue is true to the moment somebody changes them, in whatever process."""

from __future__ import annotations

import pytest
from sqlalchemy import event, text
from yl_quarter import Quarter

from services.catalogue.errors import UnknownService
from services.catalogue.queries import service_by_code
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.unit_of_work import SYSTEM, engine, unit_of_work

HOME = 320102003904901


def test_the_second_reading_asks_for_the_stamp_only(quarter: Quarter) -> None:
    statements: list[str] = []
    with unit_of_work(SYSTEM, login="jobs") as work:
        first = rules_in_force(work.session, HOME, civil_date(work.now))
        event.listen(engine("jobs"), "before_cursor_execute", lambda *given: statements.append(given[2]))
        assert rules_in_force(work.session, HOME, civil_date(work.now)) is first
    assert [one for one in statements if "rules_stamp" not in one] == []


def test_a_change_is_known_at_once_and_what_was_rolled_back_is_not(quarter: Quarter) -> None:
    def price() -> int:
        with unit_of_work(SYSTEM, login="jobs") as work:
            return service_by_code(work.session, "home_bath", civil_date(work.now)).guide_price_fen

    assert price() == 12000
    with quarter.database.session("setup") as session:
        session.connection().execute(text("UPDATE service_item SET guide_price_fen = 1 WHERE code = 'home_bath'"))
        on = civil_date(quarter.thursday(9))
        assert service_by_code(session, "home_bath", on).guide_price_fen == 1, "its own change, before it commits"
        assert price() == 12000, "nobody else's yet"
        session.rollback()
    assert price() == 12000
    quarter.change("UPDATE service_item SET guide_price_fen = 13000 WHERE code = 'home_bath'")
    assert price() == 13000
    quarter.change("UPDATE service_item SET valid_to = '2022-01-01' WHERE code = 'home_bath'")
    with pytest.raises(UnknownService):
        price()


def test_every_table_that_is_kept_changes_the_stamp(quarter: Quarter) -> None:
    for change in (
        "UPDATE city SET name_en = name_en",
        "DELETE FROM rules_adoption WHERE city_code = 1",
        "UPDATE service_item SET name_en = name_en",
        "DELETE FROM service_standard WHERE id = 0",
    ):
        before = quarter.one("SELECT stamp FROM rules_stamp")
        quarter.change(change)
        assert quarter.one("SELECT stamp FROM rules_stamp") != before, change


def test_no_login_may_change_the_stamp_itself(quarter: Quarter) -> None:
    for login in ("app", "jobs"):
        with quarter.database.connect(login) as connection:
            allowed = connection.execute("SELECT has_table_privilege('rules_stamp', 'UPDATE')").fetchone()
            assert allowed == (False,)
