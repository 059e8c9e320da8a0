"""Finding a written Chinese address on the map offline: by road and number, compound and building, with a confidence.

No outside service is asked: the known places are the city's own compounds and buildings.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.intake.outlines import Outlines
from services.intake.rules import natural_name, plain

PLACED_FROM = 0.85
"""A match at least this sure is taken; the rest waits for somebody who knows the place."""
_FAR_APART_DEGREES = 0.002
_HAN = "零一二三四五六七八九"
_NUMBER = r"(\d+|[零一二三四五六七八九十百]+)"
_ROAD = re.compile(r"([\u4e00-\u9fff]{1,10}?(?:大道|大街|支路|支弄|胡同|路|街|道|巷|径|里弄|弄|里|庵|桥|营|门))(?=\d)")
_NUMBERED = re.compile(rf"{_NUMBER}(?:之\d+|-\d+)?(支弄|弄|号楼|号院|号|幢|栋|座|单元|层|楼|室)")
_HAN_NUMBER = re.compile(r"[零一二三四五六七八九十百]+(?=号|弄|幢|栋|座|单元|室|支弄)")


@dataclass(frozen=True)
class Address:
    """A written address taken apart: road, number on it (号 or 弄), compound, building within it."""

    road: str = ""
    number: int | None = None
    place: str = ""
    building: int | None = None


@dataclass(frozen=True)
class Known:
    """A place the city knows: a compound or a building with its point in WGS-84 and the area it lies in."""

    source: str
    name: str
    lon: float
    lat: float
    area_code: int
    road: str = ""
    number: int | None = None
    building: int | None = None


@dataclass(frozen=True)
class Match:
    """The best known place for an address, and how sure it is (0 to 1)."""

    lon: float
    lat: float
    area_code: int
    confidence: float
    words: str

    def document(self) -> dict[str, object]:
        """Give the match as it is kept with a waiting row."""
        return {
            "lon": round(self.lon, 7),
            "lat": round(self.lat, 7),
            "confidence": self.confidence,
            "words": self.words,
        }


def han_number(text: str) -> int:
    """Read 12, 十二, 二十 or 一百零三 as a number."""
    if text.isdigit():
        return int(text)
    total, digit = 0, 0
    for letter in text:
        if letter in _HAN:
            digit = _HAN.index(letter)
        else:
            total += (digit or 1) * {"十": 10, "百": 100}[letter]
            digit = 0
    return total + digit


def take_apart(address: str, outlines: Outlines) -> Address:
    """Take a Chinese address apart, the city's own area names left out."""
    told = plain(address).replace(" ", "").replace("號", "号").replace("弄堂", "弄")
    told = re.sub(r"[（(].*?[)）]", "", told)
    told = _HAN_NUMBER.sub(lambda found: str(han_number(found.group())), outlines.without_names(told))
    road, number, rest = _road_of(told)
    place = re.split(r"\d", rest.lstrip("、，,-"), maxsplit=1)[0]
    building = None
    for digits, unit in _NUMBERED.findall(rest):
        inner = unit in ("幢", "栋", "座", "号楼") or (unit == "号" and bool(road))
        if inner and building is None:
            building = han_number(digits)
    return Address(road, number, place if len(place) > 1 and place not in ("号", "单元") else "", building)


_ANY_NAME = re.compile(r"([\u4e00-\u9fff]{2,8})(?=\d+(?:号|弄)(?!楼))")
"""网巾市57号: an old lane's name need not end like a road's."""


def _road_of(told: str) -> tuple[str, int | None, str]:
    found = _ROAD.search(told) or _ANY_NAME.search(told)
    if found is None:
        return "", None, told
    numbered = _NUMBERED.match(told, found.end())
    if numbered is None or numbered.group(2) not in ("号", "弄", "支弄", "号院"):
        return "", None, told
    return found.group(1), han_number(numbered.group(1)), told[numbered.end() :]


def likeness(one: str, other: str) -> float:
    """Tell how alike two names are, 0 to 1: the share of letter pairs they have in common (Dice)."""
    left, right = _pairs(one), _pairs(other)
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else float(one == other and bool(one))


