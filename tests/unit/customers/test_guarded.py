"""What a CRM's faults do to a call: nothing."""

from __future__ import annotations

import asyncio
import logging

import pytest

from ivr.customers.guarded import Bounds, Guarded
from ivr.errors import CustomersDown
from ivr.tickets.customer import Customer
from tests.fakes.customers import FakeCustomers

WANG = Customer("王芳")


class Watch:
    """A clock that stands, and what was noted."""

    def __init__(self) -> None:
        self.now = 100.0
        self.outcomes: list[str] = []

    def note(self, name: str, outcome: str, took_s: float) -> None:
        self.outcomes.append(outcome)

    def guard(self, inner: FakeCustomers, **bounds: float) -> Guarded:
        return Guarded(inner, "门店库", Bounds(**bounds), noted=self.note, clock=lambda: self.now)  # type: ignore[arg-type]


async def test_the_source_is_told_and_the_answer_kept_for_a_while() -> None:
    inner, watch = FakeCustomers({"1": WANG}), Watch()
    guard = watch.guard(inner, cache_s=60)
    known = await guard.of("1")
    assert known is not None
    assert known.source == "门店库"
    assert await guard.of("2") is None
    assert await guard.of("1") == known
    watch.now += 61
    assert await guard.of("1") == known
    assert inner.asked == ["1", "2", "1"]
    assert watch.outcomes == ["found", "unknown", "cached", "found"]


@pytest.mark.parametrize("error", [CustomersDown("答复 500"), RuntimeError("坏了"), ValueError()])
async def test_a_broken_crm_rests_and_is_told_once(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    inner, watch = FakeCustomers({"1": WANG}, fails=error), Watch()
    guard = watch.guard(inner, failures=3, rest_s=30)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            assert await guard.of("1") is None
    assert len(inner.asked) == 3
    assert watch.outcomes == ["failed"] * 3 + ["resting"] * 2
    assert [record.getMessage()[12:14] for record in caplog.records] == ["不了", "续 "]
    watch.now += 31
    assert await guard.of("1") is None  # one more failure, and it rests again
    assert await guard.of("1") is None
    assert len(inner.asked) == 4
    watch.now += 31
    inner.fails = None
    assert await guard.of("1") is not None
    assert "又能用了" in caplog.text


async def test_a_slow_crm_is_given_up() -> None:
    inner, watch = FakeCustomers({"1": WANG}, answers=asyncio.Event()), Watch()
    assert await watch.guard(inner, limit_s=0).of("1") is None
    assert watch.outcomes == ["timeout"]


async def test_a_call_that_ends_is_not_held_back() -> None:
    asking = asyncio.create_task(Guarded(FakeCustomers({}, answers=asyncio.Event()), "x").of("1"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
