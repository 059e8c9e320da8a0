"""Area codes as prefixes: which street an elder's building lies in is arithmetic, not a join.

A code has 15 digits: GB/T 2260 (province 2, city 2, district 2), street 3, community 3, quarter 3,
padded with zeros on the right. Source: GB/T 2260 and the statistical division codes; quarters (小区)
have no national code and carry the city's own three digits.
"""

from __future__ import annotations

LEVELS = ("province", "city", "district", "street", "community", "quarter")
LEVEL_NAMES_ZH = {
    "province": "省级",
    "city": "地级",
    "district": "县级",
    "street": "街道（乡镇）",
    "community": "社区（村）",
    "quarter": "小区",
}
_TRAILING_DIGITS = {"province": 13, "city": 11, "district": 9, "street": 6, "community": 3, "quarter": 0}
SETTINGS = {
    "urban": ("街道", "街道办事处", "社区", "居委会", "居民委员会", "小区"),
    "rural": ("镇", "乡", "苏木", "村", "嘎查", "村委会", "村民委员会", "组"),
}
_LOWEST_CODE = 11 * 10**13
_HIGHEST_CODE = 10**15 - 1
_WRITTEN_LENGTHS = (2, 4, 6, 9, 12, 15)


def area_level(code: int) -> str:
    """Tell whether a 15-digit area code names a province, city, district, street, community or quarter.

    Raises ValueError when the code is not of 15 digits beginning at 11 (Beijing).
    """
    if not _LOWEST_CODE <= code <= _HIGHEST_CODE:
        raise ValueError(f"area code must have 15 digits: {code}")
    for level in LEVELS:
        if code % 10 ** _TRAILING_DIGITS[level] == 0:
            return level
    raise AssertionError("every code is at least a quarter")


def area_range(code: int) -> tuple[int, int]:
    """Give the first and the last code inside an area, both included: one grant is one range."""
    return code, code + 10 ** _TRAILING_DIGITS[area_level(code)] - 1


def area_contains(outer_code: int, inner_code: int) -> bool:
    """Tell whether one area lies in another (an area lies in itself)."""
    first, last = area_range(outer_code)
    return first <= inner_code <= last


def ancestor_code(code: int, level: str) -> int:
    """Give the code of the street, district, ... in which an area lies.

    Raises ValueError when `level` is below the area's own level.
    """
    if LEVELS.index(level) > LEVELS.index(area_level(code)):
        raise ValueError(f"{code} is a {area_level(code)} and has no {level} above it")
    size: int = 10 ** _TRAILING_DIGITS[level]
    return code // size * size


def parent_code(code: int) -> int | None:
    """Give the next area above, skipping levels whose digits are zero; None above a province."""
    place = LEVELS.index(area_level(code))
    for level in reversed(LEVELS[:place]):
        above = ancestor_code(code, level)
        if above != code:
            return above
    return None


def area_setting(name: str) -> str:
    """Tell by an area's name whether it is "urban" (街道, 社区), "rural" (镇, 乡, 苏木, 村, 嘎查, 组), or "other".

    The plans promise something else to 街道 than to 乡镇; development zones, farms and companies with a street's
    code are neither.
    """
    for setting, endings in SETTINGS.items():
        if name.strip().endswith(endings):
            return setting
    return "other"


def written_code(digits: str) -> int:
    """Read a code as people write it (370502, 320102002, 320102002001) into 15 digits.

    Raises ValueError for anything but 2, 4, 6, 9, 12 or 15 digits.
    """
    text = digits.strip()
    if len(text) not in _WRITTEN_LENGTHS or not text.isascii() or not text.isdigit():
        raise ValueError(f"区划代码须为2、4、6、9、12或15位数字 (2, 4, 6, 9, 12 or 15 digits): {digits!r}")
    code = int(text.ljust(15, "0"))
    area_level(code)
    return code


def short_code(code: int) -> str:
    """Write a code as people do, without the padding: 320102002000000 becomes 320102002."""
    text = str(code)
    keep = {"province": 6, "city": 6, "district": 6, "street": 9, "community": 12, "quarter": 15}
    return text[: keep[area_level(code)]]
