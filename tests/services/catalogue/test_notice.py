"""Until when a meal, a bath or a visit can be ordered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.catalogue.rules import latest_order_moment, lies_in


def test_lunch_is_ordered_by_half_past_nine_of_its_day_and_a_bath_two_hours_ahead() -> None:
    noon = datetime(2026, 11, 26, 4, tzinfo=UTC)  # 12:00 in Shanghai
    assert latest_order_moment(noon, 60, 0, 570) == datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
    assert latest_order_moment(noon, 120) == datetime(2026, 11, 26, 2, tzinfo=UTC)
    assert latest_order_moment(noon, 6 * 60, 0, 570) == datetime(2026, 11, 25, 22, tzinfo=UTC)


def test_the_cut_off_is_the_civil_days_even_when_it_is_still_yesterday_in_utc() -> None:
    early = datetime(2026, 11, 25, 23, tzinfo=UTC)  # 7:00 on the 26th in Shanghai
    assert latest_order_moment(early, 0, 1, 1080) == datetime(2026, 11, 25, 10, tzinfo=UTC)
    with pytest.raises(ValueError):
        latest_order_moment(datetime(2026, 1, 1), 0)


def test_no_areas_named_is_everywhere_and_a_street_is_all_that_lies_in_it() -> None:
    assert lies_in(320102003902901, [])
    assert lies_in(320102003902901, [320102003000000]) and not lies_in(320102002000000, [320102003000000])
    assert lies_in(320102003902901, [320100000000000]) and lies_in(320102003902901, [320102003902901])
