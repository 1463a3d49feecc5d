"""The worker: spreads new events, has each receiver's deliveries made apart, and tidies up."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import aiohttp

from ivr.settings import Delivery, Webhook
from ivr.webhooks.deliveries import Deliveries
from ivr.webhooks.ledger import Count, Ledger
from ivr.webhooks.pace import Pace
from ivr.webhooks.route import Attempts, Route
from ivr.webhooks.sending import Answer, send, session
from ivr.webhooks.wire import Event

log = logging.getLogger(__name__)


class Counters(Attempts, Protocol):
    def standing(self, counts: Mapping[str, Count], at: dt.datetime) -> None: ...


class Courier:
    def __init__(
        self,
        deliveries: Deliveries,
        ledger: Ledger,
        receivers: tuple[Webhook, ...],
        secrets: Mapping[str, tuple[str, ...]],
        counters: Counters,
        *,
        now: Callable[[], dt.datetime],
        delivery: Delivery,
        pace: Pace | None = None,
    ) -> None:
        self._deliveries = deliveries
        self._ledger = ledger
        self._receivers = receivers
        self._secrets = secrets
        self._counters = counters
        self._now = now
        self._delivery = delivery
        self._pace = pace or Pace()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Until `stop`. What is under way then has a few seconds; the rest is found again by whoever comes next."""
        pace = self._pace
        async with session() as http:
            works = [
                self._again_and_again(self._spread, pace.poll_s, "spread"),
                self._again_and_again(self._tidy, pace.tidy_every_s, "tidy"),
                self._again_and_again(self._count, pace.count_every_s, "count"),
                *(self._route(http, receiver).run(self._rest) for receiver in self._receivers),
            ]
            tasks = [asyncio.create_task(work) for work in works]
            try:
                await self._stopping.wait()
                await asyncio.wait(tasks, timeout=pace.stop_s)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        self._stopping.set()

    def _route(self, http: aiohttp.ClientSession, receiver: Webhook) -> Route:
        async def send_there(event: Event) -> Answer:
            return await send(http, receiver, self._secrets[receiver.address], event, now=self._now())

        return Route(
            receiver, self._deliveries, send_there, self._counters,
            now=self._now, delivery=self._delivery, pace=self._pace,
        )  # fmt: skip

    async def _rest(self, seconds: float) -> bool:
        """False: it is time to end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return not self._stopping.is_set()

    async def _spread(self) -> None:
        while await self._deliveries.spread(self._receivers):
            pass

    async def _tidy(self) -> None:
        addresses = [receiver.address for receiver in self._receivers]
        settings = self._delivery
        keep = {"give_up_days": settings.give_up_days, "keep_days": settings.keep_days}
        while await self._deliveries.tidy(addresses, **keep) and await self._rest(self._pace.poll_s):
            pass

    async def _count(self) -> None:
        self._counters.standing(await self._ledger.counts(), self._now())

    async def _again_and_again(self, work: Callable[[], Awaitable[None]], every_s: float, name: str) -> None:
        while True:
            pause = every_s
            try:
                await work()
            except Exception:  # the boundary of a worker that must go on: the database may be away for a while
                log.exception("webhooks: %s failed", name)
                pause = max(every_s, self._pace.trouble_s)
            if not await self._rest(pause):
                return
