"""Which streets an elder may walk on: one table, with where each rule comes from.

Judged from OpenStreetMap tags in this order: what `foot` says; what `access` says; what kind of way it is.
Sources: the OSM wiki pages Key:highway, Key:foot, Key:access, Key:sidewalk, Tag:motorroad=yes, and
"OSM tags for routing/Access restrictions"; where the wiki leaves it to the country, the reason stands here.

Not judged: barrier nodes (a compound's gate is opened or shut by an officer, not by a tag), `oneway:foot`
(walked both ways), the inside of squares (their outline is walked).
"""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["walk", "ask", "refuse"]


@dataclass(frozen=True, slots=True)
class WayRule:
    """How one kind of way is walked: `ask` means only where a foot or sidewalk tag says so."""

    verdict: Verdict
    footway: bool
    why: str


WALK_RULES: dict[str, WayRule] = {
    "footway": WayRule("walk", True, "made for walking (Tag:highway=footway)"),
    "pedestrian": WayRule("walk", True, "pedestrian street or square; a square by its outline"),
    "path": WayRule("walk", True, "open to all who walk (Tag:highway=path)"),
    "trail": WayRule("walk", True, "old spelling of path, still found in extracts"),
    "steps": WayRule("walk", True, "walkable, but refused for wheelchairs and priced for elders"),
    "corridor": WayRule("walk", True, "indoor passage (Tag:highway=corridor)"),
    "crossing": WayRule("walk", True, "a crossing drawn as a way (deprecated spelling)"),
    "platform": WayRule("walk", True, "bus or rail platform (Tag:highway=platform)"),
    "elevator": WayRule("walk", True, "a lift drawn as a way"),
    "living_street": WayRule("walk", False, "walkers have priority"),
    "residential": WayRule("walk", False, "streets of a neighbourhood"),
    "service": WayRule("walk", False, "lanes inside compounds; private ones fall to the access rule"),
    "unclassified": WayRule("walk", False, "minor road"),
    "road": WayRule("walk", False, "of unknown class; open unless tagged"),
    "track": WayRule("walk", False, "field track"),
    "tertiary": WayRule("walk", False, "city street, walked along its side"),
    "tertiary_link": WayRule("walk", False, "as its street"),
    "secondary": WayRule("walk", False, "city street, walked along its side"),
    "secondary_link": WayRule("walk", False, "as its street"),
    "primary": WayRule("walk", False, "city street, walked along its side"),
    "primary_link": WayRule("walk", False, "as its street"),
    "trunk": WayRule("ask", False, "in Chinese cities often an elevated expressway (快速路)"),
    "trunk_link": WayRule("ask", False, "ramps of the same"),
    "cycleway": WayRule("ask", False, "foot access is not implied in most countries (Tag:highway=cycleway)"),
    "bridleway": WayRule("ask", False, "foot access is not implied"),
    "busway": WayRule("ask", False, "buses only unless tagged"),
    "motorway": WayRule("ask", False, "forbidden on foot by default (Tag:highway=motorway)"),
    "motorway_link": WayRule("ask", False, "forbidden on foot by default"),
}
# A ferry keeps a timetable, so no number of minutes on foot is true for it: route=ferry is not walked.
# Construction, proposed, raceway, via_ferrata and whatever is not in the table is refused.

FOOT_YES = frozenset({"yes", "designated", "permissive", "destination", "official", "public", "customers"})
FOOT_NO = frozenset({"no", "private", "use_sidepath", "never", "discouraged"})
# Ways for others than the public. An elder who lives behind the gate is snapped to the street outside.
ACCESS_NO = frozenset(
    {"no", "private", "permit", "military", "delivery", "forestry", "agricultural", "service", "emergency"}
)
SIDEWALK_YES = frozenset({"yes", "both", "left", "right"})


@dataclass(frozen=True, slots=True)
class Walkable:
    """A way that is kept: its class as reported, whether it is stairs, whether it was made for walking."""

    highway: str
    is_steps: bool
    is_footway: bool


def judge_way(tags: dict[str, str]) -> Walkable | None:
    """Whether an elder may walk this way; None when she may not.

    `tags` are the OSM tags of the way. Sources: module docstring and WALK_RULES.
    """
    kind = way_class(tags)
    rule = WALK_RULES.get(kind) if kind else None
    if kind is None or rule is None or not _open_to_walkers(tags, rule):
        return None
    return Walkable(highway=kind, is_steps=kind == "steps", is_footway=rule.footway)


def way_class(tags: dict[str, str]) -> str | None:
    """The kind of way in terms of WALK_RULES; platforms and piers count as what they are walked as."""
    highway = tags.get("highway")
    if highway is not None:
        return highway
    if "platform" in (tags.get("railway"), tags.get("public_transport")):
        return "platform"
    return "path" if tags.get("man_made") == "pier" else None


def _open_to_walkers(tags: dict[str, str], rule: WayRule) -> bool:
    foot = tags.get("foot")
    if foot in FOOT_NO:
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
