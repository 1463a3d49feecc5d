"""One receiver's deliveries: leased, sent, marked. It waits for no other receiver, and none waits for it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

from ivr.settings import Delivery, Webhook
from ivr.webhooks import wire
from ivr.webhooks.deliveries import Deliveries, Leased
from ivr.webhooks.pace import Pace
from ivr.webhooks.sending import Answer
from ivr.webhooks.wire import Event

log = logging.getLogger(__name__)

Send = Callable[[Event], Awaitable[Answer]]
"""To the one receiver. Never raises for what the receiver or the network does."""


class Attempts(Protocol):
    def attempted(self, receiver: str, outcome: str) -> None: ...


class Route:
    def __init__(
        self,
        receiver: Webhook,
        deliveries: Deliveries,
        send: Send,
        counters: Attempts,
        *,
        now: Callable[[], dt.datetime],
        delivery: Delivery,
        pace: Pace,
    ) -> None:
        self._receiver = receiver
        self._deliveries = deliveries
        self._send = send
        self._counters = counters
        self._now = now
        self._delivery = delivery
        self._pace = pace
        self._failures = 0
        """Rounds in which nothing was taken and something was refused for the first time, since one in which something
        was taken."""
        self._refused: set[int] = set()
        """In those rounds."""
        self._taken: dict[int, tuple[Leased, int]] = {}
        """With the status, until it is noted."""
        self._hurried: float | None = None
        """When, by the loop's clock. Who has just started does not know how the receiver fared."""

    async def run(self, rest: Callable[[float], Awaitable[bool]]) -> None:
        """`rest` sleeps; False: it is time to end."""
        while True:
            try:
                pause = await self.round()
            except Exception:  # the boundary of one receiver: the database's trouble ends nobody's deliveries
                log.exception("webhooks: deliveries to %s failed", self._receiver.shown)
                pause = self._pace.trouble_s
            if not await rest(pause):
                return

    async def round(self) -> float:
        """Seconds until the next one."""
        for leased, status in tuple(self._taken.values()):
            await self._note(leased, status)
        receiver, limit = self._receiver, 1 if self._failures else self._pace.abreast
        seconds = receiver.timeout_s + self._pace.lease_margin_s
        due = await self._deliveries.lease(receiver.address, limit=limit, seconds=seconds)
        if not due:
            return self._pace.poll_s
        took = await asyncio.gather(*(self._attempt(leased) for leased in due))
        if None in took:
            return self._pace.trouble_s
        if not any(took):
            return self._rest_s({leased.id for leased in due})
        if self._failures or self._hurried is None or any(leased.attempts for leased in due):
            await self._hurry()
        self._failures = 0
        self._refused.clear()
        return 0.0

    def _rest_s(self, refused: set[int]) -> float:
        """The longer the more is refused. What is refused again and again tells nothing new, and has its own pauses: a
        telephone that rings does not wait for it."""
        if not refused <= self._refused:
            self._failures += 1
            self._refused |= refused
        return self._pace.rest_s(self._failures)

    async def _attempt(self, leased: Leased) -> bool | None:
        """Sends and marks; whether it was taken. None: what became of it could not be noted."""
        try:
            answer = await self._send(leased.event)
            outcome = await self._mark(leased, answer)
        except Exception:  # the boundary of one delivery: those beside it go on
            log.exception("webhook %s: not noted", self._shown(leased))
            return None
        self._counters.attempted(self._receiver.shown, outcome)
        return outcome == "delivered"

    async def _mark(self, leased: Leased, answer: Answer) -> str:
        match wire.outcome(answer.status):
            case "delivered":
                self._taken[leased.id] = leased, answer.status or 0
                await self._note(*self._taken[leased.id])
                log.info("webhook %s: %s", self._shown(leased), answer.status)
                return "delivered"
            case "gone":
                await self._deliveries.gone(leased)
                log.warning("webhook %s: 410, nothing more is sent there", self._shown(leased))
                return "gone"
            case "failed":
                due, asked = self._next(leased, answer.retry_after_s)
                await self._deliveries.failed(
                    leased, status=answer.status, error=answer.error, due=due, not_before=asked
                )
                log.warning("webhook %s: attempt %d: %s", self._shown(leased), leased.attempts + 1, answer.error)
                return "failed" if due else "dead"

    async def _note(self, leased: Leased, status: int) -> None:
        """What was taken is not sent again: it is noted, if need be later, before anything else is leased."""
        await self._deliveries.delivered(leased, status)
        del self._taken[leased.id]

    def _next(self, leased: Leased, asked_s: float | None) -> tuple[dt.datetime | None, dt.datetime | None]:
        """When it is tried again (None: given up), and the moment that the receiver asked for."""
        now, pause = self._now(), wire.pause_s(leased.attempts + 1, random.random(), asked_s)  # noqa: S311  (no secret)
        due = now + dt.timedelta(seconds=pause)
        asked = now + dt.timedelta(seconds=wire.granted_s(asked_s)) if asked_s else None
        return None if due - leased.first_due > dt.timedelta(days=self._delivery.give_up_days) else due, asked

    async def _hurry(self) -> None:
        """It answers again: the others need not wait. Not too often, for one event that is always refused."""
        now = asyncio.get_running_loop().time()
        if self._hurried is None or now - self._hurried >= self._pace.hurry_every_s:
            self._hurried = now
            await self._deliveries.hurry(self._receiver.address)

    def _shown(self, leased: Leased) -> str:
        event = leased.event
        return f"{event.type} {event.ticket_no} ({event.id}) → {self._receiver.shown}"
