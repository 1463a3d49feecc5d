"""The line's event stream (Server-Sent Events), sorted by simulated call."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from ivr.errors import PeerDown


@dataclass(frozen=True, slots=True)
class LineEvent:
    """started, reply, played, heard, keys, silence, barge_in, handoff, ended, … and `lost`: the stream broke off."""

    kind: str
    values: dict[str, Any]

    @property
    def call_id(self) -> str:
        return str(self.values.get("call_id", ""))


class LineEvents:
    """`async with LineEvents("http://…/events") as events: queue = events.of(token)`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._queues: defaultdict[str, asyncio.Queue[LineEvent]] = defaultdict(asyncio.Queue)
        self._http: aiohttp.ClientSession | None = None
        self._response: aiohttp.ClientResponse | None = None
        self._reading: asyncio.Task[None] | None = None
        self._lost = False

    async def __aenter__(self) -> Self:
        """Raises `PeerDown` when the line process does not answer."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60)
        self._http = aiohttp.ClientSession(timeout=timeout)
        try:
            response = await self._http.get(self._url)
            response.raise_for_status()
        except (aiohttp.ClientError, TimeoutError) as error:
            await self._http.close()
            raise PeerDown(f"线路进程的事件流 {self._url} 连不上（{error}）：请先运行 ivr up --simulation。") from error
        self._response = response
        self._reading = asyncio.create_task(self._read(response), name="line events")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        if self._response is not None:
            self._response.close()
        if self._http is not None:
            await self._http.close()

    def of(self, token: str) -> asyncio.Queue[LineEvent]:
        """Events of the simulated call with this token, from now on."""
        queue = self._queues[token]
        if self._lost:
            queue.put_nowait(LineEvent("lost", {}))
        return queue

    def forget(self, token: str) -> None:
        self._queues.pop(token, None)

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        try:
            async for line in response.content:
                if line.startswith(b"data:"):
                    self._sort(json.loads(line[5:]))
        except (aiohttp.ClientError, TimeoutError, ValueError):
            pass  # told below: to whoever waits, the end of the stream is the news
        finally:
            self._lost = True
            for queue in self._queues.values():
                queue.put_nowait(LineEvent("lost", {}))

    def _sort(self, event: dict[str, Any]) -> None:
        token = str(event.get("simulation"))
        if token in self._queues:
            self._queues[token].put_nowait(LineEvent(str(event.get("kind")), event))
