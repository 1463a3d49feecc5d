"""A real HTTP server that takes webhooks as badly as one may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Receiver:
    """What it answers is `answers`, one after the other, then 204. An answer is a status, or what it does instead."""

    answers: list[int | str] = field(default_factory=list)
    """A status; "slow" = none in time; "die" = hangs up in the middle; "half" = 200, then hangs up; "long"
    = 200, and the rest never comes; "wait" = 204 after `waited_for`."""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    """Of each answer."""
    waited_for: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    judge: Callable[[dict[str, Any]], int | None] = lambda _: None
    """Answers by what is told; None: as `answers` says."""
    _runner: web.AppRunner | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]

    async def start(self) -> None:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def got(self, number: int, within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s):
            while len(self.requests) < number:
                self._changed.clear()
                await self._changed.wait()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append((dict(request.headers), body))
        self._changed.set()
        judged = self.judge(json.loads(body))
        answer = judged if judged is not None else self.answers.pop(0) if self.answers else 204
        if answer == "wait":
            await self.waited_for.wait()
            return web.Response(status=204)
        if isinstance(answer, int):
            return web.Response(status=answer, headers=self.headers)
        assert request.transport is not None
        if answer == "slow":
            await asyncio.sleep(60)
        if answer in ("half", "long"):
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"{")
            await asyncio.sleep(60 if answer == "long" else 0)
        request.transport.abort()
        return web.Response()
