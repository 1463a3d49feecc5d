"""Whether an engine that was slow or away is worth waiting for. No clock: the time is given."""

from __future__ import annotations

from enum import Enum

MISSES = 2
"""Misses in a row after which an engine rests: what is away costs callers no more than so many waits."""
REST_S = 20.0
LONGEST_REST_S = 300.0


class Advice(Enum):
    WAIT = "wait"
    """Ask it and wait a little."""
    PROBE = "probe"
    """Ask it, to see whether it is back; nobody waits."""
    LEAVE = "leave"
    """It rests."""


class Breaker:
    def __init__(self) -> None:
        self._misses = 0
        self._rest_s = REST_S
        self._until = 0.0

    def advice(self, now: float) -> Advice:
        if self._misses < MISSES:
            return Advice.WAIT
        if now < self._until:
            return Advice.LEAVE
        self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)  # until the probe comes back in time
        self._until = now + self._rest_s
        return Advice.PROBE

    def good(self) -> None:
        """It answered in time."""
        self._misses, self._rest_s = 0, REST_S

    def missed(self, now: float) -> bool:
        """It was late or failed while somebody waited. True when it begins to rest just now."""
        self._misses += 1
        if self._misses != MISSES:
            return False
        self._until = now + self._rest_s
        return True
