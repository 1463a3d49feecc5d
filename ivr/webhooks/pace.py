"""How often, how many and how long; tests take less."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds, but for `abreast`."""

    poll_s: float = 0.08
    """How often the database is asked for what is new, first for events, then for deliveries: an event leaves within
    twice that, while the telephone it tells of rings."""
    tidy_every_s: float = 600.0
    count_every_s: float = 15.0
    abreast: int = 8
    """Requests at once to one receiver."""
    lease_margin_s: float = 15.0
    """A lease outlives its request by so much."""
    first_rest_s: float = 2.0
    """After the first round in which a receiver took nothing; twice that after the next …"""
    longest_rest_s: float = 60.0
    """One that takes nothing is asked with single events, no more often than this."""
    hurry_every_s: float = 60.0
    stop_s: float = 5.0
    """Requests under way may take so long when the worker is to end."""
    trouble_s: float = 2.0
    """After what is no receiver's fault: the database is away."""

    def rest_s(self, failures: int) -> float:
        """After so many, at least one."""
        return min(self.first_rest_s * float(2 ** min(failures - 1, 30)), self.longest_rest_s)
