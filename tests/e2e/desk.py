"""An agent's desk: hears of hand-overs over the line's WebSocket, and when."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from ivr.tickets.store import TicketStore
from ivr.tickets.tokens import Tokens
from tests.e2e.conftest import RunningLine


@dataclass
class Desk:
    events: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)
    """When it came (`time.monotonic()`), what it says."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def told(self, kind: str, within_s: float = 20.0, **what: object) -> tuple[float, Mapping[str, Any]]:
        def found() -> tuple[float, Mapping[str, Any]] | None:
            wanted = {"kind": kind, **what}
            fits = (each for each in self.events if all(each[1][name] == value for name, value in wanted.items()))
            return next(fits, None)

        async with asyncio.timeout(within_s), self.changed:
            await self.changed.wait_for(lambda: found() is not None)
        event = found()
        assert event is not None
        return event


@asynccontextmanager
async def a_desk(line: RunningLine) -> AsyncIterator[Desk]:
    desk = Desk()
    url = f"http://127.0.0.1:{line.settings.ports.events}/handoffs/ws"
    headers = {"Authorization": f"Bearer {await _token(line)}"}
    async with aiohttp.ClientSession() as http, http.ws_connect(url, headers=headers) as socket:
        listening = asyncio.create_task(_listen(socket, desk), name="desk")
        try:
            yield desk
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _listen(socket: aiohttp.ClientWebSocketResponse, desk: Desk) -> None:
    async for message in socket:
        came = time.monotonic()
        async with desk.changed:
            desk.events.append((came, message.json()))
            desk.changed.notify_all()


async def _token(line: RunningLine) -> str:
    store = TicketStore(line.settings.database_url, line.settings.zone)
    await store.open()
    try:
        return await Tokens(store.database).add(f"desk-{uuid.uuid4().hex[:8]}", "read", at=line.settings.now())
    finally:
        await store.close()
