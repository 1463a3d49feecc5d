"""Several servers for the same work: which one next, and which one rests. No clock: the time is given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

REST_S = 5.0
LONGEST_REST_S = 120.0


@dataclass(slots=True, eq=False)
class Address:
    url: str
    busy: int = 0
    """Utterances there now."""
    turn: int = 0
    """When it was last chosen, as a number in order."""
    rest_s: float = 0.0
    """How long it rests after its last failure; 0 = it is well."""
    until: float = 0.0


class Addresses:
    def __init__(self, urls: Sequence[str]) -> None:
        self.all = tuple(Address(url) for url in dict.fromkeys(urls))
        self._turn = 0

    def next(self, now: float, tried: Collection[Address] = ()) -> Address | None:
        """The least busy one that does not rest, of equals the one not asked for longest; None when there is none. One
        that has rested is given to a single utterance, until it proves to be well."""
        awake = [each for each in self.all if each not in tried and each.until <= now]
        if not awake:
            return None
        chosen = min(awake, key=lambda each: (each.busy, each.turn))
        self._turn += 1
        chosen.turn = self._turn
        if chosen.rest_s:
            chosen.until = now + chosen.rest_s
        return chosen

    def good(self, address: Address) -> None:
        address.rest_s = address.until = 0.0

    def failed(self, address: Address, now: float) -> None:
        address.rest_s = min(2 * address.rest_s, LONGEST_REST_S) or REST_S
        address.until = now + address.rest_s
