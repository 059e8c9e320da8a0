"""Plans the demonstration's facilities in the mix of a real city and writes them as a city would send them.

Every site stands at a real building of the extract; names, providers, capacities and dates are invented.
The file is written in GCJ-02, as bureaus get coordinates from Chinese map firms, so that the importer has
to bring them back: a reader who forgets lands them half a kilometre away.
"""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass

from geo.coordinates import from_wgs84
from workers.district.drawing import Drawing, DrawnArea, Home

DISTRICT_NAMES = {320102: "玄武区", 320104: "秦淮区", 320106: "鼓楼区"}

CENTRE_FUNCTIONS = (
    "residential_care",
    "day_care",
    "home_visit",
    "guidance",
    "meals",
    "bathing",
    "daily_care",
    "advice",
)
HUB_FUNCTIONS = (
    "professional_care", "medical_care", "health_promotion", "smart_service", "family_support", "culture",
)  # fmt: skip
DAY_CARE_FUNCTIONS = (
    "daily_care", "day_care", "meals", "mobility", "emergency", "comfort", "home_visit", "bathing",
)  # fmt: skip

CENTRE_WITHOUT_RESIDENTIAL = "梅园新村街道"
"""This street owns a centre that does not qualify: the officer sees which function is missing."""
HUBS_WITH_ALL_EIGHT = ("新街口街道", "五老村街道", "朝天宫街道")
COMMUNITIES_WITHOUT_DAY_CARE = ("桃源里社区", "冶山里社区", "梧桐里社区", "科巷里社区", "成贤里社区")
DAY_CARE_WITHOUT_EMERGENCY = "安品里社区"

CARE_HOMES = (
    # name, community, beds, nursing beds, dementia beds, type, provider
    ("松龄颐养院", "文昌里社区", 150, 78, 24, "care_home", "songling"),
    ("桑榆养老院", "羊皮里社区", 130, 60, 16, "care_home", "sangyu"),
    ("长青护养院", "青石里社区", 110, 52, 20, "care_home", "changqing"),
    ("和睦老年公寓", "仓前里社区", 100, 44, 0, "care_home", "hemu"),
    ("春晖颐养院", "书香里社区", 70, 26, 8, "care_home", "chunhui"),
    ("福荫敬老院", "头条里社区", 60, 30, 0, "support_home", "jinglao"),
)
"""620 beds of institutions, 290 of them for nursing: 46.77 %, where Dongying's plan began."""

HOME_TEAMS = {
    "kangle": ("新街口街道", "青石里社区"),
    "ankang": ("新街口街道", "文津里社区"),
    "songhe": ("洪武路街道", "游府里社区"),
    "nuanyang": ("五老村街道", "利济里社区"),
    "fengye": ("五老村街道", "常府里社区"),
    "ruixiang": ("朝天宫街道", "石榴里社区"),
    "yizhou": ("华侨路街道", "书香里社区"),
    "meihua": ("梅园新村街道", "汉府里社区"),
}

COLUMNS = (
    "code", "name", "type_code", "functions", "provider_code", "address", "lon", "lat", "crs", "day_places",
    "floor_area_m2", "opened_on", "opening_hours", "phone", "beds", "nursing_beds", "dementia_beds",
)  # fmt: skip


@dataclass
class PlannedFacility:
    """One site before it is written down: where, what, run by whom."""

    name: str
    type_code: str
    functions: tuple[str, ...]
    provider: str
    home: Home
    day_places: int = 0
    floor_area_m2: int = 80
    beds: int = 0
    nursing_beds: int = 0
    dementia_beds: int = 0
    opening_hours: str = "08:30-17:00"


