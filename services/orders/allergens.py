"""What a meal may contain that an elder must not eat: codes for programs, words for people."""

from __future__ import annotations

from collections.abc import Collection

ALLERGENS: dict[str, str] = {
    "peanut": "花生",
    "nuts": "坚果",
    "milk": "牛奶",
    "egg": "鸡蛋",
    "fish": "鱼",
    "shellfish": "虾蟹贝",
    "soy": "大豆",
    "wheat": "小麦",
    "sesame": "芝麻",
    "pork": "猪肉",
    "beef": "牛羊肉",
    "sugar": "糖",
}
"""Allergens and what some elders do not eat for faith or sugar; the order is that of the page."""


def in_words(codes: Collection[str]) -> str:
    """Name allergens for people, in the page's order: 花生、虾蟹贝."""
    return "、".join(word for code, word in ALLERGENS.items() if code in codes)


def must_avoid(contains: Collection[str], avoids: Collection[str]) -> list[str]:
    """Give the codes of a dish that an elder must not eat, in the page's order."""
    return [code for code in ALLERGENS if code in contains and code in avoids]
