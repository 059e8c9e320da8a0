"""The menu an elder orders from: only what is in force, with its standard and its lowest price."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from yl_quarter import HOME, Quarter

from services.catalogue.errors import UnknownService
from services.catalogue.queries import menu, service_by_code, services_by_code


def test_the_menu_shows_what_is_in_force_with_standard_and_lowest_price(quarter: Quarter) -> None:
    with quarter.work("wang") as work:
        tiles = {tile.code: tile.lines for tile in menu(work.session, work.now, HOME)}
    assert set(tiles) == {"bathing", "cleaning", "meals", "nursing"}, "volunteers' visits are not ordered"
    (bath,) = tiles["bathing"]
    assert (bath.service.code, bath.from_fen, bath.providers) == ("home_bath", 9000, 3), "foot care has ended"
    assert bath.service.minutes == 90 and bath.service.required_skills == ("bathing", "first_aid")
    (rehab,) = tiles["nursing"]
    assert (rehab.providers, rehab.from_fen) == (0, 18000), "nobody offers it: it stays visible at its guide price"


def test_one_category_alone(quarter: Quarter) -> None:
    with quarter.work("wang") as work:
        assert [tile.code for tile in menu(work.session, work.now, HOME, "meals")] == ["meals"]


def test_a_service_is_found_on_the_days_it_is_in_force(quarter: Quarter) -> None:
    with quarter.work("wang") as work:
        last_day = date(2022, 12, 31)
        assert service_by_code(work.session, "foot_care", last_day).minutes == 60
        for code, on in (
            ("foot_care", last_day + timedelta(days=1)),
            ("home_bath", date(2020, 12, 31)),
            ("x", last_day),
        ):
            with pytest.raises(UnknownService) as caught:
                service_by_code(work.session, code, on)
            assert caught.value.facts == {"service_code": code, "on": on.isoformat()}
        assert services_by_code(work.session, {"foot_care"})["foot_care"].name_zh == "修脚", "old orders keep names"
        assert services_by_code(work.session, set()) == {}


def test_what_another_citys_catalogue_brought_is_on_no_menu_elsewhere_unless_somebody_offers_it(
    quarter: Quarter,
) -> None:
    def offered() -> set[str]:
        with quarter.work("wang") as work:
            return {line.service.code for tile in menu(work.session, work.now, HOME) for line in tile.lines}

    quarter.change("UPDATE service_item SET city_code = 370500000000000 WHERE code IN ('home_rehab', 'home_bath')")
    assert "home_rehab" not in offered() and "home_bath" in offered(), "a bath is offered here, whoever named it first"
