"""From served to credited minutes, whatever a city's policy."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.volunteering.rules import credit_of, shows_too_much


@dataclass(frozen=True)
class Policy:
    rounding: str = "exact"
    rounding_minutes: int = 1
    minimum_session_minutes: int = 30
    daily_cap_minutes: int = 480


@pytest.mark.parametrize(
    ("policy", "served", "credited"),
    [
        (Policy(), 29, 0),
        (Policy(), 30, 30),
        (Policy("down", 30), 59, 30),
        (Policy("down", 60), 59, 0),
        (Policy("nearest", 30), 44, 30),
        (Policy("nearest", 30), 45, 60),
        (Policy(daily_cap_minutes=120), 500, 120),
    ],
)
def test_a_city_rounds_as_it_decided(policy: Policy, served: int, credited: int) -> None:
    assert credit_of(policy, served, 0).credit_minutes == credited


policies = st.builds(
    Policy,
    rounding=st.sampled_from(["exact", "down", "nearest"]),
    rounding_minutes=st.integers(1, 60),
    minimum_session_minutes=st.integers(0, 120),
    daily_cap_minutes=st.integers(1, 1440),
)


@given(policies, st.integers(0, 3000), st.integers(0, 2000))
def test_a_day_is_never_credited_above_its_cap_and_nothing_below_zero(policy: Policy, served: int, before: int) -> None:
    credit = credit_of(policy, served, before)
    assert 0 <= credit.credit_minutes <= max(0, policy.daily_cap_minutes - before)
    assert credit.credit_minutes <= served + policy.rounding_minutes // 2
    assert credit.service_minutes == served
    if policy.rounding != "nearest":
        assert credit.credit_minutes <= served


@pytest.mark.parametrize("title", ["陪王秀兰说话", "电话13900000000", "七栋", "2单元", "5 号楼"])
def test_a_title_with_a_name_number_or_door_shows_too_much(title: str) -> None:
    assert shows_too_much(title, "王秀兰")


@pytest.mark.parametrize("title", ["陪我聊聊天", "读两小时报纸", "一起做手工", "推轮椅去公园"])
def test_a_plain_wish_may_be_shown(title: str) -> None:
    assert not shows_too_much(title, "王秀兰")
