"""Gates and barriers an officer marks by hand, laid over the map: what she knows is stronger than what was drawn.

A **barrier** cuts the nearest street within 20 m: its two sides no longer meet there. A **gate** opens a way
through: a straight passage from the nearest street or inner lane within 30 m to the nearest other one, within
30 m of the gate, that could not be reached from the first without a walk of more than three times as far plus
20 m. Inner lanes (for residents only) join the network as far as they hang together, entered only by gates.
Gates are laid in the order of their numbers, so that every process of every host gets the same streets.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.ground import Foot, Ground
from geo.network import Network
from geo.osm_streets import Kept

BARRIER_REACH_M = 20.0
GATE_REACH_M = 30.0
DETOUR_TIMES, DETOUR_M = 3.0, 20.0

Kind = Literal["gate", "barrier"]
State = Literal["opens", "bars", "no_street", "no_other_side"]


@dataclass(frozen=True, slots=True)
class Gate:
    """A point where one walks through (`gate`) or does not (`barrier`); degrees WGS-84."""

    id: int
    kind: Kind
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class GateEffect:
    """What one gate does to the streets, so that the officer sees it at once.

    `opens`, `bars`; `no_street`: nothing within reach; `no_other_side`: whatever is within reach can be walked
    to anyway. `way_ids` are the streets concerned, `distance_m` the length of the passage, or from the barrier
    to the street it cuts.
    """

    gate_id: int
    state: State
    way_ids: tuple[int, ...]
    distance_m: float


@dataclass(frozen=True)
class GatedNetwork:
    """The streets with all gates laid: `changed` are the base edges that are not as the map has them; int64."""

    network: Network
    changed: npt.NDArray[np.int64]
    effects: tuple[GateEffect, ...]


def fingerprint(gates: Sequence[Gate]) -> str:
    """A short name for these gates; empty when there are none, equal for equal gates on every host."""
    if not gates:
        return ""
    told = [(gate.id, gate.kind, gate.lon, gate.lat) for gate in sorted(gates, key=lambda gate: gate.id)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def apply_gates(network: Network, inner: Sequence[Kept], gates: Sequence[Gate]) -> GatedNetwork:
    """The streets as the gates leave them.

    Base crossings and edges keep their numbers; what gates add is numbered after them. `inner` are the lanes for
    residents only. Without gates the network itself comes back.
    """
    if not gates:
        return GatedNetwork(network, np.zeros(0, dtype=np.int64), ())
    ground = Ground(network, inner)
    effects = tuple(_lay(ground, gate) for gate in sorted(gates, key=lambda gate: gate.id))
    return GatedNetwork(ground.assemble(), ground.changed_base(), effects)


def _lay(ground: Ground, gate: Gate) -> GateEffect:
    reach = BARRIER_REACH_M if gate.kind == "barrier" else GATE_REACH_M
    feet = ground.feet(gate.lon, gate.lat, reach)
    if gate.kind == "barrier":
        feet = [foot for foot in feet if not foot.inner]
        if not feet:
            return GateEffect(gate.id, "no_street", (), 0.0)
        ground.cut(feet[0], gate.id)
        return GateEffect(gate.id, "bars", (feet[0].way_id,), round(feet[0].distance_m, 2))
    if not feet:
        return GateEffect(gate.id, "no_street", (), 0.0)
    other = _other_side(ground, feet)
    if other is None:
        return GateEffect(gate.id, "no_other_side", (feet[0].way_id,), 0.0)
    length = ground.join(feet[0], other, (gate.lon, gate.lat), gate.id)
    return GateEffect(gate.id, "opens", (feet[0].way_id, other.way_id), round(length, 2))


def _other_side(ground: Ground, feet: list[Foot]) -> Foot | None:
    near = feet[0]
    for foot in feet[1:]:
        limit = DETOUR_TIMES * (near.distance_m + foot.distance_m) + DETOUR_M
        if ground.walk_m(near, foot, limit) > limit:
            return foot
    return None
