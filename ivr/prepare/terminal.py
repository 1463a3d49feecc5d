"""What whoever waits gets to see: plain lines in a pipe, colour and a running clock on a terminal."""

from __future__ import annotations

import os
import sys
import time

QUIET_S = 15.0
"""Seconds between two lines of a step that takes long, where there is no terminal."""


class Terminal:
    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._colour = self._live and "NO_COLOR" not in os.environ
        self._last = 0.0

    def say(self, text: str, colour: str = "") -> None:
        """One line. `colour`: green, yellow, red, dim or nothing."""
        self._clear()
        print(self._painted(text, colour), flush=True)

    def fail(self, text: str) -> None:
        self._clear()
        sys.stdout.flush()
        print(self._painted(text, "red"), file=sys.stderr, flush=True)

    def waiting(self, text: str, since: float) -> None:
        """Called every second or so while something runs; `since` is `time.monotonic()` of its start."""
        now = time.monotonic()
        line = f"    还在{text}…… {now - since:.0f} 秒"
        if self._live:
            print("\r\033[K" + self._painted(line, "dim"), end="", flush=True)
        elif now - max(self._last, since) >= QUIET_S:
            self._last = now
            print(line, flush=True)

    def _clear(self) -> None:
        if self._live:
            print("\r\033[K", end="")

    def _painted(self, text: str, colour: str) -> str:
        code = {"green": "32", "yellow": "33", "red": "31", "dim": "2"}.get(colour)
        return f"\033[{code}m{text}\033[0m" if code and self._colour else text
