"""Keeps tickets, what was said and recordings for as long as the settings' `retention` says. Once a day, at night."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import IvrError
from ivr.settings import Settings
from ivr.tickets.retention import Old
from ivr.tickets.store import TicketStore

log = logging.getLogger(__name__)

PAUSE_S = 0.05
"""Between two transactions: whoever waits gets his turn."""
FILES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Due:
    """What is too old today."""

    tickets: Old | None
    """None: tickets are kept for ever."""
    recordings: int


@dataclass(frozen=True, slots=True)
class Cleared:
    tickets: int
    lines: int
    """Of calls without a ticket."""
    recordings: int


class Upkeep:
    """`now` and `sleep` are the clock's."""

    def __init__(
        self,
        store: TicketStore,
        settings: Settings,
        *,
        now: Callable[[], dt.datetime] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._retention = settings.retention
        self._recordings = settings.var / "recordings"
        self._now = now or settings.now
        self._sleep = sleep

    async def due(self) -> Due:
        """What `clear` would delete."""
        before = self._before(self._retention.tickets_days)
        tickets = await self._store.count_before(before) if before else None
        return Due(tickets, len(await asyncio.to_thread(self._old_recordings)))

    async def clear(self) -> Cleared:
        """May be broken off and repeated at any moment."""
        tickets = lines = 0
        if before := self._before(self._retention.tickets_days):
            while gone := await self._store.delete_tickets_before(before):
                tickets += gone
                await self._sleep(PAUSE_S)
            while gone := await self._store.delete_lines_before(before):
                lines += gone
                await self._sleep(PAUSE_S)
        cleared = Cleared(tickets, lines, await self._clear_recordings())
        if cleared != Cleared(0, 0, 0):
            log.info("too old: %d tickets, %d lines, %d recordings deleted", tickets, lines, cleared.recordings)
        return cleared

    async def daily(self) -> None:
        """Until cancelled. A database that is away today is there tomorrow."""
        while self._retention.tickets_days or self._retention.recordings_days:
            await self._sleep(seconds_until(self._now(), self._retention.at))
            try:
                await self.clear()
            except (IvrError, OSError):
                log.exception("what is too old was not deleted")

    async def _clear_recordings(self) -> int:
        files = await asyncio.to_thread(self._old_recordings)
        for first in range(0, len(files), FILES_AT_ONCE):
            part = files[first : first + FILES_AT_ONCE]
            await self._store.forget_recordings([file.stem for file in part])
            for file in part:
                file.unlink(missing_ok=True)
        return len(files)

    def _old_recordings(self) -> list[Path]:
        before = self._before(self._retention.recordings_days or self._retention.tickets_days)
        if before is None or not self._recordings.is_dir():
            return []
        return [file for file in self._recordings.glob("*.wav") if file.stat().st_mtime < before.timestamp()]

    def _before(self, days: int) -> dt.datetime | None:
        """Midnight so many days ago: a day is deleted whole. None: nothing is too old."""
        if not days:
            return None
        return (self._now() - dt.timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def seconds_until(now: dt.datetime, at: str) -> float:
    """The next time the clock of `now` shows `at` (HH:MM)."""
    hour, minute = map(int, at.split(":"))
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return ((then if then > now else then + dt.timedelta(days=1)) - now).total_seconds()