def _pairs(name: str) -> set[str]:
    told = natural_name(name)
    return {told[place : place + 2] for place in range(len(told) - 1)}


_SAME_KIND = (("新邨", "新村"), ("小区", ""), ("公寓", "公寓"), ("花苑", "花园"))


def compound_name(name: str) -> str:
    """Give a compound's name without what people add or write in two ways (新邨, 小区)."""
    told = natural_name(name)
    for written, same in _SAME_KIND:
        told = told.replace(written, same)
    return told or natural_name(name)


@dataclass
class AddressBook:
    """All known places of a city, ready to be asked."""

    outlines: Outlines
    places: list[Known] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._roads: dict[str, list[Known]] = defaultdict(list)
        self._names: dict[str, list[Known]] = defaultdict(list)
        self._with_pair: dict[str, set[str]] = defaultdict(set)
        for place in self.places:
            if place.road:
                self._roads[place.road].append(place)
            if place.name:
                self._names[compound_name(place.name)].append(place)
        for name in self._names:
            for pair in _pairs(name):
                self._with_pair[pair].add(name)

    def find(self, address: str, within: int | None = None) -> Match | None:
        """Give the likeliest place of an address, inside an area (15-digit code) when the row names one."""
        asked = take_apart(address, self.outlines)
        if asked.road and asked.road not in self._roads and not asked.place:  # 如意新村5号: a compound and its building
            asked = Address(place=asked.road, building=asked.number)
        scored = [(score, place) for place, score in self._candidates(asked, within) if score > 0]
        if not scored:
            return None
        top = max(score for score, _ in scored)
        best = [place for score, place in scored if score == top]
        first = best[0]
        apart = max(
            max(abs(place.lon - first.lon), abs(place.lat - first.lat)) for place in best
        )  # the same words at two ends of the city are no answer
        lon, lat = sum(place.lon for place in best) / len(best), sum(place.lat for place in best) / len(best)
        if apart > _FAR_APART_DEGREES:
            top, lon, lat = top / 2, first.lon, first.lat
        return Match(lon, lat, first.area_code, round(top, 2), _words(first))

    def _candidates(self, asked: Address, within: int | None) -> Iterable[tuple[Known, float]]:
        for place in self._roads.get(asked.road, []) if asked.road else []:
            yield place, _road_score(asked, place) * _inside(within, place)
        if asked.place:
            for name in self._similar(compound_name(asked.place)):
                for place in self._names[name]:
                    yield place, _name_score(asked, place, name) * _inside(within, place)

    def _similar(self, name: str) -> set[str]:
        if name in self._names:
            return {name}
        found: set[str] = set()
        for pair in _pairs(name):
            found |= self._with_pair.get(pair, set())
        return {other for other in found if likeness(name, other) >= 0.5}


def _road_score(asked: Address, place: Known) -> float:
    """Same road and number and building 0.98; building unsaid 0.93; another building of the number 0.86;
    another number of the road at most 0.5, less the farther along it is."""
    if place.number is None or asked.number is None:
        return 0.0
    if place.number != asked.number:
        return max(0.2, 0.5 - abs(place.number - asked.number) / 200)
    if asked.building is None or place.building is None:
        return 0.93
    return 0.98 if asked.building == place.building else 0.86


def _name_score(asked: Address, place: Known, name: str) -> float:
    """Same compound 0.9, with the same building 0.97; a name only alike 0.3 to 0.75."""
    wanted = compound_name(asked.place)
    if wanted != name:
        return round(0.75 * likeness(wanted, name), 3)
    if asked.building is not None and place.building is not None:
        return 0.97 if asked.building == place.building else 0.87
    return 0.9


def _inside(within: int | None, place: Known) -> float:
    """A place outside the area the row names is nearly never meant; without a named area a little doubt stays."""
    if within is None:
        return 0.97
    size = 1
    while within % (size * 10) == 0:
        size *= 10
    return 1.0 if within <= place.area_code < within + size else 0.4


def _words(place: Known) -> str:
    road = f"{place.road}{place.number}号" if place.road and place.number is not None else ""
    building = f"{place.building}幢" if place.building is not None else ""
    return f"{road}{place.name}{building}" or place.source
