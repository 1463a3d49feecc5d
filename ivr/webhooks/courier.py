"""The worker: spreads new events, delivers to each receiver apart, so that none waits for another, and tidies up."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import aiohttp

from ivr.settings import Delivery, Webhook
from ivr.webhooks import wire
from ivr.webhooks.deliveries import Deliveries, Leased
from ivr.webhooks.ledger import Count, Ledger
from ivr.webhooks.sending import Answer, send

log = logging.getLogger(__name__)

POLL_S = 0.08
"""How often the database is asked for what is new, first for events, then for deliveries: an event leaves within twice
that, while the telephone it tells of rings."""
TIDY_EVERY_S = 600.0
COUNT_EVERY_S = 15.0
ABREAST = 8
"""Requests at once to one receiver."""
LEASE_MARGIN_S = 15.0
"""A lease outlives its request by so much."""
LONGEST_REST_S = 60.0
"""One that takes nothing is asked with single events, no more often than this."""
MOST_FAILURES = 10
"""More are not counted."""
HURRY_EVERY_S = 60.0
STOP_S = 5.0
"""Requests under way may take so long when the worker is to end."""
TROUBLE_S = 2.0


class Counters(Protocol):
    def attempted(self, receiver: str, outcome: str) -> None: ...
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
    ) -> None:
        self._deliveries = deliveries
        self._ledger = ledger
        self._receivers = receivers
        self._secrets = secrets
        self._counters = counters
        self._now = now
        self._delivery = delivery
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Until `stop`. What is under way then has a few seconds; the rest is found again by whoever comes next."""
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(trust_env=False, cookie_jar=jar) as http:
            works = [
                self._again_and_again(self._spread, POLL_S, "spread"),
                self._again_and_again(self._tidy, TIDY_EVERY_S, "tidy"),
                self._again_and_again(self._count, COUNT_EVERY_S, "count"),
                *(_Route(self, self._deliveries, http, receiver).run() for receiver in self._receivers),
            ]
            tasks = [asyncio.create_task(work) for work in works]
            try:
                await self._stopping.wait()
                await asyncio.wait(tasks, timeout=STOP_S)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        self._stopping.set()

    async def rest(self, seconds: float) -> bool:
        """False: it is time to end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return not self._stopping.is_set()

    async def attempt(self, http: aiohttp.ClientSession, receiver: Webhook, leased: Leased) -> Answer:
        """Sends and marks."""
        now = self._now()
        answer = await send(http, receiver, self._secrets[receiver.address], leased.event, now=now)
        what = wire.outcome(answer.status)
        shown = f"{leased.event.type} {leased.event.ticket_no} ({leased.event.id}) → {receiver.shown}"
        match what:
            case "delivered":
                await self._deliveries.delivered(leased, answer.status or 0)
                log.info("webhook %s: %s", shown, answer.status)
            case "gone":
                await self._deliveries.gone(leased)
                log.warning("webhook %s: 410, nothing more is sent there", shown)
            case "failed":
                due = self._next(leased, answer.retry_after_s)
                await self._deliveries.failed(leased, status=answer.status, error=answer.error, due=due)
                log.warning("webhook %s: attempt %d: %s", shown, leased.attempts + 1, answer.error)
                self._counters.attempted(receiver.shown, "failed" if due else "dead")
                return answer
        self._counters.attempted(receiver.shown, what)
        return answer

    def _next(self, leased: Leased, retry_after_s: float | None) -> dt.datetime | None:
        pause = wire.pause_s(leased.attempts + 1, random.random(), retry_after_s)  # noqa: S311  (spreads, no secret)
        due = self._now() + dt.timedelta(seconds=pause)
        return None if due - leased.first_due > dt.timedelta(days=self._delivery.give_up_days) else due

    async def _spread(self) -> None:
        while await self._deliveries.spread(self._receivers):
            pass

    async def _tidy(self) -> None:
        addresses = [receiver.address for receiver in self._receivers]
        settings = self._delivery
        keep = {"give_up_days": settings.give_up_days, "keep_days": settings.keep_days}
        while await self._deliveries.tidy(addresses, **keep) and await self.rest(POLL_S):
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
                pause = max(every_s, TROUBLE_S)
            if not await self.rest(pause):
                return


class _Route:
    """One receiver's deliveries."""

    def __init__(
        self, courier: Courier, deliveries: Deliveries, http: aiohttp.ClientSession, receiver: Webhook
    ) -> None:
        self._courier = courier
        self._deliveries = deliveries
        self._http = http
        self._receiver = receiver
        self._failures = 0
        """Rounds in which nothing was taken, since the last one in which something was."""
        self._hurry_from = 0.0
        """By the loop's clock."""

    async def run(self) -> None:
        while True:
            try:
                pause = await self._round()
            except Exception:  # as above: one receiver's trouble ends nobody's deliveries
                log.exception("webhooks: deliveries to %s failed", self._receiver.shown)
                pause = TROUBLE_S
            if not await self._courier.rest(pause):
                return

    async def _round(self) -> float:
        """Seconds until the next one."""
        receiver, limit = self._receiver, 1 if self._failures else ABREAST
        seconds = receiver.timeout_s + LEASE_MARGIN_S
        leased = await self._deliveries.lease(receiver.address, limit=limit, seconds=seconds)
        if not leased:
            return POLL_S
        attempts = (self._courier.attempt(self._http, receiver, one) for one in leased)
        answers = await asyncio.gather(*attempts, return_exceptions=True)  # each to its end: it is marked there
        for each in answers:
            if isinstance(each, BaseException):
                raise each
            self._not_before(each.retry_after_s or 0.0)
        if not any(wire.outcome(each.status) == "delivered" for each in answers if isinstance(each, Answer)):
            self._failures = min(self._failures + 1, MOST_FAILURES)
            return min(2.0**self._failures, LONGEST_REST_S)
        if self._failures or any(one.attempts for one in leased):
            await self._hurry()
        self._failures = 0
        return 0.0

    def _not_before(self, seconds: float) -> None:
        """The receiver said so, or it was hurried just now."""
        until = asyncio.get_running_loop().time() + min(seconds, wire.LONGEST_PAUSE_S)
        self._hurry_from = max(self._hurry_from, until)

    async def _hurry(self) -> None:
        """It answers again: the others need not wait. Not too often, for one event that is always refused."""
        if asyncio.get_running_loop().time() >= self._hurry_from:
            self._not_before(HURRY_EVERY_S)
            await self._deliveries.hurry(self._receiver.address)
