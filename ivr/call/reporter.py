"""What the event stream is told of a call (docs/architecture.md), and how long each phase of a turn took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ivr.call.ports import Heard, Reply

Report = Callable[[str, Mapping[str, Any]], None]
"""Told what happens: kind and details."""


class Reporter:
    """Of one call; called as it is, it is a `Report`."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._phase_began = 0.0

    def __call__(self, kind: str, details: Mapping[str, Any]) -> None:
        self._report(kind, details)

    def phase_ms(self) -> int:
        """Milliseconds since the last phase of the turn began: end of turn → words → the dialogue's answer → sound."""
        before, self._phase_began = self._phase_began, asyncio.get_running_loop().time()
        return round(1000 * (self._phase_began - before))

    def heard(self, heard: Heard, quiet_s: float = 0.0) -> None:
        details = {"text": heard.text, "confidence": round(heard.confidence, 3), "took_ms": self.phase_ms()}
        voice = {"loudness_dbov": heard.loudness_dbov, "syllables_per_s": heard.syllables_per_s}
        more = {"end_of_turn_ms": round(1000 * quiet_s), "alternatives": list(heard.alternatives)}
        work = {"wasted": heard.wasted, "wasted_s": round(heard.wasted_s, 3)}
        repairs = [{"from": one.heard, "to": one.meant, "confidence": one.confidence} for one in heard.repairs]
        self._report("heard", details | voice | more | work | {"repairs": repairs})

    def reply(self, reply: Reply) -> None:
        details = {"text": reply.text, "asks": list(reply.asks), "about": dict(reply.about), "keys": reply.keys}
        more = {"ended": reply.ended, "ticket_no": reply.ticket_no, "took_ms": self.phase_ms()}
        self._report("reply", details | more)
