"""When a call's recording begins: once the caller has heard the first thing that was said, which holds the notice.

Who stops the notice (by a key: speech cannot) has not heard it and is not recorded. Pure but for the task that begins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Recording:
    def __init__(self, call_id: str, *, wanted: bool, begin: Callable[[], Awaitable[bool]]) -> None:
        """`begin`: did Asterisk begin? Tried again after the next prompt when not."""
        self._call_id = call_id
        self._wanted = wanted
        self._begin = begin
        self._heard = False
        self._beginning: asyncio.Task[None] | None = None

    def played(self) -> None:
        """Something was heard to its end."""
        self._heard = True
        if self._wanted and self._beginning is None:
            self._beginning = asyncio.create_task(self._try(), name=f"recording {self._call_id}")

    def stopped(self) -> None:
        """What was being said was cut off."""
        if self._wanted and not self._heard:
            log.warning("call %s is not recorded: the caller did not hear the notice", self._call_id)
            self._wanted = False

    async def _try(self) -> None:
        if not await self._begin():
            log.error("call %s is not recorded yet: AMI is away or refused", self._call_id)
            self._beginning = None
