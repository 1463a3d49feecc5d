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
        self._brought = False
        """Something came since the last look."""

    @property
    def over(self) -> bool:
        return self._over.is_set()

    async def wait_over(self) -> None:
        await self._over.wait()

    def put(self, event: LineEvent) -> None:
        if self.over or (isinstance(event, Frame) and self._events.qsize() >= LONGEST_BACKLOG):
            return
        self._brought = True
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
        watch = asyncio.create_task(self._count_quiet(flowing), name="quiet line")
        try:
            while (event := await self._events.get()) is not None:
                yield event
        finally:
            watch.cancel()

    async def _count_quiet(self, flowing: Callable[[], bool]) -> None:
        """Looks ten times a second: a timer for each of fifty frames would cost more than the frames do."""
        while True:
            self._brought = False
            await asyncio.sleep(QUIET_S)
            if flowing() and not self._brought:
                for _ in range(round(QUIET_S * 1000 / FRAME_MS)):
                    self.put(Frame(SILENCE))
