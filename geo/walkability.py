"""Which streets an elder may walk on: one table (RULES), with where each rule comes from.

Judged from OpenStreetMap tags in this order: what `foot` says; what `access` says; what kind of way it is.
A bureau's own lines are first put into the same tags (geo.lines_reader), then judged by the same table.
Where the wiki leaves a rule to the country, the reason stands beside it. `bin/yinling network rules` prints it.
"""

from dataclasses import dataclass
from typing import Literal

Topic = Literal["way", "foot", "access", "sidewalk", "one_way", "wheelchair", "barrier", "area", "surface"]
Verdict = Literal["walk", "ask", "refuse", "private", "no_wheels", "across"]
WIKI = "https://wiki.openstreetmap.org/wiki/"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: `values` of one topic are walked, asked about, or refused, and why.

    `ask`: only where a foot or sidewalk tag says so. `private`: only behind a gate an officer opened.
    `no_wheels`: walked, but not by wheelchair. `footway`: made for walking. `source`: page of the OSM wiki.
    Values of the topic `one_way` are whole tags (`key=value`).
    """

    topic: Topic
    values: tuple[str, ...]
    verdict: Verdict
    why: str
    source: str
    footway: bool = False


RULES: tuple[Rule, ...] = (
    Rule("way", ("footway",), "walk", "made for walking; crossings drawn as ways too", "Tag:highway=footway", True),
    Rule("way", ("pedestrian",), "walk", "pedestrian street or square", "Tag:highway=pedestrian", True),
    Rule("way", ("path",), "walk", "open to all who walk; piers and embankments likewise", "Tag:highway=path", True),
    Rule("way", ("trail",), "walk", "old spelling of path, still found in extracts", "Tag:highway=path", True),
    Rule("way", ("steps",), "walk", "refused for wheelchairs without a ramp, priced for elders", "Tag:highway=steps", True),
    Rule("way", ("corridor",), "walk", "indoor passage: a mall, a hospital, a station", "Tag:highway=corridor", True),
    Rule("way", ("crossing",), "walk", "a crossing drawn as a way; no price, no waiting time", "Key:crossing", True),
    Rule("way", ("platform",), "walk", "bus or rail platform", "Tag:highway=platform", True),
    Rule("way", ("elevator",), "walk", "a lift drawn as a way", "Tag:highway=elevator", True),
    Rule("way", ("living_street",), "walk", "walkers have priority", "Tag:highway=living_street"),
    Rule("way", ("residential",), "walk", "streets of a neighbourhood", "Tag:highway=residential"),
    Rule("way", ("service",), "walk", "lanes inside compounds; private ones fall to access", "Tag:highway=service"),
    Rule("way", ("unclassified",), "walk", "minor road", "Tag:highway=unclassified"),
    Rule("way", ("road",), "walk", "of unknown class; open unless tagged", "Tag:highway=road"),
    Rule("way", ("track",), "walk", "field track", "Tag:highway=track"),
    Rule("way", ("tertiary", "tertiary_link", "secondary", "secondary_link", "primary", "primary_link"), "walk",
         "city street, walked along its side", "OSM tags for routing/Access restrictions"),
    Rule("way", ("trunk", "trunk_link"), "ask", "in Chinese cities often an elevated expressway (快速路)",
         "Tag:highway=trunk"),
    Rule("way", ("cycleway", "bridleway"), "ask", "foot access is not implied in most countries",
         "OSM tags for routing/Access restrictions"),
    Rule("way", ("busway", "bus_guideway"), "ask", "buses only unless tagged", "Tag:highway=busway"),
    Rule("way", ("motorway", "motorway_link"), "ask", "forbidden on foot by default", "Tag:highway=motorway"),
    Rule("way", ("ferry",), "refuse", "keeps a timetable: no number of minutes on foot is true for it",
         "Tag:route=ferry"),
    Rule("way", ("construction", "proposed", "razed", "abandoned"), "refuse", "not there (yet, or any more)",
         "Tag:highway=construction"),
    Rule("way", ("raceway", "via_ferrata", "escape"), "refuse", "no street", "Key:highway"),
    Rule("foot", ("yes", "designated", "permissive", "destination", "official", "public", "customers"), "walk",
         "said so; stronger than access and class", "Key:foot"),
    Rule("foot", ("no", "use_sidepath", "never", "discouraged"), "refuse", "said so", "Key:foot"),
    Rule("foot", ("private", "permit"), "private", "residents only", "Key:foot"),
    Rule("access", ("private", "permit"), "private",
         "residents only: her door is snapped to the street outside unless an officer opens the gate", "Key:access"),
    Rule("access", ("no", "military", "delivery", "forestry", "agricultural", "service", "emergency"), "refuse",
         "for others than the public", "Key:access"),
    Rule("sidewalk", ("yes", "both", "left", "right"), "walk", "opens a class that asks", "Key:sidewalk"),
    Rule("one_way", ("oneway:foot=yes", "oneway:foot=true", "oneway:foot=1", "oneway:foot=-1", "oneway:foot=reverse",
                     "oneway:foot=reversible", "oneway:foot=alternating", "foot:backward=no", "foot:forward=no"),
         "refuse", "she must come home again: a circle counts what is walked there and back, so what is walked one way"
         " only is no street of it", "Key:oneway:foot"),
    Rule("one_way", ("oneway=yes", "oneway=-1"), "walk", "a rule for vehicles, on footways too", "Key:foot:backward"),
    Rule("one_way", ("conveying=yes", "conveying=forward", "conveying=backward", "conveying=reversible"), "walk",
         "escalators are counted as the stairs they are, both ways: one seldom stands without its twin or stairs",
         "Key:conveying"),
    Rule("wheelchair", ("no",), "no_wheels", "said so of the whole way; walkers pay nothing more", "Key:wheelchair"),
    Rule("wheelchair", ("limited",), "walk", "passable with help, at no other price; stairs stay stairs",
         "Key:wheelchair"),
    Rule("wheelchair", ("yes", "designated"), "walk", "passable by oneself; stairs then have a ramp",
         "Key:wheelchair"),
    Rule("barrier", ("gate", "wicket_gate", "swing_gate", "lift_gate", "sliding_gate", "sliding_beam", "door",
                     "entrance", "sally_port", "bollard", "block", "planter", "kerb", "chain", "cycle_barrier",
                     "motorcycle_barrier", "height_restrictor", "toll_booth", "bus_trap", "guard_stone", "rope",
                     "hampshire_gate", "bump_gate", "bar", "border_control"), "walk",
         "a walker passes unless foot, access or locked says no", "Key:barrier"),
    Rule("barrier", ("stile", "kissing_gate", "turnstile", "full-height_turnstile", "horse_stile", "cattle_grid",
                     "step", "log", "debris"), "no_wheels", "climbed or squeezed through: no wheelchair",
         "Tag:barrier=kissing_gate"),
    Rule("barrier", ("wall", "fence", "hedge", "city_wall", "retaining_wall", "jersey_barrier", "ditch",
                     "guard_rail", "wire_fence", "spikes"), "refuse", "drawn across the way: closed unless foot=yes",
         "Key:barrier"),
    Rule("area", ("pedestrian", "footway", "path", "platform", "corridor", "service", "living_street"), "across",
         "closed way with area=yes, indoor=corridor, or multipolygon: its outline, and straight from entrance to"
         " entrance where the line stays inside", "Key:area", True),
    Rule("surface", ("area:highway",), "refuse", "the outline of a street whose middle line is drawn too: without"
         " highway, or closed around a kind of way that is no square, it would be walked twice", "Key:area:highway"),
)  # fmt: skip


def values_of(topic: Topic, *verdicts: Verdict) -> frozenset[str]:
    """All values of a topic with one of these verdicts."""
    return frozenset(
        value for rule in RULES if rule.topic == topic and rule.verdict in verdicts for value in rule.values
    )


WALK_RULES: dict[str, Rule] = {value: rule for rule in RULES if rule.topic == "way" for value in rule.values}
FOOT_YES, FOOT_NO = values_of("foot", "walk"), values_of("foot", "refuse", "private")
ACCESS_NO = values_of("access", "refuse", "private")
FOOT_PRIVATE, ACCESS_PRIVATE = values_of("foot", "private"), values_of("access", "private")
SIDEWALK_YES = values_of("sidewalk", "walk")
ONE_WAY_NO = frozenset(tuple(tag.split("=")) for tag in values_of("one_way", "refuse"))
WHEELS_NO, WHEELS_YES = values_of("wheelchair", "no_wheels"), frozenset({"yes", "designated"})
SURFACE_KEYS = values_of("surface", "refuse")
BARRIER_WALLS, BARRIER_STEPS = values_of("barrier", "refuse"), values_of("barrier", "no_wheels")
AREA_CLASSES = values_of("area", "across")
SQUARE_CLASSES = AREA_CLASSES - {"service", "living_street"}
"""Classes whose surface is itself the way; of the others a surface is drawn around a line."""
RAMP_YES = frozenset({"yes", "separate"})


@dataclass(frozen=True, slots=True)
class Walkable:
    """A way that is kept: its class as reported, whether it is stairs, whether it was made for walking.

    `is_steps`: stairs without a ramp, and the steps of a stile; priced for elders, refused for wheelchairs.
    `no_wheels`: level for a walker, but said to bar wheelchairs; priced for nobody.
    """

    highway: str
    is_steps: bool
    is_footway: bool
    no_wheels: bool = False


def judge_way(tags: dict[str, str], *, closed: bool = False) -> Walkable | None:
    """Whether an elder may walk this way; None when she may not.

    `tags` are the OSM tags of the way, `closed` tells that it ends where it begins. Sources: RULES.
    """
    kind = way_class(tags)
    rule = WALK_RULES.get(kind) if kind else None
    if kind is None or rule is None or not _open_to_walkers(tags, rule) or _outlines_a_street(tags, closed):
        return None
    return _walkable(kind, rule, tags)


def judge_inner_way(tags: dict[str, str], *, closed: bool = False) -> Walkable | None:
    """Whether this is a lane for residents only, which an officer's gate may open; None when it is not."""
    private = tags.get("foot") in FOOT_PRIVATE or ("foot" not in tags and tags.get("access") in ACCESS_PRIVATE)
    if not private:
        return None
    return judge_way({key: value for key, value in tags.items() if key not in ("foot", "access")}, closed=closed)


