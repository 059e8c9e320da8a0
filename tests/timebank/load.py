"""Writers who keep a log of what was acknowledged, for the tests that break things under them."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.timebank.bank import Bank


@dataclass
class Load:
    """Writers who keep a log of what was acknowledged; what broke is unknown until asked for again."""

    bank: Bank
    acknowledged: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    stopped: threading.Event = field(default_factory=threading.Event)
    writers: list[Future[None]] = field(default_factory=list)

    def write(self, writer: int, most: int = 100_000) -> None:
        """Earn a minute again and again until stopped or until the connection breaks."""
        for number in range(most):
            if self.stopped.is_set():
                return
            key = f"w{writer}-{number}"
            try:
                self.bank.earn(key, 1, to=self.bank.club)
                self.acknowledged.add(key)
            except DBAPIError:
                self.unknown.add(key)
                return

    def ask_again(self) -> None:
        """Ask for everything unknown with the same keys."""
        for key in sorted(self.unknown):
            self.bank.earn(key, 1, to=self.bank.club)

    def stored(self) -> set[str]:
        """Give the keys the ledger has."""
        with self.bank.setup.connect() as connection:
            return set(connection.execute(text("SELECT key FROM timebank.transfer WHERE key LIKE 'w%'")).scalars())
