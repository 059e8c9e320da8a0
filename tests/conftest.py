"""What every test may ask for; the fixtures themselves are in tests/plugins/.

`database`, `module_database`, `redis_url`, `now`, `frozen`, `override_settings` (yl_databases.py); the page
of what works (yl_mission.py); which file goes first (yl_order.py); what could not be run here (yl_unrun.py).
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_KEY = ROOT / ".local" / "secret.key"

os.environ.setdefault(
    "YINLING_SECRET_KEY",
    _KEY.read_text(encoding="utf-8").strip() if _KEY.exists() else "a-key-for-tests-only-that-opens-nothing-else",
)
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".local" / "numba"))

pytest_plugins = ["yl_databases", "yl_cast", "yl_walk", "yl_quarter", "yl_mission", "yl_order", "yl_unrun"]
