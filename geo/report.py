"""How far a street map may be trusted before an elder's circle is drawn on it."""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from geo.network import Network
from geo.osm_streets import NOT_DRAWN

FOOTWAY_SHARE_HIGH = 0.20
USABLE_SHARE_HIGH = 0.90
"""Our own thresholds, chosen on five extracts (share of length made for walking; in usable parts).

Helsinki 0.68 and 0.98: high. Nanjing Xuanwu 2021 0.13 and the Shanghai road extract 0.00: low, because lanes
inside compounds and short cuts are missing, so that real walks are shorter than the computed ones.
"""


@dataclass(frozen=True)
class NetworkReport:
    """What was imported: counts, metres by class, parts that hang together, and the confidence with reasons."""

    nodes: int
    edges: int
    length_m: int
    length_m_by_class: dict[str, int]
    components: int
    usable_components: int
    usable_length_share: float
    footway_length_share: float
    steps_length_m: int
    confidence: Literal["high", "low"]
    confidence_reasons: list[str]

    def as_json(self) -> dict[str, object]:
        """The report as it is stored with the version."""
        return asdict(self)


def report_network(network: Network) -> NetworkReport:
    """Counts a network and judges it: `high` needs both shares above their thresholds.

    Straight lines across squares are listed by class, but count in no length and no share: nobody drew them.
    """
    by_class = np.bincount(network.edge_class, network.edge_length_m, minlength=len(network.class_names))
    drawn = ~np.isin(network.edge_class, [k for k, name in enumerate(network.class_names) if name in NOT_DRAWN])
    metres = np.where(drawn, network.edge_length_m, 0.0)
    length = float(metres.sum())
    usable = network.usable_component[network.edge_component]
    footway_share = float(metres[network.edge_is_footway].sum() / length) if length else 0.0
    usable_share = float(metres[usable].sum() / length) if length else 0.0
    reasons = []
    if footway_share < FOOTWAY_SHARE_HIGH:
        reasons.append(f"步行专用道路只占 {footway_share:.0%}（可信须达 {FOOTWAY_SHARE_HIGH:.0%}）")
    if usable_share < USABLE_SHARE_HIGH:
        reasons.append(f"连通主网只占 {usable_share:.0%}（可信须达 {USABLE_SHARE_HIGH:.0%}）")
    order = np.argsort(by_class)[::-1]
    return NetworkReport(
        nodes=network.node_count,
        edges=network.edge_count,
        length_m=round(length),
        length_m_by_class={network.class_names[k]: round(float(by_class[k])) for k in order},
        components=len(network.usable_component),
        usable_components=int(network.usable_component.sum()),
        usable_length_share=round(usable_share, 4),
        footway_length_share=round(footway_share, 4),
        steps_length_m=round(float(network.edge_length_m[network.edge_is_steps].sum())),
        confidence="low" if reasons else "high",
        confidence_reasons=reasons,
    )