class FacilityPlanner:
    """Places each kind of facility where a city would: by street, community and quarter."""

    def __init__(self, drawing: Drawing, seed: int) -> None:
        self._random = random.Random(seed)
        self._areas = {area.code: area for area in drawing.areas}
        self._communities = [area for area in drawing.areas if area.level == "community"]
        self._quarters = [area for area in drawing.areas if area.level == "quarter"]
        self._homes: dict[int, list[Home]] = {}
        for home in drawing.homes:
            self._homes.setdefault(home.quarter_code // 1000 * 1000, []).append(home)
        self._used: set[int] = set()
        self.planned: list[PlannedFacility] = []

    def plan(self) -> list[PlannedFacility]:
        """Give about eighty facilities, in a fixed order for a seed."""
        for name in dict.fromkeys(self._street(area) for area in self._communities):
            self._street_centre(name)
        for area in self._communities:
            if area.name not in COMMUNITIES_WITHOUT_DAY_CARE:
                self._day_care(area)
        self._doorstep_sites()
        self._meals_baths_nursing()
        self._care_homes()
        return self.planned

    def address(self, home: Home) -> str:
        """Compose the written address of a building from district to door number."""
        community = self._areas[home.quarter_code // 1000 * 1000]
        district = DISTRICT_NAMES[home.quarter_code // 10**9]
        return f"南京市{district}{self._street(community)}{community.name}{home.lane}{home.number}号"

    def _street(self, area: DrawnArea) -> str:
        return self._areas[area.code // 10**6 * 10**6].name

    def _team_of(self, street: str, community: str) -> str:
        exact = [team for team, (_, base) in HOME_TEAMS.items() if base == community]
        near = [team for team, (base, _) in HOME_TEAMS.items() if base == street]
        return (exact or near)[0]

    def _place(self, community_code: int, quarter_code: int | None = None) -> Home:
        free = [
            home
            for home in self._homes[community_code]
            if home.osm_id not in self._used and quarter_code in (None, home.quarter_code)
        ]
        home = self._random.choice(free)
        self._used.add(home.osm_id)
        return home

    def _named(self, name: str) -> DrawnArea:
        return next(area for area in self._communities if area.name == name)

    def _street_centre(self, street: str) -> None:
        largest = max(
            (area for area in self._communities if self._street(area) == street),
            key=lambda area: len(self._homes[area.code]),
        )
        functions: tuple[str, ...] = CENTRE_FUNCTIONS
        if street == CENTRE_WITHOUT_RESIDENTIAL:
            functions = tuple(each for each in functions if each != "residential_care")
        if street in HUBS_WITH_ALL_EIGHT:
            functions += HUB_FUNCTIONS
        beds = 20 if "residential_care" in functions else 0
        self.planned.append(
            PlannedFacility(
                f"{street}综合养老服务中心", "street_centre", functions, self._team_of(street, ""),
                self._place(largest.code), day_places=30, floor_area_m2=1600, beds=beds,
                nursing_beds=beds * 2 // 5, opening_hours="00:00-24:00" if beds else "08:00-18:00",
            )
        )  # fmt: skip

    def _day_care(self, area: DrawnArea) -> None:
        functions: tuple[str, ...] = DAY_CARE_FUNCTIONS
        if area.name == DAY_CARE_WITHOUT_EMERGENCY:
            functions = tuple(each for each in functions if each != "emergency")
        self.planned.append(
            PlannedFacility(
                f"{area.name}老年人日间照料中心", "day_care_centre", functions,
                self._team_of(self._street(area), area.name), self._place(area.code),
                day_places=self._random.choice((12, 15, 18, 20)),
                floor_area_m2=self._random.choice((300, 450, 520, 750)), opening_hours="08:00-17:30",
            )
        )  # fmt: skip

    def _doorstep_sites(self) -> None:
        kinds = (
            ("service_station", "养老服务站", ("convenience", "home_visit", "comfort", "meals"), 14),
            ("advisor_desk", "养老顾问处", ("advice",), 8),
            ("volunteer_station", "为老志愿服务站", ("volunteering", "comfort"), 6),
        )
        quarters = [area for area in self._quarters if self._free_in(area)]
        self._random.shuffle(quarters)
        for type_code, suffix, functions, count in kinds:
            for _ in range(count):
                area = quarters.pop()
                community = self._areas[area.code // 1000 * 1000]
                self.planned.append(
                    PlannedFacility(
                        area.name + suffix, type_code, functions,
                        self._team_of(self._street(community), community.name),
                        self._place(community.code, area.code),
                    )
                )  # fmt: skip

    def _free_in(self, area: DrawnArea) -> bool:
        homes = self._homes[area.code // 1000 * 1000]
        return any(home.quarter_code == area.code and home.osm_id not in self._used for home in homes)

    def _meals_baths_nursing(self) -> None:
        communities = self._random.sample(self._communities, 17)
        for area in communities[:10]:
            name = area.name.removesuffix("社区") + "老年食堂"
            self._simple(area, name, "senior_canteen", ("meals",), "10:30-18:30", 150)
        for area in communities[10:13]:
            name = area.name.removesuffix("社区") + "社区助浴点"
            self._simple(area, name, "bath_point", ("bathing",), "09:00-16:30", 120)
        for area in communities[13:]:
            name = area.name.removesuffix("社区") + "护理站"
            self._simple(area, name, "nursing_station", ("nursing", "home_visit"), "08:30-17:30", 140)

    def _simple(
        self, area: DrawnArea, name: str, type_code: str, functions: tuple[str, ...], hours: str, area_m2: int
    ) -> None:
        team = self._team_of(self._street(area), area.name)
        home = self._place(area.code)
        self.planned.append(
            PlannedFacility(name, type_code, functions, team, home, floor_area_m2=area_m2, opening_hours=hours)
        )

    def _care_homes(self) -> None:
        for name, community, beds, nursing, dementia, type_code, provider in CARE_HOMES:
            functions = ("residential_care", "nursing", "meals", "bathing", "home_visit", "professional_care")
            self.planned.append(
                PlannedFacility(
                    name, type_code, functions if type_code == "care_home" else functions[:2], provider,
                    self._place(self._named(community).code), floor_area_m2=beds * 32, beds=beds,
                    nursing_beds=nursing, dementia_beds=dementia, opening_hours="00:00-24:00",
                )
            )  # fmt: skip


def facilities_csv(drawing: Drawing, seed: int) -> str:
    """Give the facilities as CSV text with `crs` = gcj02 in every row."""
    planner = FacilityPlanner(drawing, seed)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    dates = random.Random(seed + 1)
    for index, site in enumerate(planner.plan(), start=1):
        lon, lat = from_wgs84(site.home.lon, site.home.lat, "gcj02")
        opened = f"{dates.randint(2012, 2024)}-{dates.randint(1, 12):02d}-{dates.choice((1, 8, 15, 20)):02d}"
        writer.writerow(
            (
                f"NJD{index:03d}", site.name, site.type_code, ";".join(site.functions), site.provider,
                planner.address(site.home), f"{lon:.6f}", f"{lat:.6f}", "gcj02", site.day_places,
                site.floor_area_m2, opened, site.opening_hours, f"025-000{index:05d}", site.beds,
                site.nursing_beds, site.dementia_beds,
            )
        )  # fmt: skip
    return out.getvalue()
