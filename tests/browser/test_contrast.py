"""Every pair of colours of the tokens can be read: ratios are computed from tokens.css itself (WCAG 2.2)."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "web/static/css/tokens.css").read_text(encoding="utf-8")
LIGHT_TEXT, DARK_TEXT = TOKENS.split("@media (prefers-color-scheme: dark)")


def colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6});", css))


LIGHT = colours(LIGHT_TEXT)
DARK = {**LIGHT, **colours(DARK_TEXT)}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# The ratios of the design guide; they may only rise.
PROMISED = [
    (LIGHT, "ink", "paper", 17.4), (LIGHT, "ink2", "wash", 7.6), (LIGHT, "line", "paper", 4.2),
    (LIGHT, "brand", "paper", 6.6), (LIGHT, "on-brand", "brand", 6.6), (LIGHT, "info", "paper", 8.4),
    (LIGHT, "bad", "paper", 6.6), (LIGHT, "warn", "warn-wash", 7.5), (LIGHT, "ok", "ok-wash", 5.9),
    (DARK, "ink", "paper", 14.8), (DARK, "ink2", "wash", 8.0), (DARK, "line", "paper", 4.8),
    (DARK, "brand", "paper", 9.6), (DARK, "on-brand", "brand", 8.5), (DARK, "info", "paper", 9.5),
    (DARK, "bad", "paper", 7.8), (DARK, "warn", "paper", 11.4),
    *((LIGHT, f"series{n}", "paper", 5.0) for n in range(1, 6)),
]  # fmt: skip
# Pairs that the components use besides.
READABLE = [
    ("ink", "wash"), ("ink2", "paper"), ("ink", "ok-wash"), ("ink", "warn-wash"), ("ink", "info-wash"),
    ("ink", "bad-wash"), ("ink2", "ok-wash"), ("ink2", "warn-wash"), ("info", "info-wash"), ("bad", "bad-wash"),
    ("warn", "warn-wash"), ("ok", "ok-wash"), ("info", "wash"), ("info", "bad-wash"), ("info", "warn-wash"),
    ("on-bad", "bad"), ("on-brand", "brand-strong"), ("bad", "wash"), ("brand-strong", "ok-wash"),
]  # fmt: skip


@pytest.mark.parametrize(("theme", "text", "ground", "least"), PROMISED)
def test_a_colour_is_as_readable_as_the_guide_promises(
    theme: dict[str, str], text: str, ground: str, least: float
) -> None:
    assert round(contrast(theme[text], theme[ground]), 1) >= least


@pytest.mark.parametrize(("text", "ground"), READABLE)
def test_a_pair_used_by_a_component_is_readable_by_day_and_by_night(text: str, ground: str) -> None:
    assert contrast(LIGHT[text], LIGHT[ground]) >= 4.5
    assert contrast(DARK[text], DARK[ground]) >= 4.5


def test_sizes_are_in_rem_so_that_they_grow_with_the_letters() -> None:
    for name in ("tokens", "kit", "elder", "phone", "desk"):
        css = (Path(__file__).parents[2] / f"web/static/css/{name}.css").read_text(encoding="utf-8")
        css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
        assert not re.findall(r"font-size:\s*(?!1[23]px)\d+px", css), name
