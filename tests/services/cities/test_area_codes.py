"""Area codes are prefixes: a grant over an area is one range, and the range holds exactly what lies inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cities.rules import (
    LEVELS,
    ancestor_code,
    area_contains,
    area_level,
    area_range,
    parent_code,
    short_code,
    written_code,
)

DIGITS = {"province": 2, "city": 4, "district": 6, "street": 9, "community": 12, "quarter": 15}


@st.composite
def codes(draw: st.DrawFn) -> int:
    """Any code from Beijing's on, cut at any level."""
    level = draw(st.sampled_from(LEVELS))
    parts = [draw(st.integers(11, 82)), *(draw(st.integers(0, 99)) for _ in range(2))]
    tail = [draw(st.integers(0, 999)) for _ in range(3)]
    whole = "".join(f"{part:02d}" for part in parts) + "".join(f"{part:03d}" for part in tail)
    return int(whole[: DIGITS[level]].ljust(15, "0"))


@given(codes())
def test_a_range_begins_with_the_area_itself_and_has_the_size_of_its_level(code: int) -> None:
    first, last = area_range(code)
    assert first == code
    assert last - first + 1 == 10 ** (15 - DIGITS[area_level(code)])


@given(codes(), codes())
def test_an_area_lies_in_another_exactly_when_its_digits_begin_with_the_others(outer: int, inner: int) -> None:
    prefix = str(outer)[: DIGITS[area_level(outer)]]
    assert area_contains(outer, inner) == str(inner).startswith(prefix)


@given(codes())
def test_every_ancestor_contains_the_area(code: int) -> None:
    place = LEVELS.index(area_level(code))
    for level in LEVELS[: place + 1]:
        assert area_contains(ancestor_code(code, level), code)


@given(codes())
def test_climbing_by_parents_ends_at_the_province(code: int) -> None:
    seen = code
    for _ in LEVELS:
        above = parent_code(seen)
        if above is None:
            break
        assert above < seen and area_contains(above, seen)
        seen = above
    assert area_level(seen) == "province"


@given(codes())
def test_a_code_written_short_reads_back_the_same(code: int) -> None:
    assert written_code(short_code(code)) == code


@pytest.mark.parametrize("text", ["", "3201020", "32010a", "09", "３７０５００", "-37050"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        written_code(text)


def test_a_street_has_no_community_above_it() -> None:
    with pytest.raises(ValueError):
        ancestor_code(320102003_000_000, "community")
