"""Which step a payable may take. Pure."""

from __future__ import annotations

MOVES: dict[str, frozenset[str]] = {
    "authorised": frozenset({"authorising", "failed"}),
    "captured": frozenset({"authorising", "authorised", "capturing", "releasing", "released", "failed"}),
    "released": frozenset({"authorising", "authorised", "capturing", "releasing"}),
    "declined": frozenset({"authorising"}),
}
"""What the gateway said -> the states of a payable which that moves; anything else is old news.

Money that was taken is always news, whatever we had believed. A refusal is news only while nothing stands yet:
the notice of a first card's refusal may arrive after the second card was held.
"""

UNDER_WAY = {"authorise": "authorising", "capture": "capturing", "release": "releasing"}
"""The step asked of the gateway -> the state in which the payable waits for the answer."""


def next_state(
    state: str, heard: str, *, wished: str | None = None, answer: bool = False, ended: bool = False
) -> str | None:
    """Give the state a payable moves to when its gateway says `heard`, or None when that is no news.

    A captured payable never moves back, so notices that arrive late, twice or in another order end in the same
    state. A hold that ends although nobody asked (`wished`) is a failure that may be tried again, not a release.
    `answer`: the gateway's own answer to our asking, which may also refuse to take what was held. `ended`: the
    charge is known to be over, so news of its hold is old.
    """
    if answer and heard == "declined" and state == "capturing":
        return "failed"
    if ended and heard == "authorised":
        return None
    if state not in MOVES.get(heard, frozenset()):
        return None
    asked_back = state == "releasing" or wished == "release"
    if heard == "declined" or (heard == "released" and not asked_back):
        return "failed"
    return heard
