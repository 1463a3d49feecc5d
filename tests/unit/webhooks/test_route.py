"""One receiver's route without a network or a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest

from ivr.settings import Delivery, Webhook
from ivr.webhooks.deliveries import Deliveries, Leased
from ivr.webhooks.pace import Pace
from ivr.webhooks.route import Route
from ivr.webhooks.sending import Answer
from ivr.webhooks.wire import Event

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
TAKEN, REFUSED = Answer(204), Answer(500, "回答 500")
PACE = Pace()


class Kept(Deliveries):
    """What is due is what the test says; what is marked is written down."""

    def __init__(self) -> None:
        self.due: list[Leased] = []
        self.marked: list[tuple[str, int]] = []
        self.hurries = 0
        self.broken: set[int] = set()
        """Cannot be noted."""

    async def lease(self, receiver: str, *, limit: int, seconds: float) -> tuple[Leased, ...]:
        leased, self.due = tuple(self.due[:limit]), self.due[limit:]
        return leased

    async def delivered(self, done: Leased, status: int) -> None:
        if done.id in self.broken:
            raise RuntimeError("the database is away")
        self.marked.append(("delivered", done.id))

    async def failed(self, done: Leased, **what: Any) -> None:
        self.marked.append(("failed", done.id))

    async def hurry(self, receiver: str) -> None:
        self.hurries += 1


class Counted:
    def __init__(self) -> None:
        self.outcomes: list[str] = []

    def attempted(self, receiver: str, outcome: str) -> None:
        self.outcomes.append(outcome)


class World:
    def __init__(self) -> None:
        self.kept, self.counted = Kept(), Counted()
        self.refuses: set[str] = set()
        self.breaks: set[str] = set()
        self.sent: list[str] = []
        receiver = Webhook(address="https://crm.example.cn/hook")
        self.route = Route(
            receiver, self.kept, self._send, self.counted, now=lambda: NOW, delivery=Delivery(), pace=PACE
        )

    async def _send(self, event: Event) -> Answer:
        self.sent.append(event.id)
        if event.id in self.breaks:
            raise RuntimeError("a fault of ours")
        return REFUSED if event.id in self.refuses else TAKEN

    async def round(self, ids: Iterable[int], attempts: int = 0) -> float:
        self.kept.due = [
            Leased(id_, "lease", "r", Event(str(id_), "ticket.created", "GD", "appliance", NOW, {}), attempts, NOW)
            for id_ in ids
        ]
        return await self.route.round()


@pytest.fixture
def world() -> World:
    return World()


async def test_nothing_is_due(world: World) -> None:
    assert await world.round([]) == PACE.poll_s


async def test_one_whose_sending_fails_in_us_does_not_keep_the_others(world: World) -> None:
    world.breaks = {"1"}
    assert await world.round([1, 2, 3]) == PACE.trouble_s
    assert world.kept.marked == [("delivered", 2), ("delivered", 3)]
    assert world.counted.outcomes == ["delivered", "delivered"]


async def test_what_was_taken_is_noted_as_soon_as_it_can_be_and_before_anything_is_sent(world: World) -> None:
    world.kept.broken = {1}
    assert await world.round([1, 2]) == PACE.trouble_s
    with pytest.raises(RuntimeError):
        await world.round([3])
    assert world.sent == ["1", "2"]
    world.kept.broken.clear()
    assert await world.round([3]) == 0.0
    assert world.kept.marked == [("delivered", 2), ("delivered", 1), ("delivered", 3)]


async def test_the_longer_nothing_is_taken_the_longer_it_rests_up_to_a_bound(world: World) -> None:
    world.refuses = {str(id_) for id_ in range(3000)}
    rests = [await world.round([id_]) for id_ in range(3000)]
    assert rests[:7] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert rests[-1] == 60.0


async def test_one_that_is_always_refused_does_not_make_a_ring_wait(world: World) -> None:
    world.refuses = {"1"}
    rests = [await world.round([1], attempts=attempts) for attempts in range(12)]
    assert set(rests) == {PACE.first_rest_s}
    assert await world.round([2]) == 0.0


async def test_whoever_begins_hurries_what_waits_and_then_not_at_every_success(world: World) -> None:
    await world.round([1])
    await world.round([2])
    await world.round([3], attempts=1)
    assert world.kept.hurries == 1
