"""The words of one message: what an elder, her daughter or a dispatcher reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    """A sentence with named facts: `{elder}`, `{provider}`, `{service}`, `{starts_at}`, `{amount}`, ...

    `title` has at most 20 characters (the limit of a WeChat subscribe message). `waits_for_morning` keeps
    SMS and WeChat silent between 21:00 and 7:00 Shanghai time; the inbox shows the message at once. `rings`: where no
    text can be carried, a voice call reads it out before a person is asked.
    """

    title: str
    text: str
    waits_for_morning: bool = False
    rings: bool = False

    def __post_init__(self) -> None:
        if not 0 < len(self.title) <= 20:
            raise ValueError(f"title of 1 to 20 characters: {self.title!r}")

    def render(self, facts: Mapping[str, str]) -> str:
        """Give the text with its facts filled in; raises KeyError naming a fact that is missing."""
        return self.text.format_map(facts)
