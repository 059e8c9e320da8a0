"""Who is served by the calls about people's own data, their proper bodies, and what of it exists in the world."""

from __future__ import annotations

from typing import Any

from yl_walk import MEMBERS, World

SIGNED_IN = frozenset(MEMBERS)
WRITERS = SIGNED_IN - {"auditor"}
OFFICE = frozenset({"officer", "operator", "advisor"})
READERS = OFFICE | {"auditor"}
HER_SIDE = frozenset({"wang", "daughter"})
COUNTER = frozenset({"officer", "advisor"})
NOBODY: frozenset[str] = frozenset()
MAY_OF_PRIVACY: dict[str, frozenset[str]] = {
    # one's own
    "GET /api/v1/me/consents": SIGNED_IN,
    "POST /api/v1/me/consents": WRITERS,
    "DELETE /api/v1/me/consents/{purpose}": WRITERS - {"outsider"},  # by then the walk has made her an auditor
    "GET /api/v1/me/readings": SIGNED_IN,
    "POST /api/v1/me/copy": WRITERS,
    "POST /api/v1/me/erasure": WRITERS,
    "GET /api/v1/me/wechat": SIGNED_IN,
    "DELETE /api/v1/me/wechat/{account_id}": NOBODY,  # nobody has bound one
    # an elder's: her side agrees, her office at the counter; the copy and the erasure are hers alone to ask for
    "GET /api/v1/elders/{elder_id}/consents": HER_SIDE | READERS,
    "POST /api/v1/elders/{elder_id}/consents": HER_SIDE | OFFICE,
    "DELETE /api/v1/elders/{elder_id}/consents/{purpose}": HER_SIDE | OFFICE,
    "GET /api/v1/elders/{elder_id}/readings": HER_SIDE | READERS,
    "GET /api/v1/elders/{elder_id}/copies": HER_SIDE | READERS,
    "POST /api/v1/elders/{elder_id}/copy": COUNTER | {"wang"},
    "POST /api/v1/elders/{elder_id}/erasure": OFFICE | {"wang"},
    "GET /api/v1/erasures": READERS | {"other_officer"},
    "GET /api/v1/erasures/{erasure_id}": READERS | {"sun"},
    "DELETE /api/v1/erasures/{erasure_id}": frozenset({"sun"}),
    "POST /api/v1/erasures/{erasure_id}/decision": frozenset({"officer"}),
    # the log and the clearings, to who has an area
    "GET /api/v1/readings": READERS | {"other_officer"},
    "GET /api/v1/retention-runs": READERS | {"other_officer"},
    # the door: two days ahead nobody reads of her health, and no position is taken
    "POST /api/v1/visits/{visit_id}/reveal": NOBODY,
    "GET /api/v1/visits/{visit_id}/positions": READERS | {"carer"},
    "POST /api/v1/visits/{visit_id}/positions": frozenset({"carer"}),
}


def bodies_of_privacy(world: World) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about people's own data."""
    fix = {"lon": 118.78, "lat": 32.04, "crs": "wgs84", "taken_at": world.ids["now"].isoformat()}
    return {
        "POST /api/v1/me/consents": {"purpose": "research", "version": 1},
        "POST /api/v1/elders/{elder_id}/consents": {"purpose": "research", "version": 1},
        "POST /api/v1/erasures/{erasure_id}/decision": {"approve": False, "reason": "本人改了主意"},
        "POST /api/v1/visits/{visit_id}/reveal": {"field": "health"},
        "POST /api/v1/visits/{visit_id}/positions": {"positions": [fix]},
    }


def ask_to_be_forgotten(world: World) -> None:
    """孙大爷 asked to be forgotten, and the carer agreed to positions during her visits."""
    from services.oversight.erasing import ask_erasure
    from services.people.consents import give_consent

    with world.cast.work("sun") as work:
        world.ids["erasure"] = ask_erasure(work.session, work.now, work.actor, world.cast["sun"])
    with world.cast.work("carer") as work:
        give_consent(work.session, work.now, work.actor, world.cast["carer"], "visit_position", 1)
