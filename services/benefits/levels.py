"""A level always belongs to the scheme that gave it: GB/T 42195 level 2 and insurance level 2 are different things.

Nothing in the house turns one into the other; two levels can be compared only when their schemes are the same.
"""

from __future__ import annotations

from dataclasses import dataclass


class DifferentSchemes(TypeError):
    """Two levels of different schemes were compared; there is no such order."""


@dataclass(frozen=True)
class Level:
    """What an assessment found, by one scheme: 0 is able, higher needs more."""

    scheme: str
    level: int

    def __lt__(self, other: Level) -> bool:
        return self._own(other) > self.level

    def __le__(self, other: Level) -> bool:
        return self._own(other) >= self.level

    def __gt__(self, other: Level) -> bool:
        return self._own(other) < self.level

    def __ge__(self, other: Level) -> bool:
        return self._own(other) <= self.level

    def within(self, lowest: int, highest: int, scheme: str) -> bool:
        """Tell whether it lies between two levels of a scheme, both included. Raises DifferentSchemes."""
        return Level(scheme, lowest) <= self <= Level(scheme, highest)

    def _own(self, other: Level) -> int:
        if not isinstance(other, Level) or other.scheme != self.scheme:
            raise DifferentSchemes(f"{self} and {other!r} are not of one scheme")
        return other.level
