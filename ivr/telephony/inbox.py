"""What a line has heard and its reader has not taken yet; after the last event the reading ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from ivr.audio import FRAME_MS, SILENCE
from ivr.call.ports import Frame, LineEvent

QUIET_S = 0.1
"""No packet for this long (a muted telephone sends none) counts as this much silence."""
LONGEST_BACKLOG = 3000
"""Events that wait to be read, a minute of sound; then sound is dropped, never a key or the end."""


class Inbox:
    def __init__(self) -> None:
        self._events: asyncio.Queue[LineEvent | None] = asyncio.Queue()
        self._over = asyncio.Event()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    async def wait_over(self) -> None:
        await self._over.wait()

    def put(self, event: LineEvent) -> None:
        if self.over or (isinstance(event, Frame) and self._events.qsize() >= LONGEST_BACKLOG):
            return
        self._events.put_nowait(event)

    def end(self, *last: LineEvent) -> None:
        if self.over:
            return
        self._over.set()
        for event in last:
            self._events.put_nowait(event)
        self._events.put_nowait(None)

    async def events(self, flowing: Callable[[], bool]) -> AsyncIterator[LineEvent]:
        """`flowing`: media is up, so that time goes on for turn-taking even when no packet comes."""
        while True:
            try:
                async with asyncio.timeout(QUIET_S if flowing() else None):
                    event = await self._events.get()
            except TimeoutError:
                for _ in range(round(QUIET_S * 1000 / FRAME_MS)):
                    yield Frame(SILENCE)
                continue
            if event is None:
                return
            yield event