def judge_barrier(tags: dict[str, str]) -> Literal["pass", "no_wheels", "closed"]:
    """What a barrier on a way (`tags` of the point) means to who comes along: pass, not with wheels, closed.

    What an officer says about a gate (geo.gates) is stronger.
    """
    kind, foot = tags.get("barrier", ""), tags.get("foot")
    if foot in FOOT_NO:
        return "closed"
    if foot not in FOOT_YES and (
        tags.get("access") in ACCESS_NO or tags.get("locked") == "yes" or kind in BARRIER_WALLS
    ):
        return "closed"
    wheels = tags.get("wheelchair")
    refused = wheels == "no" or (kind in BARRIER_STEPS and wheels not in ("yes", "limited", "designated"))
    return "no_wheels" if refused else "pass"


def is_walked_across(tags: dict[str, str], *, closed_way: bool) -> bool:
    """Whether a closed way or a multipolygon is a surface an elder may cross, not a ring she must follow."""
    verdict = judge_way(tags, closed=True)
    if verdict is None or verdict.highway not in AREA_CLASSES or tags.get("area") == "no":
        return False
    return not closed_way or tags.get("area") == "yes" or tags.get("indoor") in ("corridor", "area")


def way_class(tags: dict[str, str]) -> str | None:
    """The kind of way in terms of RULES; platforms, piers and indoor corridors count as what they are walked as."""
    highway = tags.get("highway")
    if highway is not None:
        return highway
    if tags.get("indoor") == "corridor":
        return "corridor"
    if "platform" in (tags.get("railway"), tags.get("public_transport")):
        return "platform"
    if tags.get("route") == "ferry":
        return "ferry"
    return "path" if tags.get("man_made") == "pier" else None


