"""What the services say in Chinese is said in English on an English page: a sentence, its parts, and every constant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.pages.house_words import said
from api.pages.languages import current_language
from api.pages.problems import TITLES
from api.pages.roles import ROLE_WORDS
from services.matching.actions import DECLINE_REASONS
from services.orders.rules import CANCEL_REASONS
from services.orders.timeline import _WORDS
from services.visits.escalations import RESOLUTIONS


@pytest.fixture
def english() -> Iterator[None]:
    token = current_language.set("en")
    yield
    current_language.reset(token)


PARTS = {"provider": "A", "reason": "其他原因", "face": "好", "price": "96元", "when": "11月26日09:05", "count": 3}
CONSTANTS = [
    *TITLES.values(), *ROLE_WORDS.values(), *DECLINE_REASONS.values(), *CANCEL_REASONS.values(), *RESOLUTIONS.values(),
    *(words.format(**PARTS) for words, _ in _WORDS.values()),
]  # fmt: skip


@pytest.mark.parametrize("words", CONSTANTS)
def test_no_constant_of_the_house_stays_chinese(english: None, words: str) -> None:
    assert said(words).isascii(), said(words)


def test_the_parts_of_a_sentence_are_said_too_and_names_stay(english: None) -> None:
    assert said("正在请康乐居家养老服务中心接单") == "Asking 康乐居家养老服务中心"
    assert said("已取消：住院了") == "Cancelled: In hospital"
    assert said("太远：步行25分钟（估算），最远20分钟") == "Too far: about 25 min on foot, at most 20 min"
    assert said("价格96元，政府付48元，自付48元") == "Price 96 yuan: government 48 yuan, own part 48 yuan"
    assert said("步行专用道路只占 13%（可信须达 20%）") == "only 13% of the streets are footways (20% needed)"
    assert said("王秀兰") == "王秀兰" and said("") == ""


def test_in_chinese_nothing_is_changed() -> None:
    assert [said(words) for words in CONSTANTS] == CONSTANTS
