"""A dialogue from a script: implements `Conversation`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from ivr.call.ports import CallerTurn, CallInfo, Ending, Reply


@dataclass
class FakeConversation:
    """Answers in the order of `script`; an entry that is an exception is raised. Then it repeats the last."""

    script: list[Reply | Exception]
    ticket_no: str | None = "GD20261122-000001"
    slow: asyncio.Event | None = None
    """Replies wait for it."""
    turns: list[CallerTurn] = field(default_factory=list)
    endings: list[tuple[Ending, str | None]] = field(default_factory=list)

    def __init__(self, script: Iterable[Reply | Exception | str], slow: asyncio.Event | None = None) -> None:
        self.script = [Reply(text=entry) if isinstance(entry, str) else entry for entry in script]
        self.ticket_no, self.slow = "GD20261122-000001", slow
        self.turns, self.endings = [], []

    async def begin(self, call: CallInfo) -> Reply:
        return self._next()

    async def reply(self, call: CallInfo, turn: CallerTurn) -> Reply:
        self.turns.append(turn)
        if self.slow:
            await self.slow.wait()
        return self._next()

    async def end(self, call: CallInfo, how: Ending, reason: str | None = None) -> str | None:
        self.endings.append((how, reason))
        return self.ticket_no

    def _next(self) -> Reply:
        entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(entry, Exception):
            raise entry
        return entry
