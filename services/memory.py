"""What a long-running process keeps for its whole life is not looked through again and again by the garbage collector."""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 50


def settle_memory() -> None:
    """Call once when everything is imported and built, before serving or forking.

    Half a million objects of modules and models never become garbage; looking through them took as long as a
    request's own work. Forked work-horses share their pages for as long as nobody touches them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
