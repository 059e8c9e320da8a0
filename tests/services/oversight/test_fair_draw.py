"""A draw with a seed committed before and shown after: repeatable by hand, deaf to order, hard to bend."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.oversight import fair_draw as fair

SEED = "5f" * 32
VISITS = [f"visit-{number}" for number in range(1, 301)]
names = st.text(alphabet="abcdefgh", min_size=1, max_size=4)


def test_a_person_with_sha256sum_and_sort_draws_the_same_rows() -> None:
    by_hand = sorted(VISITS, key=lambda one: hashlib.sha256(f"{SEED}||康乐|{one}".encode()).hexdigest())[:15]
    assert [one.number for one in fair.draw(SEED, VISITS, 15, stratum="康乐")] == by_hand
    assert fair.commitment(SEED) == hashlib.sha256(SEED.encode()).hexdigest()


def test_the_order_of_the_list_does_not_matter_and_nothing_is_drawn_twice() -> None:
    drawn = fair.draw(SEED, VISITS, 40)
    assert drawn == fair.draw(SEED, reversed(VISITS), 40)
    assert len({one.number for one in drawn}) == 40
    assert [one.place for one in drawn] == list(range(1, 41))
    assert len(fair.draw(SEED, VISITS[:3], 10)) == 3


def test_another_seed_another_list_name_or_a_public_word_draws_others() -> None:
    first = [one.number for one in fair.draw(SEED, VISITS, 20)]
    assert first != [one.number for one in fair.draw("6f" * 32, VISITS, 20)]
    assert first != [one.number for one in fair.draw(SEED, VISITS, 20, stratum="x")]
    assert first != [one.number for one in fair.draw(SEED, VISITS, 20, public_word="0704112233")]


def test_every_row_has_the_same_chance() -> None:
    times = dict.fromkeys(VISITS[:20], 0)
    for number in range(2000):
        for one in fair.draw(f"seed-{number}", times, 5):
            times[one.number] += 1
    spread = sum((seen - 500) ** 2 / 500 for seen in times.values())
    assert spread < 45, "chi-square of 19 degrees passes 45 once in a thousand fair lists"


@given(st.dictionaries(names, st.integers(0, 500), min_size=1, max_size=8), st.integers(0, 900))
def test_strata_get_their_share(sizes: dict[str, int], how_many: int) -> None:
    shares = fair.share_out(sizes, how_many)
    total = sum(sizes.values())
    assert sum(shares.values()) == min(how_many, total)
    assert all(0 <= shares[name] <= sizes[name] for name in sizes)
    filled = [name for name in sizes if sizes[name]]
    if min(how_many, total) >= len(filled):
        assert all(shares[name] >= 1 for name in filled)


def test_a_published_paper_is_checked_by_drawing_it_again() -> None:
    paper = fair.public_record(SEED, {"康乐": VISITS[:100], "安康": VISITS[100:130]}, 13, about={"what": "visits"})
    assert fair.check_record(json.loads(json.dumps(paper))) == []
    assert {one["list"] for one in paper["drawn"]} == {"康乐", "安康"}


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("seed", "00" * 32, "承诺值"),
        ("lists", {"康乐": VISITS[:99]}, "名单指纹"),
        ("how_many", 12, "结果"),
        ("method", "another", "抽取办法"),
        ("lists", {"康乐": ["a", "a"]}, "读不懂"),
    ],
)
def test_a_paper_that_was_bent_is_found(field: str, value: object, found: str) -> None:
    paper = fair.public_record(SEED, {"康乐": VISITS[:100]}, 13)
    assert any(found in line for line in fair.check_record({**paper, field: value}))


def test_a_number_that_could_be_read_two_ways_is_refused() -> None:
    for bad in (["a|b"], ["a\nb"], [""], ["a", "a"]):
        with pytest.raises(ValueError, match="a number"):
            fair.draw(SEED, bad, 1)
