"""Something short while the answer is awaited: only when it is really late, never twice in a row. No clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ivr.audio import FRAME_MS
from ivr.settings import Turns

REMEMBERED = 50
USUAL_MS = 300
"""How long the dialogue is taken to need while nothing is known."""
ENDS_THE_CALL = frozenset({"anything_else", "handoff_offer"})
"""What follows an answer to these is mostly a farewell: nothing goes before it."""


class Pace:
    """How long the dialogue took lately, over all calls."""

    def __init__(self) -> None:
        self._took_ms: deque[int] = deque(maxlen=REMEMBERED)

    def took(self, ms: int) -> None:
        self._took_ms.append(ms)

    @property
    def usual_ms(self) -> int:
        """Three of four answers take no longer."""
        return sorted(self._took_ms)[len(self._took_ms) * 3 // 4] if self._took_ms else USUAL_MS


class Fillers:
    """Of one call. `first`: where in the rotation it begins."""

    def __init__(self, turns: Turns, texts: Sequence[str], pace: Pace, first: int = 0) -> None:
        self._due_ms = round(1000 * turns.filler_by_s)
        self._late_ms = round(1000 * turns.filler_s)
        self._texts = tuple(texts)
        self._pace = pace
        self._next = first
        self._waited_ms: int | None = None
        """Since the caller's turn ended; None = nothing is awaited."""
        self._asked_ms: int | None = None
        """When the dialogue was asked."""
        self._allowed = False
        self._said_last = self._said = False

    def turn_ended(self, asks: tuple[str, ...]) -> None:
        """The caller has finished; `asks` is what they answered."""
        self._said_last, self._said = self._said, False
        self._allowed = bool(self._texts) and not self._said_last and not ENDS_THE_CALL.intersection(asks)
        self._waited_ms, self._asked_ms = 0, None

    def asked(self) -> None:
        """The dialogue is asked now."""
        self._asked_ms = self._waited_ms

    def answered(self) -> None:
        if self._waited_ms is not None and self._asked_ms is not None:
            self._pace.took(self._waited_ms - self._asked_ms)
        self._waited_ms = None

    def over(self) -> None:
        """Nothing is awaited any more: the caller goes on, or it was noise."""
        self._waited_ms = None

    def frame(self) -> str | None:
        """20 ms passed: what is to be said now."""
        if self._waited_ms is None:
            return None
        self._waited_ms += FRAME_MS
        if not self._allowed or self._waited_ms < self._due_ms or self._comes_soon():
            return None
        self._allowed, self._said = False, True
        self._next += 1
        return self._texts[(self._next - 1) % len(self._texts)]

    def _comes_soon(self) -> bool:
        if self._asked_ms is None or self._waited_ms is None:
            return False
        return self._waited_ms < self._asked_ms + self._pace.usual_ms <= self._late_ms
