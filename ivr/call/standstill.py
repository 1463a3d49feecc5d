"""A bot that works and works while its caller hears nothing: counted in seconds of the caller's sound. Pure."""

from __future__ import annotations

from ivr.audio import FRAME_MS

STUCK_S = 10.0
"""Longest silence while the bot works; then a human takes over."""


class Standstill:
    def __init__(self) -> None:
        self._frames = 0

    def over(self) -> None:
        """Something went on."""
        self._frames = 0

    def frame(self, *, working: bool) -> bool:
        """20 ms more, in which the bot owed something to hear, or not. True: it is stuck."""
        self._frames = self._frames + 1 if working else 0
        return self._frames * FRAME_MS / 1000 >= STUCK_S
