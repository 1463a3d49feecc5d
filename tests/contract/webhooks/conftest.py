from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ivr.settings import Delivery, Webhook
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Ticket
from ivr.webhooks import secrets
from ivr.webhooks.courier import Courier
from ivr.webhooks.deliveries import Deliveries
from ivr.webhooks.ledger import Ledger
from ivr.webhooks.metrics import WebhookMetrics
from ivr.webhooks.pace import Pace
from tests.contract.conftest import ZONE
from tests.fakes.receiver import Receiver

QUICK = Pace(poll_s=0.02, first_rest_s=0.02, longest_rest_s=0.1)


@dataclass
class Clock:
    """The real one, which can be moved forward."""

    ahead: dt.timedelta = field(default_factory=dt.timedelta)

    def __call__(self) -> dt.datetime:
        return dt.datetime.now(ZONE) + self.ahead

    def forward(self, **much: float) -> None:
        self.ahead += dt.timedelta(**much)


@dataclass
class Post:
    """A store, its deliveries, and workers that are stopped at the end."""

    store: TicketStore
    deliveries: Deliveries
    ledger: Ledger
    clock: Clock
    file: Path
    pace: Pace = QUICK
    running: list[tuple[Courier, asyncio.Task[None]]] = field(default_factory=list)

    def courier(self, *receivers: Webhook, **delivery: float) -> Courier:
        known = secrets.load(self.file, [receiver.address for receiver in receivers])
        metrics = WebhookMetrics(CollectorRegistry(), receivers)
        settings = replace(Delivery(), **delivery)
        courier = Courier(
            self.deliveries, self.ledger, receivers, known, metrics,
            now=self.clock, delivery=settings, pace=self.pace,
        )  # fmt: skip
        self.running.append((courier, asyncio.create_task(courier.run())))
        return courier

    async def stop(self) -> None:
        for courier, _ in self.running:
            courier.stop()
        await asyncio.gather(*(task for _, task in self.running))
        self.running.clear()

    async def complete(self, draft: Ticket, count: int = 1) -> list[str]:
        """Two events each: created, completed."""
        numbers = []
        for _ in range(count):
            made = await self.store.create(draft)
            await self.store.save(replace(made, status="complete"), by="bot", why="挂机")
            numbers.append(made.ticket_no)
        return numbers

    async def until(self, holds: Callable[[], Awaitable[bool]], within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s):
            while not await holds():
                await asyncio.sleep(0.02)

    async def states(self) -> list[str]:
        kinds = ("pending", "delivered", "dead", "gone")
        return [one.state for one in await self.ledger.standing(kinds, limit=1000)]

    async def all_are(self, state: str) -> None:
        async def hold() -> bool:
            states = await self.states()
            return bool(states) and set(states) == {state}

        await self.until(hold)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def post(url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Post]:
    store = TicketStore(url, ZONE, now=clock)
    await store.open()
    deliveries, ledger = Deliveries(store.database, now=clock), Ledger(store.database, now=clock)
    post = Post(store, deliveries, ledger, clock, tmp_path / "secrets.toml")
    yield post
    await post.stop()
    await store.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


def header(request: tuple[dict[str, str], Any], name: str) -> str:
    return {key.lower(): value for key, value in request[0].items()}[name]
