"""Which step a payable may take. Pure."""

from __future__ import annotations

MOVES: dict[str, frozenset[str]] = {
    "authorised": frozenset({"authorising", "failed"}),
    "captured": frozenset({"authorising", "authorised", "capturing"}),
    "released": frozenset({"authorising", "authorised", "capturing", "releasing"}),
    "declined": frozenset({"authorising", "capturing"}),
}
"""What the gateway said -> the states of a payable which that moves; anything else is old news."""

UNDER_WAY = {"authorise": "authorising", "capture": "capturing", "release": "releasing"}
"""The step asked of the gateway -> the state in which the payable waits for the answer."""


def next_state(state: str, heard: str) -> str | None:
    """Give the state a payable moves to when its gateway says `heard`, or None when that is no news.

    A captured payable never moves back, so notices that arrive late or twice change nothing. A hold that ran out
    while it was to be taken is a failure, not a release; a payer may still pay after a first card was declined.
    """
    if state not in MOVES.get(heard, frozenset()):
        return None
    if heard == "declined" or (heard == "released" and state == "capturing"):
        return "failed"
    return heard
