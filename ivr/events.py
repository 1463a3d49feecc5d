"""What happens on the line, for whoever watches: an event stream (Server-Sent Events) and the health of the process.

GET /health              200 as soon as calls can be taken
GET /events?call_id=…    every event of every call (or of one), one JSON object each; kinds in docs/architecture.md
GET /metrics             Prometheus' text format (`ivr.metrics`)
GET /handoffs            what an agent's desk is told (`ivr.handoff_feed`)
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from ivr.errors import TelephonyDown

log = logging.getLogger(__name__)

BACKLOG = 1000
"""Events kept for a watcher that reads slowly; older ones are dropped, the call never waits."""
KEEPALIVE_S = 15.0


class EventStream:
    """Publishes events to its watchers. `publish` never blocks."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        on_event: Callable[[Mapping[str, Any]], None] = lambda _: None,
        metrics: Callable[[], bytes] = lambda: b"",
        routes: Sequence[web.RouteDef] = (),
    ) -> None:
        """`on_event` is told every event and must not block; `metrics` makes the page of that name; `routes` are
        served at the same port."""
        self._host, self._port = host, port
        self._routes = routes
        self._on_event, self._metrics = on_event, metrics
        self._watchers: set[asyncio.Queue[Mapping[str, Any]]] = set()
        self._runner: web.AppRunner | None = None

    def publish(self, event: Mapping[str, Any]) -> None:
        self._on_event(event)
        for watcher in self._watchers:
            if watcher.full():
                watcher.get_nowait()
                log.warning("an event watcher reads too slowly; it loses events")
            watcher.put_nowait(event)

    async def start(self) -> None:
        """Raises `TelephonyDown` when the port is taken."""
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_get("/events", self._stream)
        app.router.add_get("/metrics", self._page)
        app.add_routes(self._routes)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self.stop()
            raise TelephonyDown(
                f"端口 {self._port} 无法监听（{error.strerror}）：请停掉占用它的程序，或改设置里的 ports.events。"
            ) from error

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        wanted = request.query.get("call_id")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        await response.write(b": connected\n\n")
        watcher: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue(BACKLOG)
        self._watchers.add(watcher)
        try:
            while True:
                try:
                    event = await asyncio.wait_for(watcher.get(), KEEPALIVE_S)
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if wanted in (None, event["call_id"]):
                    await response.write(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n")
        except ConnectionError:
            pass
        finally:
            self._watchers.discard(watcher)
        return response
