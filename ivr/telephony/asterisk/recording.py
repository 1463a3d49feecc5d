"""The recording of one call, begun by AMI (MixMonitor): it goes on with the human, whatever becomes of us."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

PAUSES_S = (1.0, 2.0, 5.0)
"""Before it is tried again, where AMI is away for the moment."""


class Recording:
    def __init__(
        self, call_id: str, start: Callable[[], Awaitable[bool]], pauses_s: tuple[float, ...] = PAUSES_S
    ) -> None:
        """`start`: did Asterisk begin? Must not raise."""
        self._call_id = call_id
        self._start = start
        self._pauses_s = pauses_s
        self._beginning: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Once; the call does not wait for it."""
        if self._beginning is None:
            self._beginning = asyncio.create_task(self._begin(), name=f"recording {self._call_id}")

    def end(self) -> None:
        """The call is over for us: what has not begun will not."""
        if self._beginning:
            self._beginning.cancel()

    async def _begin(self) -> None:
        for pause_s in (*self._pauses_s, None):
            if await self._start():
                return
            log.error("call %s is not recorded yet: AMI is away or refused", self._call_id)
            if pause_s is not None:
                await asyncio.sleep(pause_s)
