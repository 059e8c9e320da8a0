"""The ledger as a child would write it: a pure reference, no database, nothing clever.

Accounts are numbers; every act returns the name of its refusal or None. Minutes are integers, days are numbered.
The simulator and the tests hold the real ledger against it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PAIRS = {
    ("earn", "issuance", "volunteer"),
    ("earn", "issuance", "organisation"),
    ("gift", "volunteer", "volunteer"),
    ("gift", "volunteer", "elder_grant"),
    ("donate", "volunteer", "pool"),
    ("donate", "organisation", "pool"),
    ("redeem", "volunteer", "issuance"),
    ("redeem", "elder_grant", "issuance"),
    ("redeem", "volunteer", "volunteer"),
    ("redeem", "elder_grant", "volunteer"),
    ("grant", "pool", "elder_grant"),
    ("grant", "issuance", "elder_grant"),
    ("grant", "issuance", "pool"),
    ("overflow", "issuance", "pool"),
    ("overflow", "volunteer", "pool"),
    ("overflow", "elder_grant", "pool"),
}


@dataclass
class Purse:
    """One account: what it has, what is held, and within which limits."""

    kind: str
    floor: int | None = None
    cap: int | None = None
    posted: int = 0
    out: int = 0
    coming: int = 0
    daily: int | None = None
    days: dict[int, int] = field(default_factory=dict)

    def room(self, entry_type: str, day: int) -> int | None:
        """Give how much more fits; None: any amount."""
        rooms = [] if self.cap is None else [self.cap - self.posted - self.coming]
        if self.daily is not None and entry_type == "earn":
            rooms.append(self.daily - self.days.get(day, 0))
        return min(rooms) if rooms else None


@dataclass
class Move:
    """One accepted transfer and what has become of it."""

    request: tuple[object, ...]
    debit: int
    credit: int
    minutes: int
    entry_type: str
    state: str
    overflow: tuple[int, int] | None = None
    reversed: bool = False
    day: int = 0


@dataclass
class Model:
    """All purses and moves; the same rules as docs/timebank.md, written as plain ifs."""

    purses: dict[int, Purse] = field(default_factory=dict)
    moves: dict[str, Move] = field(default_factory=dict)
    resolutions: dict[str, tuple[str, str]] = field(default_factory=dict)
    reversals: dict[str, str] = field(default_factory=dict)
    rows: int = 0

    def record(
        self,
        key: str,
        debit: int,
        credit: int,
        entry_type: str,
        minutes: int,
        pending: bool,
        pool: int | None,
        day: int = 0,
    ) -> str | None:
        """Move or hold minutes for a service of one day."""
        request = (debit, credit, entry_type, minutes, pending, pool)
        if key in self.moves:
            return None if self.moves[key].request == request else "IdempotencyConflict"
        if key in self.resolutions or key in self.reversals:
            return "IdempotencyConflict"
        room = self.purses[credit].room(entry_type, day)
        kept, over = minutes, 0
        if pool is not None and room is not None and room < minutes:
            kept, over = max(room, 0), minutes - max(room, 0)
        refusal = self._refusal(debit, credit, kept, room, total=minutes)
        if refusal is None and self._pair(entry_type, debit, credit) not in PAIRS:
            refusal = "PairNotAllowed"
        if refusal is None and over and self._pair("overflow", debit, pool) not in PAIRS:
            refusal = "PairNotAllowed"
        if refusal:
            return refusal
        state = "pending" if pending else "done"
        self._write(key, Move(request, debit, credit, kept, entry_type, state, day=day), pool, over)
        return None

    def _write(self, key: str, move: Move, pool: int | None, over: int) -> None:
        if pool is not None and not move.minutes:
            move.credit, move.minutes, move.entry_type, over = pool, over, "overflow", 0
        self.moves[key] = move
        self._apply(move.debit, move.credit, move.minutes, move.state)
        self._count(move.credit, move, move.minutes)
        self.rows += 1
        if pool is not None and over:
            move.overflow = (pool, over)
            self._apply(move.debit, pool, over, move.state)
            self.rows += 1

    def resolve(self, key: str, move_key: str, outcome: str) -> str | None:
        """Post or void a held transfer, and its overflow with it."""
        if key in self.resolutions:
            return None if self.resolutions[key] == (move_key, outcome) else "IdempotencyConflict"
        if key in self.moves or key in self.reversals:
            return "NotPending" if self.moves[move_key].request[4] is False else "IdempotencyConflict"
        move = self.moves[move_key]
        if not move.request[4]:
            return "NotPending"
        if move.state != "pending":
            return "AlreadyResolved"
        for credit, minutes in self._legs(move):
            self.purses[move.debit].out -= minutes
            self.purses[credit].coming -= minutes
            if outcome == "post":
                self.purses[move.debit].posted -= minutes
                self.purses[credit].posted += minutes
            self.rows += 1
        if outcome == "void":
            self._count(move.credit, move, -move.minutes)
        move.state = "done" if outcome == "post" else "void"
        self.resolutions[key] = (move_key, outcome)
        return None

    def reverse(self, key: str, move_key: str) -> str | None:
        """Answer a transfer with its opposite (its overflow is a transfer of its own)."""
        if key in self.reversals:
            return None if self.reversals[key] == move_key else "IdempotencyConflict"
        if key in self.moves or key in self.resolutions:
            return "IdempotencyConflict"
        move = self.moves[move_key]
        if move.state != "done":
            return "NotReversible"
        if move.reversed:
            return "AlreadyReversed"
        room = self.purses[move.debit].room("reversal", 0)
        refusal = self._refusal(move.credit, move.debit, move.minutes, room, move.minutes)
        if refusal:
            return refusal
        self._apply(move.credit, move.debit, move.minutes, "done")
        self._count(move.credit, move, -move.minutes)
        move.reversed = True
        self.reversals[key] = move_key
        self.rows += 1
        return None

    def _pair(self, entry_type: str, debit: int, credit: int | None) -> tuple[str, str, str]:
        if credit is None:
            return (entry_type, self.purses[debit].kind, "")
        return (entry_type, self.purses[debit].kind, self.purses[credit].kind)

    def limit(self, account: int, cap: int | None, daily: int | None) -> str | None:
        """Give an open account another cap, and from now on a cap of a day."""
        purse = self.purses[account]
        if cap is not None and purse.posted + purse.coming > cap:
            return "CapExceeded"
        purse.cap, purse.daily = cap, daily if daily is not None else purse.daily
        return None

    def _count(self, account: int, move: Move, minutes: int) -> None:
        if move.entry_type == "earn":
            days = self.purses[account].days
            days[move.day] = days.get(move.day, 0) + minutes

    def _refusal(self, debit: int, credit: int, kept: int, room: int | None, total: int) -> str | None:
        giver = self.purses[debit]
        if giver.floor is not None and giver.posted - giver.out - total < giver.floor:
            return "InsufficientMinutes"
        if room is not None and kept > room:
            return "CapExceeded"
        return "SelfTransfer" if debit == credit else None

    def _apply(self, debit: int, credit: int, minutes: int, state: str) -> None:
        if state == "pending":
            self.purses[debit].out += minutes
            self.purses[credit].coming += minutes
        else:
            self.purses[debit].posted -= minutes
            self.purses[credit].posted += minutes

    def _legs(self, move: Move) -> list[tuple[int, int]]:
        return [(move.credit, move.minutes), *([move.overflow] if move.overflow else [])]