def _walkable(kind: str, rule: Rule, tags: dict[str, str]) -> Walkable:
    ramp = tags.get("ramp:wheelchair") in RAMP_YES or tags.get("wheelchair") in WHEELS_YES
    stairs = kind == "steps" and not ramp
    barred = not stairs and tags.get("wheelchair") in WHEELS_NO
    return Walkable(highway=kind, is_steps=stairs, is_footway=rule.footway, no_wheels=barred)


def _outlines_a_street(tags: dict[str, str], closed: bool) -> bool:
    """Whether this only draws how broad a street is (area:highway); squares are walked by such an outline."""
    if SURFACE_KEYS.isdisjoint(tags):
        return False
    highway = tags.get("highway")
    drawn_around = tags.get("area") == "yes" or (closed and tags.get("area") != "no")
    return highway is None or (drawn_around and highway not in SQUARE_CLASSES)


def _open_to_walkers(tags: dict[str, str], rule: Rule) -> bool:
    foot = tags.get("foot")
    if rule.verdict == "refuse" or foot in FOOT_NO or not ONE_WAY_NO.isdisjoint(tags.items()):
        return False
    if foot in FOOT_YES:
        return True
    if tags.get("access") in ACCESS_NO:
        return False
    if rule.verdict == "walk" and tags.get("motorroad") != "yes":
        return True
    return _has_sidewalk(tags)


def _has_sidewalk(tags: dict[str, str]) -> bool:
    sides = (
        tags.get("sidewalk"),
        tags.get("sidewalk:both"),
        tags.get("sidewalk:left"),
        tags.get("sidewalk:right"),
    )
    return any(side in SIDEWALK_YES for side in sides)
