"""Hand a command of bin/ to the function that does it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from house import commands  # noqa: E402
from house.ground import Trouble  # noqa: E402

if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):  # what we started is stopped on the way out
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    try:
        sys.exit(commands.perform(sys.argv[1], sys.argv[2:]))
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
